"""Offices to be read: a copy of the shipped one with sounds of its own, to be broken in one place."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
SOUNDS = ("welcome", "queue-full", "closed", "ringback", "music/calm/one", "music/calm/two")


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
