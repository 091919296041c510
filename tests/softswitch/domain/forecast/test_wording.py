"""Tests of softswitch.domain.forecast.wording: what is said of an estimate, and what is never said."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.domain.forecast.estimates import Estimate
from softswitch.domain.forecast.wording import SLACK, SLACK_S, Announcement, announced, sounds

MINUTE_S = 60.0
WORDING = Path(__file__).parents[4] / "sounds" / "wording.toml"


def estimate(low_min: float, high_min: float, *, median_min: float | None = None, agents: int = 5) -> Estimate:
    median = (low_min + high_min) / 2 if median_min is None else median_min
    return Estimate(low_min * MINUTE_S, median * MINUTE_S, high_min * MINUTE_S, agents)


def say(value: Estimate, after: Announcement | None = None, now: float = 1000.0) -> Announcement:
    said = announced(value, None if after is None else after.told, now)
    assert said is not None
    return said


@pytest.mark.parametrize(
    ("low_min", "high_min", "sound"),
    [
        (0.1, 0.8, "wait-under-1"),
        (0.9, 2.1, "wait-1-2"),
        (1.0, 3.0, "wait-1-3"),
        (2.2, 3.9, "wait-2-4"),
        (3.0, 5.0, "wait-3-5"),
        (2.9, 6.2, "wait-3-6"),
        (2.0, 8.5, "wait-4-8"),
        (5.0, 10.0, "wait-5-10"),
        (7.0, 14.0, "wait-8-15"),
        (11.0, 19.0, "wait-10-20"),
        (16.0, 30.0, "wait-15-30"),
        (22.0, 40.0, "wait-20-40"),
        (28.0, 65.0, "wait-30-60"),
        (50.0, 120.0, "wait-over-60"),
    ],
)
def test_an_estimate_is_said_as_the_step_that_fits(low_min: float, high_min: float, sound: str) -> None:
    said = say(estimate(low_min, high_min))
    assert said.sounds == (sound,)
    assert said.reason is None


def test_too_late_counts_more_than_too_soon() -> None:
    assert say(estimate(1.5, 3.6)).sounds == ("wait-2-4",)


def test_over_an_hour_names_no_end() -> None:
    said = say(estimate(70, 200))
    assert (said.low_min, said.high_min) == (60, None)
    assert (said.low_s, said.high_s) == (3600.0, math.inf)


def test_a_wait_that_goes_as_told_is_told_shorter() -> None:
    first = say(estimate(5, 10), now=0.0)
    later = say(estimate(2.1, 4.2), first, now=300.0)
    assert (later.sounds, later.reason) == (("wait-2-4",), None)


def test_a_little_later_is_no_news_and_is_rounded_down() -> None:
    first = say(estimate(3, 5), now=0.0)
    later = say(estimate(2.5, 4.4, median_min=3.2), first, now=60.0)
    assert (later.sounds, later.reason) == (("wait-2-4",), None)


def test_nothing_is_said_where_only_less_than_the_median_could_be() -> None:
    first = say(estimate(1, 2), now=0.0)
    assert announced(estimate(0.7, 1.4, median_min=1.1), first.told, 45.0) is None


def test_a_wait_that_has_grown_is_told_with_more_callers_as_the_reason() -> None:
    first = say(estimate(3, 5), now=0.0)
    later = say(estimate(5, 10), first, now=60.0)
    assert (later.sounds, later.reason) == (("wait-longer", "wait-5-10"), "more-callers")


def test_a_wait_that_has_grown_because_agents_went_says_so() -> None:
    first = say(estimate(3, 5, agents=8), now=0.0)
    later = say(estimate(5, 10, agents=6), first, now=60.0)
    assert (later.sounds, later.reason) == (("wait-staff", "wait-5-10"), "fewer-agents")


def test_beyond_an_hour_is_grown_too_unless_it_was_told() -> None:
    first = say(estimate(30, 60), now=0.0)
    later = say(estimate(70, 200), first, now=60.0)
    assert later.sounds == ("wait-longer", "wait-over-60")
    again = say(estimate(70, 200), later, now=120.0)
    assert again.sounds == ("wait-over-60",)
    assert say(estimate(30, 60), again, now=180.0).reason is None


def test_all_sounds_are_listed_and_have_wording() -> None:
    with WORDING.open("rb") as file:
        wording = tomllib.load(file)
    for language in ("en", "sv"):
        assert set(sounds()) <= set(wording[language]["texts"])
    assert len(sounds()) == len(set(sounds())) == 16


WAITS_S = st.floats(1, 6000)


@given(st.lists(st.tuples(WAITS_S, WAITS_S, WAITS_S, st.integers(1, 9), st.floats(5, 300)), min_size=2, max_size=12))
def test_nothing_longer_than_last_told_is_said_without_a_reason(
    heard: list[tuple[float, float, float, int, float]],
) -> None:
    now, told = 0.0, None
    for first_s, second_s, third_s, agents, passes_s in heard:
        low_s, median_s, high_s = sorted((first_s, second_s, third_s))
        said = announced(Estimate(low_s, median_s, high_s, agents), told, now)
        if said is not None:
            assert set(said.sounds) <= set(sounds())
            is_longer = told is not None and now + said.high_s > told.until_at
            assert is_longer == (said.reason is not None)
            assert said.told.until_at == now + said.high_s
            told = said.told
        elif told is not None:
            left_s = told.until_at - now
            assert high_s <= left_s + max(SLACK_S, SLACK * left_s), "silence is only where it is no news"
        now += passes_s
