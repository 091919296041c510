"""Call-backs on the domain alone: the question, the place kept, the tries, and what a restart leaves of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain import actions, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.office import CallbackPlan, Office, OverflowStep, ToCallback, ToSay
from softswitch.domain.recovery import Recovery, snapshot_events
from softswitch.domain.switch import Switch
from tests.softswitch.domain.small_office import WALL_OFFSET_S, Stage, office_with

CALLER = "+46812340001"
OFFICE = office_with(callback=CallbackPlan(may_call=("+46",), tries=2, pause_s=60), keys={"1": ToCallback()})


def press(stage: Stage, leg: str, keys: str) -> None:
    for key in keys:
        stage.tell(inputs.DigitPressed(leg, key))


def asked_for(stage: Stage, keys: str = "11") -> str:
    """Nobody is ready; a caller asks to be called back and is gone. Returns the call-back's id."""
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    caller = stage.ring_in()
    stage.wait(30)
    press(stage, caller, keys)
    stage.tell(inputs.PlaybackEnded(caller, stage.ever(actions.PlayOnLeg)[-1].tag))
    return stage.ever(events.CallbackRequested)[-1].callback


def test_a_caller_who_presses_1_keeps_his_place_and_hangs_up() -> None:
    stage = Stage(OFFICE)
    asked_for(stage)
    request = stage.ever(events.CallbackRequested)[0]
    assert (request.number, request.queue) == (CALLER, "support")
    assert request.entered == stage.ever(events.CallQueued)[0].at
    (left,) = stage.ever(events.QueueLeft)
    assert (left.outcome, left.wait_s) == ("to-callback", 30.0)
    assert stage.ended() == [("overflowed", "switch", "callback")]
    (waiting,) = stage.switch.floor.calls.values()
    assert (waiting.state, waiting.caller) == ("waiting", CALLER)


@pytest.mark.parametrize(
    ("keyed", "number"), [("0701234567#", "+46701234567"), ("0046701234567#", "+46701234567"), ("1", CALLER)]
)
def test_another_number_is_keyed_as_people_write_it(keyed: str, number: str) -> None:
    stage = Stage(OFFICE)
    asked_for(stage, "1" + keyed)
    assert stage.ever(events.CallbackRequested)[0].number == number


@pytest.mark.parametrize("keyed", ["00441234567890#", "0112#", "46850010000#", "0850010000#", "#"])
def test_a_number_that_may_not_be_called_is_asked_for_again_and_he_waits_on(keyed: str) -> None:
    stage = Stage(OFFICE)
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    caller = stage.ring_in()
    press(stage, caller, "1" + keyed)
    assert stage.one(actions.PlayOnLeg).once == ("callback-number-wrong", "callback-confirm")
    press(stage, caller, keyed + keyed)
    assert stage.of(actions.PlayOnLeg)[-1].loop == ("music/calm",)
    assert not stage.ever(events.CallbackRequested)
    assert stage.switch.floor.queues["support"].line.position("t-1") == 1


def test_an_agent_who_gets_free_while_he_is_asked_has_him_at_once() -> None:
    stage = Stage(OFFICE)
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    caller = stage.ring_in()
    press(stage, caller, "1")
    stage.choose("anna", "ready")
    stage.answer(stage.dialled()["phone:101"])
    assert actions.JoinLeg("t-1", caller) in stage.new
    stage.wait(20)
    assert not stage.of(actions.PlayOnLeg)


def test_the_agent_is_on_the_line_before_the_customer_is_rung_and_the_two_are_joined() -> None:
    stage = Stage(OFFICE)
    callback = asked_for(stage)
    stage.wait(100)
    stage.choose("anna", "ready")
    agent = stage.dialled()["phone:101"]
    assert set(stage.dialled()) == {"phone:101"}
    stage.answer(agent)
    customer = stage.dialled()[f"number:{CALLER}"]
    assert stage.one(actions.PlayOnLeg) == actions.PlayOnLeg(agent, stage.one(actions.PlayOnLeg).tag, (), ("ringback",))
    stage.answer(customer)
    assert {action.leg for action in stage.of(actions.JoinLeg)} == {agent, customer}
    ended = stage.one(events.CallbackEnded)
    assert (ended.callback, ended.outcome) == (callback, "connected")
    assert stage.presence("anna") == ("ready", "talking")
    stage.hang_up(customer)
    assert stage.ended()[-1] == ("answered", "caller", "hung-up")
    assert stage.presence("anna") == ("ready", "wrap-up")


def test_it_keeps_its_place_before_who_came_later_and_behind_who_came_before() -> None:
    stage = Stage(OFFICE)
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    first = stage.ring_in()
    stage.wait(1)
    asked_for(stage)
    stage.ring_in()
    line = [stage.switch.floor.calls[call].caller for call in stage.switch.floor.queues["support"].line]
    assert line == ["+46812340001", "+46812340002", "+46812340003"]
    assert stage.switch.floor.calls["t-1"].leg == first


def test_a_customer_who_does_not_answer_is_tried_again_after_a_pause_and_then_given_up() -> None:
    stage = Stage(OFFICE)
    callback = asked_for(stage)
    stage.choose("anna", "ready")
    for tries in (1, 2):
        stage.answer(stage.dialled()["phone:101"])
        stage.progress(stage.dialled()[f"number:{CALLER}"])
        stage.wait(30)
        (tried,) = stage.of(events.CallbackTried)
        assert (tried.tries, tried.cause) == (tries, Cause.NO_ANSWER)
        assert stage.presence("anna") == ("ready", "idle")
        if tries == 1:
            assert tried.again == stage.now + WALL_OFFSET_S + 60
            stage.wait(59)
            assert not stage.of(actions.DialLeg)
            stage.wait(1)
    ended = stage.one(events.CallbackEnded)
    assert (ended.callback, ended.outcome) == (callback, "gave-up")
    assert not stage.switch.floor.calls
    assert not stage.switch.floor.callbacks
    assert not stage.switch.floor.deadlines


def test_an_agent_who_hangs_up_before_the_customer_answers_costs_no_try() -> None:
    stage = Stage(OFFICE)
    asked_for(stage)
    stage.choose("anna", "ready")
    agent = stage.dialled()["phone:101"]
    stage.answer(agent)
    customer = stage.dialled()[f"number:{CALLER}"]
    stage.hang_up(agent)
    assert actions.HangUpLeg(customer, Cause.CANCELLED) in stage.new
    assert not stage.ever(events.CallbackTried)
    (waiting,) = stage.switch.floor.calls.values()
    assert waiting.entered_at == 0.0
    stage.wait(10)
    assert "phone:101" in stage.dialled()


def test_it_is_withdrawn_by_command_and_given_up_when_it_is_too_old() -> None:
    stage = Stage(OFFICE)
    callback = asked_for(stage)
    stage.tell(inputs.WithdrawCallback(callback))
    assert stage.one(events.CallbackEnded).outcome == "withdrawn"
    assert not stage.switch.floor.calls
    stage = Stage(OFFICE)
    asked_for(stage)
    stage.wait(86_400)
    assert stage.of(events.CallbackEnded)[-1].outcome == "gave-up"
    assert not stage.switch.floor.calls


def restarted(office: Office, journal: list[events.Event], now: float) -> Stage:
    """A new process that has read this journal; its clock began anew."""
    stage = Stage(office)
    recovery = Recovery()
    for event in journal:
        recovery.apply(event)
    offset_s = WALL_OFFSET_S + now
    stage.switch = Switch(office, ids="u", wall_offset_s=offset_s)
    stage.now, stage.all = 0.0, []
    stage.switch.restore(recovery, 0.0)
    stage._collect()
    for phone in ("101", "102", "103"):
        stage.tell(inputs.PhoneRegistrationChanged(phone, is_registered=True))
    return stage


@pytest.mark.parametrize("is_from_snapshot", [False, True])
def test_it_survives_a_restart_in_its_place_with_its_tries(*, is_from_snapshot: bool) -> None:
    stage = Stage(OFFICE)
    asked_for(stage)
    stage.choose("anna", "ready")
    stage.answer(stage.dialled()["phone:101"])
    stage.wait(30)
    journal = [thing for thing in stage.all if isinstance(thing, events.Event)]
    if is_from_snapshot:
        journal = snapshot_events(stage.switch.floor, stage.now)
    again = restarted(OFFICE, journal, stage.now)
    (callback,) = again.switch.floor.callbacks.values()
    assert (callback.tries, callback.entered_at) == (1, -stage.now)
    again.wait(59)
    assert not again.of(actions.DialLeg)
    again.wait(1)
    again.answer(again.dialled()["phone:101"])
    again.answer(again.dialled()[f"number:{CALLER}"])
    assert again.one(events.CallbackEnded).outcome == "connected"


def test_a_draining_switch_leaves_it_to_the_next_start() -> None:
    stage = Stage(OFFICE)
    asked_for(stage)
    stage.tell(inputs.DrainStarted())
    assert not stage.switch.floor.calls
    assert len(stage.switch.floor.callbacks) == 1
    stage.choose("anna", "ready")
    assert not stage.of(actions.DialLeg)


def test_who_is_turned_away_at_the_door_may_ask_for_one() -> None:
    office = office_with(OFFICE, max_waiting=1, overflow_to=ToCallback())
    stage = Stage(office)
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    stage.ring_in()
    caller = stage.ring_in()
    press(stage, caller, "1")
    (left,) = stage.ever(events.QueueLeft)
    assert (left.call, left.outcome, left.wait_s) == ("t-2", "to-callback", 0.0)
    assert stage.ever(events.CallbackRequested)[0].number == "+46812340002"


def test_who_hangs_up_at_the_door_while_he_is_asked_has_abandoned() -> None:
    office = office_with(OFFICE, max_waiting=1, overflow_to=ToCallback())
    stage = Stage(office)
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    stage.ring_in()
    stage.wait(1)
    caller = stage.ring_in()
    stage.wait(2)
    stage.hang_up(caller)
    (left,) = stage.ever(events.QueueLeft)
    assert (left.outcome, left.wait_s) == ("abandoned", 2.0)
    assert stage.ended() == [("abandoned", "caller", "hung-up")]


def test_a_queue_that_is_gone_takes_its_promises_back() -> None:
    stage = Stage(OFFICE)
    asked_for(stage)
    stage.choose("anna", "ready")
    stage.answer(stage.dialled()["phone:101"])
    stage.wait(30)
    stage.tell(inputs.OfficeChanged(replace(OFFICE, queues={}, version="v2")))
    stage.wait(300)
    assert stage.ever(events.CallbackEnded)[-1].outcome == "withdrawn"


def test_who_does_not_want_a_call_back_that_a_step_offers_comes_to_the_next_step() -> None:
    steps = (OverflowStep(ToCallback(), 30), OverflowStep(ToSay("sorry"), 90))
    stage = Stage(office_with(callback=CallbackPlan(may_call=("+46",)), overflow=steps))
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    stage.ring_in()
    stage.wait(30)
    assert stage.ever(actions.PlayOnLeg)[-1].once == ("callback-confirm",)
    stage.wait(59)
    assert not stage.ever(events.QueueLeft)
    stage.wait(1)
    (left,) = stage.ever(events.QueueLeft)
    assert (left.outcome, left.wait_s) == ("overflowed", 90.0)
    assert stage.ever(actions.PlayOnLeg)[-1].once == ("sorry",)
