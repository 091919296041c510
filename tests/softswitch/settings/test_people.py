"""Tests of softswitch.settings.people and people_relations: agents, reasons to pause, and what is dialled or keyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.domain.office import Device, FeatureCodes, ToNumber, ToPhone
from tests.softswitch.settings.offices import (
    ADDED,
    change,
    error_of,
    line_of,
    office_with,
    read,
    warnings_of,
)


@pytest.mark.parametrize(
    ("keys", "attribute", "value"),
    [
        ('number = "17"', "number", "17"),
        ("skills = { swedish = 7 }", "skills", {"swedish": 7}),
        ("wrap_up_s = 0", "wrap_up_s", 0),
        ("wrap_up_s = 45", "wrap_up_s", 45),
        ("guard_s = 5", "guard_s", 5),
        ('may_answer_at = ["+46", "+4790"]', "may_answer_at", ("+46", "+4790")),
        ("rings_one_at_a_time = true", "rings_one_at_a_time", True),
        ("", "wrap_up_s", None),
        ("", "number", None),
        ("", "guard_s", 0),
    ],
)
def test_an_agents_key_becomes_the_value_that_it_says(tmp_path: Path, keys: str, attribute: str, value: object) -> None:
    assert getattr(read(office_with(tmp_path, "", anna=keys)).agents["anna"], attribute) == value


def test_a_telephone_may_ring_later_and_ask_for_a_key(tmp_path: Path) -> None:
    office = office_with(tmp_path, "")
    change(office, "agents.toml", "confirm = false", "confirm = true, after_s = 12.5")
    assert read(office).agents["bo"].answers_at == (
        Device(ToPhone("102")),
        Device(ToNumber("+46701234567"), confirm=True, after_s=12.5),
    )


@pytest.mark.parametrize(
    ("keys", "key", "what", "mend"),
    [
        ("number = 17", "number", "a text, not a whole number", '"17"'),
        ('number = "1a"', "number", "an agent's number is keyed", "only digits"),
        ("skills = { swedish = 0 }", "skills.swedish", "0 cannot be", "from 1 to 10"),
        ('may_answer_at = ["46"]', "may_answer_at", "nothing that numbers begin with", '"+46"'),
        ('may_answer_at = ["+"]', "may_answer_at", "nothing that numbers begin with", '"+46"'),
        ('may_answer_at = "+46"', "may_answer_at", "a list, not a text", '["+46"]'),
        ("guard_s = 601", "guard_s", "601 cannot be", "to 600"),
        ("wrap_up_s = -1", "wrap_up_s", "-1 cannot be", "from 0"),
        ('rings_one_at_a_time = "yes"', "rings_one_at_a_time", "true or false", "write true"),
        ("ring_one_at_a_time = true", "ring_one_at_a_time", "no key", '"rings_one_at_a_time"'),
    ],
)
def test_a_wrong_key_of_an_agent_is_one_error(tmp_path: Path, keys: str, key: str, what: str, mend: str) -> None:
    office = office_with(tmp_path, "", anna=keys)
    error = error_of(office)
    assert (error.key, error.line) == (f"agent.anna.{key}", line_of(office, "agents.toml", keys))
    assert what in error.what
    assert mend in error.mend


@pytest.mark.parametrize(
    ("added", "key", "what", "mend"),
    [
        ("after_s = 301", "after_s", "301 cannot be", "to 300"),
        ("afer_s = 3", "afer_s", "no key", '"after_s"'),
    ],
)
def test_a_wrong_key_of_a_telephone_is_one_error(tmp_path: Path, added: str, key: str, what: str, mend: str) -> None:
    office = office_with(tmp_path, "")
    change(office, "agents.toml", "confirm = false", added)
    error = error_of(office)
    assert error.key == f"agent.bo.answers_at.{key}"
    assert what in error.what
    assert mend in error.mend


def test_reasons_and_codes_are_those_of_all_agents(tmp_path: Path) -> None:
    added = '[pause]\nreasons = ["lunch", "coffee break"]\n[features]\nready = "*72"\nlog_out = "#9"\npick_up = "*8"\n'
    office = read(office_with(tmp_path, added))
    assert office.pause_reasons == ("lunch", "coffee break")
    assert office.features == FeatureCodes(ready="*72", log_out="#9", pick_up="*8")


@pytest.mark.parametrize(
    ("added", "key", "what", "mend"),
    [
        ("[pause]", "pause", '"reasons" is missing', '"lunch"'),
        ('[pause]\nreasons = "lunch"', "pause.reasons", "a list, not a text", '["lunch"'),
        ('[pause]\nreasons = ["lunch", "lunch"]', "pause.reasons", "stands twice", "take one"),
        (f'[pause]\nreasons = ["{"x" * 65}"]', "pause.reasons", "REASON_CHARS_MAX = 64", "shorten"),
        ('[features]\nready = "seven"', "features.ready", '"seven" is nothing that phones dial', '"*72"'),
        ('[features]\nready = "*72"\npause = "*72"', "features.pause", "what ready is dialled by", "another"),
        ('[features]\nready = "*81"\npick_up = "*8"', "features.pick_up", '"*8" begins ready = "*81"', "another"),
        ('[features]\nready = "101"', "features.ready", '"101" dials phone 101', '"*72"'),
        ('[features]\nlogout = "*74"', "features.logout", "no key", '"log_out"'),
        ('[featurs]\nready = "*72"', "featurs", "no kind of table", 'did you mean "features"?'),
    ],
    ids=lambda value: value[:40],
)
def test_a_wrong_reason_or_code_is_one_error(tmp_path: Path, added: str, key: str, what: str, mend: str) -> None:
    office = office_with(tmp_path, added)
    error = error_of(office)
    assert (error.file.name, error.key) == (ADDED, key)
    assert what in error.what
    assert mend in error.mend


def test_two_agents_cannot_key_the_same_number(tmp_path: Path) -> None:
    office = office_with(tmp_path, "", anna='number = "17"', bo='number = "17"')
    error = error_of(office)
    assert error.key == "agent.bo.number"
    assert f"agent anna, at agents.toml:{line_of(office, 'agents.toml', 'number =')}" in error.what


def test_the_agents_line_needs_somebody_who_can_log_in(tmp_path: Path) -> None:
    added = '[number.55]\nto = "agent-line"\n'
    error = error_of(office_with(tmp_path / "nobody", added))
    assert (error.key, error.file.name) == ("number.55.to", ADDED)
    assert "no agent could log in" in error.what
    read(office_with(tmp_path / "anna", added, anna='number = "17"'))


def test_an_agent_with_a_number_but_no_pin_is_warned_of_where_there_is_a_line(tmp_path: Path) -> None:
    office = office_with(tmp_path, '[number.55]\nto = "agent-line"\n', anna='number = "17"', bo='number = "18"')
    change(office, "agents.toml", 'pin = "118842"', "")
    assert any("bo cannot log in by telephone" in warning for warning in warnings_of(office))


def test_answering_outside_needs_a_trunk(tmp_path: Path) -> None:
    office = office_with(tmp_path, "", anna='may_answer_at = ["+46"]')
    (office / "trunks.toml").unlink()
    change(office, "agents.toml", ', { to = "number:+46701234567", confirm = false }', "")
    assert error_of(office).key == "agent.anna.may_answer_at"


def test_one_at_a_time_means_little_without_delays(tmp_path: Path) -> None:
    office = office_with(tmp_path, "", bo="rings_one_at_a_time = true")
    assert any("ring at the same time" in warning for warning in warnings_of(office))
    change(office, "agents.toml", "confirm = false", "after_s = 10")
    assert warnings_of(office) == []


def test_a_code_at_a_phone_of_two_agents_means_nobody(tmp_path: Path) -> None:
    office = office_with(tmp_path, '[features]\nready = "*72"\n')
    assert warnings_of(office) == []
    change(office, "agents.toml", '"phone:102"', '"phone:101"')
    assert any("codes dialled at phone 101 do nothing: anna and bo" in warning for warning in warnings_of(office))
