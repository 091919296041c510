from __future__ import annotations

import pytest

from sip_stack.message import Headers, Response
from sip_stack.standing import RETRY_AFTER_S_MAX, BackOff, draw_from, retry_after_s
from tests.counted_tokens import CountedTokens


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("18000;duration=3600", RETRY_AFTER_S_MAX),
        ("120 (I'm in a meeting)", 120),
        ("0", 0),
        ("99999999999999999999", None),
        ("-1", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_rfc_3261_20_33_writes_it_and_bounded(value: str, seconds: int | None) -> None:
    assert retry_after_s(Response(503, headers=Headers([("Retry-After", value)]))) == seconds


def test_without_the_header_or_without_a_response_there_is_no_retry_after() -> None:
    assert retry_after_s(Response(503)) is None
    assert retry_after_s(None) is None


def test_waits_double_up_to_their_bound_and_chance_takes_at_most_half() -> None:
    """RFC 5626 §4.5: between 50 % and 100 % of the upper bound."""
    back_off = BackOff(30.0, 300.0)
    assert [back_off.wait_s(failures, lambda: 0.0) for failures in (1, 2, 3, 4, 5, 10_000)] == [
        15.0, 30.0, 60.0, 120.0, 150.0, 150.0,
    ]  # fmt: skip
    assert back_off.wait_s(1, lambda: 0.5) == 22.5
    assert back_off.wait_s(9, lambda: 0.999) < 300.0


def test_chance_made_of_tokens_lies_between_0_and_1_and_is_spread() -> None:
    draw = draw_from(CountedTokens())
    drawn = sorted(draw() for _ in range(2000))
    assert 0 <= drawn[0] < 0.05
    assert 0.95 < drawn[-1] < 1
    assert 0.45 < sum(drawn) / len(drawn) < 0.55
