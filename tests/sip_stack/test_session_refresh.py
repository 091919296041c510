"""Sessions that are kept alive, and ended when nobody does (RFC 4028); UPDATE inside a session (RFC 3311)."""

from __future__ import annotations

import pytest

from sip_stack.events import SessionEnded, SessionReanswered, SessionRefused, SessionReoffered
from sip_stack.message import Response
from sip_stack.session_timer import INTERVAL_S
from tests.sip_stack.pair import ALICE, BOB, Pair, Party, answer, request

OFFER = b"v=0\r\na=sendonly\r\n"
ANSWER = b"v=0\r\na=recvonly\r\n"
CONTACT = "Contact: <sip:alice@192.0.2.1>"


def called(*lines: str) -> Party:
    """Bob is called with these header lines, answers, and has the ACK."""
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE", cseq=1, lines=(CONTACT, *lines)))
    bob.endpoint.accept("in-1", ANSWER, bob.now)
    inside(bob, "ACK", 1)
    return bob


def inside(bob: Party, method: str, cseq: int, *lines: str, body: bytes = b"") -> Response:
    """The caller asks for something inside the call; returns what Bob says."""
    tag = bob.sent("200 INVITE")[0].message.to.tag or ""
    branch = f"z9hG4bK-{method}{cseq}"
    bob.hear(request(method, branch=branch, cseq=cseq, to_tag=tag, lines=lines, body=body.decode()))
    return bob.last_response()


def calling(*lines: str) -> Party:
    """Alice calls, and is answered with these header lines."""
    alice = Party("a", ALICE, BOB)
    alice.invite(body=OFFER)
    alice.hear(answer(alice.last_request("INVITE"), 200, tag="far", lines=lines))
    return alice


def test_a_call_of_ours_asks_for_half_an_hour() -> None:
    alice = Party("a", ALICE, BOB)
    alice.invite()
    headers = alice.last_request("INVITE").headers
    assert (headers.get("Session-Expires"), headers.get("Min-SE")) == (str(INTERVAL_S), "90")
    assert "timer" in headers.all("Supported")


def test_two_of_us_keep_a_call_alive_for_a_day() -> None:
    pair = Pair()
    pair.talk()
    pair.run_until(86_400)
    assert pair.alice.told(SessionEnded) == pair.bob.told(SessionEnded) == []
    assert pair.alice.times("UPDATE") == [900.0 * index for index in range(1, 97)]


def test_a_far_end_without_update_is_sent_the_same_offer_again() -> None:
    alice = calling("Session-Expires: 600;refresher=uac", "Allow: INVITE, ACK, BYE", "Contact: <sip:bob@198.51.100.2>")
    alice.run_until(300)
    again = alice.last_request("INVITE")
    assert again.to.tag == "far"
    assert again.body == OFFER
    assert again.headers.get("Session-Expires") == "600;refresher=uac"
    alice.hear(answer(again, 200, tag="far", lines=("Session-Expires: 600;refresher=uac",)))
    alice.run_until(599)
    assert alice.told(SessionEnded) == []
    assert alice.told(SessionReanswered) != []


def test_a_caller_who_does_not_refresh_is_hung_up_on_before_the_interval_is_over() -> None:
    bob = called("Supported: timer", "Session-Expires: 600;refresher=uac")
    bob.run_until(567)
    assert bob.told(SessionEnded) == []
    bob.run_until(568)
    assert bob.labels()[-1] == "BYE"
    assert bob.told(SessionEnded) == [SessionEnded("in-1", by_peer=False, status=408, reason=None)]


@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
def test_every_refresh_of_the_callers_begins_the_interval_anew(method: str) -> None:
    bob = called("Supported: timer", "Session-Expires: 600;refresher=uac")
    bob.run_until(400)
    inside(bob, method, 2, CONTACT, "Supported: timer", "Session-Expires: 600;refresher=uac")
    if method == "INVITE":
        bob.endpoint.accept_reoffer("in-1", ANSWER, bob.now)
        inside(bob, "ACK", 2)
    assert bob.sent()[-1].message.headers.get("Session-Expires") == "600;refresher=uac"
    bob.run_until(967)
    assert bob.told(SessionEnded) == []
    bob.run_until(968)
    assert len(bob.told(SessionEnded)) == 1


def test_a_refresh_without_an_interval_ends_the_timer() -> None:
    bob = called("Supported: timer", "Session-Expires: 600;refresher=uac")
    inside(bob, "UPDATE", 2, CONTACT)
    bob.run_until(5000)
    assert bob.told(SessionEnded) == []


def test_a_caller_without_timers_has_none() -> None:
    bob = called()
    assert bob.sent("200 INVITE")[0].message.headers.get("Session-Expires") is None
    bob.run_until(100_000)
    assert bob.told(SessionEnded) == []
    assert bob.sent("UPDATE") == bob.sent("BYE") == []


@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
def test_an_interval_below_ours_is_refused_and_the_call_goes_on(method: str) -> None:
    bob = called("Supported: timer", "Session-Expires: 600;refresher=uac")
    said = inside(bob, method, 2, CONTACT, "Supported: timer", "Session-Expires: 60")
    assert bob.labels()[-1] == f"422 {method}"
    assert said.headers.get("Min-SE") == "90"
    assert bob.told(SessionReoffered) == []
    assert bob.endpoint.session_count == 1


def test_an_invite_with_an_interval_below_ours_is_refused() -> None:
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE", lines=(CONTACT, "Supported: timer", "Session-Expires: 89")))
    assert bob.labels() == ["422 INVITE"]
    assert bob.endpoint.session_count == 0


def test_a_422_is_answered_with_the_interval_that_it_wants() -> None:
    alice = Party("a", ALICE, BOB)
    alice.invite(body=OFFER)
    alice.hear(answer(alice.last_request("INVITE"), 422, tag="x", lines=("Min-SE: 3600",)))
    again = alice.last_request("INVITE")
    assert again.cseq.number == 2
    assert again.headers.get("Session-Expires") == again.headers.get("Min-SE") == "3600"
    assert again.body == OFFER
    assert again.headers.get("Supported") == alice.sent("INVITE")[0].message.headers.get("Supported")
    alice.hear(answer(again, 422, tag="y", lines=("Min-SE: 3600",)))
    assert [refused.status for refused in alice.told(SessionRefused)] == [422], "the same is not asked twice"


def test_a_far_end_that_forgot_the_call_ends_it() -> None:
    alice = calling("Session-Expires: 600;refresher=uac", "Allow: UPDATE", "Contact: <sip:bob@198.51.100.2>")
    alice.run_until(300)
    alice.hear(answer(alice.last_request("UPDATE"), 481, tag="far"))
    assert alice.told(SessionEnded) == [SessionEnded("call", by_peer=False, status=481, reason=None)]
    assert alice.endpoint.session_count == 0


def test_a_refresh_that_nobody_answers_ends_the_call() -> None:
    alice = calling("Session-Expires: 600;refresher=uac", "Allow: UPDATE", "Contact: <sip:bob@198.51.100.2>")
    alice.run_until(600)
    assert [ended.status for ended in alice.told(SessionEnded)] == [408]


def test_a_refresh_that_is_refused_for_now_is_tried_again() -> None:
    alice = calling("Session-Expires: 600;refresher=uac", "Allow: UPDATE", "Contact: <sip:bob@198.51.100.2>")
    alice.run_until(300)
    alice.hear(answer(alice.last_request("UPDATE"), 500, tag="far"))
    alice.run_until(310)
    second = alice.last_request("UPDATE")
    assert second.cseq.number == 3
    alice.hear(answer(second, 200, tag="far", lines=("Session-Expires: 600;refresher=uac",)))
    alice.run_until(609)
    assert alice.told(SessionEnded) == []


def test_an_update_that_is_not_taken_after_all_becomes_a_re_invite() -> None:
    alice = calling("Session-Expires: 600;refresher=uac", "Allow: UPDATE", "Contact: <sip:bob@198.51.100.2>")
    alice.run_until(300)
    alice.hear(answer(alice.last_request("UPDATE"), 405, tag="far"))
    assert alice.labels()[-1] == "INVITE"
    assert alice.last_request("INVITE").body == OFFER


def test_an_update_with_an_offer_is_answered_without_an_ack() -> None:
    bob = called()
    inside(bob, "UPDATE", 2, "Contact: <sip:moved@192.0.2.9>", "Content-Type: application/sdp", body=OFFER)
    assert bob.told(SessionReoffered) == [SessionReoffered("in-1", OFFER)]
    bob.endpoint.accept_reoffer("in-1", ANSWER, bob.now)
    said = bob.sent()[-1].message
    assert bob.labels()[-1] == "200 UPDATE"
    assert said.body == ANSWER
    bob.run_until(60)
    assert bob.labels().count("200 UPDATE") == 1
    bob.endpoint.end("in-1", bob.now)
    assert bob.last_request("BYE").uri_text == "sip:moved@192.0.2.9"


def test_an_update_that_crosses_an_offer_of_ours_is_refused() -> None:
    """RFC 3311 §5.2: 491 while an offer of ours is on its way, 500 while one of theirs is not answered."""
    bob = called()
    bob.endpoint.reoffer("in-1", OFFER, bob.now)
    inside(bob, "UPDATE", 2, "Content-Type: application/sdp", body=OFFER)
    assert bob.labels()[-1] == "491 UPDATE"
    bob = called()
    inside(bob, "INVITE", 2, CONTACT, "Content-Type: application/sdp", body=OFFER)
    inside(bob, "UPDATE", 3, "Content-Type: application/sdp", body=OFFER)
    assert bob.labels()[-1] == "500 UPDATE"


def test_an_update_outside_a_call_has_no_dialog() -> None:
    bob = Party("b", BOB, ALICE)
    bob.hear(request("UPDATE"))
    assert bob.labels() == ["481 UPDATE"]
