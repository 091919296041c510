"""A destination is one string: what each form becomes, and what is said to one that leads nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.domain.office import (
    Destination,
    ToAgent,
    ToAgentLine,
    ToBusy,
    ToCallback,
    ToMessages,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
    ToVoicemail,
)
from softswitch.settings.destinations import DestinationReader, Names
from softswitch.settings.faults import Faults, Place
from softswitch.settings.sounds import SoundSearch
from tests.softswitch.settings.offices import write_sound

PLACE = Place(Path("numbers.toml"), 3, "number.+46850010000.to")
DEFINED = {
    "queue": ["support"],
    "phone": ["101"],
    "agent": ["anna"],
    "number": ["+46850010000"],
    "trunk": ["carrier"],
    "voicemail": ["support"],
}


class Reading:
    """One reader, and what it found wrong."""

    def __init__(self, folder: Path, *, is_complete: bool = True, has_trunk: bool = True) -> None:
        write_sound(folder / "closed.wav")
        self.faults = Faults()
        defined = {kind: names for kind, names in DEFINED.items() if has_trunk or kind != "trunk"}
        sounds = SoundSearch(self.faults, (folder,), "en")
        self.reader = DestinationReader(self.faults, Names(defined, is_complete), sounds)

    def read(self, text: str) -> Destination | None:
        return self.reader.read(text, PLACE)

    @property
    def said(self) -> str:
        return " ".join(f"{error.what}: {error.mend}" for error in self.faults.errors)


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ("queue:support", ToQueue("support")),
        ("phone:101", ToPhone("101")),
        ("agent:anna", ToAgent("anna")),
        ("number:+46701234567", ToNumber("+46701234567")),
        ("say:closed", ToSay("closed")),
        ("voicemail:support", ToVoicemail("support")),
        ("agent-line", ToAgentLine()),
        ("messages", ToMessages()),
        ("busy", ToBusy()),
    ],
)
def test_each_form_becomes_what_it_names_and_is_written_back_the_same(
    tmp_path: Path, text: str, destination: Destination
) -> None:
    reading = Reading(tmp_path)
    assert reading.read(text) == destination
    assert str(destination) == text
    assert reading.faults.errors == ()


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("queue:suport", 'did you mean "queue:support"?'),
        ("phone:102", 'did you mean "phone:101"?'),
        ("agent:xyz", "there is: anna"),
        ("quene:support", 'did you mean "queue:support"?'),
        ("support", 'did you mean "queue:support"?'),
        ("101", 'did you mean "phone:101"?'),
        ("+46701234567", 'did you mean "number:+46701234567"?'),
        ("bussy", 'did you mean "busy"?'),
        ("agentline", 'did you mean "agent-line"?'),
        ("message", 'did you mean "messages"?'),
        ("callbak", 'did you mean "callback"?'),
        ("callback", "keys, overflow or overflow_to"),
        ("voicemail:suport", 'did you mean "voicemail:support"?'),
        ("voicmail:support", 'did you mean "voicemail:support"?'),
        ("number:0701234567", 'write it like "number:+46701234567"'),
        ("number:+46850010000", "write where [number.+46850010000] leads to"),
        ("menu:main", "not available yet"),
        ("say:closd", 'did you mean "closed"?'),
        ("queue:", "queue:NAME"),
        ("", "queue:NAME"),
    ],
)
def test_what_leads_nowhere_is_refused_with_the_way_out(tmp_path: Path, text: str, mend: str) -> None:
    reading = Reading(tmp_path)
    assert reading.read(text) is None
    assert len(reading.faults.errors) == 1
    assert mend in reading.said


def test_a_call_back_leads_on_from_a_queue(tmp_path: Path) -> None:
    reading = Reading(tmp_path)
    assert reading.reader.read("callback", PLACE, is_from_queue=True) == ToCallback()
    assert reading.faults.errors == ()


def test_a_number_needs_a_trunk(tmp_path: Path) -> None:
    reading = Reading(tmp_path, has_trunk=False)
    assert reading.read("number:+46701234567") is None
    assert "no trunk" in reading.said


def test_nothing_is_said_of_names_that_may_be_in_a_file_that_could_not_be_read(tmp_path: Path) -> None:
    reading = Reading(tmp_path, is_complete=False, has_trunk=False)
    assert reading.read("queue:elsewhere") is None
    assert reading.read("number:+46701234567") == ToNumber("+46701234567")
    assert reading.faults.errors == ()
