from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from softswitch.domain import events
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event
from softswitch.domain.figures.formulas import VisitCounts
from softswitch.domain.figures.statistics import Statistics

ZONE = "Europe/Stockholm"
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=ZoneInfo(ZONE)).timestamp()


def fold(*journal: Event) -> Statistics:
    statistics = Statistics(ZONE, {"support": 20})
    for event in journal:
        statistics.apply(event)
    return statistics


def queued(call: str, at: float = NOON) -> Event:
    return events.CallQueued(at, call, "support", 1)


def connected(call: str, wait_s: float, at: float = NOON) -> Event:
    return events.CallConnected(at + wait_s, call, "l", "phone:101", "anna", "support", wait_s)


def ended(call: str, at: float = NOON) -> Event:
    return events.CallEnded(at, call, "answered", "caller", Cause.HUNG_UP)


def test_nobody_offered_means_no_service_level() -> None:
    assert fold().today("support", NOON) == VisitCounts()
    assert fold().today("support", NOON).service_level is None


def test_service_level_is_answered_within_the_goal_through_offered() -> None:
    statistics = fold(
        queued("a"), connected("a", 20.0), ended("a"), queued("b"), connected("b", 20.1), ended("b"), queued("c"),
        events.QueueLeft(NOON, "c", "support", "abandoned", Cause.HUNG_UP, 3.0), ended("c"), queued("d"),
    )  # fmt: skip
    today = statistics.today("support", NOON)
    assert today == VisitCounts(offered=4, answered=2, within_goal=1, abandoned=1)
    assert today.service_level == pytest.approx(1 / 4)


def test_a_lost_agent_takes_the_answer_back() -> None:
    lost = events.AgentLost(NOON, "a", "anna", "support", Cause.NOT_CONFIRMED)
    assert fold(queued("a"), connected("a", 5.0), lost).today("support", NOON) == VisitCounts(offered=1)
    again = fold(queued("a"), connected("a", 5.0), lost, connected("a", 25.0), ended("a")).today("support", NOON)
    assert again == VisitCounts(offered=1, answered=1)


def test_a_full_queue_counts_as_offered_and_overflowed() -> None:
    left = events.QueueLeft(NOON, "a", "support", "overflowed", Cause.QUEUE_FULL, 0.0)
    assert fold(left, ended("a")).today("support", NOON) == VisitCounts(offered=1, overflowed=1)


def test_a_call_that_ends_without_leaving_its_queue_has_failed() -> None:
    assert fold(queued("a"), ended("a")).today("support", NOON) == VisitCounts(offered=1, failed=1)


def test_figures_begin_anew_at_the_offices_midnight_and_belong_to_the_day_of_entering() -> None:
    midnight = datetime(2026, 3, 11, 0, 0, tzinfo=ZoneInfo(ZONE)).timestamp()
    statistics = fold(queued("a", midnight - 5), queued("b", midnight + 1), connected("a", 10.0, midnight - 5))
    assert statistics.today("support", midnight - 1) == VisitCounts(offered=1, answered=1, within_goal=1)
    assert statistics.today("support", midnight) == VisitCounts(offered=1)


def test_old_days_are_forgotten() -> None:
    days = [queued(str(day), NOON + day * 86_400) for day in range(5)]
    statistics = fold(*days, connected("0", 1.0, NOON + 4 * 86_400))
    assert statistics.today("support", NOON + 3 * 86_400) == VisitCounts(offered=1)
    assert statistics.today("support", NOON) == VisitCounts()
    assert statistics.today("support", NOON + 4 * 86_400) == VisitCounts(offered=1)
