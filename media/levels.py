"""Levels of sound, of everything and of one frequency, and whether one sound is in another.

For tests, and for people who want to see what is in a recording or was heard at a telephone.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.codecs.g711 import DECODE, PCMA

FLOOR_DBOV = -120.0


def rms_dbov(samples: NDArray[np.int16]) -> float:
    """The power of the samples in dB relative to full scale; FLOOR_DBOV for silence."""
    if not len(samples):
        return FLOOR_DBOV
    power = float(np.mean(np.square(samples.astype(np.float64)))) / 32768**2
    return max(FLOOR_DBOV, 10 * float(np.log10(max(power, 1e-12))))


def tone_level_dbov(samples: NDArray[np.int16], hz: float, rate: int = 8000) -> float:
    """The power of one frequency (Goertzel's sum), in the same dB: a full-scale sine has -3.01."""
    if not len(samples):
        return FLOOR_DBOV
    angle = 2j * np.pi * hz / rate * np.arange(len(samples))
    amplitude = 2 * abs(complex(np.mean(samples * np.exp(-angle)))) / 32768
    return max(FLOOR_DBOV, 10 * float(np.log10(max(amplitude**2 / 2, 1e-12))))


def channel_levels_dbov(path: Path) -> list[float]:
    """`rms_dbov` of each channel of a 16-bit WAV, the left one first. Raises wave.Error and OSError."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, file.getnchannels())
    return [rms_dbov(channel) for channel in samples.T]


def where_heard(heard: bytes, said: bytes, rate: int = 8000) -> tuple[float, float]:
    """Where in `heard` the sound `said` is, both A-law: seconds from the beginning, and how alike the two are there.

    The likeness is the normalised correlation: 1 for the same sound at whatever level, about 0 for another one.
    """
    whole, part = (DECODE[PCMA][np.frombuffer(sound, np.uint8)].astype(np.float64) for sound in (heard, said))
    if not part.any() or len(whole) < len(part):
        return 0.0, 0.0
    size = len(whole) + len(part)
    products = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size)), size)
    offsets = len(whole) - len(part) + 1
    sums = np.concatenate(([0.0], np.cumsum(whole**2)))
    energies = (sums[len(part) :] - sums[:offsets]) * float(part @ part)
    likeness = products[:offsets] / np.sqrt(np.maximum(energies, 1.0))
    best = int(np.argmax(likeness))
    return best / rate, float(likeness[best])
