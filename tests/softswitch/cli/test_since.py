"""Tests of softswitch.cli.since."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from softswitch.cli.since import parse_since, parse_until

ZONE = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
"""Half past midnight of 2 July in Stockholm, where summer time is two hours ahead of UTC."""


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2h", "2026-07-01T20:30:00+00:00"),
        ("30m", "2026-07-01T22:00:00+00:00"),
        ("90 s", "2026-07-01T22:28:30+00:00"),
        ("1D", "2026-06-30T22:30:00+00:00"),
        ("1w", "2026-06-24T22:30:00+00:00"),
        ("today", "2026-07-01T22:00:00+00:00"),
        ("yesterday", "2026-06-30T22:00:00+00:00"),
        ("00:15", "2026-07-01T22:15:00+00:00"),
        ("2026-01-31", "2026-01-30T23:00:00+00:00"),
        ("2026-06-01T12:00:00", "2026-06-01T10:00:00+00:00"),
        ("2026-06-01 12:00", "2026-06-01T10:00:00+00:00"),
        ("2026-06-01T12:00:00Z", "2026-06-01T12:00:00+00:00"),
        ("2026-06-01t12:00:00z", "2026-06-01T12:00:00+00:00"),
        ("2026-06-01T12:00:00.5-03:00", "2026-06-01T15:00:00.500000+00:00"),
    ],
)
def test_points_in_time_as_people_type_them(text: str, instant: str) -> None:
    found = parse_since(text, NOW, ZONE)
    assert found.astimezone(UTC).isoformat() == instant
    assert found.tzinfo is not None


@pytest.mark.parametrize("text", ["", "soon", "2x", "-2h", "25:00", "2026-13-01", "999999w", "2026-06-31", "h"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        parse_since(text, NOW, ZONE)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2h", "2026-07-02T00:30:00+00:00"),
        ("1d", "2026-07-02T22:30:00+00:00"),
        ("tomorrow", "2026-07-02T22:00:00+00:00"),
        ("00:45", "2026-07-01T22:45:00+00:00"),
        ("00:15", "2026-07-02T22:15:00+00:00"),
        ("2026-07-03", "2026-07-02T22:00:00+00:00"),
        ("2026-07-02T12:00:00Z", "2026-07-02T12:00:00+00:00"),
    ],
)
def test_the_same_words_look_ahead(text: str, instant: str) -> None:
    assert parse_until(text, NOW, ZONE).astimezone(UTC).isoformat() == instant


@pytest.mark.parametrize(
    ("text", "what"), [("today", "is over"), ("2026-06-30", "is over"), ("0s", "is over"), ("soon", "is no time")]
)
def test_nothing_lasts_until_what_is_over(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        parse_until(text, NOW, ZONE)
