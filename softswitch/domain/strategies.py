"""Strategies: by what the candidates for a caller are ranked, as one key for each, the smallest first.

    longest-idle   idle since
    ring-all       idle since; all candidates are rung, up to RING_ALL_MAX
    round-robin    when a call of this queue was last given to her
    fewest-calls   calls connected today
    least-talk     seconds talked today
    top-down       the order of the queue's `agents`
    random         a draw for this caller and agent
    weighted       the same, so that over many calls each gets a share by her weight

Ties of any go by idle time and then by the order of the queue's `agents`. Draws come from a hash of call and agent
(ids of calls differ from start to start), so the same decision can be worked out again from what was written down. The
weighted draw is −ln(u) ÷ weight with the smallest first, after Efraimidis and Spirakis, "Weighted random sampling with
a reservoir" (2006).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Final, TypeAlias

import msgspec

from softswitch.domain.inputs import CallId
from softswitch.domain.office import Strategy

RING_ALL_MAX: Final = 50
NEVER_S: Final = 1e9
DRAWN: Final[frozenset[Strategy]] = frozenset({"random", "weighted"})
"""The strategies whose order is another for each caller."""

_DRAW_BYTES: Final = 6


class Candidate(msgspec.Struct, frozen=True, array_like=True):
    """An agent who can be given a caller, with all that any strategy ranks by; the journal keeps it as it is.

    `given_ago_s`: since the queue last gave her a call, NEVER_S if it never did; `order`: her place among the queue's
    agents.
    """

    agent: str
    tier: int
    idle_s: float
    given_ago_s: float
    calls_today: int
    talk_today_s: float
    weight: float
    order: int


Key: TypeAlias = Callable[[CallId, Candidate], float]
"""Of a candidate for this caller: the smallest is first."""


def draw(call: CallId, agent: str) -> float:
    """A number above 0 and below 1 that is the same each time for the same two."""
    digest = blake2b(f"{call} {agent}".encode(), digest_size=_DRAW_BYTES).digest()
    return (int.from_bytes(digest, "big") + 0.5) / float(1 << (8 * _DRAW_BYTES))


KEYS: Final[Mapping[Strategy, Key]] = {
    "longest-idle": lambda _call, candidate: -candidate.idle_s,
    "ring-all": lambda _call, candidate: -candidate.idle_s,
    "round-robin": lambda _call, candidate: -candidate.given_ago_s,
    "fewest-calls": lambda _call, candidate: candidate.calls_today,
    "least-talk": lambda _call, candidate: candidate.talk_today_s,
    "top-down": lambda _call, candidate: candidate.order,
    "random": lambda call, candidate: draw(call, candidate.agent),
    "weighted": lambda call, candidate: -math.log(draw(call, candidate.agent)) / candidate.weight,
}
