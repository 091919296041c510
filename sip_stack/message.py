"""SIP messages: a start line, headers in order, a body (RFC 3261 §7).

Headers are kept as the text that came, under canonical names; a typed accessor parses its header when it is first asked
for and remembers the result, so a message that is only matched to its transaction costs little more than its index.
Accessors raise MalformedMessage for values that break the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from sip_stack.errors import MalformedMessage
from sip_stack.grammar import read_number
from sip_stack.headers import CSeq, NameAddr, Via, canonical_name, split_values
from sip_stack.uri import SipUri

REASON_PHRASES: Final[Mapping[int, str]] = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    200: "OK", 202: "Accepted", 300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone",
    413: "Request Entity Too Large", 414: "Request-URI Too Long", 415: "Unsupported Media Type",
    416: "Unsupported URI Scheme", 420: "Bad Extension", 421: "Extension Required",
    422: "Session Interval Too Small", 423: "Interval Too Brief",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
    483: "Too Many Hops", 484: "Address Incomplete", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 491: "Request Pending", 493: "Undecipherable", 500: "Server Internal Error",
    501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Server Time-out",
    505: "Version Not Supported", 513: "Message Too Large", 600: "Busy Everywhere", 603: "Decline",
    604: "Does Not Exist Anywhere", 606: "Not Acceptable",
}  # fmt: skip

_TAG: Final = re.compile(r";\s*tag\s*=", re.IGNORECASE)


class Headers:
    """An ordered multi-map; names are found in any case and in compact form."""

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items: list[tuple[str, str]] = [(canonical_name(name), value) for name, value in items]

    @classmethod
    def of_canonical(cls, items: list[tuple[str, str]]) -> Headers:
        """Takes over a list whose names are canonical already."""
        made = cls.__new__(cls)
        made._items = items
        return made

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def get(self, name: str) -> str | None:
        """The first value, as it came."""
        wanted = canonical_name(name)
        for key, value in self._items:
            if key == wanted:
                return value
        return None

    def get_all_raw(self, name: str) -> list[str]:
        """Each header line's value, as it came."""
        wanted = canonical_name(name)
        return [value for key, value in self._items if key == wanted]

    def all(self, name: str) -> list[str]:
        """Each value of a list header apart, whether they came on one line or on several."""
        return [value for line in self.get_all_raw(name) for value in split_values(line)]

    def add(self, name: str, value: str) -> None:
        self._items.append((canonical_name(name), value))

    def prepend(self, name: str, value: str) -> None:
        self._items.insert(0, (canonical_name(name), value))

    def replace(self, name: str, value: str) -> None:
        """Sets the first line of that name, or adds it; further lines of the name are kept."""
        wanted = canonical_name(name)
        for index, (key, _) in enumerate(self._items):
            if key == wanted:
                self._items[index] = (wanted, value)
                return
        self._items.append((wanted, value))

    def remove(self, name: str) -> None:
        wanted = canonical_name(name)
        self._items = [item for item in self._items if item[0] != wanted]

    def copy(self) -> Headers:
        return Headers.of_canonical(list(self._items))


class _Message:
    """What requests and responses have in common."""

    __slots__ = ("_cseq", "_from", "_to", "_top_via", "body", "headers")

    def __init__(self, headers: Headers, body: bytes, cseq: CSeq | None = None) -> None:
        self.headers = headers
        self.body = body
        self._cseq = cseq
        self._from: NameAddr | None = None
        self._to: NameAddr | None = None
        self._top_via: Via | None = None

    def _start_line(self) -> str:
        raise NotImplementedError

    def _required(self, name: str) -> str:
        value = self.headers.get(name)
        if value is None:
            raise MalformedMessage(f"no {name}")
        return value

    @property
    def vias(self) -> list[Via]:
        return [Via.parse(value) for value in self.headers.all("Via")]

    @property
    def top_via(self) -> Via:
        if self._top_via is None:
            line = self._required("Via")
            first = split_values(line) if "," in line else [line]
            if not first:
                raise MalformedMessage("an empty Via")
            self._top_via = Via.parse(first[0])
        return self._top_via

    @property
    def from_(self) -> NameAddr:
        if self._from is None:
            self._from = NameAddr.parse(self._required("From"))
        return self._from

    @property
    def to(self) -> NameAddr:
        if self._to is None:
            self._to = NameAddr.parse(self._required("To"))
        return self._to

    @property
    def call_id(self) -> str:
        return self._required("Call-ID")

    @property
    def cseq(self) -> CSeq:
        if self._cseq is None:
            self._cseq = CSeq.parse(self._required("CSeq"))
        return self._cseq

    @property
    def is_contact_star(self) -> bool:
        return self.headers.get_all_raw("Contact") == ["*"]

    @property
    def contacts(self) -> tuple[NameAddr, ...]:
        return tuple(NameAddr.parse(value) for value in self.headers.all("Contact") if value != "*")

    @property
    def routes(self) -> tuple[NameAddr, ...]:
        return tuple(NameAddr.parse(value) for value in self.headers.all("Route"))

    @property
    def record_routes(self) -> tuple[NameAddr, ...]:
        return tuple(NameAddr.parse(value) for value in self.headers.all("Record-Route"))

    @property
    def max_forwards(self) -> int | None:
        return self._number("Max-Forwards", 255)

    @property
    def expires(self) -> int | None:
        return self._number("Expires", 2**32 - 1)

    @property
    def require(self) -> tuple[str, ...]:
        return tuple(self.headers.all("Require"))

    @property
    def content_type(self) -> str | None:
        """The media type in lower case without its parameters."""
        value = self.headers.get("Content-Type")
        return None if value is None else value.partition(";")[0].strip().lower()

    def serialise(self) -> bytes:
        """The bytes on the wire; Content-Length is always the body's."""
        lines = [self._start_line()]
        lines += [f"{name}: {value}" for name, value in self.headers if name != "Content-Length"]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "replace") + self.body

    def _number(self, name: str, largest: int) -> int | None:
        value = self.headers.get(name)
        if value is None:
            return None
        found = read_number(value, largest)
        if found is None:
            raise MalformedMessage(f"a {name} that is no number from 0 to {largest}")
        return found


class Request(_Message):
    """A request; its Request-URI is parsed when first asked for."""

    __slots__ = ("_uri", "method", "uri_text")

    def __init__(
        self,
        method: str,
        uri: SipUri | str,
        headers: Headers | None = None,
        body: bytes = b"",
        *,
        cseq: CSeq | None = None,
    ) -> None:
        super().__init__(Headers() if headers is None else headers, body, cseq)
        self.method = method
        self.uri_text = uri if isinstance(uri, str) else str(uri)
        self._uri = None if isinstance(uri, str) else uri

    @property
    def uri(self) -> SipUri:
        if self._uri is None:
            self._uri = SipUri.parse(self.uri_text)
        return self._uri

    def _start_line(self) -> str:
        return f"{self.method} {self.uri_text} SIP/2.0"


class Response(_Message):
    """A response."""

    __slots__ = ("reason", "status")

    def __init__(
        self,
        status: int,
        reason: str | None = None,
        headers: Headers | None = None,
        body: bytes = b"",
        *,
        cseq: CSeq | None = None,
    ) -> None:
        super().__init__(Headers() if headers is None else headers, body, cseq)
        self.status = status
        self.reason = REASON_PHRASES.get(status, "") if reason is None else reason

    def _start_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason}"


Message: TypeAlias = Request | Response


def respond_to(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str | None = None,
) -> Response:
    """A response as RFC 3261 §8.2.6 wants it: Via, From, To, Call-ID and CSeq of the request.

    `to_tag` is added when the request's To has none. Record-Route is copied where the answer makes a dialog (§12.1.1),
    Timestamp into a 100 (§8.2.6.1).
    """
    items = [("Via", value) for value in request.headers.get_all_raw("Via")]
    items.append(("From", request.headers.get("From") or ""))
    to = request.headers.get("To") or ""
    if to_tag is not None and status > 100 and _TAG.search(to.rpartition(">")[2]) is None:
        to = f"{to};tag={to_tag}"
    items += [
        ("To", to),
        ("Call-ID", request.headers.get("Call-ID") or ""),
        ("CSeq", request.headers.get("CSeq") or ""),
    ]
    if status == 100:
        items += [("Timestamp", value) for value in request.headers.get_all_raw("Timestamp")]
    elif request.method == "INVITE" and status < 300:
        items += [("Record-Route", value) for value in request.headers.get_all_raw("Record-Route")]
    made = Headers.of_canonical(items)
    for name, value in headers:
        made.add(name, value)
    if content_type is not None:
        made.add("Content-Type", content_type)
    return Response(status, reason, made, body)
