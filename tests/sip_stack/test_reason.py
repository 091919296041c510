"""Reason headers (RFC 3326), with the examples of its §2 and the causes of Q.850."""

from __future__ import annotations

from sip_stack.message import Request
from sip_stack.parser import parse_message
from sip_stack.reason import REASONS_MAX, Reason, q850_of, reasons_of
from tests.sip_stack.pair import request


def said(*values: str) -> Request:
    message = parse_message(request("BYE", to_tag="t", lines=[f"Reason: {value}" for value in values]))
    assert isinstance(message, Request)
    return message


def test_the_examples_of_the_rfc() -> None:
    assert reasons_of(said('SIP ;cause=200 ;text="Call completed elsewhere"')) == (
        Reason("SIP", 200, "Call completed elsewhere"),
    )
    assert reasons_of(said('Q.850 ;cause=16 ;text="Terminated"')) == (Reason("Q.850", 16, "Terminated"),)


def test_several_values_come_on_one_line_or_more() -> None:
    two = said('SIP;cause=600;text="a, b", q.850;cause=17')
    assert reasons_of(two) == (Reason("SIP", 600, "a, b"), Reason("Q.850", 17))
    assert q850_of(two) == 17


def test_what_cannot_be_read_says_nothing() -> None:
    assert reasons_of(said("SIP", "Q.850;cause=", "Q.850;cause=x", ";cause", "Q.850;cause=99999999999")) == ()
    assert q850_of(said("SIP;cause=200", "Q.850;cause=500")) is None
    assert q850_of(None) is None


def test_no_more_than_a_few_are_read() -> None:
    assert len(reasons_of(said(*["SIP;cause=1"] * 50))) == REASONS_MAX


def test_a_reason_is_written_as_it_is_read() -> None:
    reason = Reason("Q.850", 17, "User busy")
    assert str(reason) == 'Q.850;cause=17;text="User busy"'
    assert reasons_of(said(str(reason))) == (reason,)
