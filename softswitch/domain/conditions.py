"""Conditions on a queue and a caller in it, as alternatives of comparisons:

    waiting > 10 | wait > 120 | service_level < 0.7 | no_agents

`waiting` is the caller's own place in line (so a step sends on those beyond the tenth, not all), `wait` what he has
waited in this queue in seconds, `service_level` the queue's of today, of the callers who wait no longer, `no_agents`
that none of its agents is logged in and not paused. A service level that is not known yet is not low.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

Quantity: TypeAlias = Literal["waiting", "wait", "service_level"]
QUANTITIES: Final[tuple[Quantity, ...]] = ("waiting", "wait", "service_level")
NO_AGENTS: Final = "no_agents"

_COMPARISON: Final = re.compile(r"([a-z_]+)\s*(<=|>=|<|>)\s*([0-9]+(?:\.[0-9]+)?)")
_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class NoCondition(ValueError):  # what it is, like every error here
    """A text that is no condition; `part` is what cannot be read, `known` what could stand there."""

    def __init__(self, part: str, known: tuple[str, ...]) -> None:
        super().__init__(part)
        self.part = part
        self.known = known


@dataclass(frozen=True, slots=True)
class Situation:
    """What conditions are about: one caller, and his queue at this moment. Times are seconds."""

    waiting: int
    wait: float
    service_level: float | None
    has_agents: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """`quantity sign value`."""

    quantity: Quantity
    sign: str
    value: float

    def holds(self, situation: Situation) -> bool:
        """Whether it is so."""
        value: float | None = getattr(situation, self.quantity)
        return value is not None and _OPERATORS[self.sign](value, self.value)


@dataclass(frozen=True, slots=True)
class Condition:
    """Alternatives, of which one is enough. `text` is what was written."""

    text: str
    comparisons: tuple[Comparison, ...]
    is_no_agents: bool

    def holds(self, situation: Situation) -> bool:
        """Whether one of the alternatives does."""
        if self.is_no_agents and not situation.has_agents:
            return True
        return any(comparison.holds(situation) for comparison in self.comparisons)


def condition(text: str) -> Condition:
    """The condition that was written; raises NoCondition."""
    comparisons: list[Comparison] = []
    is_no_agents = False
    for part in (part.strip() for part in text.split("|")):
        found = _COMPARISON.fullmatch(part)
        if part == NO_AGENTS:
            is_no_agents = True
        elif found is not None and found[1] in QUANTITIES:
            comparisons.append(Comparison(cast("Quantity", found[1]), found[2], float(found[3])))
        else:
            raise NoCondition(part, (*QUANTITIES, NO_AGENTS))
    return Condition(text, tuple(comparisons), is_no_agents)
