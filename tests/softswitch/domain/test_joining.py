"""The moment after a pick-up: who hears whom, and what becomes of the telephones that were not first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain import actions, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.joining import LATE_S, TAKEN, TAKEN_S_MAX
from softswitch.domain.office import Device, ToNumber, ToPhone
from tests.softswitch.domain.small_office import BO, MOBILE, OFFICE, Stage, office_with

MOBILE_DEVICE = f"number:{MOBILE}"


def won_by_mobile(stage: Stage) -> dict[str, str]:
    """bo's two telephones rang and the mobile was first; legs by device."""
    stage.choose("anna", "paused")
    stage.ring_in()
    legs = stage.dialled()
    stage.answer(legs[MOBILE_DEVICE])
    return legs


def test_the_two_hear_each_other_at_once_whatever_plays() -> None:
    stage = Stage()
    stage.ring_in()
    welcome = stage.one(actions.PlayOnLeg)
    leg = stage.dialled()["phone:101"]
    stage.answer(leg)
    done = [thing for thing in stage.new if isinstance(thing, actions.StopPlayingOnLeg | actions.JoinLeg)]
    assert done == [
        actions.StopPlayingOnLeg("in-1", welcome.tag), actions.JoinLeg("t-1", "in-1"), actions.JoinLeg("t-1", leg),
    ]  # fmt: skip


def test_being_heard_lets_the_others_go_once() -> None:
    stage = Stage()
    legs = won_by_mobile(stage)
    stage.tell(inputs.LegHeard(legs[MOBILE_DEVICE]))
    assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(legs["phone:102"], Cause.ANSWERED_ELSEWHERE)]
    stage.tell(inputs.LegHeard(legs[MOBILE_DEVICE]))
    assert stage.new == []
    stage.wait(LATE_S)
    assert stage.new == []


@pytest.mark.parametrize("leg", ["in-1", "t-1-l1", "in-77"])
def test_sound_of_anybody_else_lets_nobody_go(leg: str) -> None:
    stage = Stage()
    legs = won_by_mobile(stage)
    assert legs["phone:102"] == "t-1-l1"
    stage.tell(inputs.LegHeard(leg))
    assert stage.new == []


def test_a_second_after_the_pick_up_is_long_enough() -> None:
    stage = Stage()
    legs = won_by_mobile(stage)
    stage.wait(LATE_S - 0.01)
    assert not stage.of(actions.HangUpLeg)
    stage.wait(0.01)
    assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(legs["phone:102"], Cause.ANSWERED_ELSEWHERE)]


def test_a_mobile_that_was_heard_before_its_key_lets_the_others_go_with_the_key() -> None:
    devices = (Device(ToPhone("102")), Device(ToNumber(MOBILE), confirm=True))
    stage = Stage(replace(OFFICE, agents={"bo": replace(BO, answers_at=devices)}))
    stage.ring_in()
    legs = stage.dialled()
    stage.answer(legs[MOBILE_DEVICE])
    stage.tell(inputs.LegHeard(legs[MOBILE_DEVICE]))
    assert stage.new == []
    stage.tell(inputs.DigitPressed(legs[MOBILE_DEVICE], "1"))
    assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(legs["phone:102"], Cause.ANSWERED_ELSEWHERE)]


def second(stage: Stage) -> actions.PlayOnLeg:
    """The desk phone was picked up just after the mobile: what it hears."""
    legs = won_by_mobile(stage)
    stage.answer(legs["phone:102"])
    return stage.one(actions.PlayOnLeg)


def test_the_second_hears_it_to_the_end_although_the_first_is_heard() -> None:
    stage = Stage()
    told = second(stage)
    assert told.once == (TAKEN,)
    stage.tell(inputs.LegHeard("t-1-l2"))
    stage.wait(LATE_S)
    assert not stage.of(actions.HangUpLeg)
    stage.tell(inputs.PlaybackEnded(told.leg, "another tag"))
    assert stage.new == []
    stage.tell(inputs.PlaybackEnded(told.leg, told.tag))
    assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(told.leg, Cause.ANSWERED_ELSEWHERE)]
    assert stage.switch.floor.calls["t-1"].late_legs == []


def test_the_second_is_let_go_of_although_the_end_of_the_sound_is_never_told() -> None:
    stage = Stage()
    told = second(stage)
    stage.wait(TAKEN_S_MAX - 0.1)
    assert not stage.of(actions.HangUpLeg)
    stage.wait(0.1)
    assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(told.leg, Cause.ANSWERED_ELSEWHERE)]


@pytest.mark.parametrize("is_told", [True, False])
def test_a_late_telephone_that_goes_by_itself_concerns_nobody(*, is_told: bool) -> None:
    stage = Stage()
    legs = won_by_mobile(stage)
    if is_told:
        stage.answer(legs["phone:102"])
        stage.hang_up(legs["phone:102"])
    else:
        stage.refuse(legs["phone:102"], Cause.DECLINED)
    stage.wait(TAKEN_S_MAX)
    assert not stage.of(actions.HangUpLeg)
    assert stage.presence("bo") == ("ready", "talking")
    assert [event.outcome for event in stage.ever(events.PresentationEnded)] == ["connected"]
    assert not stage.ended()


def test_the_call_ends_and_nobody_is_left_with_it() -> None:
    stage = Stage()
    second(stage)
    stage.hang_up("in-1")
    assert {hang_up.leg for hang_up in stage.of(actions.HangUpLeg)} == {"t-1-l1", "t-1-l2"}
    floor = stage.switch.floor
    assert (floor.legs, floor.calls) == ({}, {})
    stage.wait(3600)
    assert not floor.deadlines


def test_a_winner_that_fails_takes_the_losers_with_it_and_the_caller_is_in_his_place_again() -> None:
    stage = Stage()
    legs = won_by_mobile(stage)
    stage.wait(0.5)
    stage.hang_up(legs[MOBILE_DEVICE], Cause.NOT_CONFIRMED)
    assert actions.HangUpLeg(legs["phone:102"], Cause.ANSWERED_ELSEWHERE) in stage.new
    assert stage.one(events.AgentLost).agent == "bo"
    assert list(stage.switch.floor.queues["support"].line) == ["t-1"]
    assert stage.presence("bo") == ("ready", "idle")
    assert stage.switch.floor.queues["support"].talks == 0


def test_recording_starts_only_where_the_queue_says_always() -> None:
    for record, starts in (("always", 1), ("on-demand", 0), ("never", 0)):
        stage = Stage(office_with(record=record))
        stage.ring_in()
        stage.answer(stage.dialled()["phone:101"])
        assert len(stage.of(actions.StartRecording)) == starts, record


def test_being_connected_forgets_the_misses_before_it() -> None:
    stage = Stage(office_with(misses=3))
    stage.choose("bo", "paused")
    stage.ring_in()
    stage.progress(stage.dialled()["phone:101"])
    stage.wait(20)
    assert stage.switch.floor.agents["anna"].misses == 1
    stage.wait(10)
    stage.answer(stage.dialled()["phone:101"])
    assert stage.switch.floor.agents["anna"].misses == 0


def test_under_ring_all_the_others_end_as_taken_elsewhere_and_their_phones_show_no_missed_call() -> None:
    stage = Stage(office_with(strategy="ring-all"))
    stage.ring_in()
    legs = stage.dialled()
    assert set(legs) == {"phone:101", "phone:102", MOBILE_DEVICE}
    stage.answer(legs["phone:101"])
    ended = {event.agent: (event.outcome, event.is_counted) for event in stage.of(events.PresentationEnded)}
    assert ended == {"anna": ("connected", False), "bo": ("taken-elsewhere", False)}
    stage.tell(inputs.LegHeard(legs["phone:101"]))
    gone = {hang_up.leg: hang_up.cause for hang_up in stage.of(actions.HangUpLeg)}
    assert gone == {legs["phone:102"]: Cause.ANSWERED_ELSEWHERE, legs[MOBILE_DEVICE]: Cause.ANSWERED_ELSEWHERE}
    assert stage.presence("bo") == ("ready", "idle")
