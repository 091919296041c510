"""What counts as an offer: SDP alone, SDP among other parts, nothing; and what is not understood."""

import pytest

from sip_stack.bodies import PARTS_MAX, session_body
from sip_stack.events import SessionAnswered, SessionInvited, SessionProgressed
from sip_stack.message import Request
from sip_stack.parser import parse_message
from tests.sip_stack.pair import ALICE, BOB, Pair, Party, answer, request

CONTACT = "Contact: <sip:alice@192.0.2.1:5060>"
SDP = "v=0\r\n"
MIXED = (
    "--edge\r\nContent-Type: application/isup;version=any\r\nContent-Disposition: signal;handling=optional\r\n\r\n"
    f"\x01\x02\r\n--edge\r\nContent-Type: application/SDP\r\n\r\n{SDP}\r\n--edge--\r\n"
)


def _offer(*lines: str, body: str = SDP) -> bytes | None:
    message = parse_message(request("INVITE", lines=(CONTACT, *lines), body=body))
    assert isinstance(message, Request)
    return session_body(message)


@pytest.mark.parametrize("line", ["Content-Type: application/sdp", "c: Application/SDP;charset=utf-8", "X-None: 1"])
def test_sdp_is_an_offer_and_so_is_a_body_that_does_not_say_what_it_is(line: str) -> None:
    assert _offer(line) == SDP.encode()


def test_without_a_body_there_is_no_offer() -> None:
    assert _offer("Content-Type: image/png", body="") == b""


@pytest.mark.parametrize("edge", ["edge", '"edge"'])
def test_the_offer_is_found_among_other_parts(edge: str) -> None:
    assert _offer(f"Content-Type: multipart/mixed;boundary={edge}", body=MIXED) == SDP.encode()


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (("Content-Type: text/plain",), "hello"),
        (("Content-Type: application/sdp", "Content-Encoding: gzip"), SDP),
        (("Content-Type: multipart/mixed",), MIXED),
        (("Content-Type: multipart/mixed;boundary=other",), MIXED),
        (("Content-Type: multipart/mixed;boundary=edge",), "--edge\r\n\r\nno type\r\n--edge--"),
        (("Content-Type: multipart/mixed;boundary=e",), "--e\r\n\r\n-\r\n" * (PARTS_MAX + 1) + MIXED),
    ],
)
def test_what_is_not_understood_counts_for_nothing_only_when_it_is_optional(lines: tuple[str, ...], body: str) -> None:
    assert _offer(*lines, body=body) is None
    assert _offer(*lines, "Content-Disposition: session;handling=required", body=body) is None
    assert _offer(*lines, "Content-Disposition: render; handling=optional", body=body) == b""


def test_an_invite_with_a_body_that_is_no_sdp_gets_415_and_what_we_take() -> None:
    """RFC 3261 §8.2.3, §21.4.13."""
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE", lines=(CONTACT, "Content-Type: text/plain"), body="hello"))
    assert bob.labels() == ["415 INVITE"]
    assert "application/sdp" in bob.last_response().headers.all("Accept")
    assert bob.told_names() == []


def test_an_invite_with_an_optional_body_has_no_offer() -> None:
    bob = Party("b", BOB, ALICE)
    lines = (CONTACT, "Content-Type: text/plain", "Content-Disposition: render;handling=optional")
    bob.hear(request("INVITE", lines=lines, body="hello"))
    (invited,) = bob.told(SessionInvited)
    assert invited.request.body == b""


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_a_body_that_is_no_sdp_leaves_the_call_as_it_was(method: str) -> None:
    pair = Pair()
    pair.talk()
    pair.alice.endpoint.reoffer("call", b"v=0", pair.clock.now)
    data = pair.alice.sent("INVITE")[-1].data.replace(b"INVITE", method.encode())
    pair.bob.hear(data.replace(b"application/sdp", b"text/plain"))
    assert pair.bob.labels()[-1] == f"415 {method}"
    assert pair.bob.endpoint.session_count == 1


def test_the_answer_is_found_among_other_parts_and_another_body_is_none() -> None:
    alice = Party("a", ALICE, BOB)
    alice.invite()
    invite = alice.last_request("INVITE")
    alice.hear(answer(invite, 183, lines=("Content-Type: text/html",), body="<p>wait</p>"))
    mixed = ("Content-Type: multipart/mixed;boundary=edge", "Contact: <sip:bob@198.51.100.2>")
    alice.hear(answer(invite, 200, lines=mixed, body=MIXED))
    assert [each.body for each in alice.told(SessionProgressed)] == [b""]
    assert [each.body for each in alice.told(SessionAnswered)] == [SDP.encode()]
