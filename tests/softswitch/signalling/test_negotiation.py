from __future__ import annotations

import pytest

from media.protocol import SetStream
from sip_stack.errors import UnacceptableSdp
from softswitch.settings import Media
from softswitch.signalling import negotiation
from softswitch.signalling.negotiation import LegMedia

OURS = Media("10.0.0.1", 20000, 20999, ("PCMA", "PCMU"))


def leg() -> LegMedia:
    return LegMedia(port=7, udp_port=20004, generation=1)


def sdp(media: str, *, host: str = "10.0.3.1", session: str = "") -> bytes:
    """A peer's body: one `c=` for all, then the media lines as given."""
    text = f"v=0\no=- 1 1 IN IP4 {host}\ns=-\nc=IN IP4 {host}\nt=0 0\n{session}{media}"
    return text.replace("\n", "\r\n").encode()


def lines(body: bytes, kind: str) -> list[str]:
    """The values of all lines of one kind ("m=", "a=")."""
    found = body.decode().split("\r\n")
    return [line.removeprefix(kind) for line in found if line.startswith(kind)]


def answered(offer: bytes, media: Media = OURS) -> tuple[bytes, SetStream]:
    """Our answer to an offer, and what the media engine is told, for a caller who speaks from where he says."""
    ours = leg()
    agreed = negotiation.take_offer(ours, offer, media)
    return agreed.answer, negotiation.stream(ours, agreed, signalled_from="10.0.3.1", may_be_behind_nat=True)


def read(answer: bytes, media: Media = OURS) -> SetStream:
    """What the media engine is told after this answer to our offer."""
    ours = leg()
    negotiation.offer(ours, media)
    agreed = negotiation.take_answer(ours, answer, media)
    return negotiation.stream(ours, agreed, signalled_from="10.0.3.1", may_be_behind_nat=True)


# Codecs.


def test_our_offer_names_all_our_codecs_in_our_order_keypresses_and_our_port() -> None:
    body = negotiation.offer(leg(), OURS)
    assert lines(body, "m=") == ["audio 20004 RTP/AVP 8 0 101"]
    assert lines(body, "c=") == ["IN IP4 10.0.0.1"]
    attributes = lines(body, "a=")
    assert "rtpmap:8 PCMA/8000" in attributes
    assert "rtpmap:0 PCMU/8000" in attributes
    assert "rtpmap:101 telephone-event/8000" in attributes
    assert "sendrecv" in attributes


def test_the_answer_goes_by_our_order_not_the_callers() -> None:
    body, stream = answered(sdp("m=audio 40000 RTP/AVP 0 8\n"))
    assert lines(body, "m=") == ["audio 20004 RTP/AVP 8"]
    assert (stream.codec, stream.payload_type) == ("PCMA", 8)
    _, turned = answered(sdp("m=audio 40000 RTP/AVP 0 8\n"), Media("10.0.0.1", 20000, 20999, ("PCMU", "PCMA")))
    assert (turned.codec, turned.payload_type) == ("PCMU", 0)


def test_a_codec_is_known_by_its_name_under_whatever_number_it_was_given() -> None:
    body, stream = answered(sdp("m=audio 40000 RTP/AVP 97\na=rtpmap:97 pcmu/8000/1\n"))
    assert lines(body, "m=") == ["audio 20004 RTP/AVP 97"]
    assert "rtpmap:97 PCMU/8000" in lines(body, "a=")
    assert (stream.codec, stream.payload_type) == ("PCMU", 97)


def test_without_a_common_codec_nothing_is_agreed_and_nothing_changes() -> None:
    ours = leg()
    before = negotiation.take_offer(ours, sdp("m=audio 40000 RTP/AVP 8\n"), OURS)
    strange = sdp("m=audio 40000 RTP/AVP 18 9\na=rtpmap:18 G729/8000\n")
    assert not negotiation.is_acceptable(ours, strange, OURS)
    with pytest.raises(UnacceptableSdp) as refused:
        negotiation.take_offer(ours, strange, OURS)
    assert refused.value.status_hint == 488
    assert ours.negotiated is before
    with pytest.raises(UnacceptableSdp):
        read(sdp("m=audio 40000 RTP/AVP 18\na=rtpmap:18 G729/8000\n"))


def test_an_answer_may_take_only_our_second_codec() -> None:
    stream = read(sdp("m=audio 40000 RTP/AVP 0\n"))
    assert (stream.codec, stream.payload_type, stream.remote) == ("PCMU", 0, ("10.0.3.1", 40000))


def test_a_body_that_is_no_sdp_is_not_acceptable() -> None:
    assert not negotiation.is_acceptable(leg(), b"hello", OURS)
    assert not negotiation.is_acceptable(leg(), b"v=0\r\nm=audio\r\n", OURS)


def test_weighing_an_offer_changes_nothing() -> None:
    ours = leg()
    assert negotiation.is_acceptable(ours, sdp("m=audio 40000 RTP/AVP 8\n"), OURS)
    assert (ours.negotiated, ours.version) == (None, 0)


def test_the_offer_that_is_taken_is_answered_whatever_was_weighed_before() -> None:
    ours, plain = leg(), leg()
    first, second = sdp("m=audio 40000 RTP/AVP 8\n"), sdp("m=audio 41000 RTP/AVP 8 0\na=sendonly\n")
    for offer in (first, second):
        assert negotiation.is_acceptable(ours, offer, OURS)
    for offer in (first, second, second):
        assert negotiation.take_offer(ours, offer, OURS) == negotiation.take_offer(plain, offer, OURS)


def test_an_offer_that_was_weighed_before_our_address_changed_is_answered_with_the_new_one() -> None:
    ours, moved = leg(), Media("10.0.0.9", 20000, 20999, OURS.codecs)
    offer = sdp("m=audio 40000 RTP/AVP 8\n")
    assert negotiation.is_acceptable(ours, offer, OURS)
    assert lines(negotiation.take_offer(ours, offer, moved).answer, "c=") == ["IN IP4 10.0.0.9"]


# Versions (RFC 3264 §8: the o= version goes up by one when the body changes).


def test_every_body_of_one_leg_has_the_same_session_id_and_the_next_version() -> None:
    ours = leg()
    bodies = [negotiation.offer(ours, OURS)]
    bodies.append(negotiation.take_offer(ours, sdp("m=audio 40000 RTP/AVP 8\na=sendonly\n"), OURS).answer)
    bodies.append(negotiation.offer(ours, OURS))
    origins = [lines(body, "o=")[0].split() for body in bodies]
    assert len({tuple(origin[:2]) for origin in origins}) == 1
    versions = [int(origin[2]) for origin in origins]
    assert versions == [versions[0], versions[0] + 1, versions[0] + 2]


# Keypresses.


def test_keypresses_take_the_number_that_the_peer_gave_them() -> None:
    body, stream = answered(sdp("m=audio 40000 RTP/AVP 8 96\na=rtpmap:96 telephone-event/8000\na=fmtp:96 0-15\n"))
    assert lines(body, "m=") == ["audio 20004 RTP/AVP 8 96"]
    assert "rtpmap:96 telephone-event/8000" in lines(body, "a=")
    assert stream.telephone_event == 96


def test_a_peer_without_keypresses_is_offered_none_in_the_answer() -> None:
    body, stream = answered(sdp("m=audio 40000 RTP/AVP 8\n"))
    assert "telephone-event" not in body.decode()
    assert stream.telephone_event is None


# Media lines that are not ours (RFC 3264 §6: as many m= lines in the answer as in the offer, refused ones with port 0).


def test_other_media_lines_are_refused_in_their_place() -> None:
    offer = sdp(
        "m=video 41000 RTP/AVP 96\na=rtpmap:96 H264/90000\nm=audio 40000 RTP/AVP 8\nm=audio 40002 RTP/AVP 8\n"
        "m=application 5000 udp wb\n"
    )
    body, stream = answered(offer)
    assert [line.split()[:2] for line in lines(body, "m=")] == [
        ["video", "0"],
        ["audio", "20004"],
        ["audio", "0"],
        ["application", "0"],
    ]
    assert stream.remote == ("10.0.3.1", 40000)


@pytest.mark.parametrize(
    "line", ["m=audio 0 RTP/AVP 8\n", "m=audio 40000 RTP/SAVP 8\n", "m=video 40000 RTP/AVP 96\n", ""]
)
def test_audio_that_is_rejected_encrypted_or_missing_is_no_audio(line: str) -> None:
    assert not negotiation.is_acceptable(leg(), sdp(line), OURS)
    with pytest.raises(UnacceptableSdp):
        read(sdp(line))


def test_an_audio_line_of_its_own_address_counts_over_the_sessions() -> None:
    _, stream = answered(sdp("m=audio 40000 RTP/AVP 8\nc=IN IP4 10.0.3.9\n"))
    assert stream.remote == ("10.0.3.9", 40000)


# Hold (RFC 3264 §8.4, and RFC 2543's way with 0.0.0.0).


@pytest.mark.parametrize(
    ("attribute", "ours", "sends", "receives", "is_held"),
    [
        ("", "sendrecv", True, True, False),
        ("a=sendrecv\n", "sendrecv", True, True, False),
        ("a=sendonly\n", "recvonly", False, True, True),
        ("a=inactive\n", "inactive", False, False, True),
        ("a=recvonly\n", "sendonly", True, False, False),
    ],
)
@pytest.mark.parametrize("is_of_session", [False, True])
def test_who_may_speak_after_an_offer(
    attribute: str, ours: str, *, sends: bool, receives: bool, is_held: bool, is_of_session: bool
) -> None:
    line = "m=audio 40000 RTP/AVP 8\n"
    offer = sdp(line, session=attribute) if is_of_session else sdp(line + attribute)
    media = leg()
    agreed = negotiation.take_offer(media, offer, OURS)
    assert ours in lines(agreed.answer, "a=")
    stream = negotiation.stream(media, agreed, signalled_from="10.0.3.1", may_be_behind_nat=False)
    assert (stream.sends, stream.receives, negotiation.is_held(agreed)) == (sends, receives, is_held)


def test_the_old_way_to_hold_with_0_0_0_0_sends_nothing_to_anyone() -> None:
    media = leg()
    agreed = negotiation.take_offer(media, sdp("m=audio 40000 RTP/AVP 8\n", host="0.0.0.0"), OURS)
    stream = negotiation.stream(media, agreed, signalled_from="10.0.3.1", may_be_behind_nat=True)
    assert negotiation.is_held(agreed)
    assert (stream.remote, stream.sends, stream.is_source_learnt) == (None, False, False)


def test_an_answer_that_only_sends_holds_us_too() -> None:
    media = leg()
    negotiation.offer(media, OURS)
    agreed = negotiation.take_answer(media, sdp("m=audio 40000 RTP/AVP 8\na=sendonly\n"), OURS)
    assert negotiation.is_held(agreed)


# Addresses.


def test_an_sdp_that_names_our_own_media_ports_is_refused_and_another_port_of_our_address_is_not() -> None:
    for port, is_good in ((20000, False), (20999, False), (19998, True), (21000, True)):
        offer = sdp(f"m=audio {port} RTP/AVP 8\n", host="10.0.0.1")
        assert negotiation.is_acceptable(leg(), offer, OURS) is is_good, port
    with pytest.raises(UnacceptableSdp):
        read(sdp("m=audio 20004 RTP/AVP 8\n", host="10.0.0.1"))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.9.9.9", "224.0.0.1", "239.255.255.250", "255.255.255.255", "169.254.1.1", "::1", "ff02::1",
     "fe80::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:224.0.0.1", "2001:db8::1", "localhost", "010.0.0.1",
     "0x7f.1", "2130706433"],
)  # fmt: skip
def test_no_caller_can_make_us_send_to_loopback_multicast_broadcast_or_link_local(host: str) -> None:
    assert not negotiation.is_acceptable(leg(), sdp("m=audio 40000 RTP/AVP 8\n", host=host), OURS)


def test_loopback_peers_are_normal_when_we_are_on_loopback_ourselves() -> None:
    ours = Media("127.0.0.1", 20000, 20999, ("PCMA", "PCMU"))
    assert negotiation.is_acceptable(leg(), sdp("m=audio 40000 RTP/AVP 8\n", host="127.0.0.1"), ours)


@pytest.mark.parametrize(
    ("signalled_from", "may_be_behind_nat", "is_learnt"),
    [
        ("10.0.3.1", True, False),
        ("203.0.113.9", True, True),
        ("203.0.113.9", False, False),
    ],
)
def test_a_source_is_learnt_only_for_a_phone_whose_sdp_names_another_address_than_it_signals_from(
    signalled_from: str, *, may_be_behind_nat: bool, is_learnt: bool
) -> None:
    media = leg()
    agreed = negotiation.take_offer(media, sdp("m=audio 40000 RTP/AVP 8\n"), OURS)
    stream = negotiation.stream(media, agreed, signalled_from=signalled_from, may_be_behind_nat=may_be_behind_nat)
    assert stream.is_source_learnt is is_learnt


# What was in force when the leg began.


def test_an_offer_of_ours_is_open_until_it_is_answered_or_crossed_by_theirs() -> None:
    body = sdp("m=audio 40000 RTP/AVP 8\n")
    ours = leg()
    assert negotiation.offer(ours, OURS) == ours.open_offer
    negotiation.take_answer(ours, body, OURS)
    assert ours.open_offer == b""
    negotiation.offer(ours, OURS)
    negotiation.take_offer(ours, body, OURS)
    assert ours.open_offer == b""


def test_an_offer_that_was_acceptable_stays_so_when_other_codecs_come_into_force_meanwhile() -> None:
    ours = leg()
    offer = sdp("m=audio 40000 RTP/AVP 0\n")
    assert negotiation.is_acceptable(ours, offer, OURS)
    changed = Media("10.0.0.1", 20000, 20999, ("PCMA",))
    assert negotiation.take_offer(ours, offer, changed).codec == "PCMU"
    assert not negotiation.is_acceptable(leg(), offer, changed)
