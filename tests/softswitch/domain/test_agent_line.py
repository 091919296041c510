"""The agents' line: logging in and out by telephone, and what a stranger cannot learn there."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, events, inputs
from softswitch.domain.agent_line import LOCK_AFTER, LOCK_S
from softswitch.domain.office import FeatureCodes, ToAgentLine
from tests.softswitch.domain.small_office import ANNA, BO, NUMBER, OFFICE, Stage

LINE = "+46850010099"
WITH_LINE = replace(
    OFFICE,
    agents=MappingProxyType(
        {
            "anna": replace(ANNA, number="17", pin="4711", is_ready_at_start=False, may_answer_at=("+46",)),
            "bo": replace(BO, number="18", pin="1188", is_ready_at_start=False),
        }
    ),
    numbers=MappingProxyType({**OFFICE.numbers, LINE: ToAgentLine()}),
    features=FeatureCodes(ready="*72", pause="*73", log_out="*74"),
)


def press(stage: Stage, leg: str, keys: str) -> None:
    for key in keys:
        stage.tell(inputs.DigitPressed(leg, key))


def heard(stage: Stage) -> tuple[str, ...]:
    """What was said last."""
    return stage.ever(actions.PlayOnLeg)[-1].once


def said(stage: Stage, leg: str) -> None:
    stage.tell(inputs.PlaybackEnded(leg, stage.ever(actions.PlayOnLeg)[-1].tag))


@pytest.mark.parametrize(
    ("key", "presence", "sound"),
    [("1", "ready", "agent-ready"), ("2", "paused", "agent-paused"), ("3", "logged-out", "agent-logged-out")],
)
def test_an_agent_keys_her_number_and_pin_and_what_she_wants(key: str, presence: str, sound: str) -> None:
    stage = Stage(WITH_LINE)
    leg = stage.ring_in(LINE)
    assert heard(stage) == ("agent-id",)
    press(stage, leg, "17#")
    assert heard(stage) == ("agent-pin",)
    press(stage, leg, "4711#")
    assert heard(stage) == ("agent-menu",)
    press(stage, leg, key)
    assert heard(stage) == (sound,)
    assert stage.presence("anna")[0] == presence
    said(stage, leg)
    assert not stage.switch.floor.calls
    assert stage.ended() == [("direct", "switch", "said")]


@pytest.mark.parametrize("keys", ["1", "41#", "5+46812345678#", "51"])
@pytest.mark.parametrize("phone", [None, "101"])
def test_whom_a_reload_took_away_meanwhile_hears_that_it_is_wrong(keys: str, phone: str | None) -> None:
    stage = Stage(WITH_LINE)
    leg = stage.ring_in(LINE, phone=phone)
    press(stage, leg, f"17#4711#{keys[:-1]}")
    stage.tell(inputs.OfficeChanged(replace(WITH_LINE, version="v2", agents=MappingProxyType({"bo": BO}))))
    press(stage, leg, keys[-1])
    assert heard(stage) == ("agent-wrong",)
    said(stage, leg)
    assert not stage.switch.floor.calls
    assert "anna" not in stage.switch.floor.agents


@pytest.mark.parametrize("wrong", ["17#0000#", "99#4711#", "18#4711#", "##"])
def test_three_wrong_tries_end_it_and_all_sound_the_same(wrong: str) -> None:
    stage = Stage(WITH_LINE)
    leg = stage.ring_in(LINE)
    press(stage, leg, wrong)
    assert heard(stage) == ("agent-wrong", "agent-id")
    press(stage, leg, wrong + wrong)
    assert heard(stage) == ("agent-blocked",)
    assert not [event for event in stage.ever(events.AgentPresenceChanged) if event.by == "telephone"]


def test_a_pin_that_is_guessed_at_is_locked_for_a_while_even_for_the_right_one() -> None:
    stage = Stage(WITH_LINE)
    for _ in range(LOCK_AFTER):
        leg = stage.ring_in(LINE)
        press(stage, leg, "17#0000#")
        stage.hang_up(leg)
    leg = stage.ring_in(LINE)
    press(stage, leg, "17#4711#")
    assert heard(stage) == ("agent-wrong", "agent-id")
    stage.hang_up(leg)
    stage.wait(LOCK_S + 1)
    leg = stage.ring_in(LINE)
    press(stage, leg, "17#4711#")
    assert heard(stage) == ("agent-menu",)


def test_she_answers_at_the_mobile_that_she_calls_from_and_is_asked_for_a_key_there() -> None:
    stage = Stage(WITH_LINE)
    leg = stage.ring_in(LINE)
    press(stage, leg, "17#4711#51")
    assert heard(stage) == ("agent-number-set", "agent-menu")
    press(stage, leg, "1")
    stage.ring_in(NUMBER)
    (mobile,) = stage.dialled()
    assert mobile == "number:+46812340001"
    stage.answer(stage.dialled()[mobile])
    assert stage.one(actions.PlayOnLeg).loop == ("confirm-call",)
    stage.choose("anna", "logged-out")
    assert stage.switch.floor.agents["anna"].number is None


def test_a_number_abroad_is_not_taken() -> None:
    stage = Stage(WITH_LINE)
    leg = stage.ring_in(LINE)
    press(stage, leg, "17#4711#50044123456789#")
    assert heard(stage) == ("agent-wrong", "agent-number")
    assert stage.switch.floor.agents["anna"].number is None


def test_she_switches_a_queue_off_and_on() -> None:
    stage = Stage(WITH_LINE)
    leg = stage.ring_in(LINE)
    press(stage, leg, "17#4711#41#")
    assert heard(stage) == ("agent-queue-off",)
    stage.choose("anna", "ready")
    stage.ring_in(NUMBER)
    assert not stage.of(actions.DialLeg)
    press(stage, leg, "1#")
    assert heard(stage) == ("agent-queue-on",)
    assert "phone:101" in {str(action.to) for action in stage.ever(actions.DialLeg)}


def test_a_second_login_takes_over_and_says_so() -> None:
    stage = Stage(WITH_LINE)
    for _ in range(2):
        leg = stage.ring_in(LINE)
        press(stage, leg, "17#4711#1")
        first = heard(stage)
    assert first == ("agent-taken-over", "agent-ready")
    assert stage.ever(events.AgentLoginTakenOver)[0].at_number == "+46812340002"


def test_feature_codes_work_without_pin_at_ones_own_telephone() -> None:
    stage = Stage(WITH_LINE)
    for code, presence in (("*72", "ready"), ("*73", "paused"), ("*74", "logged-out")):
        leg = stage.ring_in(code, phone="101")
        assert stage.presence("anna")[0] == presence
        said(stage, leg)
    assert not stage.switch.floor.calls


def test_a_feature_code_at_a_telephone_that_is_nobodys_changes_nothing() -> None:
    stage = Stage(WITH_LINE)
    stage.ring_in("*72", phone="103")
    assert heard(stage) == ("agent-wrong",)
    assert not [event for event in stage.ever(events.AgentPresenceChanged) if event.by == "telephone"]


def test_a_feature_code_does_nothing_for_callers_from_outside() -> None:
    stage = Stage(WITH_LINE)
    stage.ring_in("*72")
    assert stage.ended() == [("refused", "switch", "unknown-number")]


def test_who_says_nothing_is_asked_three_times_and_sent_away() -> None:
    stage = Stage(WITH_LINE)
    leg = stage.ring_in(LINE)
    for _ in range(3):
        said(stage, leg)
        stage.wait(8)
    assert heard(stage) == ("goodbye",)
    said(stage, leg)
    assert not stage.switch.floor.calls
    assert not stage.switch.floor.deadlines
