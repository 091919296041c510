"""The rows: packets laid out as RFC 3550 has them, and a row given away keeps nothing of whom it had."""

from __future__ import annotations

import struct

import numpy as np

from media.jitter import AHEAD_SAMPLES_MAX, PACKET_SAMPLES_MAX
from media.rows import NO_PAYLOAD_TYPE, NOBODY, PACKET_BYTES, RING_SAMPLES, RING_TICKS, TICK_SAMPLES, Rows

SSRC = 0xDEADBEEF


def test_a_packet_is_twelve_bytes_of_header_in_network_order_and_20_ms_of_payload() -> None:
    rows = Rows(2)
    packet = rows.packets[1]
    packet["second"], packet["seq"], packet["ts"], packet["ssrc"] = 0x88, 0x1234, 0x56789ABC, SSRC
    packet["payload"] = np.arange(TICK_SAMPLES)
    expected = struct.pack("!BBHII", 0x80, 0x88, 0x1234, 0x56789ABC, SSRC) + bytes(range(160))
    assert rows.packets[1].tobytes() == expected
    assert PACKET_BYTES == len(expected) == 172


def test_version_2_without_padding_extension_and_sources_stands_in_every_packet() -> None:
    assert set(Rows(3).packets["first"].tolist()) == {0x80}


def test_a_ring_is_made_of_whole_ticks_and_holds_all_that_may_wait() -> None:
    assert Rows(2).ring.shape == (2, RING_TICKS, TICK_SAMPLES)
    assert RING_SAMPLES == RING_TICKS * TICK_SAMPLES
    assert RING_SAMPLES >= AHEAD_SAMPLES_MAX + PACKET_SAMPLES_MAX, "no packet overwrites what waits to be heard"


def used(rows: Rows, row: int) -> None:
    """Leaves traces of a call in every column."""
    for column in vars(rows).values():
        if isinstance(column, np.ndarray) and column.dtype.names is None:
            column[row] = 1
    rows.packets["seq"][row] = rows.packets["ts"][row] = 1
    rows.port_of[row] = 17
    rows.bridge_of[row] = "b"
    rows.signalled[row] = rows.locked[row] = rows.destination[row] = ("192.0.2.1", 4000)
    rows.is_learnt[row] = True
    rows.strangers[row] = 3


def test_a_cleared_row_keeps_nothing_of_the_call_before() -> None:
    rows = Rows(2)
    used(rows, 0)
    rows.clear(0, 5, SSRC, 12.5)
    assert rows.port_of == [5, None]
    for column in (rows.sends, rows.receives, rows.is_started, rows.is_bridged, rows.is_learnt):
        assert not column[0]
    assert not rows.ring[0].any()
    assert not rows.sound_in[0].any()
    assert (rows.payload_type[0], rows.event_type[0]) == (NO_PAYLOAD_TYPE, NO_PAYLOAD_TYPE)
    assert (rows.packets_in[0], rows.packets_late[0], rows.packets_out[0], rows.strangers[0]) == (0, 0, 0, 0)
    assert (rows.heard_at[0], rows.silent_told_at[0]) == (12.5, 12.5)
    assert (rows.signalled[0], rows.locked[0], rows.destination[0], rows.bridge_of[0]) == (None, None, None, None)
    assert (rows.partner[0], rows.late_in_a_row[0], rows.codec[0]) == (NOBODY, 0, 0)
    assert rows.packets["ssrc"][0] == SSRC


def test_the_row_beside_it_is_left_alone() -> None:
    rows = Rows(2)
    used(rows, 0)
    used(rows, 1)
    rows.clear(0, None, 0, 0.0)
    assert (rows.port_of[1], rows.bridge_of[1], rows.destination[1]) == (17, "b", ("192.0.2.1", 4000))
    assert rows.ring[1].all()
    assert rows.receives[1]


def test_streams_begin_at_numbers_of_their_own_far_from_the_end_of_16_bits() -> None:
    """RFC 3550 section 5.1 asks for unpredictable beginnings of sequence and timestamp."""
    rows = Rows(50)
    dice = np.random.default_rng(1)
    for row in range(50):
        rows.clear(row, row, int(dice.integers(0, 2**32)), 0.0)
    assert len(set(rows.seq_out.tolist())) > 40
    assert len(set(rows.ts_out.tolist())) > 40
    assert rows.seq_out.max() < 2**15
    assert rows.ts_out.max() < 2**32
