"""From bytes to a message: start line and an index of header lines, everything else later (RFC 3261 §7, §18.3).

The parser is strict where leniency has a price (RFC 4475 §3.1.2): control bytes, duplicate single-value headers, a
Content-Length beyond the datagram and a CSeq of another method are refused. It is lenient where phones need it: bare LF
line ends, white space before the colon, and a body longer than its Content-Length, which is cut. Its time is linear in
the length of the message.
"""

from __future__ import annotations

import re
from typing import Final

from sip_stack.errors import MalformedMessage
from sip_stack.grammar import is_token
from sip_stack.headers import CSeq, canonical_name
from sip_stack.message import Headers, Message, Request, Response

MESSAGE_BYTES_MAX: Final = 65535
HEADER_BYTES_MAX: Final = 16384
HEADERS_MAX: Final = 128
CONTENT_LENGTH_DIGITS_MAX: Final = 7

SINGLE: Final = frozenset(
    {"Call-ID", "CSeq", "Content-Length", "Content-Type", "From", "Max-Forwards", "To", "Expires", "Event"}
)
MANDATORY: Final = ("Via", "From", "To", "Call-ID", "CSeq")

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_END_OF_HEADERS: Final = re.compile(rb"\r?\n\r?\n")
_FOLD: Final = re.compile(r"\r?\n[ \t]+")


def parse_message(data: bytes) -> Message:
    """One whole message from one datagram or frame; raises MalformedMessage and nothing else."""
    if len(data) > MESSAGE_BYTES_MAX:
        raise MalformedMessage(f"more than MESSAGE_BYTES_MAX = {MESSAGE_BYTES_MAX}", status_hint=513)
    data = data.lstrip(b"\r\n")
    end = _END_OF_HEADERS.search(data)
    if end is None:
        raise MalformedMessage("no empty line after the headers")
    head, body = data[: end.start()], data[end.end() :]
    start_line, _, rest = head.partition(b"\n")
    method, status, subject = _start_line(start_line.rstrip(b"\r"))
    items, fault = _header_items(rest)
    headers = Headers.of_canonical(items)
    try:
        if fault is not None:
            raise MalformedMessage(fault)
        if _CONTROL.search(head):
            raise MalformedMessage("control bytes in a header")
        _check(headers, method)
        body = _cut(body, headers)
    except MalformedMessage as error:
        raise MalformedMessage(
            str(error), status_hint=error.status_hint, headers=_answerable(headers), method=method
        ) from None
    if status is not None:
        return Response(status, subject, headers, body)
    assert method is not None
    return Request(method, subject, headers, body)


def message_length(buffer: bytes | bytearray) -> int | None:
    """How many bytes of a stream's buffer the first message takes, None while its headers are not all there.

    RFC 3261 §18.3: on a stream Content-Length decides; without one, or with a bad one, MalformedMessage.
    """
    end = _END_OF_HEADERS.search(buffer)
    if end is None:
        if len(buffer) > HEADER_BYTES_MAX * 4:
            raise MalformedMessage("headers without an end")
        return None
    items, _ = _header_items(bytes(buffer[: end.start()]).partition(b"\n")[2])
    length = _content_length(Headers.of_canonical(items))
    if length is None:
        raise MalformedMessage("no Content-Length on a stream")
    if end.end() + length > MESSAGE_BYTES_MAX:
        raise MalformedMessage(f"more than MESSAGE_BYTES_MAX = {MESSAGE_BYTES_MAX}", status_hint=513)
    return end.end() + length


def _start_line(line: bytes) -> tuple[str | None, int | None, str]:
    """Method and Request-URI text of a request, or status and reason of a response."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedMessage("a start line that is no UTF-8") from None
    if text[:8].upper() == "SIP/2.0 ":
        code, _, reason = text[8:].partition(" ")
        if len(code) != 3 or not code.isascii() or not code.isdigit() or not 100 <= int(code) <= 699:
            raise MalformedMessage("a status line without a proper status")
        return None, int(code), reason
    parts = text.split(" ")
    if len(parts) != 3 or not is_token(parts[0]):
        raise MalformedMessage("neither a request line nor a status line")
    if parts[2].upper() != "SIP/2.0":
        raise MalformedMessage("another version than SIP/2.0", status_hint=505)
    return parts[0], None, parts[1]


def _header_items(rest: bytes) -> tuple[list[tuple[str, str]], str | None]:
    """Canonical names with their raw values as far as they can be read, and the first fault."""
    text = rest.decode("utf-8", "surrogateescape")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    items: list[tuple[str, str]] = []
    fault = None
    if not text:
        return items, fault
    for line in text.split("\n"):
        if len(items) >= HEADERS_MAX:
            return items, f"more than HEADERS_MAX = {HEADERS_MAX} headers"
        if len(line) > HEADER_BYTES_MAX:
            return items, f"a header of more than HEADER_BYTES_MAX = {HEADER_BYTES_MAX}"
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or not is_token(name) or len(name) > 64:
            fault = fault or "a header line without a name"
            continue
        items.append((canonical_name(name), value.strip()))
    return items, fault


def _check(headers: Headers, method: str | None) -> None:
    seen: set[str] = set()
    for name, value in headers:
        if name in seen and name in SINGLE:
            raise MalformedMessage(f"{name} more than once")
        if not value and name in MANDATORY:
            raise MalformedMessage(f"an empty {name}")
        seen.add(name)
    for name in MANDATORY:
        if name not in seen:
            raise MalformedMessage(f"no {name}")
    cseq = CSeq.parse(headers.get("CSeq") or "")
    if method is not None and cseq.method != method:
        raise MalformedMessage("a CSeq of another method")


def _content_length(headers: Headers) -> int | None:
    value = headers.get("Content-Length")
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > CONTENT_LENGTH_DIGITS_MAX:
        raise MalformedMessage("a Content-Length that is no number")
    return int(value)


def _cut(body: bytes, headers: Headers) -> bytes:
    length = _content_length(headers)
    if length is None:
        return body
    if length > len(body):
        raise MalformedMessage("a Content-Length beyond the end of the message")
    return body[:length]


def _answerable(headers: Headers) -> list[tuple[str, str]] | None:
    """What a 400 needs, None when part of it is missing."""
    found = [(name, value) for name, value in headers if name in MANDATORY and value]
    names = {name for name, _ in found}
    if not names.issuperset(MANDATORY):
        return None
    first: dict[str, str] = {}
    vias = [(name, value) for name, value in found if name == "Via"]
    for name, value in found:
        first.setdefault(name, value)
    return [*vias, *((name, first[name]) for name in MANDATORY[1:])]
