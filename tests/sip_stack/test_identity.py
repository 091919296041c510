"""Identity and diversion headers, with the examples of their RFCs."""

from __future__ import annotations

import pytest

from sip_stack.identity import asserted, first_called, wants_privacy
from sip_stack.message import Request
from sip_stack.parser import parse_message
from tests.sip_stack.pair import request


def invite(*lines: str) -> Request:
    message = parse_message(request("INVITE", lines=lines))
    assert isinstance(message, Request)
    return message


def vouched(*lines: str) -> tuple[str, str] | None:
    found = asserted(invite(*lines))
    return None if found is None else (found.display_name, str(found.uri))


def test_the_example_of_rfc_3325() -> None:
    """§10.1: a sip and a tel identity, of which the number is what a telephone shows."""
    lines = ('P-Asserted-Identity: "Cullen Jennings" <sip:fluffy@cisco.com>', "P-Asserted-Identity: tel:+14085264000")
    assert vouched(*lines) == ("", "tel:+14085264000")
    assert vouched(lines[0]) == ("Cullen Jennings", "sip:fluffy@cisco.com")


def test_a_remote_party_id_is_the_calling_party() -> None:
    called = '"Bo" <sip:+461@example.org>;party=called;screen=yes'
    calling = '"Al" <sip:+462@example.org>;party=calling;screen=yes;privacy=off'
    assert vouched(f"Remote-Party-ID: {called}, {calling}") == ("Al", "sip:+462@example.org")
    assert vouched("Remote-Party-ID: <sip:+463@example.org>;screen=yes") == ("", "sip:+463@example.org")
    assert vouched(f"Remote-Party-ID: {called}") is None


def test_nothing_and_nonsense_vouch_for_nobody() -> None:
    assert vouched() is None
    assert vouched("P-Asserted-Identity: <sip:", "P-Asserted-Identity: <sip:example.org>") is None


@pytest.mark.parametrize(
    ("line", "is_wanted"),
    [
        ("Privacy: id", True),
        ("Privacy: header;user", True),
        ("Privacy: ID ; critical", True),
        ("Privacy: none", False),
        ("Privacy: session", False),
        ("Remote-Party-ID: <sip:+461@example.org>;privacy=full", True),
        ("Remote-Party-ID: <sip:+461@example.org>;privacy=off", False),
        ("Subject: none", False),
    ],
)
def test_privacy(line: str, is_wanted: bool) -> None:  # a row of the table
    assert wants_privacy(invite(line)) is is_wanted


def test_an_anonymous_from_wants_privacy() -> None:
    """RFC 3323 §4.1.1.3."""
    message = invite()
    text = message.serialise().decode()
    given = message.headers.get("From") or ""
    hidden = text.replace(given, '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1')
    parsed = parse_message(hidden.encode())
    assert isinstance(parsed, Request)
    assert wants_privacy(parsed)


def test_the_first_number_of_a_diversion_is_its_last() -> None:
    """RFC 5806 §3.2: the latest comes first."""
    value = "<sip:+462@example.org>;reason=no-answer, <tel:+461>;reason=unconditional;counter=1"
    assert first_called(invite(f"Diversion: {value}")) == "+461"


def test_the_first_number_of_a_history_is_its_first() -> None:
    """RFC 7044 §9.1; a history of one entry tells of no diversion."""
    one = "<sip:+461@example.org>;index=1"
    two = "<sip:+462@example.org;cause=302>;index=1.1;mp=1"
    assert first_called(invite(f"History-Info: {one}, {two}")) == "+461"
    assert first_called(invite(f"History-Info: {one}")) is None
    assert first_called(invite()) is None
