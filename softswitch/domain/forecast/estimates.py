"""Estimated wait: how long a caller in a given place is going to wait, as a range that holds four times of five.

What is modelled: the turns that bring the line forward are agents who get free and callers ahead who give up. From the
agents who can take the queue's calls *now*, what each does and since when, and from what calls of these queues have
taken lately, `drain` works out the distribution of the time until the caller's turn; the time to pick up comes
on top. Agents who come, go or pause change the next estimate at once, because nothing of staffing is averaged. An agent
who serves other queues too brings a share of her turns (`balanced_share`).

What is not: callers who enter later and are served earlier, staffing that changes unforeseen (there is only a doubt
that grows with the horizon), agents who decline. For such and for every other misfit the three quantiles correct
themselves: whenever the true wait is known of a caller for whom it was promised, the normal score at which each
quantile is read moves by a step, up when the wait was beyond it, down when it was not, in the ratio that leaves it at
rest only when it holds as often as it says. That is adaptive conformal inference (Gibbs and Candès, 2021): in the long
run the share holds whatever the model is worth. A caller who gave up is learnt from as well: his turn would have come
when the next one behind him was connected.

A `Forecast` is fed facts and asked for estimates; it has no clock and draws no random numbers.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from softswitch.domain.forecast.drain import WAIT_S_MAX, BusyAgent, Drain, quantiles
from softswitch.domain.forecast.times import ENGAGED_S_MIN, PRIOR_MEAN_S, Handling, Patience, PickUp, Shape

LOW, MEDIAN, HIGH = 0.1, 0.5, 0.9
LEVELS: Final = (LOW, MEDIAN, HIGH)
SCORES: Final = (-1.2815515655446004, 0.0, 1.2815515655446004)

HORIZONS_S: Final = (20.0, 60.0, 180.0, 540.0)
"""Corrections are kept for waits of about so long each; in between they are blended."""

STEP: Final = 0.02
STEP_EVERYWHERE: Final = 0.004
"""How far one outcome moves a score: for waits of its own length, and for all."""

RELATIVE_STEPS: Final = (1.0, 0.25, 1.0)
"""The median moves less: what it gains by correction it would lose again by going to and fro."""

CORRECTION_MAX: Final = 2.0
GAP_MIN: Final = 0.05
HORIZON_TURNS_MIN: Final = 0.1


@dataclass(frozen=True, slots=True)
class Staff:
    """Who can take a queue's calls now: `idle` agents and the busy ones."""

    busy: tuple[BusyAgent, ...] = ()
    idle: int = 0

    @property
    def agents(self) -> int:
        """How many they are."""
        return self.idle + len(self.busy)

    @property
    def turns(self) -> float:
        """How many they are, each counted with her share."""
        return self.idle + sum(agent.share for agent in self.busy)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds from now: with LOW, MEDIAN and HIGH chance the caller is connected by then. `agents`: of how many this
    was made, by which a later one tells whether they got fewer; `horizon_s`: the wait that was thought of first, by
    which corrections are told apart."""

    low_s: float
    median_s: float
    high_s: float
    agents: int
    horizon_s: float = 0.0


@dataclass(slots=True)
class _Queue:
    handling: Handling
    patience: Patience
    pick_up: PickUp
    corrections: list[list[float]]


class Forecast:
    """What is known of all queues. `prior_s`: what a call of a queue is taken to keep an agent before any was seen."""

    def __init__(self, prior_s: dict[str, float] | None = None) -> None:
        self._prior_s = {} if prior_s is None else prior_s
        self._queues: dict[str, _Queue] = {}

    def served(self, queue: str, engaged_s: float, wrap_up_s: float = 0.0) -> None:
        """An agent is free again: a call of this queue engaged her for so long, from the presentation to the end of the
        talk, and then there was so much wrap-up."""
        self._of(queue).handling.add(engaged_s, wrap_up_s)

    def picked_up(self, queue: str, ring_s: float) -> None:
        """An agent picked up, so long after the presentation."""
        self._of(queue).pick_up.add(ring_s)

    def waited(self, queue: str, wait_s: float, *, has_given_up: bool) -> None:
        """A visit's wait is over: connected, sent on, or given up."""
        self._of(queue).patience.add(wait_s, has_given_up=has_given_up)

    def realised(self, queue: str, estimate: Estimate, wait_s: float) -> None:
        """The caller of this estimate was connected (or would have been) so long after it was made."""
        bounds_s = (estimate.low_s, estimate.median_s, estimate.high_s)
        misses = [level - (wait_s <= bound_s) for level, bound_s in zip(LEVELS, bounds_s, strict=True)]
        below, weight = _knots(estimate.horizon_s)
        for knot, corrections in enumerate(self._of(queue).corrections):
            part = STEP_EVERYWHERE
            if knot == below:
                part += STEP * (1.0 - weight)
            elif knot == below + 1:
                part += STEP * weight
            for index, miss in enumerate(misses):
                corrections[index] = min(
                    max(corrections[index] + part * RELATIVE_STEPS[index] * miss, -CORRECTION_MAX), CORRECTION_MAX
                )

    def estimate(self, queue: str, position: int, staff: Staff) -> Estimate | None:
        """How long the caller in this position (1: the next) has still to wait; None when there is nobody to come.

        Whoever is presented to an agent just now is not ahead any more, and that agent is busy.
        """
        known = self._of(queue)
        ring_s = known.pick_up.mean_s
        if staff.idle >= position:
            return Estimate(0.0, ring_s, 2.0 * ring_s, staff.agents)
        shapes = {name: self._of(name).handling.shape for name in {agent.queue: None for agent in staff.busy}}
        cycle = _cycle(known.handling.shape, queue, staff, shapes)
        drain = Drain(staff.busy, shapes, cycle, staff.idle, known.patience.hazard)
        horizon_s = position * cycle.mean_s / max(staff.turns, HORIZON_TURNS_MIN)
        scores = _scores(known.corrections, horizon_s)
        found = quantiles(drain, max(position, 1), scores)
        if found is None:
            return None
        low_s, median_s, high_s = _with_pick_up(found, scores, known.pick_up)
        return Estimate(low_s, median_s, high_s, staff.agents, horizon_s)

    def handling_mean_s(self, queue: str) -> float:
        """How long a call of the queue keeps an agent, in the mean of late."""
        return self._of(queue).handling.shape.mean_s

    def forget(self, queues: Iterable[str]) -> None:
        """Queues that are gone."""
        for queue in queues:
            self._queues.pop(queue, None)

    def _of(self, queue: str) -> _Queue:
        known = self._queues.get(queue)
        if known is None:
            prior_s = self._prior_s.get(queue, PRIOR_MEAN_S)
            known = self._queues[queue] = _Queue(
                Handling(prior_s), Patience(), PickUp(), [[0.0] * len(LEVELS) for _ in HORIZONS_S]
            )
        return known


def balanced_share(here: int, elsewhere: int, own: float, shared: float, others: float) -> float:
    """The share of their turns that shared agents give to this line, as both lines drain in the order of being due.

    `here`: the caller's position; `elsewhere`: callers of the other queues due before him; `own` and `others`: agents
    who can take only this queue's or only the others' calls; `shared`: who can take both. The share is such that both
    are through together, as far as agents who are bound to one of them allow.
    """
    if shared <= 0 or elsewhere <= 0:
        return 1.0
    balanced = ((others + shared) * here - own * elsewhere) / (shared * (here + elsewhere))
    return min(max(balanced, 0.0), 1.0)


def _cycle(own: Shape, queue: str, staff: Staff, shapes: dict[str, Shape]) -> Shape:
    """The calls to come: this queue's, and of shared agents in part those of the queues whose calls they have now."""
    total = away = away_s = 0.0
    for agent in staff.busy:
        total += agent.share
        if agent.queue != queue:
            part = agent.share * (1.0 - agent.share)
            away += part
            away_s += part * shapes[agent.queue].mean_s
    if away <= 0:
        return own
    mean_s = own.mean_s + (away_s - away * own.mean_s) / total
    return Shape(max(mean_s - own.wrap_up_s, ENGAGED_S_MIN), own.sigma, own.wrap_up_s, own.uncertainty)


def _knots(horizon_s: float) -> tuple[int, float]:
    """Between which two of HORIZONS_S this lies: the lower one, and how far it is on to the next, on a log scale."""
    at_s = min(max(horizon_s, HORIZONS_S[0]), HORIZONS_S[-1])
    below = min(bisect_right(HORIZONS_S, at_s), len(HORIZONS_S) - 1) - 1
    return below, math.log(at_s / HORIZONS_S[below]) / math.log(HORIZONS_S[below + 1] / HORIZONS_S[below])


def _scores(corrections: list[list[float]], horizon_s: float) -> tuple[float, float, float]:
    """The normal scores at which the three quantiles are read."""
    below, weight = _knots(horizon_s)
    low, median, high = (
        score + (1.0 - weight) * one + weight * next_one
        for score, one, next_one in zip(SCORES, corrections[below], corrections[below + 1], strict=True)
    )
    return min(low, median - GAP_MIN), median, max(high, median + GAP_MIN)


def _with_pick_up(turn_s: list[float], scores: tuple[float, float, float], pick_up: PickUp) -> list[float]:
    """The quantiles of the turn and the pick-up together: deviations on either side of the median add as squares."""
    median_s = turn_s[1] + pick_up.mean_s
    bounds_s = [median_s] * len(turn_s)
    for index in (0, 2):
        own_s = (scores[index] - scores[1]) * pick_up.deviation_s
        away_s = turn_s[index] - turn_s[1]
        bounds_s[index] += math.copysign(math.hypot(away_s, own_s), index - 1)
    return [min(max(bound_s, 0.0), WAIT_S_MAX) for bound_s in bounds_s]
