"""The figures of each queue for today: a fold over the journal.

Every figure belongs to the day, in the office's time zone, on which its caller entered the queue; so at any moment,
also around midnight,

    offered = answered + abandoned + overflowed + failed + still here

holds for the day, and `service level = answered within the goal's seconds ÷ offered`. A caller turned away from a full
queue counts as offered and overflowed, with a wait of 0. Answered means connected to an agent; it is taken back when
her leg failed after pick-up. The days before yesterday are forgotten here: reports read the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from softswitch.domain.events import AgentLost, CallConnected, CallEnded, CallQueued, Event, QueueLeft

DAYS_KEPT_MAX = 2


@dataclass(slots=True)
class DayFigures:
    """One queue, one day. `within_goal`: answered within the seconds of the queue's service goal."""

    offered: int = 0
    answered: int = 0
    within_goal: int = 0
    abandoned: int = 0
    overflowed: int = 0
    failed: int = 0

    @property
    def service_level(self) -> float | None:
        """Answered within the goal ÷ offered; None when nobody was offered."""
        return self.within_goal / self.offered if self.offered else None


@dataclass(slots=True)
class _Visit:
    queue: str
    day: date
    is_connected: bool = False
    is_within_goal: bool = False


class Statistics:
    """The fold. `goals_s`: each queue's service goal in seconds, for queues that have one; replaced at a reload."""

    def __init__(self, timezone: str, goals_s: Mapping[str, float]) -> None:
        self.goals_s = goals_s
        self._zone = ZoneInfo(timezone)
        self._days: dict[str, dict[date, DayFigures]] = {}
        self._visits: dict[str, _Visit] = {}

    def apply(self, event: Event) -> None:
        """Takes one event, oldest first."""
        match event:
            case CallQueued():
                visit = _Visit(event.queue, self._day(event.at))
                self._visits[event.call] = visit
                self._figures(visit).offered += 1
            case QueueLeft():
                self._left(event)
            case CallConnected():
                self._connected(event)
            case AgentLost():
                self._lost(event)
            case CallEnded():
                ended = self._visits.pop(event.call, None)
                if ended is not None and not ended.is_connected:
                    self._figures(ended).failed += 1
            case _:
                pass

    def today(self, queue: str, wall_at: float) -> DayFigures:
        """A copy of the queue's figures of the day that `wall_at` (wall seconds) is in."""
        days = self._days.get(queue, {})
        return replace(days.get(self._day(wall_at), DayFigures()))

    def _left(self, event: QueueLeft) -> None:
        visit = self._visits.pop(event.call, None)
        if visit is None:
            visit = _Visit(event.queue, self._day(event.at))
            self._figures(visit).offered += 1
        figures = self._figures(visit)
        match event.outcome:
            case "abandoned":
                figures.abandoned += 1
            case "overflowed":
                figures.overflowed += 1
            case "failed":
                figures.failed += 1

    def _connected(self, event: CallConnected) -> None:
        visit = self._visits.get(event.call)
        if visit is None or event.queue is None:
            return
        goal_s = self.goals_s.get(event.queue)
        visit.is_connected = True
        visit.is_within_goal = goal_s is not None and event.wait_s is not None and event.wait_s <= goal_s
        figures = self._figures(visit)
        figures.answered += 1
        figures.within_goal += visit.is_within_goal

    def _lost(self, event: AgentLost) -> None:
        visit = self._visits.get(event.call)
        if visit is not None and visit.is_connected:
            figures = self._figures(visit)
            figures.answered -= 1
            figures.within_goal -= visit.is_within_goal
            visit.is_connected = visit.is_within_goal = False

    def _figures(self, visit: _Visit) -> DayFigures:
        days = self._days.setdefault(visit.queue, {})
        figures = days.setdefault(visit.day, DayFigures())
        while len(days) > DAYS_KEPT_MAX:
            del days[min(days)]
        return figures

    def _day(self, wall_at: float) -> date:
        return datetime.fromtimestamp(wall_at, self._zone).date()
