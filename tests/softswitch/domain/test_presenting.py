"""Presentations: who rings, who wins, and what a presentation that came to nothing means for the agent."""

import pytest

from softswitch.domain import actions, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.office import NoAnswerPolicy
from tests.softswitch.domain.small_office import MOBILE, OFFICE, Stage, office_with

MOBILE_DEVICE = f"number:{MOBILE}"


def only_bo() -> Stage:
    """A stage where only bo, with phone and mobile, is ready."""
    stage = Stage()
    stage.choose("anna", "paused")
    return stage


def only_anna() -> Stage:
    stage = Stage()
    stage.choose("bo", "paused")
    return stage


def test_all_devices_ring_at_once_and_the_first_to_answer_wins() -> None:
    stage = only_bo()
    caller = stage.ring_in()
    legs = stage.dialled()
    assert list(legs) == ["phone:102", MOBILE_DEVICE]
    assert {(dial.caller_name, dial.caller) for dial in stage.of(actions.DialLeg)} == {("Support", "+46812340001")}
    stage.answer(legs[MOBILE_DEVICE])
    assert not stage.of(actions.HangUpLeg)
    assert [join.leg for join in stage.of(actions.JoinLeg)] == [caller, legs[MOBILE_DEVICE]]
    connected = stage.one(events.CallConnected)
    assert (connected.agent, connected.queue, connected.to) == ("bo", "support", MOBILE_DEVICE)


def test_the_others_stop_when_the_winner_is_heard_or_a_second_after_he_answered() -> None:
    for is_heard in (True, False):
        stage = only_bo()
        stage.ring_in()
        legs = stage.dialled()
        stage.answer(legs[MOBILE_DEVICE])
        if is_heard:
            stage.tell(inputs.LegHeard(legs[MOBILE_DEVICE]))
        else:
            stage.wait(0.99)
            assert not stage.of(actions.HangUpLeg)
            stage.wait(0.01)
        assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(legs["phone:102"], Cause.ANSWERED_ELSEWHERE)]


def test_a_200_that_crosses_our_cancel_is_nobody() -> None:
    stage = only_bo()
    stage.ring_in()
    legs = stage.dialled()
    stage.answer(legs["phone:102"])
    stage.wait(1)
    stage.answer(legs[MOBILE_DEVICE])
    assert stage.new == []


def test_who_picks_up_second_in_the_same_moment_hears_that_it_is_taken_and_nobody_is_blamed() -> None:
    stage = only_bo()
    stage.ring_in()
    legs = stage.dialled()
    stage.answer(legs["phone:102"])
    stage.answer(legs[MOBILE_DEVICE])
    told = stage.one(actions.PlayOnLeg)
    assert (told.leg, told.once) == (legs[MOBILE_DEVICE], ("already-taken",))
    assert len(stage.ever(events.CallConnected)) == 1
    stage.wait(1.5)
    assert not stage.of(actions.HangUpLeg)
    stage.tell(inputs.PlaybackEnded(told.leg, told.tag))
    assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(told.leg, Cause.ANSWERED_ELSEWHERE)]
    assert not stage.ever(events.AgentMissed)
    assert stage.presence("bo") == ("ready", "talking")


def test_the_welcome_is_cut_at_the_moment_of_connection() -> None:
    stage = only_anna()
    caller = stage.ring_in()
    tag = stage.one(actions.PlayOnLeg).tag
    stage.answer(stage.dialled()["phone:101"])
    assert stage.of(actions.StopPlayingOnLeg) == [actions.StopPlayingOnLeg(caller, tag)]


def test_devices_that_cannot_be_reached_are_not_rung_and_agents_without_any_are_no_candidates() -> None:
    stage = Stage(registered=())
    stage.ring_in()
    assert list(stage.dialled()) == [MOBILE_DEVICE]
    (presented,) = stage.of(events.CallPresented)
    assert (presented.agent, presented.candidates) == ("bo", 1)
    assert presented.exclusions == (events.Exclusion("unreachable", 1, ("anna",)),)


def test_without_a_trunk_that_answers_no_number_is_rung() -> None:
    stage = only_bo()
    stage.tell(inputs.TrunkReachabilityChanged("carrier", is_reachable=False))
    stage.ring_in()
    assert list(stage.dialled()) == ["phone:102"]


def test_nobody_answers_and_the_agent_is_paused_and_the_next_rung_with_the_place_kept() -> None:
    stage = Stage()
    stage.ring_in()
    stage.progress(stage.dialled()["phone:101"])
    stage.ring_in()  # rings bo
    assert stage.one(events.CallPresented).agent == "bo"
    (bo_phone, bo_mobile) = stage.dialled().values()
    stage.wait(19.9)
    assert stage.new == []
    stage.refuse(bo_mobile, Cause.UNREACHABLE)
    stage.refuse(bo_phone, Cause.UNREACHABLE)
    stage.wait(0.1)
    ended = stage.one(events.PresentationEnded)
    assert (ended.call, ended.agent, ended.outcome, ended.is_counted) == ("t-1", "anna", "no-answer", True)
    assert stage.presence("anna") == ("paused", "idle")
    assert stage.switch.floor.agents["anna"].pause_reason == "no-answer"
    stage.tell(inputs.PhoneRegistrationChanged("102", is_registered=True))
    assert stage.one(events.CallPresented).call == "t-1"


@pytest.mark.parametrize(
    ("policy", "is_other_ready", "presence"),
    [
        ("pause", True, "paused"),
        ("pause", False, "paused"),
        ("log-out", False, "logged-out"),
        ("log-out-unless-last", True, "logged-out"),
        ("log-out-unless-last", False, "ready"),
    ],
)
def test_the_no_answer_policy_of_the_queue(policy: NoAnswerPolicy, is_other_ready: bool, presence: str) -> None:
    stage = Stage(office_with(OFFICE, no_answer=policy))
    if not is_other_ready:
        stage.choose("bo", "paused")
    stage.ring_in()
    stage.progress(stage.dialled()["phone:101"])
    stage.wait(20)
    assert stage.presence("anna")[0] == presence
    assert stage.of(events.PresentationEnded)[0].is_counted


def test_without_a_180_a_ring_that_ran_out_is_unreachable_and_not_counted() -> None:
    stage = only_anna()
    stage.ring_in()
    stage.wait(20)
    ended = stage.one(events.PresentationEnded)
    assert (ended.outcome, ended.is_counted) == ("unreachable", False)
    assert stage.presence("anna") == ("ready", "idle")
    stage.wait(29.9)
    assert stage.dialled() == {}
    stage.wait(0.1)
    assert list(stage.dialled()) == ["phone:101"]


def test_the_carriers_own_timeout_after_ringing_counts_as_no_answer() -> None:
    stage = only_anna()
    stage.ring_in()
    leg = stage.dialled()["phone:101"]
    stage.progress(leg)
    stage.refuse(leg, Cause.NO_ANSWER)
    ended = stage.one(events.PresentationEnded)
    assert (ended.outcome, ended.is_counted) == ("no-answer", True)


@pytest.mark.parametrize(
    ("cause", "outcome", "alone_s"),
    [
        (Cause.BUSY, "busy", 10),
        (Cause.DECLINED, "declined", 10),
        (Cause.NO_CONFIRMATION, "no-confirmation", 10),
        (Cause.NO_MEDIA_PORTS, "failed", 1),
    ],
)
def test_busy_and_declined_leave_the_agent_alone_for_ten_seconds(cause: Cause, outcome: str, alone_s: float) -> None:
    stage = only_anna()
    stage.ring_in()
    leg = stage.dialled()["phone:101"]
    stage.progress(leg)
    stage.refuse(leg, cause)
    ended = stage.one(events.PresentationEnded)
    assert (ended.outcome, ended.is_counted) == (outcome, False)
    assert stage.presence("anna") == ("ready", "idle")
    stage.wait(alone_s - 0.1)
    assert stage.dialled() == {}
    stage.wait(0.1)
    assert list(stage.dialled()) == ["phone:101"]


def test_an_unreachable_phone_is_rung_again_when_it_registers() -> None:
    stage = only_anna()
    stage.ring_in()
    stage.refuse(stage.dialled()["phone:101"], Cause.UNREACHABLE)
    assert stage.dialled() == {}
    stage.wait(3)
    stage.tell(inputs.PhoneRegistrationChanged("101", is_registered=True))
    assert list(stage.dialled()) == ["phone:101"]


def test_one_device_that_declines_declines_for_the_person() -> None:
    stage = only_bo()
    stage.ring_in()
    legs = stage.dialled()
    stage.refuse(legs["phone:102"], Cause.DECLINED)
    assert stage.one(events.PresentationEnded).outcome == "declined"
    assert [hang_up.leg for hang_up in stage.of(actions.HangUpLeg)] == [legs[MOBILE_DEVICE]]


@pytest.mark.parametrize("cause", [Cause.BUSY, Cause.UNREACHABLE, Cause.NETWORK_FAILURE])
def test_a_device_that_is_busy_or_out_of_reach_lets_the_others_ring_on(cause: Cause) -> None:
    stage = only_bo()
    stage.ring_in()
    legs = stage.dialled()
    stage.refuse(legs[MOBILE_DEVICE], cause)
    assert stage.of(events.PresentationEnded) == []
    stage.answer(legs["phone:102"])
    assert stage.one(events.CallConnected).agent == "bo"


def test_a_busy_device_keeps_a_ring_that_ran_out_from_being_counted() -> None:
    stage = only_bo()
    stage.ring_in()
    legs = stage.dialled()
    stage.progress(legs["phone:102"])
    stage.refuse(legs[MOBILE_DEVICE], Cause.BUSY)
    stage.wait(20)
    ended = stage.of(events.PresentationEnded)[0]
    assert (ended.outcome, ended.is_counted) == ("busy", False)
    assert stage.presence("bo")[0] == "ready"


def test_the_caller_hangs_up_while_it_rings_and_the_agent_is_idle_at_once() -> None:
    stage = only_bo()
    caller = stage.ring_in()
    legs = stage.dialled()
    stage.progress(legs["phone:102"])
    stage.hang_up(caller)
    ended = stage.one(events.PresentationEnded)
    assert (ended.outcome, ended.is_counted) == ("caller-gone", False)
    assert stage.of(actions.HangUpLeg) == [actions.HangUpLeg(leg, Cause.CALLER_GONE) for leg in legs.values()]
    assert stage.presence("bo") == ("ready", "idle")
    assert stage.of(events.WrapUpStarted) == []
    assert stage.ended() == [("abandoned", "caller", "hung-up")]


def test_an_agent_who_pauses_while_it_rings_gives_the_caller_back() -> None:
    stage = Stage()
    stage.ring_in()
    stage.choose("anna", "paused", "lunch")
    assert stage.one(events.PresentationEnded).outcome == "withdrawn"
    assert stage.one(events.CallPresented).agent == "bo"


def test_an_agent_who_dials_while_it_rings_gives_the_caller_back() -> None:
    stage = only_anna()
    stage.ring_in()
    leg = stage.dialled()["phone:101"]
    stage.ring_in("103", phone="101")
    assert stage.one(events.PresentationEnded).outcome == "withdrawn"
    assert actions.HangUpLeg(leg, Cause.BUSY) in stage.new
    assert stage.presence("anna") == ("ready", "talking")


@pytest.mark.parametrize("cause", [Cause.NOT_CONFIRMED, Cause.INCOMPATIBLE_MEDIA])
def test_an_agents_leg_that_fails_after_pick_up_puts_the_caller_back_with_his_wait(cause: Cause) -> None:
    stage = only_anna()
    caller = stage.ring_in()
    stage.wait(5)
    stage.answer(stage.switch.floor.calls["t-1"].dialled_legs[0])
    second = stage.ring_in()
    stage.wait(2)
    stage.hang_up("t-1-l1", cause)
    assert stage.one(events.AgentLost).cause == cause
    assert stage.one(actions.LeaveLeg).leg == caller
    assert stage.one(actions.PlayOnLeg).loop == ("music/calm",)
    assert stage.one(actions.StopRecording).recording == "t-1-r1"
    assert stage.of(events.WrapUpStarted) == []
    assert stage.ended() == []
    stage.wait(10)
    assert stage.one(events.CallPresented).call == "t-1"
    stage.answer(stage.dialled().get("phone:101") or "t-1-l2")
    assert stage.one(events.CallConnected).wait_s == 17
    assert stage.switch.floor.calls["t-2"].leg == second


def test_a_claim_that_is_not_granted_rings_nobody_and_is_tried_again() -> None:
    stage = only_anna()
    switch = stage.switch
    switch.handle(inputs.LegInvited("in-9", inputs.FromTrunk("carrier"), "x", "", "+46850010000"), 0.0)
    (claim,) = [thing for thing in switch.drain() if isinstance(thing, actions.ClaimAgent)]
    switch.handle(inputs.ClaimDecided(claim.presentation, is_granted=False), 0.0)
    assert not [thing for thing in switch.drain() if isinstance(thing, events.CallPresented)]
    stage.wait(1)
    assert stage.one(events.CallPresented).agent == "anna"


def test_a_claim_granted_after_the_caller_left_does_nothing() -> None:
    stage = only_anna()
    switch = stage.switch
    switch.handle(inputs.LegInvited("in-9", inputs.FromTrunk("carrier"), "x", "", "+46850010000"), 0.0)
    (claim,) = [thing for thing in switch.drain() if isinstance(thing, actions.ClaimAgent)]
    switch.handle(inputs.LegEnded("in-9", Cause.HUNG_UP), 0.0)
    switch.drain()
    switch.handle(inputs.ClaimDecided(claim.presentation, is_granted=True), 0.0)
    assert switch.drain() == []
    assert switch.floor.agents["anna"].claim is None
