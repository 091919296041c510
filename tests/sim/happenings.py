"""Virtual time: a heap of future happenings, and a `now` that jumps from one to the next.

Whatever in the simulator takes time (a datagram on its way, a person's patience, a retransmission timer of a phone)
is an entry here. Happenings of the same instant come in the order in which they were planned, so that a run depends on
its seed alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count


@dataclass(slots=True, order=True)
class Happening:
    """Something that will happen at `at` (virtual seconds), unless it is called off before."""

    at: float
    order: int
    action: Callable[[], object] = field(compare=False)
    is_off: bool = field(default=False, compare=False)

    def call_off(self) -> None:
        self.is_off = True


class Happenings:
    """All that is going to happen."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[Happening] = []
        self._order = count()

    def after(self, seconds: float, action: Callable[[], object]) -> Happening:
        """Plans `action` in so many seconds from now."""
        happening = Happening(self.now + max(0.0, seconds), next(self._order), action)
        heapq.heappush(self._heap, happening)
        return happening

    def next_at(self) -> float | None:
        """When the next happening is due, None when nothing is planned."""
        while self._heap and self._heap[0].is_off:
            heapq.heappop(self._heap)
        return self._heap[0].at if self._heap else None

    def happen(self) -> None:
        """Goes on to the next happening and lets it happen."""
        happening = heapq.heappop(self._heap)
        self.now = max(self.now, happening.at)
        if not happening.is_off:
            happening.action()
