"""The figures of each queue: a fold over the journal, in which every queue visit has one outcome.

By the time of **arrival** a visit belongs to the day, in the office's zone, on which its caller entered the queue, and
so does what becomes of it; at any moment, also around midnight,

    offered = answered + abandoned + short_abandoned + overflowed + to_callback + to_voicemail + closed + failed
              + still here

holds for the day. By the time of **event** an outcome belongs to the day on which it happened, `offered` are those who
entered on that day, and carried in + offered = all outcomes + still here.

`service level = answered within the goal's seconds ÷ offered`. A caller turned away at the door counts as offered, with
a wait of 0. Answered means connected to an agent, and is taken back when her leg failed after pick-up. A call that is
made for a call-back is not offered a second time: promises to call back have figures of their own. Every figure by
arrival can list its calls. The days before yesterday are forgotten here: reports read the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, TypeAlias, TypeVar, get_args
from zoneinfo import ZoneInfo

from softswitch.domain import events
from softswitch.domain.events import Event, VisitOutcome

DAYS_KEPT_MAX = 2
CALLS_LISTED_MAX: Final = 100_000
"""So many calls are listed for one figure of one day; the figure itself goes on."""

Outcome: TypeAlias = Literal[
    "answered", "abandoned", "short_abandoned", "overflowed", "to_callback", "to_voicemail", "closed", "failed"
]
Figure: TypeAlias = Outcome | Literal["offered", "within_goal"]

FIGURES: Final[tuple[Figure, ...]] = ("offered", "within_goal", *get_args(Outcome))

OUTCOME_OF: Final[Mapping[VisitOutcome, Outcome]] = {
    "abandoned": "abandoned",
    "short-abandoned": "short_abandoned",
    "overflowed": "overflowed",
    "to-callback": "to_callback",
    "to-voicemail": "to_voicemail",
    "closed": "closed",
    "failed": "failed",
}


@dataclass(slots=True)
class DayFigures:
    """One queue, one day. `within_goal`: answered within the seconds of the queue's service goal."""

    offered: int = 0
    answered: int = 0
    within_goal: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    overflowed: int = 0
    to_callback: int = 0
    to_voicemail: int = 0
    closed: int = 0
    failed: int = 0

    @property
    def service_level(self) -> float | None:
        """Answered within the goal ÷ offered; None when nobody was offered."""
        return self.within_goal / self.offered if self.offered else None

    @property
    def ended(self) -> int:
        """How many have an outcome."""
        return (
            self.answered
            + self.abandoned
            + self.short_abandoned
            + self.overflowed
            + self.to_callback
            + self.to_voicemail
            + self.closed
            + self.failed
        )

    def add(self, figure: Figure, count: int) -> None:
        """So many more, or fewer."""
        setattr(self, figure, getattr(self, figure) + count)


@dataclass(slots=True)
class CallbackFigures:
    """A queue's promises to call back: `requested` on the day, and ended on it, whenever they were made."""

    requested: int = 0
    connected: int = 0
    gave_up: int = 0
    withdrawn: int = 0


@dataclass(slots=True)
class _Visit:
    queue: str
    call: str
    day: date
    answered_on: date | None = None
    is_within_goal: bool = False


_Value = TypeVar("_Value")
_Days: TypeAlias = dict[str, dict[date, _Value]]


class Statistics:
    """The fold. `goals_s`: each queue's service goal in seconds, for queues that have one; replaced at a reload."""

    def __init__(self, timezone: str, goals_s: Mapping[str, float]) -> None:
        self.goals_s = goals_s
        self._zone = ZoneInfo(timezone)
        self._days: _Days[DayFigures] = {}
        self._by_event: _Days[DayFigures] = {}
        self._calls: _Days[dict[Figure, dict[str, int]]] = {}
        self._callbacks: _Days[CallbackFigures] = {}
        self._promises: dict[str, None] = {}
        self._called_back: dict[str, None] = {}
        self._visits: dict[str, _Visit] = {}
        self._latest_day = (0.0, 0.0, date.min)

    def apply(self, event: Event) -> None:
        """Takes one event, oldest first."""
        match event:
            case events.CallQueued():
                if event.by == "callback":
                    self._called_back[event.call] = None
                else:
                    self._entered(event.call, event.queue, event.at)
            case events.QueueLeft():
                self._left(event)
            case events.CallConnected():
                self._connected(event)
            case events.AgentLost():
                self._lost(event)
            case events.CallEnded():
                self._called_back.pop(event.call, None)
                visit = self._visits.pop(event.call, None)
                if visit is not None and visit.answered_on is None:
                    self._count(visit, "failed", self.day(event.at))
            case events.CallbackRequested() | events.CallbackEnded():
                self._promised(event)
            case _:
                pass

    def today(self, queue: str, wall_at: float) -> DayFigures:
        """A copy of the queue's figures by arrival, of the day that `wall_at` (wall seconds) is in."""
        return replace(self._days.get(queue, {}).get(self.day(wall_at), DayFigures()))

    def by_event(self, queue: str, wall_at: float) -> DayFigures:
        """A copy of the queue's figures by event of that day."""
        return replace(self._by_event.get(queue, {}).get(self.day(wall_at), DayFigures()))

    def still_here(self, queue: str) -> int:
        """How many visits have no outcome yet, whenever they began."""
        return sum(visit.queue == queue and visit.answered_on is None for visit in self._visits.values())

    def carried_in(self, queue: str, wall_at: float) -> int:
        """How many were here when the day of `wall_at` began; that day being the latest."""
        figures = self.by_event(queue, wall_at)
        return figures.ended + self.still_here(queue) - figures.offered

    def calls(self, queue: str, figure: Figure, wall_at: float) -> tuple[str, ...]:
        """The calls behind a figure by arrival of that day, in order, each as often as it was there.

        At most CALLS_LISTED_MAX calls are listed.
        """
        visits = self._calls.get(queue, {}).get(self.day(wall_at), {}).get(figure, {})
        return tuple(call for call, times in visits.items() for _ in range(times))

    def callbacks(self, queue: str, wall_at: float) -> CallbackFigures:
        """A copy of the queue's figures of promises of that day."""
        return replace(self._callbacks.get(queue, {}).get(self.day(wall_at), CallbackFigures()))

    def day(self, wall_at: float) -> date:
        """The office's date at a moment, wall seconds."""
        begins_at, ends_at, day = self._latest_day
        if not begins_at <= wall_at < ends_at:
            day = datetime.fromtimestamp(wall_at, self._zone).date()
            begins = datetime.combine(day, time(), self._zone)
            ends = datetime.combine(day + timedelta(days=1), time(), self._zone)
            self._latest_day = (begins.timestamp(), ends.timestamp(), day)
        return day

    def _entered(self, call: str, queue: str, wall_at: float) -> _Visit:
        visit = self._visits[call] = _Visit(queue, call, self.day(wall_at))
        self._count(visit, "offered", visit.day)
        return visit

    def _left(self, event: events.QueueLeft) -> None:
        visit = self._visits.get(event.call)
        if visit is None or visit.answered_on is not None or visit.queue != event.queue:
            if event.call in self._called_back:
                return
            visit = self._entered(event.call, event.queue, event.at)
        del self._visits[event.call]
        self._count(visit, OUTCOME_OF[event.outcome], self.day(event.at))

    def _connected(self, event: events.CallConnected) -> None:
        visit = self._visits.get(event.call)
        if visit is None or event.queue is None:
            return
        goal_s = self.goals_s.get(event.queue)
        visit.answered_on = self.day(event.at)
        visit.is_within_goal = goal_s is not None and event.wait_s is not None and event.wait_s <= goal_s
        self._count(visit, "answered", visit.answered_on)
        if visit.is_within_goal:
            self._count(visit, "within_goal", visit.answered_on)

    def _lost(self, event: events.AgentLost) -> None:
        visit = self._visits.get(event.call)
        if visit is not None and visit.answered_on is not None:
            self._count(visit, "answered", visit.answered_on, -1)
            if visit.is_within_goal:
                self._count(visit, "within_goal", visit.answered_on, -1)
            visit.answered_on, visit.is_within_goal = None, False

    def _promised(self, event: events.CallbackRequested | events.CallbackEnded) -> None:
        """A snapshot tells of a promise again: it is counted once."""
        figures = _of_day(self._callbacks, event.queue, self.day(event.at), CallbackFigures)
        if isinstance(event, events.CallbackRequested):
            if event.callback not in self._promises:
                self._promises[event.callback] = None
                figures.requested += 1
        elif self._promises.pop(event.callback, event) is None:
            figures.connected += event.outcome == "connected"
            figures.gave_up += event.outcome == "gave-up"
            figures.withdrawn += event.outcome == "withdrawn"

    def _count(self, visit: _Visit, figure: Figure, happened_on: date, count: int = 1) -> None:
        _of_day(self._days, visit.queue, visit.day, DayFigures).add(figure, count)
        _of_day(self._by_event, visit.queue, happened_on, DayFigures).add(figure, count)
        figures: dict[Figure, dict[str, int]] = _of_day(self._calls, visit.queue, visit.day, dict)
        calls = figures.setdefault(figure, {})
        times = calls.get(visit.call, 0) + count
        if times <= 0:
            calls.pop(visit.call, None)
        elif visit.call in calls or len(calls) < CALLS_LISTED_MAX:
            calls[visit.call] = times


def _of_day(days: _Days[_Value], queue: str, day: date, make: type[_Value]) -> _Value:
    """The day's value, made where there is none; the oldest day beyond DAYS_KEPT_MAX goes."""
    of_queue = days.setdefault(queue, {})
    found = of_queue.get(day)
    if found is None:
        found = of_queue[day] = make()
        while len(of_queue) > DAYS_KEPT_MAX:
            del of_queue[min(of_queue)]
    return found
