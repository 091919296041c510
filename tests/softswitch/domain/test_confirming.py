"""A key before the caller: who picks up without pressing one never has him."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.confirming import CONFIRM_S
from softswitch.domain.office import Device, Office, ToNumber, ToPhone
from tests.softswitch.domain.small_office import BO, MOBILE, OFFICE, Stage, office_with

MOBILE_DEVICE = f"number:{MOBILE}"


def with_bo(*devices: Device, office: Office = OFFICE) -> Stage:
    """A stage where only bo is ready, with these devices."""
    agents = MappingProxyType({**office.agents, "bo": replace(BO, answers_at=devices)})
    stage = Stage(replace(office, agents=agents))
    stage.choose("anna", "paused")
    return stage


def both() -> Stage:
    return with_bo(Device(ToPhone("102")), Device(ToNumber(MOBILE), confirm=True))


def picked_up(stage: Stage) -> dict[str, str]:
    """A caller came and the mobile was picked up; legs by device."""
    stage.ring_in()
    legs = stage.dialled()
    for leg in legs.values():
        stage.progress(leg)
    stage.answer(legs[MOBILE_DEVICE])
    return legs


def test_the_mobile_is_asked_and_the_caller_hears_nothing_of_it() -> None:
    stage = both()
    legs = picked_up(stage)
    play = stage.one(actions.PlayOnLeg)
    assert (play.leg, play.once, play.loop) == (legs[MOBILE_DEVICE], (), ("confirm-call",))
    assert not stage.of(actions.StopPlayingOnLeg)
    assert not stage.of(actions.JoinLeg)
    assert not stage.of(actions.HangUpLeg)
    assert stage.presence("bo") == ("ready", "ringing")


def test_the_queues_own_sound_asks() -> None:
    office = office_with(confirm_sound="ours")
    stage = with_bo(Device(ToNumber(MOBILE), confirm=True), office=office)
    picked_up(stage)
    assert stage.one(actions.PlayOnLeg).loop == ("ours",)


def test_1_takes_the_call_and_silences_the_question_before_the_two_are_joined() -> None:
    stage = both()
    legs = picked_up(stage)
    asked = stage.one(actions.PlayOnLeg)
    stage.tell(inputs.DigitPressed(legs[MOBILE_DEVICE], "1"))
    order = [thing for thing in stage.new if isinstance(thing, actions.StopPlayingOnLeg | actions.JoinLeg)]
    assert order[0] == actions.StopPlayingOnLeg(legs[MOBILE_DEVICE], asked.tag)
    assert [join.leg for join in stage.of(actions.JoinLeg)] == ["in-1", legs[MOBILE_DEVICE]]
    assert stage.one(events.CallConnected).to == MOBILE_DEVICE
    stage.wait(CONFIRM_S + 20)
    assert stage.presence("bo") == ("ready", "talking")
    assert not stage.ended()


def test_2_declines_for_all_devices_and_is_no_miss() -> None:
    stage = both()
    legs = picked_up(stage)
    stage.tell(inputs.DigitPressed(legs[MOBILE_DEVICE], "2"))
    ended = stage.one(events.PresentationEnded)
    assert (ended.outcome, ended.is_counted) == ("declined", False)
    assert {hang_up.leg for hang_up in stage.of(actions.HangUpLeg)} == set(legs.values())
    assert stage.presence("bo") == ("ready", "idle")
    stage.wait(9.9)
    assert not stage.dialled()
    stage.wait(0.1)
    assert stage.dialled()


@pytest.mark.parametrize("digit", [*"0345678*#", "9"])
def test_other_keys_change_nothing(digit: str) -> None:
    stage = both()
    legs = picked_up(stage)
    stage.tell(inputs.DigitPressed(legs[MOBILE_DEVICE], digit))
    assert stage.new == []


def test_keys_of_a_device_that_asks_for_none_or_only_rings_mean_nothing() -> None:
    stage = both()
    stage.ring_in()
    legs = stage.dialled()
    for leg in legs.values():
        stage.tell(inputs.DigitPressed(leg, "1"))
        assert stage.new == []
    stage.answer(legs["phone:102"])
    stage.tell(inputs.DigitPressed(legs["phone:102"], "2"))
    assert stage.new == []


def test_without_a_key_it_is_let_go_of_after_its_time_and_does_not_count_as_a_miss() -> None:
    stage = with_bo(Device(ToNumber(MOBILE), confirm=True))
    legs = picked_up(stage)
    stage.wait(CONFIRM_S - 0.1)
    assert stage.new == []
    stage.wait(0.1)
    assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(legs[MOBILE_DEVICE], Cause.NO_CONFIRMATION)]
    ended = stage.one(events.PresentationEnded)
    assert (ended.outcome, ended.is_counted) == ("no-confirmation", False)
    assert not stage.ever(events.AgentMissed)
    assert stage.presence("bo") == ("ready", "idle")
    stage.wait(9.9)
    assert not stage.dialled()
    stage.wait(0.1)
    assert list(stage.dialled()) == [MOBILE_DEVICE]


def test_who_picks_up_late_still_has_the_whole_time_for_his_key() -> None:
    stage = with_bo(Device(ToNumber(MOBILE), confirm=True))
    stage.ring_in()
    leg = stage.dialled()[MOBILE_DEVICE]
    stage.progress(leg)
    stage.wait(19)
    stage.answer(leg)
    stage.wait(CONFIRM_S - 0.1)
    stage.tell(inputs.DigitPressed(leg, "1"))
    assert stage.one(events.CallConnected).wait_s == pytest.approx(38.9)


def test_the_question_does_not_shorten_how_long_the_others_ring() -> None:
    office = office_with(ring_s=40)
    stage = with_bo(Device(ToPhone("102")), Device(ToNumber(MOBILE), confirm=True), office=office)
    legs = picked_up(stage)
    stage.wait(CONFIRM_S + 10)
    assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(legs[MOBILE_DEVICE], Cause.NO_CONFIRMATION)]
    stage.answer(legs["phone:102"])
    assert stage.one(events.CallConnected).agent == "bo"


def test_a_device_that_rings_to_the_end_beside_a_voicemail_is_a_miss() -> None:
    stage = both()
    picked_up(stage)
    stage.wait(CONFIRM_S)
    ended = stage.one(events.PresentationEnded)
    assert (ended.outcome, ended.is_counted) == ("no-answer", True)
    assert stage.one(events.AgentMissed).misses == 1


def test_the_desk_phone_wins_while_the_mobile_is_asked_and_its_owner_hears_that_it_is_taken() -> None:
    stage = both()
    legs = picked_up(stage)
    stage.answer(legs["phone:102"])
    told = stage.one(actions.PlayOnLeg)
    assert (told.leg, told.once) == (legs[MOBILE_DEVICE], ("already-taken",))
    assert stage.one(events.CallConnected).to == "phone:102"
    stage.tell(inputs.DigitPressed(legs[MOBILE_DEVICE], "1"))
    stage.tell(inputs.DigitPressed(legs[MOBILE_DEVICE], "2"))
    assert stage.new == []
    stage.wait(CONFIRM_S)
    assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(legs[MOBILE_DEVICE], Cause.ANSWERED_ELSEWHERE)]
    assert [event.outcome for event in stage.ever(events.PresentationEnded)] == ["connected"]


def test_the_caller_hangs_up_while_the_key_is_asked_for_and_no_phone_shows_a_missed_call() -> None:
    stage = both()
    legs = picked_up(stage)
    stage.hang_up("in-1")
    assert stage.one(events.PresentationEnded).outcome == "caller-gone"
    assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(leg, Cause.CALLER_GONE) for leg in legs.values()]
    assert not stage.switch.floor.deadlines


def test_a_mobile_that_hangs_up_at_the_question_leaves_it_to_the_other_device() -> None:
    stage = both()
    legs = picked_up(stage)
    stage.hang_up(legs[MOBILE_DEVICE])
    assert not stage.of(events.PresentationEnded)
    stage.wait(19.9)
    stage.answer(legs["phone:102"])
    assert stage.one(events.CallConnected).to == "phone:102"


def test_a_mobile_alone_that_hangs_up_at_the_question_has_not_confirmed() -> None:
    stage = with_bo(Device(ToNumber(MOBILE), confirm=True))
    legs = picked_up(stage)
    stage.hang_up(legs[MOBILE_DEVICE])
    ended = stage.one(events.PresentationEnded)
    assert (ended.outcome, ended.cause, ended.is_counted) == ("no-confirmation", Cause.NO_CONFIRMATION, False)


def test_a_mobile_whose_answer_fails_at_the_question_has_failed() -> None:
    stage = with_bo(Device(ToNumber(MOBILE), confirm=True))
    legs = picked_up(stage)
    stage.hang_up(legs[MOBILE_DEVICE], Cause.NOT_CONFIRMED)
    assert stage.one(events.PresentationEnded).outcome == "failed"
