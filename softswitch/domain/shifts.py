"""Shifts: when agents are logged in by the clock.

A shift is hours and the agents who work them, and what an agent works in all is hours again: her plan. In it the weekly
periods of all her shifts run together, and on a date that any of her shifts names nothing counts but what her shifts
say of that date. So a table of her own with `"2026-07-01" = "off"` gives one agent a day off
from a shift that she shares.

Everything else is asked of the plan as of any hours: `is_open` is whether she is on shift, also when the switch starts
in the middle of one, and `next_change_at` when she comes or goes. What then happens to her presence is decided
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from softswitch.domain.hours import DAYS_A_WEEK, Hours, Period, Periods, in_order


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours, and the agents who work them."""

    hours: Hours
    agents: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.hours.name


def plans_of(shifts: Iterable[Shift]) -> Mapping[str, Hours]:
    """The plan of each agent who has shifts, by name; all shifts are on the clock of one timezone."""
    worked: dict[str, list[Hours]] = {}
    for shift in shifts:
        for agent in shift.agents:
            worked.setdefault(agent, []).append(shift.hours)
    return MappingProxyType({agent: _together(agent, hours) for agent, hours in worked.items()})


def _together(agent: str, hours: list[Hours]) -> Hours:
    timezone = hours[0].timezone
    assert all(each.timezone == timezone for each in hours)
    dates: dict[date, list[Period]] = {}
    for each in hours:
        for day, periods in each.dates.items():
            dates.setdefault(day, []).extend(periods)
    return Hours(
        name=agent,
        timezone=timezone,
        week=tuple(_each_once(period for each in hours for period in each.week[day]) for day in range(DAYS_A_WEEK)),
        dates=MappingProxyType({day: _each_once(periods) for day, periods in dates.items()}),
    )


def _each_once(periods: Iterable[Period]) -> Periods:
    return tuple(in_order(dict.fromkeys(periods)))
