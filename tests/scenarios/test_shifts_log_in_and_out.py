"""Shifts log agents in, once a telephone of theirs has proved that it can be reached, and log them out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import TypeAlias
from zoneinfo import ZoneInfo

import pytest

from softswitch.domain import events, rostering
from softswitch.domain.hours import CLOSED, Hours, Period, Periods
from softswitch.domain.office import Device, FeatureCodes, Office, ToNumber
from tests.sim import world as simulated
from tests.sim.offices import ANNA, BO, MOBILE, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Manner
from tests.sim.sound import SOUND_S
from tests.sim.world import World

ZONE = "Europe/Stockholm"
MONDAY = "2026-09-21"

WorldAt: TypeAlias = Callable[[str, Office], World]


def clock(text: str) -> int:
    """Seconds of the day."""
    hour, _, minute = text.partition(":")
    return int(hour) * 3600 + int(minute) * 60


def periods(*texts: str) -> Periods:
    """`08:00-12:00`; what ends earlier than it begins runs past midnight."""
    found = []
    for text in texts:
        start_s, end_s = (clock(part) for part in text.split("-"))
        found.append(Period(start_s, end_s if end_s > start_s else end_s + 24 * 3600))
    return tuple(found)


def daily(*texts: str, dates: dict[date, Periods] | None = None) -> Hours:
    """The same on every weekday; on dates otherwise."""
    return Hours("shift", ZONE, (periods(*texts),) * 7, MappingProxyType(dates or {}))


def plan(shift: Hours, *, whose: str = "anna") -> Office:
    """anna answers at the phone 101, bo at his mobile alone, which asks for a key."""
    anna = replace(ANNA, is_ready_at_start=False)
    bo = replace(BO, is_ready_at_start=False, answers_at=(Device(ToNumber(MOBILE), confirm=True),))
    return replace(
        office(agents=(anna, bo)),
        shifts=MappingProxyType({whose: shift}),
        features=FeatureCodes(ready="*1", pause="*2", log_out="*3"),
    )


@pytest.fixture
def world_at(monkeypatch: pytest.MonkeyPatch) -> WorldAt:
    """Opens the office at a time of the clock on the wall; phones register."""

    def begin(text: str, plan: Office) -> World:
        monkeypatch.setattr(simulated, "WALL_START_S", datetime.fromisoformat(text).timestamp())
        world = World(plan=plan)
        world.register_all()
        return world

    return begin


def until(world: World, text: str) -> None:
    """Lets time pass until a time of the clock."""
    at = datetime.fromisoformat(text).timestamp() - simulated.WALL_START_S
    assert at >= world.clock.now, f"{text} is over"
    world.run(at - world.clock.now)


def by_schedule(world: World) -> list[tuple[str, str, str]]:
    """Agent, presence, and when by the office's clock, for all that the clock did."""
    told = [record for record in world.journal.read() if isinstance(record, events.AgentPresenceChanged)]
    return [
        (event.agent, event.presence, f"{datetime.fromtimestamp(event.at + 0.001, ZoneInfo(ZONE)):%a %H:%M}")
        for event in told
        if event.by == "schedule"
    ]


def presence(world: World, agent: str = "anna") -> object:
    return world.agent(agent)["presence"]


def test_she_comes_and_goes_by_the_clock_and_is_rung_in_between(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T07:58:00+02:00", plan(daily("08:00-12:00", "13:00-17:00")))
    early = world.carrier.call_in(SUPPORT)
    until(world, f"{MONDAY}T07:59:59+02:00")
    world.assert_silent("101")
    until(world, f"{MONDAY}T08:00:01+02:00")
    world.assert_rings("101")
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(early, "101")
    early.hang_up()
    until(world, f"{MONDAY}T12:00:01+02:00")
    world.carrier.call_in(SUPPORT)
    world.run(20)
    world.assert_silent("101")
    world.carrier.call.hang_up()
    until(world, f"{MONDAY}T17:00:01+02:00")
    assert by_schedule(world) == [
        ("anna", "ready", "Mon 08:00"),
        ("anna", "logged-out", "Mon 12:00"),
        ("anna", "ready", "Mon 13:00"),
        ("anna", "logged-out", "Mon 17:00"),
    ]
    world.come_to_rest()


def test_a_night_shift_runs_past_midnight(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T21:59:00+02:00", plan(daily("22:00-06:00")))
    until(world, "2026-09-22T06:01:00+02:00")
    assert by_schedule(world) == [("anna", "ready", "Mon 22:00"), ("anna", "logged-out", "Tue 06:00")]


def test_a_date_of_its_own_goes_before_the_week(world_at: WorldAt) -> None:
    dates = {date(2026, 9, 22): CLOSED, date(2026, 9, 23): periods("10:00-11:00")}
    world = world_at(f"{MONDAY}T16:59:00+02:00", plan(daily("08:00-17:00", dates=dates)))
    until(world, "2026-09-23T11:00:01+02:00")
    assert by_schedule(world) == [
        ("anna", "ready", "Mon 16:59"),
        ("anna", "logged-out", "Mon 17:00"),
        ("anna", "ready", "Wed 10:00"),
        ("anna", "logged-out", "Wed 11:00"),
    ]


def test_she_is_ready_only_when_her_phone_has_registered(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T07:59:00+02:00", plan(daily("08:00-12:00")))
    world.phone("101").rest()
    world.phone("101").register(expires_s=0)
    waiting = world.carrier.call_in(SUPPORT)
    until(world, f"{MONDAY}T08:05:00+02:00")
    assert presence(world) == "logged-out"
    world.command("doctor")
    world.phone("101").register()
    world.run(1)
    assert presence(world) == "ready"
    world.assert_rings("101")
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(waiting, "101")
    world.come_to_rest()


def test_a_phone_that_comes_after_the_shift_logs_nobody_in(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T07:59:00+02:00", plan(daily("08:00-09:00")))
    world.phone("101").rest()
    world.phone("101").register(expires_s=0)
    until(world, f"{MONDAY}T09:00:01+02:00")
    world.phone("101").register()
    world.run(5)
    assert presence(world) == "logged-out"
    world.come_to_rest()


def test_who_has_a_mobile_alone_is_asked_for_a_key_and_is_then_rung_there(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T07:59:30+02:00", plan(daily("08:00-12:00"), whose="bo"))
    until(world, f"{MONDAY}T08:00:02+02:00")
    world.assert_rings(MOBILE)
    world.mobile(MOBILE).call.answer()
    world.run(1)
    world.assert_hears(world.mobile(MOBILE).call, "confirm-ready")
    assert presence(world, "bo") == "logged-out"
    world.press(world.mobile(MOBILE).call, "1")
    world.run(1)
    world.assert_silent(MOBILE)
    assert presence(world, "bo") == "ready"
    call = world.carrier.call_in(SUPPORT)
    world.run(SOUND_S)
    world.mobile(MOBILE).call.answer()
    world.run(1)
    world.press(world.mobile(MOBILE).call, "1")
    world.run(1)
    world.assert_talking(call, MOBILE)
    world.come_to_rest()


def test_a_voicemail_is_never_logged_in_and_is_called_a_few_times_only(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T07:59:30+02:00", plan(daily("08:00-12:00"), whose="bo"))
    world.mobile(MOBILE).manner = Manner(answers_after_s=3)
    until(world, f"{MONDAY}T11:59:00+02:00")
    assert len(world.mobile(MOBILE).calls) == rostering.CHECKS_MAX
    assert {call.ended_how for call in world.mobile(MOBILE).calls} == {"gone"}
    assert by_schedule(world) == []
    assert presence(world, "bo") == "logged-out"
    world.come_to_rest()


@pytest.mark.parametrize("manner", [Manner(), Manner(refuses_with=486), Manner(is_deaf=True)])
def test_a_mobile_that_is_not_answered_is_called_again_until_she_says_yes(world_at: WorldAt, manner: Manner) -> None:
    world = world_at(f"{MONDAY}T07:59:30+02:00", plan(daily("08:00-12:00"), whose="bo"))
    world.mobile(MOBILE).manner = manner
    until(world, f"{MONDAY}T08:04:00+02:00")
    assert len(world.mobile(MOBILE).calls) <= 1
    assert presence(world, "bo") == "logged-out"
    world.mobile(MOBILE).manner = Manner(answers_after_s=3)
    world.run_until(lambda: any(call.state == "up" for call in world.mobile(MOBILE).live_calls), 420)
    world.run(0.5)
    world.press(world.mobile(MOBILE).call, "1")
    world.run(1)
    assert presence(world, "bo") == "ready"
    world.come_to_rest()


def test_who_presses_another_key_has_a_day_off_and_is_left_alone(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T07:59:30+02:00", plan(daily("08:00-12:00"), whose="bo"))
    world.mobile(MOBILE).manner = Manner(answers_after_s=1)
    until(world, f"{MONDAY}T08:00:03+02:00")
    world.press(world.mobile(MOBILE).call, "2")
    until(world, f"{MONDAY}T11:00:00+02:00")
    assert len(world.mobile(MOBILE).calls) == 1
    assert presence(world, "bo") == "logged-out"
    world.come_to_rest()


def test_the_end_of_the_shift_lets_a_talk_go_on_and_gives_her_no_other(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T11:58:00+02:00", plan(daily("08:00-12:00")))
    talking = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    until(world, f"{MONDAY}T11:59:50+02:00")
    waiting = world.carrier.call_in(SUPPORT)
    until(world, f"{MONDAY}T12:03:00+02:00")
    world.assert_talking(talking, "101")
    row = world.agent("anna")
    assert (row["presence"], row["activity"]) == ("logged-out", "talking")
    talking.hang_up()
    world.run(SUPPORT_QUEUE.wrap_up_s + 5)
    world.assert_silent("101")
    world.assert_hears(waiting, "music/calm")
    assert world.agent("anna")["activity"] == "idle"
    world.come_to_rest()


def test_the_end_of_the_shift_takes_a_ringing_phone_back_and_the_caller_keeps_his_place(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T11:58:00+02:00", plan(daily("08:00-12:00")))
    until(world, f"{MONDAY}T11:59:55+02:00")
    first, second = world.carrier.call_in(SUPPORT), world.carrier.call_in(SUPPORT)
    world.run(2)
    world.assert_rings("101")
    until(world, f"{MONDAY}T12:00:02+02:00")
    world.assert_silent("101")
    assert world.agent("anna")["misses"] == 0
    assert [shown.outcome for shown in world.record_of(first).presentations] == ["withdrawn"]
    world.command("agent.ready", name="anna")
    world.run(1)
    assert world.phone("101").call.caller == first.caller
    assert second.is_live
    world.come_to_rest()


def test_what_she_chooses_herself_stands_until_the_clock_speaks_again(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T07:59:00+02:00", plan(daily("08:00-09:00", "10:00-11:00")))
    until(world, f"{MONDAY}T08:10:00+02:00")
    world.phone("101").dial("*3")
    world.run(10)
    assert presence(world) == "logged-out"
    until(world, f"{MONDAY}T08:59:00+02:00")
    assert presence(world) == "logged-out", "though her phone has registered again since"
    until(world, f"{MONDAY}T10:00:01+02:00")
    assert presence(world) == "ready"
    world.phone("101").dial("*2")
    world.run(10)
    assert presence(world) == "paused"
    until(world, f"{MONDAY}T11:00:01+02:00")
    assert presence(world) == "logged-out"
    world.phone("101").dial("*1")
    world.run(10)
    assert presence(world) == "ready", "who wants to work longer may"
    world.come_to_rest()


def test_hours_that_the_switch_slept_through_are_made_up_for(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T07:59:00+02:00", plan(daily("08:00-09:00")))
    world.kill_switch()
    until(world, f"{MONDAY}T08:01:00+02:00")
    world.start_switch()
    world.run(1)
    assert presence(world) == "ready"
    until(world, f"{MONDAY}T08:59:00+02:00")
    world.kill_switch()
    until(world, f"{MONDAY}T09:01:00+02:00")
    world.start_switch()
    world.run(1)
    assert presence(world) == "logged-out"
    world.come_to_rest()


def test_a_kill_before_her_phone_came_forgets_neither_shift_nor_phone(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T07:59:00+02:00", plan(daily("08:00-12:00")))
    world.phone("101").rest()
    world.phone("101").register(expires_s=0)
    until(world, f"{MONDAY}T08:05:00+02:00")
    world.restart_switch()
    world.run(60)
    assert presence(world) == "logged-out"
    world.phone("101").register()
    world.run(1)
    assert presence(world) == "ready"
    world.come_to_rest()


def test_a_kill_while_she_is_asked_for_the_key_asks_her_again(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T07:59:30+02:00", plan(daily("08:00-12:00"), whose="bo"))
    world.mobile(MOBILE).manner = Manner(answers_after_s=1)
    until(world, f"{MONDAY}T08:00:03+02:00")
    world.assert_hears(world.mobile(MOBILE).call, "confirm-ready")
    world.restart_switch()
    world.run(rostering.OUR_FAULT_S + 2)
    assert len(world.mobile(MOBILE).calls) == 2
    assert world.mobile(MOBILE).calls[0].ended_how == "gone"
    world.press(world.mobile(MOBILE).call, "1")
    world.run(1)
    assert presence(world, "bo") == "ready"
    world.come_to_rest()


def test_a_start_in_her_shift_takes_none_of_her_tries_before_there_is_sound(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T08:30:00+02:00", plan(daily("08:00-12:00"), whose="bo"))
    until(world, f"{MONDAY}T11:59:00+02:00")
    assert len(world.mobile(MOBILE).calls) == rostering.CHECKS_MAX
    world.come_to_rest()


def test_a_reload_that_takes_her_shift_away_leaves_her_as_she_is(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T07:59:00+02:00", plan(daily("08:00-09:00")))
    until(world, f"{MONDAY}T08:30:00+02:00")
    world.reload(replace(plan(daily("08:00-09:00")), version="v2", shifts=MappingProxyType({})))
    until(world, f"{MONDAY}T09:30:00+02:00")
    assert presence(world) == "ready"
    world.come_to_rest()


def test_a_reload_in_the_middle_of_a_new_shift_logs_her_in(world_at: WorldAt) -> None:
    world = world_at(f"{MONDAY}T07:59:00+02:00", plan(daily("20:00-21:00")))
    until(world, f"{MONDAY}T08:30:00+02:00")
    assert presence(world) == "logged-out"
    world.reload(replace(plan(daily("08:00-09:00")), version="v2"))
    world.run(1)
    assert presence(world) == "ready"
    until(world, f"{MONDAY}T09:00:01+02:00")
    assert presence(world) == "logged-out"
    world.come_to_rest()


def test_in_the_night_with_two_two_o_clocks_she_works_an_hour_longer_and_comes_once(world_at: WorldAt) -> None:
    """On 25 October 2026 the clock goes back from 03:00 to 02:00."""
    world = world_at("2026-10-25T00:59:00+02:00", plan(daily("01:00-04:00")))
    until(world, "2026-10-25T03:59:59+01:00")
    assert by_schedule(world) == [("anna", "ready", "Sun 01:00")]
    until(world, "2026-10-25T04:00:01+01:00")
    assert by_schedule(world) == [("anna", "ready", "Sun 01:00"), ("anna", "logged-out", "Sun 04:00")]
    world.come_to_rest()


def test_in_the_night_without_two_o_clock_who_is_due_at_half_past_two_comes_at_three(world_at: WorldAt) -> None:
    """On 28 March 2027 the clock goes on from 02:00 to 03:00."""
    world = world_at("2027-03-28T01:58:00+01:00", plan(daily("02:30-05:00")))
    until(world, "2027-03-28T01:59:59+01:00")
    assert by_schedule(world) == []
    until(world, "2027-03-28T03:00:01+02:00")
    assert by_schedule(world) == [("anna", "ready", "Sun 03:00")]
    until(world, "2027-03-28T05:00:01+02:00")
    assert by_schedule(world)[-1] == ("anna", "logged-out", "Sun 05:00")
    world.come_to_rest()
