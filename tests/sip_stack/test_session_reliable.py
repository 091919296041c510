"""Reliable provisional answers between two endpoints, and against a far end in raw text (RFC 3262)."""

from __future__ import annotations

from sip_stack.events import SessionAnswered, SessionCancelled, SessionEnded, SessionProgressed, SessionRefused
from sip_stack.message import Request, Response
from sip_stack.reliable import rseq_of
from tests.sip_stack.pair import ALICE, BOB, Pair, Party, answer, request

REQUIRED = (("Require", "100rel"),)
OFFERED = (("Supported", "100rel"),)
CONTACT = "Contact: <sip:bob@198.51.100.2>"


def rseq(party: Party, label: str = "180 INVITE") -> int:
    message = party.sent(label)[-1].message
    assert isinstance(message, Response)
    number = rseq_of(message)
    assert number is not None
    return number


def ringing() -> Pair:
    """Alice calls and requires 100rel; Bob rings."""
    pair = Pair()
    pair.alice.invite(headers=REQUIRED)
    pair.settle()
    pair.bob.endpoint.progress("in-1", 180, pair.clock.now)
    return pair


def test_whoever_requires_it_is_answered_reliably() -> None:
    pair = ringing()
    pair.settle()
    assert pair.alice.last_request("PRACK").headers.get("RAck") == f"{rseq(pair.bob)} 1 INVITE"
    assert pair.bob.labels() == ["100 INVITE", "180 INVITE", "200 PRACK"]
    pair.run_until(60)
    assert len(pair.bob.sent("180 INVITE")) == 2, "once, and once more after a minute"


def test_whoever_only_knows_it_is_answered_as_ever() -> None:
    pair = Pair()
    pair.alice.invite(headers=OFFERED)
    pair.settle()
    pair.bob.endpoint.progress("in-1", 180, pair.clock.now)
    pair.settle()
    assert pair.alice.sent("PRACK") == []
    assert pair.bob.sent("180 INVITE")[0].message.headers.get("RSeq") is None


def test_a_lost_answer_and_a_lost_prack_are_made_good() -> None:
    pair = ringing()
    pair.lose("180 INVITE", 2)
    pair.lose("PRACK", 1)
    pair.run_until(5)
    assert pair.bob.times("180 INVITE")[:3] == [0.0, 0.5, 1.5]
    assert [told.status for told in pair.alice.told(SessionProgressed)] == [180]
    assert pair.bob.sent("200 PRACK")
    assert pair.bob.labels().count("180 INVITE") <= 4


def test_the_call_is_answered_and_ended_after_it_with_rising_numbers() -> None:
    pair = ringing()
    pair.settle()
    pair.bob.endpoint.accept("in-1", b"", pair.clock.now)
    pair.settle()
    assert pair.alice.told(SessionAnswered)
    assert pair.alice.sent("ACK")[0].message.cseq.number == 1
    pair.alice.endpoint.end("call", pair.clock.now)
    pair.settle()
    assert pair.alice.last_request("BYE").cseq.number > pair.alice.last_request("PRACK").cseq.number
    assert pair.bob.told(SessionEnded)
    pair.run_until(100)
    assert pair.alice.endpoint.session_count == pair.bob.endpoint.session_count == 0


def test_an_answer_need_not_wait_for_the_prack() -> None:
    """§3: ours carry no SDP; a late PRACK is still answered."""
    pair = ringing()
    pair.delay("PRACK", 2.0)
    pair.bob.endpoint.accept("in-1", b"", pair.clock.now)
    pair.run_until(3)
    assert pair.alice.told(SessionAnswered)
    assert "200 PRACK" in pair.bob.labels()
    assert "481 PRACK" not in pair.bob.labels()


def test_one_after_the_other() -> None:
    pair = ringing()
    pair.delay("PRACK", 0.2)
    pair.bob.endpoint.progress("in-1", 183, pair.clock.now)
    pair.settle()
    assert "183 INVITE" not in pair.bob.labels()
    pair.run_until(1)
    assert rseq(pair.bob, "183 INVITE") == rseq(pair.bob) + 1
    assert [told.status for told in pair.alice.told(SessionProgressed)] == [180, 183]


def test_a_caller_who_never_acknowledges_is_given_up() -> None:
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE", lines=("Contact: <sip:alice@192.0.2.1:5060>", "Require: 100rel")))
    bob.endpoint.progress("in-1", 180, bob.now)
    bob.run_until(40)
    assert bob.sent("504 INVITE")[0].at == 32.0
    assert len(bob.told(SessionCancelled)) == 1
    assert len(bob.sent("180 INVITE")) == 7, "0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s"


def test_a_prack_for_something_else_gets_481_and_changes_nothing() -> None:
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE", lines=("Contact: <sip:alice@192.0.2.1:5060>", "Require: 100rel")))
    bob.endpoint.progress("in-1", 180, bob.now)
    tag = bob.last_response().to.tag
    number = rseq(bob)
    for index, line in enumerate((f"RAck: {number + 1} 1 INVITE", f"RAck: {number} 2 INVITE", "Subject: none")):
        bob.hear(request("PRACK", branch=f"z9hG4bK-p{index}", cseq=2 + index, to_tag=tag, lines=(line,)))
        assert bob.labels()[-1] == "481 PRACK"
    bob.hear(request("PRACK", branch="z9hG4bK-q", cseq=9, to_tag=tag, lines=(f"RAck: {number} 1 INVITE",)))
    assert bob.labels()[-1] == "200 PRACK"


def test_a_prack_outside_a_call_has_no_dialog() -> None:
    bob = Party("b", BOB, ALICE)
    bob.hear(request("PRACK", lines=("RAck: 1 1 INVITE",)))
    assert bob.labels() == ["481 PRACK"]


def reliable(invite: Request, status: int, number: int, tag: str = "far") -> bytes:
    return answer(invite, status, tag=tag, lines=(CONTACT, "Require: 100rel", f"RSeq: {number}"))


def test_answers_are_acknowledged_in_order() -> None:
    """§4: one out of order is not acknowledged, and comes again."""
    alice = Party("a", ALICE, BOB)
    alice.invite(headers=OFFERED)
    invite = alice.last_request("INVITE")
    for number in (7, 9, 7, 8, 9):
        alice.hear(reliable(invite, 183, number))
    acknowledged = [each.message.headers.get("RAck") for each in alice.sent("PRACK")]
    assert acknowledged == ["7 1 INVITE", "8 1 INVITE", "9 1 INVITE"]
    assert [each.message.cseq.number for each in alice.sent("PRACK")] == [2, 3, 4]
    assert len(alice.told(SessionProgressed)) == 3


def test_each_fork_counts_for_itself_and_the_one_that_answers_goes_on() -> None:
    alice = Party("a", ALICE, BOB)
    alice.invite(headers=OFFERED)
    invite = alice.last_request("INVITE")
    for number, tag in ((1, "one"), (500, "two"), (2, "one")):
        alice.hear(reliable(invite, 180, number, tag))
    assert [each.message.to.tag for each in alice.sent("PRACK")] == ["one", "two", "one"]
    assert [each.message.cseq.number for each in alice.sent("PRACK")] == [2, 2, 3]
    alice.hear(answer(invite, 200, tag="one"))
    alice.endpoint.end("call", alice.now)
    assert alice.last_request("BYE").cseq.number == 4


def test_a_refusal_after_it_is_a_refusal() -> None:
    alice = Party("a", ALICE, BOB)
    alice.invite(headers=OFFERED)
    invite = alice.last_request("INVITE")
    alice.hear(reliable(invite, 180, 1))
    alice.hear(answer(invite, 486))
    (told,) = alice.told(SessionRefused)
    assert (told.status, told.was_ringing) == (486, True)
