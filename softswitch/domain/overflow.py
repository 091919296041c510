"""Overflow: the steps by which a queue sends callers on whom it does not serve.

A queue's steps are looked at in order; the first whose `after_s` the caller has waited and whose condition holds
(`conditions`) moves him on. Steps with `after_s = 0` are looked at before the caller is answered. While callers wait,
conditions are looked at every CHECK_S, and times to the moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from softswitch.domain.conditions import Situation
from softswitch.domain.office import OverflowStep

CHECK_S: Final = 1.0


def due(steps: Iterable[OverflowStep], situation: Situation) -> OverflowStep | None:
    """The step by which the caller is moved on now, None when he stays."""
    for step in steps:
        if situation.wait >= step.after_s and (step.when is None or step.when.holds(situation)):
            return step
    return None


def next_at_s(steps: Iterable[OverflowStep], waited_s: float) -> float | None:
    """After how much wait in all the steps are to be looked at again; None when no more of them can be due."""
    times = [
        step.after_s if step.after_s > waited_s else waited_s + CHECK_S for step in steps if _may_come(step, waited_s)
    ]
    return min(times, default=None)


def _may_come(step: OverflowStep, waited_s: float) -> bool:
    return step.when is not None or step.after_s > waited_s
