"""What an agent works in all, from the shifts that name her."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from softswitch.domain.hours import CLOSED, DAY_S, Hours, Period, Periods, is_open, next_change_at
from softswitch.domain.shifts import Shift, plans_of

STOCKHOLM = "Europe/Stockholm"
EVE = date(2026, 12, 24)


def hours(*clock: tuple[int, int]) -> Periods:
    """From and to, in hours."""
    return tuple(Period(start * 3600, end * 3600) for start, end in clock)


def shift(name: str, agents: str, days: Periods, dates: dict[date, Periods] | None = None) -> Shift:
    """The same on every weekday, and nothing at weekends."""
    worked = Hours(name, STOCKHOLM, (*[days] * 5, CLOSED, CLOSED), MappingProxyType(dates or {}))
    return Shift(worked, tuple(agents.split()))


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(STOCKHOLM)).timestamp()


def worked(plan: Hours, day: date) -> list[tuple[int, int]]:
    """Which hours of this date she is on shift, as a list of from and to."""
    found: list[tuple[int, int]] = []
    midnight_at = at(day.isoformat())
    for hour in range(24):
        if is_open(plan, midnight_at + hour * 3600 + 1):
            start = found.pop()[0] if found and found[-1][1] == hour else hour
            found.append((start, hour + 1))
    return found


def test_everybody_has_a_plan_who_is_in_a_shift_and_nobody_else() -> None:
    plans = plans_of([shift("early", "anna bo", hours((6, 14))), shift("late", "bo cia", hours((14, 22)))])
    assert list(plans) == ["anna", "bo", "cia"]
    assert worked(plans["anna"], date(2026, 6, 1)) == [(6, 14)]
    assert worked(plans["bo"], date(2026, 6, 1)) == [(6, 22)]
    assert worked(plans["cia"], date(2026, 6, 1)) == [(14, 22)]
    assert worked(plans["bo"], date(2026, 6, 6)) == []


def test_shifts_that_overlap_are_one() -> None:
    plan = plans_of([shift("late", "anna", hours((12, 20))), shift("early", "anna", hours((6, 14), (18, 19)))])["anna"]
    assert worked(plan, date(2026, 6, 1)) == [(6, 20)]
    assert next_change_at(plan, at("2026-06-01T07:00")) == at("2026-06-01T20:00")


def test_a_switch_that_starts_in_the_middle_of_a_shift_finds_her_on_it() -> None:
    plan = plans_of([shift("night", "anna", hours((22, 30)))])["anna"]
    now_at = at("2026-06-02T03:00")
    assert is_open(plan, now_at)
    assert next_change_at(plan, now_at) == at("2026-06-02T06:00")


def test_a_date_of_one_shift_replaces_the_weekly_ones_of_all_her_shifts() -> None:
    shared = shift("early", "anna bo", hours((6, 14)))
    shorter = Shift(Hours("eve", STOCKHOLM, dates=MappingProxyType({EVE: hours((9, 12))})), ("anna",))
    plans = plans_of([shared, shorter])
    assert worked(plans["anna"], EVE) == [(9, 12)]
    assert worked(plans["anna"], EVE - timedelta(days=1)) == [(6, 14)]
    assert worked(plans["bo"], EVE) == [(6, 14)]


def test_a_day_off_is_off_and_dated_shifts_of_one_date_run_together() -> None:
    holiday = Shift(Hours("holiday", STOCKHOLM, dates=MappingProxyType({EVE: CLOSED})), ("anna", "bo"))
    stand_in = Shift(Hours("stand-in", STOCKHOLM, dates=MappingProxyType({EVE: hours((8, 10))})), ("bo",))
    late = shift("late", "bo", hours((14, 22)), {EVE: hours((9, 11))})
    plans = plans_of([shift("early", "anna", hours((6, 14))), holiday, stand_in, late])
    assert worked(plans["anna"], EVE) == []
    assert worked(plans["bo"], EVE) == [(8, 11)]


def test_all_around_the_clock_by_three_shifts_never_logs_her_out() -> None:
    shifts = [
        Shift(Hours(name, STOCKHOLM, (hours(clock),) * 7), ("anna",))
        for name, clock in (("night", (22, 30)), ("early", (6, 14)), ("late", (14, 22)))
    ]
    plan = plans_of(shifts)["anna"]
    assert next_change_at(plan, at("2026-03-28T12:00")) is None
    assert all(is_open(plan, at("2026-03-28T12:00") + minute * 60) for minute in range(DAY_S // 60))
