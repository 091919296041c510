"""SDP on one side, streams of the media engine on the other.

Each leg has its own offer/answer exchange with us (RFC 3264): the two legs of a call never see one another's SDP, the
media engine translates between their codecs. What was agreed becomes one `SetStream`, said again whenever a re-INVITE
changes it. Early media is not passed on: a 183's SDP counts only where the 200 has none.
"""

from __future__ import annotations

from dataclasses import dataclass

from media.protocol import SetStream
from sip_stack.errors import UnacceptableSdp
from sip_stack.flow import Address
from sip_stack.offer_answer import Negotiated, answer_offer, make_offer, read_answer
from softswitch.settings import Media


@dataclass(slots=True)
class LegMedia:
    """The media side of one leg: its row and UDP port, and how far offer and answer have come.

    `open_offer` is ours that was not answered yet, empty when no answer is due. `codecs` are those in force when media
    was first spoken of; a reload meanwhile is for legs that begin after it. `weighed`: the answer to an offer of
    theirs that was looked at and not taken yet, with all that it follows from, so that it is worked out once.
    """

    port: int
    udp_port: int
    generation: int
    codecs: tuple[str, ...] = ()
    version: int = 0
    open_offer: bytes = b""
    negotiated: Negotiated | None = None
    is_open: bool = False
    weighed: tuple[tuple[object, ...], Negotiated] | None = None


def offer(leg: LegMedia, media: Media) -> bytes:
    """Our offer: all our codecs, in our order."""
    leg.version += 1
    leg.open_offer = make_offer(
        media.address, leg.udp_port, _codecs(leg, media), session_id=leg.port, version=leg.version, direction="sendrecv"
    )
    return leg.open_offer


def take_offer(leg: LegMedia, body: bytes, media: Media) -> Negotiated:
    """Answers the peer's offer; raises UnacceptableSdp and changes nothing when it cannot be answered."""
    negotiated = _weigh(leg, body, media)
    leg.weighed = None
    leg.version += 1
    leg.open_offer = b""
    leg.negotiated = negotiated
    return negotiated


def is_acceptable(leg: LegMedia, body: bytes, media: Media) -> bool:
    """Whether `take_offer` could answer this offer, also when other codecs come into force before it does."""
    try:
        _weigh(leg, body, media)
    except UnacceptableSdp:
        return False
    return True


def take_answer(leg: LegMedia, body: bytes, media: Media) -> Negotiated:
    """Reads the peer's answer to our open offer; raises UnacceptableSdp."""
    negotiated = read_answer(leg.open_offer, body, _codecs(leg, media))
    _refuse_ourselves(negotiated.remote, media)
    leg.open_offer = b""
    leg.negotiated = negotiated
    return negotiated


def is_held(negotiated: Negotiated) -> bool:
    """Whether the far end does not want to hear us: sendonly or inactive from its side, or 0.0.0.0."""
    return negotiated.remote is None or negotiated.direction in ("recvonly", "inactive")


def stream(leg: LegMedia, negotiated: Negotiated, *, signalled_from: str, may_be_behind_nat: bool) -> SetStream:
    """What the media engine must know of the agreement.

    A source is learnt only for a phone whose signalling comes from another address than its SDP names: it is behind a
    NAT, and the port its packets will come from cannot be known before they come.
    """
    remote = negotiated.remote
    return SetStream(
        port=leg.port,
        codec=negotiated.codec,
        payload_type=negotiated.payload_type,
        telephone_event=negotiated.telephone_event_pt,
        remote=None if remote is None else (remote.host, remote.port),
        sends=negotiated.direction in ("sendrecv", "sendonly"),
        receives=negotiated.direction in ("sendrecv", "recvonly"),
        is_source_learnt=may_be_behind_nat and remote is not None and remote.host != signalled_from,
    )


def _weigh(leg: LegMedia, body: bytes, media: Media) -> Negotiated:
    codecs = _codecs(leg, media)
    asked = (body, media.address, leg.udp_port, codecs, leg.version)
    if leg.weighed is None or leg.weighed[0] != asked:
        negotiated = answer_offer(
            body,
            address=media.address,
            udp_port=leg.udp_port,
            codecs=codecs,
            session_id=leg.port,
            version=leg.version + 1,
        )
        leg.weighed = (asked, negotiated)
    _refuse_ourselves(leg.weighed[1].remote, media)
    return leg.weighed[1]


def _codecs(leg: LegMedia, media: Media) -> tuple[str, ...]:
    leg.codecs = leg.codecs or media.codecs
    return leg.codecs


def _refuse_ourselves(remote: Address | None, media: Media) -> None:
    if remote is not None and remote.host == media.address and media.udp_first <= remote.port <= media.udp_last:
        raise UnacceptableSdp(f"the SDP names our own media address {remote}", status_hint=488)
