"""Where callers go: refusals, queues that are full or too slow, and what follows them."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.office import Destination, Office, ToAgent, ToBusy, ToPhone, ToQueue, ToSay
from softswitch.domain.routing import SAY_S_MAX
from tests.softswitch.domain.small_office import MOBILE, NUMBER, OFFICE, SUPPORT, Stage, office_with

NUMBERS: dict[str, Destination] = {NUMBER: ToQueue("support"), "+461": ToSay("closed"), "+462": ToBusy()}


def full(overflow_to: Destination) -> Office:
    """An office whose queue takes nobody."""
    return replace(office_with(max_waiting=0, overflow_to=overflow_to), numbers=MappingProxyType(NUMBERS))


def test_a_queue_call_is_answered_at_once_and_hears_welcome_and_music() -> None:
    stage = Stage()
    leg = stage.ring_in()
    kinds = [type(thing).__name__ for thing in stage.new[:6]]
    assert kinds == ["CallArrived", "CallRouted", "CallAnswered", "AnswerLeg", "CallQueued", "PlayOnLeg"]
    play = stage.one(actions.PlayOnLeg)
    assert (play.leg, play.once, play.loop) == (leg, ("welcome",), ("music/calm",))
    assert stage.one(events.CallQueued).position == 1


@pytest.mark.parametrize(
    ("dialled", "phone", "cause"),
    [
        ("+4600", None, Cause.UNKNOWN_NUMBER),
        ("nobody", "103", Cause.UNKNOWN_NUMBER),
        (MOBILE, "103", Cause.NOT_ALLOWED),
    ],
)
def test_what_leads_nowhere_is_refused_and_recorded(dialled: str, phone: str | None, cause: Cause) -> None:
    stage = Stage()
    leg = stage.ring_in(dialled, phone=phone)
    assert stage.of(actions.RefuseLeg) == [actions.RefuseLeg(leg, cause)]
    assert stage.ended() == [("refused", "switch", cause.value)]
    assert stage.switch.live_calls == 0


def test_a_caller_without_media_has_failed() -> None:
    stage = Stage()
    leg = stage.ring_in(fault=Cause.INCOMPATIBLE_MEDIA)
    assert stage.of(actions.RefuseLeg) == [actions.RefuseLeg(leg, Cause.INCOMPATIBLE_MEDIA)]
    assert stage.ended() == [("failed", "switch", "incompatible-media")]


def test_a_draining_switch_takes_no_new_calls_and_keeps_the_old() -> None:
    stage = Stage()
    stage.ring_in()
    stage.tell(inputs.DrainStarted())
    stage.ring_in()
    assert stage.ended() == [("refused", "switch", "draining")]
    assert stage.switch.live_calls == 1


def test_say_answers_plays_and_hangs_up() -> None:
    stage = Stage(replace(OFFICE, numbers=NUMBERS))
    leg = stage.ring_in("+461")
    play = stage.one(actions.PlayOnLeg)
    assert (play.once, play.loop) == (("closed",), ())
    stage.tell(inputs.PlaybackEnded(leg, "another tag"))
    assert stage.new == []
    stage.tell(inputs.PlaybackEnded(leg, play.tag))
    assert stage.one(actions.HangUpLeg).leg == leg
    assert stage.ended() == [("direct", "switch", "said")]


def test_a_sound_whose_end_is_never_told_still_ends() -> None:
    stage = Stage(replace(OFFICE, numbers=NUMBERS))
    stage.ring_in("+461")
    stage.wait(SAY_S_MAX)
    assert stage.ended() == [("direct", "switch", "said")]


def test_busy_is_refused_unanswered() -> None:
    stage = Stage(replace(OFFICE, numbers=NUMBERS))
    leg = stage.ring_in("+462")
    assert stage.of(actions.RefuseLeg) == [actions.RefuseLeg(leg, Cause.BUSY_DESTINATION)]
    assert stage.of(actions.AnswerLeg) == []
    assert stage.ended() == [("refused", "switch", "busy-destination")]


def test_a_full_queue_sends_on_before_answering() -> None:
    stage = Stage(full(ToBusy()))
    leg = stage.ring_in()
    assert stage.of(actions.AnswerLeg) == []
    assert stage.of(actions.RefuseLeg) == [actions.RefuseLeg(leg, Cause.BUSY_DESTINATION)]
    assert stage.ended() == [("overflowed", "switch", "queue-full")]
    left = stage.one(events.QueueLeft)
    assert (left.outcome, left.cause, left.wait_s) == ("overflowed", Cause.QUEUE_FULL, 0.0)


def test_a_full_queue_counts_callers_being_presented() -> None:
    stage = Stage(office_with(max_waiting=1))
    stage.ring_in()
    stage.ring_in()
    assert stage.of(events.CallPresented) == []
    assert stage.one(actions.PlayOnLeg).once == ("queue-full",)


def test_an_overflow_to_a_sound_stays_overflowed_when_the_caller_leaves_it() -> None:
    stage = Stage(full(ToSay("queue-full")))
    leg = stage.ring_in()
    stage.hang_up(leg)
    assert stage.ended() == [("overflowed", "caller", "queue-full")]


def test_who_waits_too_long_is_moved_on_also_while_an_agent_rings() -> None:
    stage = Stage(office_with(max_wait_s=30, ring_s=100, overflow_to=ToBusy()))
    leg = stage.ring_in()
    ringing = stage.dialled()["phone:101"]
    stage.wait(30)
    presentation = stage.one(events.PresentationEnded)
    assert (presentation.outcome, presentation.is_counted) == ("withdrawn", False)
    assert stage.one(events.QueueLeft).wait_s == 30
    assert [hang_up.leg for hang_up in stage.of(actions.HangUpLeg)] == [ringing, leg]
    assert stage.ended() == [("overflowed", "switch", "max-wait")]


def test_an_overflow_to_a_phone_plays_ringback_and_joins() -> None:
    stage = Stage(office_with(max_wait_s=30, overflow_to=ToPhone("103")), registered=("103",))
    stage.choose("bo", "paused")
    caller = stage.ring_in()
    stage.wait(30)
    assert stage.one(actions.PlayOnLeg).loop == ("ringback",)
    assert stage.of(actions.RingLeg) == []
    leg = stage.dialled()["phone:103"]
    stage.answer(leg)
    assert [join.leg for join in stage.of(actions.JoinLeg)] == [caller, leg]
    assert len(stage.ever(actions.AnswerLeg)) == 1
    stage.hang_up(leg)
    assert stage.ended() == [("overflowed", "agent", "max-wait")]


def two_queues() -> Office:
    second = replace(SUPPORT, queue="second", name="Second", agents=("bo",))
    return replace(
        office_with(max_wait_s=30, agents=("anna",), overflow_to=ToQueue("second")),
        queues=MappingProxyType(
            {
                "support": replace(SUPPORT, max_wait_s=30, agents=("anna",), overflow_to=ToQueue("second")),
                "second": second,
            }
        ),
    )


def test_an_overflow_to_a_queue_is_a_new_visit_and_answered_when_that_connects() -> None:
    stage = Stage(two_queues(), registered=("102",))
    caller = stage.ring_in()
    stage.wait(30)
    assert stage.one(events.CallQueued).queue == "second"
    stage.wait(4)
    stage.answer("t-1-l1")
    connected = stage.one(events.CallConnected)
    assert (connected.queue, connected.wait_s) == ("second", 4)
    stage.hang_up(caller)
    assert stage.ended() == [("answered", "caller", "hung-up")]


def test_queues_that_overflow_into_one_another_do_not_hold_the_switch() -> None:
    stage = Stage(full(ToQueue("support")))
    leg = stage.ring_in()
    assert stage.one(actions.RefuseLeg).leg == leg
    assert stage.ended() == [("overflowed", "switch", "queue-full")]


def test_an_overflow_to_an_agent_who_talks_is_busy() -> None:
    stage = Stage(office_with(max_waiting=1, overflow_to=ToAgent("anna")))
    stage.ring_in()
    stage.ring_in()
    assert stage.ended() == [("overflowed", "switch", "queue-full")]


def test_a_second_invitation_of_the_same_leg_is_not_a_second_call() -> None:
    stage = Stage()
    leg = stage.ring_in()
    stage.tell(inputs.LegInvited(leg, inputs.FromTrunk("carrier"), "x", "", NUMBER))
    assert stage.new == []


def test_each_pass_through_the_switch_takes_one_hop_off() -> None:
    stage = Stage()
    stage.tell(inputs.LegInvited("in-1", inputs.FromTrunk("carrier"), "+461", "", NUMBER, hops_left=5))
    assert {action.hops_left for action in stage.of(actions.DialLeg)} == {4}


def test_of_a_queue_that_a_reload_takes_away_neither_lamp_nor_alarm_is_left() -> None:
    stage = Stage()
    stage.choose("anna", "paused")
    stage.choose("bo", "paused")
    assert [event.queue for event in stage.ever(events.QueueUnstaffed)] == ["support"]
    stage.tell(inputs.OfficeChanged(replace(OFFICE, version="v2", queues=MappingProxyType({}))))
    assert stage.one(events.QueueStaffed).queue == "support"
    assert actions.ShowLamp("support", "off") in stage.new
    stage.tell(inputs.OfficeChanged(replace(OFFICE, version="v3")))
    assert stage.one(events.QueueUnstaffed).queue == "support"
