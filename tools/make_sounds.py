"""Makes the shipped prompts and tones in `sounds/` from `sounds/wording.toml`.

    python -m tools.make_sounds [--voices kokoro-js-VERSION.tgz] [NAME ...]

NAME is a sound's name as `sv/welcome` or `busy`, or a pattern as `'en/queue-*'`; without any, all are made. What speaks
is described in `tools.sounds.kokoro`, what it needs in sounds/README.md; it is needed only here, and what it says is
committed. How takes are made into one even set is described in `tools.sounds.polish`.

Tones are arithmetic: 425 Hz as in Sweden and most of Europe, at -10 dBm0 (ITU-T E.180/Q.35), of which a full-scale sine
is +3.14 in A-law. Each file is one whole cadence, so that it can be looped.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from tools.sounds.kokoro import RATE as KOKORO_RATE
from tools.sounds.kokoro import Kokoro, Speaker
from tools.sounds.loudness import Sound, integrated_lufs, true_peak_dbfs
from tools.sounds.polish import RATE, faded, polished

SOUNDS: Final = Path(__file__).resolve().parent.parent / "sounds"
TONE_RATE: Final = 8_000
TONE_DBM0: Final = -10.0
TONES: Final = {"beep": (1000.0, 0.3, 0.0), "ringback": (425.0, 1.0, 4.0), "busy": (425.0, 0.25, 0.25)}
"""Frequency in Hz, seconds on, seconds off."""

_FULL_SCALE_DBM0: Final = 3.14


@dataclass(frozen=True, slots=True)
class Line:
    """What one prompt says, and who says it."""

    name: str
    speaker: Speaker
    text: str


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes every file asked for, or exits with what is missing."""
    parser = argparse.ArgumentParser(prog="python -m tools.make_sounds", description="Makes the shipped sounds.")
    parser.add_argument("--voices", type=Path, help="kokoro-js as `npm pack kokoro-js` brings it")
    parser.add_argument(
        "names", nargs="*", default=["*"], metavar="NAME", help="sounds to make, as sv/welcome or 'en/*'"
    )
    asked = parser.parse_args(arguments)

    def wanted(name: str) -> bool:
        return any(fnmatch(name, pattern) for pattern in asked.names)

    tones = [name for name in TONES if wanted(name)]
    spoken = [line for line in lines() if wanted(line.name)]
    if not tones and not spoken:
        sys.exit(
            f"no sound is called {' or '.join(asked.names)}\n"
            f"prompts are those of sounds/wording.toml, tones {', '.join(TONES)}\n"
            "name them as sv/welcome or 'en/*'"
        )
    for name in tones:
        _write(name, tone(*TONES[name]), TONE_RATE)
    if spoken:
        kokoro = Kokoro(asked.voices)
        for line in spoken:
            _write(line.name, polished(kokoro.speak(line.speaker, line.text), KOKORO_RATE), RATE)


def lines() -> Iterator[Line]:
    """Every prompt of the wording list, in its order."""
    wording = tomllib.loads((SOUNDS / "wording.toml").read_text(encoding="utf-8"))
    for folder, section in wording.items():
        if "texts" in section:
            speaker = Speaker(
                section["voice"],
                section["phonemes"],
                section["speed"],
                section.get("said", {}),
                section.get("style_min", 0),
            )
            for name, text in section["texts"].items():
                yield Line(f"{folder}/{name}", speaker, text)
        else:
            for name, entry in section.items():
                speaker = Speaker(entry["voice"], entry["phonemes"], entry["speed"], {}, 0)
                yield Line(f"{folder}/{name}", speaker, entry["text"])


def tone(hz: float, on_s: float, off_s: float) -> Sound:
    """One cadence of a tone at TONE_DBM0 and TONE_RATE, its ends softened against clicks."""
    amplitude = 10 ** ((TONE_DBM0 - _FULL_SCALE_DBM0) / 20)
    on = amplitude * np.sin(2 * np.pi * hz * np.arange(round(on_s * TONE_RATE)) / TONE_RATE)
    return np.concatenate((faded(on, 0.005, TONE_RATE), np.zeros(round(off_s * TONE_RATE))))


def _write(name: str, sound: Sound, rate: int) -> None:
    path = SOUNDS / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate, subtype="PCM_16")
    loudness, peak = integrated_lufs(sound, rate), true_peak_dbfs(sound, rate)
    print(f"{name}: {len(sound) / rate:.2f} s, {loudness:.1f} LUFS, true peak {peak:.1f} dBFS")


if __name__ == "__main__":
    main()
