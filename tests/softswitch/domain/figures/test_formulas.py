"""Formulas, from small numbers that can be worked out by hand."""

from __future__ import annotations

import pytest

from softswitch.domain.figures.formulas import FORMULAS, Formula, VisitCounts, VisitTimes, answer_s, service_level

COUNTS = VisitCounts(offered=10, answered=6, within_goal=4, abandoned=1, short_abandoned=2, overflowed=1)


@pytest.mark.parametrize(
    ("formula", "level"), [("offered", 4 / 10), ("offered-less-short", 4 / 8), ("answered", 4 / 6)]
)
def test_each_service_level_divides_by_what_its_name_says(formula: Formula, level: float) -> None:
    assert service_level(COUNTS, formula) == level


def test_the_plain_service_level_is_of_all_who_were_offered() -> None:
    assert COUNTS.service_level == service_level(COUNTS) == 4 / 10


@pytest.mark.parametrize("formula", FORMULAS)
def test_nobody_to_divide_by_means_no_service_level(formula: Formula) -> None:
    assert service_level(VisitCounts(), formula) is None


def test_only_short_abandoned_callers_leave_a_level_that_still_has_a_divisor_or_none() -> None:
    assert service_level(VisitCounts(offered=2, short_abandoned=2), "offered-less-short") is None
    assert service_level(VisitCounts(offered=2, short_abandoned=2), "offered") == 0.0


def test_speed_of_answer_and_handling_time() -> None:
    times = VisitTimes(wait_ms=99_000, answered_wait_ms=30_000, talks=4, talk_ms=400_000, wrap_ups=2, wrap_up_ms=20_000)
    assert answer_s(COUNTS, times) == 5.0
    assert times.handling_s == 105.0
    assert answer_s(VisitCounts(), VisitTimes()) is None
    assert VisitTimes().handling_s is None
