"""Messages as RFC 4475 describes them, each with its verdict; and any bytes at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip_stack.errors import MalformedMessage
from sip_stack.message import Request, Response
from sip_stack.parser import HEADERS_MAX, MESSAGE_BYTES_MAX, message_length, parse_message

LINES = (
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
    "From: <sip:a@example.org>;tag=1",
    "To: <sip:b@example.org>",
    "Call-ID: c1",
    "CSeq: 7 OPTIONS",
)


def message(*lines: str, start: str = "OPTIONS sip:b@example.org SIP/2.0", body: str = "") -> bytes:
    return "\r\n".join([start, *lines, "", body]).encode()


def without(name: str) -> tuple[str, ...]:
    return tuple(line for line in LINES if not line.startswith(name))


def test_a_request_is_read_and_written_back_as_it_came() -> None:
    data = message(*LINES, "Content-Length: 3", body="abc")
    request = parse_message(data)
    assert isinstance(request, Request)
    assert (request.method, request.uri.user, request.body) == ("OPTIONS", "b", b"abc")
    assert request.cseq.number == 7
    assert request.serialise() == data


def test_compact_forms_folding_and_odd_spacing_mean_the_same() -> None:
    request = parse_message(
        message(
            "v : SIP/2.0/UDP 192.0.2.1:5060 ;branch=z9hG4bK1",
            "f: <sip:a@example.org>;tag=1", "t:\t<sip:b@example.org>",
            "i: c1", "CSeq: 7", "  OPTIONS", "m: <sip:x@192.0.2.1>, <sip:y@192.0.2.2>",
        )
    )  # fmt: skip
    assert request.top_via.branch == "z9hG4bK1"
    assert request.from_.tag == "1"
    assert request.cseq.method == "OPTIONS"
    assert [contact.uri.user for contact in request.contacts] == ["x", "y"]


def test_a_response_is_read_with_its_reason() -> None:
    response = parse_message(message(*LINES, start="SIP/2.0 486 Busy Here"))
    assert isinstance(response, Response)
    assert (response.status, response.reason) == (486, "Busy Here")


@pytest.mark.parametrize(
    ("lines", "start"),
    [
        (without("Via"), None),
        (without("Call-ID"), None),
        ((*LINES, "Call-ID: c2"), None),
        ((*LINES, "Content-Length: 5"), None),
        ((*LINES, "Content-Length: -1"), None),
        ((*LINES, "Content-Length: 99999999999"), None),
        ((*without("CSeq"), "CSeq: 7 INVITE"), None),
        ((*without("CSeq"), "CSeq: 9292394834772304023312 OPTIONS"), None),
        ((*LINES, "X: a\x00b"), None),
        ((*LINES, "no colon here"), None),
        (LINES, "OPTIONS sip:b@example.org SIP/7.0"),
        (LINES, "OPTIONS  sip:b@example.org SIP/2.0"),
        (LINES, "SIP/2.0 4294967301 Better not"),
        ((*LINES, *(f"X-{number}: 1" for number in range(HEADERS_MAX))), None),
    ],
)
def test_what_breaks_the_grammar_or_a_limit_is_refused(lines: tuple[str, ...], start: str | None) -> None:
    with pytest.raises(MalformedMessage):
        parse_message(message(*lines, start=start or "OPTIONS sip:b@example.org SIP/2.0"))


def test_a_refusal_carries_what_an_answer_needs() -> None:
    with pytest.raises(MalformedMessage) as refused:
        parse_message(message(*LINES, "Content-Length: 5"))
    assert refused.value.headers is not None
    assert [name for name, _ in refused.value.headers] == ["Via", "From", "To", "Call-ID", "CSeq"]
    assert refused.value.method == "OPTIONS"


def test_a_message_beyond_the_limit_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="MESSAGE_BYTES_MAX"):
        parse_message(b"x" * (MESSAGE_BYTES_MAX + 1))


def test_a_body_longer_than_its_content_length_is_cut() -> None:
    assert parse_message(message(*LINES, "Content-Length: 2", body="abcdef")).body == b"ab"


def test_a_stream_is_cut_at_content_length_however_it_is_split() -> None:
    data = message(*LINES, "Content-Length: 3", body="abc")
    assert [message_length(data[:end]) for end in (10, len(data) - 2)] == [None, len(data)]
    with pytest.raises(MalformedMessage):
        message_length(message(*LINES))


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for candidate in (data, message(*LINES) + data, message(*LINES)[:-2] + data):
        try:
            parsed = parse_message(candidate)
            assert parsed.call_id
        except MalformedMessage:
            pass
