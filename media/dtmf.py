"""Keypresses as RFC 4733 telephone events, in and out."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass
from typing import Final

KEYS: Final = "0123456789*#ABCD"
PRESS_TICKS: Final = 5
GAP_TICKS: Final = 3
END_REPEATS: Final = 3
VOLUME: Final = 10
DIGITS_WAITING_MAX: Final = 64
LATE_SAMPLES_MAX: Final = 16_000
"""Two seconds: an event of the same stream that began before the last one by no more than this came late."""

_DURATION_MAX: Final = 0xFFFF

_EVENT: Final = struct.Struct("!BBH")


class Listener:
    """Reports each press once, at its first packet: packets of one press share their timestamp.

    A press that lasts longer than a duration can tell goes on under a timestamp that is later by just that duration
    (RFC 4733, 2.5.1.3).
    """

    def __init__(self, rows: int) -> None:
        self._last: list[tuple[int, int, int] | None] = [None] * rows

    def clear(self, row: int) -> None:
        self._last[row] = None

    def take(self, row: int, packet: memoryview) -> str | None:
        """The key that was pressed, None for a repetition or an event that is no key."""
        header_bytes = 12 + 4 * (packet[0] & 15)
        if packet[0] & 0x10 and len(packet) >= header_bytes + 4:
            header_bytes += 4 + 4 * int.from_bytes(packet[header_bytes + 2 : header_bytes + 4], "big")
        if len(packet) < header_bytes + _EVENT.size:
            return None
        ts, ssrc = struct.unpack_from("!II", packet, 4)
        event = packet[header_bytes]
        if event >= len(KEYS):
            return None
        last = self._last[row]
        if last is not None and last[0] == ssrc:
            _, last_ts, last_event = last
            if (last_ts - ts) & 0xFFFFFFFF <= LATE_SAMPLES_MAX:
                return None
            if event == last_event and (ts - last_ts) & 0xFFFFFFFF == _DURATION_MAX:
                self._last[row] = ssrc, ts, event
                return None
        self._last[row] = ssrc, ts, event
        return KEYS[event]


@dataclass(slots=True)
class _Press:
    event: int
    ts: int
    tick: int = 0


class Sender:
    """Digits that wait to be sent, by row. While a row presses, its sound is replaced by events."""

    def __init__(self) -> None:
        self._waiting: dict[int, deque[str]] = {}
        self._press: dict[int, _Press] = {}

    def queue(self, row: int, digits: str) -> None:
        waiting = self._waiting.setdefault(row, deque())
        waiting.extend(digit for digit in digits.upper() if digit in KEYS and len(waiting) < DIGITS_WAITING_MAX)

    def clear(self, row: int) -> None:
        self._waiting.pop(row, None)
        self._press.pop(row, None)

    def rows(self) -> list[int]:
        """The rows that press or will."""
        return list(self._waiting)

    def payloads(self, row: int, ts: int) -> tuple[int, bool, list[bytes]] | None:
        """Timestamp, marker and payloads for this tick; None during the gap, when sound may go on."""
        press = self._press.get(row)
        if press is None:
            waiting = self._waiting[row]
            if not waiting:
                del self._waiting[row]
                return None
            press = self._press[row] = _Press(KEYS.index(waiting.popleft()), ts)
        press.tick += 1
        if press.tick > PRESS_TICKS:
            if press.tick >= PRESS_TICKS + GAP_TICKS:
                del self._press[row]
            return None
        is_end = press.tick == PRESS_TICKS
        payload = _EVENT.pack(press.event, (0x80 if is_end else 0) | VOLUME, press.tick * 160)
        return press.ts, press.tick == 1, [payload] * (END_REPEATS if is_end else 1)
