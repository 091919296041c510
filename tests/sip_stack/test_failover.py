"""RFC 3263 §4.3, RFC 3261 §21.5.4."""

from __future__ import annotations

from sip_stack import standing
from sip_stack.failover import DEAD_S_FIRST, DEAD_S_MAX, FLOWS_REMEMBERED_MAX, SPARED_S, FlowHealth
from sip_stack.flow import Address, Flow
from sip_stack.message import Headers, Response

HERE = Address("192.0.2.100", 5060)
ONE, TWO, THREE = (Flow("udp", HERE, Address(f"192.0.2.{number}", 5060)) for number in (1, 2, 3))


def busy(seconds: str | None = None) -> Response:
    return Response(503, headers=Headers([] if seconds is None else [("Retry-After", seconds)]))


def test_a_place_that_was_silent_comes_last_for_a_while_and_is_tried_where_no_other_is_left() -> None:
    health = FlowHealth()
    health.failed(ONE, None, 0.0)
    assert health.in_order([ONE, TWO, THREE], DEAD_S_FIRST - 1) == (TWO, THREE, ONE)
    assert health.in_order([ONE], DEAD_S_FIRST - 1) == (ONE,)
    assert health.in_order([ONE, TWO, THREE], DEAD_S_FIRST) == (ONE, TWO, THREE)


def test_each_silence_in_a_row_makes_it_longer_up_to_a_bound_and_one_answer_ends_it() -> None:
    health = FlowHealth()
    now, spells = 0.0, []
    for _ in range(8):
        health.failed(ONE, None, now)
        began = now
        while health.is_dead(ONE, now):
            now += 1.0
        spells.append(now - began)
    assert spells[:4] == [DEAD_S_FIRST, 2 * DEAD_S_FIRST, 4 * DEAD_S_FIRST, 8 * DEAD_S_FIRST]
    assert spells[-1] == DEAD_S_MAX
    health.failed(ONE, None, now)
    health.answered(ONE)
    assert not health.is_dead(ONE, now)
    health.failed(ONE, None, now)
    assert not health.is_dead(ONE, now + DEAD_S_FIRST)


def test_a_place_that_says_503_is_left_out_until_its_retry_after_is_over() -> None:
    health = FlowHealth()
    health.failed(ONE, busy("120"), 0.0)
    assert health.in_order([ONE, TWO], 119.0) == (TWO,)
    assert health.in_order([ONE], 119.0) == ()
    assert health.in_order([ONE, TWO], 120.0) == (ONE, TWO)


def test_503_without_a_time_comes_last_for_a_short_while() -> None:
    health = FlowHealth()
    health.failed(ONE, busy(), 10.0)
    assert health.in_order([ONE, TWO], 10.0 + SPARED_S - 0.1) == (TWO, ONE)
    assert health.in_order([ONE, TWO], 10.0 + SPARED_S) == (ONE, TWO)
    health.failed(ONE, busy("0"), 20.0)
    assert health.in_order([ONE, TWO], 20.0) == (ONE, TWO)


def test_what_is_remembered_is_bounded_and_the_oldest_news_goes_first() -> None:
    health = FlowHealth()
    flows = [Flow("udp", HERE, Address("192.0.2.1", port)) for port in range(1, FLOWS_REMEMBERED_MAX + 3)]
    for flow in flows:
        health.failed(flow, None, 0.0)
    assert len(health) == FLOWS_REMEMBERED_MAX
    assert not health.is_dead(flows[1], 0.0)
    assert health.is_dead(flows[2], 0.0)


def test_so_many_failures_that_two_to_their_power_would_be_no_number_are_counted_all_the_same() -> None:
    health = FlowHealth()
    for _ in range(standing.DOUBLINGS_MAX + 2000):
        health.failed(ONE, None, 0.0)
    assert health.is_dead(ONE, DEAD_S_MAX - 1)
    assert not health.is_dead(ONE, DEAD_S_MAX)
