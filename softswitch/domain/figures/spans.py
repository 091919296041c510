"""Spans of wall time that figures belong to: the office's days, and quarter hours.

A fold over the journal asks a function which span a moment is in and knows nothing else of calendars. Spans of one
function touch and do not overlap, so each moment is in exactly one. A day begins where the office's clocks first show
its date: in spring a day has 23 hours, in autumn 25, and a zone that skips midnight begins its day at one o'clock.
Quarter hours are those of UTC; every zone in use is a whole number of quarter hours away from it, so they are the
office's own too, and of the hour that autumn has twice there are eight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

QUARTER_HOUR_S: Final = 900.0


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `begins_at` up to, and without, `ends_at`: wall seconds."""

    begins_at: float
    ends_at: float


SpanOf: TypeAlias = Callable[[float], Span]
"""From a moment, wall seconds, to the span that it is in."""


class Days:
    """The days of a time zone. The latest answer is kept, because the next question is about the same day."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._latest = Span(0.0, 0.0)

    def __call__(self, wall_at: float) -> Span:
        latest = self._latest
        if not latest.begins_at <= wall_at < latest.ends_at:
            latest = self._latest = self.span(self.date_of(wall_at))
        return latest

    def date_of(self, wall_at: float) -> date:
        """What the calendar says at a moment."""
        return datetime.fromtimestamp(wall_at, self._zone).date()

    def span(self, day: date) -> Span:
        """When a date begins and ends."""
        return Span(self._beginning(day), self._beginning(day + timedelta(days=1)))

    def _beginning(self, day: date) -> float:
        return datetime.combine(day, time(), self._zone).timestamp()


def quarter_hours(wall_at: float) -> Span:
    """The quarter hour that a moment is in."""
    begins_at = wall_at // QUARTER_HOUR_S * QUARTER_HOUR_S
    return Span(begins_at, begins_at + QUARTER_HOUR_S)
