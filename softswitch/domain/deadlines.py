"""Named deadlines: one heap for all that the domain waits for.

A deadline is named by what it is about, such as `("max-wait", call)`; setting it again moves it, dropping it takes it
back. Moved and dropped entries stay in the heap until they surface (lazy cancellation) or until they are the most of
it. Equal times fall due in the order in which they were set. It knows nothing of clocks: whoever owns it says what time
it is.
"""

from __future__ import annotations

import heapq
from typing import TypeAlias

Name: TypeAlias = tuple[str, str]

STALE_ENTRIES_MAX = 64
"""How many dead entries may lie in the heap beside as many as there are live ones."""


class Deadlines:
    """Plain data: a heap of (time, counter, name) and the counter that is valid for each name."""

    __slots__ = ("_counter", "_heap", "_live")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Name]] = []
        self._live: dict[Name, int] = {}
        self._counter = 0

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, name: Name) -> bool:
        return name in self._live

    def set(self, kind: str, key: str, at: float) -> None:
        """Lets `(kind, key)` fall due at `at`, and at no other time."""
        self._counter += 1
        self._live[kind, key] = self._counter
        heapq.heappush(self._heap, (at, self._counter, (kind, key)))
        if len(self._heap) > 2 * len(self._live) + STALE_ENTRIES_MAX:
            self._heap = [entry for entry in self._heap if self._is_live(entry)]
            heapq.heapify(self._heap)

    def drop(self, kind: str, key: str) -> None:
        """Takes `(kind, key)` back; nothing happens when it was not set."""
        self._live.pop((kind, key), None)

    def next_at(self) -> float | None:
        """When the first one falls due, None when none is set."""
        self._purge()
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> Name | None:
        """Takes out and names the first one that is due by `now`, None when there is none."""
        self._purge()
        if not self._heap or self._heap[0][0] > now:
            return None
        name = heapq.heappop(self._heap)[2]
        del self._live[name]
        return name

    def _purge(self) -> None:
        while self._heap and not self._is_live(self._heap[0]):
            heapq.heappop(self._heap)

    def _is_live(self, entry: tuple[float, int, Name]) -> bool:
        return self._live.get(entry[2]) == entry[1]
