"""Points in time as people type them: `2h`, `today`, `2026-07-01`, `14:30`, RFC 3339.

What has no zone of its own is meant in the office's. Everything comes out as one instant with a zone.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

FORMS: Final = "2h, 30m, 7d, today, yesterday, 2026-07-01, 14:30 or 2026-07-01T14:30:00+02:00"

_AGO: Final = re.compile(r"([0-9]{1,6})\s*([smhdw])")
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_CLOCK: Final = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


def parse_since(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The instant meant by `text`; `now` has a zone. Raises ValueError for what is no time."""
    word = text.strip()
    local = now.astimezone(zone)
    ago = _AGO.fullmatch(word.lower())
    try:
        if ago is not None:
            return (now - timedelta(seconds=int(ago.group(1)) * _UNITS_S[ago.group(2)])).astimezone(zone)
        if word.lower() in ("today", "yesterday"):
            day = local.date() - timedelta(days=0 if word.lower() == "today" else 1)
            return datetime.combine(day, time(), zone)
        if _CLOCK.fullmatch(word):
            return datetime.combine(local.date(), time.fromisoformat(word), zone)
        found = datetime.fromisoformat(word.upper() if word[-1:] == "z" else word)
        return found if found.tzinfo is not None else found.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time") from None
