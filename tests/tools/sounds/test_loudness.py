"""The loudness measure against what ITU-R BS.1770-4 and EBU Tech 3341 say of sines, and true peaks against geometry."""

from __future__ import annotations

import numpy as np
import pytest

from tools.sounds.loudness import Sound, integrated_lufs, true_peak_dbfs


def sine(hz: float, dbfs: float, seconds: float, rate: int, phase: float = 0.0) -> Sound:
    return 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate + phase)


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_a_full_scale_sine_of_997_hz_in_one_channel_is_3_01_below_full_scale(rate: int) -> None:
    assert integrated_lufs(sine(997, 0.0, 3.0, rate), rate) == pytest.approx(-3.01, abs=0.1)


def test_loudness_goes_by_the_level() -> None:
    assert integrated_lufs(sine(997, -20.0, 3.0, 16_000), 16_000) == pytest.approx(-23.01, abs=0.1)


def test_high_tones_count_more_and_rumble_less() -> None:
    assert integrated_lufs(sine(5000, -20.0, 3.0, 48_000), 48_000) == pytest.approx(-23.01 - 0.69 + 4.0, abs=0.2)
    assert integrated_lufs(sine(20, -20.0, 3.0, 48_000), 48_000) < -33.0


def test_quiet_parts_are_gated_as_in_ebu_tech_3341_case_3() -> None:
    """-36, -23 and -36 dBFS in both channels are -23 LUFS: in one channel 3.01 less."""
    parts = [sine(1000, -36, 10, 16_000), sine(1000, -23, 60, 16_000), sine(1000, -36, 10, 16_000)]
    assert integrated_lufs(np.concatenate(parts), 16_000) == pytest.approx(-26.01, abs=0.1)


def test_silence_is_infinitely_quiet_and_a_sound_shorter_than_a_block_is_measured_whole() -> None:
    assert integrated_lufs(np.zeros(16_000), 16_000) == float("-inf")
    assert true_peak_dbfs(np.zeros(16_000), 16_000) == float("-inf")
    assert integrated_lufs(sine(997, -10.0, 0.2, 16_000), 16_000) == pytest.approx(-13.01, abs=0.2)


def test_a_peak_between_samples_is_found() -> None:
    """A sine of a quarter of the rate, sampled halfway up on both sides of its tops, shows 3.01 dB too little."""
    sound = sine(4_000, -6.0, 1.0, 16_000, phase=np.pi / 4) * np.hanning(16_000)
    assert 20 * np.log10(np.abs(sound).max()) == pytest.approx(-9.01, abs=0.05)
    assert true_peak_dbfs(sound, 16_000) == pytest.approx(-6.0, abs=0.1)
