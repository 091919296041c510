"""Makes the shipped music on hold, `sounds/music/calm.flac`, from nothing but numpy: `python -m tools.make_music`.

Music on hold is heard through a telephone: 300 to 3400 Hz, companded to eight bits, often through a noise suppressor
that takes held chords for noise. So the piece lives in the middle octaves, has a pluck on every quaver that tells such
a suppressor apart from noise, keeps an even level, and is filtered to what a call carries before anything else does it
less gently. It is a slow progression in F major: pads, an arpeggio of soft mallets, a bass, and a melody in the middle.

Every bar's sound is computed, added into one array, and given a room by convolution with decaying noise. The last
chord dies away to nothing, so that end and beginning meet in silence: no click at the seam, in whatever rate it is
played. The same seed gives the same samples.

The composition and its recording are this project's own, given to the public domain (CC0).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE: Final = 16_000
BEATS_A_MINUTE: Final = 63.0
BEAT_S: Final = 60.0 / BEATS_A_MINUTE
BAR_S: Final = 4 * BEAT_S
LEVEL_DBFS: Final = -23.0
PEAK_DBFS_MAX: Final = -4.0
SEED: Final = 1917
TAIL_BARS: Final = 0.4
"""How long the last chord may die away."""
TARGET: Final = Path(__file__).resolve().parent.parent / "sounds" / "music" / "calm.flac"

_Sound = NDArray[np.float64]

_CHORDS: Final[dict[str, tuple[int, ...]]] = {
    "Fmaj7": (53, 57, 60, 64, 67),
    "Am7": (57, 60, 64, 67, 72),
    "Bbmaj7": (58, 62, 65, 69, 72),
    "C7sus4": (60, 65, 67, 70, 74),
    "Dm7": (57, 62, 65, 69, 72),
    "Gm9": (58, 62, 65, 69, 70),
    "F/A": (57, 60, 65, 69, 72),
    "Fadd9": (53, 60, 65, 67, 69),
}
"""Midi notes (69 = 440 Hz), low to high; the first is also the bass."""

_BARS: Final = (
    *("Fmaj7", "Am7", "Bbmaj7", "C7sus4", "Dm7", "Am7", "Gm9", "C7sus4"),
    *("Bbmaj7", "F/A", "Gm9", "Dm7", "Bbmaj7", "C7sus4", "Fadd9", "Bbmaj7", "Fadd9"),
)
"""One chord a bar."""

_ARPEGGIO: Final = (0, 2, 1, 3, 2, 4, 3, 1)
"""Which note of the chord each quaver of a bar plays, an octave up."""

_MELODY: Final = (
    (4, 0, 3, 69), (4, 3, 1, 72), (5, 0, 2, 72), (5, 2, 2, 76), (6, 0, 3, 74), (6, 3, 1, 70), (7, 0, 4, 72),
    (8, 0, 2, 77), (8, 2, 2, 74), (9, 0, 3, 72), (9, 3, 1, 69), (10, 0, 2, 70), (10, 2, 2, 74), (11, 0, 4, 69),
    (12, 0, 2, 74), (12, 2, 2, 77), (13, 0, 2, 79), (13, 2, 2, 77), (14, 0, 4, 72),
)  # fmt: skip
"""Bar, beat within it, length in beats, midi note."""


def render() -> _Sound:
    """The piece: samples at RATE, full scale 1, at LEVEL_DBFS over all, peaks below PEAK_DBFS_MAX."""
    rng = np.random.default_rng(SEED)
    piece = np.zeros(round((len(_BARS) + TAIL_BARS) * BAR_S * RATE))
    for bar, name in enumerate(_BARS):
        chord = _CHORDS[name]
        at_s = bar * BAR_S
        _add(piece, at_s, 0.30 * _bass(chord[0] if chord[0] < 58 else chord[0] - 12))
        for note in chord:
            _add(piece, max(at_s - 0.3, 0.0), 0.10 * _pad(note))
        is_last = bar == len(_BARS) - 1
        for quaver, step in enumerate(_ARPEGGIO[:5] if is_last else _ARPEGGIO):
            loudness = (0.36 if quaver % 4 == 0 else 0.28) * rng.uniform(0.9, 1.1)
            late_s = rng.uniform(0.0, 0.012)
            _add(piece, at_s + quaver * BEAT_S / 2 + late_s, loudness * _mallet(chord[step] + 12))
    for bar, beat, beats, note in _MELODY:
        _add(piece, bar * BAR_S + beat * BEAT_S, 0.13 * _voice(note, beats * BEAT_S))
    return _levelled(_telephone_band(_in_a_room(piece, rng)))


def main() -> None:
    """Renders the piece into TARGET."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(TARGET, render(), RATE, subtype="PCM_16", format="FLAC", compression_level=1.0)
    print(f"{TARGET}: {soundfile.info(TARGET).duration:.1f} s, {TARGET.stat().st_size} bytes")


def _hz(note: int) -> float:
    return float(440.0 * 2.0 ** ((note - 69) / 12))


def _clock(seconds: float) -> _Sound:
    return np.arange(round(seconds * RATE)) / RATE


def _swell(t: _Sound, rise_s: float, fall_s: float) -> _Sound:
    """A raised-cosine rise at the beginning and fall at the end, 1 between them."""
    rise = np.clip(t / rise_s, 0.0, 1.0)
    fall = np.clip((t[-1] - t) / fall_s, 0.0, 1.0)
    swell: _Sound = 0.25 * (1 - np.cos(np.pi * rise)) * (1 - np.cos(np.pi * fall))
    return swell


def _pad(note: int) -> _Sound:
    """A bar and a half of a soft chord note: three voices a hair apart, few overtones."""
    t = _clock(1.35 * BAR_S)
    sound = np.zeros_like(t)
    for detune in (0.9985, 1.0, 1.0017):
        phase = 2 * np.pi * _hz(note) * detune * t + 40 * detune
        sound += np.sin(phase) + 0.30 * np.sin(2 * phase) + 0.12 * np.sin(3 * phase) + 0.04 * np.sin(4 * phase)
    return sound / 3 * _swell(t, 1.3, 1.8)


def _bass(note: int) -> _Sound:
    """A bar of a round low note, whose second and third partial are what a telephone lets through."""
    t = _clock(BAR_S)
    phase = 2 * np.pi * _hz(note) * t
    sound = np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase)
    return sound * np.exp(-t / 1.6) * _swell(t, 0.03, 0.8)


def _mallet(note: int) -> _Sound:
    """A soft stroke on a wooden bar: the fundamental rings, the overtones are gone at once."""
    t = _clock(1.8)
    phase = 2 * np.pi * _hz(note) * t
    sound = np.sin(phase) * np.exp(-t / 0.45) + 0.22 * np.sin(2 * phase) * np.exp(-t / 0.18)
    sound += 0.08 * np.sin(4 * phase) * np.exp(-t / 0.05)
    return sound * _swell(t, 0.008, 0.4)


def _voice(note: int, seconds: float) -> _Sound:
    """A flute-like melody note with a vibrato that comes late."""
    t = _clock(seconds + 0.35)
    vibrato = 0.0035 * np.clip((t - 0.5) / 0.8, 0.0, 1.0) * np.sin(2 * np.pi * 4.8 * t)
    phase = 2 * np.pi * np.cumsum(_hz(note) * (1 + vibrato)) / RATE
    return (np.sin(phase) + 0.18 * np.sin(2 * phase) + 0.06 * np.sin(3 * phase)) * _swell(t, 0.14, 0.45)


def _add(piece: _Sound, at_s: float, sound: _Sound) -> None:
    """Mixes `sound` in at its time; what would reach beyond the end of the piece is not there."""
    start = round(at_s * RATE)
    room = piece[start : start + len(sound)]
    room += sound[: len(room)]


def _in_a_room(dry: _Sound, rng: np.random.Generator) -> _Sound:
    """The sound with a warm reverberation of about two seconds, cut where the piece ends."""
    t = _clock(2.0)
    echo = rng.standard_normal(len(t)) * np.exp(-t / 0.38) * np.clip(t / 0.02, 0.0, 1.0)
    echo = np.convolve(echo, np.hanning(9) / np.hanning(9).sum(), mode="same")
    size = len(dry) + len(echo)
    wet = np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(echo, size), size)[: len(dry)]
    level = float(np.sqrt(np.mean(dry**2) / np.mean(wet**2)))
    return dry + 0.35 * level * wet


def _telephone_band(sound: _Sound) -> _Sound:
    """What lies below 150 Hz and above 3400 Hz goes, with soft edges; the first and last instants fade."""
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    low = np.clip((hz - 110) / 90, 0.0, 1.0)
    high = np.clip((3400 - hz) / 1000, 0.0, 1.0)
    shape = np.sin(np.pi / 2 * low) ** 2 * np.sin(np.pi / 2 * high) ** 2
    filtered = np.fft.irfft(np.fft.rfft(sound) * shape, len(sound))
    return filtered * _swell(_clock(len(sound) / RATE), 0.02, 1.0)


def _levelled(sound: _Sound) -> _Sound:
    """Brings the whole to LEVEL_DBFS; the few peaks beyond PEAK_DBFS_MAX are rounded, not cut."""
    sound = sound * 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(sound**2))
    ceiling = 10 ** (PEAK_DBFS_MAX / 20)
    knee = 0.7 * ceiling
    over = np.maximum(np.abs(sound) - knee, 0.0)
    rounded = knee + (ceiling - knee) * np.tanh(over / (ceiling - knee))
    return np.where(over > 0, np.sign(sound) * rounded, sound)


if __name__ == "__main__":
    main()
