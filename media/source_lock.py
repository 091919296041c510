"""Whose packets a row believes, and where it sends: the lock that keeps strangers out.

The signalled address is believed at once. Another port of the same IP, or, where a NAT is known to be in between, any
first source, must send five in-sequence packets of one SSRC first. A lock is left only for a newly signalled address,
or after five seconds without a packet from it. Nothing is ever sent to an address that was neither signalled nor
locked.
"""

from __future__ import annotations

import struct
from typing import Final

from media.rows import Rows, Source

IN_SEQUENCE: Final = 5
RELOCK_AFTER_S: Final = 5.0
CANDIDATES_MAX: Final = 1000

_HEADER: Final = struct.Struct("!BBHII")


class SourceLock:
    """Judges packets by their source. Those of the locked one need not be asked about, but may be."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._candidates: dict[int, tuple[Source, int, int, int]] = {}
        self._newly_locked: list[int] = []

    def newly_locked(self) -> list[int]:
        """Rows that locked on a source since the last time this was asked."""
        rows, self._newly_locked = self._newly_locked, []
        return rows

    def signal(self, row: int, source: Source | None, *, is_learnt: bool) -> None:
        """A newly signalled address: it is believed and sent to; the same address again changes nothing."""
        rows = self._rows
        rows.is_learnt[row] = is_learnt
        if source == rows.signalled[row] and source is not None:
            rows.destination[row] = rows.locked[row] or source
            return
        rows.signalled[row] = source
        rows.locked[row] = None
        rows.destination[row] = source
        self._candidates.pop(row, None)

    def forget(self, row: int) -> None:
        self._candidates.pop(row, None)

    def admits(self, row: int, source: Source, packet: memoryview, now: float) -> bool:
        """Whether a packet is taken; its source may become the locked one. `source` is host and port, no more."""
        rows = self._rows
        signalled, locked = rows.signalled[row], rows.locked[row]
        if source == locked:
            return True
        is_free = locked is None or now - float(rows.heard_at[row]) >= RELOCK_AFTER_S
        if signalled is None or not is_free:
            rows.strangers[row] += 1
            return False
        if source == signalled:
            self._lock(row, source)
            return True
        may_be = source[0] == signalled[0] or (rows.is_learnt[row] and locked is None)
        if may_be and len(packet) >= _HEADER.size and self._counts(row, source, packet):
            self._lock(row, source)
            return True
        rows.strangers[row] += 1
        return False

    def _lock(self, row: int, source: Source) -> None:
        self._newly_locked.append(row)
        self._rows.locked[row] = source
        self._rows.destination[row] = source
        self._candidates.pop(row, None)

    def _counts(self, row: int, source: Source, packet: memoryview) -> bool:
        first, _, sequence, _, ssrc = _HEADER.unpack_from(packet)
        if first >> 6 != 2:
            return False
        known = self._candidates.get(row)
        if known is not None and known[:2] == (source, ssrc) and (known[2] + 1) & 0xFFFF == sequence:
            seen = known[3] + 1
        else:
            seen = 1
            if len(self._candidates) >= CANDIDATES_MAX:
                self._candidates.clear()
        self._candidates[row] = (source, ssrc, sequence, seen)
        return seen >= IN_SEQUENCE
