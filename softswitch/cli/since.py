"""Points in time as people type them: `2h`, `today`, `2026-07-01`, `14:30`, RFC 3339.

The same words look back where something is asked for since then, and ahead where something lasts until then. What has
no zone of its own is meant in the office's. Everything comes out as one instant with a zone.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

FORMS: Final = "2h, 30m, 7d, today, yesterday, 2026-07-01, 14:30 or 2026-07-01T14:30:00+02:00"

UNTIL_FORMS: Final = "2h, 30m, 7d, tomorrow, 2026-07-01, 14:30 or 2026-07-01T14:30:00+02:00"

_SPAN: Final = re.compile(r"([0-9]{1,6})\s*([smhdw])")
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DAYS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}
_CLOCK: Final = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


def parse_since(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The instant meant by `text`; `now` has a zone. Raises ValueError for what is no time."""
    return _parsed(text, now, zone, is_ahead=False)


def parse_until(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The instant ahead meant by `text`: the next 14:30, a day's beginning. Raises ValueError for what is none."""
    found = _parsed(text, now, zone, is_ahead=True)
    if found <= now:
        raise ValueError(f"{text!r} is over")
    return found


def _parsed(text: str, now: datetime, zone: tzinfo, *, is_ahead: bool) -> datetime:
    word = text.strip()
    local = now.astimezone(zone)
    span = _SPAN.fullmatch(word.lower())
    try:
        if span is not None:
            seconds = timedelta(seconds=int(span.group(1)) * _UNITS_S[span.group(2)])
            return (now + seconds if is_ahead else now - seconds).astimezone(zone)
        if word.lower() in _DAYS:
            return datetime.combine(local.date() + timedelta(days=_DAYS[word.lower()]), time(), zone)
        if _CLOCK.fullmatch(word):
            found = datetime.combine(local.date(), time.fromisoformat(word), zone)
            is_over = is_ahead and found <= now
            return found if not is_over else datetime.combine(local.date() + timedelta(days=1), found.time(), zone)
        found = datetime.fromisoformat(word.upper() if word[-1:] == "z" else word)
        return found if found.tzinfo is not None else found.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time") from None
