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

_EVENT: Final = struct.Struct("!BBH")


class Listener:
    """Reports each press once, at its first packet: packets of one press share their timestamp."""

    def __init__(self, rows: int) -> None:
        self._last_ts: list[int | None] = [None] * rows

    def clear(self, row: int) -> None:
        self._last_ts[row] = None

    def take(self, row: int, packet: memoryview) -> str | None:
        """The key that was pressed, None for a repetition or an event that is no key."""
        header_bytes = 12 + 4 * (packet[0] & 15)
        if len(packet) < header_bytes + _EVENT.size:
            return None
        (ts,) = struct.unpack_from("!I", packet, 4)
        event = packet[header_bytes]
        if ts == self._last_ts[row] or event >= len(KEYS):
            return None
        self._last_ts[row] = ts
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
