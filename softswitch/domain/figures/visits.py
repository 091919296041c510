"""Queue visits, folded from the journal into figures by span, each with the calls behind it.

A visit begins when its caller enters a queue and has one outcome. By the time of **arrival** the outcome belongs to the
span in which he entered, so what he came to can still change a span that is over; by the time of **event** it belongs
to the span in which it happened, and callers are carried from one span into the next (`formulas` has both equations).
Talk and wrap-up go whole to the span of the arrival, or to that in which they ended.

Answered means connected to an agent, and is taken back when her leg failed after pick-up. A caller turned away at the
door counts as offered. A call that is made for a call-back was offered when its caller asked for it and is not offered
again, but its talk and wrap-up count. A visit that is still open when its call ends has failed. The times of a talk
that a crash cut off are `talks`' matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from softswitch.domain import events
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event, Takers
from softswitch.domain.figures.formulas import (
    OUTCOME_OF,
    By,
    Listed,
    Outcome,
    VisitCounts,
    VisitTimes,
    milliseconds,
)
from softswitch.domain.figures.spans import SpanOf
from softswitch.domain.figures.talks import Talk, Talks, WrapUp, WrapUps

CALLS_LISTED_MAX: Final = 100_000
"""So many visits of one queue and span can be listed, the first ones; the figures themselves go on."""


class Visit(msgspec.Struct):
    """One stay in a queue. `arrived`, `ended`, `talked`, `wrapped_up`: the beginnings of the spans it happened in."""

    number: int
    call: str
    queue: str
    entered_at: float
    arrived: float
    is_offered: bool
    outcome: Outcome | None = None
    ended: float | None = None
    wait_ms: int = 0
    is_within_goal: bool = False
    talked: float | None = None
    wrapped_up: float | None = None


@dataclass(slots=True)
class Tally:
    """Counts and times of one queue and span, by arrival or by event."""

    counts: VisitCounts = field(default_factory=VisitCounts)
    times: VisitTimes = field(default_factory=VisitTimes)

    def copy(self) -> Tally:
        """One that does not go on."""
        return Tally(replace(self.counts), replace(self.times))


@dataclass(slots=True)
class _Cell:
    tallies: dict[By, Tally] = field(default_factory=lambda: {"arrival": Tally(), "event": Tally()})
    visits: dict[int, Visit] = field(default_factory=dict)


class Visits:
    """The fold. `goals_s`: each queue's service goal in seconds, for queues that have one; replaced at a reload.

    Of each queue the latest `spans_kept` spans in which something happened are kept, all when None. `talks`: that of
    the folds beside it, if there are any.
    """

    def __init__(
        self,
        span_of: SpanOf,
        goals_s: Mapping[str, float],
        spans_kept: int | None = None,
        talks: Talks | None = None,
    ) -> None:
        self.goals_s = goals_s
        self._span_of = span_of
        self._spans_kept = spans_kept
        self._cells: dict[str, dict[float, _Cell]] = {}
        self._open: dict[str, Visit] = {}
        self._here: dict[str, int] = {}
        self._numbered = 0
        self._talks = talks or Talks()
        self._wrap_ups = WrapUps()
        self._handled: dict[str, Visit] = {}
        self._in_wrap_up: dict[str, Visit] = {}
        self.takers: Takers = {
            events.CallQueued: self._queued,
            events.QueueLeft: self._left,
            events.CallConnected: self._connected,
            events.CallParted: self._end_talks,
            events.AgentLost: self._lost,
            events.CallEnded: self._call_ended,
            events.WrapUpStarted: self._wrapped_up,
            events.WrapUpEnded: self._wrapped_up,
        }

    def apply(self, event: Event) -> None:
        """Takes one event, oldest first."""
        self._talks.apply(event)
        taker = self.takers.get(type(event))
        if taker is not None:
            taker(event)

    def spans(self, queue: str) -> list[float]:
        """When the spans began that are known of a queue, the oldest first."""
        return sorted(self._cells.get(queue, {}))

    def tally(self, queue: str, span: float, by: By) -> Tally:
        """A copy of the figures of the span that begins then."""
        cell = self._cells.get(queue, {}).get(span)
        return Tally() if cell is None else cell.tallies[by].copy()

    def counts(self, queue: str, span: float, by: By) -> VisitCounts:
        """A copy of the counts alone."""
        cell = self._cells.get(queue, {}).get(span)
        return VisitCounts() if cell is None else replace(cell.tallies[by].counts)

    def still_here(self, queue: str) -> int:
        """How many visits have no outcome yet, whenever they began."""
        return self._here.get(queue, 0)

    def carried_out(self, queue: str, span: float) -> int:
        """How many were here when the span that begins then ended, or are now, if it lasts; the span being kept."""
        later = [cell for begins_at, cell in self._cells.get(queue, {}).items() if begins_at > span]
        counts = [cell.tallies["event"].counts for cell in later]
        return self.still_here(queue) + sum(count.ended - count.offered for count in counts)

    def carried_in(self, queue: str, span: float) -> int:
        """How many were here when the span began; it being kept."""
        counts = self.counts(queue, span, "event")
        return self.carried_out(queue, span) + counts.ended - counts.offered

    def calls(self, queue: str, listed: Listed, span: float, by: By) -> tuple[str, ...]:
        """The calls behind a figure of the span that begins then, each as often as it was there; see CALLS_LISTED_MAX.

        Still here by event are those who were carried out; carried over are those who were, whatever `by` says.
        """
        if listed in {"carried_in", "carried_out"} or (listed == "still_here" and by == "event"):
            return tuple(visit.call for visit in self._carried(queue, span, is_in=listed == "carried_in"))
        cell = self._cells.get(queue, {}).get(span)
        visits = () if cell is None else cell.visits.values()
        return tuple(visit.call for visit in visits if _is_behind(visit, listed, span, by))

    # Private.

    def _queued(self, event: events.CallQueued) -> None:
        self._fail(self._open.get(event.call), event.at)
        self._open[event.call] = self._enter(event.call, event.queue, event.at, is_offered=event.by != "callback")

    def _lost(self, event: events.AgentLost) -> None:
        self._end_talks(event)
        visit = self._open.get(event.call)
        if visit is not None and visit.outcome == "answered" and visit.queue == event.queue:
            self._take_back(visit)

    def _call_ended(self, event: events.CallEnded) -> None:
        self._end_talks(event)
        self._fail(self._open.pop(event.call, None), event.at)

    def _end_talks(self, event: Event) -> None:
        for talk in self._talks.apply(event):
            self._talked(talk)

    def _enter(self, call: str, queue: str, wall_at: float, *, is_offered: bool) -> Visit:
        span = self._span_of(wall_at).begins_at
        self._numbered += 1
        visit = Visit(self._numbered, call, queue, wall_at, span, is_offered)
        cell = self._cell(queue, span)
        _list(cell, visit)
        if is_offered:
            for tally in cell.tallies.values():
                tally.counts.offered += 1
            self._here[queue] = self.still_here(queue) + 1
        return visit

    def _left(self, event: events.QueueLeft) -> None:
        visit = self._open.get(event.call)
        if visit is None or visit.outcome is not None or visit.queue != event.queue:
            visit = self._enter(event.call, event.queue, event.at, is_offered=True)
        else:
            del self._open[event.call]
        wait_s = self._talks.seen_at - visit.entered_at if event.cause is Cause.CRASH else event.wait_s
        self._settle(visit, OUTCOME_OF[event.outcome], event.at, milliseconds(max(0.0, wait_s)))

    def _connected(self, event: events.CallConnected) -> None:
        self._talks.apply(event)
        visit = self._open.get(event.call)
        if visit is None or visit.outcome is not None or visit.queue != event.queue:
            return
        wait_s = event.at - visit.entered_at if event.wait_s is None else event.wait_s
        goal_s = self.goals_s.get(visit.queue)
        visit.is_within_goal = goal_s is not None and wait_s <= goal_s
        self._settle(visit, "answered", event.at, milliseconds(wait_s))
        if event.agent is not None:
            self._handled[event.agent] = visit

    def _fail(self, visit: Visit | None, wall_at: float) -> None:
        if visit is not None and visit.outcome is None:
            self._settle(visit, "failed", wall_at, milliseconds(max(0.0, wall_at - visit.entered_at)))

    def _settle(self, visit: Visit, outcome: Outcome, wall_at: float, wait_ms: int) -> None:
        visit.outcome, visit.wait_ms = outcome, wait_ms
        visit.ended = self._span_of(wall_at).begins_at
        if not visit.is_offered:
            return
        self._here[visit.queue] -= 1
        self._count(visit, outcome, 1)
        _list(self._cell(visit.queue, visit.ended), visit)

    def _take_back(self, visit: Visit) -> None:
        if visit.is_offered:
            self._here[visit.queue] += 1
            self._count(visit, "answered", -1)
        visit.outcome, visit.ended, visit.is_within_goal = None, None, False

    def _count(self, visit: Visit, outcome: Outcome, count: int) -> None:
        for tally in self._tallies(visit, visit.ended):
            times = tally.times
            tally.counts.add(outcome, count)
            times.wait_ms += count * visit.wait_ms
            times.longest_wait_ms = max(times.longest_wait_ms, visit.wait_ms)
            if outcome == "answered":
                times.answered_wait_ms += count * visit.wait_ms
                tally.counts.within_goal += count * visit.is_within_goal

    def _talked(self, talk: Talk) -> None:
        visit = self._open.get(talk.call)
        if visit is None or talk.is_lost or visit.outcome != "answered" or visit.queue != talk.queue:
            return
        visit.talked = self._span_of(talk.ended_at).begins_at
        for tally in self._tallies(visit, visit.talked):
            tally.times.talks += 1
            tally.times.talk_ms += _lasted_ms(talk)
        _list(self._cell(visit.queue, visit.talked), visit)

    def _wrapped_up(self, event: events.WrapUpStarted | events.WrapUpEnded) -> None:
        ended = self._wrap_ups.apply(event)
        visit = None if ended is None else self._in_wrap_up.pop(event.agent, None)
        if ended is not None and visit is not None:
            visit.wrapped_up = self._span_of(ended.ended_at).begins_at
            for tally in self._tallies(visit, visit.wrapped_up):
                tally.times.wrap_ups += 1
                tally.times.wrap_up_ms += _lasted_ms(ended)
            _list(self._cell(visit.queue, visit.wrapped_up), visit)
        if isinstance(event, events.WrapUpStarted):
            handled = self._handled.get(event.agent)
            if handled is not None and handled.call == event.call:
                self._in_wrap_up[event.agent] = handled

    def _tallies(self, visit: Visit, happened: float | None) -> tuple[Tally, Tally]:
        assert happened is not None
        return (
            self._cell(visit.queue, visit.arrived).tallies["arrival"],
            self._cell(visit.queue, happened).tallies["event"],
        )

    def _cell(self, queue: str, span: float) -> _Cell:
        """The span's cell; one that is forgotten already takes what comes and is forgotten again."""
        of_queue = self._cells.setdefault(queue, {})
        cell = of_queue.get(span)
        if cell is None:
            cell = _Cell()
            if self._spans_kept is not None and len(of_queue) >= self._spans_kept:
                oldest = min(of_queue)
                if span < oldest:
                    return cell
                del of_queue[oldest]
            of_queue[span] = cell
        return cell

    def _carried(self, queue: str, span: float, *, is_in: bool) -> Iterator[Visit]:
        """Those who were here when the span began, or when it ended."""
        found = {visit.number: visit for visit in self._open.values() if visit.queue == queue}
        for begins_at, cell in self._cells.get(queue, {}).items():
            if begins_at >= span:
                found.update(cell.visits)
        for number in sorted(found):
            visit = found[number]
            had_arrived = visit.arrived < span or (visit.arrived == span and not is_in)
            was_gone = visit.ended is not None and (visit.ended < span or (visit.ended == span and not is_in))
            if visit.is_offered and had_arrived and not was_gone:
                yield visit


def fold(journal: Iterable[Event], span_of: SpanOf, goals_s: Mapping[str, float]) -> Visits:
    """The figures of a stretch of the journal, every span kept. It begins where a segment does."""
    visits = Visits(span_of, goals_s)
    for event in journal:
        visits.apply(event)
    return visits


def _list(cell: _Cell, visit: Visit) -> None:
    if len(cell.visits) < CALLS_LISTED_MAX:
        cell.visits[visit.number] = visit


def _is_behind(visit: Visit, listed: Listed, span: float, by: By) -> bool:
    has_arrived = visit.arrived == span
    is_here = has_arrived if by == "arrival" else visit.ended == span
    match listed:
        case "offered":
            return visit.is_offered and has_arrived
        case "still_here":
            return visit.is_offered and has_arrived and visit.outcome is None
        case "within_goal":
            return visit.is_offered and is_here and visit.is_within_goal
        case "talked":
            return visit.talked is not None and (has_arrived if by == "arrival" else visit.talked == span)
        case "wrapped_up":
            return visit.wrapped_up is not None and (has_arrived if by == "arrival" else visit.wrapped_up == span)
        case _:
            return visit.is_offered and is_here and visit.outcome == listed


def _lasted_ms(stretch: Talk | WrapUp) -> int:
    return max(0, milliseconds(stretch.ended_at) - milliseconds(stretch.began_at))
