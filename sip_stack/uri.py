"""SIP and tel URIs (RFC 3261 §19.1, RFC 3966) as values.

The user part is kept unescaped, since that is what people dial and configure; it is escaped again when written. Hosts
are lower case; IPv6 references keep no brackets inside. Parameters stay in order. A tel URI keeps its number as
`user`.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from sip_stack.errors import MalformedMessage
from sip_stack.grammar import escape_param, escape_user, unescape

URI_CHARACTERS_MAX: Final = 2048
"""Holds for the text that came and for the text that we would write, so that what was read can be read again."""
ESCAPED_LENGTH_MAX: Final = 12
"""How many characters one can become: four bytes of UTF-8, each as %HH."""
URIS_REMEMBERED_MAX: Final = 1024
REMEMBERED_CHARACTERS_MAX: Final = 128
"""A call's few URIs come in each of its messages: so many of at most this length are parsed once."""

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+\-.]*")
_HOST_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._]+)(?::([0-9]{1,5}))?")
_MUST_BE_ESCAPED: Final = re.compile('[\x00-\x20<>"\x7f-\x9f\ud800-\udfff]')
_TEL: Final = re.compile(r"\+?[0-9A-Fa-f*#\-.()]+")
_TOO_LONG: Final = f"a URI of more than URI_CHARACTERS_MAX = {URI_CHARACTERS_MAX}"
_MUST_MATCH: Final = ("user", "ttl", "method", "maddr", "transport")


@dataclass(frozen=True, slots=True)
class SipUri:
    """One URI. `port` None when not written; `params` as written, names in lower case; `headers` raw or empty."""

    scheme: str
    user: str | None
    host: str
    port: int | None = None
    password: str | None = None
    params: tuple[tuple[str, str | None], ...] = ()
    headers: str = ""

    @classmethod
    def parse(cls, text: str) -> SipUri:
        """Raises MalformedMessage (416 for a scheme we do not know)."""
        return _remembered(text) if len(text) <= REMEMBERED_CHARACTERS_MAX else cls._parse(text)

    @classmethod
    def _parse(cls, text: str) -> SipUri:
        if len(text) > URI_CHARACTERS_MAX:
            raise MalformedMessage(_TOO_LONG, status_hint=414)
        scheme, colon, rest = text.partition(":")
        scheme = scheme.lower()
        if not colon or scheme not in ("sip", "sips", "tel"):
            is_other = bool(colon) and _SCHEME.fullmatch(scheme) is not None
            raise MalformedMessage("not a sip, sips or tel URI", status_hint=416 if is_other else 400)
        if _MUST_BE_ESCAPED.search(rest) is not None:
            raise MalformedMessage("a URI with characters that must be escaped")
        if scheme == "tel":
            number, _, params = rest.partition(";")
            if _TEL.fullmatch(number) is None:
                raise MalformedMessage("a tel URI without a number")
            return cls("tel", number, "", params=_params(params))
        return cls._parse_sip(scheme, rest)

    @classmethod
    def _parse_sip(cls, scheme: str, rest: str) -> SipUri:
        userinfo, at, place = rest.rpartition("@")
        place, _, headers = place.partition("?")
        place, _, params = place.partition(";")
        match = _HOST_PORT.fullmatch(place)
        if match is None or (at and userinfo[:1] in ("", ":")):
            raise MalformedMessage("a SIP URI without a proper host or user")
        port = None if match.group(2) is None else int(match.group(2))
        if port is not None and not 0 < port < 65536:
            raise MalformedMessage("a SIP URI with a port out of range")
        host = match.group(1)
        if host[0] == "[":
            host = _ipv6(host[1:-1])
        user, has_password, password = userinfo.partition(":")
        made = cls(
            scheme,
            unescape(user) if at else None,
            host.lower(),
            port,
            unescape(password) if has_password else None,
            _params(params),
            headers,
        )
        if len(rest) * ESCAPED_LENGTH_MAX > URI_CHARACTERS_MAX and len(str(made)) > URI_CHARACTERS_MAX:
            raise MalformedMessage(_TOO_LONG, status_hint=414)
        return made

    def __str__(self) -> str:
        params = "".join(
            f";{escape_param(name)}" + ("" if value is None else f"={escape_param(value)}")
            for name, value in self.params
        )
        if self.scheme == "tel":
            return f"tel:{self.user}{params}"
        user = "" if self.user is None else escape_user(self.user)
        if self.password is not None:
            user += ":" + escape_user(self.password)
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        headers = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{user}{'@' if self.user is not None else ''}{host}{port}{params}{headers}"

    def param(self, name: str) -> str | None:
        """A parameter's value, "" for a flag, None when it is not there."""
        for key, value in self.params:
            if key == name:
                return value or ""
        return None

    def without_params(self, *names: str) -> SipUri:
        """The URI with these parameters, or all when none is named, left out."""
        kept = () if not names else tuple(pair for pair in self.params if pair[0] not in names)
        return replace(self, params=kept)

    def is_equivalent(self, other: SipUri) -> bool:
        """RFC 3261 §19.1.4: same scheme, user, host and port; parameters known to both equal; headers equal."""
        if self is other:
            return True
        ours = (self.scheme, self.user, self.password, self.host, self.port)
        if ours != (other.scheme, other.user, other.password, other.host, other.port):
            return False
        mine = {name: (value or "").lower() for name, value in self.params}
        theirs = {name: (value or "").lower() for name, value in other.params}
        if any(mine.get(name) != theirs.get(name) for name in _MUST_MATCH):
            return False
        if any(mine[name] != theirs[name] for name in mine if name in theirs):
            return False
        return sorted(self.headers.lower().split("&")) == sorted(other.headers.lower().split("&"))


@lru_cache(maxsize=URIS_REMEMBERED_MAX)
def _remembered(text: str) -> SipUri:
    return SipUri._parse(text)


def _ipv6(text: str) -> str:
    """An address; a third colon before an IPv4 tail, which RFC 3261's grammar allows, is forgiven (RFC 5118 §4.10)."""
    try:
        return str(ipaddress.IPv6Address(text.replace(":::", "::", 1) if "." in text else text))
    except ValueError:
        raise MalformedMessage("a SIP URI with a bad IPv6 address") from None


def _params(text: str) -> tuple[tuple[str, str | None], ...]:
    found: list[tuple[str, str | None]] = []
    for part in text.split(";"):
        if part:
            name, has_value, value = part.partition("=")
            found.append((unescape(name).lower(), unescape(value) if has_value else None))
    return tuple(found)
