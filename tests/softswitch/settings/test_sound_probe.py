"""What the probe says of files that can be played, and of those that cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from softswitch.settings import sound_probe
from softswitch.settings.sound_probe import verdict


def sound(path: Path, *, seconds: float = 1.0, rate: int = 16_000, channels: int = 1) -> Path:
    soundfile.write(path, np.zeros((int(seconds * rate), channels), np.int16), rate)
    return path


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_common_formats_are_read_and_measured(tmp_path: Path, ending: str) -> None:
    told = verdict(str(sound(tmp_path / f"one.{ending}", seconds=1.5)))
    assert told["fault"] is None
    assert told["seconds"] == pytest.approx(1.5, abs=0.1)


def test_what_cannot_be_played_has_a_fault_and_no_length(tmp_path: Path) -> None:
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    faults = {
        str(text): "cannot be read",
        str(tmp_path / "missing.wav"): "cannot be read",
        str(sound(tmp_path / "empty.wav", seconds=0)): "no sound",
        str(sound(tmp_path / "wide.wav", channels=9)): "channels",
        str(sound(tmp_path / "slow.wav", rate=2000)): "2000 Hz",
    }
    for path, fault in faults.items():
        told = verdict(path)
        assert told["seconds"] is None
        assert fault in str(told["fault"])


def test_as_a_program_it_answers_one_line_for_each_name(tmp_path: Path) -> None:
    names = [str(sound(tmp_path / "åäö.wav")), str(tmp_path / "missing.wav")]
    ran = subprocess.run(
        [sys.executable, "-P", sound_probe.__file__],
        input="\n".join(names), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    told = [msgspec.json.decode(line, type=dict) for line in ran.stdout.splitlines()]
    assert [answer["fault"] is None for answer in told] == [True, False]
