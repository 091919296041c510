"""Offer and answer of one G.711 stream."""

import pytest

from sip_stack.errors import UnacceptableSdp
from sip_stack.flow import Address
from sip_stack.offer_answer import Negotiated, answer_offer, make_offer, read_answer

OFFER = """v=0
o=alice 1 1 IN IP4 192.0.2.10
s=-
c=IN IP4 192.0.2.10
t=0 0
m=audio 49170 RTP/AVP 0 8 97
a=rtpmap:97 telephone-event/8000
m=video 51372 RTP/AVP 31
"""


def answer(offer: str, codecs: tuple[str, ...] = ("PCMA", "PCMU")) -> Negotiated:
    return answer_offer(
        offer.replace("\n", "\r\n").encode(),
        address="192.0.2.1",
        udp_port=20000,
        codecs=codecs,
        session_id=1,
        version=1,
    )


def test_our_order_of_codecs_decides() -> None:
    assert answer(OFFER).codec == "PCMA"
    assert answer(OFFER, ("PCMU", "PCMA")).codec == "PCMU"


def test_the_answer_keeps_every_media_line_and_refuses_what_we_do_not_take() -> None:
    lines = answer(OFFER).answer.decode().splitlines()
    assert [line for line in lines if line.startswith("m=")] == ["m=audio 20000 RTP/AVP 8 97", "m=video 0 RTP/AVP 31"]
    assert "a=rtpmap:97 telephone-event/8000" in lines


def test_hold_is_answered_with_its_mirror() -> None:
    assert answer(OFFER.replace("m=video", "a=sendonly\nm=video")).direction == "recvonly"
    assert answer(OFFER.replace("m=video", "a=inactive\nm=video")).direction == "inactive"
    old_style = answer(OFFER.replace("c=IN IP4 192.0.2.10", "c=IN IP4 0.0.0.0"))
    assert (old_style.remote, old_style.direction) == (None, "recvonly")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RTP/AVP 0 8 97", "RTP/AVP 3 97"),
        ("c=IN IP4 192.0.2.10", "c=IN IP4 224.2.1.1"),
        ("c=IN IP4 192.0.2.10", "c=IN IP4 169.254.1.1"),
        ("c=IN IP4 192.0.2.10", "c=IN IP4 media.example.org"),
        ("c=IN IP4 192.0.2.10\n", ""),
        ("m=audio 49170", "m=audio 0"),
        ("m=audio 49170", "m=audio 99999"),
        ("v=0", "v=1"),
    ],
)
def test_what_rtp_cannot_be_sent_to_is_unacceptable(old: str, new: str) -> None:
    with pytest.raises(UnacceptableSdp):
        answer(OFFER.replace(old, new))


def test_an_answer_to_our_offer_is_read() -> None:
    offer = make_offer("192.0.2.1", 20000, ("PCMA", "PCMU"), session_id=1, version=1)
    theirs = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    negotiated = read_answer(offer, theirs.encode(), ("PCMA", "PCMU"))
    assert (negotiated.codec, negotiated.payload_type, negotiated.telephone_event_pt) == ("PCMU", 0, None)
    assert negotiated.remote == Address("192.0.2.7", 4000)
