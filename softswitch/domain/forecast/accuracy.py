"""How good the estimated waits were: each beside what came of it, and beside what Asterisk's app_queue would have said.

An `Outcome` is one promise whose wait is known by now. Per queue there are four kinds of figures:

    entry       what was estimated when the caller entered, of those who were connected
    later       what was estimated at announcements after that, of those who were connected
    announced   the rounded ranges that were told, of those who were connected
    given-up    whatever was estimated for callers who gave up, against the wait that they would have had

Kinds are apart because they mean different things: a long wait is more often given up, so those who were connected had
it a little shorter than all would have had. The share within the range should be 80 % for the estimates; for rounded
ranges it is what it is. Every figure can name its calls, the last CALLS_MAX of them.

The formula beside: app_queue keeps a moving average of the waits of answered callers (α = ¼, whole seconds, shifts and
all) and says `labs(((holdtime + 30) − waited) / 60)` minutes. Neither position nor staffing is in it, and the absolute
value makes the announced time grow with every second that a caller waits beyond it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from softswitch.domain.forecast.estimates import Estimate
from softswitch.domain.inputs import CallId

Kind: TypeAlias = Literal["entry", "later", "announced", "given-up"]
Fit: TypeAlias = Literal["within", "sooner", "later"]

KINDS: Final[tuple[Kind, ...]] = ("entry", "later", "announced", "given-up")
FITS: Final[tuple[Fit, ...]] = ("within", "sooner", "later")
CALLS_MAX: Final = 200


class AppQueueHold:
    """The hold time of app_queue, for comparison only."""

    def __init__(self) -> None:
        self._hold_s = 0

    def answered(self, wait_s: float) -> None:
        """A caller was connected after this wait."""
        self._hold_s = (3 * self._hold_s + int(wait_s)) >> 2

    def says_s(self, waited_s: float) -> float:
        """What it tells a caller who has waited so long, in seconds; C divides towards zero."""
        return 60.0 * abs(int((self._hold_s + 30 - int(waited_s)) / 60))


@dataclass(frozen=True, slots=True)
class Outcome:
    """A promise and what came of it. `wait_s`: from the promise to the connection, for one who gave up until his turn
    would have come; `told_s`: the range that was told, if it was; `app_queue_s`: what app_queue would have said."""

    call: CallId
    queue: str
    is_at_entry: bool
    estimate: Estimate
    wait_s: float
    app_queue_s: float
    has_given_up: bool = False
    told_s: tuple[float, float] | None = None


@dataclass(slots=True)
class Figure:
    """Sums over outcomes of one kind; `calls`: the last of them by how the wait was to the range."""

    outcomes: int = 0
    within: int = 0
    sooner: int = 0
    later: int = 0
    wait_s: float = 0.0
    error_s: float = 0.0
    app_queue_error_s: float = 0.0
    calls: dict[Fit, deque[CallId]] = field(
        default_factory=lambda: {fit: deque[CallId](maxlen=CALLS_MAX) for fit in FITS}
    )

    def add(self, outcome: Outcome, low_s: float, high_s: float) -> None:
        """One more, with the range that it is held to."""
        fit: Fit = "sooner" if outcome.wait_s < low_s else "later" if outcome.wait_s > high_s else "within"
        self.outcomes += 1
        self.within += fit == "within"
        self.sooner += fit == "sooner"
        self.later += fit == "later"
        self.wait_s += outcome.wait_s
        self.error_s += abs(outcome.estimate.median_s - outcome.wait_s)
        self.app_queue_error_s += abs(outcome.app_queue_s - outcome.wait_s)
        self.calls[fit].append(outcome.call)

    def merge(self, other: Figure) -> None:
        """Takes over all of another."""
        self.outcomes += other.outcomes
        self.within += other.within
        self.sooner += other.sooner
        self.later += other.later
        self.wait_s += other.wait_s
        self.error_s += other.error_s
        self.app_queue_error_s += other.app_queue_error_s
        for fit, calls in other.calls.items():
            self.calls[fit].extend(calls)


@dataclass(frozen=True, slots=True)
class Row:
    """A figure as a report shows it: `share_within` of `outcomes` lay in the range, the rest sooner or later; means in
    seconds. `ratio`: our mean error ÷ app_queue's, None where its is 0."""

    queue: str
    kind: Kind
    outcomes: int
    share_within: float
    share_sooner: float
    share_later: float
    mean_wait_s: float
    mean_error_s: float
    app_queue_mean_error_s: float
    ratio: float | None


class Accuracy:
    """The fold over outcomes."""

    def __init__(self) -> None:
        self._figures: dict[tuple[str, Kind], Figure] = {}

    def add(self, outcome: Outcome) -> None:
        """One promise whose wait is known."""
        kind: Kind = "given-up" if outcome.has_given_up else "entry" if outcome.is_at_entry else "later"
        estimate = outcome.estimate
        self._figure(outcome.queue, kind).add(outcome, estimate.low_s, estimate.high_s)
        if outcome.told_s is not None and not outcome.has_given_up:
            self._figure(outcome.queue, "announced").add(outcome, *outcome.told_s)

    def merge(self, other: Accuracy) -> None:
        """Takes over all figures of another."""
        for (queue, kind), figure in other._figures.items():
            self._figure(queue, kind).merge(figure)

    def rows(self) -> list[Row]:
        """All figures that have outcomes, by queue and kind."""
        return [
            row_of(queue, kind, [self._figures[queue, kind]])
            for queue in sorted({queue for queue, _ in self._figures})
            for kind in KINDS
            if (queue, kind) in self._figures
        ]

    def over_all(self, *kinds: Kind) -> Row | None:
        """One figure over all queues and these kinds, None when there are no outcomes."""
        figures = [figure for (_, kind), figure in self._figures.items() if kind in kinds]
        return row_of("", kinds[0], figures) if figures else None

    def calls(self, queue: str, kind: Kind, fit: Fit) -> list[CallId]:
        """The calls behind a figure, the last CALLS_MAX, oldest first; one that was promised twice is there twice."""
        figure = self._figures.get((queue, kind))
        return [] if figure is None else list(figure.calls[fit])

    def _figure(self, queue: str, kind: Kind) -> Figure:
        return self._figures.setdefault((queue, kind), Figure())


def row_of(queue: str, kind: Kind, figures: Iterable[Figure]) -> Row:
    """Figures together as one row; they must have at least one outcome."""
    total = Figure()
    for figure in figures:
        total.merge(figure)
    number = total.outcomes
    return Row(
        queue=queue,
        kind=kind,
        outcomes=number,
        share_within=total.within / number,
        share_sooner=total.sooner / number,
        share_later=total.later / number,
        mean_wait_s=total.wait_s / number,
        mean_error_s=total.error_s / number,
        app_queue_mean_error_s=total.app_queue_error_s / number,
        ratio=None if math.isclose(total.app_queue_error_s, 0.0) else total.error_s / total.app_queue_error_s,
    )
