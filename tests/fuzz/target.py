"""What is fuzzed: one input is read as SDP when it begins so, else as a SIP message, and everything of it is looked at.

Whatever comes, a reader may refuse with its own errors only; what it took must be writable, and readable again.
"""

from contextlib import suppress

from sip_stack.bodies import session_body
from sip_stack.errors import MalformedMessage, UnacceptableSdp
from sip_stack.message import Request, respond_to
from sip_stack.offer_answer import answer_offer, make_offer, read_answer
from sip_stack.parser import message_length, parse_message
from sip_stack.sdp import parse_sdp

ADDRESS = "192.0.2.9"
CODECS = ("PCMA", "PCMU")
ACCESSORS = (
    "vias", "top_via", "from_", "to", "call_id", "cseq", "contacts", "routes", "record_routes", "max_forwards",
    "expires", "require", "content_type", "uri",
)  # fmt: skip


def read(data: bytes) -> None:
    """Raises what is a fault of ours."""
    if data.startswith(b"v="):
        _read_sdp(data)
    else:
        _read_message(data)


def _read_message(data: bytes) -> None:
    with suppress(MalformedMessage):
        message_length(data)
    try:
        message = parse_message(data)
    except MalformedMessage:
        return
    for name in ACCESSORS:
        try:
            getattr(message, name, None)
        except MalformedMessage:
            continue
    message.serialise()
    if isinstance(message, Request):
        session_body(message)
        answer = parse_message(respond_to(message, 486, to_tag="t").serialise())
        assert (answer.call_id, answer.cseq) == (message.call_id, message.cseq)


def _read_sdp(data: bytes) -> None:
    try:
        session = parse_sdp(data)
    except UnacceptableSdp:
        return
    assert len(parse_sdp(session.serialise()).media) == len(session.media)
    try:
        negotiated = answer_offer(data, address=ADDRESS, udp_port=4000, codecs=CODECS, session_id=1, version=1)
    except UnacceptableSdp:
        pass
    else:
        assert len(parse_sdp(negotiated.answer).media) == len(session.media)
    with suppress(UnacceptableSdp):
        read_answer(make_offer(ADDRESS, 4000, CODECS, session_id=1, version=1), data, CODECS)
