"""Offer and answer of one audio stream over RTP/AVP (RFC 3264), with G.711 and RFC 4733 keypresses.

Our own order of codecs decides, in offers and in answers. Other media lines are answered with port 0. A peer's address
must be one that RTP can be sent to: multicast, link-local and unspecified targets are refused, except 0.0.0.0, by which
old phones say "hold" (RFC 3264 §8.4).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from sip_stack.errors import UnacceptableSdp
from sip_stack.flow import Address
from sip_stack.sdp import Direction, MediaDescription, SessionDescription, parse_sdp

CodecName = Literal["PCMA", "PCMU"]

STATIC_PAYLOAD_TYPES: Final[Mapping[str, int]] = {"PCMU": 0, "PCMA": 8}
TELEPHONE_EVENT: Final = "telephone-event"
TELEPHONE_EVENT_PAYLOAD_TYPE: Final = 101
KEYS: Final = "0-16"
PTIME_MS: Final = 20
PTIMES_MS: Final = range(10, 61)

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
    remote = _remote(theirs, chosen)
    direction = _MIRROR[_direction(theirs, chosen)]
    if remote is None:
        direction = "inactive" if direction in ("inactive", "recvonly") else "recvonly"
    media = []
    for line in theirs.media:
        if line is chosen:
            audio = _audio(udp_port, [(codec, payload_type)], event_pt)
            audio.ptime_ms = PTIME_MS
            audio.direction = direction
            media.append(audio)
        else:
            media.append(MediaDescription(line.kind, 0, line.protocol, line.formats[:1]))
    answer = _session(address, session_id, version, media).serialise()
    return Negotiated(answer, codec, payload_type, event_pt, remote, direction, _ptime(chosen))


def read_answer(offer: bytes, answer: bytes, codecs: Sequence[str]) -> Negotiated:
    """Reads the answer to our offer; raises UnacceptableSdp when it accepts nothing of it."""
    ours = parse_sdp(offer)
    theirs = parse_sdp(answer)
    chosen = _first_audio(theirs)
    codec, payload_type = _common_codec(chosen, codecs)
    event_pt = _telephone_event(chosen)
    remote = _remote(theirs, chosen)
    offered = _direction(ours, ours.media[0])
    direction = _both(offered, _MIRROR[_direction(theirs, chosen)])
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
        if not text.isascii() or not text.isdigit() or int(text[:4]) > 127:
            continue
        mapped = line.rtpmaps.get(text)
        for name, static in STATIC_PAYLOAD_TYPES.items():
            is_static = mapped is None and int(text) == static
            if (is_static or _is_mapped_to(mapped, name)) and name not in numbers:
                numbers[name] = int(text)
    for name in codecs:
        if name in numbers:
            return cast("CodecName", name), numbers[name]
    raise UnacceptableSdp("no common codec")


def _is_mapped_to(mapped: str | None, name: str) -> bool:
    return mapped is not None and mapped.upper() in (f"{name}/8000", f"{name}/8000/1")


def _telephone_event(line: MediaDescription) -> int | None:
    for number, mapped in line.rtpmaps.items():
        if mapped.lower() == f"{TELEPHONE_EVENT}/8000" and number in line.formats and number.isdigit():
            return int(number) if int(number) <= 127 else None
    return None


def _remote(session: SessionDescription, line: MediaDescription) -> Address | None:
    host = line.connection or session.connection
    if host is None:
        raise UnacceptableSdp("no connection address")
    address = ipaddress.ip_address(host)
    if address == ipaddress.ip_address("0.0.0.0"):  # noqa: S104  # the hold of RFC 2543, not an address to bind
        return None
    if address.is_multicast or address.is_link_local or address.is_unspecified or host == "255.255.255.255":
        raise UnacceptableSdp("a connection address that no RTP may be sent to")
    return Address(host, line.port)


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
