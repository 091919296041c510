"""Opening hours as people write them: `[hours.office]`, and the days that `[shift.NAME]` shares with it.

    mon-thu      = "08:00-12:00, 13:00-17:00"
    fri          = "08:00-15:00"
    "2026-12-24" = "closed"

A key is a day, a span of days or a date; a day that no key names is closed. English and Swedish names of days are the
same. A period whose end is not after its start ends on the next day, and 24:00 is an end. What looks like a slip is
refused and not guessed at: a day that two keys name, periods of one key that overlap, a date that no calendar has.
"""

from __future__ import annotations

import re
import zoneinfo
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

from softswitch.domain.hours import CLOSED, DAY_S, DAYS_A_WEEK, Hours, Period, Periods, in_order
from softswitch.settings.faults import Faults, Place, nearest, suggestion
from softswitch.settings.machine import is_timezone
from softswitch.settings.section import Section

DATES_MAX: Final = 1_000
ENGLISH: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SWEDISH: Final = ("mån", "tis", "ons", "tors", "fre", "lör", "sön")
CLOSED_WORDS: Final = ("closed", "off")
SLIP_CHARS_MAX: Final = 5
"""How long a word may be and still be a short name of a day, misspelt."""

Days: TypeAlias = tuple[tuple[Periods, ...], Mapping[date, Periods]]
"""The periods of a week, Monday first, and those of dates."""

_NUMBERS: Final[Mapping[str, int]] = {name: day for names in (ENGLISH, SWEDISH) for day, name in enumerate(names)}
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LIKE_A_DATE: Final = re.compile(r"([0-9]{4})[^0-9]([0-9]{1,2})[^0-9]([0-9]{1,2})")
_PERIOD: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")
_LIKE_A_PERIOD: Final = re.compile(
    r"([0-9]{1,2})(?:[:.]?([0-9]{2}))?\s*(?:[-–—]|to|till)\s*([0-9]{1,2})(?:[:.]?([0-9]{2}))?"
)
_KEYS: Final = 'write mon, mon-fri or a date such as "2026-12-24", each on a line of its own'
_TIMES: Final = '"08:00-17:00", more of them after commas, or "closed"'


def read_hours(section: Section, name: str, faults: Faults, timezone: str) -> Hours:
    """`[hours.NAME]`; `timezone` is the office's, for hours that name none."""
    own = section.text("timezone", example='"Europe/Stockholm"')
    if own is not None and not is_timezone(own):
        mend = suggestion(own, zoneinfo.available_timezones(), otherwise='write it like "Europe/Stockholm"')
        faults.refuse(section.place_of("timezone"), f'there is no timezone "{own}"', mend)
        own = None
    week, dates = read_days(section, faults, others=("timezone",))
    section.close()
    hours = Hours(name, own or timezone, week, dates)
    _warn_of_nights(hours, section, faults)
    return hours


def read_days(section: Section, faults: Faults, *, others: Sequence[str]) -> Days:
    """All keys but the `others`; a misspelling of one of those is left to `close`."""
    week: dict[int, tuple[str, Periods]] = {}
    dates: dict[date, Periods] = {}
    keys = [key for key in section.names() if key not in others]
    for key in keys:
        days, day = _days(key), _date(key)
        if days or day:
            periods = _read_periods(section, key, faults)
            doubles = [ENGLISH[number] for number in days if number in week]
            if doubles:
                _refuse_double(section, key, doubles, week[_NUMBERS[doubles[0]]][0], faults)
            week = dict.fromkeys(days, (key, periods)) | week
            dates |= {day: periods} if day else {}
        elif not nearest(key, [other for other in others if not section.has(other)]):
            section.node(key)
            _refuse_key(key, section.place_of(key), faults)
    if not keys:
        faults.refuse(section.place, "no day is named", 'add mon-fri = "08:00-17:00"')
    if len(dates) > DATES_MAX:
        faults.refuse(section.place, f"there are more than DATES_MAX = {DATES_MAX} dates", "take out those gone by")
    return tuple(week.get(number, ("", CLOSED))[1] for number in range(DAYS_A_WEEK)), MappingProxyType(dates)


def _days(key: str) -> tuple[int, ...]:
    """The days of a week that a key names, 0 for Monday; none when it names no day."""
    match key.split("-"):
        case [day] if day in _NUMBERS:
            return (_NUMBERS[day],)
        case [first, last] if first in _NUMBERS and last in _NUMBERS and _NUMBERS[first] != _NUMBERS[last]:
            count = (_NUMBERS[last] - _NUMBERS[first]) % DAYS_A_WEEK + 1
            return tuple((_NUMBERS[first] + number) % DAYS_A_WEEK for number in range(count))
    return ()


def _date(key: str) -> date | None:
    try:
        return date.fromisoformat(key) if _DATE.fullmatch(key) else None
    except ValueError:
        return None


def _refuse_double(section: Section, key: str, days: list[str], first: str, faults: Faults) -> None:
    what = f"{', '.join(days)} {'is' if len(days) == 1 else 'are'} named twice, first by {first}"
    faults.refuse(section.place_of(key), f"{what} at {section.place_of(first)}", "let one key alone name each day")


def _refuse_key(key: str, place: Place, faults: Faults) -> None:
    if key[:1].isdigit():
        faults.refuse(place, f'"{key}" is no date', _mended_date(key))
    else:
        mended = _mended_days(key)
        faults.refuse(place, f'"{key}" is no day', f'did you mean "{mended}"?' if mended else _KEYS)


def _mended_date(key: str) -> str:
    match = _LIKE_A_DATE.fullmatch(key)
    if match is None:
        return 'write year, month and day, such as "2026-12-24"'
    year, month, day = (int(part) for part in match.groups())
    for written in (f"{year:04}-{month:02}-{day:02}", f"{year:04}-{day:02}-{month:02}"):
        if _date(written):
            return f'did you mean "{written}"?'
    if 1 <= month <= 12:
        return f"{year:04}-{month:02} has {monthrange(year, month)[1]} days"
    return f"a year has 12 months, not {month}"


def _mended_days(key: str) -> str | None:
    """The nearest day or span of days, in the language that most of it is written in; None when none is near."""
    words = [word for word in re.split(r"[^a-zåäö]+", key.casefold()) if word not in {"", "to", "till"}]
    if not 1 <= len(words) <= 2 or "," in key:
        return None
    for names in sorted((ENGLISH, SWEDISH), key=lambda names: -sum(word in names for word in words)):
        near = [name for name in (_mended_day(word, names) for word in words) if name]
        if len(near) == len(words):
            return "-".join(dict.fromkeys(near))
    return None


def _mended_day(word: str, names: Sequence[str]) -> str | None:
    """`tue` for tuesday, and for teu; a long word that is near to nothing but by chance is near to none."""
    full = next((name for name in names if word.startswith(name)), None)
    return full or (nearest(word, names) if len(word) <= SLIP_CHARS_MAX else None)


def _read_periods(section: Section, key: str, faults: Faults) -> Periods:
    """What a key says, closed when it is refused."""
    text = section.text(key, example=_TIMES)
    if text is None or text in CLOSED_WORDS:
        return CLOSED
    place = section.place_of(key)
    found: list[Period] = []
    for part in text.split(","):
        period = _read_period(part.strip(), place, faults)
        for other in found if period else ():
            assert period is not None
            if period.start_s < other.end_s and other.start_s < period.end_s:
                faults.refuse(place, f"{other} and {period} overlap", _as_one(other, period))
        found += [period] if period else []
    return tuple(in_order(found))


def _as_one(one: Period, other: Period) -> str:
    start_s, end_s = min(one.start_s, other.start_s), max(one.end_s, other.end_s)
    return f'did you mean "{Period(start_s, end_s)}"?' if end_s - start_s <= DAY_S else "shorten one of them"


def _read_period(text: str, place: Place, faults: Faults) -> Period | None:
    match = _PERIOD.fullmatch(text)
    if match is None:
        faults.refuse(place, f'"{text}" is no time from and to', _mended_period(text))
        return None
    clocks = [(int(match[hour]), int(match[hour + 1])) for hour in (1, 3)]
    wrong = [f"{hour:02}:{minute:02}" for hour, minute in clocks if minute > 59 or (hour, minute) > (24, 0)]
    start_s, end_s = (hour * 3600 + minute * 60 for hour, minute in clocks)
    if wrong:
        faults.refuse(place, f"{wrong[0]} is no time of day", "write 00:00 to 23:59, or 24:00 as an end")
    elif start_s == DAY_S:
        faults.refuse(place, "24:00 is where a day ends, and nothing begins", "let the next day begin at 00:00")
    elif start_s == end_s:
        faults.refuse(place, f'"{text}" has no length', 'write "00:00-24:00" for a whole day, or "closed"')
    else:
        return Period(start_s, end_s if end_s > start_s else end_s + DAY_S)
    return None


def _mended_period(text: str) -> str:
    match = _LIKE_A_PERIOD.fullmatch(text)
    if match is not None:
        first_h, first_min, last_h, last_min = (int(part or 0) for part in match.groups())
        if max(first_h, last_h) <= 24 and max(first_min, last_min) <= 59:
            return f'did you mean "{first_h:02}:{first_min:02}-{last_h:02}:{last_min:02}"?'
    near = nearest(text, CLOSED_WORDS)
    return f'did you mean "{near}"?' if near else f"write {_TIMES}"


def _warn_of_nights(hours: Hours, section: Section, faults: Faults) -> None:
    """Whoever closes a date may not think of the night before, which runs on into it."""
    for day, until in _closed_after_a_night(hours):
        before = day - timedelta(days=1)
        faults.warn(
            section.place_of(day.isoformat()),
            f"what opens on {before} runs on into this date, until {until}",
            f'name "{before}" too, with periods that end by 24:00, if it must not',
        )


def _closed_after_a_night(hours: Hours) -> Iterator[tuple[date, str]]:
    for day, periods in hours.dates.items():
        before = hours.of(day - timedelta(days=1)) if day > date.min else CLOSED
        last = max(before, key=lambda period: period.end_s, default=None)
        if periods == CLOSED and last is not None and last.end_s > DAY_S:
            yield day, str(last).partition("-")[2]
