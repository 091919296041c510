"""Wrap-up: how long it is, what ends it, and the code that it may wait for."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import events, inputs, wrapping_up
from softswitch.domain.office import QueuePlan
from softswitch.domain.refusals import CommandRefused
from tests.softswitch.domain.small_office import ANNA, OFFICE, Stage, office_with

CODED = office_with(codes=("sale", "question"), code_within_s=60, wrap_up_s=10)


def talked(stage: Stage) -> Stage:
    """anna had a caller who has just hung up."""
    stage.choose("bo", "paused")
    caller = stage.ring_in()
    stage.answer(stage.dialled()["phone:101"])
    stage.wait(30)
    stage.hang_up(caller)
    return stage


def test_an_agents_own_wrap_up_goes_before_the_queues() -> None:
    agents = MappingProxyType({**OFFICE.agents, "anna": replace(ANNA, wrap_up_s=25)})
    stage = talked(Stage(replace(OFFICE, agents=agents)))
    stage.wait(24.9)
    assert stage.presence("anna") == ("ready", "wrap-up")
    stage.wait(0.1)
    assert stage.presence("anna") == ("ready", "idle")


def test_it_is_made_longer_and_ended_early() -> None:
    stage = talked(Stage())
    stage.wait(9)
    stage.tell(inputs.ExtendWrapUp("anna", 20))
    stage.wait(20.9)
    assert stage.presence("anna") == ("ready", "wrap-up")
    stage.wait(0.1)
    assert stage.presence("anna") == ("ready", "idle")
    talked(stage)
    stage.tell(inputs.ExtendWrapUp("anna", -3600))
    assert stage.presence("anna") == ("ready", "idle")
    assert ("wrap-up", "anna") not in stage.switch.floor.deadlines


def test_who_is_not_in_wrap_up_cannot_have_more_of_it() -> None:
    with pytest.raises(CommandRefused):
        Stage().tell(inputs.ExtendWrapUp("anna", 20))


def test_a_longer_wrap_up_is_not_cut_by_a_shorter_one() -> None:
    stage = talked(Stage())
    stage.tell(inputs.ExtendWrapUp("anna", 100))
    agent, floor = stage.switch.floor.agents["anna"], stage.switch.floor
    stage.ring_in()
    call = next(iter(floor.calls.values()))
    wrapping_up.start(floor, agent, call, "support", stage.now)
    assert agent.wrap_up_until_at == 140.0


def test_a_call_that_needs_a_code_keeps_her_until_she_has_said_it() -> None:
    stage = talked(Stage(CODED))
    assert stage.ever(events.WrapUpStarted)[-1].needs_code
    stage.wait(30)
    with pytest.raises(CommandRefused):
        stage.choose("anna", "ready")
    with pytest.raises(CommandRefused):
        stage.tell(inputs.ClassifyCall("anna", "sales"))
    assert stage.presence("anna") == ("ready", "wrap-up")
    stage.tell(inputs.ClassifyCall("anna", "sale"))
    assert stage.one(events.CallClassified).code == "sale"
    assert stage.presence("anna") == ("ready", "idle")


@pytest.mark.parametrize("queues", [{}, {"support": replace(CODED.queues["support"], codes=())}])
def test_a_code_that_no_queue_knows_any_more_keeps_nobody_from_getting_ready(queues: dict[str, QueuePlan]) -> None:
    stage = talked(Stage(CODED))
    gone = replace(CODED, version="v2", queues=MappingProxyType(queues), numbers=MappingProxyType({}))
    stage.tell(inputs.OfficeChanged(gone))
    stage.choose("anna", "ready")
    assert stage.presence("anna") == ("ready", "idle")


def test_a_code_that_comes_in_time_leaves_the_usual_wrap_up() -> None:
    stage = talked(Stage(CODED))
    stage.wait(4)
    stage.tell(inputs.ClassifyCall("anna", "sale"))
    stage.wait(5.9)
    assert stage.presence("anna") == ("ready", "wrap-up")
    stage.wait(0.1)
    assert stage.presence("anna") == ("ready", "idle")


def test_without_a_code_it_ends_at_its_deadline_all_the_same() -> None:
    stage = talked(Stage(CODED))
    stage.wait(59.9)
    assert stage.presence("anna") == ("ready", "wrap-up")
    stage.wait(0.1)
    assert stage.presence("anna") == ("ready", "idle")


def test_a_call_that_was_classified_in_the_talk_needs_no_code_after_it() -> None:
    stage = Stage(CODED)
    caller = stage.ring_in()
    stage.answer(stage.dialled()["phone:101"])
    stage.tell(inputs.ClassifyCall("anna", "question"))
    stage.hang_up(caller)
    assert not stage.of(events.WrapUpStarted)[0].needs_code
    stage.wait(10)
    assert stage.presence("anna") == ("ready", "idle")


def test_nobody_can_classify_what_she_did_not_have() -> None:
    with pytest.raises(CommandRefused):
        Stage(CODED).tell(inputs.ClassifyCall("anna", "sale"))
