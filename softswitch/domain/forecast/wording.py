"""What a caller is told of an estimated wait: a range in whole minutes, in fixed steps, that does not grow unexplained.

An estimate is rounded to the step that fits it best. What a step misses at the top counts TOO_LATE times, because a
caller who is served sooner than he was told does not mind. Whoever has been told a range remembers its upper end as a
time of the clock. So the next one that is said ends no later than that, in clock time; where the estimate has it that
it will, the caller is first told why: fewer colleagues than when he was last told, or otherwise more callers (which
stands for all that makes the others take longer). An estimate that is later by less than SLACK_S, or by less than the
share SLACK of what is left, is no news: it is rounded down to what may be said, or nothing is said, where that would be
less than even the median.

Everything is a value; what was said is in `Told`, which whoever announces keeps with the call.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from softswitch.domain.forecast.estimates import Estimate

Reason: TypeAlias = Literal["more-callers", "fewer-agents"]

STEPS_MIN: Final = (
    (0, 1),
    (1, 2),
    (1, 3),
    (2, 4),
    (3, 5),
    (3, 6),
    (4, 8),
    (5, 10),
    (8, 15),
    (10, 20),
    (15, 30),
    (20, 40),
    (30, 60),
)
"""From and to, minutes, ascending by the upper end; what is beyond is "over an hour"."""

UNDER: Final = "wait-under-1"
OVER: Final = "wait-over-60"
REASON_SOUNDS: Final[dict[Reason, str]] = {"more-callers": "wait-longer", "fewer-agents": "wait-staff"}

TOO_LATE: Final = 2.0
SLACK_S: Final = 30.0
SLACK: Final = 0.1

_LONGEST_MIN: Final = STEPS_MIN[-1][1]


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller was last told, at `at`: connected by `until_at` (infinite: no end was named), with `agents` then.

    Times are `now` seconds.
    """

    at: float
    until_at: float
    agents: int


@dataclass(frozen=True, slots=True)
class Announcement:
    """What to say: `sounds` one after the other. `high_min` None: over `low_min`. `told`: what to remember of it."""

    sounds: tuple[str, ...]
    low_min: int
    high_min: int | None
    reason: Reason | None
    told: Told

    @property
    def low_s(self) -> float:
        """The lower end in seconds."""
        return 60.0 * self.low_min

    @property
    def high_s(self) -> float:
        """The upper end in seconds, infinite where none is named."""
        return math.inf if self.high_min is None else 60.0 * self.high_min


def sounds() -> tuple[str, ...]:
    """The names of all sounds that an announced wait may need."""
    return (UNDER, *(_sound(step) for step in STEPS_MIN[1:]), OVER, *REASON_SOUNDS.values())


def announced(estimate: Estimate, told: Told | None, now: float) -> Announcement | None:
    """What to say of this estimate to a caller who was `told` something before; None when it is nothing new."""
    best = _best(estimate, STEPS_MIN)
    if told is None:
        return _say(best, None, estimate, now)
    left_s = told.until_at - now
    if best is not None and 60.0 * best[1] <= left_s:
        return _say(best, None, estimate, now)
    if best is None and math.isinf(left_s):
        return _say(best, None, estimate, now)
    if estimate.high_s > left_s + max(SLACK_S, SLACK * left_s):
        reason: Reason = "fewer-agents" if estimate.agents < told.agents else "more-callers"
        return _say(best, reason, estimate, now)
    within = _best(estimate, tuple(step for step in STEPS_MIN if 60.0 * step[1] <= left_s))
    if within is None or 60.0 * within[1] < estimate.median_s:
        return None
    return _say(within, None, estimate, now)


def _best(estimate: Estimate, steps: tuple[tuple[int, int], ...]) -> tuple[int, int] | None:
    """The step that fits, None when none of them does or the wait is beyond all."""
    if not steps or estimate.median_s > 60.0 * _LONGEST_MIN:
        return None
    return min(steps, key=lambda step: _misfit(estimate, step))


def _misfit(estimate: Estimate, step: tuple[int, int]) -> float:
    low, high = step
    late = estimate.high_s / 60.0 - high
    return abs(estimate.low_s / 60.0 - low) + (TOO_LATE * late if late > 0 else -late)


def _say(step: tuple[int, int] | None, reason: Reason | None, estimate: Estimate, now: float) -> Announcement:
    first = () if reason is None else (REASON_SOUNDS[reason],)
    if step is None:
        return Announcement((*first, OVER), _LONGEST_MIN, None, reason, Told(now, math.inf, estimate.agents))
    low, high = step
    return Announcement((*first, _sound(step)), low, high, reason, Told(now, now + 60.0 * high, estimate.agents))


def _sound(step: tuple[int, int]) -> str:
    return UNDER if step == STEPS_MIN[0] else f"wait-{step[0]}-{step[1]}"
