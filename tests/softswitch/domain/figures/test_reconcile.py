"""A hundred thousand small days, each counted a second time by an obvious and slow way.

Callers enter, wait, are served, lost by an agent, given on, moved on, turned away, called back; some over midnight,
some over the hour that a spring night lacks or the one that an autumn night has twice; and some days the switch dies
and comes back. What truly happened is written down whole beside the journal, and counted from there only when asked.
The fold must agree in every count, every sum of milliseconds and every list of calls, at the end and at a moment in the
middle, and both equations of `figures` must hold. Some of the days are counted by quarter hours as well.

FIGURES_DAYS=1000000 in the environment makes it a million days, others than these.
"""

from __future__ import annotations

import os
import random
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import product
from operator import attrgetter
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import pytest

from softswitch.domain import events
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event, VisitOutcome
from softswitch.domain.figures.agents import AgentFigures
from softswitch.domain.figures.formulas import (
    FIGURES,
    OUTCOME_OF,
    OUTCOMES,
    By,
    Listed,
    Outcome,
    VisitCounts,
    VisitTimes,
)
from softswitch.domain.figures.spans import Days, Span, quarter_hours
from softswitch.domain.figures.statistics import Statistics
from softswitch.domain.figures.visits import Visits, fold

DAYS: Final = int(os.environ.get("FIGURES_DAYS", "100000"))
CHUNKS: Final = 20
CALLS_MAX: Final = 20
QUARTERS_EVERY: Final = 50
ZONE: Final = "Europe/Stockholm"
QUEUES: Final = ("support", "sales")
GOALS_S: Final = {"support": 20.0}
LENGTH_S: Final = 8 * 3600
STARTS: Final = tuple(
    datetime(2026, *at, tzinfo=ZoneInfo(ZONE)).timestamp()
    for at in ((3, 10, 9), (3, 11, 9), (3, 10, 21), (3, 28, 21), (10, 24, 21))
)
SPANS: Final = Days(ZONE)
LEFT: Final[tuple[VisitOutcome, ...]] = tuple(OUTCOME_OF)
AT_DOOR: Final[tuple[VisitOutcome, ...]] = ("overflowed", "closed", "to-voicemail", "to-callback")
BYS: Final[tuple[By, ...]] = ("arrival", "event")
COUNTS: Final = tuple(figure.name for figure in fields(VisitCounts))
TIMES: Final = tuple(figure.name for figure in fields(VisitTimes))
COUNTED: Final = (*COUNTS, *TIMES)
counts_of, times_of = attrgetter(*COUNTS), attrgetter(*TIMES)
LISTS: Final[tuple[Listed, ...]] = (*FIGURES, "still_here", "carried_in", "carried_out", "talked", "wrapped_up")


_Stretch: TypeAlias = tuple[float, float, float]


@dataclass(slots=True)
class Stay:
    """What truly happened to a visit. Talk and wrap-up: from, to, and when it was known; wall seconds."""

    call: str
    queue: str
    entered_at: float
    is_offered: bool
    steps: list[tuple[float, Outcome | None, float]] = field(default_factory=list)
    talk: _Stretch | None = None
    wrap_up: _Stretch | None = None


@dataclass(slots=True)
class Night:
    """A journal in the order of its time, and the truth: stays, and all talks by agent."""

    journal: list[Event]
    stays: list[Stay]
    talks: list[tuple[str, _Stretch]]


class Story:
    """Makes up a night."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.told: list[Event] = []
        self.stays: list[Stay] = []
        self.talks: list[tuple[str, _Stretch]] = []
        start_at = dice.choice(STARTS)
        for number in range(min(dice.randrange(CALLS_MAX + 1) for _ in range(3))):
            self._call(f"c{number}", start_at + dice.randrange(LENGTH_S * 1000) / 1000)
        self.told.sort(key=lambda event: event.at)
        if self.told and dice.random() < 0.1:
            self._crash(dice.choice(self.told).at)

    def _call(self, call: str, at: float) -> None:
        dice, by = self.dice, "callback" if self.dice.random() < 0.1 else "arrival"
        for number in range(4):
            stay = Stay(call, dice.choice(QUEUES), at, by != "callback")
            self.stays.append(stay)
            if dice.random() < 0.15 and stay.is_offered:
                outcome = dice.choice(AT_DOOR)
                self.told.append(events.QueueLeft(at, call, stay.queue, outcome, Cause.QUEUE_FULL, 0.0))
                stay.steps.append((at, OUTCOME_OF[outcome], 0.0))
                if outcome != "overflowed":
                    break
                by = "overflow"
                continue
            self.told.append(events.CallQueued(at, call, stay.queue, 1, by=by))
            wait_s = dice.choice((0.0, 5.0, 20.0, 20.001, 300.0, 3000.0))
            lot = dice.random()
            if lot < 0.1:
                at += wait_s
                stay.steps.append((at, "failed", wait_s))
                break
            if lot < 0.5:
                at += wait_s
                outcome = dice.choice(LEFT)
                self.told.append(events.QueueLeft(at, call, stay.queue, outcome, Cause.MAX_WAIT, wait_s))
                stay.steps.append((at, OUTCOME_OF[outcome], wait_s))
                if outcome != "overflowed":
                    break
                by = "overflow"
                continue
            at, is_given_on = self._served(stay, f"{call}-{number}", at, wait_s)
            if not is_given_on:
                break
            by = "transfer"
        self.told.append(events.CallEnded(at, call, "answered", "caller", Cause.HUNG_UP))

    def _served(self, stay: Stay, leg: str, at: float, wait_s: float) -> tuple[float, bool]:
        """When it is over, and whether the caller is given on to a queue."""
        dice, call, queue, agent = self.dice, stay.call, stay.queue, f"a{leg}"
        if dice.random() < 0.2:
            lost_at = at + wait_s + 1.0
            self.told.append(events.CallConnected(at + wait_s, call, f"{leg}x", "p", "lost", queue, wait_s))
            self.told.append(events.AgentLost(lost_at, call, "lost", queue, Cause.NOT_CONFIRMED))
            stay.steps += [(at + wait_s, "answered", wait_s), (lost_at, None, 0.0)]
            self.talks.append(("lost", (at + wait_s, lost_at, lost_at)))
            wait_s += dice.choice((2.0, 40.0))
        at += wait_s
        self.told.append(events.CallConnected(at, call, leg, "p", agent, queue, wait_s))
        stay.steps.append((at, "answered", wait_s))
        ends = at + dice.randrange(7_200_000) / 1000
        stay.talk = (at, ends, ends)
        self.talks.append((agent, stay.talk))
        if dice.random() < 0.6:
            until = ends + dice.choice((5.0, 30.0))
            self.told.append(events.WrapUpStarted(ends, agent, call, until))
            if dice.random() < 0.3:
                until += 60.0
                self.told.append(events.WrapUpStarted(ends + 1.0, agent, call, until))
            over = dice.choice((until, ends + 2.0))
            self.told.append(events.WrapUpEnded(over, agent))
            stay.wrap_up = (ends, over, over)
        lot = dice.random()
        if lot < 0.4:
            self.told.append(events.CallTransferred(ends, call, "queue:sales", agent))
            self.told.append(events.CallParted(ends, call, leg, agent))
        if 0.3 <= lot < 0.4:
            other_ends = ends + 60.0
            self.told.append(events.CallConnected(ends, call, f"{leg}y", "p", f"{agent}y"))
            self.talks.append((f"{agent}y", (ends, other_ends, other_ends)))
            return other_ends, False
        return ends, lot < 0.3

    def _crash(self, died_at: float) -> None:
        """All that was to come after it never came; the next process closes what was up, an hour later."""
        started_at = died_at + 3600.0
        self.told = [event for event in self.told if event.at <= died_at]
        ended = {event.call for event in self.told if isinstance(event, events.CallEnded)}
        up = {event.call: None for event in self.told if isinstance(event, events.CallQueued | events.QueueLeft)}
        self.stays = [stay for stay in self.stays if stay.entered_at <= died_at and (stay.call in up)]
        self.told.append(events.SwitchStarted(started_at, "node", "v1"))
        for stay in self.stays:
            stay.steps = [step for step in stay.steps if step[0] <= died_at]
            if (not stay.steps or stay.steps[-1][1] is None) and stay.call not in ended:
                left = events.QueueLeft(started_at, stay.call, stay.queue, "failed", Cause.CRASH, 9999.0)
                self.told.append(left)
                stay.steps.append((started_at, "failed", died_at - stay.entered_at))
            stay.talk = None if stay.talk is None else _cut(stay.talk, died_at, started_at)
            if stay.talk is None and stay.steps[-1][1] == "answered":
                stay.talk = (stay.steps[-1][0], died_at, started_at)
            if stay.wrap_up is not None and stay.wrap_up[1] > died_at:
                told = [event for event in self.told if isinstance(event, events.WrapUpStarted)]
                until = max((event.until for event in told if event.call == stay.call), default=0.0)
                stay.wrap_up = (stay.wrap_up[0], until, started_at) if stay.wrap_up[0] <= died_at else None
        for call in up:
            if call not in ended:
                self.told.append(events.CallEnded(started_at, call, "answered", "switch", Cause.CRASH))
        agents = {event.agent: None for event in self.told if isinstance(event, events.WrapUpStarted)}
        for event in self.told:
            if isinstance(event, events.WrapUpEnded):
                del agents[event.agent]
        self.told += [events.WrapUpEnded(started_at, agent) for agent in agents]
        cut = ((agent, _cut(talk, died_at, started_at)) for agent, talk in self.talks)
        self.talks = [(agent, talk) for agent, talk in cut if talk is not None]


def _cut(stretch: _Stretch, died_at: float, started_at: float) -> _Stretch | None:
    if stretch[0] > died_at:
        return None
    return stretch if stretch[1] <= died_at else (stretch[0], died_at, started_at)


def night(seed: str) -> Night:
    story = Story(random.Random(seed))
    return Night(story.told, story.stays, story.talks)


# The second count.


def recount(stays: list[Stay], queue: str, span: Span, by: By, now: float) -> tuple[Counter[str], dict[str, list[str]]]:
    """Every figure, and the calls behind those that have some."""
    counted: Counter[str] = Counter()
    calls: dict[str, list[str]] = {listed: [] for listed in LISTS}

    def is_within(at: float) -> bool:
        return span.begins_at <= at < span.ends_at

    for stay in stays:
        if stay.queue != queue or stay.entered_at > now:
            continue
        has_arrived = is_within(stay.entered_at)
        steps = [step for step in stay.steps if step[0] <= now]
        at, outcome, wait_s = steps[-1] if steps else (0.0, None, 0.0)
        for name, stretch in (("talk", stay.talk), ("wrap_up", stay.wrap_up)):
            if (
                stretch is not None
                and stretch[2] <= now
                and (has_arrived if by == "arrival" else is_within(stretch[1]))
            ):
                counted[f"{name}s"] += 1
                counted[f"{name}_ms"] += round((stretch[1] - stretch[0]) * 1000)
                calls["talked" if name == "talk" else "wrapped_up"].append(stay.call)
        if not stay.is_offered:
            continue
        if has_arrived:
            counted["offered"] += 1
            calls["offered"].append(stay.call)
        for stepped_at, stepped_to, waited_s in steps:
            if stepped_to is not None and (has_arrived if by == "arrival" else is_within(stepped_at)):
                counted["longest_wait_ms"] = max(counted["longest_wait_ms"], round(waited_s * 1000))
        if outcome is not None and (has_arrived if by == "arrival" else is_within(at)):
            counted[outcome] += 1
            calls[outcome].append(stay.call)
            counted["wait_ms"] += round(wait_s * 1000)
            if outcome == "answered":
                counted["answered_wait_ms"] += round(wait_s * 1000)
                if wait_s <= GOALS_S.get(queue, -1.0):
                    counted["within_goal"] += 1
                    calls["within_goal"].append(stay.call)
        if stay.entered_at < span.begins_at and (outcome is None or at >= span.begins_at):
            calls["carried_in"].append(stay.call)
        if stay.entered_at < span.ends_at and (outcome is None or at >= span.ends_at):
            calls["carried_out"].append(stay.call)
            if by == "event" or (has_arrived and outcome is None):
                calls["still_here"].append(stay.call)
    return counted, calls


def agree(visits: Visits, stays: list[Stay], queue: str, span: Span, now: float, *, with_calls: bool) -> None:
    begins_at = span.begins_at
    for by in BYS:
        tally = visits.tally(queue, begins_at, by)
        counted, calls = recount(stays, queue, span, by, now)
        found = (*counts_of(tally.counts), *times_of(tally.times))
        assert found == tuple(counted[name] for name in COUNTED), (queue, by, COUNTED)
        if with_calls:
            for listed in LISTS:
                assert sorted(visits.calls(queue, listed, begins_at, by)) == sorted(calls[listed]), (queue, by, listed)
    counts = tally.counts
    carried_in, carried_out = visits.carried_in(queue, begins_at), visits.carried_out(queue, begins_at)
    assert (carried_in, carried_out) == (len(calls["carried_in"]), len(calls["carried_out"]))
    assert carried_in + counts.offered == sum(getattr(counts, name) for name in OUTCOMES) + carried_out


def cut(journal: list[Event], now: float) -> int:
    """How many events there are by then."""
    return bisect_right(journal, now, key=lambda event: event.at)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_figure_is_what_happened(chunk: int) -> None:
    for number in range(DAYS // CHUNKS):
        told = night(f"{chunk} {number} of {DAYS}")
        journal, now = told.journal, 0.0
        visits = Visits(SPANS, GOALS_S)
        cuts = [journal[(chunk + number) % len(journal)].at] if journal and number % 4 == 0 else []
        for until in (*cuts, *(event.at for event in journal[-1:])):
            for event in journal[cut(journal, now) : cut(journal, until)]:
                visits.apply(event)
            now = until
            for queue in QUEUES:
                for span in {SPANS(journal[0].at), SPANS(now)}:
                    agree(visits, told.stays, queue, span, now, with_calls=number % 8 == 0)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_quarter_hours_are_counted_the_same_and_make_up_the_day(chunk: int) -> None:
    for number in range(DAYS // CHUNKS // QUARTERS_EVERY):
        told = night(f"quarters {chunk} {number}")
        if not told.journal:
            continue
        last = told.journal[-1].at
        quarters, days = fold(told.journal, quarter_hours, GOALS_S), fold(told.journal, SPANS, GOALS_S)
        for queue in QUEUES:
            for begins_at in quarters.spans(queue):
                agree(quarters, told.stays, queue, quarter_hours(begins_at), last, with_calls=True)
            for begins_at, by in product(days.spans(queue), BYS):
                in_it = [q for q in quarters.spans(queue) if SPANS(q).begins_at == begins_at]
                parts = [quarters.tally(queue, q, by) for q in in_it]
                day = days.tally(queue, begins_at, by)
                assert [sum(each) for each in zip(*(counts_of(part.counts) for part in parts), strict=True)] == list(
                    counts_of(day.counts)
                )
                assert sum(part.times.talk_ms for part in parts) == day.times.talk_ms


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_agents_talked_as_long_as_they_were_connected_on_each_day(chunk: int) -> None:
    for number in range(DAYS // CHUNKS // QUARTERS_EVERY):
        told = night(f"agents {chunk} {number}")
        figures = AgentFigures(Statistics(ZONE, {}))
        for event in told.journal:
            figures.apply(event)
        for agent in {agent: None for agent, _ in told.talks}:
            talks = [stretch for name, stretch in told.talks if name == agent]
            for span in {SPANS(talk[0]): None for talk in talks}:
                inside = [
                    (max(begins, span.begins_at), min(ends, span.ends_at))
                    for begins, ends, _ in talks
                    if begins < span.ends_at and ends > span.begins_at
                ]
                talk_ms = sum(round((ends - begins) * 1000) for begins, ends in inside)
                day = figures.day(agent, span.begins_at, told.journal[-1].at)
                assert (day.talk_ms, day.calls) == (talk_ms, sum(SPANS(begins) == span for begins, _, _ in talks))


def test_the_running_switch_shows_the_same_figures() -> None:
    for number in range(200):
        told = night(f"statistics {number}")
        statistics, visits = Statistics(ZONE, GOALS_S), fold(told.journal, SPANS, GOALS_S)
        for event in told.journal:
            statistics.apply(event)
        for queue, at in product(QUEUES, (event.at for event in told.journal[-1:])):
            day = SPANS(at).begins_at
            assert statistics.today(queue, at) == visits.counts(queue, day, "arrival")
            assert statistics.by_event(queue, at) == visits.counts(queue, day, "event")
            assert statistics.times(queue, at) == visits.tally(queue, day, "arrival").times
            assert statistics.carried_in(queue, at) == visits.carried_in(queue, day)
            for figure in FIGURES:
                assert statistics.calls(queue, figure, at) == visits.calls(queue, figure, day, "arrival")
                assert statistics.unlisted(queue, figure, at) == 0
