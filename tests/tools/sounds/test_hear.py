"""Counting what a recogniser got wrong, and the telephone it listens through."""

from __future__ import annotations

import numpy as np
import pytest

from tools.sounds.hear import by_telephone, in_words, word_errors


@pytest.mark.parametrize(
    ("heard", "errors"),
    [("du är två", 0), ("du är tre", 1), ("du två", 1), ("du är nu två", 1), ("", 3), ("två är du", 2)],
)
def test_errors_are_words_changed_dropped_or_added(heard: str, errors: int) -> None:
    assert word_errors(["du", "är", "två"], heard.split()) == errors


def test_figures_are_the_words_they_stand_for() -> None:
    assert in_words("Nummer 2, i kön!", {"2": "två"}) == ["nummer", "två", "i", "kön"]
    assert in_words("100.", {"100": "one hundred"}) == ["one", "hundred"]


def test_a_telephone_carries_the_middle_and_nothing_else() -> None:
    time = np.arange(16_000) / 16_000

    def power(hz: float) -> float:
        return float(np.mean(by_telephone(0.1 * np.sin(2 * np.pi * hz * time), 16_000)[8_000:24_000] ** 2))

    assert power(1000) == pytest.approx(0.1**2 / 2, rel=0.05)
    assert power(100) < 0.01 * power(1000)
    assert power(5000) < 0.01 * power(1000)
