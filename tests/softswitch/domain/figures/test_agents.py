"""What each agent did today, also where a call had several."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from softswitch.domain import events
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event
from softswitch.domain.figures.agents import AgentFigures
from softswitch.domain.figures.statistics import Statistics
from softswitch.domain.inputs import Presence

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


def presence(at: float, chosen: Presence, reason: str | None = None, by: str = "command") -> Event:
    return events.AgentPresenceChanged(NOON + at, "anna", chosen, reason, by)


def test_another_reason_for_a_pause_loses_no_moment_of_it() -> None:
    """FreePBX #912: changing the pause reason lost the interval before."""
    figures = fold(presence(0, "ready"), presence(100, "paused", "lunch"), presence(700, "paused", "training"),
                   presence(1000, "ready"))  # fmt: skip
    day = figures.day("anna", NOON + 1010)
    assert (day.paused_ms, day.pauses, day.ready_ms) == ({"lunch": 600_000, "training": 300_000}, 1, 110_000)


def test_a_snapshot_says_again_what_is_known_and_changes_nothing() -> None:
    figures = fold(presence(0, "paused", "lunch"), presence(0, "paused", "lunch", "snapshot"), presence(60, "ready"))
    day = figures.day("anna", NOON + 60)
    assert (day.paused_ms, day.pauses) == ({"lunch": 60_000}, 1)


def test_a_snapshot_alone_tells_since_when() -> None:
    assert fold(presence(-60, "ready", None, "snapshot")).day("anna", NOON).ready_ms == 60_000


def test_time_logged_out_is_nobodys() -> None:
    day = fold(presence(0, "ready"), presence(10, "logged-out"), presence(500, "paused")).day("anna", NOON + 505)
    assert (day.ready_ms, day.paused_ms, day.pauses) == (10_000, {"": 5_000}, 1)


def test_what_lasts_over_midnight_is_split_there() -> None:
    midnight = 12 * 3600.0
    wrap_up = (
        events.WrapUpStarted(NOON + midnight + 30, "anna", "c", NOON + midnight + 40),
        events.WrapUpEnded(NOON + midnight + 40, "anna"),
    )
    figures = fold(presence(midnight - 100, "ready"), connected(midnight - 60, "anna", "l1"),
                   ended(midnight + 30), *wrap_up)  # fmt: skip
    now = NOON + midnight + 50
    before, after = figures.day("anna", NOON, now), figures.day("anna", now)
    assert (before.calls, before.talk_ms, before.ready_ms, before.wrap_up_ms) == (1, 60_000, 100_000, 0)
    assert (after.calls, after.talk_ms, after.ready_ms, after.wrap_up_ms) == (0, 30_000, 50_000, 10_000)


def test_a_pause_of_many_days_fills_the_days_that_are_kept() -> None:
    day_s = 86_400.0
    figures = fold(presence(-10 * day_s, "paused", "leave"), presence(0, "ready"))
    assert figures.day("anna", NOON).paused_ms == {"leave": 12 * 3_600_000}
    assert figures.day("anna", NOON - day_s).paused_ms == {"leave": 24 * 3_600_000}


def test_the_calls_behind_an_agents_figure_are_listed() -> None:
    figures = fold(connected(0, "anna", "l1", "c"), ended(10, "c"), connected(20, "anna", "l2", "d"), ended(30, "d"))
    assert figures.day("anna", NOON + 30).connected == ["c", "d"]


def test_an_hour_without_a_switch_is_no_talk() -> None:
    """FreePBX #124 again, by way of a crash: the talk ends at the last sign of life, not at the restart."""
    crash = events.CallEnded(NOON + 3700, "c", "answered", "switch", Cause.CRASH)
    figures = fold(connected(0, "anna", "l1"), presence(90, "ready"), crash)
    assert figures.today("anna", NOON + 3700) == (1, 90.0)
