"""Refer-To and Replaces, read as RFC 3515 and RFC 3891 write them."""

from __future__ import annotations

import pytest

from sip_stack.errors import MalformedMessage
from sip_stack.message import Request
from sip_stack.parser import parse_message
from sip_stack.referral import Replaces, fragment, referral_of, replaces_of, wants_report
from tests.sip_stack.pair import request

ONE = "Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3"


def asked(*lines: str, method: str = "REFER") -> Request:
    message = parse_message(request(method, to_tag="t", lines=lines))
    assert isinstance(message, Request)
    return message


def test_a_refer_to_is_an_address() -> None:
    wanted = referral_of(asked("Refer-To: <sip:102@example.org>"))
    assert (wanted.uri.user, wanted.uri.host, wanted.replaces) == ("102", "example.org", None)


def test_a_refer_to_may_name_a_dialog() -> None:
    """The example of RFC 3891 §7.1, escaped as a header in a URI must be (RFC 3261 §19.1.1)."""
    value = "<sips:bob@example.org?Replaces=425928%40bobster.example.org%3Bto-tag%3D7743%3Bfrom-tag%3D6472>"
    wanted = referral_of(asked(f"r: {value}"))
    assert wanted.replaces == Replaces("425928@bobster.example.org", "7743", "6472")
    assert str(wanted.uri) == "sips:bob@example.org"


def test_a_number_can_be_referred_to() -> None:
    assert referral_of(asked("Refer-To: <tel:+46850010000>")).uri.user == "+46850010000"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((), 400),
        (("Refer-To: <sip:a@example.org>", "Refer-To: <sip:b@example.org>"), 400),
        (("Refer-To: <sip:a@example.org;method=BYE>",), 501),
        (("Refer-To: <mailto:a@example.org>",), 416),
        (("Refer-To: <sip:a@example.org?Replaces=1%3Bto-tag%3D2>",), 400),
        (("Refer-To: <sip:a@example.org?Replaces=%3Bto-tag%3D2%3Bfrom-tag%3D3>",), 400),
        ((f"Refer-To: <sip:a@example.org?{ONE}&{ONE}>",), 400),
    ],
)
def test_what_cannot_be_meant_is_refused(lines: tuple[str, ...], status: int) -> None:
    with pytest.raises(MalformedMessage) as caught:
        referral_of(asked(*lines))
    assert caught.value.status_hint == status


def test_an_invite_names_whose_place_it_takes() -> None:
    invite = asked("Replaces: 12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only", method="INVITE")
    assert replaces_of(invite) == Replaces("12adf2f34456gs5", "12345", "54321", is_early_only=True)
    assert replaces_of(asked(method="INVITE")) is None
    with pytest.raises(MalformedMessage):
        replaces_of(asked("Replaces: 1;to-tag=2;from-tag=3", "Replaces: 1;to-tag=2;from-tag=3", method="INVITE"))


def test_reports_are_wanted_unless_refused() -> None:
    assert wants_report(asked())
    assert wants_report(asked("Refer-Sub: true"))
    assert not wants_report(asked("Refer-Sub: False ;x=y"))


def test_a_fragment_is_a_status_line() -> None:
    assert fragment(200) == b"SIP/2.0 200 OK\r\n"
