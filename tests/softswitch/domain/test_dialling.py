"""Every way out of the house asks the policy, and what it denies is dialled by no trunk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain import actions, events, inputs, promising, why
from softswitch.domain.call_record import CallRecords
from softswitch.domain.causes import Cause
from softswitch.domain.office import (
    CallbackPlan,
    Device,
    Office,
    OutgoingPlan,
    OverflowStep,
    PhonePlan,
    ToNumber,
    ToPhone,
)
from softswitch.domain.refusals import CommandRefused
from tests.softswitch.domain.small_office import ANNA, BO, MOBILE, NUMBER, OFFICE, Stage, office_with

ELSEWHERE, PREMIUM = "+46709998877", "+469001234567"


def with_phone(**plan: object) -> Office:
    phone = PhonePlan("103", "", ("phones", "+46"), **plan)  # type: ignore[arg-type]  # names are checked by the class
    return replace(OFFICE, phones={**OFFICE.phones, "103": phone})


def out(stage: Stage) -> list[actions.DialLeg]:
    """What left by a trunk in the last step."""
    return [action for action in stage.of(actions.DialLeg) if isinstance(action.to, ToNumber) and action.trunks]


def test_a_phone_that_may_is_shown_as_it_says_and_goes_by_the_trunks() -> None:
    stage = Stage(with_phone(caller_id="+46850010009"))
    stage.ring_in(ELSEWHERE, phone="103")
    (leg,) = out(stage)
    assert (leg.trunks, leg.caller_id, leg.is_emergency) == (("carrier",), "+46850010009", False)


def test_a_phone_that_may_not_is_refused_and_the_call_says_why() -> None:
    stage = Stage(with_phone())
    leg = stage.ring_in(PREMIUM, phone="103")
    assert stage.one(actions.RefuseLeg) == actions.RefuseLeg(leg, Cause.NOT_ALLOWED)
    ended, denied = stage.one(events.CallEnded), stage.one(events.WayOutDenied)
    assert (ended.outcome, ended.cause) == ("refused", Cause.NOT_ALLOWED)
    assert (denied.number, denied.by) == (PREMIUM, "phone:103")


def test_the_reasons_of_a_refusal_are_told_with_the_call() -> None:
    stage = Stage(with_phone(calls_out_max=0))
    stage.ring_in(ELSEWHERE, phone="103")
    records = CallRecords()
    told_of = [thing for thing in stage.all if isinstance(thing, events.Event)]
    ended = [record for event in told_of if (record := records.apply(event)) is not None]
    told = " ".join(reason.text for reason in why.explain(ended[0]))
    assert f"{ELSEWHERE} could not be called for phone:103: phone:103 has calls_out_max = 0 calls out already." in told
    assert ended[0].cause is Cause.OUTGOING_FULL


def test_a_cap_counts_the_calls_that_are_up_and_nothing_else() -> None:
    stage = Stage(with_phone(calls_out_max=1))
    first = stage.ring_in(ELSEWHERE, phone="103")
    assert len(out(stage)) == 1
    stage.ring_in(MOBILE, phone="103")
    assert not out(stage)
    assert stage.one(actions.RefuseLeg).cause is Cause.OUTGOING_FULL
    stage.hang_up(first, Cause.CANCELLED)
    stage.ring_in(MOBILE, phone="103")
    assert len(out(stage)) == 1


def test_an_agents_mobile_is_rung_for_her_and_not_beyond_her_cap() -> None:
    office = replace(OFFICE, agents={"bo": replace(BO, answers_at=(Device(ToNumber(MOBILE)),), calls_out_max=0)})
    stage = Stage(replace(office, queues={"support": replace(OFFICE.queues["support"], agents=("bo",), members=())}))
    stage.ring_in()
    (dialled,) = stage.of(actions.DialLeg)
    assert dialled.trunks == ()
    assert stage.one(events.WayOutDenied).by == "agent:bo"
    stage.refuse(dialled.leg, Cause.NOT_ALLOWED)
    assert stage.one(events.PresentationEnded).outcome == "failed"
    assert not stage.of(actions.DialLeg), "she is left alone for a while"


def test_a_queue_sends_callers_on_to_the_number_that_its_entry_says() -> None:
    stage = Stage(office_with(max_waiting=0, overflow=(), overflow_to=ToNumber("+4791234567"), caller_id=NUMBER))
    stage.ring_in()
    (leg,) = out(stage)
    assert (str(leg.to), leg.caller_id) == ("number:+4791234567", NUMBER)


def test_a_phone_that_has_no_way_out_may_wait_in_a_queue_that_has() -> None:
    stage = Stage(office_with(overflow=(OverflowStep(ToNumber(MOBILE)),)))
    stage.ring_in("support", phone="103")
    assert [str(leg.to) for leg in out(stage)] == [f"number:{MOBILE}"]


def talking(stage: Stage) -> str:
    """A caller talks with anna at phone 101; the call's id."""
    stage.ring_in()
    stage.answer(stage.dialled()["phone:101"])
    return stage.ever(events.CallConnected)[-1].call


@pytest.mark.parametrize("kind", [inputs.TransferCall, inputs.ConsultFor])
def test_a_caller_is_given_on_only_where_whoever_gives_him_may_call(
    kind: type[inputs.TransferCall | inputs.ConsultFor],
) -> None:
    stage = Stage()
    call = talking(stage)
    with pytest.raises(CommandRefused, match="may not be called for office"):
        stage.tell(kind(call, ToNumber(PREMIUM)))
    with pytest.raises(CommandRefused, match="may not be called for phone:101"):
        stage.tell(kind(call, ToNumber(ELSEWHERE), by="anna"))
    assert stage.switch.floor.calls[call].state == "talking"
    stage.tell(kind(call, ToNumber(ELSEWHERE)))
    assert [str(leg.to) for leg in out(stage)] == [f"number:{ELSEWHERE}"]


def test_a_call_back_that_may_not_leave_any_more_is_a_try_that_failed() -> None:
    office = office_with(callback=CallbackPlan(("+46",), tries=1), keys={})
    stage = Stage(replace(office, agents={"anna": ANNA, "bo": replace(BO, is_ready_at_start=False)}))
    floor = stage.switch.floor
    caller = stage.ring_in()
    stage.choose("anna", "paused")
    call = next(iter(floor.calls.values()))
    promising.promise(floor, call, "support", ELSEWHERE, stage.now, stage.now)
    stage.hang_up(caller)
    stage.tell(inputs.OfficeChanged(replace(floor.office, outgoing=OutgoingPlan(deny=("+4670999",)))))
    stage.choose("anna", "ready")
    stage.answer(stage.dialled()["phone:101"])
    (dialled,) = [leg for leg in stage.of(actions.DialLeg) if isinstance(leg.to, ToNumber)]
    assert dialled.trunks == ()
    stage.refuse(dialled.leg, Cause.NOT_ALLOWED)
    assert stage.one(events.CallbackTried).cause is Cause.NOT_ALLOWED
    assert stage.one(events.CallbackEnded).outcome == "gave-up"


# Emergency.


def test_help_is_called_while_the_switch_drains_by_trunks_that_look_down_past_every_rule() -> None:
    office = replace(with_phone(calls_out_max=0), outgoing=OutgoingPlan(deny=("+",)))
    stage = Stage(office)
    stage.tell(inputs.TrunkReachabilityChanged("carrier", is_reachable=False))
    stage.tell(inputs.DrainStarted())
    stage.ring_in("0112", phone="103")
    (leg,) = out(stage)
    assert (leg.to, leg.trunks, leg.is_emergency) == (ToNumber("112"), ("carrier",), True)
    assert stage.one(events.CallArrived).dialled == "0112"
    stage.answer(leg.leg)
    assert stage.switch.live_calls == 1, "and the switch waits for it"
    stage.ring_in("102", phone="101")
    assert stage.one(actions.RefuseLeg).cause is Cause.DRAINING


def test_an_agent_who_is_paused_calls_for_help_and_talks() -> None:
    stage = Stage()
    stage.choose("anna", "logged-out")
    stage.ring_in("112", phone="101")
    (leg,) = out(stage)
    stage.answer(leg.leg)
    assert stage.switch.floor.agents["anna"].activity == "talking"


def test_a_number_that_was_just_refused_is_called_again_for_help() -> None:
    stage = Stage()
    stage.ring_in("112", phone="103")
    (leg,) = out(stage)
    stage.refuse(leg.leg, Cause.UNREACHABLE)
    stage.ring_in("112", phone="103")
    assert len(out(stage)) == 1


def test_nobody_is_helped_to_112_by_a_carrier() -> None:
    stage = Stage()
    stage.ring_in("112")
    assert stage.one(actions.RefuseLeg).cause is Cause.UNKNOWN_NUMBER
    assert ToPhone("101") not in stage.switch.floor.devices_in_use


def test_an_agent_at_a_number_that_may_not_be_called_any_more_is_no_candidate() -> None:
    agents = {"anna": replace(ANNA, may_answer_at=("+46",))}
    support = replace(OFFICE.queues["support"], agents=("anna",), members=())
    stage = Stage(replace(OFFICE, agents=agents, queues={"support": support}))
    stage.tell(inputs.SetAgentNumber("anna", ELSEWHERE))
    stage.tell(inputs.OfficeChanged(replace(stage.switch.floor.office, outgoing=OutgoingPlan(deny=(ELSEWHERE,)))))
    stage.ring_in()
    assert not stage.of(actions.DialLeg)
    stage.tell(inputs.OfficeChanged(replace(stage.switch.floor.office, outgoing=OutgoingPlan())))
    assert [str(leg.to) for leg in out(stage)] == [f"number:{ELSEWHERE}"]
