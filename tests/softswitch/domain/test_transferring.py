"""Transfers on the domain alone: blind, asked for first, three together, and whoever hangs up in between."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.office import ToAgent, ToNumber, ToPhone, ToQueue
from softswitch.domain.refusals import CommandRefused
from tests.softswitch.domain.small_office import OFFICE, SUPPORT, Stage

SALES = replace(SUPPORT, queue="sales", name="Sales", agents=("bo",), members=(), wrap_up_s=5)
TWO_QUEUES = replace(OFFICE, queues=MappingProxyType({"support": SUPPORT, "sales": SALES}))


def talk() -> tuple[Stage, str, str]:
    """A caller who talks with anna: the stage, his leg and hers."""
    stage = Stage(TWO_QUEUES)
    caller = stage.ring_in()
    stage.wait(4)
    agent = next(action.leg for action in stage.ever(actions.DialLeg) if str(action.to) == "phone:101")
    stage.answer(agent)
    stage.wait(30)
    return stage, caller, agent


def joined(stage: Stage) -> set[tuple[str, str]]:
    """Who is in which bridge by all joins and leaves so far."""
    members: set[tuple[str, str]] = set()
    for thing in stage.all:
        if isinstance(thing, actions.JoinLeg):
            members.add((thing.bridge, thing.leg))
        elif isinstance(thing, actions.LeaveLeg):
            members.discard((thing.bridge, thing.leg))
        elif isinstance(thing, actions.HangUpLeg):
            members = {member for member in members if member[1] != thing.leg}
    return members


def test_a_caller_who_is_given_to_another_queue_waits_there_and_his_agent_has_wrap_up() -> None:
    stage, caller, agent = talk()
    stage.choose("bo", "paused")
    stage.tell(inputs.TransferCall("t-1", ToQueue("sales")))
    assert actions.HangUpLeg(agent, Cause.TRANSFERRED) in stage.new
    assert stage.one(events.CallParted).agent == "anna"
    assert (stage.one(events.CallQueued).queue, stage.one(events.CallQueued).by) == ("sales", "transfer")
    assert stage.presence("anna") == ("ready", "wrap-up")
    assert joined(stage) == set()
    stage.choose("bo", "ready")
    leg = stage.dialled()["phone:102"]
    stage.answer(leg)
    assert joined(stage) == {("t-1", caller), ("t-1", leg)}
    stage.hang_up(caller)
    assert stage.ended() == [("answered", "caller", "hung-up")]
    assert stage.presence("bo") == ("ready", "wrap-up")


def test_who_gives_up_in_the_second_queue_was_answered_all_the_same_and_has_abandoned_there() -> None:
    stage, caller, _ = talk()
    stage.choose("bo", "paused")
    stage.tell(inputs.TransferCall("t-1", ToQueue("sales")))
    stage.wait(12)
    stage.hang_up(caller)
    (left,) = stage.ever(events.QueueLeft)
    assert (left.queue, left.outcome, left.wait_s) == ("sales", "abandoned", 12.0)
    assert stage.ended() == [("answered", "caller", "hung-up")]


def test_a_transfer_to_somebody_who_does_not_answer_brings_the_caller_back_to_his_queue() -> None:
    stage, _, _ = talk()
    stage.choose("bo", "paused")
    stage.tell(inputs.TransferCall("t-1", ToAgent("bo")))
    stage.progress(stage.dialled()["phone:102"])
    stage.wait(60)
    (queued,) = stage.of(events.CallQueued)
    assert (queued.queue, queued.by) == ("support", "transfer")
    assert stage.switch.floor.calls["t-1"].entered_at == 0.0
    assert stage.dialled()["phone:101"]


def test_the_caller_hears_music_while_somebody_is_asked_and_is_handed_over() -> None:
    stage, caller, agent = talk()
    stage.tell(inputs.ConsultFor("t-1", ToPhone("103")))
    asked = stage.dialled()["phone:103"]
    assert actions.PlayOnLeg(caller, stage.of(actions.PlayOnLeg)[0].tag, (), ("music/calm",)) in stage.new
    assert joined(stage) == set()
    stage.answer(asked)
    assert joined(stage) == {("t-1-c", agent), ("t-1-c", asked)}
    stage.tell(inputs.EndConsult("t-1", "complete"))
    assert joined(stage) == {("t-1", caller), ("t-1", asked)}
    assert stage.presence("anna") == ("ready", "wrap-up")
    stage.hang_up(asked)
    assert stage.ended() == [("answered", "agent", "hung-up")]


def test_the_caller_is_taken_back_when_who_was_asked_does_not_help() -> None:
    stage, caller, agent = talk()
    stage.tell(inputs.ConsultFor("t-1", ToPhone("103")))
    asked = stage.dialled()["phone:103"]
    stage.answer(asked)
    stage.tell(inputs.EndConsult("t-1", "take-back"))
    assert joined(stage) == {("t-1", caller), ("t-1", agent)}
    assert actions.HangUpLeg(asked, Cause.CANCELLED) in stage.new
    assert stage.presence("anna") == ("ready", "talking")


@pytest.mark.parametrize("cause", [Cause.BUSY, Cause.DECLINED, Cause.UNREACHABLE])
def test_the_caller_is_back_by_himself_when_nobody_can_be_asked(cause: Cause) -> None:
    stage, caller, agent = talk()
    stage.tell(inputs.ConsultFor("t-1", ToPhone("103")))
    stage.refuse(stage.dialled()["phone:103"], cause)
    assert joined(stage) == {("t-1", caller), ("t-1", agent)}


def test_nobody_answers_in_time_and_the_caller_is_back() -> None:
    stage, caller, agent = talk()
    stage.tell(inputs.ConsultFor("t-1", ToPhone("103")))
    stage.wait(45)
    assert joined(stage) == {("t-1", caller), ("t-1", agent)}


def test_all_three_come_together_and_the_talk_goes_on_without_the_agent() -> None:
    stage, caller, agent = talk()
    stage.choose("bo", "paused")
    stage.tell(inputs.ConsultFor("t-1", ToAgent("bo")))
    asked = stage.dialled()["phone:102"]
    stage.answer(asked)
    stage.tell(inputs.EndConsult("t-1", "conference"))
    assert joined(stage) == {("t-1", caller), ("t-1", agent), ("t-1", asked)}
    assert stage.presence("bo") == ("paused", "talking")
    stage.hang_up(agent)
    assert stage.presence("anna") == ("ready", "wrap-up")
    assert not stage.ended()
    stage.hang_up(caller)
    assert stage.ended() == [("answered", "caller", "hung-up")]
    assert stage.presence("bo") == ("paused", "idle")


def test_who_was_brought_in_may_leave_again() -> None:
    stage, caller, agent = talk()
    stage.tell(inputs.ConsultFor("t-1", ToPhone("103")))
    asked = stage.dialled()["phone:103"]
    stage.answer(asked)
    stage.tell(inputs.EndConsult("t-1", "conference"))
    stage.hang_up(asked)
    assert stage.one(events.CallParted).leg == asked
    assert not stage.ended()
    assert {leg for _, leg in joined(stage)} >= {caller, agent}


def test_an_agent_who_hangs_up_while_she_asks_hands_over() -> None:
    stage, caller, agent = talk()
    stage.tell(inputs.ConsultFor("t-1", ToPhone("103")))
    asked = stage.dialled()["phone:103"]
    stage.answer(asked)
    stage.hang_up(agent)
    assert (("t-1", caller) in joined(stage)) is True
    assert (("t-1", asked) in joined(stage)) is True
    assert not stage.ended()


def test_an_agent_who_hangs_up_while_it_rings_leaves_the_caller_with_who_answers() -> None:
    stage, caller, agent = talk()
    stage.tell(inputs.ConsultFor("t-1", ToPhone("103")))
    asked = stage.dialled()["phone:103"]
    stage.progress(asked)
    stage.hang_up(agent)
    assert not stage.ended()
    assert stage.of(actions.PlayOnLeg)[-1].loop == ("ringback",)
    stage.answer(asked)
    assert (("t-1", caller) in joined(stage)) is True
    stage.hang_up(caller)
    assert stage.ended() == [("answered", "caller", "hung-up")]


def test_a_caller_who_hangs_up_while_somebody_is_asked_ends_it_for_all() -> None:
    stage, caller, agent = talk()
    stage.tell(inputs.ConsultFor("t-1", ToPhone("103")))
    asked = stage.dialled()["phone:103"]
    stage.hang_up(caller)
    assert {action.leg for action in stage.of(actions.HangUpLeg)} == {agent, asked}
    assert not stage.switch.floor.legs
    assert stage.presence("anna") == ("ready", "wrap-up")


def test_a_talk_that_was_recorded_is_recorded_on_after_the_question() -> None:
    stage, _, _ = talk()
    assert len(stage.ever(actions.StartRecording)) == 1
    stage.tell(inputs.ConsultFor("t-1", ToPhone("103")))
    assert len(stage.of(actions.StopRecording)) == 1
    stage.answer(stage.dialled()["phone:103"])
    stage.tell(inputs.EndConsult("t-1", "take-back"))
    assert len(stage.of(actions.StartRecording)) == 1


@pytest.mark.parametrize("to", [ToQueue("nowhere"), ToAgent("nobody"), ToPhone("999")])
def test_a_call_cannot_be_given_to_what_is_not_there_and_goes_on(to: ToQueue | ToAgent | ToPhone) -> None:
    stage, caller, agent = talk()
    with pytest.raises(CommandRefused):
        stage.tell(inputs.TransferCall("t-1", to))
    with pytest.raises(CommandRefused):
        stage.tell(inputs.ConsultFor("t-1", to))
    assert joined(stage) == {("t-1", caller), ("t-1", agent)}


def test_nothing_can_be_transferred_that_does_not_talk() -> None:
    stage = Stage(TWO_QUEUES)
    stage.ring_in()
    for wish in (
        inputs.TransferCall("t-1", ToQueue("sales")),
        inputs.ConsultFor("t-1", ToPhone("103")),
        inputs.EndConsult("t-1", "complete"),
    ):
        with pytest.raises(CommandRefused):
            stage.tell(wish)


def test_who_is_asked_outside_is_rung_through_the_trunk() -> None:
    stage, _, _ = talk()
    stage.tell(inputs.ConsultFor("t-1", ToNumber("+46709999999")))
    assert "number:+46709999999" in stage.dialled()


def test_a_caller_who_is_given_on_while_somebody_is_asked_leaves_no_talk_that_he_left_before() -> None:
    stage, caller, _ = talk()
    stage.tell(inputs.ConsultFor("t-1", ToPhone("103")))
    assert joined(stage) == set()
    stage.answer(stage.dialled()["phone:103"])
    stage.tell(inputs.TransferCall("t-1", ToQueue("sales")))
    assert actions.LeaveLeg("t-1", caller) not in stage.new
