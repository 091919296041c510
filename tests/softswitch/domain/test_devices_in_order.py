"""The devices of one agent: at once, one after the other with their delays, or one at a time."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.office import AgentPlan, Device, ToNumber, ToPhone
from tests.softswitch.domain.small_office import BO, MOBILE, OFFICE, Stage

MOBILE_DEVICE = f"number:{MOBILE}"
ORDERED = (Device(ToPhone("102")), Device(ToNumber(MOBILE), after_s=5), Device(ToPhone("103"), after_s=12))


def with_bo(bo: AgentPlan) -> Stage:
    stage = Stage(replace(OFFICE, agents=MappingProxyType({"anna": OFFICE.agents["anna"], "bo": bo})))
    stage.choose("anna", "paused")
    return stage


@pytest.fixture
def stage() -> Stage:
    return with_bo(replace(BO, answers_at=ORDERED))


@pytest.fixture
def strict() -> Stage:
    """One at a time."""
    return with_bo(replace(BO, answers_at=ORDERED, rings_one_at_a_time=True))


def ring(stage: Stage) -> str:
    """A caller comes and the desk phone rings; its leg."""
    stage.ring_in()
    (leg,) = stage.dialled().values()
    stage.progress(leg)
    return leg


def test_each_begins_to_ring_when_its_time_has_come_and_the_earlier_ring_on(stage: Stage) -> None:
    desk = ring(stage)
    stage.wait(4.9)
    assert stage.new == []
    stage.wait(0.1)
    assert list(stage.dialled()) == [MOBILE_DEVICE]
    stage.wait(7)
    assert list(stage.dialled()) == ["phone:103"]
    assert not stage.of(actions.HangUpLeg)
    stage.answer(desk)
    assert stage.one(events.CallConnected).to == "phone:102"


def test_one_at_a_time_the_earlier_is_let_go_of_and_a_later_pick_up_of_it_is_nobody(strict: Stage) -> None:
    desk = ring(strict)
    strict.wait(5)
    assert strict.of(actions.HangUpLeg) == [actions.HangUpLeg(desk, Cause.NO_ANSWER)]
    mobile = strict.dialled()[MOBILE_DEVICE]
    strict.answer(desk)
    assert strict.new == []
    strict.answer(mobile)
    assert strict.one(events.CallConnected).to == MOBILE_DEVICE


def test_all_that_rang_to_their_end_is_one_miss(strict: Stage) -> None:
    ring(strict)
    strict.wait(5)
    strict.progress(strict.dialled()[MOBILE_DEVICE])
    strict.wait(7)
    strict.progress(strict.dialled()["phone:103"])
    strict.wait(8)
    (ended,) = strict.of(events.PresentationEnded)
    assert (ended.outcome, ended.is_counted) == ("no-answer", True)
    assert strict.switch.floor.agents["bo"].pause_reason == "no-answer"


def test_one_at_a_time_a_device_that_is_asked_for_its_key_is_not_let_go_of() -> None:
    devices = (Device(ToNumber(MOBILE), confirm=True), Device(ToPhone("102"), after_s=5))
    strict = with_bo(replace(BO, answers_at=devices, rings_one_at_a_time=True))
    mobile = ring(strict)
    strict.answer(mobile)
    strict.wait(5)
    assert not strict.of(actions.HangUpLeg)
    assert list(strict.dialled()) == ["phone:102"]
    strict.tell(inputs.DigitPressed(mobile, "1"))
    assert strict.one(events.CallConnected).to == MOBILE_DEVICE


@pytest.mark.parametrize("cause", [Cause.BUSY, Cause.UNREACHABLE, Cause.NO_ANSWER])
def test_a_device_that_comes_to_nothing_before_the_next_is_due_brings_it_at_once(stage: Stage, cause: Cause) -> None:
    stage.refuse(ring(stage), cause)
    assert list(stage.dialled()) == [MOBILE_DEVICE]
    assert not stage.of(events.PresentationEnded)


def test_a_device_that_declines_leaves_no_turn_to_the_next(stage: Stage) -> None:
    stage.refuse(ring(stage), Cause.DECLINED)
    assert stage.one(events.PresentationEnded).outcome == "declined"
    stage.wait(9)
    assert not stage.dialled()


def test_a_device_that_has_gone_meanwhile_is_passed_over_and_nobody_waits_for_its_turn(stage: Stage) -> None:
    desk = ring(stage)
    stage.tell(inputs.TrunkReachabilityChanged("carrier", is_reachable=False))
    stage.refuse(desk, Cause.BUSY)
    assert list(stage.dialled()) == ["phone:103"]


def test_when_no_device_is_left_the_caller_goes_on_at_once(stage: Stage) -> None:
    desk = ring(stage)
    stage.tell(inputs.TrunkReachabilityChanged("carrier", is_reachable=False))
    stage.tell(inputs.PhoneRegistrationChanged("103", is_registered=False))
    stage.choose("anna", "ready")
    stage.refuse(desk, Cause.BUSY)
    assert stage.one(events.PresentationEnded).outcome == "busy"
    assert stage.one(events.CallPresented).agent == "anna"


def test_delays_count_from_the_first_that_can_be_rung_at_all() -> None:
    stage = with_bo(replace(BO, answers_at=ORDERED))
    stage.tell(inputs.PhoneRegistrationChanged("102", is_registered=False))
    stage.ring_in()
    assert list(stage.dialled()) == [MOBILE_DEVICE]
    stage.wait(6.9)
    assert stage.new == []
    stage.wait(0.1)
    assert list(stage.dialled()) == ["phone:103"]


def test_nothing_more_rings_once_somebody_has_the_caller_or_the_caller_has_gone(stage: Stage) -> None:
    stage.answer(ring(stage))
    stage.wait(15)
    assert not stage.dialled()
    stage.hang_up("in-1")
    stage.wait(10)
    ring(stage)
    stage.hang_up("in-2")
    stage.wait(15)
    assert not stage.dialled()
