"""The one end of a call: which outcome it is given, and that it happens once."""

import pytest

from softswitch.domain import actions, events
from softswitch.domain.causes import Cause
from softswitch.domain.ending import end
from softswitch.domain.office import ToSay
from tests.softswitch.domain.small_office import Stage, office_with


def test_ending_twice_is_ending_once() -> None:
    stage = Stage()
    stage.ring_in()
    call = stage.switch.floor.calls["t-1"]
    end(stage.switch.floor, call, Cause.BY_COMMAND, "switch", stage.now)
    assert len([thing for thing in stage.switch.drain() if isinstance(thing, events.CallEnded)]) == 1
    end(stage.switch.floor, call, Cause.HUNG_UP, "caller", stage.now)
    assert stage.switch.drain() == []


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (Cause.HUNG_UP, Cause.QUEUE_FULL),
        (Cause.MEDIA_LOST, Cause.MEDIA_LOST),
        (Cause.NOT_CONFIRMED, Cause.NOT_CONFIRMED),
    ],
)
def test_an_overflowed_call_keeps_its_overflows_cause_unless_a_fault_ended_it(cause: Cause, told: Cause) -> None:
    stage = Stage(office_with(max_waiting=0, overflow_to=ToSay("queue-full")))
    leg = stage.ring_in()
    stage.hang_up(leg, cause)
    ended = stage.one(events.CallEnded)
    assert (ended.outcome, ended.cause) == ("overflowed", told)


def test_an_answered_caller_is_hung_up_and_an_unanswered_one_refused() -> None:
    stage = Stage()
    queued, direct = stage.ring_in(), stage.ring_in("102", phone="103")
    stage.switch.end_all(stage.now)
    asked = stage.switch.drain()
    assert actions.HangUpLeg(queued, Cause.BY_COMMAND) in asked
    assert actions.RefuseLeg(direct, Cause.BY_COMMAND) in asked


def test_a_talk_with_a_caller_whose_leg_failed_is_answered_and_ended_by_the_switch() -> None:
    stage = Stage()
    caller = stage.ring_in()
    stage.answer("t-1-l1")
    stage.hang_up(caller, Cause.SILENT)
    assert stage.ended() == [("answered", "switch", "silent")]
    assert stage.presence("anna") == ("ready", "wrap-up")
