"""Conditions: read, refused, held."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain.conditions import NoCondition, Situation, condition

CALM = Situation(waiting=1, wait=0, service_level=0.9, has_agents=True)


@pytest.mark.parametrize(
    ("text", "situation", "holds"),
    [
        ("waiting > 10", replace(CALM, waiting=10), False),
        ("waiting > 10", replace(CALM, waiting=11), True),
        ("waiting >= 10", replace(CALM, waiting=10), True),
        ("wait > 120", replace(CALM, wait=120.0), False),
        ("wait > 120", replace(CALM, wait=120.1), True),
        ("service_level < 0.7", replace(CALM, service_level=0.7), False),
        ("service_level < 0.7", replace(CALM, service_level=0.69), True),
        ("service_level <= 0.7", replace(CALM, service_level=0.7), True),
        ("service_level < 0.7", replace(CALM, service_level=None), False),
        ("no_agents", CALM, False),
        ("no_agents", replace(CALM, has_agents=False), True),
        ("waiting > 10 | wait > 120 | no_agents", replace(CALM, wait=121), True),
        ("waiting>10|wait>120", CALM, False),
    ],
)
def test_a_condition_holds_when_one_of_its_alternatives_does(text: str, situation: Situation, *, holds: bool) -> None:
    assert condition(text).holds(situation) == holds
    assert condition(text).text == text


@pytest.mark.parametrize("text", ["", "waiting", "waiting > ", "waiting = 10", "queue > 1", "wait > 1 |", "wait > -1"])
def test_what_is_no_condition_is_refused_with_the_part_that_is_wrong(text: str) -> None:
    with pytest.raises(NoCondition):
        condition(text)
