"""The figures of queue visits, as values: counts of outcomes, sums of times, and the formulas made of them.

Every visit has one outcome, so for the visits that arrived in a span

    offered = answered + abandoned + short_abandoned + overflowed + to_callback + to_voicemail + closed + failed
              + still here

and for what happened in it

    carried in + offered = answered + … + failed + carried out.

The service level has more than one formula in use, and people who compare theirs argue past one another; each has its
name here (`FORMULAS`), and the first is meant where none is named:

    offered              answered within the goal ÷ offered
    offered-less-short   answered within the goal ÷ (offered - short_abandoned)
    answered             answered within the goal ÷ answered

    ASA   average speed of answer = wait of the answered ÷ answered
    AHT   average handling time = (talk + wrap-up) ÷ talks

Times are whole milliseconds, so that sums of sums are exact in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

from softswitch.domain.events import VisitOutcome

MS_PER_S: Final = 1000

Outcome: TypeAlias = Literal[
    "answered", "abandoned", "short_abandoned", "overflowed", "to_callback", "to_voicemail", "closed", "failed"
]
Figure: TypeAlias = Outcome | Literal["offered", "within_goal"]
Listed: TypeAlias = Figure | Literal["still_here", "carried_in", "carried_out", "talked", "wrapped_up"]
"""All that can list its calls."""

By: TypeAlias = Literal["arrival", "event"]
"""Which span a visit's outcome belongs to: that in which its caller entered, or that in which it happened."""

Formula: TypeAlias = Literal["offered", "offered-less-short", "answered"]

OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
FIGURES: Final[tuple[Figure, ...]] = ("offered", "within_goal", *OUTCOMES)

OUTCOME_OF: Final[Mapping[VisitOutcome, Outcome]] = MappingProxyType(
    {
        "abandoned": "abandoned",
        "short-abandoned": "short_abandoned",
        "overflowed": "overflowed",
        "to-callback": "to_callback",
        "to-voicemail": "to_voicemail",
        "closed": "closed",
        "failed": "failed",
    }
)


@dataclass(slots=True)
class VisitCounts:
    """How many visits of one queue and span. `within_goal`: answered within the seconds of the queue's service goal."""

    offered: int = 0
    answered: int = 0
    within_goal: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    overflowed: int = 0
    to_callback: int = 0
    to_voicemail: int = 0
    closed: int = 0
    failed: int = 0

    @property
    def service_level(self) -> float | None:
        """Answered within the goal ÷ offered; None when nobody was offered."""
        return service_level(self)

    @property
    def ended(self) -> int:
        """How many have an outcome."""
        return (
            self.answered
            + self.abandoned
            + self.short_abandoned
            + self.overflowed
            + self.to_callback
            + self.to_voicemail
            + self.closed
            + self.failed
        )

    def add(self, figure: Figure, count: int) -> None:
        """So many more, or fewer."""
        setattr(self, figure, getattr(self, figure) + count)


@dataclass(slots=True)
class VisitTimes:
    """Times of one queue and span, in milliseconds.

    `wait_ms`: of all visits that have an outcome; `answered_wait_ms`: of those that are answered. `longest_wait_ms`:
    the longest that anyone waited for his outcome, one that was taken back by a lost agent included. `talks`: talks of
    the queue's callers, calls that keep a promise to call back included, with whoever the queue connected them to.
    """

    wait_ms: int = 0
    answered_wait_ms: int = 0
    longest_wait_ms: int = 0
    talks: int = 0
    talk_ms: int = 0
    wrap_ups: int = 0
    wrap_up_ms: int = 0

    @property
    def handling_s(self) -> float | None:
        """AHT in seconds; None without a talk."""
        return (self.talk_ms + self.wrap_up_ms) / self.talks / MS_PER_S if self.talks else None


@dataclass(slots=True)
class CallbackFigures:
    """A queue's promises to call back: `requested` in the span, and ended in it, whenever they were made."""

    requested: int = 0
    connected: int = 0
    gave_up: int = 0
    withdrawn: int = 0


def service_level(counts: VisitCounts, formula: Formula = "offered") -> float | None:
    """A share of 0 to 1; None when the formula divides by nobody."""
    of = FORMULAS[formula](counts)
    return counts.within_goal / of if of else None


def answer_s(counts: VisitCounts, times: VisitTimes) -> float | None:
    """ASA in seconds; None when nobody was answered."""
    return times.answered_wait_ms / counts.answered / MS_PER_S if counts.answered else None


def milliseconds(seconds: float) -> int:
    """To the nearest whole one."""
    return round(seconds * MS_PER_S)


FORMULAS: Final[Mapping[Formula, Callable[[VisitCounts], int]]] = MappingProxyType(
    {
        "offered": lambda counts: counts.offered,
        "offered-less-short": lambda counts: counts.offered - counts.short_abandoned,
        "answered": lambda counts: counts.answered,
    }
)
"""What `within_goal` is divided by."""
