"""RFC 3263 §4.3, RFC 3261 §21.5.4."""

from __future__ import annotations

from sip_stack import standing
from sip_stack.failover import DEAD_S_FIRST, DEAD_S_MAX, HOPS_REMEMBERED_MAX, SPARED_S, Failover, HopHealth
from sip_stack.flow import Address
from sip_stack.message import Headers, Response
from sip_stack.resolution import NextHop

ONE, TWO, THREE = (NextHop("udp", Address(f"192.0.2.{number}", 5060)) for number in (1, 2, 3))


def busy(seconds: str | None = None) -> Response:
    return Response(503, headers=Headers([] if seconds is None else [("Retry-After", seconds)]))


def walked(health: HopHealth, now: float, *answers: Response | None) -> list[NextHop | None]:
    """The places that a request goes to, when each answers as told."""
    way = Failover([ONE, TWO, THREE], health, now)
    tried = [way.take_next(now)]
    for answer in answers:
        if not way.take_answer(answer, now):
            break
        tried.append(way.take_next(now))
    return tried


def test_the_next_place_is_tried_after_silence_and_after_503_and_after_nothing_else() -> None:
    assert walked(HopHealth(), 0.0, None, busy(), Response(200)) == [ONE, TWO, THREE]
    for status in (200, 302, 404, 408, 486, 500, 504, 600):
        assert walked(HopHealth(), 0.0, Response(status)) == [ONE]


def test_after_the_last_place_there_is_none() -> None:
    way = Failover([ONE], HopHealth(), 0.0)
    assert way.take_next(0.0) == ONE
    assert not way.take_answer(None, 0.0)
    assert way.take_next(0.0) is None
    assert not way.take_answer(None, 0.0)
    assert Failover([], HopHealth(), 0.0).take_next(0.0) is None


def test_a_place_that_was_silent_comes_last_for_a_while_and_is_tried_where_no_other_is_left() -> None:
    health = HopHealth()
    walked(health, 0.0, None, Response(200))
    assert health.in_order([ONE, TWO, THREE], DEAD_S_FIRST) == (ONE, TWO, THREE)
    assert walked(health, DEAD_S_FIRST - 1, None, None) == [TWO, THREE, ONE]


def test_each_silence_in_a_row_makes_it_longer_up_to_a_bound_and_one_answer_ends_it() -> None:
    health = HopHealth()
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
    health = HopHealth()
    assert walked(health, 0.0, busy("120"), Response(200)) == [ONE, TWO]
    assert walked(health, 119.0, None, None) == [TWO, THREE]
    assert walked(health, 120.0) == [ONE]


def test_where_all_asked_to_be_spared_nobody_is_asked() -> None:
    health = HopHealth()
    walked(health, 0.0, busy("60"), busy("60"), busy("60"))
    assert walked(health, 59.0) == [None]


def test_503_without_a_time_counts_for_a_short_while() -> None:
    health = HopHealth()
    health.failed(ONE, busy(), 10.0)
    assert health.is_spared(ONE, 10.0 + SPARED_S - 0.1)
    assert not health.is_spared(ONE, 10.0 + SPARED_S)
    health.failed(ONE, busy("0"), 20.0)
    assert not health.is_spared(ONE, 20.0)


def test_a_place_that_asks_to_be_spared_while_a_request_is_on_its_way_is_passed_over() -> None:
    health = HopHealth()
    way = Failover([ONE, TWO, THREE], health, 0.0)
    assert way.take_next(0.0) == ONE
    health.failed(TWO, busy("60"), 1.0)
    assert way.take_answer(None, 32.0)
    assert way.take_next(32.0) == THREE


def test_what_is_remembered_is_bounded_and_the_oldest_news_goes_first() -> None:
    health = HopHealth()
    hops = [NextHop("udp", Address("192.0.2.1", port)) for port in range(1, HOPS_REMEMBERED_MAX + 3)]
    for hop in hops:
        health.failed(hop, None, 0.0)
    assert len(health) == HOPS_REMEMBERED_MAX
    assert not health.is_dead(hops[1], 0.0)
    assert health.is_dead(hops[2], 0.0)


def test_so_many_failures_that_two_to_their_power_would_be_no_number_are_counted_all_the_same() -> None:
    health = HopHealth()
    for _ in range(standing.DOUBLINGS_MAX + 2000):
        health.failed(ONE, None, 0.0)
    assert health.is_dead(ONE, DEAD_S_MAX - 1)
    assert not health.is_dead(ONE, DEAD_S_MAX)
