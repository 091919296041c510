"""SDP: what telephones write, the limits, and any text at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip_stack.errors import UnacceptableSdp
from sip_stack.sdp import SDP_BYTES_MAX, SDP_LINES_MAX, SDP_MEDIA_MAX, parse_sdp

PHONE = """v=0
o=jdoe 2890844526 2890842807 IN IP4 192.0.2.10
s=SDP Seminar
i=A Seminar
u=http://www.example.com/seminars/sdp.pdf
e=j.doe@example.com (Jane Doe)
c=IN IP4 192.0.2.12
b=AS:64
t=2873397496 2873404696
a=recvonly
a=tool:phone
m=audio 49170/1 RTP/AVP 0 101
c=IN IP6 2001:DB8::1
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:30
a=sendonly
a=candidate:1 1 UDP 2130706431 192.0.2.10 49170 typ host
m=video 0 RTP/AVP 99
a=rtpmap:99 h263-1998/90000
"""


def test_a_telephones_body_is_read() -> None:
    session = parse_sdp(PHONE.encode())
    assert (session.connection, session.direction, session.times) == ("192.0.2.12", "recvonly", "2873397496 2873404696")
    audio, video = session.media
    assert (audio.kind, audio.port, audio.protocol, audio.formats) == ("audio", 49170, "RTP/AVP", ["0", "101"])
    assert (audio.connection, audio.ptime_ms, audio.direction) == ("2001:db8::1", 30, "sendonly")
    assert (audio.rtpmaps, audio.fmtps) == ({"101": "telephone-event/8000"}, {"101": "0-15"})
    assert (video.port, video.connection, video.direction) == (0, None, None)


def test_what_is_written_reads_the_same() -> None:
    session = parse_sdp(PHONE.encode())
    written = session.serialise()
    assert written.startswith(b"v=0\r\no=jdoe ")
    assert written.endswith(b"\r\n")
    again = parse_sdp(written)
    assert again.media == session.media
    assert (again.origin, again.connection, again.times) == (session.origin, session.connection, session.times)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v=0", "v=1"),
        ("v=0\n", ""),
        ("c=IN IP4 192.0.2.12", "c=IN IP4 phone.example.org"),
        ("c=IN IP4 192.0.2.12", "c=IN IP4 192.0.2.300"),
        ("c=IN IP4 192.0.2.12", "c=IN IP6 fe80::1%eth0"),
        ("c=IN IP4 192.0.2.12", "c=ATM NSAP 1"),
        ("m=audio 49170/1", "m=audio 65536"),
        ("m=audio 49170/1", "m=audio 00000099999"),
        ("m=audio 49170/1", "m=audio " + "9" * 5000),
        ("m=audio 49170/1", "m=audio ²"),
        ("m=audio 49170/1", "m=audio -1"),
        ("m=audio 49170/1 RTP/AVP 0 101", "m=audio 49170"),
        ("t=2873397496 2873404696", "t=now"),
        ("s=SDP Seminar", "no type"),
    ],
)
def test_what_cannot_be_read_is_unacceptable(old: str, new: str) -> None:
    with pytest.raises(UnacceptableSdp) as refused:
        parse_sdp(PHONE.replace(old, new, 1).encode())
    assert refused.value.status_hint == 488


@pytest.mark.parametrize("ptime", ["²", "9" * 5000, "-20", "x", ""])
def test_a_ptime_that_is_no_number_counts_for_nothing(ptime: str) -> None:
    assert parse_sdp(PHONE.replace("ptime:30", f"ptime:{ptime}").encode()).media[0].ptime_ms is None


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        (PHONE.encode() + b"a=x:" + b"y" * SDP_BYTES_MAX, "SDP_BYTES_MAX"),
        (PHONE.encode() + b"a=x\n" * SDP_LINES_MAX, "SDP_LINES_MAX"),
        (PHONE.encode() + b"m=audio 0 RTP/AVP 0\n" * SDP_MEDIA_MAX, "SDP_MEDIA_MAX"),
    ],
)
def test_limits_are_named(data: bytes, limit: str) -> None:
    with pytest.raises(UnacceptableSdp, match=limit):
        parse_sdp(data)


def test_a_body_at_its_limits_is_read() -> None:
    media = PHONE.count("m=")
    full = PHONE + "m=audio 0 RTP/AVP 0\n" * (SDP_MEDIA_MAX - media)
    full += "a=x\n" * (SDP_LINES_MAX - full.count("\n"))
    assert len(parse_sdp(full.encode()).media) == SDP_MEDIA_MAX
    filled = full.replace("a=x\n", "a=x:" + "y" * (SDP_BYTES_MAX - len(full) - 1) + "\n", 1)
    assert len(filled) == SDP_BYTES_MAX
    parse_sdp(filled.encode())
    for more in (full + "a=x\n", filled.replace("y\n", "yy\n", 1)):
        with pytest.raises(UnacceptableSdp):
            parse_sdp(more.encode())


def test_the_limits_are_those_that_were_promised() -> None:
    assert (SDP_MEDIA_MAX, SDP_LINES_MAX, SDP_BYTES_MAX) == (8, 400, 16 * 1024)


_LINES = st.sampled_from(
    [*PHONE.splitlines(), "a=rtpmap:² x/8000", "a=fmtp:", "m=²", "c=IN IP4 ²", "a=ptime:²", "=", "é"]
)


@given(
    st.one_of(
        st.binary(max_size=300), st.lists(_LINES, max_size=30).map(lambda lines: "\n".join(["v=0", *lines]).encode())
    )
)
def test_any_bytes_are_read_or_unacceptable(data: bytes) -> None:
    try:
        session = parse_sdp(data)
    except UnacceptableSdp:
        return
    session.serialise()
