"""Keys in INFO, as telephones write them."""

from __future__ import annotations

import pytest

from sip_stack.keypresses import is_keypress, key_of
from sip_stack.message import Request
from sip_stack.parser import parse_message
from tests.sip_stack.pair import request


def info(kind: str, body: str) -> Request:
    message = parse_message(request("INFO", to_tag="t", lines=[f"Content-Type: {kind}"], body=body))
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize(
    ("kind", "body", "key"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay", "Signal= *\r\nDuration= 250", "*"),
        ("Application/DTMF-Relay; charset=utf-8", "duration=100\nsignal=#\n", "#"),
        ("application/dtmf-relay", "Signal=11\r\n", "#"),
        ("application/dtmf-relay", "Signal=10\r\n", "*"),
        ("application/dtmf-relay", "Signal=d\r\n", "D"),
        ("application/dtmf", "7", "7"),
        ("application/dtmf", " 0\r\n", "0"),
        ("application/dtmf-relay", "Signal=16\r\n", None),
        ("application/dtmf-relay", "Duration=160\r\n", None),
        ("application/dtmf-relay", "", None),
        ("application/dtmf", "12345", None),
        ("application/dtmf", "\u0665", None),
        ("application/dtmf", "5" + " " * 300, None),
    ],
)
def test_a_key_is_read(kind: str, body: str, key: str | None) -> None:
    message = info(kind, body)
    assert is_keypress(message)
    assert key_of(message) == key


def test_other_bodies_are_none() -> None:
    assert not is_keypress(info("application/json", "{}"))
    assert not is_keypress(info("application/dtmf-relayed", "Signal=5"))
