"""Reason headers (RFC 3326), with the examples of its §2 and the causes of Q.850."""

from __future__ import annotations

from sip_stack.message import Request
from sip_stack.parser import parse_message
from sip_stack.reason import REASONS_MAX, Reason, cause_in, q850_of, read_reasons, reason_text
from tests.sip_stack.pair import request


def said(*values: str) -> Request:
    message = parse_message(request("BYE", to_tag="t", lines=[f"Reason: {value}" for value in values]))
    assert isinstance(message, Request)
    return message


def read(message: Request) -> tuple[Reason, ...]:
    return read_reasons(reason_text(message))


def test_the_examples_of_the_rfc() -> None:
    assert read(said('SIP ;cause=200 ;text="Call completed elsewhere"')) == (
        Reason("SIP", 200, "Call completed elsewhere"),
    )
    assert read(said('Q.850 ;cause=16 ;text="Terminated"')) == (Reason("Q.850", 16, "Terminated"),)


def test_several_values_come_on_one_line_or_more() -> None:
    two = said('SIP;cause=600;text="a, b", q.850;cause=17')
    assert read(two) == (Reason("SIP", 600, "a, b"), Reason("Q.850", 17))
    assert q850_of(two) == 17


def test_what_cannot_be_read_says_nothing() -> None:
    assert read(said("SIP", "Q.850;cause=", "Q.850;cause=x", ";cause", "Q.850;cause=99999999999")) == ()
    assert q850_of(said("SIP;cause=200", "Q.850;cause=500")) is None
    assert q850_of(None) is None


def test_no_more_than_a_few_are_read() -> None:
    assert len(read(said(*["SIP;cause=1"] * 50))) == REASONS_MAX


def test_a_reason_is_written_as_it_is_read() -> None:
    reason = Reason("Q.850", 17, "User busy")
    assert str(reason) == 'Q.850;cause=17;text="User busy"'
    assert read(said(str(reason))) == (reason,)


def test_the_cause_of_one_protocol_is_found_among_others() -> None:
    text = reason_text(said("Q.850;cause=500", 'SIP;cause=200;text="elsewhere"', "Q.850;cause=41"))
    assert (cause_in("SIP", text), cause_in("Q.850", text), cause_in("X.25", text)) == (200, 41, None)
    assert cause_in("SIP", None) is None
    assert reason_text(said()) is None
