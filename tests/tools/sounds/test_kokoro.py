"""How texts become Kokoro's letters, and what is said when something is missing."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.sounds.kokoro import Speaker, phonemes

ROOT = Path(__file__).resolve().parents[3]
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="the program espeak-ng is not installed")


def test_words_of_the_list_are_said_as_spelled_and_marks_stay() -> None:
    swede = Speaker("bm_george", "sv", 1.0, {"sju": "ʂˈuː", "åtta": "ˈɔtta"}, 0)
    assert phonemes(swede, "Sju, åtta!") == "ʂˈuː, ˈɔtta!"


@needs_espeak
def test_swedish_sounds_become_their_neighbours() -> None:
    spelled = phonemes(Speaker("bm_george", "sv", 1.0, {}, 0), "Nu sju hundra.")
    assert "ʃ" in spelled
    assert not set("ɧʉɵ") & set(spelled)
    assert spelled.endswith(".")


@needs_espeak
def test_american_diphthongs_are_one_letter() -> None:
    assert phonemes(Speaker("af_heart", "en-us", 1.0, {}, 0), "Nine, go.") == "nˈIn, ɡˈO."


@needs_espeak
def test_listed_words_stand_among_the_others() -> None:
    swede = Speaker("bm_george", "sv", 1.0, {"sju": "ʂˈuː"}, 0)
    first, *_, last = phonemes(swede, "Du har sju kvar").split()
    assert "ʂˈuː" in phonemes(swede, "Du har sju kvar").split()
    assert first.startswith("d")
    assert last.startswith("k")


@pytest.mark.skipif(importlib.util.find_spec("onnxruntime") is not None, reason="the model may be installed here")
@pytest.mark.parametrize("module", ["tools.make_sounds", "tools.sounds.hear"])
def test_without_what_it_needs_it_says_so_in_three_lines_and_changes_nothing(module: str) -> None:
    welcome = ROOT / "sounds/sv/welcome.wav"
    before = welcome.stat().st_mtime_ns
    ended = subprocess.run(
        [sys.executable, "-m", module, "sv/welcome"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    what, why, how = ended.stderr.splitlines()
    assert "not installed" in what
    assert "without" in why
    assert "sounds/README.md" in how
    assert welcome.stat().st_mtime_ns == before


def test_an_unknown_name_is_refused_in_three_lines() -> None:
    command = [sys.executable, "-m", "tools.make_sounds", "sv/nothing-of-the-kind"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 3
    assert "sv/nothing-of-the-kind" in ended.stderr
