"""Messages as RFC 4475 describes them, each with its verdict; and any bytes at all."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sip_stack.errors import MalformedMessage
from sip_stack.message import Request, Response, respond_to
from sip_stack.parser import HEADER_BYTES_MAX, HEADERS_MAX, MESSAGE_BYTES_MAX, message_length, parse_message

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
        ((*LINES, "X: a\rInjected: b"), None),
        ((*LINES, "X: a\x7fb"), None),
        ((" folded into the start line", *LINES), None),
        ((*without("To"), "To:"), None),
        ((*LINES, "X: " + "y" * HEADER_BYTES_MAX), None),
        ((*LINES, "X" * 65 + ": y"), None),
        ((*LINES, "Content-Length: ²"), None),
        ((*LINES, "Content-Length: " + "9" * 5000), None),
        ((*LINES, "X: " + "ö" * (HEADER_BYTES_MAX // 2)), None),
        ((*LINES, "X: y" + "\r\n z" * (HEADER_BYTES_MAX // 2)), None),
        (LINES, "OPTIONS sip:b@example.org"),
        (LINES, "SIP/2.0 2\u06600 OK"),
        (LINES, "SIP/2.0 99 OK"),
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


def test_a_message_at_its_limits_is_read() -> None:
    lines = [*LINES, "X: " + "y" * (HEADER_BYTES_MAX - len("X: \r"))]
    lines += [f"X-{number}: 1" for number in range(HEADERS_MAX - len(lines))]
    at_limit = message(*lines, body="z" * (MESSAGE_BYTES_MAX - len(message(*lines))))
    assert len(at_limit) == MESSAGE_BYTES_MAX
    assert len(list(parse_message(at_limit).headers)) == HEADERS_MAX
    assert (HEADER_BYTES_MAX, HEADERS_MAX, MESSAGE_BYTES_MAX) == (16 * 1024, 128, 64 * 1024 - 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Call-ID: c1", "i: c1"),
        ("From: <sip:a@example.org>;tag=1", "f: <sip:boss@example.org>;tag=1"),
        ("To: <sip:b@example.org>", "t: <sip:c@example.org>"),
        ("CSeq: 7 OPTIONS", "cseq: 8 OPTIONS"),
        ("Content-Length: 0", "l: 5"),
        ("l: 0", "CONTENT-LENGTH : 0"),
        ("Content-Type: application/sdp", "c: text/plain"),
        ("Max-Forwards: 70", "max-forwards: 0"),
        ("Expires: 0", "expires: 3600"),
        ("Event: dialog", "o: presence"),
        ("Refer-To: <sip:101@example.org>", "r: <sip:+4690012345@example.org>"),
        ("Referred-By: <sip:101@example.org>", "b: <sip:102@example.org>"),
        ("Replaces: a;to-tag=b;from-tag=c", "Replaces: d;to-tag=e;from-tag=f"),
        ("Session-Expires: 1800", "x: 90"),
        ("Min-SE: 90", "min-se: 1"),
        ("RAck: 1 1 INVITE", "RAck: 2 1 INVITE"),
        ("Subject: one", "s: other"),
        ("User-Agent: one", "user-agent: other"),
    ],
)
def test_a_header_of_one_value_stands_once_however_it_is_written(one: str, other: str) -> None:
    own = [line for line in LINES if line.partition(":")[0] != one.partition(":")[0]]
    assert parse_message(message(*own, one)).call_id == "c1"
    for first, second in ((one, other), (other, one)):
        with pytest.raises(MalformedMessage, match="more than once") as refused:
            parse_message(message(*own, first, second))
        assert refused.value.status_hint == 400
        assert refused.value.headers is not None, "it can be answered"


def test_an_answer_may_describe_its_sender_twice() -> None:
    data = message(*LINES, "Server: a proxy", "Server: a gateway", start="SIP/2.0 200 OK")
    assert isinstance(parse_message(data), Response)


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


def test_bare_line_feeds_are_line_ends_too() -> None:
    request = parse_message(message(*LINES, "Content-Length: 2", body="ab").replace(b"\r\n", b"\n"))
    assert (request.call_id, request.body) == ("c1", b"ab")


def test_the_first_empty_line_ends_the_headers_whatever_its_kind() -> None:
    assert parse_message(message(*LINES).replace(b"\r\n\r\n", b"\n\n") + b"x\r\n\r\ny").body == b"x\r\n\r\ny"
    assert parse_message(message(*LINES, body="x\n\ny")).body == b"x\n\ny"


def test_line_ends_in_front_of_a_message_are_skipped() -> None:
    assert parse_message(b"\r\n\r\n" + message(*LINES)).call_id == "c1"


def test_a_name_in_latin_1_is_read_and_can_be_answered() -> None:
    data = message(*without("From"), 'From: "Bj\xf6rn" <sip:a@example.org>;tag=1', 'Subject: "öl"')
    request = parse_message(data.replace("Bj\xf6rn".encode(), b"Bj\xf6rn"))
    assert isinstance(request, Request)
    assert request.from_.display_name == "Björn"
    assert request.headers.get("Subject") == '"öl"', "another line's UTF-8 is not spoilt"
    assert 'From: "Björn"'.encode() in respond_to(request, 200).serialise()


@pytest.mark.parametrize("line", [b"Via: SIP/2.0/UDP \xff", b"Call-ID: \xff", b"CSeq: 1 \xff"])
def test_what_responses_are_matched_by_must_be_utf_8(line: bytes) -> None:
    name = line.partition(b":")[0].decode()
    with pytest.raises(MalformedMessage):
        parse_message(message(*without(name)).removesuffix(b"\r\n") + line + b"\r\n\r\n")


def test_another_version_can_be_answered_with_505() -> None:
    with pytest.raises(MalformedMessage) as refused:
        parse_message(message(*LINES, start="OPTIONS sip:b@example.org SIP/7.0"))
    assert (refused.value.status_hint, refused.value.method) == (505, "OPTIONS")
    assert refused.value.headers is not None


def test_a_stream_that_never_ends_its_headers_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="MESSAGE_BYTES_MAX"):
        message_length(b"x" * (MESSAGE_BYTES_MAX + 1))
    with pytest.raises(MalformedMessage, match="MESSAGE_BYTES_MAX"):
        message_length(message(*LINES, f"Content-Length: {MESSAGE_BYTES_MAX}"))


@pytest.mark.parametrize(
    "filling",
    [b"\r\n ", b"\n", b"\r", b"a:b\r\n", b" ", b"<", b'"', b"\\", b",", b";", b"Via: ,", b"From: <\r\n", b"\xff"],
)
@pytest.mark.parametrize("length", [HEADER_BYTES_MAX, MESSAGE_BYTES_MAX])
def test_time_is_in_proportion_to_length(filling: bytes, length: int) -> None:
    """A parser that were quadratic would need minutes for these; what is bounded is the process's own time."""
    head = message(*LINES).removesuffix(b"\r\n") + b"Contact: x"
    data = (head + filling * length)[: length - 4] + b"\r\n\r\n"
    started_s = time.process_time()
    for _ in range(10):
        _read_all(data)
    assert time.process_time() - started_s < 5.0


_PIECES = st.sampled_from(
    [*(line.encode() + b"\r\n" for line in LINES), b"Contact: *\r\n",
     b"m: <sip:a@[::1]>;q=", b"Max-Forwards: \xc2\xb2\r\n",
     b"\r\n", b"\n", b" ", b"\xff", b"%ff", b"sip:", b"<", b">", b'"', b",", b":", b"\xed\xb3\xbf", b"\x00", b"@"]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=400), st.lists(_PIECES, max_size=20).map(b"".join)))
@example(b"From: \xff%41 <sip:\xff%41@x>\r\n")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for candidate in (data, message(*LINES) + data, message(*LINES)[:-2] + data, b"OPTIONS sip:b SIP/2.0\r\n" + data):
        _read_all(candidate)
        _read_all(candidate + b"\r\n\r\n")


def _read_all(data: bytes) -> None:
    """Parses, uses every accessor, answers, and writes all down: nothing but MalformedMessage may come of it."""
    try:
        parsed = parse_message(data)
    except MalformedMessage:
        return
    assert parsed.call_id
    statuses: set[int] = set()
    for name in (
        "top_via", "vias", "from_", "to", "cseq", "contacts", "routes", "record_routes", "max_forwards", "expires",
        "require", "content_type", "is_contact_star", "uri",
    ):  # fmt: skip
        try:
            str(getattr(parsed, name, "")).encode()
        except MalformedMessage as error:
            statuses.add(error.status_hint)
    assert statuses <= {400, 414, 416}
    parsed.serialise()
    if isinstance(parsed, Request):
        respond_to(parsed, 200, to_tag="t").serialise()
