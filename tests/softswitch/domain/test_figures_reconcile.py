"""A hundred thousand small days, each counted a second time by an obvious and slow way.

The days are made of legal journals: callers who enter, wait, are served, lost by an agent, moved on, turned away,
called back; some over midnight, some over the hour that a spring night lacks. At its end the fold must agree with the
recount, the two equations of its docstring must hold, at every moment of some, and the calls behind each figure must be
as many as it says.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from softswitch.domain import events
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event, VisitOutcome
from softswitch.domain.figures import FIGURES, OUTCOME_OF, VisitCounts
from softswitch.domain.statistics import Statistics

DAYS: Final = 100_000
CHUNKS: Final = 10
CALLS_MAX: Final = 20
ZONE: Final = ZoneInfo("Europe/Stockholm")
QUEUES: Final = ("support", "sales")
GOAL_S: Final = 20.0
OUTCOMES: Final[tuple[VisitOutcome, ...]] = tuple(OUTCOME_OF)
STARTS: Final = tuple(
    datetime(*day, 21, 0, tzinfo=ZONE).timestamp() for day in ((2026, 3, 10), (2026, 3, 28), (2026, 10, 24))
)
MIDNIGHTS: Final = sorted(
    (
        (datetime(year, month, day, tzinfo=ZONE).timestamp(), f"{year}-{month:02}-{day:02}")
        for year, month, day in (
            *((2026, 3, 10), (2026, 3, 11), (2026, 3, 12), (2026, 3, 28), (2026, 3, 29), (2026, 3, 30)),
            *((2026, 10, 24), (2026, 10, 25), (2026, 10, 26)),
        )
    ),
    reverse=True,
)
"""When each date of the journals begins, the latest first."""
LENGTH_S: Final = 8 * 3600.0


class Recount:
    """What happened to each visit, written down whole; counted only when asked."""

    def __init__(self) -> None:
        self.visits: list[dict[str, object]] = []

    def figures(self, queue: str, day: str, by: str) -> Counter[str]:
        counted: Counter[str] = Counter()
        for visit in self.visits:
            if visit["queue"] != queue:
                continue
            counted["offered"] += _date(visit["entered"]) == day
            outcome_day = _date(visit["ended" if by == "event" else "entered"])
            if visit["outcome"] is not None and outcome_day == day:
                counted[str(visit["outcome"])] += 1
                counted["within_goal"] += bool(visit["within"])
        return counted

    def open_before(self, queue: str, day: str) -> int:
        return sum(
            visit["queue"] == queue
            and str(_date(visit["entered"])) < day
            and (visit["outcome"] is None or str(_date(visit["ended"])) >= day)
            for visit in self.visits
        )


def _date(wall_at: object) -> str | None:
    if wall_at is None:
        return None
    assert isinstance(wall_at, float)
    return next(day for midnight_at, day in MIDNIGHTS if wall_at >= midnight_at)


def journal_of_a_day(dice: random.Random, recount: Recount) -> list[Event]:
    """The events of up to CALLS_MAX calls, in the order of their time."""
    start_at = dice.choice(STARTS)
    told: list[tuple[float, int, Event]] = []

    def tell(event: Event) -> None:
        told.append((event.at, len(told), event))

    for number in range(dice.randrange(CALLS_MAX + 1)):
        call, at = f"c{number}", start_at + dice.random() * LENGTH_S
        is_callback = dice.random() < 0.1
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            queue = dice.choice(QUEUES)
            visit: dict[str, object] = {"queue": queue, "entered": at, "ended": None, "outcome": None, "within": False}
            if not is_callback:
                recount.visits.append(visit)
            if dice.random() < 0.15 and not is_callback:
                outcome: VisitOutcome = dice.choice(("overflowed", "closed", "to-voicemail", "to-callback"))
                tell(events.QueueLeft(at, call, queue, outcome, Cause.QUEUE_FULL, 0.0))
                visit.update(ended=at, outcome=OUTCOME_OF[outcome])
                at += 0.001
                continue
            tell(events.CallQueued(at, call, queue, 1, by="callback" if is_callback else "arrival"))
            wait_s = dice.choice((5.0, GOAL_S, 25.0, 3000.0))
            if dice.random() < 0.5:
                if dice.random() < 0.2:
                    tell(events.CallConnected(at + 2.0, call, "l", "phone:101", "anna", queue, 2.0))
                    tell(events.AgentLost(at + 3.0, call, "anna", queue, Cause.NOT_CONFIRMED))
                tell(events.CallConnected(at + wait_s, call, "l", "phone:101", "anna", queue, wait_s))
                visit.update(ended=at + wait_s, outcome="answered", within=wait_s <= GOAL_S)
            elif dice.random() < 0.8:
                outcome = dice.choice(OUTCOMES)
                tell(events.QueueLeft(at + wait_s, call, queue, outcome, Cause.HUNG_UP, wait_s))
                visit.update(ended=at + wait_s, outcome=OUTCOME_OF[outcome])
            else:
                visit.update(ended=at + wait_s, outcome="failed")
                at += wait_s
                break
            at += wait_s + dice.random() * 600
        tell(events.CallEnded(at, call, "answered", "caller", Cause.HUNG_UP))
    return [event for _, _, event in sorted(told, key=lambda entry: entry[:2])]


def agree(statistics: Statistics, recount: Recount, now: float) -> None:
    day = _date(now)
    assert day is not None
    for queue in QUEUES:
        arrived, happened = statistics.today(queue, now), statistics.by_event(queue, now)
        for figures, by in ((arrived, "arrival"), (happened, "event")):
            slow = recount.figures(queue, day, by)
            assert {figure: getattr(figures, figure) for figure in FIGURES} == {
                figure: slow[figure] for figure in FIGURES
            }, (queue, by)
        assert statistics.carried_in(queue, now) == recount.open_before(queue, day)
        assert statistics.carried_in(queue, now) + happened.offered == happened.ended + statistics.still_here(queue)
        for figure in FIGURES:
            assert len(statistics.calls(queue, figure, now)) == getattr(arrived, figure)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_figure_is_the_sum_of_its_calls(chunk: int) -> None:
    dice = random.Random(f"days {chunk}")
    for _ in range(DAYS // CHUNKS):
        recount = Recount()
        journal = journal_of_a_day(dice, recount)
        statistics = Statistics("Europe/Stockholm", dict.fromkeys(QUEUES, GOAL_S))
        for event in journal:
            statistics.apply(event)
        if journal:
            agree(statistics, recount, journal[-1].at)


@pytest.mark.parametrize("seed", range(300))
def test_at_any_moment_of_a_day_nobody_is_missing(seed: int) -> None:
    dice = random.Random(f"moments {seed}")
    journal = journal_of_a_day(dice, Recount())
    statistics = Statistics("Europe/Stockholm", dict.fromkeys(QUEUES, GOAL_S))
    entered: Counter[str] = Counter()
    for event in journal:
        here_before = {queue: statistics.still_here(queue) for queue in QUEUES}
        statistics.apply(event)
        if isinstance(event, events.CallQueued) and event.by != "callback":
            entered[event.queue] += 1
            assert statistics.still_here(event.queue) == here_before[event.queue] + 1
        for queue in QUEUES:
            figures: VisitCounts = statistics.by_event(queue, event.at)
            carried = statistics.carried_in(queue, event.at)
            assert carried >= 0
            assert carried + figures.offered == figures.ended + statistics.still_here(queue)
