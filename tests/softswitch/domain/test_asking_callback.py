"""The call-back question to somebody who keeps his place in line meanwhile, and to somebody at the door."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, asking_callback, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.dialogue import KEY_S, TRIES_MAX
from softswitch.domain.office import CallbackPlan, ToCallback, ToQueue
from tests.softswitch.domain.small_office import Stage, office_with

PLAN = CallbackPlan(may_call=("+46",))
OFFICE = office_with(callback=PLAN, keys=MappingProxyType({"1": ToCallback()}))


def press(stage: Stage, leg: str, keys: str) -> None:
    for key in keys:
        stage.tell(inputs.DigitPressed(leg, key))


def asked(stage: Stage) -> str:
    """A caller in line who is asked for a number."""
    leg = stage.ring_in()
    press(stage, leg, "1")
    assert stage.one(actions.PlayOnLeg).once == (asking_callback.CONFIRM,)
    return leg


def nobody_ready() -> Stage:
    stage = Stage(OFFICE)
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    return stage


def test_who_is_done_while_an_agent_rings_is_not_rung_for_any_more_and_his_callback_takes_the_agent() -> None:
    stage = Stage(OFFICE)
    leg = stage.ring_in()
    ringing = stage.dialled()["phone:101"]
    press(stage, leg, "11")
    ended = stage.one(events.PresentationEnded)
    assert (ended.call, ended.outcome, ended.is_counted) == ("t-1", "withdrawn", False)
    assert actions.HangUpLeg(ringing, Cause.CALLER_GONE) in stage.new
    assert stage.one(events.CallPresented).call == "t-2"
    stage.answer(ringing)
    assert stage.new == []


def test_an_agent_who_picks_up_first_has_the_caller_and_the_question_is_forgotten() -> None:
    stage = Stage(OFFICE)
    leg = stage.ring_in()
    ringing = stage.dialled()["phone:101"]
    press(stage, leg, "1")
    stage.answer(ringing)
    assert stage.one(events.CallConnected).call == "t-1"
    press(stage, leg, "1")
    assert not stage.ever(events.CallbackRequested)
    assert not stage.switch.floor.callbacks


@pytest.mark.parametrize(
    ("keys", "number"), [("1", "+46812340001"), ("0701234567#", "+46701234567"), ("004681234567#", "+4681234567")]
)
def test_the_number_is_his_own_or_what_he_keys(keys: str, number: str) -> None:
    stage = nobody_ready()
    press(stage, asked(stage), keys)
    assert stage.one(events.CallbackRequested).number == number
    assert stage.one(events.QueueLeft).outcome == "to-callback"


def test_a_number_that_may_not_be_called_is_asked_for_again_and_then_he_waits_on() -> None:
    stage = nobody_ready()
    leg = asked(stage)
    for _ in range(TRIES_MAX - 1):
        press(stage, leg, "004712345678#")
        assert stage.of(actions.PlayOnLeg)[-1].once == (asking_callback.WRONG, asking_callback.CONFIRM)
    press(stage, leg, "004712345678#")
    assert stage.of(actions.PlayOnLeg)[-1].loop == ("music/calm",)
    assert not stage.ever(events.QueueLeft)
    assert list(stage.switch.floor.queues["support"].line) == ["t-1"]


def test_who_says_nothing_waits_on_in_his_place() -> None:
    stage = nobody_ready()
    leg = asked(stage)
    for _ in range(TRIES_MAX):
        play = stage.of(actions.PlayOnLeg)[-1]
        stage.tell(inputs.PlaybackEnded(leg, play.tag))
        stage.wait(KEY_S)
    assert stage.of(actions.PlayOnLeg)[-1].loop == ("music/calm",)
    assert stage.switch.floor.calls["t-1"].dialogue is None
    assert list(stage.switch.floor.queues["support"].line) == ["t-1"]


def at_door() -> tuple[Stage, str]:
    """A caller whom a full queue does not take, and who is asked instead."""
    stage = Stage(office_with(callback=PLAN, max_waiting=0, overflow_to=ToCallback()))
    leg = stage.ring_in()
    assert stage.one(actions.PlayOnLeg).once == (asking_callback.CONFIRM,)
    return stage, leg


def test_at_the_door_he_counts_as_what_comes_of_it() -> None:
    stage, leg = at_door()
    press(stage, leg, "1")
    left = stage.one(events.QueueLeft)
    assert (left.queue, left.outcome) == ("support", "to-callback")
    stage, leg = at_door()
    stage.hang_up(leg)
    assert stage.one(events.QueueLeft).outcome == "abandoned"
    stage, leg = at_door()
    for _ in range(TRIES_MAX):
        stage.tell(inputs.PlaybackEnded(leg, stage.of(actions.PlayOnLeg)[-1].tag))
        stage.wait(KEY_S)
    assert stage.one(events.QueueLeft).outcome == "overflowed"
    assert stage.ended() == [("overflowed", "switch", "queue-full")]


def test_a_callback_that_gets_too_old_while_its_customer_rings_is_given_up_after_that() -> None:
    """It was looked at once, let ring, and then kept without an end."""
    plan = CallbackPlan(may_call=("+46",), tries=3, pause_s=60, ring_s=30, keep_s=100)
    stage = Stage(office_with(callback=plan, keys=MappingProxyType({"1": ToCallback()})))
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    press(stage, asked(stage), "1")
    stage.tell(inputs.PlaybackEnded("in-1", stage.of(actions.PlayOnLeg)[-1].tag))
    stage.wait(90)
    stage.choose("anna", "ready")
    stage.answer(stage.dialled()["phone:101"])
    customer = stage.dialled()["number:+46812340001"]
    stage.wait(20)
    assert not stage.of(events.CallbackEnded)
    stage.refuse(customer, Cause.NO_ANSWER)
    assert stage.one(events.CallbackTried).again is not None
    stage.wait(20)
    assert stage.one(events.CallbackEnded).outcome == "gave-up"
    stage.wait(3600)
    assert not stage.ever(events.CallbackTried)[1:]
    assert not stage.switch.floor.deadlines


def test_a_queue_that_a_reload_takes_away_has_no_callbacks_for_who_was_asked_at_its_door() -> None:
    stage, leg = at_door()
    office = stage.switch.floor.office
    stage.tell(inputs.OfficeChanged(replace(office, version="v2", queues=MappingProxyType({}), numbers={})))
    for _ in range(TRIES_MAX):
        press(stage, leg, "1")
    assert stage.ended() == [("overflowed", "switch", "queue-full")]
    assert not stage.ever(events.CallbackRequested)


def test_a_customer_who_was_called_back_is_a_caller_like_any_other_when_he_is_sent_to_a_queue() -> None:
    """He was on the line, and yet went by the rules of those who are not: no limit to his wait, no steps."""
    stage = Stage(office_with(callback=PLAN, keys=MappingProxyType({"1": ToCallback()}), max_wait_s=60))
    stage.choose("bo", "paused")
    stage.choose("anna", "paused")
    press(stage, asked(stage), "1")
    stage.choose("anna", "ready")
    stage.answer(stage.dialled()["phone:101"])
    stage.answer(stage.dialled()["number:+46812340001"])
    call = stage.one(events.CallConnected).call
    stage.choose("anna", "paused")
    stage.tell(inputs.TransferCall(call, ToQueue("support")))
    stage.wait(59.9)
    assert not stage.of(events.QueueLeft)
    stage.wait(0.1)
    left = stage.one(events.QueueLeft)
    assert (left.call, left.outcome, left.cause) == (call, "overflowed", Cause.MAX_WAIT)
