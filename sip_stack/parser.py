"""From bytes to a message: start line and an index of header lines, everything else later (RFC 3261 §7, §18.3).

The parser is strict where leniency has a price (RFC 4475 §3.1.2): control bytes, a CR that ends no line, duplicate
single-value headers, a Content-Length beyond the datagram and a CSeq of another method are refused. It is lenient where
phones need it: bare LF line ends, white space before the colon, and a body longer than its Content-Length, which is
cut. Its time is linear in the length of the message.

Headers are UTF-8. A line that is not is read as Latin-1, which is what old gateways mean when they send a caller's
name, and would be written back as UTF-8; in the headers that a response is matched by, such a line is refused. So no
text that comes out of here holds anything that cannot be encoded again.
"""

from __future__ import annotations

import re
from typing import Final

from sip_stack.errors import MalformedMessage
from sip_stack.grammar import is_token, read_number
from sip_stack.headers import NAME_CHARACTERS_MAX, CSeq, canonical_name, read_name
from sip_stack.message import Headers, Message, Request, Response

MESSAGE_BYTES_MAX: Final = 65535
HEADER_BYTES_MAX: Final = 16384
HEADERS_MAX: Final = 128

SINGLE: Final = frozenset(
    canonical_name(name)
    for name in (
        "Call-ID", "CSeq", "Content-Disposition", "Content-Length", "Content-Type", "Event", "Expires", "From",
        "Max-Forwards", "MIME-Version", "Min-Expires", "Min-SE", "RAck", "Refer-Sub", "Refer-To", "Referred-By",
        "Replaces", "Retry-After", "RSeq", "Session-Expires", "SIP-ETag", "SIP-If-Match", "Subscription-State",
        "Target-Dialog", "Timestamp", "To",
    )
)  # fmt: skip
"""Headers that there is one value of, and of which a second could be what somebody else goes by."""
SINGLE_IN_REQUESTS: Final = SINGLE | {"Date", "Organization", "Priority", "Reply-To", "Server", "Subject", "User-Agent"}
"""Those too that only describe. In an answer they are passed over: no call is lost for two names of a program."""
MANDATORY: Final = ("Via", "From", "To", "Call-ID", "CSeq")
MATCHED: Final = frozenset({"Via", "Call-ID", "CSeq"})

_CONTROLS: Final = bytes(code for code in (*range(0x20), 0x7F) if code not in b"\t\r\n")
_FOLD: Final = re.compile(r"\r?\n[ \t]+")


def parse_message(data: bytes) -> Message:
    """One whole message from one datagram or frame; raises MalformedMessage and nothing else."""
    if len(data) > MESSAGE_BYTES_MAX:
        raise MalformedMessage(_TOO_LARGE, status_hint=513)
    data = data.lstrip(b"\r\n")
    end, begin = _empty_line(data)
    if end < 0:
        raise MalformedMessage("no empty line after the headers")
    head, body = data[:end], data[begin:]
    start_line, _, rest = head.partition(b"\n")
    items, fault = _header_items(rest)
    headers = Headers.of_canonical(items)
    method: str | None = None
    try:
        line = _start_text(start_line)
        method = _method_word(line)
        status, subject = _start_line(line, method)
        if len(head.translate(None, _CONTROLS)) != len(head) or head.count(b"\r") != head.count(b"\r\n"):
            raise MalformedMessage("control bytes in a header")
        if fault is not None:
            raise MalformedMessage(fault)
        cseq = _check(items, method)
        body = _cut(body, headers)
    except MalformedMessage as error:
        raise MalformedMessage(
            str(error), status_hint=error.status_hint, headers=_answerable(headers), method=method
        ) from None
    if method is None:
        return Response(status, subject, headers, body, cseq=cseq)
    return Request(method, subject, headers, body, cseq=cseq)


def message_length(buffer: bytes | bytearray) -> int | None:
    """How many bytes of a stream's buffer the first message takes, None while its headers are not all there.

    RFC 3261 §18.3: on a stream Content-Length decides; without one, or with a bad one, MalformedMessage.
    """
    end, begin = _empty_line(buffer)
    if end < 0:
        if len(buffer) > MESSAGE_BYTES_MAX:
            raise MalformedMessage(_TOO_LARGE, status_hint=513)
        return None
    items, _ = _header_items(bytes(buffer[:end]).partition(b"\n")[2])
    length = _content_length(Headers.of_canonical(items))
    if length is None:
        raise MalformedMessage("no Content-Length on a stream")
    if begin + length > MESSAGE_BYTES_MAX:
        raise MalformedMessage(_TOO_LARGE, status_hint=513)
    return begin + length


_TOO_LARGE: Final = f"more than MESSAGE_BYTES_MAX = {MESSAGE_BYTES_MAX}"


def _empty_line(data: bytes | bytearray) -> tuple[int, int]:
    """Where the headers end and where the body begins; -1 for both while there is no empty line."""
    end, length = data.find(b"\n\r\n"), 3
    bare = data.find(b"\n\n", 0, end + 1 if end >= 0 else len(data))
    if bare >= 0:
        end, length = bare, 2
    if end < 0:
        return -1, -1
    return (end - 1 if end > 0 and data[end - 1] == 0x0D else end), end + length


def _start_text(line: bytes) -> str:
    try:
        return line.decode("utf-8").removesuffix("\r")
    except UnicodeDecodeError:
        raise MalformedMessage("a start line that is no UTF-8") from None


def _method_word(line: str) -> str | None:
    """The method of a request line, None for a status line; raises MalformedMessage for neither."""
    word = line.partition(" ")[0]
    if is_token(word):
        return word
    if word.upper() == "SIP/2.0":
        return None
    raise MalformedMessage("neither a request line nor a status line")


def _start_line(line: str, method: str | None) -> tuple[int, str]:
    """Status and reason of a response, or 0 and the text of the Request-URI."""
    if method is None:
        code, _, reason = line[8:].partition(" ")
        status = read_number(code, 699)
        if len(code) != 3 or status is None or status < 100:
            raise MalformedMessage("a status line without a proper status")
        return status, reason
    words = line.split(" ")
    if len(words) != 3:
        raise MalformedMessage("a request line that is not method, URI and version")
    if words[2].upper() != "SIP/2.0":
        raise MalformedMessage("another version than SIP/2.0", status_hint=505)
    return 0, words[1]


def _header_items(rest: bytes) -> tuple[list[tuple[str, str]], str | None]:
    """Canonical names with their raw values as far as they can be read, and the first fault."""
    items: list[tuple[str, str]] = []
    if not rest:
        return items, None
    fault = "a header that continues the start line" if rest[0] in b" \t" else None
    try:
        text = rest.decode("utf-8")
        is_utf8 = True
    except UnicodeDecodeError:
        text = rest.decode("latin-1")
        is_utf8 = False
    is_wide = is_utf8 and len(text) < len(rest)
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    for line in text.split("\n"):
        if len(items) >= HEADERS_MAX:
            return items, f"more than HEADERS_MAX = {HEADERS_MAX} headers"
        if len(line) > HEADER_BYTES_MAX or (is_wide and len(line.encode()) > HEADER_BYTES_MAX):
            return items, f"a header of more than HEADER_BYTES_MAX = {HEADER_BYTES_MAX}"
        text_name, colon, value = line.partition(":")
        name = read_name(text_name) if colon and len(text_name) <= NAME_CHARACTERS_MAX else None
        if name is None:
            fault = fault or "a header line without a name"
            continue
        value = value.strip(" \t\r")
        if not is_utf8 and not value.isascii():
            value, is_line_utf8 = _as_utf8(value)
            if not is_line_utf8 and name in MATCHED:
                fault = fault or f"a {name} that is no UTF-8"
                continue
        items.append((name, value))
    return items, fault


def _as_utf8(value: str) -> tuple[str, bool]:
    """A value that was read as Latin-1, as UTF-8 where it is that."""
    try:
        return value.encode("latin-1").decode("utf-8"), True
    except UnicodeDecodeError:
        return value, False


def _check(items: list[tuple[str, str]], method: str | None) -> CSeq:
    seen: dict[str, str] = {}
    single = SINGLE if method is None else SINGLE_IN_REQUESTS
    for name, value in items:
        if name in seen and name in single:
            raise MalformedMessage(f"{name} more than once")
        seen[name] = value
    for name in MANDATORY:
        if name not in seen:
            raise MalformedMessage(f"no {name}")
        if not seen[name]:
            raise MalformedMessage(f"an empty {name}")
    cseq = CSeq.parse(seen["CSeq"])
    if method is not None and cseq.method != method:
        raise MalformedMessage("a CSeq of another method")
    return cseq


def _content_length(headers: Headers) -> int | None:
    value = headers.get("Content-Length")
    if value is None:
        return None
    length = read_number(value, MESSAGE_BYTES_MAX)
    if length is None:
        raise MalformedMessage(f"a Content-Length that is no number up to {MESSAGE_BYTES_MAX}")
    return length


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
    first = dict(reversed(found))
    if len(first) < len(MANDATORY):
        return None
    return [*(item for item in found if item[0] == "Via"), *((name, first[name]) for name in MANDATORY[1:])]
