from dataclasses import replace

from softswitch.domain import actions, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.office import Member, OverflowStep, ToBusy
from tests.softswitch.domain.small_office import OFFICE, WALL_OFFSET_S, Stage, office_with


def test_positions_count_those_who_are_being_presented() -> None:
    stage = Stage()
    for _ in range(3):
        stage.ring_in()
    assert [event.position for event in stage.ever(events.CallQueued)] == [1, 2, 3]


def test_a_queue_without_sounds_is_silent() -> None:
    stage = Stage(office_with(welcome=None, music=None))
    stage.ring_in()
    assert stage.of(actions.PlayOnLeg) == []
    stage.answer("t-1-l1")
    assert stage.of(actions.StopPlayingOnLeg) == []


def test_callers_who_enter_at_the_same_time_are_served_in_the_order_of_entering() -> None:
    stage = Stage(office_with(wrap_up_s=0), registered=())
    stage.choose("bo", "paused")
    for _ in range(3):
        stage.ring_in()
    stage.choose("bo", "ready")
    assert stage.one(events.CallPresented).call == "t-1"


def test_the_limit_of_waiting_counts_from_entering_also_after_an_agent_was_lost() -> None:
    stage = Stage(office_with(max_wait_s=60))
    stage.choose("bo", "paused")
    stage.ring_in()
    stage.wait(10)
    stage.answer("t-1-l1")
    stage.wait(20)
    stage.hang_up("t-1-l1", Cause.NOT_CONFIRMED)
    stage.choose("anna", "paused")
    stage.wait(29.9)
    assert stage.of(events.QueueLeft) == []
    stage.wait(0.1)
    assert stage.one(events.QueueLeft).wait_s == 60


def waiting(stage: Stage, seconds: float) -> Stage:
    """A caller has waited so long for agents who pause."""
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    stage.ring_in()
    stage.wait(seconds)
    return stage


def test_a_reload_that_brings_tiers_counts_the_wait_that_there_was() -> None:
    stage = waiting(Stage(), 20)
    members = (Member("anna"), Member("bo", tier=3))
    stage.tell(inputs.OfficeChanged(office_with(members=members, next_tier_after_s=15)))
    stage.choose("bo", "ready")
    assert not stage.of(events.CallPresented)
    stage.wait(9.9)
    assert not stage.of(events.CallPresented)
    stage.wait(0.1)
    assert stage.one(events.CallPresented).agent == "bo"


def test_a_reload_changes_how_long_callers_may_wait_also_for_those_who_do() -> None:
    stage = waiting(Stage(office_with(max_wait_s=60)), 20)
    stage.tell(inputs.OfficeChanged(office_with(max_wait_s=90)))
    stage.wait(69.9)
    assert not stage.of(events.QueueLeft)
    stage.wait(0.1)
    assert stage.one(events.QueueLeft).wait_s == 90
    stage = waiting(Stage(office_with(max_wait_s=60)), 20)
    stage.tell(inputs.OfficeChanged(office_with(max_wait_s=None)))
    stage.wait(600)
    assert not stage.of(events.QueueLeft)


def test_a_step_that_a_reload_brings_is_taken_by_those_who_have_waited_long_enough_already() -> None:
    stage = waiting(Stage(), 20)
    stage.tell(inputs.OfficeChanged(office_with(overflow=(OverflowStep(ToBusy(), after_s=10),))))
    stage.wait(0)
    assert stage.one(events.QueueLeft).cause == Cause.OVERFLOW_STEP
    stage = waiting(Stage(), 20)
    stage.tell(inputs.OfficeChanged(office_with(overflow=(OverflowStep(ToBusy(), after_s=30),))))
    stage.wait(9.9)
    assert not stage.of(events.QueueLeft)
    stage.wait(0.1)
    assert stage.one(events.QueueLeft).wait_s == 30


def test_the_end_of_a_hot_prompt_does_not_come_for_a_queue_that_a_reload_took_away() -> None:
    stage = Stage()
    stage.tell(inputs.SetHotPrompt("support", "outage", until=WALL_OFFSET_S + 60))
    stage.tell(inputs.OfficeChanged(replace(OFFICE, version="v2", queues={}, numbers={})))
    stage.wait(60)
    assert not stage.of(events.HotPromptChanged)
    assert not stage.switch.floor.deadlines
