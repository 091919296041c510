"""Agents who log in and out by the clock, once a telephone of theirs has proved that it can be reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from softswitch.domain import actions, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.hours import Hours, Period
from softswitch.domain.office import Device, Office, ToNumber, ToSay
from tests.softswitch.domain.small_office import ANNA, BO, MOBILE, OFFICE, WALL_OFFSET_S, Stage, office_with

ZONE = "Europe/Stockholm"
START = datetime.fromtimestamp(WALL_OFFSET_S, ZoneInfo(ZONE))
SECOND = START.hour * 3600 + START.minute * 60 + START.second
"""When the stage begins, in seconds of its day."""


def daily(start_s: int, end_s: int) -> Hours:
    """Every day, from and to so many seconds after the stage begins."""
    return Hours("daily", ZONE, ((Period(SECOND + start_s, SECOND + end_s),),) * 7)


def office(shift: Hours, *, is_mobile: bool = False) -> Office:
    anna = replace(ANNA, is_ready_at_start=False)
    if is_mobile:
        anna = replace(anna, answers_at=(Device(ToNumber(MOBILE)),))
    bo = replace(BO, is_ready_at_start=False, answers_at=BO.answers_at[:1])
    return replace(OFFICE, agents=MappingProxyType({"anna": anna, "bo": bo}), shifts=MappingProxyType({"anna": shift}))


def by_schedule(stage: Stage) -> list[tuple[str, str]]:
    return [
        (event.agent, event.presence) for event in stage.ever(events.AgentPresenceChanged) if event.by == "schedule"
    ]


def test_she_comes_and_goes_by_the_clock_and_nobody_else_does() -> None:
    stage = Stage(office(daily(60, 3600)))
    stage.wait(59)
    assert by_schedule(stage) == []
    stage.wait(1)
    assert by_schedule(stage) == [("anna", "ready")]
    stage.wait(3540)
    assert by_schedule(stage) == [("anna", "ready"), ("anna", "logged-out")]


def test_she_is_logged_in_only_when_her_phone_has_registered() -> None:
    stage = Stage(office(daily(60, 3600)), registered=("102",))
    stage.wait(100)
    assert by_schedule(stage) == []
    stage.tell(inputs.PhoneRegistrationChanged("101", is_registered=True))
    assert by_schedule(stage) == [("anna", "ready")]


def test_a_phone_that_registers_after_the_shift_logs_nobody_in() -> None:
    stage = Stage(office(daily(60, 3600)), registered=())
    stage.wait(3601)
    stage.tell(inputs.PhoneRegistrationChanged("101", is_registered=True))
    assert by_schedule(stage) == []


def test_who_logs_out_in_her_shift_stays_out_until_the_next() -> None:
    stage = Stage(office(daily(60, 3600)))
    stage.wait(100)
    stage.choose("anna", "logged-out")
    stage.tell(inputs.PhoneRegistrationChanged("101", is_registered=True))
    stage.tell(inputs.OfficeChanged(replace(office(daily(60, 3600)), version="v2")))
    assert stage.presence("anna")[0] == "logged-out"
    stage.wait(86_400)
    assert by_schedule(stage)[-1] == ("anna", "ready")


def test_a_switch_that_starts_in_a_shift_logs_her_in() -> None:
    stage = Stage(office(daily(0, 3600)), registered=())
    stage.tell(inputs.PhoneRegistrationChanged("101", is_registered=True))
    assert by_schedule(stage) == [("anna", "ready")]


def test_who_has_a_mobile_alone_is_called_and_presses_1() -> None:
    stage = Stage(office(daily(60, 3600), is_mobile=True))
    stage.wait(60)
    leg = stage.dialled()[f"number:{MOBILE}"]
    stage.answer(leg)
    assert stage.one(actions.PlayOnLeg).once == ("confirm-ready",)
    assert stage.presence("anna") == ("logged-out", "talking")
    stage.tell(inputs.DigitPressed(leg, "1"))
    assert stage.presence("anna") == ("ready", "idle")
    assert not stage.switch.floor.calls
    stage.wait(600)
    assert not stage.of(actions.DialLeg)


def test_a_voicemail_logs_nobody_in_and_she_is_called_again_a_few_times() -> None:
    stage = Stage(office(daily(60, 3600), is_mobile=True))
    stage.wait(60)
    for _ in range(3):
        leg = stage.ever(actions.DialLeg)[-1].leg
        stage.answer(leg)
        for _ in range(3):
            stage.tell(inputs.PlaybackEnded(leg, stage.ever(actions.PlayOnLeg)[-1].tag))
            stage.wait(8)
        assert not stage.switch.floor.calls
        stage.wait(280)
    assert len(stage.ever(actions.DialLeg)) == 3
    assert by_schedule(stage) == []


def test_who_declines_or_is_busy_is_called_again_and_who_presses_2_is_not() -> None:
    stage = Stage(office(daily(60, 3600), is_mobile=True))
    stage.wait(60)
    stage.refuse(stage.dialled()[f"number:{MOBILE}"], Cause.BUSY)
    assert not stage.switch.floor.calls
    stage.wait(300)
    leg = stage.dialled()[f"number:{MOBILE}"]
    stage.answer(leg)
    stage.tell(inputs.DigitPressed(leg, "2"))
    stage.wait(1000)
    assert len(stage.ever(actions.DialLeg)) == 2


def test_a_call_that_is_not_answered_ends_and_leaves_nothing() -> None:
    stage = Stage(office(daily(60, 3600), is_mobile=True))
    stage.wait(60)
    stage.wait(30)
    assert actions.HangUpLeg("t-1-l0", Cause.NO_ANSWER) in stage.new
    assert not stage.switch.floor.legs


def test_a_queue_takes_callers_by_its_hours_and_says_when_it_is_closed() -> None:
    plan = office_with(hours=daily(60, 120), closed_to=ToSay("closed"))
    stage = Stage(plan)
    stage.ring_in()
    (left,) = stage.ever(events.QueueLeft)
    assert (left.outcome, left.cause.value, left.wait_s) == ("closed", "closed", 0.0)
    assert stage.one(actions.PlayOnLeg).once == ("closed",)
    stage.wait(60)
    stage.ring_in()
    assert len(stage.ever(events.CallQueued)) == 1
    stage.wait(60)
    stage.ring_in()
    assert len(stage.ever(events.CallQueued)) == 1


def test_the_alarm_of_a_queue_without_anybody_is_raised_only_while_it_is_open() -> None:
    plan = office_with(hours=daily(60, 120))
    stage = Stage(plan)
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    assert not stage.ever(events.QueueUnstaffed)
    stage.wait(60)
    assert [event.queue for event in stage.ever(events.QueueUnstaffed)] == ["support"]
    stage.wait(60)
    assert [event.queue for event in stage.ever(events.QueueStaffed)] == ["support"]


def test_the_clock_asks_for_nobody_whom_a_reload_took_away() -> None:
    stage = Stage(office(daily(60, 3600)))
    stage.tell(inputs.OfficeChanged(replace(OFFICE, version="v2", agents=MappingProxyType({"bo": BO}))))
    assert len(stage.switch.floor.deadlines) == 0
    stage.wait(7200)
    assert list(stage.switch.floor.agents) == ["bo"]
