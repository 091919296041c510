"""Reliable provisional answers between two endpoints, and against a far end in raw text (RFC 3262)."""

from __future__ import annotations

from sip_stack.events import (
    SessionAnswered,
    SessionCancelled,
    SessionEnded,
    SessionOfferAnswered,
    SessionProgressed,
    SessionRefused,
)
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


def test_a_branch_that_picks_up_too_is_ended_with_a_number_of_its_own() -> None:
    """Its PRACK has used CSeq 2: a BYE with that would be refused as out of order, and the branch would stay up."""
    alice = Party("a", ALICE, BOB)
    alice.invite(headers=OFFERED)
    invite = alice.last_request("INVITE")
    for number, tag in ((1, "one"), (500, "two"), (501, "two")):
        alice.hear(reliable(invite, 180, number, tag))
    alice.hear(answer(invite, 200, tag="one", lines=(CONTACT,)))
    alice.hear(answer(invite, 200, tag="two", lines=(CONTACT,)))
    assert [each.message.cseq.number for each in alice.sent("ACK")] == [1, 1]
    (bye,) = alice.sent("BYE")
    assert (bye.message.to.tag, bye.message.cseq.number) == ("two", 4)


def test_so_is_one_that_picks_up_when_the_call_is_gone() -> None:
    alice = Party("a", ALICE, BOB)
    alice.invite(headers=OFFERED)
    invite = alice.last_request("INVITE")
    alice.hear(reliable(invite, 180, 1, "one"))
    alice.hear(reliable(invite, 180, 7, "two"))
    alice.hear(answer(invite, 200, tag="one", lines=(CONTACT,)))
    alice.endpoint.end("call", alice.now)
    alice.hear(answer(alice.last_request("BYE"), 200, tag="one"))
    assert alice.endpoint.session_count == 0
    alice.hear(answer(invite, 200, tag="two", lines=(CONTACT,)))
    bye = alice.last_request("BYE")
    assert (bye.to.tag, bye.cseq.number) == ("two", 3)


def test_an_answer_that_arrived_for_certain_is_settled() -> None:
    """RFC 3262 §5, RFC 3264: what the 2xx of the same branch says is no second answer; another branch has its own."""
    for tag, counts in (("one", b"first\r\n"), ("two", b"second\r\n")):
        alice = Party("a", ALICE, BOB)
        alice.invite(headers=OFFERED)
        invite = alice.last_request("INVITE")
        early = (CONTACT, "Require: 100rel", "RSeq: 1", "Content-Type: application/sdp")
        alice.hear(answer(invite, 183, tag="one", lines=early, body="first\r\n"))
        late = (CONTACT, "Content-Type: application/sdp")
        alice.hear(answer(invite, 200, tag=tag, lines=late, body="second\r\n"))
        assert [told.body for told in alice.told(SessionAnswered)] == [counts]


OFFER = b"v=0\r\no=offer\r\n"


def offering() -> Party:
    """Bob is called without an offer by somebody who requires 100rel; his ringing carries his own."""
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE", lines=("Contact: <sip:alice@192.0.2.1:5060>", "Require: 100rel")))
    bob.endpoint.progress("in-1", 180, bob.now, body=OFFER)
    return bob


def prack(bob: Party, *, body: str = "", kind: str = "application/sdp") -> str:
    lines = (f"RAck: {rseq(bob)} 1 INVITE", *((f"Content-Type: {kind}",) if body else ()))
    tag = bob.sent("180 INVITE")[0].message.to.tag
    bob.hear(request("PRACK", branch="z9hG4bK-prack", cseq=2, to_tag=tag, lines=lines, body=body))
    return next(label for label in bob.labels() if label.endswith("PRACK"))


def test_an_offer_in_it_is_answered_in_the_prack() -> None:
    """RFC 3262 §5: the INVITE had none, so the first reliable answer must."""
    bob = offering()
    ringing = bob.sent("180 INVITE")[0].message
    assert (ringing.body, ringing.content_type) == (OFFER, "application/sdp")
    assert prack(bob, body="v=0\r\n") == "200 PRACK"
    assert bob.told(SessionOfferAnswered) == [SessionOfferAnswered("in-1", b"v=0\r\n")]
    bob.endpoint.accept("in-1", b"", bob.now)
    assert (bob.last_response().status, bob.last_response().body) == (200, b"")


def test_the_2xx_waits_until_the_offer_has_arrived() -> None:
    """§3, and it says nothing more of what was agreed by then."""
    bob = offering()
    bob.endpoint.accept("in-1", OFFER, bob.now)
    assert "200 INVITE" not in bob.labels()
    prack(bob, body="v=0\r\n")
    assert bob.labels()[-2:] == ["200 PRACK", "200 INVITE"]
    assert (bob.last_response().body, bob.last_response().content_type) == (b"", None)


def test_a_prack_without_the_answer_leaves_it_to_the_ack() -> None:
    bob = offering()
    bob.endpoint.accept("in-1", OFFER, bob.now)
    assert prack(bob) == "200 PRACK"
    assert bob.last_response().body == OFFER


def test_who_gives_up_meanwhile_is_not_answered() -> None:
    bob = offering()
    bob.endpoint.accept("in-1", OFFER, bob.now)
    bob.hear(request("CANCEL"))
    assert bob.labels()[-2:] == ["200 CANCEL", "487 INVITE"]
    prack(bob, body="v=0\r\n")
    assert "200 INVITE" not in bob.labels()
    assert len(bob.told(SessionCancelled)) == 1


def test_an_offer_that_never_arrives_ends_the_call() -> None:
    bob = offering()
    bob.endpoint.accept("in-1", OFFER, bob.now)
    bob.run_until(40)
    assert bob.sent("504 INVITE")[0].at == 32.0
    assert bob.told(SessionCancelled)
    assert bob.endpoint.session_count == 0


def test_an_offer_in_a_prack_is_refused_and_one_of_a_wrong_type_too() -> None:
    for kind, status in (("application/sdp", 488), ("text/plain", 415)):
        bob = Party("b", BOB, ALICE)
        bob.hear(request("INVITE", lines=("Contact: <sip:alice@192.0.2.1:5060>", "Require: 100rel"), body="v=0\r\n"))
        bob.endpoint.progress("in-1", 180, bob.now)
        assert prack(bob, body="v=1\r\n", kind=kind) == f"{status} PRACK"
        assert bob.told(SessionOfferAnswered) == []
        bob.run_until(20)
        assert len(bob.sent("180 INVITE")) == 1, "it was acknowledged all the same"
