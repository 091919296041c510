"""Tests of softswitch.settings.outgoing: `[outgoing]`, and whether help can be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.domain.office import OutgoingPlan
from tests.softswitch.settings.offices import ADDED, change, copy_office, error_of, office_with, read, warnings_of


def test_without_the_table_help_can_be_called_and_nothing_else_changes(tmp_path: Path) -> None:
    office = read(office_with(tmp_path, ""))
    assert office.outgoing == OutgoingPlan(None, (), ("112",), ("0", "9"))
    assert office.trunks["carrier"].carries_emergency


def test_the_table_is_what_it_says(tmp_path: Path) -> None:
    added = (
        '[outgoing]\nallow = ["+46", "+47"]\ndeny = ["+46718"]\n'
        'emergency_numbers = ["112", "999"]\noutside_prefixes = []\n'
    )
    office = read(office_with(tmp_path, added))
    assert office.outgoing == OutgoingPlan(("+46", "+47"), ("+46718",), ("112", "999"), ())


@pytest.mark.parametrize(
    ("line", "what", "mend"),
    [
        ('allow = ["46"]', '"46" is nothing that numbers begin with', 'did you mean "+46"?'),
        ('alow = ["+46"]', '"alow" is no key of this table', 'did you mean "allow"?'),
        ('emergency_numbers = ["+46112"]', '"+46112" is no emergency number', 'write it as people dial it, "112"'),
        ('outside_prefixes = ["+"]', '"+" is nothing that is dialled first', 'write digits: "0"'),
        ('allow = ["+46"]\ndeny = ["+46"]', '"+46" is allowed and denied', "take it out of one of the lists"),
    ],
)
def test_what_is_wrong_is_told_with_its_mend(tmp_path: Path, line: str, what: str, mend: str) -> None:
    error = error_of(office_with(tmp_path, f"[outgoing]\n{line}\n"))
    assert (error.file.name, error.what, error.mend) == (ADDED, what, mend)


def test_a_phone_says_what_it_may_not_dial_how_often_and_what_it_shows(tmp_path: Path) -> None:
    added = (
        '[phone.104]\npassword = "p"\nmay_dial = ["+46"]\nmay_not_dial = ["+4670"]\n'
        'calls_out_max = 2\ncaller_id = "+46850010009"\n'
    )
    plan = read(office_with(tmp_path, added)).phones["104"]
    assert (plan.may_not_dial, plan.calls_out_max, plan.caller_id) == (("+4670",), 2, "+46850010009")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('may_not_dial = ["+46"]', '"+46" is in may_not_dial too'),
        ('caller_id = "me"', '"me" is no telephone number'),
        ("calls_out_max = -1", "-1 cannot be"),
    ],
)
def test_what_a_phone_cannot_say_is_refused(tmp_path: Path, line: str, what: str) -> None:
    error = error_of(office_with(tmp_path, f'[phone.104]\npassword = "p"\nmay_dial = ["+46"]\n{line}\n'))
    assert error.what == what


def trunk_without_emergency(tmp_path: Path) -> Path:
    office = copy_office(tmp_path)
    change(office, "trunks.toml", 'caller_id = "+46850010000"', 'caller_id = "+46850010000"\nemergency = false')
    return office


def test_it_is_told_when_no_trunk_carries_emergency_calls(tmp_path: Path) -> None:
    (warning,) = warnings_of(trunk_without_emergency(tmp_path))
    assert warning == "nobody here can call 112: no trunk carries emergency calls"


def test_it_is_told_when_a_name_of_the_house_is_hidden_by_an_emergency_number(tmp_path: Path) -> None:
    (warning,) = warnings_of(office_with(tmp_path, '[phone.112]\npassword = "p"\n'))
    assert warning == "phones that dial 112 call for help; they do not reach this phone"
    (warning,) = warnings_of(office_with(tmp_path / "b", '[number.112]\nto = "busy"\n'))
    assert warning == "phones that dial 112 call for help; they do not get here"


def test_it_is_told_when_there_is_no_emergency_number(tmp_path: Path) -> None:
    (warning,) = warnings_of(office_with(tmp_path, "[outgoing]\nemergency_numbers = []\n"))
    assert warning == "there is no emergency number, so nobody here can call for help"
