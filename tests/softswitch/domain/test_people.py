"""What people ask for: refused with nothing changed, or in force at once for those who wait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, events, inputs
from softswitch.domain.office import PRIORITY_S_MAX
from softswitch.domain.queue import HotPrompt
from softswitch.domain.refusals import CommandRefused
from tests.softswitch.domain.small_office import ANNA, MOBILE, OFFICE, WALL_OFFSET_S, Stage

OWN = "+46709999999"
LISTED = replace(OFFICE, pause_reasons=("lunch", "meeting"))
REACHABLE = replace(OFFICE, agents=MappingProxyType({**OFFICE.agents, "anna": replace(ANNA, may_answer_at=("+46",))}))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def refused(stage: Stage, command: inputs.Input) -> None:
    """The command is refused; nothing is told and nothing asked."""
    told = len(stage.all)
    with pytest.raises(CommandRefused):
        stage.tell(command)
    assert stage.switch.drain() == []
    assert len(stage.all) == told


# Presence.


def test_a_pause_has_a_reason_of_the_list_where_there_is_one() -> None:
    stage = Stage(LISTED)
    for reason in (None, "", "dinner"):
        refused(stage, inputs.SetPresence("anna", "paused", reason))
    stage.choose("anna", "paused", "lunch")
    changed = stage.one(events.AgentPresenceChanged)
    assert (changed.presence, changed.reason, changed.by) == ("paused", "lunch", "command")


def test_any_text_will_do_without_a_list_and_none_too(stage: Stage) -> None:
    stage.choose("anna", "paused", "walking the dog")
    stage.choose("bo", "paused")
    assert stage.switch.floor.agents["anna"].pause_reason == "walking the dog"
    assert stage.switch.floor.agents["bo"].pause_reason is None


def test_policies_pause_with_reasons_of_their_own() -> None:
    stage = Stage(LISTED)
    stage.ring_in()
    stage.progress(stage.dialled()["phone:101"])
    stage.wait(20)
    assert stage.switch.floor.agents["anna"].pause_reason == "no-answer"


def test_another_reason_is_another_pause_and_the_same_is_none(stage: Stage) -> None:
    stage.choose("anna", "paused", "lunch")
    stage.choose("anna", "paused", "meeting")
    assert stage.one(events.AgentPresenceChanged).reason == "meeting"
    stage.choose("anna", "paused", "meeting")
    assert stage.new == []


@pytest.mark.parametrize("presence", ["paused", "logged-out"])
def test_who_goes_while_it_rings_gives_the_caller_back(stage: Stage, presence: inputs.Presence) -> None:
    stage.ring_in()
    stage.choose("anna", presence)
    assert stage.one(events.PresentationEnded).outcome == "withdrawn"
    assert stage.one(events.CallPresented).agent == "bo"


def test_who_is_ready_while_it_rings_rings_on(stage: Stage) -> None:
    stage.ring_in()
    stage.choose("anna", "ready")
    assert stage.new == []


# Queues.


def test_a_queue_that_is_off_gives_her_nothing_and_on_again_gives_her_who_waits(stage: Stage) -> None:
    stage.choose("bo", "paused")
    stage.tell(inputs.SwitchAgentQueue("anna", "support", is_on=False))
    assert stage.one(events.AgentQueueSwitched).is_on is False
    stage.ring_in()
    assert not stage.of(events.CallPresented)
    stage.tell(inputs.SwitchAgentQueue("anna", "support", is_on=True))
    assert stage.one(events.CallPresented).agent == "anna"


def test_switching_twice_is_told_once_and_survives_a_pause(stage: Stage) -> None:
    for _ in range(2):
        stage.tell(inputs.SwitchAgentQueue("anna", "support", is_on=False))
    assert len(stage.ever(events.AgentQueueSwitched)) == 1
    stage.choose("anna", "paused")
    stage.choose("anna", "ready")
    stage.ring_in()
    assert stage.one(events.CallPresented).agent == "bo"


@pytest.mark.parametrize(("agent", "queue"), [("anna", "sales"), ("nobody", "support")])
def test_only_queues_of_hers_can_be_switched(stage: Stage, agent: str, queue: str) -> None:
    refused(stage, inputs.SwitchAgentQueue(agent, queue, is_on=False))


# Numbers.


@pytest.mark.parametrize("number", ["+4790000000", "0709999999", "101", ""])
def test_a_number_that_she_may_not_be_called_at_is_refused(number: str) -> None:
    refused(Stage(REACHABLE), inputs.SetAgentNumber("anna", number))


def test_where_no_prefix_is_given_no_number_may_be_set_and_without_trunk_neither() -> None:
    refused(Stage(), inputs.SetAgentNumber("anna", OWN))
    refused(Stage(replace(REACHABLE, trunks=MappingProxyType({}))), inputs.SetAgentNumber("anna", OWN))


def test_her_number_rings_instead_of_her_telephones_and_asks_for_a_key_until_she_logs_out() -> None:
    stage = Stage(REACHABLE)
    stage.choose("bo", "paused")
    stage.tell(inputs.SetAgentNumber("anna", OWN))
    stage.ring_in()
    assert list(stage.dialled()) == [f"number:{OWN}"]
    leg = stage.dialled()[f"number:{OWN}"]
    stage.answer(leg)
    assert not stage.of(actions.JoinLeg)
    stage.tell(inputs.DigitPressed(leg, "2"))
    stage.choose("anna", "logged-out")
    assert stage.one(events.AgentNumberSet).number is None
    stage.choose("anna", "ready")
    assert list(stage.dialled()) == ["phone:101"]


# Priorities.


def waiting(stage: Stage, count: int = 3) -> Iterator[str]:
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    for number in range(1, count + 1):
        stage.ring_in()
        stage.wait(10)
        yield f"t-{number}"


def test_a_changed_priority_counts_at_once_for_those_who_wait(stage: Stage) -> None:
    first, second, third = waiting(stage)
    stage.tell(inputs.SetPriority(third, 15))
    line = stage.switch.floor.queues["support"].line
    assert list(line) == [first, third, second]
    stage.tell(inputs.SetPriority(third, 20.5))
    assert list(line) == [third, first, second]
    assert stage.one(events.PriorityChanged).priority_s == 20.5
    stage.tell(inputs.SetPriority(third, 0))
    assert list(line) == [first, second, third]
    stage.choose("bo", "ready")
    assert stage.one(events.CallPresented).call == first


def test_equal_places_go_by_who_came_first(stage: Stage) -> None:
    first, second = waiting(stage, 2)
    stage.tell(inputs.SetPriority(second, 10))
    assert list(stage.switch.floor.queues["support"].line) == [first, second]


@pytest.mark.parametrize("priority_s", [-1, PRIORITY_S_MAX + 1, float("nan"), float("inf")])
def test_priorities_beyond_the_bound_are_refused(stage: Stage, priority_s: float) -> None:
    (call,) = waiting(stage, 1)
    refused(stage, inputs.SetPriority(call, priority_s))


@pytest.mark.parametrize("priority_s", [0, PRIORITY_S_MAX])
def test_the_bounds_themselves_are_allowed(stage: Stage, priority_s: float) -> None:
    (call,) = waiting(stage, 1)
    stage.tell(inputs.SetPriority(call, priority_s))
    assert stage.switch.floor.calls[call].due_at == 20 - priority_s


def test_a_priority_set_in_a_talk_counts_when_he_comes_back(stage: Stage) -> None:
    stage.ring_in()
    stage.answer(stage.dialled()["phone:101"])
    stage.tell(inputs.SetPriority("t-1", 100))
    assert not stage.switch.floor.queues["support"].line


def test_nobody_gives_priority_to_a_call_that_is_not(stage: Stage) -> None:
    refused(stage, inputs.SetPriority("t-9", 10))


# Hot prompts.


@pytest.mark.parametrize(
    "command",
    [
        inputs.SetHotPrompt("sales", "outage"),
        inputs.SetHotPrompt("support", "outage", until=WALL_OFFSET_S),
        inputs.SetHotPrompt("support", "outage", until=WALL_OFFSET_S - 1),
    ],
)
def test_a_hot_prompt_for_no_queue_or_no_time_is_refused(stage: Stage, command: inputs.SetHotPrompt) -> None:
    refused(stage, command)


def test_a_hot_prompt_ends_at_its_time(stage: Stage) -> None:
    stage.tell(inputs.SetHotPrompt("support", "outage", until=WALL_OFFSET_S + 60))
    queue = stage.switch.floor.queues["support"]
    kept: list[HotPrompt | None] = []
    for seconds in (59.9, 0.1):
        stage.wait(seconds)
        kept.append(queue.hot_prompt)
    assert kept == [HotPrompt("outage", 60), None]
    assert stage.one(events.HotPromptChanged).sound is None


def test_commands_about_nobody_are_refused(stage: Stage) -> None:
    refused(stage, inputs.SetPresence("nobody", "ready"))
    refused(stage, inputs.SetAgentNumber("nobody", MOBILE))
    refused(stage, inputs.HangUpCall("t-1"))
