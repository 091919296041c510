"""Makes spoken takes into a set that sounds as one: the same rate, band, loudness and silence at both ends.

Each take is brought to RATE, freed of what lies below a telephone's band, trimmed to its speech, and levelled to
SPEECH_LUFS. Peaks beyond PEAK_DBFS_MAX, between samples too, are taken down by a gain that begins to fall a little
before them and rises a little after, so that nothing is clipped and nothing clicks.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from tools.sounds.loudness import Sound, integrated_lufs, peaks

RATE: Final = 16_000
SPEECH_LUFS: Final = -19.0
PEAK_DBFS_MAX: Final = -2.0
LOW_CUT_HZ: Final = 280.0
"""Here speech is taken down by 6 dB, below it by more: telephones carry little there, but meters would count it."""
SILENCE_S: Final = 0.07
LEAD_S: Final = 0.02
"""What is kept before the first frame of speech, for a soft consonant."""
TAIL_S: Final = 0.05

_FRAME_S: Final = 0.01
_PAUSE_DB: Final = 35.0
"""What lies so far below the loudest frame is no speech."""
_FADE_S: Final = 0.01
_REACH_S: Final = 0.005
_LEVEL_PASSES: Final = 5
"""Taking peaks down takes loudness with it, so levelling is done a few times."""


def polished(take: Sound, rate: int) -> Sound:
    """The same speech at RATE and SPEECH_LUFS between silences of SILENCE_S, without clipping."""
    sound = soxr.resample(take, rate, RATE, quality="VHQ") if rate != RATE else take
    sound = _without_rumble(sound)
    frame = round(_FRAME_S * RATE)
    first, last = np.flatnonzero(is_speech(sound, RATE))[[0, -1]]
    start = max(int(first) * frame - round(LEAD_S * RATE), 0)
    sound = faded(sound[start : (int(last) + 1) * frame + round(TAIL_S * RATE)], _FADE_S, RATE)
    silence = np.zeros(round(SILENCE_S * RATE))
    sound = np.concatenate((silence, sound, silence))
    for _ in range(_LEVEL_PASSES):
        sound = limited(sound * 10 ** ((SPEECH_LUFS - integrated_lufs(sound, RATE)) / 20), RATE)
    return sound


def is_speech(sound: Sound, rate: int) -> NDArray[np.bool_]:
    """Whether each hundredth of a second is speech."""
    frame = round(_FRAME_S * rate)
    levels = np.sqrt(np.mean(sound[: len(sound) // frame * frame].reshape(-1, frame) ** 2, axis=1))
    speech: NDArray[np.bool_] = levels > levels.max() * 10 ** (-_PAUSE_DB / 20)
    return speech


def faded(sound: Sound, seconds: float, rate: int) -> Sound:
    """The sound with both its ends softened."""
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(round(seconds * rate)) / round(seconds * rate))
    soft = sound.copy()
    soft[: len(ramp)] *= ramp
    soft[-len(ramp) :] *= ramp[::-1]
    return soft


def limited(sound: Sound, rate: int) -> Sound:
    """Divides by the greatest excess over the ceiling within 10 ms, smoothed over as long: it is never too little."""
    reach = round(_REACH_S * rate)
    excess = np.maximum(peaks(sound, rate) / 10 ** (PEAK_DBFS_MAX / 20), 1.0)
    widest = np.lib.stride_tricks.sliding_window_view(np.pad(excess, 2 * reach, mode="edge"), 2 * reach + 1).max(axis=1)
    quieter: Sound = sound / np.convolve(widest, np.full(2 * reach + 1, 1 / (2 * reach + 1)), mode="valid")
    return quieter


def _without_rumble(sound: Sound) -> Sound:
    padded = len(sound) + RATE // 4
    hz = np.fft.rfftfreq(padded, 1 / RATE)
    kept = 1 / (1 + (LOW_CUT_HZ / np.maximum(hz, 1.0)) ** 4)
    cleaned: Sound = np.fft.irfft(np.fft.rfft(sound, padded) * kept, padded)
    return cleaned[: len(sound)]
