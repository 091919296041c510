"""REFER inside a session: told, and answered as its owner decides."""

from __future__ import annotations

from sip_stack.events import SessionEnded, SessionReferred
from sip_stack.message import Request, Response
from sip_stack.referral import Replaces
from tests.sip_stack.pair import ALICE, BOB, Party, request

CONTACT = "Contact: <sip:alice@192.0.2.1>"
REFER_TO = "Refer-To: <sip:102@example.org>"


def called() -> Party:
    """Bob is called, answers, and has the ACK."""
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE", cseq=1, lines=(CONTACT,)))
    bob.endpoint.accept("in-1", b"v=0\r\n", bob.now)
    inside(bob, "ACK", 1)
    return bob


def inside(bob: Party, method: str, cseq: int, *lines: str) -> Response | Request:
    """The caller asks for something inside the call; returns the last thing that Bob says."""
    tag = bob.sent("200 INVITE")[0].message.to.tag or ""
    bob.hear(request(method, branch=f"z9hG4bK-{method}{cseq}", cseq=cseq, to_tag=tag, lines=lines))
    return bob.sent()[-1].message


def test_a_refer_that_is_taken_gets_202_and_one_report() -> None:
    bob = called()
    inside(bob, "REFER", 2, CONTACT, REFER_TO)
    (told,) = bob.told(SessionReferred)
    assert (told.session, told.uri.user, told.replaces) == ("in-1", "102", None)
    bob.endpoint.accept_referral("in-1", bob.now)
    assert bob.labels()[-2:] == ["202 REFER", "NOTIFY"]
    notify = bob.last_request("NOTIFY")
    assert notify.headers.get("Event") == "refer"
    assert notify.headers.get("Subscription-State") == "terminated;reason=noresource"
    assert notify.headers.get("Content-Type") == "message/sipfrag;version=2.0"
    assert notify.body == b"SIP/2.0 200 OK\r\n"


def test_a_second_report_names_its_refer() -> None:
    bob = called()
    for cseq in (2, 3):
        inside(bob, "REFER", cseq, CONTACT, REFER_TO)
        bob.endpoint.accept_referral("in-1", bob.now)
    assert bob.last_request("NOTIFY").headers.get("Event") == "refer;id=3"


def test_who_wants_no_report_gets_200_and_none() -> None:
    bob = called()
    inside(bob, "REFER", 2, CONTACT, REFER_TO, "Refer-Sub: false", "Require: norefersub")
    bob.endpoint.accept_referral("in-1", bob.now)
    assert bob.labels()[-1] == "200 REFER"
    assert bob.last_response().headers.get("Refer-Sub") == "false"
    assert bob.sent("NOTIFY") == []


def test_a_refused_refer_leaves_the_call() -> None:
    bob = called()
    inside(bob, "REFER", 2, CONTACT, REFER_TO)
    bob.endpoint.refuse_referral("in-1", 404, bob.now)
    assert bob.labels()[-1] == "404 REFER"
    assert bob.endpoint.session_count == 1


def test_one_refer_at_a_time() -> None:
    bob = called()
    inside(bob, "REFER", 2, CONTACT, REFER_TO)
    inside(bob, "REFER", 3, CONTACT, REFER_TO)
    assert bob.labels()[-1] == "500 REFER"
    assert len(bob.told(SessionReferred)) == 1


def test_a_refer_without_an_address_is_a_bad_request() -> None:
    bob = called()
    inside(bob, "REFER", 2, CONTACT)
    assert bob.labels()[-1] == "400 REFER"


def test_a_refer_outside_a_call_has_no_dialog() -> None:
    bob = Party("b", BOB, ALICE)
    bob.hear(request("REFER", lines=(CONTACT, REFER_TO)))
    assert bob.labels() == ["481 REFER"]


def test_a_caller_who_hangs_up_first_is_answered_both() -> None:
    bob = called()
    inside(bob, "REFER", 2, CONTACT, REFER_TO)
    inside(bob, "BYE", 3)
    assert bob.labels()[-2:] == ["487 REFER", "200 BYE"]
    assert len(bob.told(SessionEnded)) == 1


def test_a_dialog_is_found_by_the_names_that_replaces_gives_it() -> None:
    """RFC 3891 §3: to-tag is the tag of the one who receives it."""
    bob = called()
    invite = bob.sent("200 INVITE")[0].message
    ours, theirs = invite.to.tag or "", invite.from_.tag or ""
    assert bob.endpoint.session_of(Replaces(invite.call_id, ours, theirs)) == "in-1"
    assert bob.endpoint.session_of(Replaces(invite.call_id, theirs, ours)) is None
    assert bob.endpoint.session_of(Replaces("another", ours, theirs)) is None


def test_a_call_that_is_not_answered_yet_is_found_too() -> None:
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE", cseq=1, lines=(CONTACT,)))
    bob.endpoint.progress("in-1", 180, bob.now)
    ringing = bob.last_response()
    assert bob.endpoint.session_of(Replaces(ringing.call_id, ringing.to.tag or "", ringing.from_.tag or "")) == "in-1"
