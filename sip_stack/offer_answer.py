"""Offer and answer of one audio stream over RTP/AVP (RFC 3264), with G.711 and RFC 4733 keypresses.

Our own order of codecs decides, in offers and in answers. Other media lines are answered with port 0. A peer's address
must be one that RTP may be sent to: broadcast, multicast and link-local targets are refused, and loopback unless we are
on loopback ourselves, so that no caller can make us send to services of this machine; so is the address family that our
socket does not speak. The unspecified address is how old phones say "hold" (RFC 3264 §8.4): we send nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, cast

from sip_stack.errors import UnacceptableSdp
from sip_stack.flow import Address
from sip_stack.grammar import read_number
from sip_stack.sdp import ADDRESSES_REMEMBERED_MAX, Direction, MediaDescription, SessionDescription, parse_sdp

CodecName = Literal["PCMA", "PCMU"]

STATIC_PAYLOAD_TYPES: Final[Mapping[str, int]] = {"PCMU": 0, "PCMA": 8}
TELEPHONE_EVENT: Final = "telephone-event"
TELEPHONE_EVENT_PAYLOAD_TYPE: Final = 101
KEYS: Final = "0-16"
PTIME_MS: Final = 20
PTIMES_MS: Final = range(10, 61)
PAYLOAD_TYPE_MAX: Final = 127

_BROADCAST: Final = ipaddress.ip_address("255.255.255.255")

_MIRROR: Final[Mapping[Direction, Direction]] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What both sides agreed on.

    `answer` is the body to send, empty when the peer's answer was read. `remote` is where RTP goes, None while the peer
    holds us with 0.0.0.0. `direction` is what *we* may do.
    """

    answer: bytes
    codec: CodecName
    payload_type: int
    telephone_event_pt: int | None
    remote: Address | None
    direction: Direction
    ptime_ms: int


def make_offer(
    address: str,
    udp_port: int,
    codecs: Sequence[str],
    *,
    session_id: int,
    version: int,
    direction: Direction = "sendrecv",
    ptime_ms: int = PTIME_MS,
) -> bytes:
    """The body of an offer with all `codecs` in order, and keypresses."""
    audio = _audio(udp_port, [(name, STATIC_PAYLOAD_TYPES[name]) for name in codecs], TELEPHONE_EVENT_PAYLOAD_TYPE)
    audio.ptime_ms = ptime_ms
    audio.direction = direction
    return _session(address, session_id, version, [audio]).serialise()


def answer_offer(
    offer: bytes, *, address: str, udp_port: int, codecs: Sequence[str], session_id: int, version: int
) -> Negotiated:
    """Answers an offer; raises UnacceptableSdp (488) when there is no audio or no common codec."""
    theirs = parse_sdp(offer)
    chosen = _first_audio(theirs)
    codec, payload_type = _common_codec(chosen, codecs)
    event_pt = _telephone_event(chosen)
    remote = _remote(theirs, chosen, address)
    direction = _MIRROR[_direction(theirs, chosen)]
    if remote is None:
        direction = _both(direction, "recvonly")
    media = []
    for line in theirs.media:
        if line is chosen:
            audio = _audio(udp_port, [(codec, payload_type)], event_pt)
            audio.ptime_ms = PTIME_MS
            audio.direction = direction
            media.append(audio)
        else:
            media.append(MediaDescription(line.kind, 0, line.protocol, line.formats[:1]))
    session = _session(address, session_id, version, media)
    session.times = theirs.times
    return Negotiated(session.serialise(), codec, payload_type, event_pt, remote, direction, _ptime(chosen))


def read_answer(offer: bytes, answer: bytes, codecs: Sequence[str]) -> Negotiated:
    """Reads the answer to our offer; raises UnacceptableSdp when it accepts nothing of it."""
    ours = parse_sdp(offer)
    theirs = parse_sdp(answer)
    chosen = _first_audio(theirs)
    codec, payload_type = _common_codec(chosen, codecs)
    event_pt = _telephone_event(chosen)
    remote = _remote(theirs, chosen, ours.connection or "")
    offered = _direction(ours, ours.media[0])
    direction = _both(offered, _MIRROR[_direction(theirs, chosen)])
    if remote is None:
        direction = _both(direction, "recvonly")
    return Negotiated(b"", codec, payload_type, event_pt, remote, direction, _ptime(chosen))


def _audio(udp_port: int, codecs: Sequence[tuple[str, int]], event_pt: int | None) -> MediaDescription:
    audio = MediaDescription("audio", udp_port, "RTP/AVP", [str(number) for _, number in codecs])
    audio.rtpmaps = {str(number): f"{name}/8000" for name, number in codecs}
    if event_pt is not None:
        audio.formats.append(str(event_pt))
        audio.rtpmaps[str(event_pt)] = f"{TELEPHONE_EVENT}/8000"
        audio.fmtps[str(event_pt)] = KEYS
    return audio


def _session(address: str, session_id: int, version: int, media: list[MediaDescription]) -> SessionDescription:
    family = "IP6" if ":" in address else "IP4"
    return SessionDescription(f"- {session_id} {version} IN {family} {address}", address, None, media)


def _first_audio(session: SessionDescription) -> MediaDescription:
    for line in session.media:
        if line.kind == "audio" and line.port != 0 and line.protocol == "RTP/AVP":
            return line
    raise UnacceptableSdp("no audio over RTP/AVP")


def _common_codec(line: MediaDescription, codecs: Sequence[str]) -> tuple[CodecName, int]:
    numbers: dict[str, int] = {}
    for text in line.formats:
        number = read_number(text, PAYLOAD_TYPE_MAX)
        if number is None:
            continue
        mapped = line.rtpmaps.get(text)
        for name, static in STATIC_PAYLOAD_TYPES.items():
            is_static = mapped is None and number == static
            if is_static or _is_mapped_to(mapped, name):
                numbers.setdefault(name, number)
    for name in codecs:
        if name in numbers:
            return cast("CodecName", name), numbers[name]
    raise UnacceptableSdp("no common codec")


def _is_mapped_to(mapped: str | None, name: str) -> bool:
    return mapped is not None and mapped.upper() in (f"{name}/8000", f"{name}/8000/1")


def _telephone_event(line: MediaDescription) -> int | None:
    for text in line.formats:
        if line.rtpmaps.get(text, "").lower() in (f"{TELEPHONE_EVENT}/8000", f"{TELEPHONE_EVENT}/8000/1"):
            return read_number(text, PAYLOAD_TYPE_MAX)
    return None


def _remote(session: SessionDescription, line: MediaDescription, our_host: str) -> Address | None:
    host = line.connection or session.connection
    if host is None:
        raise UnacceptableSdp("no connection address")
    kind = _kind(host)
    if kind == "unspecified":
        return None
    if kind == "forbidden" or (kind == "loopback" and not _is_loopback(our_host)):
        raise UnacceptableSdp("a connection address that no RTP may be sent to")
    if (":" in host) != (":" in our_host):
        raise UnacceptableSdp("a connection address of another family than ours")
    return Address(host, line.port)


@lru_cache(maxsize=ADDRESSES_REMEMBERED_MAX)
def _kind(host: str) -> Literal["unspecified", "forbidden", "loopback", "usual"]:
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_unspecified:
        return "unspecified"
    if address.is_multicast or address.is_link_local or address == _BROADCAST:
        return "forbidden"
    return "loopback" if address.is_loopback else "usual"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _direction(session: SessionDescription, line: MediaDescription) -> Direction:
    return line.direction or session.direction or "sendrecv"


def _both(one: Direction, other: Direction) -> Direction:
    sends = all(direction in ("sendrecv", "sendonly") for direction in (one, other))
    receives = all(direction in ("sendrecv", "recvonly") for direction in (one, other))
    if sends:
        return "sendrecv" if receives else "sendonly"
    return "recvonly" if receives else "inactive"


def _ptime(line: MediaDescription) -> int:
    return line.ptime_ms if line.ptime_ms is not None and line.ptime_ms in PTIMES_MS else PTIME_MS
