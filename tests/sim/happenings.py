"""Virtual time: a heap of future happenings, and a `now` that jumps from one to the next.

Whatever in the simulator takes time (a datagram on its way, a person's patience, a retransmission timer of a phone)
is an entry here. Happenings of the same instant come in the order in which they were planned, so that a run depends on
its seed alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count


@dataclass(slots=True, eq=False)
class Happening:
    """Something that will happen at `at` (virtual seconds), unless it is called off before."""

    at: float
    action: Callable[[], object]
    is_off: bool = False

    def call_off(self) -> None:
        self.is_off = True


class Happenings:
    """All that is going to happen."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Happening]] = []
        self._order = count()

    def after(self, seconds: float, action: Callable[[], object]) -> Happening:
        """Plans `action` in so many seconds from now."""
        happening = Happening(self.now + max(0.0, seconds), action)
        heapq.heappush(self._heap, (happening.at, next(self._order), happening))
        return happening

    def next_at(self) -> float | None:
        """When the next happening is due, None when nothing is planned."""
        heap = self._heap
        while heap and heap[0][2].is_off:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def happen(self) -> None:
        """Goes on to the next happening and lets it happen."""
        _, _, happening = heapq.heappop(self._heap)
        self.now = max(self.now, happening.at)
        if not happening.is_off:
            happening.action()
