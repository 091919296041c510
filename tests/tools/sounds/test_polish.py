"""Levelling, trimming and limiting of spoken takes."""

from __future__ import annotations

import numpy as np
import pytest

from tools.sounds.loudness import Sound, integrated_lufs, true_peak_dbfs
from tools.sounds.polish import PEAK_DBFS_MAX, RATE, SPEECH_LUFS, limited, polished


def take(rate: int, level: float) -> Sound:
    """A second of syllables, noise under a fast swell, amid two seconds of silence and above rumble."""
    time = np.arange(rate) / rate
    noise = np.random.default_rng(7).normal(size=rate)
    syllables = level * noise * np.sin(np.pi * 4 * time) ** 4
    return np.concatenate((np.zeros(rate), syllables, np.zeros(rate)))


@pytest.mark.parametrize("level", [0.001, 0.1, 1.0])
def test_takes_of_any_level_end_up_equally_loud_without_clipping(level: float) -> None:
    sound = polished(take(24_000, level), 24_000)
    assert integrated_lufs(sound, RATE) == pytest.approx(SPEECH_LUFS, abs=0.2)
    assert true_peak_dbfs(sound, RATE) < PEAK_DBFS_MAX + 0.3


def test_silence_around_speech_is_cut_to_a_tenth_of_a_second() -> None:
    sound = polished(take(24_000, 0.1), 24_000)
    assert len(sound) / RATE == pytest.approx(1.0 + 0.2, abs=0.15)
    assert not sound[: RATE // 20].any()
    assert not sound[-RATE // 20 :].any()


def test_rumble_is_taken_out() -> None:
    hum = 0.5 * np.sin(2 * np.pi * 40 * np.arange(3 * RATE) / RATE)
    with_hum, without = polished(take(RATE, 0.3) + hum, RATE), polished(take(RATE, 0.3), RATE)
    spectrum = np.abs(np.fft.rfft(with_hum)) ** 2
    hz = np.fft.rfftfreq(len(with_hum), 1 / RATE)
    assert spectrum[hz < 60].sum() < 0.01 * spectrum.sum()
    assert len(without) > 0


def test_the_limiter_takes_down_what_is_too_high_and_leaves_the_rest_alone() -> None:
    sound = 0.1 * np.sin(2 * np.pi * 500 * np.arange(RATE) / RATE)
    sound[8_000:8_100] *= 20
    calm = limited(sound, RATE)
    assert np.abs(calm).max() <= 10 ** (PEAK_DBFS_MAX / 20) + 1e-9
    assert np.allclose(calm[:7_000], sound[:7_000], rtol=1e-12)
    assert np.allclose(calm[9_000:], sound[9_000:], rtol=1e-12)
