"""Tests of softswitch.domain.forecast.times: what is learnt of cycles, patience and pick-up."""

from __future__ import annotations

import math
from random import Random

import pytest

from softswitch.domain.forecast.times import (
    PRIOR_GIVEN_UP,
    PRIOR_MEAN_S,
    PRIOR_PATIENCE_S,
    RING_DEVIATION_S_MIN,
    Handling,
    Patience,
    PickUp,
    Shape,
)


def lognormal(draw: Random, mean_s: float, sigma: float) -> float:
    return math.exp(draw.gauss(math.log(mean_s) - sigma**2 / 2, sigma))


def test_a_shape_is_the_lognormal_of_its_mean() -> None:
    shape = Shape(100.0, 0.5, wrap_up_s=20.0)
    assert shape.mean_s == 120.0
    assert math.exp(shape.log_mean + 0.5**2 / 2) == pytest.approx(100.0)
    assert shape.variation == pytest.approx((math.exp(0.25) - 1) * 100.0**2 / 120.0**2)


def test_handling_begins_with_what_is_assumed() -> None:
    assert Handling().shape.mean_s == pytest.approx(PRIOR_MEAN_S)
    assert Handling(90.0).shape.mean_s == pytest.approx(90.0)


def test_handling_learns_mean_spread_and_wrap_up() -> None:
    draw = Random(1)
    handling = Handling()
    for _ in range(3000):
        handling.add(lognormal(draw, 400.0, 0.6), 30.0)
    assert handling.shape.engaged_s == pytest.approx(400.0, rel=0.12)
    assert handling.shape.sigma == pytest.approx(0.6, rel=0.15)
    assert handling.shape.wrap_up_s == pytest.approx(30.0, rel=0.01)


def test_handling_forgets_what_was_long_ago() -> None:
    handling = Handling()
    for _ in range(1000):
        handling.add(600.0, 0.0)
    for _ in range(2000):
        handling.add(200.0, 0.0)
    assert handling.shape.mean_s == pytest.approx(200.0, rel=0.05)


def test_one_call_left_open_overnight_does_not_spoil_the_mean() -> None:
    draw = Random(2)
    handling = Handling()
    for _ in range(500):
        handling.add(lognormal(draw, 200.0, 0.5), 0.0)
    before_s = handling.shape.mean_s
    handling.add(8 * 3600.0, 0.0)
    assert handling.shape.mean_s < 1.05 * before_s


def test_the_mean_is_less_doubted_the_more_was_seen() -> None:
    draw = Random(3)
    handling = Handling()
    at_first = handling.shape.uncertainty
    for _ in range(200):
        handling.add(lognormal(draw, 240.0, 0.7), 0.0)
    assert handling.shape.uncertainty < at_first / 3


def test_patience_is_those_who_gave_up_over_all_seconds_waited() -> None:
    patience = Patience()
    assert patience.hazard == pytest.approx(1 / PRIOR_PATIENCE_S)
    draw = Random(4)
    for _ in range(4000):
        gives_up_s, served_s = draw.expovariate(1 / 600), draw.expovariate(1 / 200)
        patience.add(min(gives_up_s, served_s), has_given_up=gives_up_s < served_s)
    assert patience.hazard == pytest.approx(1 / 600, rel=0.25)


def test_patience_that_nobody_lost_gets_long() -> None:
    patience = Patience()
    for _ in range(100):
        patience.add(100.0, has_given_up=False)
    assert patience.hazard < 1 / (PRIOR_PATIENCE_S * PRIOR_GIVEN_UP + 5000)


def test_pick_up_learns_mean_and_deviation() -> None:
    pick_up = PickUp()
    for index in range(1000):
        pick_up.add(4.0 if index % 2 else 12.0)
    assert pick_up.mean_s == pytest.approx(8.0, abs=0.1)
    assert pick_up.deviation_s == pytest.approx(4.0, abs=0.1)
    for _ in range(5000):
        pick_up.add(8.0)
    assert pick_up.deviation_s == RING_DEVIATION_S_MIN
