"""REFER and Replaces at the edge: who may ask, what the domain is told, and what the telephone hears of it."""

from __future__ import annotations

from softswitch.domain.actions import AnswerLeg, AnswerReferral, DialLeg
from softswitch.domain.causes import Cause
from softswitch.domain.inputs import LegInvited, LegReferred
from softswitch.domain.office import ToPhone
from tests.sim.sip_text import SipText
from tests.softswitch.signalling.stage import (
    CARRIER,
    DESK,
    OFFER,
    Stage,
    from_called,
    from_caller,
    invite,
    reply,
)

ANSWER = OFFER.replace("10.0.3.1", "10.0.2.1")


def talk(stage: Stage) -> SipText:
    """Phone 101 is rung, answers, and has our ACK; returns the INVITE that it got."""
    stage.register("101")
    (rung,) = stage.act(DialLeg("call-l1", "call", ToPhone("101"), "+46701234567", "", 70))
    stage.hear(reply(rung, 200, "OK", body=ANSWER), DESK)
    return rung


def refer(rung: SipText, to: str, cseq: int = 1) -> str:
    return from_called(rung, "REFER", cseq).replace("\nCSeq:", f"\nRefer-To: <{to}>\nCSeq:", 1)


def statuses(answers: list[SipText]) -> list[int | None]:
    return [answer.status for answer in answers]


def test_the_domain_is_told_what_was_dialled_and_the_telephone_that_it_is_done() -> None:
    stage = Stage()
    rung = talk(stage)
    assert stage.hear(refer(rung, "sip:102@office.example"), DESK) == []
    assert stage.told == [LegReferred("call-l1", "102", None)]
    accepted, notify = stage.act(AnswerReferral("call-l1", None))
    assert (accepted.status, notify.method, notify.body) == (202, "NOTIFY", "SIP/2.0 200 OK\r\n")


def test_an_address_elsewhere_is_told_as_a_whole() -> None:
    stage = Stage()
    rung = talk(stage)
    stage.hear(refer(rung, "sip:102@elsewhere.example"), DESK)
    assert stage.told == [LegReferred("call-l1", "102@elsewhere.example", None)]


def test_the_domains_no_has_its_status() -> None:
    stage = Stage()
    rung = talk(stage)
    stage.hear(refer(rung, "sip:999@office.example"), DESK)
    assert statuses(stage.act(AnswerReferral("call-l1", Cause.UNKNOWN_NUMBER))) == [404]


def test_a_dialog_that_is_named_becomes_its_leg() -> None:
    stage = Stage()
    rung = talk(stage)
    (second,) = stage.act(DialLeg("other-l1", "other", ToPhone("101"), "102", "", 70))
    stage.hear(reply(second, 200, "OK", body=ANSWER), DESK)
    tags = f"%3Bto-tag%3D{second.from_tag}%3Bfrom-tag%3Dcalled"
    named = f"sip:102@office.example?Replaces={second.call_id}{tags}"
    stage.hear(refer(rung, named), DESK)
    assert stage.told == [LegReferred("call-l1", "102", "other-l1")]


def test_a_dialog_that_is_not_there_is_not_found() -> None:
    stage = Stage()
    rung = talk(stage)
    named = "sip:102@office.example?Replaces=nobody%3Bto-tag%3D1%3Bfrom-tag%3D2"
    assert statuses(stage.hear(refer(rung, named), DESK)) == [404]
    assert stage.told == []


def test_only_a_telephone_of_the_house_may_ask() -> None:
    stage = Stage()
    stage.hear(invite(), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    (ok,) = stage.act(AnswerLeg(told.leg))
    stage.hear(from_caller(ok, "ACK", 1), CARRIER)
    message = from_caller(ok, "REFER", 2).replace("\nCSeq:", "\nRefer-To: <sip:102@office.example>\nCSeq:", 1)
    assert statuses(stage.hear(message, CARRIER)) == [403]
    assert stage.told == []


def test_an_invite_for_a_dialog_that_is_not_there_gets_481() -> None:
    stage = Stage()
    message = invite().replace("\nCSeq:", "\nReplaces: nobody;to-tag=1;from-tag=2\nCSeq:", 1)
    assert statuses(stage.hear(message, CARRIER)) == [100, 481]
    assert stage.told == []


def test_a_carrier_may_not_take_a_place() -> None:
    stage = Stage()
    stage.hear(invite(), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    (ok,) = stage.act(AnswerLeg(told.leg))
    stage.hear(from_caller(ok, "ACK", 1), CARRIER)
    named = f"Replaces: {ok.call_id};to-tag={ok.to_tag};from-tag={ok.from_tag}"
    message = invite(call="another").replace("\nCSeq:", f"\n{named}\nCSeq:", 1)
    assert statuses(stage.hear(message, CARRIER)) == [100, 403]
