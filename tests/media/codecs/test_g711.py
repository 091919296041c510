"""G.711 against the standard's own description, all codes and all samples."""

import numpy as np
import pytest

from media.codecs.g711 import CODECS, DECODE, ENCODE, PCMA, PCMU


def slow_alaw_sample(code: int) -> int:
    """Table 1a of G.711 with even bits inverted, in 16-bit scale."""
    code ^= 0x55
    segment, step = code >> 4 & 7, code & 15
    magnitude = (2 * step + 1) * 8 if segment == 0 else (2 * step + 33) * 8 << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


def slow_mulaw_sample(code: int) -> int:
    """Table 2a of G.711 with all bits inverted, in 16-bit scale."""
    code = ~code & 0xFF
    segment, step = code >> 4 & 7, code & 15
    magnitude = (((2 * step + 33) << segment) - 33) * 4
    return -magnitude if code & 0x80 else magnitude


@pytest.mark.parametrize(("codec", "slow"), [(PCMA, slow_alaw_sample), (PCMU, slow_mulaw_sample)])
def test_every_code_decodes_as_the_standard_says(codec: int, slow: object) -> None:
    assert callable(slow)
    assert DECODE[codec].tolist() == [slow(code) for code in range(256)]


@pytest.mark.parametrize("codec", CODECS.values())
def test_every_code_survives_decoding_and_encoding(codec: int) -> None:
    again = ENCODE[codec][DECODE[codec].view(np.uint16)]
    same = DECODE[codec][again] == DECODE[codec]
    assert same.all(), "the two zeros of mu-law may become one another, nothing else"


@pytest.mark.parametrize("codec", CODECS.values())
def test_every_sample_becomes_one_of_its_two_neighbouring_codes(codec: int) -> None:
    samples = np.arange(-32768, 32768, dtype=np.int32)
    decoded = DECODE[codec][ENCODE[codec][samples.astype(np.int16).view(np.uint16)]].astype(np.int32)
    levels = np.unique(DECODE[codec].astype(np.int32))
    above = levels[np.minimum(np.searchsorted(levels, samples), len(levels) - 1)]
    below = levels[np.maximum(np.searchsorted(levels, samples, side="right") - 1, 0)]
    assert ((decoded == above) | (decoded == below)).all()
