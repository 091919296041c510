"""Offer and answer of one G.711 stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip_stack.errors import UnacceptableSdp
from sip_stack.flow import Address
from sip_stack.offer_answer import Negotiated, answer_offer, make_offer, read_answer
from sip_stack.sdp import Direction, parse_sdp

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
        ("c=IN IP4 192.0.2.10", "c=IN IP4 255.255.255.255"),
        ("c=IN IP4 192.0.2.10", "c=IN IP4 127.0.0.1"),
        ("c=IN IP4 192.0.2.10", "c=IN IP6 ::1"),
        ("c=IN IP4 192.0.2.10", "c=IN IP6 fe80::1"),
        ("c=IN IP4 192.0.2.10", "c=IN IP6 ff02::1"),
        ("c=IN IP4 192.0.2.10", "c=IN IP6 ::ffff:127.0.0.1"),
        ("RTP/AVP 0 8 97", "RTP/SAVP 0 8 97"),
        ("RTP/AVP 0 8 97", "RTP/AVP 00080000"),
        ("RTP/AVP 0 8 97", "RTP/AVP 128 " + "9" * 5000),
        ("RTP/AVP 0 8 97", "RTP/AVP ² 97"),
        ("m=audio 49170", "m=text 49170"),
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


@pytest.mark.parametrize(
    ("said", "direction"),
    [("sendrecv", "recvonly"), ("sendonly", "recvonly"), ("recvonly", "inactive"), ("inactive", "inactive")],
)
@pytest.mark.parametrize("nowhere", ["IN IP4 0.0.0.0", "IN IP6 ::"])
def test_whoever_gives_no_address_is_not_sent_to_but_may_be_heard(said: str, direction: str, nowhere: str) -> None:
    offer = OFFER.replace("c=IN IP4 192.0.2.10", f"c={nowhere}")
    negotiated = answer(offer.replace("m=video", f"a={said}\nm=video"))
    assert (negotiated.remote, negotiated.direction) == (None, direction)
    assert f"a={direction}" in negotiated.answer.decode().splitlines()


@pytest.mark.parametrize(
    ("offered", "answered", "ours"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendrecv", "recvonly", "sendonly"),
        ("sendrecv", "sendonly", "recvonly"),
        ("sendrecv", "inactive", "inactive"),
        ("sendonly", "recvonly", "sendonly"),
        ("recvonly", "sendonly", "recvonly"),
        ("sendonly", "inactive", "inactive"),
        ("sendonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
    ],
)
def test_after_our_offer_we_may_do_what_both_sides_said(offered: Direction, answered: str, ours: str) -> None:
    """RFC 3264 §6.1, the last two by the rule that an answer cannot give more than was offered."""
    offer = make_offer("192.0.2.1", 20000, ("PCMA",), session_id=1, version=1, direction=offered)
    theirs = f"v=0\nc=IN IP4 192.0.2.7\nm=audio 4000 RTP/AVP 8\na={answered}\n"
    assert read_answer(offer, theirs.encode(), ("PCMA",)).direction == ours


def test_our_offer_names_codecs_in_order_and_keypresses() -> None:
    offer = make_offer("192.0.2.1", 20000, ("PCMU", "PCMA"), session_id=7, version=3, ptime_ms=20)
    assert offer.decode().split("\r\n") == [
        "v=0",
        "o=- 7 3 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "m=audio 20000 RTP/AVP 0 8 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16",
        "a=ptime:20",
        "a=sendrecv",
        "",
    ]


def test_an_ipv6_address_is_written_as_such() -> None:
    offer = make_offer("2001:db8::1", 20000, ("PCMA",), session_id=1, version=1)
    assert b"c=IN IP6 2001:db8::1\r\n" in offer


def test_the_answer_keeps_the_offers_times() -> None:
    """RFC 3264 §6: the t= line of an answer equals that of the offer."""
    lines = answer(OFFER.replace("t=0 0", "t=2873397496 2873404696")).answer.decode().splitlines()
    assert "t=2873397496 2873404696" in lines


def test_audio_and_video_as_in_rfc_4317_section_2_1() -> None:
    """Three audio codecs and two for video are offered; audio comes to one of ours, video is declined with port 0."""
    offer = (
        "v=0\no=alice 1 1 IN IP4 192.0.2.20\ns=-\nc=IN IP4 192.0.2.20\nt=0 0\n"
        "m=audio 49170 RTP/AVP 0 8 97\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\na=rtpmap:97 iLBC/8000\n"
        "m=video 51372 RTP/AVP 31 32\na=rtpmap:31 H261/90000\na=rtpmap:32 MPV/90000\n"
    )
    negotiated = answer(offer, ("PCMU",))
    assert (negotiated.codec, negotiated.telephone_event_pt) == ("PCMU", None)
    audio, video = parse_sdp(negotiated.answer).media
    assert (audio.formats, audio.port, video.port, video.kind) == (["0"], 20000, 0, "video")


def test_a_second_audio_line_is_declined_as_in_rfc_4317_section_2_4() -> None:
    """One stream is all we take: the first of RTP/AVP; the line with keypresses alone gets port 0."""
    offer = OFFER.replace("m=video 51372 RTP/AVP 31", "m=audio 49172 RTP/AVP 98\na=rtpmap:98 telephone-event/8000")
    first, second = parse_sdp(answer(offer).answer).media
    assert (first.port, second.port, second.formats) == (20000, 0, ["98"])


def test_hold_and_resume_as_in_rfc_4317_section_3_1() -> None:
    held = answer(OFFER.replace("m=video", "a=sendonly\nm=video"))
    assert (held.direction, held.remote) == ("recvonly", Address("192.0.2.10", 49170))
    assert "a=recvonly" in held.answer.decode().splitlines()
    assert answer(OFFER.replace("m=video", "a=sendrecv\nm=video")).direction == "sendrecv"


def test_a_codec_under_a_dynamic_number_is_found_by_its_name() -> None:
    maps = "a=rtpmap:8 G729/8000\na=rtpmap:98 pcma/8000\na=rtpmap:97"
    negotiated = answer(OFFER.replace("0 8 97", "8 98 97").replace("a=rtpmap:97", maps))
    assert (negotiated.codec, negotiated.payload_type) == ("PCMA", 98)


def test_a_medias_own_address_goes_before_the_sessions() -> None:
    negotiated = answer(OFFER.replace("m=video", "c=IN IP4 192.0.2.99\nm=video"))
    assert negotiated.remote == Address("192.0.2.99", 49170)


def test_loopback_is_a_place_to_send_to_when_we_are_on_loopback() -> None:
    offer = OFFER.replace("192.0.2.10", "127.0.0.1").encode()
    negotiated = answer_offer(offer, address="127.0.0.1", udp_port=20000, codecs=("PCMA",), session_id=1, version=1)
    assert negotiated.remote == Address("127.0.0.1", 49170)


@pytest.mark.parametrize(("said", "ptime_ms"), [("20", 20), ("30", 30), ("60", 60), ("5", 20), ("200", 20), ("x", 20)])
def test_a_ptime_out_of_reason_counts_as_20_ms(said: str, ptime_ms: int) -> None:
    assert answer(OFFER.replace("m=video", f"a=ptime:{said}\nm=video")).ptime_ms == ptime_ms


@pytest.mark.parametrize(
    "theirs",
    [
        b"",
        b"v=0\nc=IN IP4 192.0.2.7\nm=audio 0 RTP/AVP 0\n",
        b"v=0\nc=IN IP4 192.0.2.7\nm=audio 4000 RTP/AVP 18\n",
        b"v=0\nc=IN IP4 127.0.0.1\nm=audio 4000 RTP/AVP 0\n",
        b"v=0\nm=audio 4000 RTP/AVP 0\n",
    ],
)
def test_an_answer_that_accepts_nothing_is_unacceptable(theirs: bytes) -> None:
    offer = make_offer("192.0.2.1", 20000, ("PCMU",), session_id=1, version=1)
    with pytest.raises(UnacceptableSdp):
        read_answer(offer, theirs, ("PCMU",))


_LINES = st.sampled_from(
    [*OFFER.splitlines(), "a=rtpmap:² telephone-event/8000", "m=audio 5 RTP/AVP ² 8 97", "m=audio 5 RTP/AVP 999999 0",
     f"a=rtpmap:{'9' * 5000} telephone-event/8000",
     f"m=audio 5 RTP/AVP {'9' * 5000} 8", "a=sendonly", "c=IN IP4 0.0.0.0"]
)  # fmt: skip


@given(st.lists(_LINES, max_size=30))
def test_any_offer_is_answered_within_bounds_or_unacceptable(lines: list[str]) -> None:
    try:
        negotiated = answer("\n".join(["v=0", *lines]))
    except UnacceptableSdp:
        return
    assert 0 <= negotiated.payload_type <= 127
    assert 0 <= (negotiated.telephone_event_pt or 0) <= 127
    assert negotiated.remote is None or 0 < negotiated.remote.port <= 65535
    assert len(parse_sdp(negotiated.answer).media) == sum(line.startswith("m=") for line in lines)
