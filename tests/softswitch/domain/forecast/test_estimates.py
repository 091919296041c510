"""Tests of softswitch.domain.forecast.estimates: estimates, how they react, and how they correct themselves."""

from __future__ import annotations

from random import Random

import pytest

from softswitch.domain.forecast.drain import BusyAgent
from softswitch.domain.forecast.estimates import CORRECTION_MAX, Estimate, Forecast, Staff, balanced_share


def busy(number: int, *, queue: str = "support", share: float = 1.0) -> tuple[BusyAgent, ...]:
    return tuple(BusyAgent(queue, 37.0 * index % 400, share) for index in range(number))


def estimate_of(forecast: Forecast, position: int, staff: Staff) -> Estimate:
    estimate = forecast.estimate("support", position, staff)
    assert estimate is not None
    return estimate


def test_nobody_there_is_no_estimate() -> None:
    assert Forecast().estimate("support", 1, Staff()) is None
    assert Forecast().estimate("support", 1, Staff(busy(3, share=0.0))) is None


def test_an_idle_agent_is_as_far_as_her_telephone() -> None:
    forecast = Forecast()
    for _ in range(500):
        forecast.picked_up("support", 9.0)
    assert estimate_of(forecast, 2, Staff(busy(4), idle=2)).median_s == pytest.approx(9.0, rel=0.05)
    assert estimate_of(forecast, 3, Staff(busy(4), idle=2)).median_s > 15.0


def test_a_quarter_of_the_agents_gone_is_felt_at_once() -> None:
    forecast = Forecast()
    before = estimate_of(forecast, 8, Staff(busy(12)))
    after = estimate_of(forecast, 8, Staff(busy(9)))
    assert after.median_s > 1.2 * before.median_s
    assert (before.agents, after.agents) == (12, 9)


def test_more_ahead_is_longer_and_more_agents_are_shorter() -> None:
    forecast = Forecast()
    by_place = [estimate_of(forecast, position, Staff(busy(7))).median_s for position in range(1, 30)]
    by_staff = [estimate_of(forecast, 6, Staff(busy(number))).median_s for number in range(1, 30)]
    assert by_place == sorted(by_place)
    assert by_staff == sorted(by_staff, reverse=True)


def test_estimates_go_with_what_calls_take() -> None:
    forecast, slow = Forecast(), Forecast()
    for _ in range(400):
        forecast.served("support", 120.0, 10.0)
        slow.served("support", 480.0, 40.0)
    ratio = estimate_of(slow, 1, Staff(busy(1))).median_s / estimate_of(forecast, 1, Staff(busy(1))).median_s
    assert ratio == pytest.approx(4.0, rel=0.15)
    assert forecast.handling_mean_s("support") == pytest.approx(130.0, rel=0.1)


def test_callers_who_give_up_make_the_way_shorter() -> None:
    patient, hasty = Forecast(), Forecast()
    for _ in range(1000):
        patient.waited("support", 300.0, has_given_up=False)
        hasty.waited("support", 300.0, has_given_up=True)
    assert estimate_of(hasty, 15, Staff(busy(4))).median_s < 0.6 * estimate_of(patient, 15, Staff(busy(4))).median_s


def test_shared_agents_count_by_their_share() -> None:
    forecast = Forecast()
    own = estimate_of(forecast, 6, Staff(busy(6)))
    shared = estimate_of(forecast, 6, Staff(busy(12, share=0.5)))
    assert shared.median_s == pytest.approx(own.median_s, rel=0.2)


def test_calls_of_another_queue_last_as_long_as_those_do() -> None:
    forecast = Forecast()
    for _ in range(500):
        forecast.served("sales", 900.0)
    long_s = estimate_of(forecast, 1, Staff(busy(1, queue="sales"))).median_s
    assert long_s > 2 * estimate_of(forecast, 1, Staff(busy(1))).median_s


def test_an_expected_handling_time_stands_in_at_first() -> None:
    quick = estimate_of(Forecast({"support": 60.0}), 5, Staff(busy(2)))
    assert quick.median_s < 0.5 * estimate_of(Forecast(), 5, Staff(busy(2))).median_s


def test_a_queue_that_is_gone_is_forgotten() -> None:
    forecast = Forecast()
    fresh = estimate_of(forecast, 5, Staff(busy(2)))
    forecast.served("support", 2000.0)
    forecast.forget(["support", "never-there"])
    assert estimate_of(forecast, 5, Staff(busy(2))) == fresh


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.7], ids=["shorter", "as modelled", "longer"])
@pytest.mark.parametrize("position", [2, 12])
def test_ranges_come_to_hold_four_of_five_whatever_the_true_waits_are(factor: float, position: int) -> None:
    draw = Random(5)
    forecast = Forecast()
    staff = Staff(busy(6))
    mean_s = factor * 40.0 * position
    inside = 0
    for index in range(5000):
        estimate = estimate_of(forecast, position, staff)
        wait_s = mean_s * draw.gammavariate(4.0, 0.25)
        forecast.realised("support", estimate, wait_s)
        if index >= 3000:
            inside += estimate.low_s <= wait_s <= estimate.high_s
    assert 0.77 < inside / 2000 < 0.83


def test_corrections_have_a_limit() -> None:
    forecast = Forecast()
    staff = Staff(busy(6))
    before = estimate_of(forecast, 6, staff)
    for _ in range(5000):
        forecast.realised("support", before, 100_000.0)
    after = estimate_of(forecast, 6, staff)
    assert before.high_s < after.high_s < 100_000.0
    assert after.low_s < after.median_s < after.high_s
    assert CORRECTION_MAX < 3.0


def test_one_outcome_hardly_moves_an_estimate() -> None:
    forecast = Forecast()
    before = estimate_of(forecast, 6, Staff(busy(6)))
    forecast.realised("support", before, 5000.0)
    after = estimate_of(forecast, 6, Staff(busy(6)))
    assert before.high_s < after.high_s < 1.05 * before.high_s


@pytest.mark.parametrize(
    ("here", "elsewhere", "own", "shared", "others", "share"),
    [
        (5, 0, 3, 4, 3, 1.0),
        (5, 5, 0, 4, 0, 0.5),
        (5, 5, 3, 4, 3, 0.5),
        (6, 2, 0, 4, 0, 0.75),
        (1, 9, 5, 2, 0, 0.0),
        (9, 1, 0, 2, 5, 1.0),
        (4, 4, 0, 0, 4, 1.0),
    ],
)
def test_shared_agents_are_shared_so_that_both_lines_are_through_together(
    here: int, elsewhere: int, own: int, shared: int, others: int, share: float
) -> None:
    assert balanced_share(here, elsewhere, own, shared, others) == pytest.approx(share)
