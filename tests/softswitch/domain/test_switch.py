"""The switch as its owner sees it: whole calls, commands, reloads and what it does with time."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.office import ToSay
from softswitch.domain.refusals import CommandRefused
from tests.softswitch.domain.small_office import ANNA, BO, NUMBER, OFFICE, SUPPORT, WALL_OFFSET_S, Stage, office_with


def talking() -> tuple[Stage, str, str]:
    """A stage, the caller's leg and anna's, joined after three seconds."""
    stage = Stage()
    caller = stage.ring_in()
    leg = stage.dialled()["phone:101"]
    stage.progress(leg)
    stage.wait(3)
    stage.answer(leg)
    return stage, caller, leg


def test_a_call_from_arrival_to_wrap_up() -> None:
    stage, caller, leg = talking()
    assert stage.presence("anna") == ("ready", "talking")
    stage.wait(60)
    stage.hang_up(caller)
    assert stage.ended() == [("answered", "caller", "hung-up")]
    assert actions.HangUpLeg(leg, Cause.HUNG_UP) in stage.new
    assert stage.one(events.WrapUpStarted).until == WALL_OFFSET_S + 73
    assert stage.presence("anna") == ("ready", "wrap-up")
    stage.wait(9.9)
    assert stage.presence("anna") == ("ready", "wrap-up")
    stage.wait(0.1)
    assert stage.presence("anna") == ("ready", "idle")


@pytest.mark.parametrize(
    ("cause", "ended"),
    [(Cause.HUNG_UP, "agent"), (Cause.SILENT, "switch"), (Cause.MEDIA_LOST, "switch")],
)
def test_the_agents_end_of_a_talk_ends_the_call(cause: Cause, ended: str) -> None:
    stage, caller, leg = talking()
    stage.hang_up(leg, cause)
    assert stage.ended() == [("answered", ended, cause.value)]
    assert stage.one(actions.HangUpLeg).leg == caller
    assert stage.presence("anna") == ("ready", "wrap-up")


def test_two_callers_one_agent_order_kept_and_wrap_up_respected() -> None:
    stage = Stage()
    stage.choose("bo", "logged-out")
    first = stage.ring_in()
    leg = stage.dialled()["phone:101"]
    stage.wait(1)
    stage.ring_in()
    stage.wait(1)
    stage.ring_in()
    stage.answer(leg)
    stage.hang_up(first)
    assert stage.of(events.CallPresented) == []
    stage.wait(9.9)
    assert stage.of(events.CallPresented) == []
    stage.wait(0.1)
    assert stage.one(events.CallPresented).call == "t-2"


def test_without_wrap_up_the_next_caller_rings_at_once() -> None:
    stage = Stage(office_with(wrap_up_s=0))
    stage.choose("bo", "logged-out")
    first = stage.ring_in()
    leg = stage.dialled()["phone:101"]
    stage.ring_in()
    stage.answer(leg)
    stage.hang_up(first)
    assert stage.one(events.CallPresented).call == "t-2"
    assert stage.of(events.WrapUpStarted) == []


def test_the_next_caller_goes_to_whoever_has_been_idle_longest() -> None:
    stage, caller, _ = talking()
    stage.hang_up(caller)
    stage.wait(60)
    stage.ring_in()
    assert stage.one(events.CallPresented).agent == "bo"


def test_ready_ends_wrap_up_and_pause_leaves_it_running() -> None:
    stage, caller, _ = talking()
    stage.hang_up(caller)
    stage.choose("anna", "paused", "lunch")
    assert stage.presence("anna") == ("paused", "wrap-up")
    stage.choose("anna", "ready")
    told = [type(event).__name__ for event in stage.of(events.Event)]  # type: ignore[arg-type]  # a union of kinds
    assert told == ["WrapUpEnded", "AgentPresenceChanged"]
    assert stage.presence("anna") == ("ready", "idle")
    stage.wait(3600)
    assert len(stage.ever(events.WrapUpEnded)) == 1


def test_logging_out_in_a_talk_lets_it_go_on() -> None:
    stage, caller, _ = talking()
    stage.choose("anna", "logged-out")
    assert stage.presence("anna") == ("logged-out", "talking")
    assert stage.of(actions.HangUpLeg) == []
    stage.hang_up(caller)
    stage.wait(10)
    assert stage.presence("anna") == ("logged-out", "idle")


def test_choosing_what_already_is_says_nothing() -> None:
    stage = Stage()
    stage.choose("anna", "ready")
    assert stage.new == []
    stage.choose("anna", "paused", "lunch")
    stage.choose("anna", "paused", "lunch")
    assert stage.new == []
    stage.choose("anna", "paused", "meeting")
    assert stage.one(events.AgentPresenceChanged).reason == "meeting"


@pytest.mark.parametrize("state", ["waiting", "presenting", "talking", "direct", "ringing"])
def test_a_command_ends_a_call_in_every_state(state: str) -> None:
    stage = Stage(registered=("101",) if state != "waiting" else ())
    stage.choose("bo", "paused")
    leg = stage.ring_in("+46850010001" if state in ("direct", "ringing") else NUMBER)
    if state in ("talking", "direct"):
        stage.answer(stage.dialled()["phone:101"])
    stage.tell(inputs.HangUpCall("t-1"))
    outcome = {"waiting": "failed", "presenting": "failed", "talking": "answered"}.get(state, "direct")
    assert stage.ended() == [(outcome, "switch", "by-command")]
    ended = actions.RefuseLeg if state == "ringing" else actions.HangUpLeg
    assert ended(leg, Cause.BY_COMMAND) in stage.new
    assert stage.switch.floor.legs == {}


def test_commands_that_name_nothing_are_refused_and_change_nothing() -> None:
    stage = Stage()
    with pytest.raises(CommandRefused) as refusal:
        stage.switch.handle(inputs.SetPresence("ana", "paused"), 0.0)
    assert "'anna'" in refusal.value.mend
    with pytest.raises(CommandRefused):
        stage.switch.handle(inputs.HangUpCall("t-99"), 0.0)
    assert stage.switch.drain() == []


@pytest.mark.parametrize(
    ("cause", "outcome", "ended_by"),
    [
        (Cause.HUNG_UP, "abandoned", "caller"),
        (Cause.CANCELLED, "abandoned", "caller"),
        (Cause.MEDIA_LOST, "failed", "switch"),
    ],
)
def test_a_caller_who_leaves_the_queue(cause: Cause, outcome: str, ended_by: str) -> None:
    stage = Stage(registered=())
    stage.choose("bo", "paused")
    leg = stage.ring_in()
    stage.wait(12)
    stage.hang_up(leg, cause)
    left = stage.one(events.QueueLeft)
    assert (left.outcome, left.wait_s) == (outcome, 12)
    assert stage.ended() == [(outcome, ended_by, cause.value)]
    assert stage.of(actions.HangUpLeg) == []


def test_an_event_stands_before_the_actions_it_causes() -> None:
    stage, caller, _ = talking()
    stage.hang_up(caller)
    kinds = [type(thing).__name__ for thing in stage.all]
    for event, action in [
        ("CallAnswered", "AnswerLeg"), ("CallQueued", "PlayOnLeg"), ("CallPresented", "DialLeg"),
        ("LegDialled", "DialLeg"),
        ("CallConnected", "JoinLeg"), ("RecordingStarted", "StartRecording"), ("CallEnded", "HangUpLeg"),
        ("CallEnded", "StopRecording"),
    ]:  # fmt: skip
        assert kinds.index(event) < kinds.index(action)


def test_ending_all_ends_each_once_and_leaves_nothing() -> None:
    stage, _, _ = talking()
    stage.ring_in()
    stage.ring_in("+46850010001")
    stage.switch.end_all(stage.now)
    stage.switch.end_all(stage.now)
    ended = [thing for thing in stage.switch.drain() if isinstance(thing, events.CallEnded)]
    assert [event.call for event in ended] == ["t-1", "t-2"]
    assert stage.switch.live_calls == 0
    assert stage.switch.floor.legs == {}


def test_a_reload_that_removes_queue_and_agent_keeps_their_calls_to_the_end() -> None:
    stage = Stage()
    first = stage.ring_in()
    stage.answer(stage.dialled()["phone:101"])
    stage.ring_in()
    other = replace(SUPPORT, queue="other", agents=("bo",))
    office = replace(
        OFFICE, version="v2", queues=MappingProxyType({"other": other}), agents=MappingProxyType({"bo": BO}), numbers={}
    )
    bo_leg = stage.switch.floor.calls["t-2"].dialled_legs[0]
    stage.tell(inputs.OfficeChanged(office))
    assert stage.ended() == []
    assert list(stage.switch.floor.queues) == ["support", "other"]
    stage.answer(bo_leg)
    assert stage.one(events.CallConnected).queue == "support"
    stage.hang_up(first)
    gone = [event for event in stage.of(events.AgentPresenceChanged) if event.agent == "anna"]
    assert [(event.presence, event.by) for event in gone] == [("logged-out", "configuration")]
    assert list(stage.switch.floor.agents) == ["bo"]
    stage.hang_up(bo_leg)
    assert list(stage.switch.floor.queues) == ["other"]
    stage.wait(60)
    assert stage.presence("bo") == ("ready", "idle")


def test_a_reload_brings_agents_and_plans_in() -> None:
    stage = Stage(
        replace(
            OFFICE,
            agents=MappingProxyType({"bo": BO}),
            queues=MappingProxyType({"support": replace(SUPPORT, agents=("bo",))}),
        )
    )
    stage.choose("bo", "paused")
    stage.ring_in()
    stage.tell(inputs.OfficeChanged(replace(OFFICE, agents=MappingProxyType({"anna": ANNA, "bo": BO}))))
    assert stage.one(events.AgentPresenceChanged).by == "start"
    assert stage.one(events.CallPresented).agent == "anna"


def test_a_caller_of_a_removed_queue_overflows_by_its_last_plan() -> None:
    stage = Stage(office_with(max_wait_s=60, overflow_to=ToSay("queue-full")), registered=())
    stage.choose("bo", "paused")
    stage.ring_in()
    stage.tell(inputs.OfficeChanged(replace(OFFICE, queues=MappingProxyType({}), numbers={})))
    stage.wait(60)
    assert stage.one(actions.PlayOnLeg).once == ("queue-full",)
    assert stage.switch.floor.queues == {}


def test_keys_change_nothing_while_two_talk() -> None:
    stage, caller, _ = talking()
    stage.tell(inputs.DigitPressed(caller, "1"))
    assert stage.new == []
