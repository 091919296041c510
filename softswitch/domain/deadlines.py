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
    """Plain data: a heap of (time, counter, name) and, by key and kind, the counter that is valid."""

    __slots__ = ("_counter", "_heap", "_live", "_live_count")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Name]] = []
        self._live: dict[str, dict[str, int]] = {}
        self._live_count = 0
        self._counter = 0

    def __len__(self) -> int:
        return self._live_count

    def __contains__(self, name: Name) -> bool:
        kind, key = name
        return key in self._live and kind in self._live[key]

    def set(self, kind: str, key: str, at: float) -> None:
        """Lets `(kind, key)` fall due at `at`, and at no other time."""
        self._counter += 1
        kinds = self._live.get(key)
        if kinds is None:
            self._live[key] = {kind: self._counter}
            self._live_count += 1
        else:
            self._live_count += kind not in kinds
            kinds[kind] = self._counter
        heapq.heappush(self._heap, (at, self._counter, (kind, key)))
        if len(self._heap) > 2 * self._live_count + STALE_ENTRIES_MAX:
            self._heap = [entry for entry in self._heap if self._live.get(entry[2][1], {}).get(entry[2][0]) == entry[1]]
            heapq.heapify(self._heap)

    def drop(self, kind: str, key: str) -> None:
        """Takes `(kind, key)` back; nothing happens when it was not set."""
        kinds = self._live.get(key)
        if kinds is not None and kinds.pop(kind, None) is not None:
            self._live_count -= 1
            if not kinds:
                del self._live[key]

    def drop_all(self, key: str) -> None:
        """Takes back whatever is set for `key`. For ids, which nothing else has: people and queues may be namesakes."""
        self._live_count -= len(self._live.pop(key, ()))

    def next_at(self) -> float | None:
        """When the first one falls due, None when none is set."""
        heap, live = self._heap, self._live
        while heap:
            at, counter, (kind, key) = heap[0]
            if key in live and live[key].get(kind) == counter:
                return at
            heapq.heappop(heap)
        return None

    def pop_due(self, now: float) -> Name | None:
        """Takes out and names the first one that is due by `now`, None when there is none."""
        at = self.next_at()
        if at is None or at > now:
            return None
        name = heapq.heappop(self._heap)[2]
        self.drop(*name)
        return name
