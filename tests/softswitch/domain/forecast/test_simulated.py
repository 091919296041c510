"""Whole days by simulation: how often the range holds, and the mean error beside app_queue's formula.

The days are those of `tools.bench.forecast_bench`, thirty-eight agents and one day from each of ten seeds, the first
one on which nothing is known yet.
"""

from __future__ import annotations

import pytest

from softswitch.domain.forecast.accuracy import Accuracy
from tools.bench.forecast_bench import CallCentre

SEEDS = range(100, 110)
EVERY_S = 120.0


@pytest.fixture(scope="module")
def accuracy() -> Accuracy:
    total = Accuracy()
    for seed in SEEDS:
        total.merge(CallCentre(seed, 1, size=2, every_s=EVERY_S).run())
    return total


def test_the_range_holds_for_75_to_85_percent_of_the_waits(accuracy: Accuracy) -> None:
    for row in (accuracy.over_all("entry"), accuracy.over_all("entry", "later"), accuracy.over_all("given-up")):
        assert row is not None
        assert row.outcomes > 2000
        assert 0.75 <= row.share_within <= 0.85
    for row in accuracy.rows():
        assert 0.72 <= row.share_within <= 0.88, f"{row.queue} {row.kind}"


def test_the_mean_error_is_at_most_half_of_that_of_app_queues_formula(accuracy: Accuracy) -> None:
    entry, everything = accuracy.over_all("entry"), accuracy.over_all("entry", "later")
    assert entry is not None
    assert everything is not None
    assert entry.ratio is not None
    assert everything.ratio is not None
    assert everything.ratio <= 0.5
    assert entry.ratio <= 0.5


def test_the_same_seed_is_the_same_day() -> None:
    one, again = CallCentre(7, 1).run(), CallCentre(7, 1).run()
    assert one.rows() == again.rows()
    assert one.rows() != CallCentre(8, 1).run().rows()
