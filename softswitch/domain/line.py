"""A line: the callers of one queue in the order in which they are served, sorted at all times.

The order is one score across all queues, seconds: a caller is due at `entered_at + target − weight − priority`, and
the smallest is served first. Because nothing in it changes while he waits, the order of two callers never changes by
itself; a new priority or a reload moves a caller to his new place at once. How long can anyone be passed over? Only by
callers who are due before him, and none of them entered more than PASSED_OVER_S_MAX, plus his own queue's target, after
he did.

Finding a place is a bisection. Equal times go in the order of entering.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Final, TypeAlias

from softswitch.domain.inputs import CallId
from softswitch.domain.office import PREFERENCE_S_MAX, PRIORITY_S_MAX, WEIGHT_S_MAX

PASSED_OVER_S_MAX: Final = PRIORITY_S_MAX + WEIGHT_S_MAX + PREFERENCE_S_MAX

Place: TypeAlias = tuple[float, int]
"""`due_at` and the order of entering, which no two callers share."""


class Line:
    """Plain data: a sorted list of places and who stands on each."""

    __slots__ = ("_places", "_standing")

    def __init__(self) -> None:
        self._places: list[tuple[float, int, CallId]] = []
        self._standing: dict[CallId, Place] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, call: CallId) -> bool:
        return call in self._standing

    def __iter__(self) -> Iterator[CallId]:
        """The callers, the first to be served first."""
        return (call for _, _, call in self._places)

    def places(self) -> Iterator[tuple[float, int, CallId]]:
        """The callers with their places, in order."""
        return iter(self._places)

    def put(self, call: CallId, place: Place) -> None:
        """Lets the caller stand in this place, wherever he stood before."""
        if call in self._standing:
            self.take(call)
        self._standing[call] = place
        insort(self._places, (*place, call))

    def take(self, call: CallId) -> None:
        """The caller leaves the line; KeyError when he is not in it."""
        place = self._standing.pop(call)
        del self._places[bisect_left(self._places, (*place, call))]

    def position(self, call: CallId) -> int:
        """1 for the caller who is served next."""
        return 1 + bisect_left(self._places, (*self._standing[call], call))

    def position_of(self, place: Place) -> int:
        """Which position a place would be."""
        return 1 + bisect_left(self._places, place)
