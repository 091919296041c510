"""How long agents are kept by a call, and how soon callers give up: running estimates of one queue.

A handling time here is an agent's whole cycle, from the presentation of one call until she is free for the next, with
wrap-up. Cycles are taken as lognormal, which is what call-centre data look like (Brown et al., "Statistical Analysis of
a Telephone Call Center", 2005): two numbers are enough, and the residual of a call that has lasted a while follows from
them. The mean is kept of the times themselves, because capacity is what has to be right, and the spread of their
logarithms. Both forget: a cycle weighs FORGETTING of the one after it, so about the last seventy count. One that is out
of all proportion is drawn in to OUTLIER_SIGMAS first. Before there is data, PRIOR_CYCLES of an assumed mean stand in.

Patience is taken as exponential: so many give up per second of waiting, whoever waits. Time to pick up is a mean.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

FORGETTING: Final = 0.996
PRIOR_MEAN_S: Final = 240.0
PRIOR_SIGMA: Final = 0.7
PRIOR_CYCLES: Final = 6.0
ENGAGED_S_MIN: Final = 1.0
ENGAGED_S_MAX: Final = 4 * 3600.0
OUTLIER_SIGMAS: Final = 3.0
SIGMA_MIN: Final = 0.1
SIGMA_MAX: Final = 1.5

PRIOR_PATIENCE_S: Final = 1800.0
PRIOR_GIVEN_UP: Final = 1.0
WAITS_FORGETTING: Final = 0.998

PRIOR_RING_S: Final = 5.0
PRIOR_RING_DEVIATION_S: Final = 3.0
RING_DEVIATION_S_MIN: Final = 1.0
PRIOR_RINGS: Final = 4.0
RING_S_MAX: Final = 120.0


class Shape(msgspec.Struct, frozen=True):
    """An agent's cycle: engaged for a lognormal time of mean `engaged_s` and `sigma` (the deviation of its logarithm),
    then `wrap_up_s` of wrap-up. `uncertainty`: of the mean, as a share of it."""

    engaged_s: float
    sigma: float
    wrap_up_s: float = 0.0
    uncertainty: float = 0.0

    @property
    def mean_s(self) -> float:
        """The mean of the cycle."""
        return self.engaged_s + self.wrap_up_s

    @property
    def log_mean(self) -> float:
        """The mean of the logarithm of the time engaged."""
        return math.log(self.engaged_s) - 0.5 * self.sigma * self.sigma

    @property
    def variation(self) -> float:
        """The squared coefficient of variation of the cycle."""
        return math.expm1(self.sigma * self.sigma) * (self.engaged_s / self.mean_s) ** 2


class Handling:
    """The cycles of one queue's calls."""

    def __init__(self, prior_mean_s: float = PRIOR_MEAN_S) -> None:
        self._weight = PRIOR_CYCLES
        self._mean_s = prior_mean_s
        self._wrap_up_s = 0.0
        self._log_mean = math.log(prior_mean_s) - 0.5 * PRIOR_SIGMA**2
        self._log_variance = PRIOR_SIGMA**2

    def add(self, engaged_s: float, wrap_up_s: float) -> None:
        """An agent was free again after so many seconds of ringing and talk, and of wrap-up."""
        logarithm = math.log(min(max(engaged_s, ENGAGED_S_MIN), ENGAGED_S_MAX))
        reach = OUTLIER_SIGMAS * math.sqrt(self._log_variance)
        logarithm = min(max(logarithm, self._log_mean - reach), self._log_mean + reach)
        self._weight = self._weight * FORGETTING + 1.0
        gain = 1.0 / self._weight
        distance = logarithm - self._log_mean
        self._mean_s += gain * (math.exp(logarithm) - self._mean_s)
        self._wrap_up_s += gain * (min(max(wrap_up_s, 0.0), ENGAGED_S_MAX) - self._wrap_up_s)
        self._log_mean += gain * distance
        self._log_variance += gain * ((1.0 - gain) * distance * distance - self._log_variance)

    @property
    def shape(self) -> Shape:
        """What is known by now."""
        sigma = min(max(math.sqrt(self._log_variance), SIGMA_MIN), SIGMA_MAX)
        return Shape(self._mean_s, sigma, self._wrap_up_s, math.sqrt(math.expm1(sigma * sigma) / self._weight))


class Patience:
    """How readily callers of one queue give up."""

    def __init__(self) -> None:
        self._given_up = PRIOR_GIVEN_UP
        self._waited_s = PRIOR_GIVEN_UP * PRIOR_PATIENCE_S

    def add(self, waited_s: float, *, has_given_up: bool) -> None:
        """A caller waited so long, until he was connected or sent on, or until he had enough of it."""
        self._given_up = self._given_up * WAITS_FORGETTING + has_given_up
        self._waited_s = self._waited_s * WAITS_FORGETTING + max(waited_s, 0.0)

    @property
    def hazard(self) -> float:
        """Of those who wait, the share that gives up per second."""
        return self._given_up / max(self._waited_s, 1.0)


class PickUp:
    """How long agents of one queue take from the presentation to the connection: mean and deviation."""

    def __init__(self) -> None:
        self._weight = PRIOR_RINGS
        self._variance = PRIOR_RING_DEVIATION_S**2
        self.mean_s = PRIOR_RING_S

    def add(self, ring_s: float) -> None:
        """A caller was connected so many seconds after he was presented."""
        self._weight = self._weight * FORGETTING + 1.0
        gain = 1.0 / self._weight
        distance_s = min(max(ring_s, 0.0), RING_S_MAX) - self.mean_s
        self.mean_s += gain * distance_s
        self._variance += gain * ((1.0 - gain) * distance_s * distance_s - self._variance)

    @property
    def deviation_s(self) -> float:
        """The standard deviation, at least RING_DEVIATION_S_MIN."""
        return max(math.sqrt(self._variance), RING_DEVIATION_S_MIN)
