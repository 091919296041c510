"""Tests of softswitch.domain.forecast.accuracy: the fold, and app_queue's formula beside it."""

from __future__ import annotations

import pytest

from softswitch.domain.forecast.accuracy import CALLS_MAX, Accuracy, AppQueueHold, Outcome
from softswitch.domain.forecast.estimates import Estimate


def outcome(call: str, wait_s: float, *, queue: str = "support", is_at_entry: bool = True) -> Outcome:
    """Estimated 60, 100, 200 s; app_queue would have said 240 s."""
    return Outcome(call, queue, is_at_entry, Estimate(60.0, 100.0, 200.0, 3), wait_s, 240.0)


def test_app_queue_moves_a_quarter_of_the_way_in_whole_seconds() -> None:
    hold = AppQueueHold()
    hold.answered(100.9)  # (3·0 + 100) >> 2 = 25
    assert hold.says_s(0.0) == 0.0  # 25 + 30 = 55 s, not a minute
    hold.answered(200.0)  # (75 + 200) >> 2 = 68
    assert hold.says_s(0.0) == 60.0  # 98 s


def test_app_queue_tells_more_the_longer_one_waits_beyond_its_hold_time() -> None:
    hold = AppQueueHold()
    for _ in range(40):
        hold.answered(120.0)
    assert hold.says_s(0.0) == 120.0
    assert [hold.says_s(waited_s) for waited_s in (150.0, 330.0, 630.0)] == [0.0, 180.0, 480.0]


def test_a_row_is_shares_and_means() -> None:
    accuracy = Accuracy()
    for call, wait_s in (("a", 50.0), ("b", 60.0), ("c", 150.0), ("d", 240.0)):
        accuracy.add(outcome(call, wait_s))
    (row,) = accuracy.rows()
    assert (row.queue, row.kind, row.outcomes) == ("support", "entry", 4)
    assert (row.share_within, row.share_sooner, row.share_later) == (0.5, 0.25, 0.25)
    assert row.mean_wait_s == 125.0
    assert row.mean_error_s == (50 + 40 + 50 + 140) / 4
    assert row.app_queue_mean_error_s == (190 + 180 + 90 + 0) / 4
    assert row.ratio == pytest.approx(280 / 460)


def test_each_figure_names_its_calls() -> None:
    accuracy = Accuracy()
    for call, wait_s in (("a", 50.0), ("b", 60.0), ("c", 150.0), ("d", 240.0)):
        accuracy.add(outcome(call, wait_s))
    assert accuracy.calls("support", "entry", "within") == ["b", "c"]
    assert accuracy.calls("support", "entry", "sooner") == ["a"]
    assert accuracy.calls("support", "entry", "later") == ["d"]
    assert accuracy.calls("sales", "entry", "later") == []


def test_calls_are_kept_up_to_a_limit() -> None:
    accuracy = Accuracy()
    for index in range(CALLS_MAX + 5):
        accuracy.add(outcome(str(index), 100.0))
    calls = accuracy.calls("support", "entry", "within")
    assert (calls[0], calls[-1], len(calls)) == ("5", str(CALLS_MAX + 4), CALLS_MAX)
    assert accuracy.rows()[0].outcomes == CALLS_MAX + 5


def test_kinds_and_queues_are_apart() -> None:
    accuracy = Accuracy()
    accuracy.add(outcome("a", 100.0))
    accuracy.add(outcome("a", 100.0, is_at_entry=False))
    accuracy.add(outcome("b", 100.0, queue="sales"))
    accuracy.add(Outcome("c", "sales", True, Estimate(1.0, 2.0, 3.0, 1), 9.0, 0.0, has_given_up=True))
    kinds = [(row.queue, row.kind, row.outcomes) for row in accuracy.rows()]
    assert kinds == [("sales", "entry", 1), ("sales", "given-up", 1), ("support", "entry", 1), ("support", "later", 1)]
    together = accuracy.over_all("entry", "later")
    assert together is not None
    assert together.outcomes == 3
    assert Accuracy().over_all("entry") is None


def test_a_told_range_is_held_to_itself() -> None:
    accuracy = Accuracy()
    estimate = Estimate(60.0, 100.0, 200.0, 3)
    accuracy.add(Outcome("a", "support", True, estimate, 190.0, 240.0, told_s=(60.0, 180.0)))
    accuracy.add(Outcome("b", "support", True, estimate, 50.0, 240.0, has_given_up=True, told_s=(60.0, 180.0)))
    rows = {row.kind: row for row in accuracy.rows()}
    assert rows["entry"].share_within == 1.0
    assert (rows["announced"].outcomes, rows["announced"].share_later) == (1, 1.0)


def test_figures_of_two_add_up() -> None:
    one, other = Accuracy(), Accuracy()
    one.add(outcome("a", 50.0))
    other.add(outcome("b", 150.0))
    other.add(outcome("c", 150.0, queue="sales"))
    one.merge(other)
    assert [(row.queue, row.outcomes) for row in one.rows()] == [("sales", 1), ("support", 2)]
    assert one.calls("support", "entry", "within") == ["b"]


def test_no_error_of_theirs_is_no_ratio() -> None:
    accuracy = Accuracy()
    accuracy.add(outcome("a", 240.0))
    assert accuracy.rows()[0].ratio is None
