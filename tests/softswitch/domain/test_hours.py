"""Opening hours against a clock on the wall: a period runs while the latest time that the clock has shown is in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.domain.hours import (
    CLOSED,
    DAY_S,
    LOOK_AHEAD_DAYS,
    Hours,
    Period,
    Periods,
    in_order,
    is_open,
    next_change_at,
)

STOCKHOLM = "Europe/Stockholm"
NOTHING: Periods = CLOSED
OFFICE = Period(8 * 3600, 17 * 3600)
ALWAYS = Period(0, DAY_S)

# Sundays: at 02:00 CET clocks go to 03:00, and at 03:00 CEST back to 02:00 (Directive 2000/84/EC: 01:00 UTC).
SPRING = date(2026, 3, 29)
AUTUMN = date(2026, 10, 25)


def period(start: str, end: str) -> Period:
    """Times by the clock; an end that is not after the start is on the next day."""
    start_s, end_s = (int(text[:2]) * 3600 + int(text[3:]) * 60 for text in (start, end))
    return Period(start_s, end_s if end_s > start_s else end_s + DAY_S)


def on(day: date, *periods: Period, timezone: str = STOCKHOLM) -> Hours:
    """Open on one date only."""
    return Hours("office", timezone, dates=MappingProxyType({day: tuple(periods)}))


def week(*days: Periods, timezone: str = STOCKHOLM, dates: dict[date, Periods] | None = None) -> Hours:
    return Hours("office", timezone, tuple(days), MappingProxyType(dates or {}))


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def local(text: str, timezone: str = STOCKHOLM) -> float:
    """A time that the clock shows exactly once."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).timestamp()


def changes(hours: Hours, from_at: float, until_at: float) -> list[float]:
    found: list[float] = []
    change_at = next_change_at(hours, from_at)
    while change_at is not None and change_at <= until_at:
        found.append(change_at)
        change_at = next_change_at(hours, change_at)
    return found


def test_a_period_includes_its_start_and_not_its_end() -> None:
    hours = week(*[(OFFICE,)] * 5, NOTHING, NOTHING)
    assert not is_open(hours, local("2026-06-01T08:00") - 0.001)
    assert is_open(hours, local("2026-06-01T08:00"))
    assert is_open(hours, local("2026-06-01T17:00") - 0.001)
    assert not is_open(hours, local("2026-06-01T17:00"))
    assert not is_open(hours, local("2026-06-06T12:00")), "a Saturday"


def test_the_next_change_is_found_over_a_weekend() -> None:
    hours = week(*[(OFFICE,)] * 5, NOTHING, NOTHING)
    assert next_change_at(hours, local("2026-06-05T12:00")) == local("2026-06-05T17:00")
    assert next_change_at(hours, local("2026-06-05T17:00")) == local("2026-06-08T08:00")
    assert next_change_at(hours, local("2026-06-08T08:00")) == local("2026-06-08T17:00")


def test_what_ends_when_the_next_begins_does_not_close() -> None:
    hours = on(date(2026, 6, 1), period("08:00", "12:00"), period("12:00", "17:00"))
    assert next_change_at(hours, local("2026-06-01T09:00")) == local("2026-06-01T17:00")
    nights = week(*[(ALWAYS,)] * 5, NOTHING, NOTHING)
    assert next_change_at(nights, local("2026-06-01T09:00")) == local("2026-06-06T00:00")


def test_periods_that_overlap_are_open_until_the_last_ends() -> None:
    hours = on(date(2026, 6, 1), period("08:00", "17:00"), period("09:00", "10:00"), period("16:00", "20:00"))
    assert next_change_at(hours, local("2026-06-01T07:00")) == local("2026-06-01T08:00")
    assert next_change_at(hours, local("2026-06-01T09:30")) == local("2026-06-01T20:00")


def test_a_night_runs_past_midnight_and_into_the_next_week() -> None:
    hours = week(*[NOTHING] * 6, (period("22:00", "06:00"),))
    assert is_open(hours, local("2026-06-07T23:59"))
    assert is_open(hours, local("2026-06-08T05:59"))
    assert not is_open(hours, local("2026-06-08T06:00"))
    assert not is_open(hours, local("2026-06-07T05:00"))
    assert next_change_at(hours, local("2026-06-08T03:00")) == local("2026-06-08T06:00")


def test_a_date_replaces_what_begins_on_it_and_not_the_night_before() -> None:
    eve, late = date(2026, 12, 24), date(2026, 12, 31)
    hours = week(
        *[(OFFICE, period("22:00", "02:00"))] * 7, dates={eve: NOTHING, late: (period("08:00", "12:00"),)}
    )  # fmt: skip
    assert is_open(hours, local("2026-12-24T01:00")), "this night began on the 23rd"
    assert next_change_at(hours, local("2026-12-24T01:00")) == local("2026-12-24T02:00")
    assert next_change_at(hours, local("2026-12-24T02:00")) == local("2026-12-25T08:00")
    assert next_change_at(hours, local("2026-12-31T09:00")) == local("2026-12-31T12:00")
    assert not is_open(hours, local("2026-12-31T15:00"))
    assert not is_open(hours, local("2027-01-01T01:00"))


@pytest.mark.parametrize(
    ("clock", "opens_utc", "closes_utc"),
    [
        (period("01:00", "05:00"), "2026-03-29T00:00", "2026-03-29T03:00"),
        (period("02:30", "05:00"), "2026-03-29T01:00", "2026-03-29T03:00"),
        (period("01:00", "02:30"), "2026-03-29T00:00", "2026-03-29T01:00"),
        (period("02:00", "03:00"), None, None),
        (period("02:15", "02:45"), None, None),
    ],
)
def test_a_time_that_the_clock_leaves_out_is_the_moment_at_which_it_jumps(
    clock: Period, opens_utc: str | None, closes_utc: str | None
) -> None:
    expected = [utc(text) for text in (opens_utc, closes_utc) if text]
    assert changes(on(SPRING, clock), local("2026-03-28T12:00"), local("2026-03-30T12:00")) == expected


@pytest.mark.parametrize(
    ("clock", "opens_utc", "closes_utc"),
    [
        (period("01:00", "05:00"), "2026-10-24T23:00", "2026-10-25T04:00"),
        (period("02:30", "05:00"), "2026-10-25T00:30", "2026-10-25T04:00"),
        (period("01:00", "02:30"), "2026-10-24T23:00", "2026-10-25T00:30"),
        (period("02:15", "02:45"), "2026-10-25T00:15", "2026-10-25T00:45"),
        (period("02:00", "03:00"), "2026-10-25T00:00", "2026-10-25T02:00"),
    ],
)
def test_a_time_that_comes_twice_counts_the_first_time(clock: Period, opens_utc: str, closes_utc: str) -> None:
    expected = [utc(opens_utc), utc(closes_utc)]
    assert changes(on(AUTUMN, clock), local("2026-10-24T12:00"), local("2026-10-26T12:00")) == expected


@pytest.mark.parametrize(("day", "length_h"), [(SPRING, 7), (AUTUMN, 9), (date(2026, 6, 7), 8)])
def test_a_night_is_as_long_as_the_clock_makes_it(day: date, length_h: int) -> None:
    evening = day - timedelta(days=1)
    hours = on(evening, period("22:00", "06:00"))
    opens_at, closes_at = changes(hours, local(f"{evening}T12:00"), local(f"{day}T12:00"))
    assert closes_at - opens_at == length_h * 3600


def test_a_date_that_a_place_skipped_opens_nothing() -> None:
    """Samoa crossed the date line: after 2011-12-29 came 2011-12-31."""
    apia = "Pacific/Apia"
    noon_at = local("2011-12-29T12:00", apia)
    assert changes(on(date(2011, 12, 30), OFFICE, timezone=apia), noon_at, noon_at + 3 * DAY_S) == []
    night = on(date(2011, 12, 29), period("22:00", "06:00"), timezone=apia)
    assert changes(night, noon_at, noon_at + 3 * DAY_S) == [noon_at + 10 * 3600, noon_at + 12 * 3600]


def test_what_began_on_a_date_goes_on_while_the_clock_shows_the_day_before_again() -> None:
    """Newfoundland set its clocks back at 00:01, to 23:01."""
    hours = on(date(2010, 11, 7), period("00:00", "04:00"), timezone="America/St_Johns")
    opens_at, closes_at = utc("2010-11-07T02:30"), utc("2010-11-07T07:30")
    assert changes(hours, opens_at - DAY_S, opens_at + DAY_S) == [opens_at, closes_at]
    assert is_open(hours, opens_at + 1800), "23:30 by the clock"


def test_what_never_changes_has_no_next_change() -> None:
    now_at = local("2026-06-01T12:00")
    assert next_change_at(week(*[(ALWAYS,)] * 7), now_at) is None
    assert next_change_at(week(*[NOTHING] * 7), now_at) is None


@pytest.mark.parametrize("is_open_else", [False, True])
def test_it_looks_ahead_so_far_and_no_further(*, is_open_else: bool) -> None:
    now_at = utc("2026-06-01T12:00")
    usual = (ALWAYS,) if is_open_else else NOTHING

    def changed_after(days: int) -> Hours:
        day = date(2026, 6, 1) + timedelta(days=days)
        return week(*[usual] * 7, timezone="UTC", dates={day: NOTHING if is_open_else else (ALWAYS,)})

    last_at = utc("2026-06-01") + LOOK_AHEAD_DAYS * DAY_S
    assert next_change_at(changed_after(LOOK_AHEAD_DAYS), now_at) == last_at
    assert next_change_at(changed_after(LOOK_AHEAD_DAYS + 1), now_at) is None


def test_a_period_is_written_as_it_is_configured() -> None:
    written = [str(period(*times)) for times in (("08:05", "17:00"), ("22:00", "06:00"), ("22:00", "24:00"))]
    assert written == ["08:05-17:00", "22:00-06:00", "22:00-24:00"]


NIGHTS_OF_CHANGE = [
    (STOCKHOLM, "2026-03-29T00:30"),
    (STOCKHOLM, "2026-10-25T00:30"),
    ("Australia/Lord_Howe", "2026-04-04T12:00"),  # back by half an hour
    ("America/Sao_Paulo", "2018-11-04T01:00"),  # midnight is left out
    ("America/Sao_Paulo", "2019-02-17T00:00"),  # back at midnight, to the day before
    ("America/St_Johns", "2010-11-07T02:31"),  # back from 00:01, so that the day before is shown again
    ("America/Havana", "2026-11-01T03:00"),
    ("Pacific/Apia", "2011-12-30T08:00"),  # a whole date is left out
    ("UTC", "2026-06-01T00:00"),
]


@st.composite
def days(draw: st.DrawFn) -> Periods:
    starts = draw(st.lists(st.integers(0, 95), max_size=3))
    return tuple(in_order([Period(at * 900, (at + draw(st.integers(1, 96))) * 900) for at in starts]))


@st.composite
def some_hours(draw: st.DrawFn) -> tuple[Hours, float]:
    """Hours, and a moment up to two days before or after the clock of their place changes."""
    timezone, change = draw(st.sampled_from(NIGHTS_OF_CHANGE))
    now_at = utc(change) + 60 * draw(st.integers(-2880, 2880))
    first = datetime.fromtimestamp(now_at, ZoneInfo(timezone)).date()
    numbers = draw(st.lists(st.integers(-2, 3), max_size=2, unique=True))
    dates = {first + timedelta(days=number): draw(days()) for number in numbers}
    return week(*[draw(days()) for _ in range(7)], timezone=timezone, dates=dates), now_at


def minutes(hours: Hours, from_at: float, count: int) -> Iterator[tuple[float, bool]]:
    """Each minute and whether it is open: whether the latest time shown so far is in a period."""
    zone = ZoneInfo(hours.timezone)
    latest = datetime.min  # noqa: DTZ901  # what a clock shows has no zone
    for at in range(int(from_at) - 26 * 3600, int(from_at) + count * 60, 60):
        latest = max(latest, datetime.fromtimestamp(at, zone).replace(tzinfo=None))
        if at >= from_at:
            yield at, _runs(hours, latest)


def _runs(hours: Hours, shown: datetime) -> bool:
    midnight = datetime.combine(shown, datetime.min.time())
    shown_s = (shown - midnight).total_seconds()
    today, yesterday = hours.of(shown.date()), hours.of(shown.date() - timedelta(days=1))
    return any(begun.start_s <= shown_s < begun.end_s for begun in today) or any(
        shown_s < begun.end_s - DAY_S for begun in yesterday
    )


@settings(max_examples=60, deadline=None)
@given(some_hours())
def test_it_is_open_as_the_clock_on_the_wall_says_and_changes_exactly_when_told(
    given_hours: tuple[Hours, float],
) -> None:
    hours, now_at = given_hours
    change_at, state = next_change_at(hours, now_at), is_open(hours, now_at)
    for at, expected in minutes(hours, now_at, 3 * 1440):
        if change_at is not None and at >= change_at:
            assert at == change_at
            state, change_at = not state, next_change_at(hours, at)
        assert expected == state, datetime.fromtimestamp(at, ZoneInfo(hours.timezone))
        if at % 900 == 0:
            assert is_open(hours, at) == expected
