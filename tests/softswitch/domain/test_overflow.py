from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain.conditions import Situation, condition
from softswitch.domain.office import OverflowStep, ToBusy, ToQueue
from softswitch.domain.overflow import due, next_at_s

CALM = Situation(waiting=1, wait=0, service_level=0.9, has_agents=True)


STEPS = (
    OverflowStep(ToQueue("second"), after_s=60, when=condition("waiting > 3")),
    OverflowStep(ToQueue("third"), after_s=120),
    OverflowStep(ToBusy(), when=condition("no_agents")),
)


@pytest.mark.parametrize(
    ("situation", "to"),
    [
        (replace(CALM, wait=59.9, waiting=9), None),
        (replace(CALM, wait=60, waiting=9), "queue:second"),
        (replace(CALM, wait=60, waiting=3), None),
        (replace(CALM, wait=120, waiting=3), "queue:third"),
        (replace(CALM, wait=120, waiting=9), "queue:second"),
        (replace(CALM, has_agents=False), "busy"),
    ],
)
def test_the_first_step_whose_time_and_condition_have_come_moves_the_caller_on(
    situation: Situation, to: str | None
) -> None:
    step = due(STEPS, situation)
    assert (None if step is None else str(step.to)) == to


@pytest.mark.parametrize(("waited_s", "at_s"), [(0, 1.0), (59.5, 60.0), (60, 61.0), (119.5, 120.0), (500, 501.0)])
def test_steps_are_looked_at_again_at_their_times_and_every_second_while_a_condition_may_come(
    waited_s: float, at_s: float
) -> None:
    assert next_at_s(STEPS, waited_s) == at_s


def test_steps_without_conditions_are_looked_at_at_their_times_only() -> None:
    assert next_at_s(STEPS[1:2], 0) == 120
    assert next_at_s(STEPS[1:2], 120) is None
    assert next_at_s((), 0) is None
