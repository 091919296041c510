"""The doctor finds what is stuck, each fault by its name, and nothing on a switch that is well."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softswitch.domain.doctor import examine
from softswitch.domain.floor import Floor
from tests.softswitch.domain.small_office import Stage


def busy_floor() -> Stage:
    """One caller talks with anna, one is shown to bo."""
    stage = Stage()
    stage.ring_in()
    stage.answer(stage.dialled()["phone:101"])
    stage.ring_in()
    return stage


def test_a_switch_that_works_is_well() -> None:
    stage = busy_floor()
    assert examine(stage.switch.floor, stage.now) == []


def _forget_leg(floor: Floor) -> None:
    del floor.legs["t-1-l1"]


def _forget_call(floor: Floor) -> None:
    del floor.calls["t-1"]


def _drop_ring(floor: Floor) -> None:
    floor.deadlines.drop("ring", "t-2-p1")


def _leave_line(floor: Floor) -> None:
    floor.queues["support"].line.take("t-2")


def _claim_nothing(floor: Floor) -> None:
    floor.agents["anna"].claim = "t-9-p9"


def _wrap_up_for_ever(floor: Floor) -> None:
    floor.agents["anna"].wrap_up_until_at = 1e9


def _miscount_talks(floor: Floor) -> None:
    floor.queues["support"].talks = 7


def _stale_standing(floor: Floor) -> None:
    floor.standings["anna"] = None


def _stale_activity(floor: Floor) -> None:
    floor.agents["anna"].activity = "idle"


def _forget_that_he_is_presented(floor: Floor) -> None:
    floor.queues["support"].presented.clear()


def _be_asked_for_ever(floor: Floor) -> None:
    floor.legs["t-2-l1"].state = "confirming"


@pytest.mark.parametrize(
    ("fault", "who", "what"),
    [
        (_forget_leg, "agent anna", "is busy with leg t-1-l1, which is not there"),
        (_forget_call, "agent anna", "is busy with call t-1, which is not there"),
        (_forget_call, "leg t-1-l1", "belongs to call t-1, which is not there"),
        (_drop_ring, "presentation t-2-p1", "rings without end"),
        (_stale_activity, "agent anna", "is shown as idle and is talking"),
        (_forget_that_he_is_presented, "queue support", "presents 0 callers and has presentations of 1"),
        (_leave_line, "call t-2", "waits in support and stands in []"),
        (_claim_nothing, "agent anna", "is kept for presentation t-9-p9, which is not there"),
        (_wrap_up_for_ever, "agent anna", "is in wrap-up, which never ends"),
        (_miscount_talks, "queue support", "counts 7 talks and has 1"),
        (_stale_standing, "agent anna", "counts as free and is talking"),
        (_be_asked_for_ever, "leg t-2-l1", "is asked for a key without end"),
    ],
)
def test_what_is_stuck_is_found(fault: Callable[[Floor], None], who: str, what: str) -> None:
    stage = busy_floor()
    fault(stage.switch.floor)
    assert (who, what) in {(finding.who, finding.what) for finding in examine(stage.switch.floor, stage.now)}
