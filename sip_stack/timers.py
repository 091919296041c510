"""Timer values of RFC 3261 §17 and the one structure that holds deadlines.

A deadline is a named entry; setting it again moves it, cancelling it leaves a stale entry in the heap that is skipped
when its time comes. So both cost O(log n) and nothing scans.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class TimerSettings:
    """T1, T2 and T4 of RFC 3261 §17.1.1.1 and timer D's least value for UDP, all in seconds."""

    t1_s: float = 0.5
    t2_s: float = 4.0
    t4_s: float = 5.0
    timer_d_s: float = 32.0

    @property
    def transaction_s(self) -> float:
        """64·T1: timers B, F, H, J, L and M."""
        return 64 * self.t1_s


class Deadlines(Generic[K]):
    """Deadlines by key."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, K]] = []
        self._current: dict[K, int] = {}
        self._order = count()

    def __len__(self) -> int:
        return len(self._current)

    def set(self, key: K, at: float) -> None:
        """Sets or moves a deadline."""
        order = next(self._order)
        self._current[key] = order
        heapq.heappush(self._heap, (at, order, key))

    def cancel(self, key: K) -> None:
        self._current.pop(key, None)

    def next_deadline(self) -> float | None:
        self._skip_stale()
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> K | None:
        """The earliest key that is due, taken out; None when none is."""
        self._skip_stale()
        if not self._heap or self._heap[0][0] > now:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._current[key]
        return key

    def _skip_stale(self) -> None:
        heap = self._heap
        while heap:
            _, order, key = heap[0]
            if self._current.get(key) == order:
                return
            heapq.heappop(heap)
