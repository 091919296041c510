"""How loud a sound is to an ear, as ITU-R BS.1770-4 measures it, and how high its peaks really are.

RMS counts a bass as much as a voice; BS.1770 weighs frequencies first (the K-curve: a shelf that lifts what lies above
about 1.5 kHz, a high-pass that drops rumble), takes the power of 400 ms blocks that start every 100 ms, and leaves out
the blocks that are silence: those below -70 LUFS, then those more than 10 LU below the mean of the rest. A prompt of
one short word is one or two blocks, which is all that the method needs.

The standard gives the K-curve's coefficients for 48 kHz. Here the curve is kept as the analogue prototypes those come
from, brought to 48 kHz by the bilinear transform, and applied as a frequency response, not sample by sample: so it is
the standard's own for sounds of any lower rate, and numpy is enough.

True peak is the greatest sample after fourfold oversampling.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

OVERSAMPLING: Final = 4
BLOCK_S: Final = 0.4
HOP_S: Final = 0.1
ABSOLUTE_GATE_LUFS: Final = -70.0
RELATIVE_GATE_LU: Final = -10.0

Sound = NDArray[np.float64]
"""Mono samples, full scale 1."""

_OFFSET_LUFS: Final = -0.691
"""By which BS.1770 makes up for the K-curve's gain at 1 kHz."""
_SHELF_HZ: Final = 1681.974450955533
_SHELF_DB: Final = 3.999843853973347
_SHELF_Q: Final = 0.7071752369554196
_HIGH_PASS_HZ: Final = 38.13547087602444
_HIGH_PASS_Q: Final = 0.5003270373238773
_CURVE_RATE: Final = 48_000
_SETTLING_S: Final = 1.0
"""Silence behind the sound, into which the filters ring out: a frequency response alone would wrap that round."""


def integrated_lufs(sound: Sound, rate: int) -> float:
    """The loudness of a mono sound in LUFS; -inf for silence. One shorter than a block is a block of its own."""
    weighted = _k_weighted(sound, rate)
    block = min(round(BLOCK_S * rate), len(weighted))
    starts = np.arange(0, len(weighted) - block + 1, round(HOP_S * rate))
    summed = np.concatenate(([0.0], np.cumsum(weighted**2)))
    powers = (summed[starts + block] - summed[starts]) / block
    kept = powers[powers > _power(ABSOLUTE_GATE_LUFS)]
    if not len(kept):
        return float("-inf")
    kept = kept[kept > kept.mean() * 10 ** (RELATIVE_GATE_LU / 10)]
    return float(_OFFSET_LUFS + 10 * np.log10(kept.mean()))


def true_peak_dbfs(sound: Sound, rate: int) -> float:
    """The height of the highest peak between or at samples, in dB of full scale; -inf for silence."""
    highest = peaks(sound, rate).max()
    return float(20 * np.log10(highest)) if highest > 0 else float("-inf")


def peaks(sound: Sound, rate: int) -> Sound:
    """For each sample, the greatest absolute value at it and up to the next one."""
    between = np.zeros(len(sound) * OVERSAMPLING)
    finer = np.abs(soxr.resample(sound, rate, rate * OVERSAMPLING, quality="VHQ"))[: len(between)]
    between[: len(finer)] = finer
    greatest: Sound = np.maximum(between.reshape(-1, OVERSAMPLING).max(axis=1), np.abs(sound))
    return greatest


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LUFS) / 10))


def _k_weighted(sound: Sound, rate: int) -> Sound:
    size = len(sound) + round(_SETTLING_S * rate)
    hz = np.fft.rfftfreq(size, 1 / rate).astype(np.float64)
    curve: NDArray[np.complex128] = np.multiply(_shelf(hz), _high_pass(hz))
    weighted: Sound = np.fft.irfft(np.multiply(np.fft.rfft(sound, size), curve), size)
    return weighted[: len(sound)]


def _prototype(hz: Sound, corner_hz: float) -> NDArray[np.complex128]:
    """Where the bilinear transform puts these frequencies on the prototype's axis, in units of its corner."""
    unbounded = np.tan(np.pi * np.minimum(hz / _CURVE_RATE, 0.4999999))
    prototype: NDArray[np.complex128] = 1j * unbounded / np.tan(np.pi * corner_hz / _CURVE_RATE)
    return prototype


def _shelf(hz: Sound) -> NDArray[np.complex128]:
    s = _prototype(hz, _SHELF_HZ)
    high = 10 ** (_SHELF_DB / 20)
    middle = high**0.4996667741545416
    shelf: NDArray[np.complex128] = (high * s**2 + middle / _SHELF_Q * s + 1) / (s**2 + s / _SHELF_Q + 1)
    return shelf


def _high_pass(hz: Sound) -> NDArray[np.complex128]:
    s = _prototype(hz, _HIGH_PASS_HZ)
    passed: NDArray[np.complex128] = s**2 / (s**2 + s / _HIGH_PASS_Q + 1)
    return passed
