"""Offers of ours inside a call (RFC 3261 §14): accepted, refused, crossed, lost, and never two at a time."""

import pytest

from sip_stack.errors import LocalError
from sip_stack.events import SessionEnded, SessionReanswered, SessionReoffered, SessionReofferRefused
from tests.sip_stack.pair import Pair

HOLD = b"v=0\r\na=sendonly\r\n"
OTHER = b"v=0\r\na=inactive\r\n"
HELD = b"v=0\r\na=recvonly\r\n"


def test_an_offer_is_answered_and_the_answer_acknowledged() -> None:
    pair = Pair()
    bobs = pair.talk()
    pair.alice.endpoint.reoffer("call", HOLD, pair.clock.now)
    pair.settle()
    assert pair.bob.told(SessionReoffered) == [SessionReoffered(bobs, HOLD)]
    pair.bob.endpoint.accept_reoffer(bobs, HELD, pair.clock.now)
    pair.settle()
    assert pair.alice.told(SessionReanswered) == [SessionReanswered("call", HELD)]
    first, second = pair.alice.sent("INVITE")
    assert (first.message.cseq.number, second.message.cseq.number) == (1, 2)
    assert second.message.headers.get("Contact") == first.message.headers.get("Contact")
    assert second.message.to.tag
    assert [sent.message.cseq.number for sent in pair.alice.sent("ACK")] == [1, 2]


def test_whoever_was_called_may_offer_too() -> None:
    pair = Pair()
    bobs = pair.talk()
    pair.bob.endpoint.reoffer(bobs, HOLD, pair.clock.now)
    pair.settle()
    pair.alice.endpoint.accept_reoffer("call", HELD, pair.clock.now)
    pair.settle()
    assert pair.bob.told(SessionReanswered) == [SessionReanswered(bobs, HELD)]


def test_a_lost_ack_is_sent_again_for_the_repeated_answer() -> None:
    pair = Pair()
    bobs = pair.talk()
    pair.alice.endpoint.reoffer("call", HOLD, pair.clock.now)
    pair.settle()
    pair.lose("ACK")
    pair.bob.endpoint.accept_reoffer(bobs, HELD, pair.clock.now)
    pair.run_until(pair.clock.now + 5)
    assert len(pair.alice.told(SessionReanswered)) == 1
    assert len(pair.alice.sent("ACK")) == 3, "one for the call, and two for the offer"
    assert not pair.bob.told(SessionEnded)


def test_a_refused_offer_leaves_the_call_as_it_was() -> None:
    pair = Pair()
    bobs = pair.talk()
    pair.alice.endpoint.reoffer("call", HOLD, pair.clock.now)
    pair.settle()
    pair.bob.endpoint.refuse_reoffer(bobs, 488, pair.clock.now)
    pair.run_until(pair.clock.now + 60)
    assert pair.alice.told(SessionReofferRefused) == [SessionReofferRefused("call", 488)]
    assert len(pair.alice.sent("INVITE")) == 2
    assert pair.alice.endpoint.session_count == pair.bob.endpoint.session_count == 1


def test_offers_that_cross_are_both_refused_and_tried_again_the_callees_first() -> None:
    """§14.1: the side that chose the Call-ID waits 2.1 to 4 s, the other 0 to 2 s."""
    pair = Pair()
    bobs = pair.talk()
    began = pair.clock.now
    pair.alice.endpoint.reoffer("call", HOLD, began)
    pair.bob.endpoint.reoffer(bobs, OTHER, began)
    pair.settle()
    assert [sent.label for party in (pair.alice, pair.bob) for sent in party.sent("491 INVITE")] == ["491 INVITE"] * 2
    assert not pair.alice.told(SessionReoffered)
    assert not pair.bob.told(SessionReoffered)
    pair.run_until(began + 2.05)
    assert pair.alice.told(SessionReoffered) == [SessionReoffered("call", OTHER)]
    pair.alice.endpoint.accept_reoffer("call", HELD, pair.clock.now)
    pair.run_until(began + 4.6)
    assert pair.bob.told(SessionReoffered) == [SessionReoffered(bobs, HOLD)]
    again = pair.alice.sent("INVITE")[-1].at - began
    assert 2.1 <= again <= 4.0
    pair.bob.endpoint.accept_reoffer(bobs, HELD, pair.clock.now)
    pair.settle()
    assert pair.alice.told(SessionReanswered) == [SessionReanswered("call", HELD)]
    assert pair.bob.told(SessionReanswered) == [SessionReanswered(bobs, HELD)]


def test_an_offer_waits_for_theirs_to_be_answered() -> None:
    pair = Pair()
    bobs = pair.talk()
    pair.bob.endpoint.reoffer(bobs, OTHER, pair.clock.now)
    pair.settle()
    pair.alice.endpoint.reoffer("call", HOLD, pair.clock.now)
    pair.run_until(pair.clock.now + 3)
    assert len(pair.alice.sent("INVITE")) == 1
    pair.alice.endpoint.accept_reoffer("call", HELD, pair.clock.now)
    pair.run_until(pair.clock.now + 1)
    assert pair.bob.told(SessionReoffered) == [SessionReoffered(bobs, HOLD)]


def test_of_several_offers_only_the_newest_is_made() -> None:
    pair = Pair()
    bobs = pair.talk()
    for body in (HOLD, HELD, OTHER):
        pair.alice.endpoint.reoffer("call", body, pair.clock.now)
    pair.settle()
    pair.bob.endpoint.accept_reoffer(bobs, b"v=0", pair.clock.now)
    pair.run_until(pair.clock.now + 2)
    pair.bob.endpoint.accept_reoffer(bobs, b"v=0", pair.clock.now)
    pair.run_until(pair.clock.now + 5)
    assert [event.body for event in pair.bob.told(SessionReoffered)] == [HOLD, OTHER]


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_peer_that_does_not_know_the_call_any_more_or_says_nothing_ends_it(*, is_gone: bool) -> None:
    """§12.2.1.2."""
    pair = Pair()
    bobs = pair.talk()
    if is_gone:
        pair.lose("BYE", times=11)
        pair.lose("481 INVITE", times=0)
        pair.bob.endpoint.end(bobs, pair.clock.now)
        pair.run_until(pair.clock.now + 40)
    else:
        pair.lose("INVITE", times=11)
    pair.alice.endpoint.reoffer("call", HOLD, pair.clock.now)
    pair.run_until(pair.clock.now + 40)
    assert [event.status for event in pair.alice.told(SessionEnded)] == [481 if is_gone else 408]
    assert pair.alice.endpoint.session_count == 0


def test_a_call_that_is_hung_up_takes_its_offer_with_it() -> None:
    pair = Pair()
    bobs = pair.talk()
    pair.bob.endpoint.reoffer(bobs, OTHER, pair.clock.now)
    pair.alice.endpoint.reoffer("call", HOLD, pair.clock.now)
    pair.settle()
    pair.alice.endpoint.end("call", pair.clock.now)
    pair.run_until(pair.clock.now + 60)
    assert len(pair.bob.sent("INVITE")) == 1
    assert pair.alice.endpoint.session_count == pair.bob.endpoint.session_count == 0


def test_a_call_that_is_not_up_cannot_be_modified() -> None:
    pair = Pair()
    pair.alice.invite()
    with pytest.raises(LocalError, match="not up"):
        pair.alice.endpoint.reoffer("call", HOLD, 0.0)
