"""Days of an office and quarter hours."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from softswitch.domain.figures.spans import QUARTER_HOUR_S, Days, Span, quarter_hours

HOUR_S = 3600.0


def utc(*at: int) -> float:
    return datetime(*at, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]  # the fields of a date in their order


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_is_as_long_as_the_clocks_make_it(day: date, hours: int) -> None:
    span = Days("Europe/Stockholm").span(day)
    assert span.ends_at - span.begins_at == hours * HOUR_S


@pytest.mark.parametrize(
    ("zone", "day", "begins_at"),
    [
        ("Europe/Stockholm", date(2026, 3, 29), utc(2026, 3, 28, 23)),
        ("Europe/Stockholm", date(2026, 7, 1), utc(2026, 6, 30, 22)),
        ("Asia/Kathmandu", date(2026, 7, 1), utc(2026, 6, 30, 18, 15)),
        ("America/Santiago", date(2026, 9, 6), utc(2026, 9, 6, 4)),  # midnight does not exist: the day begins at one
        ("America/Havana", date(2026, 11, 1), utc(2026, 11, 1, 4)),  # midnight exists twice: it begins at the first
    ],
)
def test_a_day_begins_where_the_office_first_has_its_date(zone: str, day: date, begins_at: float) -> None:
    days = Days(zone)
    assert days.span(day).begins_at == begins_at
    assert days.date_of(begins_at) == day
    assert days.date_of(begins_at - 0.001) < day


def test_every_moment_is_in_exactly_one_day_and_days_touch() -> None:
    days = Days("Europe/Stockholm")
    at = utc(2026, 1, 1)
    before: Span | None = None
    while at < utc(2027, 1, 2):
        span = days(at)
        assert span.begins_at <= at < span.ends_at
        if before is not None and span != before:
            assert span.begins_at == before.ends_at
        before, at = span, at + 1800.0


def test_a_question_about_an_earlier_day_is_answered_after_a_later_one() -> None:
    days = Days("Europe/Stockholm")
    later, earlier = days(utc(2026, 5, 2, 12)), days(utc(2026, 5, 1, 12))
    assert (earlier.ends_at, days(utc(2026, 5, 2, 12))) == (later.begins_at, later)


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "Asia/Kathmandu", "Australia/Eucla", "Pacific/Chatham"])
def test_quarter_hours_begin_at_the_offices_quarters(zone: str) -> None:
    span = quarter_hours(utc(2026, 5, 1, 12, 22) + 30.5)
    assert span.ends_at - span.begins_at == QUARTER_HOUR_S
    local = datetime.fromtimestamp(span.begins_at, ZoneInfo(zone))
    assert (local.minute % 15, local.second, local.microsecond) == (0, 0, 0)


def test_the_hour_that_autumn_has_twice_has_eight_quarters() -> None:
    day = Days("Europe/Stockholm").span(date(2026, 10, 25))
    begins = {quarter_hours(day.begins_at + 60.0 * minute).begins_at for minute in range(25 * 60)}
    at_two = [at for at in begins if datetime.fromtimestamp(at, ZoneInfo("Europe/Stockholm")).hour == 2]
    assert (len(begins), len(at_two)) == (100, 8)
