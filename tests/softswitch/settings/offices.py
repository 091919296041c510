"""Offices to be read: a copy of the shipped one with sounds of its own, to be broken in one place."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path

import pytest

from softswitch.domain import agent_line, asking_callback, joining, rostering, voicemail
from softswitch.domain.forecast import wording
from softswitch.domain.office import MailboxPlan, Office, QueuePlan
from softswitch.settings import ConfigurationError, ConfigurationErrors, load
from softswitch.settings.feature_sounds import MESSAGES_SOUNDS

REPOSITORY = Path(__file__).resolve().parents[3]
SOUNDS = ("welcome", "queue-full", "closed", "ringback", "music/calm/one", "music/calm/two")

FEATURE_SOUNDS = (
    QueuePlan("", "", ()).confirm_sound,
    joining.TAKEN,
    *asking_callback.SOUNDS,
    *wording.sounds(),
    MailboxPlan("", "").greeting,
    *voicemail.SOUNDS,
    *MESSAGES_SOUNDS,
    *agent_line.SOUNDS,
    *rostering.SOUNDS,
)
ADDED = "zz.toml"


def write_sound(file: Path, *, frames: int = 800, rate_hz: int = 8000) -> Path:
    """A silent WAV, 16 bit mono."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        sound.writeframes(bytes(2 * frames))
    return file


def copy_office(folder: Path) -> Path:
    """The shipped office, with sounds in its own folder so that it depends on nothing else."""
    office = folder / "office"
    shutil.copytree(REPOSITORY / "config", office, ignore=shutil.ignore_patterns("var"))
    for name in SOUNDS:
        write_sound(office / "sounds" / "en" / f"{name}.wav")
    return office


def change(office: Path, file: str, old: str, new: str) -> None:
    """Replaces a text that must be there once."""
    text = (office / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    (office / file).write_text(text.replace(old, new), encoding="utf-8")


def line_of(office: Path, file: str, marker: str) -> int:
    """The first line that holds the marker, counted from 1."""
    for number, line in enumerate((office / file).read_text(encoding="utf-8").split("\n"), start=1):
        if marker in line:
            return number
    raise AssertionError(f"{marker!r} is not in {file}")


def office_with(folder: Path, added: str, *, queue: str = "", anna: str = "", bo: str = "", number: str = "") -> Path:
    """A copy of the shipped office with every sound of every feature, whose keys lines are added to one of its tables.

    `added` is a file of its own, ADDED.
    """
    office = copy_office(folder)
    for name in FEATURE_SOUNDS:
        write_sound(office / "sounds" / "en" / f"{name}.wav")
    for file, header, keys in (
        ("queues.toml", "[queue.support]\n", queue),
        ("agents.toml", "[agent.anna]\n", anna),
        ("agents.toml", "[agent.bo]\n", bo),
        ("numbers.toml", '[number."+46850010000"]\n', number),
    ):
        if keys:
            change(office, file, header, f"{header}{keys}\n")
    (office / ADDED).write_text(added, encoding="utf-8")
    return office


def read(office: Path) -> Office:
    """The office, which must be right."""
    return load(office, are_sounds_tried=False).office


def errors_of(office: Path) -> tuple[ConfigurationError, ...]:
    """All that is wrong with it."""
    with pytest.raises(ConfigurationErrors) as caught:
        load(office, are_sounds_tried=False)
    return caught.value.errors


def error_of(office: Path) -> ConfigurationError:
    """The one thing that is wrong with it."""
    errors = errors_of(office)
    assert len(errors) == 1, [str(error) for error in errors]
    return errors[0]


def warnings_of(office: Path) -> list[str]:
    """What it is warned of."""
    return [warning.what for warning in load(office, are_sounds_tried=False).warnings]
