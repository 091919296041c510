"""What nobody but the two ends may know is black in a ladder, and what anyone chose to send is only text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.signalling.ladder import BLACK, MESSAGE_CHARS_MAX, blacken, summary

DIGEST = (
    'REGISTER sip:office.example SIP/2.0\r\nAuthorization: Digest username="101", realm="office.example", nonce="n0", '
    'uri="sip:office.example", response="6629fae49393a05397450978507c4ef1", cnonce="0a4f113b", qop=auth, nc=00000001'
    "\r\nCSeq: 2 REGISTER\r\n\r\n"
)
SECRETS = [
    (DIGEST, "6629fae49393a05397450978507c4ef1"),
    (DIGEST, "0a4f113b"),
    (DIGEST.replace("Authorization", "proxy-authorization"), "6629fae49393a05397450978507c4ef1"),
    (DIGEST.replace('response="', 'response = "'), "6629fae49393a05397450978507c4ef1"),
    (DIGEST.replace('response="6629fae49393a05397450978507c4ef1"', "response=6629fae4"), "6629fae4"),
    (DIGEST.replace(", response=", ",\r\n response="), "6629fae49393a05397450978507c4ef1"),
    (DIGEST.replace("\r\n", "\n"), "6629fae49393a05397450978507c4ef1"),
    ("INVITE sip:1@h SIP/2.0\r\nAuthorization: Basic c2VjcmV0\r\n\r\n", "c2VjcmV0"),
    ("INVITE sip:1@h SIP/2.0\r\nAuthorization: Bearer c2VjcmV0\r\n\r\n", "c2VjcmV0"),
    ("INVITE sip:1@h SIP/2.0\r\nAuthorization: c2VjcmV0\r\n\r\n", "c2VjcmV0"),
    ('SIP/2.0 200 OK\r\nAuthentication-Info: qop=auth, rspauth="5d3f"\r\n\r\n', "5d3f"),
    ("INVITE sip:1@h SIP/2.0\r\n\r\nv=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3\r\n", "d0Rm"),
    ("INVITE sip:1@h SIP/2.0\r\n\r\nv=0\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n", "asd88"),
    ("INFO sip:1@h SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=5\r\nDuration=160\r\n", "Signal=5"),
    ("INFO sip:1@h SIP/2.0\r\nc: application/dtmf\r\n\r\n5", "\r\n5"),
]


@pytest.mark.parametrize(("message", "secret"), SECRETS)
def test_secrets_and_keys_are_black(message: str, secret: str) -> None:
    assert secret in message
    blackened = blacken(message.encode())
    assert secret not in blackened
    assert BLACK in blackened


def test_who_proved_himself_against_what_can_still_be_read() -> None:
    blackened = blacken(DIGEST.encode())
    for part in ('username="101"', 'realm="office.example"', 'nonce="n0"', "qop=auth", "nc=00000001", "CSeq: 2"):
        assert part in blackened


def test_a_message_without_secrets_is_shown_as_it_was() -> None:
    plain = 'INVITE sip:1@h SIP/2.0\r\nFrom: "response=x" <sip:a@h>;tag=1\r\n\r\nv=0\r\na=rtpmap:8 PCMA/8000\r\n'
    assert blacken(plain.encode()) == plain


@given(st.binary(max_size=3 * MESSAGE_CHARS_MAX))
def test_any_bytes_become_bounded_text(data: bytes) -> None:
    assert len(blacken(data)) <= 2 * MESSAGE_CHARS_MAX
    summary(blacken(data))


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("INVITE sip:1@h SIP/2.0\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n\r\n", "INVITE (SDP)"),
        ("BYE sip:1@h SIP/2.0\r\nCSeq: 2 BYE\r\n\r\n", "BYE"),
        ("SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nc: application/sdp\r\n\r\n", "200 OK (INVITE, SDP)"),
        ("SIP/2.0 486 Busy Here\r\nCSeq: 1 INVITE\r\n\r\n", "486 Busy Here (INVITE)"),
        ("SIP/2.0 200 OK\r\n\r\n", "200 OK"),
    ],
)
def test_a_message_in_a_few_words(message: str, words: str) -> None:
    assert summary(message) == words
