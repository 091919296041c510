"""Shifts, `[shift.NAME]`: the agents who work them, and the same days as opening hours have.

They are on the office's clock, because an agent may work several: all are one plan.
"""

from __future__ import annotations

from softswitch.domain.hours import Hours
from softswitch.domain.shifts import Shift
from softswitch.settings.destinations import DestinationReader
from softswitch.settings.faults import Faults
from softswitch.settings.hours import read_days
from softswitch.settings.section import Section


def read_shift(section: Section, name: str, faults: Faults, destinations: DestinationReader, timezone: str) -> Shift:
    """`[shift.NAME]`; `timezone` is the office's."""
    agents = [
        agent.value
        for agent in section.texts("agents", needed='["anna"]') or ()
        if destinations.expect("agent", agent.value, agent.place)
    ]
    if section.is_empty_list("agents"):
        faults.refuse(section.place_of("agents"), "nobody works this shift", 'add an agent: "anna"')
    if section.has("timezone"):
        section.node("timezone")
        faults.refuse(section.place_of("timezone"), "shifts are on the clock of [node] timezone", "take it out")
    week, dates = read_days(section, faults, others=("agents", "timezone"))
    section.close()
    return Shift(Hours(name, timezone, week, dates), tuple(agents))
