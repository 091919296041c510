"""Lamps follow what people and telephones do, and are told only when they change."""

from __future__ import annotations

from dataclasses import replace

from softswitch.domain import actions, inputs
from tests.softswitch.domain.small_office import NUMBER, OFFICE, Stage


def lit(stage: Stage) -> dict[str, str]:
    """What came of the last step."""
    return {action.lamp: action.state for action in stage.of(actions.ShowLamp)}


def test_lamps_follow_a_call_from_the_queue_to_the_end_of_wrap_up() -> None:
    stage = Stage()
    caller = stage.ring_in()
    assert lit(stage) == {"support": "ringing", "101": "ringing", "anna": "ringing"}
    stage.answer(stage.dialled()["phone:101"])
    assert lit(stage) == {"support": "off", "101": "on", "anna": "on"}
    stage.hang_up(caller)
    assert lit(stage) == {"101": "off"}
    stage.wait(10)
    assert lit(stage) == {"anna": "off"}


def test_who_pauses_or_logs_out_is_lit_and_so_is_the_queue_that_has_nobody_left() -> None:
    stage = Stage()
    stage.choose("anna", "paused")
    assert lit(stage) == {"anna": "on"}
    stage.choose("bo", "logged-out")
    assert lit(stage) == {"bo": "on", "support": "on"}
    stage.choose("anna", "ready")
    assert lit(stage) == {"anna": "off", "support": "off"}


def test_a_phone_that_calls_is_lit_and_so_is_who_answers_at_it() -> None:
    stage = Stage()
    stage.ring_in("103", phone="101")
    assert lit(stage) == {"101": "on", "anna": "on", "103": "ringing"}


def test_after_a_reload_all_that_is_not_off_is_told_again() -> None:
    stage = Stage()
    stage.choose("anna", "paused")
    stage.tell(inputs.OfficeChanged(replace(OFFICE, version="v2")))
    assert lit(stage) == {"anna": "on"}


def test_nothing_is_told_twice() -> None:
    stage = Stage()
    for _ in range(3):
        stage.ring_in(NUMBER)
    told = [(action.lamp, action.state) for action in stage.ever(actions.ShowLamp)]
    assert len(told) == len(set(told))
