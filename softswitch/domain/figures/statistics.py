"""The figures of each queue, today and yesterday: what the running switch shows, and decides by.

The figures themselves and their equations are in `formulas`, the fold that makes them in `visits`; here it has
the office's days for its spans and forgets those before yesterday, which reports read from the store. Promises to call
back have figures of their own beside it, by the day on which things happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from softswitch.domain import events
from softswitch.domain.events import Event, Takers
from softswitch.domain.figures.formulas import By, CallbackFigures, Figure, Listed, VisitCounts, VisitTimes
from softswitch.domain.figures.spans import Days, SpanOf
from softswitch.domain.figures.talks import Talks
from softswitch.domain.figures.visits import Visits

DAYS_KEPT_MAX: Final = 2


class Statistics:
    """The fold. `goals_s`: each queue's service goal in seconds, for queues that have one; replaced at a reload.

    Days are asked for by a moment in them, wall seconds, or by their date.
    """

    def __init__(self, timezone: str, goals_s: Mapping[str, float], talks: Talks | None = None) -> None:
        self._days = Days(timezone)
        self._visits = Visits(self._days, goals_s, DAYS_KEPT_MAX, talks)
        self._callbacks: dict[str, dict[float, CallbackFigures]] = {}
        self._promises: dict[str, None] = {}
        self.takers: Takers = {
            **self._visits.takers,
            events.CallbackRequested: self._promised,
            events.CallbackEnded: self._promised,
        }

    @property
    def goals_s(self) -> Mapping[str, float]:
        """By queue."""
        return self._visits.goals_s

    @goals_s.setter
    def goals_s(self, goals_s: Mapping[str, float]) -> None:
        self._visits.goals_s = goals_s

    @property
    def day_of(self) -> SpanOf:
        """The office's days, for whoever has to mean the same by today."""
        return self._days

    def apply(self, event: Event) -> None:
        """Takes one event, oldest first."""
        self._visits.apply(event)
        if isinstance(event, events.CallbackRequested | events.CallbackEnded):
            self._promised(event)

    def today(self, queue: str, wall_at: float) -> VisitCounts:
        """A copy of the queue's counts by arrival, of the day that `wall_at` is in."""
        return self._visits.counts(queue, self._day(wall_at), "arrival")

    def by_event(self, queue: str, wall_at: float) -> VisitCounts:
        """A copy of the queue's counts by event of that day."""
        return self._visits.counts(queue, self._day(wall_at), "event")

    def times(self, queue: str, wall_at: float, by: By = "arrival") -> VisitTimes:
        """A copy of the queue's times of that day."""
        return self._visits.tally(queue, self._day(wall_at), by).times

    def kept(self, queue: str) -> list[VisitCounts]:
        """The counts by arrival of each day that is known, the oldest first."""
        return [self._visits.counts(queue, span, "arrival") for span in self._visits.spans(queue)]

    def still_here(self, queue: str) -> int:
        """How many visits have no outcome yet, whenever they began."""
        return self._visits.still_here(queue)

    def carried_in(self, queue: str, wall_at: float) -> int:
        """How many were here when that day began."""
        return self._visits.carried_in(queue, self._day(wall_at))

    def carried_out(self, queue: str, wall_at: float) -> int:
        """How many were here when that day ended; are here, if it is the latest."""
        return self._visits.carried_out(queue, self._day(wall_at))

    def calls(self, queue: str, listed: Listed, wall_at: float, by: By = "arrival") -> tuple[str, ...]:
        """The calls behind a figure of that day, in order, each as often as it was there.

        At most visits.CALLS_LISTED_MAX visits of a queue and day can be listed; `unlisted` tells how many are not.
        """
        return self._visits.calls(queue, listed, self._day(wall_at), by)

    def calls_behind(self, queue: str, listed: Listed, day: date, by: By = "arrival") -> tuple[str, ...]:
        """The same for a date."""
        return self._visits.calls(queue, listed, self._days.span(day).begins_at, by)

    def unlisted(self, queue: str, figure: Figure, wall_at: float, by: By = "arrival") -> int:
        """How many a figure of that day counts beyond those that it can list."""
        span = self._day(wall_at)
        counted: int = getattr(self._visits.counts(queue, span, by), figure)
        return counted - len(self._visits.calls(queue, figure, span, by))

    def callbacks(self, queue: str, wall_at: float) -> CallbackFigures:
        """A copy of the queue's figures of promises of that day."""
        return replace(self._callbacks.get(queue, {}).get(self._day(wall_at), CallbackFigures()))

    def _day(self, wall_at: float) -> float:
        return self._days(wall_at).begins_at

    def _promised(self, event: events.CallbackRequested | events.CallbackEnded) -> None:
        """A snapshot tells of a promise again: it is counted once."""
        if isinstance(event, events.CallbackRequested):
            if event.callback not in self._promises:
                self._promises[event.callback] = None
                self._promises_of(event).requested += 1
        elif event.callback in self._promises:
            del self._promises[event.callback]
            figures = self._promises_of(event)
            figures.connected += event.outcome == "connected"
            figures.gave_up += event.outcome == "gave-up"
            figures.withdrawn += event.outcome == "withdrawn"

    def _promises_of(self, event: events.CallbackRequested | events.CallbackEnded) -> CallbackFigures:
        of_queue = self._callbacks.setdefault(event.queue, {})
        figures = of_queue.setdefault(self._day(event.at), CallbackFigures())
        while len(of_queue) > DAYS_KEPT_MAX:
            del of_queue[min(of_queue)]
        return figures
