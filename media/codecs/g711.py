"""G.711 by look-up (ITU-T G.711): 256 entries to decode, 65,536 to encode, made once from the standard's segments.

A-law and mu-law stand one above the other in each table, so that rows of both codecs are coded in one step:
`DECODE[codec, byte]`, `ENCODE[codec, sample as uint16]`. The 16-bit encode table is exact; a 14-bit one is not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

PCMA: Final = 0
PCMU: Final = 1
CODECS: Final = {"PCMA": PCMA, "PCMU": PCMU}
SILENCE: Final = (0xD5, 0xFF)
RATE: Final = 8000

_MULAW_BIAS: Final = 33
_MULAW_CLIP: Final = 8158


def _alaw_decode() -> NDArray[np.int16]:
    codes = np.arange(256) ^ 0x55
    segment, low = (codes >> 4) & 7, codes & 15
    magnitude = np.where(segment == 0, (low << 4) + 8, ((low << 4) + 0x108) << np.maximum(segment - 1, 0))
    return np.where(codes & 0x80, magnitude, -magnitude).astype(np.int16)


def _mulaw_decode() -> NDArray[np.int16]:
    codes = ~np.arange(256) & 0xFF
    segment, low = (codes >> 4) & 7, codes & 15
    magnitude = (((low << 1) + _MULAW_BIAS) << segment) - _MULAW_BIAS
    return (np.where(codes & 0x80, -magnitude, magnitude) * 4).astype(np.int16)


def _alaw_encode() -> NDArray[np.uint8]:
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.where(samples >= 0, samples, -samples - 1) >> 3
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    low = np.where(segment == 0, magnitude >> 1, magnitude >> segment) & 15
    code = (segment << 4) | np.where(segment == 0, (magnitude >> 1) & 31, low)
    coded: NDArray[np.uint8] = ((code | np.where(samples >= 0, 0x80, 0)) ^ 0x55).astype(np.uint8)
    return coded


def _mulaw_encode() -> NDArray[np.uint8]:
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.minimum(np.abs(samples) >> 2, _MULAW_CLIP) + _MULAW_BIAS
    segment = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    code = (segment << 4) | ((magnitude >> (segment + 1)) & 15)
    coded: NDArray[np.uint8] = (~(code | np.where(samples < 0, 0x80, 0)) & 0xFF).astype(np.uint8)
    return coded


DECODE: Final[NDArray[np.int16]] = np.stack([_alaw_decode(), _mulaw_decode()])
ENCODE: Final[NDArray[np.uint8]] = np.stack([_alaw_encode(), _mulaw_encode()])


def encode_file_pcma(path: Path) -> bytes:
    """A sound file of any common format and rate as A-law, for telephones of our own. Raises soundfile's errors."""
    samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    mono = soxr.resample(samples.mean(axis=1), rate, RATE)
    linear = np.clip(np.round(mono * 32767), -32768, 32767).astype(np.int16)
    return bytes(ENCODE[PCMA][linear.view(np.uint16)])
