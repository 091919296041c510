"""Makes the shipped prompts and tones in `sounds/` from `sounds/wording.toml`: `python -m tools.make_sounds`.

Speech comes from Debian's packages flite (English) and espeak-ng (Swedish), which must be installed; only this tool
ever runs them, and what they say is committed. Each prompt is brought to 16 kHz mono, shaped for the band that
telephones carry, trimmed to a tenth of a second of silence at both ends, and made as loud as all the others:
SPEECH_DBFS over the parts that are speech. Peaks beyond PEAK_DBFS_MAX are taken down by a gain that begins to fall a
little before them, so that nothing is clipped.

Tones are arithmetic: 425 Hz as in Sweden and most of Europe, at -10 dBm0 (ITU-T E.180/Q.35), of which a full-scale sine
is +3.14 in A-law. Each file is one whole cadence, so that it can be looped.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

SOUNDS: Final = Path(__file__).resolve().parent.parent / "sounds"
RATE: Final = 16_000
TONE_RATE: Final = 8_000
SPEECH_DBFS: Final = -19.0
PEAK_DBFS_MAX: Final = -1.6
TONE_DBM0: Final = -10.0
SILENCE_S: Final = 0.1
FUNDAMENTAL_HZ: Final = 280.0
"""Here speech is taken down by 6 dB, below it by more."""
PRESENCE_DB: Final = 6.0

_FULL_SCALE_DBM0: Final = 3.14
_SPEECH_FRAME_S: Final = 0.01
_PAUSE_DB: Final = 35.0
"""What lies so far below the loudest frame is no speech."""
_LEVEL_PASSES: Final = 4
"""Taking peaks down takes loudness with it, so levelling is done a few times."""

_Sound = NDArray[np.float64]


def main() -> None:
    """Makes every file, or exits with what is missing."""
    wording = tomllib.loads((SOUNDS / "wording.toml").read_text(encoding="utf-8"))
    for folder, section in wording.items():
        if "texts" in section:
            spoken = {name: (section["voice"], text) for name, text in section["texts"].items()}
        else:
            spoken = {name: (entry["voice"], entry["text"]) for name, entry in section.items()}
        for name, (voice, text) in spoken.items():
            _write(SOUNDS / folder / f"{name}.wav", polished(*speak(voice, text)), RATE)
    _write(SOUNDS / "beep.wav", tone(1000, 0.3, 0.0), TONE_RATE)
    _write(SOUNDS / "ringback.wav", tone(425, 1.0, 4.0), TONE_RATE)
    _write(SOUNDS / "busy.wav", tone(425, 0.25, 0.25), TONE_RATE)


def speak(voice: str, text: str) -> tuple[_Sound, int]:
    """What the voice (`program:voice`) makes of the text: mono samples, full scale 1, and their rate."""
    program, _, name = voice.partition(":")
    found = shutil.which(program)
    if found is None:
        sys.exit(f"{program} is not installed\nneeded for the voice {voice}\napt-get install flite espeak-ng")
    with tempfile.TemporaryDirectory() as folder:
        target = str(Path(folder, "spoken.wav"))
        if program == "flite":
            command = [found, "-voice", name, "-t", text, "-o", target]
        else:
            command = [found, "-v", name, "-s", "165", "-g", "1", "-w", target, text]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        samples, rate = soundfile.read(target, dtype="float64", always_2d=True)
    return samples.mean(axis=1), int(rate)


def polished(sound: _Sound, rate: int) -> _Sound:
    """The same speech at RATE and SPEECH_DBFS, trimmed, without clipping."""
    if rate != RATE:
        sound = soxr.resample(sound, rate, RATE, quality="VHQ")
    sound = _for_the_telephone(sound)
    frame = round(_SPEECH_FRAME_S * RATE)
    first, last = np.flatnonzero(_levels_and_speech(sound)[1])[[0, -1]]
    sound = _faded(sound[max(int(first) - 2, 0) * frame : (int(last) + 4) * frame], 0.01, RATE)
    for _ in range(_LEVEL_PASSES):
        levels, is_speech = _levels_and_speech(sound)
        sound = _limited(sound * 10 ** (SPEECH_DBFS / 20) / np.sqrt(np.mean(levels[is_speech] ** 2)))
    silence = np.zeros(round(SILENCE_S * RATE))
    return np.concatenate((silence, sound, silence))


def tone(hz: float, on_s: float, off_s: float) -> _Sound:
    """One cadence of a tone at TONE_DBM0 and TONE_RATE, its ends softened against clicks."""
    amplitude = 10 ** ((TONE_DBM0 - _FULL_SCALE_DBM0) / 20)
    on = amplitude * np.sin(2 * np.pi * hz * np.arange(round(on_s * TONE_RATE)) / TONE_RATE)
    return np.concatenate((_faded(on, 0.005, TONE_RATE), np.zeros(round(off_s * TONE_RATE))))


def _levels_and_speech(sound: _Sound) -> tuple[_Sound, NDArray[np.bool_]]:
    """RMS of each hundredth of a second, and whether it is speech."""
    frame = round(_SPEECH_FRAME_S * RATE)
    levels = np.sqrt(np.mean(sound[: len(sound) // frame * frame].reshape(-1, frame) ** 2, axis=1))
    return levels, levels > levels.max() * 10 ** (-_PAUSE_DB / 20)


def _for_the_telephone(sound: _Sound) -> _Sound:
    """The sound with a low voice's fundamental taken down and its consonants lifted.

    Flite's voices carry most of their power below 300 Hz, where telephones carry little: unshaped, they would measure
    as loud as others and be heard as faint and dull.
    """
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    weight_low = 1 / (1 + (FUNDAMENTAL_HZ / np.maximum(hz, 1.0)) ** 4)
    lift_high = 1 + (10 ** (PRESENCE_DB / 20) - 1) * np.clip((hz - 800) / 1600, 0.0, 1.0)
    return np.fft.irfft(np.fft.rfft(sound) * weight_low * lift_high, len(sound))


def _faded(sound: _Sound, seconds: float, rate: int) -> _Sound:
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(round(seconds * rate)) / round(seconds * rate))
    faded = sound.copy()
    faded[: len(ramp)] *= ramp
    faded[-len(ramp) :] *= ramp[::-1]
    return faded


def _limited(sound: _Sound) -> _Sound:
    """Divides by the greatest excess over the ceiling within 10 ms, smoothed over as long: it is never too little."""
    reach = round(0.005 * RATE)
    excess = np.maximum(np.abs(sound) / 10 ** (PEAK_DBFS_MAX / 20), 1.0)
    widest = np.lib.stride_tricks.sliding_window_view(np.pad(excess, 2 * reach, mode="edge"), 2 * reach + 1).max(axis=1)
    return sound / np.convolve(widest, np.full(2 * reach + 1, 1 / (2 * reach + 1)), mode="valid")


def _write(path: Path, sound: _Sound, rate: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate, subtype="PCM_16")
    print(f"{path.relative_to(SOUNDS)}: {len(sound) / rate:.2f} s, peak {20 * np.log10(np.abs(sound).max()):.1f} dBFS")


if __name__ == "__main__":
    main()
