"""Music for whoever is put on hold."""

from __future__ import annotations

from softswitch.domain import actions, inputs
from softswitch.domain.holding import MUSIC
from softswitch.domain.office import ToPhone
from tests.softswitch.domain.small_office import DIRECT_NUMBER, MOBILE, Stage


def hold(stage: Stage, leg: str, *, is_held: bool = True) -> None:
    stage.tell(inputs.LegHeld(leg, is_held=is_held))


def talking(device: str = "phone:101") -> tuple[Stage, str, str]:
    """A caller of support who talks with somebody at this device."""
    stage = Stage()
    caller = stage.ring_in()
    if device != "phone:101":
        stage.choose("anna", "paused")
    leg = next(action.leg for action in stage.ever(actions.DialLeg) if str(action.to) == device)
    stage.answer(leg)
    return stage, caller, leg


def music_for(stage: Stage) -> list[tuple[str, tuple[str, ...]]]:
    return [(action.leg, action.loop) for action in stage.of(actions.PlayOnLeg)]


def test_a_caller_hears_his_queues_music_until_he_is_taken_back() -> None:
    stage, caller, agent = talking()
    hold(stage, agent)
    assert music_for(stage) == [(caller, ("music/calm",))]
    tag = stage.one(actions.PlayOnLeg).tag
    hold(stage, agent, is_held=False)
    assert stage.of(actions.StopPlayingOnLeg) == [actions.StopPlayingOnLeg(caller, tag)]
    assert stage.of(actions.JoinLeg) == [actions.JoinLeg("t-1", caller)]


def test_who_waits_is_out_of_the_talk_and_its_recording_goes_on() -> None:
    stage, caller, agent = talking()
    hold(stage, agent)
    assert stage.of(actions.LeaveLeg) == [actions.LeaveLeg("t-1", caller)]
    assert stage.of(actions.StopRecording) == []


def test_a_hold_that_is_told_twice_begins_the_music_once() -> None:
    stage, _, agent = talking()
    hold(stage, agent)
    hold(stage, agent)
    assert stage.new == []


def test_a_carrier_that_holds_lets_its_customer_hear_what_it_likes() -> None:
    stage, caller, _ = talking()
    hold(stage, caller)
    assert stage.new == []


def test_an_agent_at_a_mobile_holds_with_what_the_network_plays() -> None:
    stage, _, agent = talking(f"number:{MOBILE}")
    hold(stage, agent)
    assert music_for(stage) == []


def test_a_phone_that_called_another_holds_with_the_houses_music() -> None:
    stage = Stage()
    caller = stage.ring_in("102", phone="103")
    (callee,) = stage.dialled().values()
    stage.answer(callee)
    hold(stage, caller)
    assert music_for(stage) == [(callee, (MUSIC,))]
    hold(stage, caller, is_held=False)
    assert [action.leg for action in stage.of(actions.StopPlayingOnLeg)] == [callee]


def test_who_is_asked_and_then_given_the_caller_hears_music_if_he_is_on_hold_still() -> None:
    """The caller's telephone, one of ours, holds while the agent asks a colleague."""
    stage = Stage()
    stage.choose("bo", "paused")
    caller = stage.ring_in("support", phone="103")
    (agent,) = stage.dialled().values()
    stage.answer(agent)
    call = stage.switch.floor.legs[caller].call
    stage.tell(inputs.ConsultFor(call, ToPhone("102")))
    (asked,) = stage.dialled().values()
    stage.answer(asked)
    hold(stage, caller)
    assert music_for(stage) == []
    stage.tell(inputs.EndConsult(call, "complete"))
    assert (asked, ("music/calm",)) in music_for(stage)


def test_a_direct_call_from_outside_is_put_on_hold_too() -> None:
    stage = Stage()
    caller = stage.ring_in(DIRECT_NUMBER)
    (phone,) = stage.dialled().values()
    stage.answer(phone)
    hold(stage, phone)
    assert music_for(stage) == [(caller, (MUSIC,))]
