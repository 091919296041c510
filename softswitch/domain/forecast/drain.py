"""How a line drains: the distribution of the time until a place in it is reached, without simulation.

The caller at `position` k is taken up when k turns have come by: agents who got free, and callers ahead who gave up.
So P(wait ≤ t) = P(N(t) ≥ k), where N(t) counts turns until t, and N is a sum over agents who work independently; its
mean and variance are enough.

    first     an agent who has been busy for `elapsed_s` gets free by t with chance F(t), from the lognormal residual of
              her call; one whose end is known (wrap-up) gets free then; an idle one at once
    again     after that she works cycle after cycle: a renewal process from each first time, whose mean is taken as
              m(u) = u/μ − b(1 − e^(−u/bμ)) with b = (1 − c²)/2. It begins with slope 0, has the right asymptote, and
              is exact for c² = ½; being exponential, its convolution with the first times is one recursion
    shares    an agent who also serves others' callers brings a turn to this line with chance `share`
    given up  those ahead give up at `hazard`; the line ahead is followed as a fluid
    doubt     a relative error in the capacity, from the mean's uncertainty and from staffing that changes unforeseen,
              which grows with the horizon up to DOUBT_S_MAX

N(t) ≥ k is then weighed with Wilson and Hilferty's cube root (1931) for a gamma distribution of matching dispersion,
which is right both for few turns (skewed) and for many (normal). The result for each t is a normal score z(t); a
quantile is the t where z reaches its score. For the next in line there is nothing to sum: P(N(t) ≥ 1) is one minus the
product of the chances that no agent has got free, and that is taken instead. Times are stepped geometrically, so the
cost does not grow with the wait, and agents beyond GROUPS_MAX are put together by how long they have been busy, so it
does not grow with their number.

What it leaves out: where nearly all ahead give up before it comes to them, giving up and turns are no longer apart, and
the range is wider than it need be, and hardly grows with the place any more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, TypeAlias

from softswitch.domain.forecast.times import Shape

GROUPS_MAX: Final = 8
WAIT_S_MAX: Final = 4 * 3600.0
DOUBT_PER_ROOT_S: Final = 0.15 / math.sqrt(1800.0)
DOUBT_S_MAX: Final = 3600.0

_FIRST_STEP: Final = 0.04
_FIRST_STEP_MAX: Final = 0.2
_STEP_RATIO: Final = 1.2
_DISPERSION_MIN: Final = 0.02
_SCORE_MIN: Final = -8.0
_CHANCE_MIN: Final = 1e-12
_NORMAL: Final = NormalDist()
_LASTING_SIGMAS_MAX: Final = 5.0
_ROOT_2: Final = math.sqrt(2.0)


@dataclass(frozen=True, slots=True)
class BusyAgent:
    """One who takes the asking queue's calls when she gets free: since when she has been kept by a call of `queue`.

    `share`: of her turns, how many the asking queue gets. `free_in_s`: when she gets free, where that is known.
    """

    queue: str
    elapsed_s: float
    share: float = 1.0
    free_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Drain:
    """What a line is drained by. `shapes`: of the calls that the busy agents have, by queue; `cycle`: of the calls to
    come; `idle`: turns that are there at once; `hazard`: the share of those ahead that gives up per second."""

    busy: Sequence[BusyAgent]
    shapes: Mapping[str, Shape]
    cycle: Shape
    idle: float = 0.0
    hazard: float = 0.0


def quantiles(drain: Drain, position: int, scores: Sequence[float]) -> list[float] | None:
    """The waits in seconds at these normal scores (ascending), each at most WAIT_S_MAX; None when nobody ever comes."""
    capacity = drain.idle + sum(agent.share for agent in drain.busy)
    if capacity <= 0:
        return None
    line = _Line(drain, position, capacity)
    found: list[float] = []
    at_s, score = 0.0, _SCORE_MIN
    first_step = min(_FIRST_STEP * math.sqrt(position), _FIRST_STEP_MAX)
    next_s = first_step * max(position - 0.5, 0.5) * drain.cycle.mean_s / max(capacity, 1.0)
    while True:
        next_score = max(line.advance(at_s, next_s), score)
        while next_score >= scores[len(found)]:
            way = (scores[len(found)] - score) / (next_score - score) if next_score > score else 1.0
            found.append(at_s + max(way, 0.0) * (next_s - at_s))
            if len(found) == len(scores):
                return found
        if next_s >= WAIT_S_MAX:
            return found + [WAIT_S_MAX] * (len(scores) - len(found))
        at_s, score, next_s = next_s, next_score, min(next_s * _STEP_RATIO, WAIT_S_MAX)


_Group: TypeAlias = tuple[str, float, float, float | None, float]
"""Agents who are alike: queue, mean elapsed seconds, mean share, mean `free_in_s` if known, and how many they are."""


def _grouped(busy: Sequence[BusyAgent]) -> list[_Group]:
    """GROUPS_MAX groups, or as many as there are queues, if those are more."""
    if len(busy) <= GROUPS_MAX:
        return [(agent.queue, agent.elapsed_s, agent.share, agent.free_in_s, 1.0) for agent in busy]
    known: list[BusyAgent] = []
    by_queue: dict[str, list[BusyAgent]] = {}
    for agent in busy:
        if agent.free_in_s is None:
            by_queue.setdefault(agent.queue, []).append(agent)
        else:
            known.append(agent)
    known.sort(key=lambda agent: agent.free_in_s or 0.0)
    groups = [_together(chunk) for chunk in _chunks(known, GROUPS_MAX // 2)]
    left, unknown = GROUPS_MAX - len(groups), len(busy) - len(known)
    for alike in by_queue.values():
        alike.sort(key=lambda agent: agent.elapsed_s)
        groups.extend(_together(chunk) for chunk in _chunks(alike, max(1, round(left * len(alike) / unknown))))
    return groups


def _chunks(agents: list[BusyAgent], parts: int) -> list[list[BusyAgent]]:
    size = max(math.ceil(len(agents) / parts), 1)
    return [agents[start : start + size] for start in range(0, len(agents), size)]


def _together(chunk: list[BusyAgent]) -> _Group:
    number = len(chunk)
    known = [agent.free_in_s for agent in chunk if agent.free_in_s is not None]
    return (
        chunk[0].queue,
        sum(agent.elapsed_s for agent in chunk) / number,
        sum(agent.share for agent in chunk) / number,
        sum(known) / number if known else None,
        number,
    )


class _Line:
    """The turns that come by, stepped through time."""

    def __init__(self, drain: Drain, position: int, capacity: float) -> None:
        self._position = position
        self._cycle, self._hazard = drain.cycle, drain.hazard
        self._firsts = [
            (agents * share, share, *_residual(drain.shapes[queue], elapsed_s, free_in_s))
            for queue, elapsed_s, share, free_in_s, agents in _grouped(drain.busy)
            if share > 0
        ]
        self._share = capacity / (len(drain.busy) + drain.idle)
        self._dispersion = self._share * drain.cycle.variation + 1.0 - self._share
        self._bend = min(max((1.0 - drain.cycle.variation) / 2.0, 0.02), 0.5)
        self._idle = drain.idle
        self._first = self._transient = drain.idle
        self._area = 0.0
        self._turns = drain.idle
        self._ahead = max(position - 1.0 - drain.idle, 0.0)
        self._given_up = 0.0

    def advance(self, from_s: float, to_s: float) -> float:
        """Steps on and returns the normal score of the wait being at most `to_s`."""
        step_s = to_s - from_s
        first, variance = self._firsts_by(to_s)
        gained = max(first - self._first, 0.0)
        decay = math.exp(-step_s / (self._bend * self._cycle.mean_s))
        self._transient = self._transient * decay + gained * math.sqrt(decay)
        self._area += step_s * (self._first + 0.5 * gained)
        self._first += gained
        again = max(self._area / self._cycle.mean_s - self._bend * (self._first - self._transient), 0.0)
        turns = self._first + again
        if self._position == 1:
            return _score_of(self._none_yet(to_s, again))
        kept = math.exp(-self._hazard * step_s)
        lost = self._ahead * (1.0 - kept)
        self._ahead = max(self._ahead - lost - (turns - self._turns), 0.0)
        self._given_up += lost
        self._turns = turns
        return self._score(turns, variance + again * self._dispersion, to_s)

    def _firsts_by(self, s: float) -> tuple[float, float]:
        """First turns by then: their mean and variance."""
        mean, variance = self._idle, 0.0
        for first in self._firsts:
            weight, share = first[:2]
            chance = _chance_by(first, s)
            mean += weight * chance
            variance += weight * chance * (1.0 - share * chance)
        return mean, variance

    def _none_yet(self, s: float, again: float) -> float:
        """The logarithm of the chance that no turn has come by then, where `again` came after first ones in the mean.

        An agent who had a first one and gave it to another line goes on; her later turns are taken as a Poisson stream.
        """
        busy = self._first - self._idle
        later = again / busy if busy > 0.0 else 0.0
        log_chance = 0.0
        for first in self._firsts:
            weight, share = first[:2]
            chance = _chance_by(first, s)
            none = 1.0 - chance + chance * (1.0 - share) * math.exp(-share * later)
            log_chance += weight / share * math.log(max(none, _CHANCE_MIN))
        return log_chance

    def _score(self, turns: float, variance: float, s: float) -> float:
        mean = turns + self._given_up
        if mean <= 0:
            return _SCORE_MIN
        lattice = 0.5 * min(variance / turns, 1.0) if turns > 0 else 0.5
        ahead = max(self._position - 1.0, 1.0)
        variance += self._given_up * max(1.0 - self._given_up / ahead, 0.0)
        doubt = self._cycle.uncertainty**2 + DOUBT_PER_ROOT_S**2 * min(s, DOUBT_S_MAX)
        dispersion = max((variance + doubt * turns * turns) / mean, _DISPERSION_MIN)
        shape = (self._position - 0.5 + lattice) / dispersion
        root = math.pow(mean / (dispersion * shape), 1.0 / 3.0)
        return 3.0 * math.sqrt(shape) * (root - 1.0 + 1.0 / (9.0 * shape))


_First: TypeAlias = tuple[float, float, float, float, float, float, float]
"""A group of busy agents: how many turns they bring, their share, and what `_residual` says of their first ones."""


def _chance_by(first: _First, s: float) -> float:
    """The chance that one of them is free by then."""
    _, _, soonest_s, elapsed_s, log_mean, scale, survived = first
    if s <= soonest_s:
        return 0.0
    if survived <= 0.0:
        return 1.0
    return 1.0 - 0.5 * math.erfc((math.log(elapsed_s + s - soonest_s) - log_mean) * scale) / survived


def _score_of(none_yet: float) -> float:
    """The normal score of a turn having come, from the logarithm of the chance that none has."""
    return _NORMAL.inv_cdf(min(max(-math.expm1(none_yet), _CHANCE_MIN), 1.0 - _CHANCE_MIN))


def _residual(shape: Shape, elapsed_s: float, free_in_s: float | None) -> tuple[float, float, float, float, float]:
    """What is left of a call: the time that passes in any case, how long the rest has lasted (as far as that tells),
    its logarithm's mean and scale, and the chance of having lasted so long, 0 where nothing of it is chance."""
    if free_in_s is not None:
        return free_in_s, 0.0, 0.0, 0.0, 0.0
    log_mean, scale = shape.log_mean, 1.0 / (shape.sigma * _ROOT_2)
    if elapsed_s <= 0:
        return shape.wrap_up_s, 0.0, log_mean, scale, 1.0
    lasted_s = min(elapsed_s, math.exp(log_mean + _LASTING_SIGMAS_MAX * shape.sigma))
    return shape.wrap_up_s, lasted_s, log_mean, scale, 0.5 * math.erfc((math.log(lasted_s) - log_mean) * scale)
