"""What each agent did today, also where a call had several."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from softswitch.domain import events
from softswitch.domain.agent_figures import AgentFigures
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event
from softswitch.domain.statistics import Statistics

ZONE = "Europe/Stockholm"
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=ZoneInfo(ZONE)).timestamp()


def fold(*journal: Event) -> AgentFigures:
    figures = AgentFigures(Statistics(ZONE, {}))
    for event in journal:
        figures.apply(event)
    return figures


def connected(at: float, agent: str, leg: str, call: str = "c") -> Event:
    return events.CallConnected(NOON + at, call, leg, "phone:101", agent, "support", 5.0)


def ended(at: float, call: str = "c") -> Event:
    return events.CallEnded(NOON + at, call, "answered", "caller", Cause.HUNG_UP)


def test_a_transferred_call_is_split_between_its_agents_to_the_second() -> None:
    """FreePBX #124: a transfer that was not seen made an hour of one or two minutes."""
    figures = fold(
        connected(0, "anna", "l1"), events.CallParted(NOON + 90, "c", "l1", "anna"), connected(120, "bo", "l2"),
        ended(3720),
    )  # fmt: skip
    assert figures.today("anna", NOON) == (1, 90.0)
    assert figures.today("bo", NOON) == (1, 3600.0)


def test_a_talk_that_goes_on_counts_as_a_call_and_as_far_as_it_has_come() -> None:
    assert fold(connected(0, "anna", "l1")).today("anna", NOON + 50) == (1, 50.0)
    assert fold(connected(0, "anna", "l1"), ended(50)).today("anna", NOON + 90) == (1, 50.0)


def test_a_lost_leg_ends_the_talk_and_a_conference_counts_for_both() -> None:
    lost = events.AgentLost(NOON + 3, "c", "anna", "support", Cause.NOT_CONFIRMED)
    assert fold(connected(0, "anna", "l1"), lost, ended(100)).today("anna", NOON) == (1, 3.0)
    both = fold(connected(0, "anna", "l1"), connected(10, "bo", "l2"), ended(60))
    assert (both.today("anna", NOON), both.today("bo", NOON)) == ((1, 60.0), (1, 50.0))


def test_yesterday_does_not_count_today() -> None:
    figures = fold(connected(0, "anna", "l1"), ended(60))
    assert figures.today("anna", NOON + 13 * 3600) == (0, 0.0)
