from softswitch.domain import actions, events
from softswitch.domain.causes import Cause
from tests.softswitch.domain.small_office import Stage, office_with


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
