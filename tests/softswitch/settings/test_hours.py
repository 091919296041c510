"""Opening hours as they are written: what they become, and what is said to those that cannot be meant."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.domain.hours import CLOSED, DAY_S, Hours, Period, Periods, in_order
from softswitch.settings.faults import Faults
from softswitch.settings.hours import DATES_MAX, ENGLISH, SWEDISH, read_hours
from softswitch.settings.section import Section
from softswitch.settings.toml_tree import Table, read_toml

FILE = Path("hours.toml")
H = 3600
DAY: Periods = (Period(8 * H, 17 * H),)


def read(keys: str) -> tuple[Hours, Faults]:
    """`[hours.office]` stands on line 1, so the keys begin on line 2."""
    faults = Faults()
    root = read_toml(f"[hours.office]\n{keys}\n").root.entries["hours"]
    assert isinstance(root, Table)
    table = root.entries["office"]
    assert isinstance(table, Table)
    return read_hours(Section(faults, FILE, "hours.office", table), "office", faults, "Europe/Stockholm"), faults


def good(keys: str) -> Hours:
    hours, faults = read(keys)
    assert faults.errors == ()
    return hours


def test_a_span_of_days_and_dates_become_hours() -> None:
    hours = good("""
mon-thu = "08:00-12:00, 13:00-17:00"
fri = "8:00 - 15:30"
sat = "closed"
"2026-12-24" = "closed"
2026-12-31 = "08:00-12:00"
""")
    office: Periods = (Period(8 * H, 12 * H), Period(13 * H, 17 * H))
    assert hours == Hours(
        "office",
        "Europe/Stockholm",
        (office, office, office, office, (Period(8 * H, 15 * H + 1800),), CLOSED, CLOSED),
        {date(2026, 12, 24): CLOSED, date(2026, 12, 31): (Period(8 * H, 12 * H),)},
    )


def test_hours_may_be_on_the_clock_of_another_place() -> None:
    assert good('mon = "08:00-17:00"\ntimezone = "Europe/Helsinki"').timezone == "Europe/Helsinki"


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("wed", [2]),
        ("mon-fri", [0, 1, 2, 3, 4]),
        ("mon-sun", [0, 1, 2, 3, 4, 5, 6]),
        ("sat-mon", [0, 5, 6]),
        ("mån-fre", [0, 1, 2, 3, 4]),
        ("tors", [3]),
        ("lör-sön", [5, 6]),
    ],
)
def test_a_key_names_a_day_or_all_from_one_to_another(key: str, days: list[int]) -> None:
    assert good(f'"{key}" = "08:00-17:00"').week == tuple(DAY if number in days else CLOSED for number in range(7))


@pytest.mark.parametrize("names", [ENGLISH, SWEDISH])
def test_each_day_is_told_apart(names: tuple[str, ...]) -> None:
    lines = [f'"{name}" = "{8 + number:02}:00-17:00"' for number, name in enumerate(names)]
    assert good("\n".join(lines)).week == tuple((Period((8 + number) * H, 17 * H),) for number in range(7))


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("08:00-17:00", DAY),
        ("22:00-06:00", (Period(22 * H, 30 * H),)),
        ("22:00-24:00", (Period(22 * H, 24 * H),)),
        ("22:00-00:00", (Period(22 * H, 24 * H),)),
        ("00:00-24:00", (Period(0, 24 * H),)),
        ("13:00-17:00,08:00-12:00", (Period(8 * H, 12 * H), Period(13 * H, 17 * H))),
        ("08:00-12:00, 12:00-17:00", (Period(8 * H, 12 * H), Period(12 * H, 17 * H))),
        ("22:00-06:00, 05:00-08:00", (Period(5 * H, 8 * H), Period(22 * H, 30 * H))),
        ("closed", CLOSED),
        ("off", CLOSED),
    ],
)
def test_a_text_becomes_periods(text: str, periods: Periods) -> None:
    assert good(f'mon = "{text}"').week[0] == periods


@given(st.lists(st.integers(0, DAY_S // 60 - 1), min_size=2, max_size=8, unique=True).map(sorted))
def test_periods_are_written_back_as_they_were(minutes: list[int]) -> None:
    """Edges in order make periods that do not overlap; an odd one is left to the night."""
    edges = [minute * 60 for minute in minutes]
    periods = [Period(start_s, end_s) for start_s, end_s in zip(edges[::2], edges[1::2], strict=False)]
    if len(edges) % 2:
        periods.append(Period(edges[-1], DAY_S + edges[0]))
    assert list(good(f'mon = "{", ".join(map(str, reversed(periods)))}"').week[0]) == in_order(periods)


@pytest.mark.parametrize(
    ("keys", "key", "what", "mend"),
    [
        ('mno-fri = "08:00-17:00"', "mno-fri", '"mno-fri" is no day', 'did you mean "mon-fri"?'),
        ('Mon = "08:00-17:00"', "Mon", '"Mon" is no day', 'did you mean "mon"?'),
        ('saturday = "08:00-17:00"', "saturday", '"saturday" is no day', 'did you mean "sat"?'),
        ('mon-mon = "08:00-17:00"', "mon-mon", '"mon-mon" is no day', 'did you mean "mon"?'),
        ('"mon – fri" = "08:00-17:00"', '"mon – fri"', '"mon – fri" is no day', 'did you mean "mon-fri"?'),
        ('"måndag-fredag" = "closed"', '"måndag-fredag"', '"måndag-fredag" is no day', 'did you mean "mån-fre"?'),
        ('mno-fre = "closed"', "mno-fre", '"mno-fre" is no day', 'did you mean "mån-fre"?'),
        ('torsdag = "closed"', "torsdag", '"torsdag" is no day', 'did you mean "tors"?'),
        ('"mon,wed" = "closed"', '"mon,wed"', '"mon,wed" is no day', "each on a line of its own"),
        ('mon-tue-wed = "closed"', "mon-tue-wed", '"mon-tue-wed" is no day', "write mon, mon-fri or a date"),
        ('weekend = "closed"', "weekend", '"weekend" is no day', "write mon, mon-fri or a date"),
        ('2026-02-29 = "closed"', "2026-02-29", '"2026-02-29" is no date', "2026-02 has 28 days"),
        ('2026-1-6 = "closed"', "2026-1-6", '"2026-1-6" is no date', 'did you mean "2026-01-06"?'),
        ('2026-24-12 = "closed"', "2026-24-12", '"2026-24-12" is no date', 'did you mean "2026-12-24"?'),
        ('2026-13-32 = "closed"', "2026-13-32", '"2026-13-32" is no date', "a year has 12 months, not 13"),
        ('24-12-2026 = "closed"', "24-12-2026", '"24-12-2026" is no date', 'such as "2026-12-24"'),
        ('mon = "8-17"', "mon", '"8-17" is no time from and to', 'did you mean "08:00-17:00"?'),
        ('mon = "08.00–17.30"', "mon", '"08.00–17.30" is no time from and to', 'did you mean "08:00-17:30"?'),
        ('mon = "0800-1700"', "mon", '"0800-1700" is no time from and to', 'did you mean "08:00-17:00"?'),
        ('mon = "80-99"', "mon", '"80-99" is no time from and to', 'write "08:00-17:00"'),
        ('mon = "08:00"', "mon", '"08:00" is no time from and to', 'write "08:00-17:00"'),
        ('mon = "clsed"', "mon", '"clsed" is no time from and to', 'did you mean "closed"?'),
        ('mon = "08:00-12:00,"', "mon", '"" is no time from and to', 'write "08:00-17:00"'),
        ('mon = "08:00-24:01"', "mon", "24:01 is no time of day", "24:00 as an end"),
        ('mon = "08:60-17:00"', "mon", "08:60 is no time of day", "00:00 to 23:59"),
        ('mon = "24:00-06:00"', "mon", "24:00 is where a day ends", "begin at 00:00"),
        ('mon = "08:00-08:00"', "mon", '"08:00-08:00" has no length', '"00:00-24:00" for a whole day'),
        ('mon = "08:00-12:00, 11:00-17:00"', "mon", "08:00-12:00 and 11:00-17:00 overlap", '"08:00-17:00"?'),
        ('mon = "22:00-06:00, 23:00-01:00"', "mon", "22:00-06:00 and 23:00-01:00 overlap", '"22:00-06:00"?'),
        ('mon = "00:00-24:00, 22:00-06:00"', "mon", "00:00-24:00 and 22:00-06:00 overlap", "shorten one"),
        ('mon = ""', "mon", "this must not be empty", '"closed"'),
        ("mon = 8", "mon", "this must be a text, not a whole number", '"08:00-17:00"'),
        (
            'mon-fri = "08:00-17:00"\nfri = "closed"',
            "fri",
            "fri is named twice, first by mon-fri at hours.toml:2",
            "one",
        ),
        ('tis = "closed"\nmon-wed = "closed"', "mon-wed", "tue is named twice, first by tis", "let one key alone"),
        ('mon-fri = "closed"\nthu-sat = "closed"', "thu-sat", "thu, fri are named twice", "let one key alone"),
        ('mon = "closed"\ntimezone = "Europe/Stokholm"', "timezone", "there is no timezone", '"Europe/Stockholm"?'),
        ('mon = "closed"\ntimezon = "UTC"', "timezon", '"timezon" is no key of this table', '"timezone"?'),
    ],
)
def test_a_slip_is_refused_once_with_its_line_and_the_mend(keys: str, key: str, what: str, mend: str) -> None:
    _, faults = read(keys)
    assert [(error.file, error.line, error.key) for error in faults.errors] == [
        (FILE, 2 + keys.count("\n"), f"hours.office.{key}")
    ]
    assert what in faults.errors[0].what
    assert mend in faults.errors[0].mend


def test_hours_without_a_day_are_refused_at_their_name() -> None:
    for keys in ("", 'timezone = "UTC"'):
        _, faults = read(keys)
        assert [(error.line, error.key, error.what) for error in faults.errors] == [
            (1, "hours.office", "no day is named")
        ]


def test_all_slips_are_found_in_one_reading() -> None:
    _, faults = read('mno = "closed"\ntue = "8-17, 25:00-26:00"\n2026-02-30 = "closed"\nwed = "08:00-17:00"')
    assert [error.line for error in faults.errors] == [2, 3, 3, 4]


def test_a_day_named_three_times_is_refused_twice_each_time_with_the_first() -> None:
    _, faults = read('mon-fri = "08:00-17:00"\nfri = "08:00-15:00"\nfri-sat = "closed"')
    assert [error.line for error in faults.errors] == [3, 4]
    assert all("fri is named twice, first by mon-fri at hours.toml:2" in error.what for error in faults.errors)


def test_dates_are_limited_by_a_limit_with_a_name() -> None:
    days = [date.fromordinal(date(2026, 1, 1).toordinal() + number) for number in range(DATES_MAX + 1)]
    _, faults = read("\n".join(f'{day} = "closed"' for day in days[:-1]))
    assert faults.errors == ()
    _, faults = read("\n".join(f'{day} = "closed"' for day in days))
    assert [error.what for error in faults.errors] == [f"there are more than DATES_MAX = {DATES_MAX} dates"]


def test_a_closed_date_after_an_open_night_is_warned_of() -> None:
    hours, faults = read('mon-sun = "22:00-06:00"\n2026-12-24 = "closed"\n2026-12-25 = "closed"\n0001-01-01 = "closed"')
    assert faults.errors == ()
    assert [(warning.line, warning.key) for warning in faults.warnings] == [(3, "hours.office.2026-12-24")]
    assert "2026-12-23 runs on into this date, until 06:00" in faults.warnings[0].what
    assert date(2026, 12, 24) in hours.dates


def test_a_closed_date_after_an_evening_that_ends_by_midnight_is_not_warned_of() -> None:
    _, faults = read('mon-sun = "22:00-24:00"\n2026-12-24 = "closed"')
    assert faults.warnings == ()
