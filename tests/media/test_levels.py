"""Levels against what a sine of known amplitude must have."""

import math
import wave
from pathlib import Path

import numpy as np
import pytest

from media.codecs.g711 import ENCODE, PCMA
from media.levels import FLOOR_DBOV, channel_levels_dbov, rms_dbov, tone_level_dbov, where_heard

HALF_SCALE_SINE_DBOV = 20 * math.log10(0.5 / math.sqrt(2))
SINE = np.round(16384 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)).astype(np.int16)


def test_a_sine_has_its_power_and_only_at_its_own_frequency() -> None:
    assert rms_dbov(SINE) == pytest.approx(HALF_SCALE_SINE_DBOV, abs=0.01)
    assert tone_level_dbov(SINE, 440) == pytest.approx(HALF_SCALE_SINE_DBOV, abs=0.01)
    assert tone_level_dbov(SINE, 880) < -80


def test_each_channel_of_a_file_is_measured_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "two.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.stack([SINE, np.zeros_like(SINE)], axis=1).tobytes())
    left, right = channel_levels_dbov(path)
    assert left == pytest.approx(HALF_SCALE_SINE_DBOV, abs=0.01)
    assert right == FLOOR_DBOV


def noise(seed: int, samples: int) -> bytes:
    """Noise as A-law: no two stretches of it are alike."""
    linear = (np.random.default_rng(seed).standard_normal(samples) * 4000).astype(np.int16)
    return bytes(ENCODE[PCMA][linear.view(np.uint16)])


def test_a_sound_is_found_where_it_is_in_another() -> None:
    said = noise(1, 4000)
    at_s, likeness = where_heard(noise(2, 6000) + said + noise(3, 2000), said)
    assert at_s == 0.75
    assert likeness == pytest.approx(1.0)


def test_a_sound_that_is_not_there_is_like_nothing() -> None:
    for heard in (noise(2, 20_000), noise(2, 100), b""):
        assert where_heard(heard, noise(1, 4000))[1] < 0.2


def test_silence_is_not_found_anywhere() -> None:
    assert where_heard(noise(1, 8000), b"\xd5" * 800)[1] < 0.2
