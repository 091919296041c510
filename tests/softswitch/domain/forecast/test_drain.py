"""Tests of softswitch.domain.forecast.drain: the time of a turn, against formulas and plain simulation."""

from __future__ import annotations

import heapq
import math
from random import Random
from statistics import NormalDist

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from softswitch.domain.forecast.drain import WAIT_S_MAX, BusyAgent, Drain, quantiles
from softswitch.domain.forecast.times import Shape

SCORES = (-1.2816, 0.0, 1.2816)
NORMAL = NormalDist()
SHAPE = Shape(240.0, 0.7)


def drain_of(elapsed_s: list[float], *, shape: Shape = SHAPE, share: float = 1.0, hazard: float = 0.0) -> Drain:
    return Drain([BusyAgent("q", each, share) for each in elapsed_s], {"q": shape}, shape, hazard=hazard)


def found(drain: Drain, position: int) -> list[float]:
    waits_s = quantiles(drain, position, SCORES)
    assert waits_s is not None
    return waits_s


class Line:
    """The same by plain simulation, one run for each call of `turn_s`."""

    def __init__(self, drain: Drain, position: int, seed: int) -> None:
        self._drain, self._position = drain, position
        self._draw = Random(seed)

    def quantiles_s(self, runs: int = 4000) -> list[float]:
        waits_s = sorted(self._turn_s() for _ in range(runs))
        return [waits_s[int(runs * NORMAL.cdf(score))] for score in SCORES]

    def _turn_s(self) -> float:
        draw, drain = self._draw, self._drain
        patience_s = [
            draw.expovariate(drain.hazard) if drain.hazard else math.inf for _ in range(self._position - 1)
        ] + [math.inf]
        frees = [(self._residual_s(agent), index) for index, agent in enumerate(drain.busy)]
        heapq.heapify(frees)
        while True:
            at_s, index = heapq.heappop(frees)
            if draw.random() < drain.busy[index].share:
                while patience_s[0] < at_s:
                    patience_s.pop(0)
                patience_s.pop(0)
                if not patience_s:
                    return at_s
            heapq.heappush(frees, (at_s + self._call_s(0.0), index))

    def _residual_s(self, agent: BusyAgent) -> float:
        return self._call_s(agent.elapsed_s) if agent.free_in_s is None else agent.free_in_s

    def _call_s(self, elapsed_s: float) -> float:
        """What is left of a call that lasted so long, by inverting its distribution."""
        shape = self._drain.cycle
        past = NORMAL.cdf((math.log(elapsed_s) - shape.log_mean) / shape.sigma) if elapsed_s > 0 else 0.0
        chance = min(max(past + (1 - past) * self._draw.random(), 1e-12), 1 - 1e-12)
        return math.exp(shape.log_mean + shape.sigma * NORMAL.inv_cdf(chance)) - elapsed_s + shape.wrap_up_s


def test_one_agent_who_just_began_is_the_lognormal_itself() -> None:
    waits_s = found(drain_of([0.0]), 1)
    exact_s = [math.exp(SHAPE.log_mean + SHAPE.sigma * score) for score in SCORES]
    assert waits_s == pytest.approx(exact_s, rel=0.1)


def test_wrap_up_comes_after_every_talk() -> None:
    plain_s = found(drain_of([10.0]), 1)
    wrapped_s = found(drain_of([10.0], shape=Shape(240.0, 0.7, wrap_up_s=60.0)), 1)
    assert wrapped_s == pytest.approx([wait_s + 60.0 for wait_s in plain_s], rel=0.05)


@pytest.mark.parametrize("position", [1, 3, 8, 25])
@pytest.mark.parametrize(
    "elapsed_s",
    [[30.0, 200.0], [0.0, 60.0, 120.0, 180.0, 240.0, 600.0], [15.0 * each for each in range(30)]],
    ids=["2 agents", "6 agents", "30 agents"],
)
def test_quantiles_are_those_of_plain_simulation(elapsed_s: list[float], position: int) -> None:
    drain = drain_of(elapsed_s)
    simulated_s = Line(drain, position, seed=position).quantiles_s(1500)
    waits_s = found(drain, position)
    assert waits_s[:2] == pytest.approx(simulated_s[:2], rel=0.12, abs=4.0)
    assert 0.8 * simulated_s[2] < waits_s[2] < 1.3 * simulated_s[2], "doubt may add to it"


@pytest.mark.parametrize(("share", "hazard"), [(0.5, 0.0), (1.0, 1 / 300), (0.6, 1 / 600)])
def test_shares_and_callers_who_give_up_are_those_of_plain_simulation(share: float, hazard: float) -> None:
    drain = drain_of([40.0 * each for each in range(8)], share=share, hazard=hazard)
    median_s = Line(drain, 12, seed=7).quantiles_s(1500)[1]
    assert found(drain, 12)[1] == pytest.approx(median_s, rel=0.1)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("elapsed_s", [[0.0], [0.0, 100.0], [40.0 * each for each in range(6)]])
def test_the_next_in_line_waits_as_plain_simulation_says_whatever_goes_to_other_lines(
    elapsed_s: list[float], share: float
) -> None:
    drain = drain_of(elapsed_s, share=share)
    simulated_s = Line(drain, 1, seed=3).quantiles_s(1500)
    assert found(drain, 1) == pytest.approx(simulated_s, rel=0.15, abs=3.0)


def test_an_end_that_is_known_is_the_turn() -> None:
    drain = Drain([BusyAgent("q", 200.0, free_in_s=25.0)], {"q": SHAPE}, SHAPE)
    assert found(drain, 1) == pytest.approx([25.0] * 3, rel=0.2)


def test_residuals_go_by_the_call_that_each_has() -> None:
    shapes = {"long": Shape(1200.0, 0.5), "short": Shape(60.0, 0.5)}
    long_s = found(Drain([BusyAgent("long", 0.0)], shapes, SHAPE), 1)
    short_s = found(Drain([BusyAgent("short", 0.0)], shapes, SHAPE), 1)
    assert long_s[1] == pytest.approx(20 * short_s[1], rel=0.1)


def test_nobody_who_comes_is_no_wait_to_name() -> None:
    assert quantiles(Drain((), {}, SHAPE), 1, SCORES) is None
    assert quantiles(drain_of([10.0, 20.0], share=0.0), 1, SCORES) is None


def test_a_wait_without_end_is_named_by_its_limit() -> None:
    assert found(drain_of([0.0]), 1000) == [WAIT_S_MAX] * 3


def test_a_call_that_lasts_out_of_all_proportion_still_has_a_residual() -> None:
    waits_s = found(drain_of([500_000.0]), 1)
    assert 0 < waits_s[0] < waits_s[1] < waits_s[2]


def test_doubt_makes_the_range_wider_and_leaves_the_middle() -> None:
    sure_s = found(drain_of([30.0 * each for each in range(10)]), 20)
    unsure_s = found(drain_of([30.0 * each for each in range(10)], shape=Shape(240.0, 0.7, 0.0, 0.3)), 20)
    assert unsure_s[2] - unsure_s[0] > 1.3 * (sure_s[2] - sure_s[0])
    assert unsure_s[1] == pytest.approx(sure_s[1], rel=0.1)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1500), min_size=1, max_size=40),
    st.integers(1, 60),
    st.floats(0, 0.002),
    st.floats(0.05, 1.0),
)
def test_more_ahead_is_longer_and_more_agents_are_shorter(
    elapsed_s: list[float], position: int, hazard: float, share: float
) -> None:
    assume(hazard * position * SHAPE.mean_s < len(elapsed_s) * share)
    drain = drain_of(elapsed_s, hazard=hazard, share=share)
    here_s, next_s = found(drain, position), found(drain, position + 1)
    assert here_s == sorted(here_s)
    assert all(later_s >= 0.99 * wait_s for wait_s, later_s in zip(here_s, next_s, strict=True))
    twice_s = found(drain_of(elapsed_s * 2, hazard=hazard, share=share), position)
    assert twice_s[1] <= 1.02 * here_s[1]
    assert twice_s[2] <= 1.02 * here_s[2]
