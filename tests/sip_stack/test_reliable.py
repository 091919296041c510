"""RSeq and RAck as RFC 3262 §7 writes them."""

from __future__ import annotations

import pytest

from sip_stack.message import Request, Response
from sip_stack.parser import parse_message
from sip_stack.reliable import RAck, first_rseq, rack_of, rseq_of
from tests.sip_stack.pair import answer, request


def prack(line: str) -> Request:
    message = parse_message(request("PRACK", to_tag="t", lines=(line,)))
    assert isinstance(message, Request)
    return message


def ringing(status: int, *lines: str) -> Response:
    invite = parse_message(request("INVITE"))
    assert isinstance(invite, Request)
    message = parse_message(answer(invite, status, lines=lines))
    assert isinstance(message, Response)
    return message


def test_the_examples_of_the_rfc() -> None:
    assert rack_of(prack("RAck: 776656 1 INVITE")) == RAck(776656, 1, "INVITE")
    assert rseq_of(ringing(180, "RSeq: 988789", "Require: 100rel")) == 988789


@pytest.mark.parametrize("line", ["RAck: 1 INVITE", "RAck: x 1 INVITE", "RAck: 1 1 INVITE too", "RAck:", "Subject: x"])
def test_what_cannot_be_read_acknowledges_nothing(line: str) -> None:
    assert rack_of(prack(line)) is None


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        (180, ("RSeq: 1",)),
        (180, ("Require: 100rel",)),
        (180, ("RSeq: many", "Require: 100rel")),
        (100, ("RSeq: 1", "Require: 100rel")),
    ],
)
def test_other_answers_ask_for_no_acknowledgement(status: int, lines: tuple[str, ...]) -> None:
    assert rseq_of(ringing(status, *lines)) is None


def test_numbers_begin_between_1_and_the_middle() -> None:
    """§3: 1 to 2**31 - 1."""
    numbers = {first_rseq(f"tag-{index}") for index in range(100)}
    assert min(numbers) >= 1
    assert max(numbers) < 2**31 - 1
    assert len(numbers) > 90
