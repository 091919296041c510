"""Opening hours: when something is open, and when that changes next.

Hours are a week of periods on the clock of a place, and dates on which other periods count instead of the week's. A
period belongs to the date on which it begins and may run past midnight, whatever the next date says. It includes its
start and not its end, so what ends at noon and what begins at noon join without a gap.

Twice a year the clock does not tell the time: 02:30 is left out, or comes twice. One rule answers both: a period
starts, or ends, once, at the first moment at which the clock shows that time *or a later one*. So what begins at 02:30
begins at 03:00 in the night that has no 02:30, and at the first 02:30 in the night that has two; and what ends then
does not open again an hour later. It holds as well for places that change their clocks at midnight or skip a date.

Nothing is known here of public holidays: they are dates, and whoever configures writes those that count.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

DAY_S: Final = 86_400
DAYS_A_WEEK: Final = 7
LOOK_AHEAD_DAYS: Final = 400
"""A year, with something to spare for a date that is entered early."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start_s` to before `end_s`, seconds of the day by the clock; an end beyond DAY_S is on the next day."""

    start_s: int
    end_s: int

    def __post_init__(self) -> None:
        assert 0 <= self.start_s < DAY_S
        assert self.start_s < self.end_s <= self.start_s + DAY_S

    def __str__(self) -> str:
        """`22:00-06:00`."""
        end_s = self.end_s if self.end_s <= DAY_S else self.end_s - DAY_S
        return f"{_clock(self.start_s)}-{_clock(end_s)}"


Periods: TypeAlias = tuple[Period, ...]
"""What begins on one day, the earliest first; none when the day is closed."""

CLOSED: Final[Periods] = ()


@dataclass(frozen=True, slots=True)
class Hours:
    """The periods of a week, Monday first, and those of single dates; `timezone` is an IANA zone."""

    name: str
    timezone: str
    week: tuple[Periods, ...] = (CLOSED,) * DAYS_A_WEEK
    dates: Mapping[date, Periods] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        assert len(self.week) == DAYS_A_WEEK
        assert all(list(day) == in_order(day) for day in (*self.week, *self.dates.values()))

    def of(self, day: date) -> Periods:
        """What begins on this date."""
        return self.dates.get(day, self.week[day.weekday()])


def in_order(periods: Iterable[Period]) -> list[Period]:
    """The earliest first, and the shorter of two that begin together."""
    return sorted(periods, key=lambda period: (period.start_s, period.end_s))


def is_open(hours: Hours, wall_at: float) -> bool:
    """Whether a period runs at this moment, wall seconds."""
    return any(start_at <= wall_at < end_at for start_at, end_at in _times(hours, wall_at, days=3))


def next_change_at(hours: Hours, wall_at: float) -> float | None:
    """The first moment after this one, wall seconds, at which what is open closes, or what is closed opens.

    None when nothing changes for LOOK_AHEAD_DAYS: then ask again before they are over.
    """
    horizon_at = wall_at + LOOK_AHEAD_DAYS * DAY_S
    change_at = _change_at(wall_at, _times(hours, wall_at, days=LOOK_AHEAD_DAYS + 3))
    return None if change_at is None or change_at > horizon_at else change_at


def _change_at(wall_at: float, times: Iterable[tuple[float, float]]) -> float | None:
    open_until = wall_at
    for start_at, end_at in times:
        if start_at > open_until:
            return start_at if open_until == wall_at else open_until
        open_until = max(open_until, end_at)
    return None if open_until == wall_at else open_until


def _times(hours: Hours, wall_at: float, *, days: int) -> Iterator[tuple[float, float]]:
    """Start and end of what begins on these dates, wall seconds, in the order of their starts.

    The first date is the day before this moment, from which a period may still run. Three are all that can matter to
    the moment itself, because a clock that is set back at midnight may show a date after it has shown the next.
    """
    zone = ZoneInfo(hours.timezone)
    first = datetime.fromtimestamp(wall_at, zone).date() - _DAY
    for day in (first + number * _DAY for number in range(days)):
        for period in hours.of(day):
            start_at, end_at = _moment(day, period.start_s, zone), _moment(day, period.end_s, zone)
            if start_at < end_at:
                yield start_at, end_at


def _moment(day: date, clock_s: int, zone: ZoneInfo) -> float:
    """The first moment at which the clock shows this time or a later one, wall seconds."""
    clock = datetime.combine(day, time()) + timedelta(seconds=clock_s)
    moment_at = clock.replace(tzinfo=zone).timestamp()
    if _shown(moment_at, zone) == clock:
        return moment_at
    earlier_at = clock.replace(tzinfo=zone, fold=1).timestamp()
    jump = range(int(earlier_at), int(moment_at) + 1)
    return float(jump[bisect_left(jump, True, key=lambda second: _shown(second, zone) >= clock)])


def _shown(wall_at: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(wall_at, zone).replace(tzinfo=None)


def _clock(clock_s: int) -> str:
    return f"{clock_s // 3600:02}:{clock_s // 60 % 60:02}"
