"""What `queue show` and `agent show` tell of a day."""

from __future__ import annotations

import pytest

from softswitch.domain.figures import visits
from softswitch.domain.figures.formulas import FIGURES
from softswitch.domain.refusals import CommandRefused
from softswitch.domain.views import agent_show, queue_show
from tests.softswitch.domain.small_office import Stage


def served(stage: Stage, *, rings_s: float, talks_s: float) -> None:
    caller = stage.ring_in()
    leg = stage.dialled()["phone:101"]
    stage.wait(rings_s)
    stage.answer(leg)
    stage.wait(talks_s)
    stage.hang_up(caller)


def test_a_queues_day_has_its_times_formulas_and_calls() -> None:
    stage = Stage(registered=("101",))
    stage.choose("bo", "paused", "lunch")
    served(stage, rings_s=4, talks_s=60)
    stage.wait(20)
    served(stage, rings_s=6, talks_s=30)
    stage.choose("anna", "paused")
    stage.wait(1)
    caller = stage.ring_in()
    stage.wait(41)
    stage.hang_up(caller)
    row = queue_show(stage.switch, "support", stage.now)
    assert (row["offered_today"], row["answered_today"], row["abandoned_today"]) == (3, 2, 1)
    assert (row["average_answer_s_today"], row["longest_wait_s_today"]) == (5.0, 41.0)
    assert (row["talks_today"], row["talk_s_today"], row["wrap_up_s_today"]) == (2, 90.0, 20.0)
    assert row["average_handling_s_today"] == (90.0 + 20.0) / 2
    assert row["service_levels_today"] == {"offered": 2 / 3, "offered-less-short": 2 / 3, "answered": 1.0}
    calls = row["calls_today"]
    assert isinstance(calls, dict)
    assert {figure: len(listed) for figure, listed in calls.items()} == {
        **dict.fromkeys(FIGURES, 0), "offered": 3, "within_goal": 2, "answered": 2, "abandoned": 1
    }  # fmt: skip
    assert row["calls_unlisted_today"] == {}


def test_an_agents_day_has_what_goes_on_too() -> None:
    stage = Stage(registered=("101",))
    stage.choose("bo", "paused", "lunch")
    stage.wait(10)
    served(stage, rings_s=4, talks_s=60)
    stage.wait(3)
    row = agent_show(stage.switch, "anna", stage.now)
    assert (row["agent"], row["calls_today"], row["talk_s_today"]) == ("anna", 1, 60.0)
    assert (row["wrap_ups_today"], row["wrap_up_s_today"]) == (0, 3.0), "it goes on"
    assert (row["ready_s_today"], row["connected_today"]) == (77.0, ["t-1"])
    bo = agent_show(stage.switch, "bo", stage.now)
    assert (bo["calls_today"], bo["pauses_today"], bo["paused_s_today"]) == (0, 1, {"lunch": 77.0})


def test_what_cannot_be_listed_any_more_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "CALLS_LISTED_MAX", 2)
    stage = Stage(registered=("101",))
    stage.choose("bo", "paused")
    for _ in range(3):
        served(stage, rings_s=1, talks_s=1)
        stage.wait(20)
    row = queue_show(stage.switch, "support", stage.now)
    calls = row["calls_today"]
    assert isinstance(calls, dict)
    assert (row["offered_today"], calls["offered"]) == (3, ["t-1", "t-2"])
    assert row["calls_unlisted_today"] == {"offered": 1, "within_goal": 1, "answered": 1}


def test_an_unknown_agent_has_no_day() -> None:
    with pytest.raises(CommandRefused, match="ana"):
        agent_show(Stage().switch, "ana", 0.0)
