"""Levels of sound: of everything, and of one frequency. For tests and for people who want to see a recording's."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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
