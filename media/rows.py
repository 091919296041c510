"""The rows: one for each UDP port, every figure of every leg as a column of a matrix, allocated once.

A row is in use while `port_of[row]` is a port id. What is asked per packet or per tick is numpy; what changes with a
command is a Python list beside it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

TICK_SAMPLES: Final = 160
RING_TICKS: Final = 32
RING_SAMPLES: Final = RING_TICKS * TICK_SAMPLES
NO_PAYLOAD_TYPE: Final = 255
NOBODY: Final = -1

PACKET: Final = np.dtype(
    [("first", "u1"), ("second", "u1"), ("seq", ">u2"), ("ts", ">u4"), ("ssrc", ">u4"), ("payload", "u1", TICK_SAMPLES)]
)
PACKET_BYTES: Final = PACKET.itemsize

Source = tuple[str, int]


class Rows:
    """State of `count` rows."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.port_of: list[int | None] = [None] * count
        self.codec = np.zeros(count, np.int64)
        self.payload_type = np.full(count, NO_PAYLOAD_TYPE, np.uint8)
        self.event_type = np.full(count, NO_PAYLOAD_TYPE, np.uint8)
        self.sends = np.zeros(count, bool)
        self.receives = np.zeros(count, bool)
        # Receiving: the ring is addressed by the extended RTP timestamp; a line of it is a tick of the cursor.
        self.ring = np.zeros((count, RING_TICKS, TICK_SAMPLES), np.int16)
        self.is_started = np.zeros(count, bool)
        self.ssrc_in = np.zeros(count, np.uint32)
        self.newest_ts = np.zeros(count, np.int64)
        self.cursor_ts = np.zeros(count, np.int64)
        self.late_in_a_row = np.zeros(count, np.int32)
        self.heard_at = np.zeros(count, np.float64)
        self.silent_told_at = np.zeros(count, np.float64)
        self.packets_in = np.zeros(count, np.int64)
        self.packets_late = np.zeros(count, np.int64)
        self.strangers = [0] * count
        self.sound_in = np.zeros((count, TICK_SAMPLES), np.int16)
        # Sending: sequence, timestamp and SSRC belong to the row's stream and never jump.
        self.packets = np.zeros(count, PACKET)
        self.packets["first"] = 0x80
        self.seq_out = np.zeros(count, np.int64)
        self.ts_out = np.zeros(count, np.int64)
        self.packets_out = np.zeros(count, np.int64)
        self.partner = np.full(count, NOBODY, np.int64)
        self.is_bridged = np.zeros(count, bool)
        self.bridge_of: list[str | None] = [None] * count
        self.signalled: list[Source | None] = [None] * count
        self.locked: list[Source | None] = [None] * count
        self.destination: list[Source | None] = [None] * count
        self.is_learnt = [False] * count

    def clear(self, row: int, port: int | None, ssrc: int, now: float) -> None:
        """Makes the row new, for a port or for nobody."""
        self.port_of[row] = port
        self.codec[row] = 0
        self.payload_type[row] = self.event_type[row] = NO_PAYLOAD_TYPE
        self.sends[row] = self.receives[row] = self.is_started[row] = False
        self.ring[row] = 0
        self.sound_in[row] = 0
        self.late_in_a_row[row] = 0
        self.packets_in[row] = self.packets_late[row] = self.packets_out[row] = 0
        self.strangers[row] = 0
        self.heard_at[row] = self.silent_told_at[row] = now
        self.packets["ssrc"][row] = ssrc
        self.seq_out[row] = ssrc & 0x7FFF
        self.ts_out[row] = (ssrc >> 3) & 0xFFFFFFFF
        self.partner[row] = NOBODY
        self.bridge_of[row] = None
        self.is_bridged[row] = False
        self.signalled[row] = self.locked[row] = self.destination[row] = None
        self.is_learnt[row] = False
