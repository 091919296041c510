"""Header fields with structure: names and their compact forms, addresses, Via, CSeq (RFC 3261 §7.3, §20, §25)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sip_stack.errors import MalformedMessage
from sip_stack.grammar import format_params, is_token, parse_params, quote, read_number, split_outside, unquote
from sip_stack.uri import REMEMBERED_CHARACTERS_MAX, SipUri

CSEQ_MAX: Final = 2**31 - 1
PORT_MAX: Final = 65535
NAME_CHARACTERS_MAX: Final = 64
ADDRESSES_REMEMBERED_MAX: Final = 1024
"""A dialog's two parties stand in each of its messages: so many, if they are no longer than a URI may be, are parsed
once."""

COMPACT_FORMS: Final[Mapping[str, str]] = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}
_SPELT: Final[Mapping[str, str]] = {
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "mime-version": "MIME-Version",
    "rseq": "RSeq",
    "min-se": "Min-SE",
    "rack": "RAck",
    "sip-etag": "SIP-ETag",
    "sip-if-match": "SIP-If-Match",
    "www-authenticate": "WWW-Authenticate",
}

_SENT: Final = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9\-.!%*_+`'~]+)\s+(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._]+)\s*(?::\s*(\S+))?",
    re.ASCII | re.IGNORECASE,
)

Params = tuple[tuple[str, str | None], ...]


@lru_cache(maxsize=1024)
def canonical_name(name: str) -> str:
    """The one spelling of a header name, long form."""
    lower = name.lower()
    return COMPACT_FORMS.get(lower) or _SPELT.get(lower) or "-".join(part.capitalize() for part in lower.split("-"))


@lru_cache(maxsize=1024)
def read_name(text: str) -> str | None:
    """The canonical name of a header line's part before the colon; None when that is no name."""
    name = text.rstrip(" \t")
    return canonical_name(name) if len(name) <= NAME_CHARACTERS_MAX and is_token(name) else None


def split_values(text: str) -> list[str]:
    """The values of a list header, cut at commas outside quotes and angle brackets; empty ones left out."""
    return [part for part in split_outside(text, ",") if part]


@dataclass(frozen=True, slots=True)
class NameAddr:
    """`"Name" <uri>;params`: From, To, Contact, Route and the like. `params` are the header's, not the URI's."""

    display_name: str
    uri: SipUri
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> NameAddr:
        """Raises MalformedMessage."""
        return _remembered(text) if len(text) <= REMEMBERED_CHARACTERS_MAX else cls._parse(text)

    @classmethod
    def _parse(cls, text: str) -> NameAddr:
        text = text.strip()
        opened = _bracket(text)
        if opened < 0:
            address, semicolon, rest = text.partition(";")
            if "?" in address:
                raise MalformedMessage("an address with headers and without brackets")
            return cls("", SipUri.parse(address.strip()), parse_params(semicolon + rest))
        closed = text.find(">", opened)
        if closed < 0:
            raise MalformedMessage("an address with no closing bracket")
        name = text[:opened].strip()
        if name.startswith('"') != name.endswith('"') or name == '"':
            raise MalformedMessage("a display name with an open quote")
        rest = text[closed + 1 :].strip()
        if rest and not rest.startswith(";"):
            raise MalformedMessage("text after an address")
        return cls(unquote(name), SipUri.parse(text[opened + 1 : closed]), parse_params(rest))

    def __str__(self) -> str:
        name = f"{quote(self.display_name)} " if self.display_name else ""
        return f"{name}<{self.uri}>{format_params(self.params)}"

    def param(self, name: str) -> str | None:
        for key, value in self.params:
            if key == name:
                return unquote(value or "")
        return None

    @property
    def tag(self) -> str | None:
        return self.param("tag")

    def with_tag(self, tag: str) -> NameAddr:
        others = [pair for pair in self.params if pair[0] != "tag"]
        return NameAddr(self.display_name, self.uri, (*others, ("tag", tag)))


@dataclass(frozen=True, slots=True)
class Via:
    """One Via value: `SIP/2.0/UDP host:port;branch=…`."""

    transport: str
    host: str
    port: int | None
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> Via:
        """Raises MalformedMessage."""
        sent, semicolon, params = text.partition(";")
        match = _SENT.fullmatch(sent.strip())
        if match is None:
            raise MalformedMessage("a Via that is not SIP/2.0 with transport and host")
        transport, host, port_text = match.groups()
        port = None if port_text is None else read_number(port_text, PORT_MAX)
        if port == 0 or (port is None and port_text is not None):
            raise MalformedMessage("a Via with a bad port")
        return cls(transport.upper(), host.strip("[]").lower(), port, parse_params(semicolon + params))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {host}{port}{format_params(self.params)}"

    def param(self, name: str) -> str | None:
        for key, value in self.params:
            if key == name:
                return value or ""
        return None

    @property
    def branch(self) -> str | None:
        return self.param("branch")

    @property
    def received(self) -> str | None:
        return self.param("received")

    @property
    def rport(self) -> str | None:
        """ "" when asked for and not filled in, None when not there (RFC 3581)."""
        return self.param("rport")

    @property
    def sent_by(self) -> str:
        """Host and port as compared by RFC 3261 §17.2.3."""
        return f"{self.host}:{self.port or (5061 if self.transport == 'TLS' else 5060)}"

    def with_params(self, **values: str) -> Via:
        """The same with parameters set."""
        kept = tuple((name, values.pop(name)) if name in values else (name, value) for name, value in self.params)
        return Via(self.transport, self.host, self.port, (*kept, *values.items()))


@dataclass(frozen=True, slots=True)
class CSeq:
    """Sequence number and method."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> CSeq:
        """Raises MalformedMessage."""
        digits, *rest = text.split(None, 1) or ("",)
        value = read_number(digits, CSEQ_MAX)
        if value is None:
            raise MalformedMessage("a CSeq without a proper number")
        method = rest[0].rstrip() if rest else ""
        if not is_token(method):
            raise MalformedMessage("a CSeq without a method")
        return cls(value, method)

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


@lru_cache(maxsize=ADDRESSES_REMEMBERED_MAX)
def _remembered(text: str) -> NameAddr:
    return NameAddr._parse(text)


def _bracket(text: str) -> int:
    """Where the address's `<` stands, past a quoted display name; -1 when there is none."""
    if not text.startswith('"'):
        return text.find("<")
    is_escaped = False
    for index in range(1, len(text)):
        if is_escaped:
            is_escaped = False
        elif text[index] == "\\":
            is_escaped = True
        elif text[index] == '"':
            return text.find("<", index)
    raise MalformedMessage("a display name with an open quote")
