"""Requests inside a call that nobody has answered yet (RFC 3261 §12, §14.2, §15.1.2; RFC 3311 §5.2)."""

from __future__ import annotations

import pytest

from sip_stack.events import SessionAnswered, SessionCancelled, SessionEnded
from sip_stack.message import Request
from tests.sip_stack.pair import ALICE, BOB, Party, answer, request

CONTACT = "Contact: <sip:alice@192.0.2.1:5060>"
MOVED = "Contact: <sip:alice@192.0.2.77:5070>"
SDP = ("Content-Type: application/sdp",)


def called() -> Party:
    """Bob is called, and his telephone rings."""
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE", lines=(CONTACT,)))
    bob.endpoint.progress("in-1", 180, bob.now)
    return bob


def inside(bob: Party, method: str, *, cseq: int = 2, lines: tuple[str, ...] = (), body: str = "") -> str:
    """What Alice's request in the early dialog is answered with."""
    tag = bob.sent("180 INVITE")[0].message.to.tag
    bob.hear(request(method, branch=f"z9hG4bK-in{cseq}{method}", cseq=cseq, to_tag=tag, lines=lines, body=body))
    return bob.labels()[-1]


def test_a_caller_may_ask_and_move_before_the_answer() -> None:
    bob = called()
    assert inside(bob, "OPTIONS", cseq=2) == "200 OPTIONS"
    assert inside(bob, "INFO", cseq=3) == "200 INFO"
    assert inside(bob, "UPDATE", cseq=4, lines=(MOVED,)) == "200 UPDATE"
    assert bob.last_response().contacts
    bob.endpoint.accept("in-1", b"v=0", bob.now)
    tag = bob.last_response().to.tag
    bob.hear(request("ACK", branch="z9hG4bK-ack", to_tag=tag))
    bob.endpoint.end("in-1", bob.now)
    assert bob.last_request("BYE").uri_text == "sip:alice@192.0.2.77:5070"


def test_numbers_go_on_rising_after_the_answer() -> None:
    bob = called()
    assert inside(bob, "OPTIONS", cseq=9) == "200 OPTIONS"
    assert inside(bob, "INFO", cseq=8) == "500 INFO"
    bob.endpoint.accept("in-1", b"v=0", bob.now)
    tag = bob.last_response().to.tag
    bob.hear(request("ACK", branch="z9hG4bK-ack", to_tag=tag))
    assert inside(bob, "BYE", cseq=9) == "500 BYE"
    assert inside(bob, "BYE", cseq=10) == "200 BYE"
    assert len(bob.told(SessionEnded)) == 1


@pytest.mark.parametrize(
    ("method", "lines"), [("UPDATE", (CONTACT, *SDP)), ("INVITE", (CONTACT, *SDP)), ("REFER", ("Refer-To: <sip:c@d>",))]
)
def test_what_would_change_the_talk_is_put_off(method: str, lines: tuple[str, ...]) -> None:
    bob = called()
    assert inside(bob, method, lines=lines, body="v=0\r\n" if method != "REFER" else "") == f"500 {method}"
    assert bob.last_response().headers.get("Retry-After") == "5"
    assert bob.told(SessionCancelled) == []
    bob.endpoint.accept("in-1", b"v=0", bob.now)
    assert bob.labels()[-1] == "200 INVITE"


def test_a_body_that_nobody_understands_is_of_a_wrong_type() -> None:
    bob = called()
    assert inside(bob, "UPDATE", lines=("Content-Type: text/plain",), body="hello") == "415 UPDATE"
    assert inside(bob, "PUBLISH", cseq=3) == "405 PUBLISH"


def calling() -> tuple[Party, Request]:
    """Alice calls; the far end rings under the tag `far`."""
    alice = Party("a", ALICE, BOB)
    alice.invite(body=b"v=0")
    invite = alice.last_request("INVITE")
    alice.hear(answer(invite, 180, tag="far", lines=("Contact: <sip:bob@198.51.100.2>",)))
    return alice, invite


def from_callee(alice: Party, invite: Request, method: str, *, lines: tuple[str, ...] = (), body: str = "") -> str:
    alice.hear(
        request(
            method,
            branch=f"z9hG4bK-far{method}{len(body)}",
            call_id=invite.call_id,
            from_tag="far",
            to_tag=invite.from_.tag,
            cseq=7,
            lines=lines,
            body=body,
        )
    )
    return alice.labels()[-1]


def test_who_is_called_may_ask_and_move_before_he_answers() -> None:
    alice, invite = calling()
    assert from_callee(alice, invite, "OPTIONS") == "200 OPTIONS"
    assert from_callee(alice, invite, "UPDATE", lines=("Contact: <sip:bob@198.51.100.3>",)) == "200 UPDATE"
    assert from_callee(alice, invite, "UPDATE", lines=SDP, body="v=0\r\n") == "500 UPDATE"
    alice.hear(answer(invite, 200, tag="far", lines=("Contact: <sip:bob@198.51.100.3>",)))
    assert len(alice.told(SessionAnswered)) == 1


def test_who_is_called_cannot_end_what_he_has_not_answered() -> None:
    """§15: a callee refuses, with a final answer to the INVITE."""
    alice, invite = calling()
    assert from_callee(alice, invite, "BYE") == "481 BYE"
    alice.hear(answer(invite, 200, tag="far", lines=("Contact: <sip:bob@198.51.100.2>",)))
    assert len(alice.told(SessionAnswered)) == 1


def test_a_stranger_to_the_call_finds_none() -> None:
    alice, invite = calling()
    alice.hear(request("UPDATE", call_id=invite.call_id, from_tag="far", to_tag="guessed", lines=(CONTACT,)))
    assert alice.labels()[-1] == "481 UPDATE"
