"""Direct calls: phone to phone, number to phone, agents by name, numbers outside."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, events
from softswitch.domain.causes import Cause
from softswitch.domain.direct import DIRECT_RING_S
from softswitch.domain.office import PhonePlan
from tests.softswitch.domain.small_office import DIRECT_NUMBER, MOBILE, OFFICE, Stage


def test_a_number_to_a_phone_rings_and_is_answered_when_the_phone_is() -> None:
    stage = Stage()
    caller = stage.ring_in(DIRECT_NUMBER)
    assert stage.of(actions.RingLeg) == [actions.RingLeg(caller)]
    assert stage.of(actions.AnswerLeg) == []
    assert stage.presence("anna") == ("ready", "ringing")
    leg = stage.dialled()["phone:101"]
    stage.answer(leg)
    assert stage.of(actions.AnswerLeg) == [actions.AnswerLeg(caller)]
    assert [join.leg for join in stage.of(actions.JoinLeg)] == [caller, leg]
    assert stage.presence("anna") == ("ready", "talking")
    assert stage.one(events.CallConnected).agent is None
    stage.hang_up(leg)
    assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(caller, Cause.HUNG_UP)]
    assert stage.ended() == [("direct", "agent", "hung-up")]
    assert stage.presence("anna") == ("ready", "idle")


def test_whoever_dials_is_talking_and_gets_no_queue_call() -> None:
    stage = Stage(registered=("101", "103"))
    stage.choose("bo", "paused")
    phone = stage.ring_in("103", phone="101")
    assert stage.presence("anna") == ("ready", "talking")
    stage.ring_in()
    assert stage.of(events.CallPresented) == []
    stage.hang_up(phone, Cause.CANCELLED)
    assert stage.one(events.CallPresented).agent == "anna"
    assert stage.ended() == [("direct", "caller", "cancelled")]


def test_an_agent_by_name_rings_all_her_devices_and_the_losers_are_told() -> None:
    stage = Stage()
    caller = stage.ring_in("bo", phone="103")
    legs = stage.dialled()
    assert list(legs) == ["phone:102", f"number:{MOBILE}"]
    stage.answer(legs["phone:102"])
    assert actions.HangUpLeg(legs[f"number:{MOBILE}"], Cause.ANSWERED_ELSEWHERE) in stage.new
    assert stage.one(events.CallConnected).agent == "bo"
    stage.hang_up(caller)
    assert stage.ended() == [("direct", "caller", "hung-up")]
    assert stage.ever(events.WrapUpStarted) == []


@pytest.mark.parametrize(
    ("dialled", "phone", "cause"),
    [("102", "103", Cause.UNREACHABLE), ("103", "103", Cause.BUSY)],
)
def test_what_cannot_ring_is_refused_at_once(dialled: str, phone: str, cause: Cause) -> None:
    stage = Stage(registered=("103",))
    leg = stage.ring_in(dialled, phone=phone)
    assert stage.of(actions.RingLeg) == []
    assert stage.of(actions.RefuseLeg) == [actions.RefuseLeg(leg, cause)]
    assert stage.ended() == [("direct", "switch", cause.value)]


def test_a_phone_in_a_call_is_busy() -> None:
    stage = Stage()
    stage.ring_in(DIRECT_NUMBER)
    stage.answer(stage.dialled()["phone:101"])
    stage.ring_in("101", phone="103")
    assert stage.ended() == [("direct", "switch", "busy")]


@pytest.mark.parametrize(
    ("causes", "told", "ended_by"),
    [
        ((Cause.UNREACHABLE, Cause.BUSY), Cause.BUSY, "agent"),
        ((Cause.DECLINED,), Cause.DECLINED, "agent"),
        ((Cause.NETWORK_FAILURE, Cause.UNREACHABLE), Cause.NETWORK_FAILURE, "switch"),
        ((Cause.NO_ANSWER, Cause.UNREACHABLE), Cause.NO_ANSWER, "switch"),
    ],
)
def test_the_caller_is_told_the_most_telling_refusal(causes: tuple[Cause, ...], told: Cause, ended_by: str) -> None:
    stage = Stage()
    caller = stage.ring_in("bo", phone="103")
    for leg, cause in zip(stage.dialled().values(), causes, strict=False):
        stage.refuse(leg, cause)
    assert actions.RefuseLeg(caller, told) in stage.new
    assert stage.ended() == [("direct", ended_by, told.value)]
    assert stage.switch.floor.legs == {}


@pytest.mark.parametrize(("has_rung", "cause"), [(True, "no-answer"), (False, "unreachable")])
def test_a_direct_call_rings_for_so_long_and_no_longer(has_rung: bool, cause: str) -> None:
    stage = Stage()
    stage.ring_in(DIRECT_NUMBER)
    leg = stage.dialled()["phone:101"]
    if has_rung:
        stage.progress(leg)
    stage.wait(DIRECT_RING_S - 0.1)
    assert stage.ended() == []
    stage.wait(0.1)
    assert stage.ended() == [("direct", "switch", cause)]
    assert stage.presence("anna") == ("ready", "idle")


def test_a_phone_with_a_way_out_reaches_a_number() -> None:
    phones = MappingProxyType({**OFFICE.phones, "103": PhonePlan("103", "Cecilia", ("+46",))})
    stage = Stage(replace(OFFICE, phones=phones))
    stage.ring_in("+46701112233", phone="103")
    (dial,) = stage.of(actions.DialLeg)
    assert str(dial.to) == "number:+46701112233"


def test_a_called_leg_that_fails_after_pick_up_ends_a_direct_call() -> None:
    stage = Stage()
    stage.ring_in(DIRECT_NUMBER)
    leg = stage.dialled()["phone:101"]
    stage.answer(leg)
    stage.hang_up(leg, Cause.NOT_CONFIRMED)
    assert stage.ended() == [("direct", "switch", "not-confirmed")]
