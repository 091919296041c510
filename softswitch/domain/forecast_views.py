"""What commands show of estimated waits: the one for who would call now, and how good those given so far have been."""

from __future__ import annotations

from softswitch.domain import estimating
from softswitch.domain.floor import Floor
from softswitch.domain.forecast.accuracy import FITS, Accuracy
from softswitch.domain.forecast.accuracy import Row as Figures
from softswitch.domain.refusals import unknown

SECONDS_DIGITS = 1
SHARE_DIGITS = 3

Row = dict[str, object]


def queue_forecast(floor: Floor, name: str, now: float) -> Row:
    """One queue; raises CommandRefused for an unknown name.

    `estimated_wait`: what somebody has to expect who enters now, seconds (`low_s` with a chance of 10 %, `high_s` with
    one of 90 %), None when there is nobody to come; `accuracy`: a row for each kind of estimate that has outcomes.
    """
    if name not in floor.queues:
        raise unknown("queue", name, floor.queues, "softswitch queue list")
    accuracy = floor.forecast_facts.accuracy
    return {
        "queue": name,
        "is_announced": floor.queues[name].plan.announce_wait,
        "estimated_wait": estimated_wait(floor, name, now),
        "accuracy": [_row(accuracy, figures) for figures in accuracy.rows() if figures.queue == name],
    }


def estimated_wait(floor: Floor, name: str, now: float) -> Row | None:
    """What somebody has to expect who enters the queue now; `agents`: of how many it was reckoned."""
    estimate = estimating.at_the_door(floor, floor.queues[name], now)
    if estimate is None:
        return None
    return {
        "low_s": round(estimate.low_s, SECONDS_DIGITS),
        "median_s": round(estimate.median_s, SECONDS_DIGITS),
        "high_s": round(estimate.high_s, SECONDS_DIGITS),
        "agents": estimate.agents,
    }


def _row(accuracy: Accuracy, figures: Figures) -> Row:
    return {
        "kind": figures.kind,
        "estimates": figures.outcomes,
        "within": round(figures.share_within, SHARE_DIGITS),
        "sooner": round(figures.share_sooner, SHARE_DIGITS),
        "later": round(figures.share_later, SHARE_DIGITS),
        "mean_wait_s": round(figures.mean_wait_s, SECONDS_DIGITS),
        "mean_error_s": round(figures.mean_error_s, SECONDS_DIGITS),
        "app_queue_mean_error_s": round(figures.app_queue_mean_error_s, SECONDS_DIGITS),
        "ratio": None if figures.ratio is None else round(figures.ratio, SHARE_DIGITS),
        "calls": {fit: accuracy.calls(figures.queue, figures.kind, fit) for fit in FITS},
    }
