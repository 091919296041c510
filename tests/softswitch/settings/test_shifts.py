"""Shifts as they are written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from softswitch.domain.hours import CLOSED, Hours, Period
from softswitch.domain.shifts import Shift
from softswitch.settings.destinations import DestinationReader, Names
from softswitch.settings.faults import Faults
from softswitch.settings.section import Section
from softswitch.settings.shifts import read_shift
from softswitch.settings.sounds import SoundSearch
from softswitch.settings.toml_tree import Table, read_toml

FILE = Path("people.toml")


def read(keys: str, folder: Path) -> tuple[Shift, Faults]:
    """`[shift.night]` stands on line 1, in an office with the agents anna and bo."""
    faults = Faults()
    root = read_toml(f"[shift.night]\n{keys}\n").root.entries["shift"]
    assert isinstance(root, Table)
    table = root.entries["night"]
    assert isinstance(table, Table)
    names = Names({"agent": ["anna", "bo"]}, is_complete=True)
    destinations = DestinationReader(faults, names, SoundSearch(faults, (folder,), "en"))
    section = Section(faults, FILE, "shift.night", table)
    return read_shift(section, "night", faults, destinations, "Europe/Stockholm"), faults


def test_a_shift_is_its_agents_and_its_hours(tmp_path: Path) -> None:
    shift, faults = read('agents = ["anna", "bo"]\nfri-sat = "22:00-06:00"\n"2026-12-24" = "off"', tmp_path)
    assert faults.errors == ()
    night = (Period(22 * 3600, 30 * 3600),)
    week = (CLOSED, CLOSED, CLOSED, CLOSED, night, night, CLOSED)
    assert shift == Shift(Hours("night", "Europe/Stockholm", week, {date(2026, 12, 24): CLOSED}), ("anna", "bo"))
    assert shift.name == "night"


def test_a_day_off_after_a_night_is_as_usual_and_not_warned_of(tmp_path: Path) -> None:
    _, faults = read('agents = ["anna"]\nmon-sun = "22:00-06:00"\n2026-12-24 = "off"', tmp_path)
    assert (faults.errors, faults.warnings) == ((), ())


@pytest.mark.parametrize(
    ("keys", "line", "key", "what", "mend"),
    [
        ('agents = ["ana"]', 2, ".agents", 'there is no agent "ana"', 'did you mean "anna"?'),
        ('agents = ["anna", "anna"]', 2, ".agents", "stands twice in the list", "take one of them out"),
        ("agents = []", 2, ".agents", "nobody works this shift", "add an agent"),
        ('agents = "anna"', 2, ".agents", "this must be a list", 'write ["anna"]'),
        ("", 1, "", '"agents" is missing', 'add agents = ["anna"]'),
        ('agnets = ["anna"]', 2, ".agnets", '"agnets" is no key of this table', 'did you mean "agents"?'),
        ('agents = ["anna"]\ntimezone = "UTC"', 3, ".timezone", "on the clock of [node] timezone", "take it out"),
        ('agents = ["anna"]\nmo-fr = "off"', 3, ".mo-fr", '"mo-fr" is no day', 'did you mean "mon-fri"?'),
        ('agents = ["anna"]\ntue = "of"', 3, ".tue", '"of" is no time from and to', 'did you mean "off"?'),
    ],
)
def test_a_slip_is_refused_once_with_its_line_and_the_mend(
    tmp_path: Path, keys: str, line: int, key: str, what: str, mend: str
) -> None:
    _, faults = read(f'{keys}\nmon = "08:00-17:00"', tmp_path)
    assert [(error.line, error.key) for error in faults.errors] == [(line, f"shift.night{key}")]
    assert what in faults.errors[0].what
    assert mend in faults.errors[0].mend


def test_a_shift_without_a_day_is_refused(tmp_path: Path) -> None:
    _, faults = read('agents = ["anna"]', tmp_path)
    assert [(error.line, error.what) for error in faults.errors] == [(1, "no day is named")]
