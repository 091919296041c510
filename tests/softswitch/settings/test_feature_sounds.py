"""Tests of softswitch.settings.feature_sounds: what a feature says is there before a call needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.settings import load
from tests.softswitch.settings.offices import change, error_of, office_with

CALLBACK = 'callback = { may_call = ["+46"] }\nkeys = { 1 = "callback" }'
BOX = "[voicemail.box]\n"
READABLE_BOX = '[voicemail.box]\nlamps = ["101"]\n[number.56]\nto = "messages"\n'
CODES = '[features]\npause = "*73"\n'
LINE = '[number.55]\nto = "agent-line"\n'


def missing(office: Path, sound: str) -> Path:
    """The office in a language of its own, so that nothing shipped helps out, without one sound."""
    change(office, "softswitch.toml", 'language = "en" ', 'language = "nl" ')
    (office / "sounds" / "en").rename(office / "sounds" / "nl")
    change(office, "queues.toml", "announce_position_every_s = 30 ", "announce_position_every_s = 0 ")
    (office / "sounds" / "nl" / f"{sound}.wav").unlink()
    return office


@pytest.mark.parametrize(
    ("added", "queue", "sound", "key"),
    [
        ("", CALLBACK, "callback-confirm", "queue.support.callback"),
        ("", CALLBACK, "callback-registered", "queue.support.callback"),
        (BOX, "", "voicemail-greeting", "voicemail.box"),
        (BOX, "", "voicemail-full", "voicemail.box"),
        (READABLE_BOX, "", "voicemail-next", "number.56.to"),
        (LINE, "", "agent-menu", "number.55.to"),
        (CODES, "", "agent-paused", "features.pause"),
    ],
)
def test_a_feature_that_is_asked_for_needs_its_sounds(
    tmp_path: Path, added: str, queue: str, sound: str, key: str
) -> None:
    error = error_of(missing(office_with(tmp_path, added, queue=queue, anna='number = "17"'), sound))
    assert error.key == key
    assert f'no sound "{sound}"' in error.what
    assert "sounds/nl" in error.mend


@pytest.mark.parametrize("sound", ["confirm-call", "already-taken"])
def test_confirmation_needs_its_sounds_where_a_telephone_asks_for_a_key(tmp_path: Path, sound: str) -> None:
    office = missing(office_with(tmp_path, ""), sound)
    load(office, are_sounds_tried=False)
    change(office, "agents.toml", "confirm = false", "confirm = true")
    error = error_of(office)
    assert (error.key, f'"{sound}"' in error.what) == ("agent.bo.answers_at", True)
    assert "confirm = false" in error.mend


def test_confirmation_needs_its_sounds_where_an_agent_may_set_a_number(tmp_path: Path) -> None:
    office = missing(office_with(tmp_path, "", anna='may_answer_at = ["+46"]'), "confirm-call")
    error = error_of(office)
    assert error.key == "agent.anna.may_answer_at"
    assert "take it out" in error.mend


def test_a_sound_that_may_be_needed_is_taken_where_it_is(tmp_path: Path) -> None:
    """Two telephones of an agent may be picked up in the same moment."""
    sounds = load(office_with(tmp_path, ""), are_sounds_tried=False).sounds
    assert sounds.files("confirm-call")
    assert sounds.files("already-taken")


def test_estimated_waits_are_said_in_ranges(tmp_path: Path) -> None:
    office = office_with(tmp_path, "", queue="announce_wait = true")
    assert load(office, are_sounds_tried=False).sounds.files("wait-5-10")
    (office / "sounds" / "en" / "wait-5-10.wav").rename(office / "away.wav")
    change(office, "softswitch.toml", 'language = "en" ', 'language = "nl" ')
    (office / "sounds" / "en").rename(office / "sounds" / "nl")
    for place in (*range(1, 21), "beyond"):
        (office / "sounds" / "nl" / f"queue-position-{place}.wav").write_bytes(
            (office / "sounds" / "nl" / "closed.wav").read_bytes()
        )
    error = error_of(office)
    assert error.key == "queue.support.announce_wait"
    assert '"wait-5-10"' in error.what
