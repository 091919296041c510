"""SDP (RFC 8866) as far as telephone calls use it: session, connection, media lines and their attributes.

Bounded in lines, size and media; addresses must be IP literals, so that no body can make us look up a name. Unknown
lines and attributes are kept out of the way, not refused.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from sip_stack.errors import UnacceptableSdp
from sip_stack.grammar import read_number

SDP_BYTES_MAX: Final = 16384
SDP_LINES_MAX: Final = 400
SDP_MEDIA_MAX: Final = 8
PORT_MAX: Final = 65535
PTIME_MS_MAX: Final = 1000
ADDRESS_CHARACTERS_MAX: Final = 64
ADDRESSES_REMEMBERED_MAX: Final = 1024
"""The same few peers speak all day: so many of their addresses are read once."""

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
DIRECTIONS: Final[tuple[Direction, ...]] = ("sendrecv", "sendonly", "recvonly", "inactive")


@dataclass(slots=True)
class MediaDescription:
    """One m= line. `connection` is its own c= address, None where the session's counts."""

    kind: str
    port: int
    protocol: str
    formats: list[str]
    connection: str | None = None
    rtpmaps: dict[str, str] = field(default_factory=dict)
    fmtps: dict[str, str] = field(default_factory=dict)
    ptime_ms: int | None = None
    direction: Direction | None = None


@dataclass(slots=True)
class SessionDescription:
    """A whole body. `connection` and `direction` are the session's defaults; `times` is the t= line."""

    origin: str = "- 0 0 IP4 0.0.0.0"
    connection: str | None = None
    direction: Direction | None = None
    media: list[MediaDescription] = field(default_factory=list)
    times: str = "0 0"

    def serialise(self) -> bytes:
        lines = ["v=0", f"o={self.origin}", "s=-"]
        if self.connection is not None:
            lines.append(f"c=IN {_family(self.connection)} {self.connection}")
        lines.append(f"t={self.times}")
        for media in self.media:
            lines.append(f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}")
            if media.connection is not None:
                lines.append(f"c=IN {_family(media.connection)} {media.connection}")
            lines += [f"a=rtpmap:{number} {name}" for number, name in media.rtpmaps.items()]
            lines += [f"a=fmtp:{number} {text}" for number, text in media.fmtps.items()]
            if media.ptime_ms is not None:
                lines.append(f"a=ptime:{media.ptime_ms}")
            if media.direction is not None:
                lines.append(f"a={media.direction}")
        return ("\r\n".join(lines) + "\r\n").encode()


def parse_sdp(data: bytes) -> SessionDescription:
    """Raises UnacceptableSdp for whatever cannot be read."""
    if len(data) > SDP_BYTES_MAX:
        raise UnacceptableSdp(f"an SDP of more than SDP_BYTES_MAX = {SDP_BYTES_MAX}")
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").strip("\n").split("\n")
    if len(lines) > SDP_LINES_MAX:
        raise UnacceptableSdp(f"an SDP of more than SDP_LINES_MAX = {SDP_LINES_MAX}")
    if lines[0] != "v=0":
        raise UnacceptableSdp("an SDP that does not begin with v=0")
    session = SessionDescription()
    media: MediaDescription | None = None
    for line in lines[1:]:
        kind, equals, value = line.partition("=")
        if equals != "=" or len(kind) != 1:
            raise UnacceptableSdp("an SDP line without a type")
        if kind == "o":
            session.origin = value
        elif kind == "t":
            session.times = _times(value)
        elif kind == "m":
            if len(session.media) >= SDP_MEDIA_MAX:
                raise UnacceptableSdp(f"an SDP with more than SDP_MEDIA_MAX = {SDP_MEDIA_MAX} media")
            media = _media(value)
            session.media.append(media)
        elif kind == "c":
            address = _connection(value)
            if media is None:
                session.connection = address
            else:
                media.connection = address
        elif kind == "a":
            _attribute(value, session, media)
    return session


def _media(value: str) -> MediaDescription:
    parts = value.split()
    if len(parts) < 4:
        raise UnacceptableSdp("an m= line that is cut off")
    port = read_number(parts[1].partition("/")[0], PORT_MAX)
    if port is None:
        raise UnacceptableSdp("an m= line with a bad port")
    return MediaDescription(parts[0].lower(), port, parts[2].upper(), parts[3:])


def _times(value: str) -> str:
    parts = value.split()
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise UnacceptableSdp("a t= line that is not two numbers")
    return " ".join(parts)


def _connection(value: str) -> str:
    parts = value.split()
    if len(parts) != 3 or parts[0] != "IN" or parts[1] not in ("IP4", "IP6"):
        raise UnacceptableSdp("a c= line that is no internet address")
    text = parts[2].partition("/")[0]
    literal = _literal(text) if len(text) <= ADDRESS_CHARACTERS_MAX else None
    if literal is None:
        raise UnacceptableSdp("a c= line that is no IP literal")
    return literal


@lru_cache(maxsize=ADDRESSES_REMEMBERED_MAX)
def _literal(text: str) -> str | None:
    """The address as it is usually written, None when it is none."""
    try:
        return None if "%" in text else str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _attribute(value: str, session: SessionDescription, media: MediaDescription | None) -> None:
    name, _, text = value.partition(":")
    if name in DIRECTIONS:
        (session if media is None else media).direction = name
        return
    if media is None:
        return
    if name in ("rtpmap", "fmtp"):
        number, _, rest = text.strip().partition(" ")
        (media.rtpmaps if name == "rtpmap" else media.fmtps)[number] = rest.strip()
    elif name == "ptime":
        media.ptime_ms = read_number(text.strip(), PTIME_MS_MAX)


def _family(address: str) -> str:
    return "IP6" if ":" in address else "IP4"
