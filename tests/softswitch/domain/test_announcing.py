"""What waiting callers are told of their place."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, announcing, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.office import AgentPlan, Device, Message, OverflowStep, ToPhone, ToQueue
from softswitch.domain.recovery import Recovery, snapshot_events
from softswitch.domain.refusals import CommandRefused
from softswitch.domain.switch import Switch
from tests.softswitch.domain.small_office import NUMBER, OFFICE, SUPPORT, WALL_OFFSET_S, Stage, office_with


def nobody_ready(every_s: float = 30.0, **changes: object) -> Stage:
    stage = Stage(office_with(announce_position_every_s=every_s, **changes))
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    return stage


def speech_ends(stage: Stage, leg: str) -> None:
    """The media process reports that what is spoken to the leg is through."""
    spoken = [action for action in stage.ever(actions.PlayOnLeg) if action.leg == leg][-1]
    stage.tell(inputs.PlaybackEnded(leg, spoken.tag))


def test_the_place_is_told_after_the_welcome_and_the_music_goes_on() -> None:
    stage = nobody_ready()
    stage.ring_in()
    played = stage.one(actions.PlayOnLeg)
    assert (played.once, played.loop) == (("welcome", "queue-position-1"), ("music/calm",))


def test_the_place_is_told_again_every_so_often_and_follows_the_line() -> None:
    stage = nobody_ready()
    first, second = stage.ring_in(), stage.ring_in()
    for leg in (first, second):
        speech_ends(stage, leg)
    stage.wait(10)
    stage.hang_up(first)
    stage.wait(20)
    assert [(play.leg, play.once) for play in stage.of(actions.PlayOnLeg)] == [(second, ("queue-position-1",))]
    speech_ends(stage, second)
    stage.wait(30)
    assert stage.one(events.PositionAnnounced).position == 1


def test_zero_means_never() -> None:
    stage = nobody_ready(every_s=0)
    leg = stage.ring_in()
    speech_ends(stage, leg)
    stage.wait(500)
    assert stage.ever(events.PositionAnnounced) == []


def test_a_sentence_that_is_due_in_the_middle_of_another_comes_right_after_it() -> None:
    stage = nobody_ready()
    leg = stage.ring_in()
    stage.wait(40)
    assert stage.of(actions.PlayOnLeg) == [], "a welcome of 40 s is not cut off"
    speech_ends(stage, leg)
    assert stage.one(actions.PlayOnLeg).once == ("queue-position-1",)


def test_an_old_sentences_end_is_not_taken_for_that_of_the_new_one() -> None:
    stage = nobody_ready()
    leg = stage.ring_in()
    welcome = stage.one(actions.PlayOnLeg).tag
    speech_ends(stage, leg)
    stage.wait(30)
    assert stage.one(actions.PlayOnLeg).tag != welcome
    stage.tell(inputs.PlaybackEnded(leg, welcome))
    stage.wait(30)
    assert stage.of(actions.PlayOnLeg) == [], "the second sentence is still being spoken"


def test_beyond_the_recorded_places_there_is_one_sentence_for_all() -> None:
    stage = nobody_ready()
    legs = [stage.ring_in() for _ in range(announcing.POSITIONS_RECORDED + 1)]
    spoken = [action.once[-1] for action in stage.ever(actions.PlayOnLeg) if action.leg in legs[-2:]]
    assert spoken == ["queue-position-20", "queue-position-beyond"]
    assert set(spoken) <= set(announcing.sounds())


def test_speaking_delays_no_presentation_and_a_connection_cuts_it_off() -> None:
    stage = Stage(office_with(announce_position_every_s=30))
    leg = stage.ring_in()
    assert [event.agent for event in stage.of(events.CallPresented)] == ["anna"]
    stage.answer("t-1-l1")
    assert stage.one(actions.StopPlayingOnLeg).leg == leg
    stage.wait(120)
    assert stage.of(events.PositionAnnounced) == []


def test_who_comes_back_into_line_hears_music_and_his_place_when_its_time_comes() -> None:
    stage = Stage(office_with(announce_position_every_s=30, wrap_up_s=300))
    stage.choose("bo", "paused")
    leg = stage.ring_in()
    stage.answer("t-1-l1")
    stage.hang_up("t-1-l1", Cause.NOT_CONFIRMED)
    assert (stage.one(actions.PlayOnLeg).once, stage.one(actions.PlayOnLeg).loop) == ((), ("music/calm",))
    stage.choose("anna", "paused")
    stage.wait(30)
    assert (stage.one(actions.PlayOnLeg).leg, stage.one(actions.PlayOnLeg).once) == (leg, ("queue-position-1",))


def test_whoever_is_presented_just_now_still_counts() -> None:
    stage = Stage(office_with(announce_position_every_s=30))
    stage.choose("bo", "paused")
    stage.ring_in()
    stage.ring_in()
    assert [event.position for event in stage.ever(events.PositionAnnounced)] == [1, 2]


def test_a_caller_who_leaves_is_told_no_more() -> None:
    stage = nobody_ready(max_wait_s=20)
    leg = stage.ring_in()
    speech_ends(stage, leg)
    stage.wait(100)
    assert len(stage.ever(events.PositionAnnounced)) == 1


MESSAGES = office_with(messages=(Message("please-wait", 40), Message("web", 60)), announce_position_every_s=0)


def test_messages_come_in_their_order_with_their_gaps_and_begin_again() -> None:
    stage = Stage(MESSAGES)
    _pause_all(stage)
    leg = stage.ring_in()
    stage.tell(inputs.PlaybackEnded(leg, stage.ever(actions.PlayOnLeg)[-1].tag))
    heard: list[tuple[float, str]] = []
    for _ in range(200):
        stage.wait(1)
        for play in stage.of(actions.PlayOnLeg):
            heard.append((stage.now, play.once[0]))
            assert play.loop == ("music/calm",)
            stage.tell(inputs.PlaybackEnded(leg, play.tag))
    assert heard == [(40, "please-wait"), (100, "web"), (140, "please-wait"), (200, "web")]
    assert [event.message for event in stage.ever(events.MessagePlayed)] == ["please-wait", "web"] * 2


def test_a_message_that_is_due_while_something_is_spoken_comes_right_after_it() -> None:
    stage = Stage(MESSAGES)
    _pause_all(stage)
    leg = stage.ring_in()
    welcome = stage.one(actions.PlayOnLeg)
    stage.wait(41)
    assert not stage.of(actions.PlayOnLeg)
    stage.tell(inputs.PlaybackEnded(leg, welcome.tag))
    assert stage.one(actions.PlayOnLeg).once == ("please-wait",)


def test_a_hot_prompt_is_heard_first_and_at_once_by_those_who_wait_until_it_ends() -> None:
    stage = Stage()
    _pause_all(stage)
    first = stage.ring_in()
    stage.tell(inputs.PlaybackEnded(first, stage.ever(actions.PlayOnLeg)[-1].tag))
    stage.tell(inputs.SetHotPrompt("support", "outage", until=stage.now + WALL_OFFSET_S + 60))
    assert stage.one(actions.PlayOnLeg).once == ("outage",)
    stage.ring_in()
    assert stage.of(actions.PlayOnLeg)[0].once[:2] == ("outage", "welcome")
    stage.wait(60)
    assert stage.one(events.HotPromptChanged).sound is None
    stage.ring_in()
    assert stage.of(actions.PlayOnLeg)[0].once[0] == "welcome"


def test_a_hot_prompt_is_taken_back_by_command_and_one_in_the_past_is_refused() -> None:
    stage = Stage()
    _pause_all(stage)
    stage.tell(inputs.SetHotPrompt("support", "outage"))
    stage.tell(inputs.SetHotPrompt("support", None))
    stage.ring_in()
    assert stage.of(actions.PlayOnLeg)[0].once[0] == "welcome"
    with pytest.raises(CommandRefused):
        stage.tell(inputs.SetHotPrompt("support", "outage", until=WALL_OFFSET_S - 1))
    with pytest.raises(CommandRefused):
        stage.tell(inputs.SetHotPrompt("suport", "outage"))


def test_a_hot_prompt_survives_a_restart_by_the_journal_and_by_a_snapshot() -> None:
    stage = Stage()
    stage.tell(inputs.SetHotPrompt("support", "outage"))
    journal = [thing for thing in stage.all if isinstance(thing, events.Event)]
    for told in (journal, snapshot_events(stage.switch.floor, stage.now)):
        recovery = Recovery()
        for event in told:
            recovery.apply(event)
        again = Switch(OFFICE, ids="u", wall_offset_s=WALL_OFFSET_S)
        again.restore(recovery, 0.0)
        prompt = again.floor.queues["support"].hot_prompt
        assert prompt is not None
        assert prompt.sound == "outage"


def _pause_all(stage: Stage) -> None:
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")


def all_talk() -> Stage:
    """anna and bo talk; whoever calls now hears of the wait."""
    stage = Stage(office_with(announce_position_every_s=30.0, announce_wait=True, max_wait_s=None))
    for _ in ("anna", "bo"):
        stage.ring_in()
        stage.answer(next(iter(stage.dialled().values())))
    return stage


def hears(stage: Stage, leg: str) -> tuple[str, ...]:
    """What is told at the next announcement."""
    speech_ends(stage, leg)
    stage.wait(30)
    return stage.one(actions.PlayOnLeg).once


def test_the_wait_to_expect_follows_the_place() -> None:
    stage = all_talk()
    leg = stage.ring_in()
    welcome, place, wait = stage.one(actions.PlayOnLeg).once
    assert (welcome, place) == ("welcome", "queue-position-1")
    told = stage.one(events.EstimateAnnounced)
    assert told.high_s is not None
    assert wait == f"wait-{told.low_s / 60:g}-{told.high_s / 60:g}"
    assert told.reason is None
    assert hears(stage, leg)[0] == "queue-position-1"


def test_a_queue_that_does_not_tell_the_wait_tells_the_place_alone() -> None:
    stage = all_talk()
    stage.tell(inputs.OfficeChanged(office_with(announce_position_every_s=30.0, announce_wait=False)))
    stage.ring_in()
    assert stage.one(actions.PlayOnLeg).once == ("welcome", "queue-position-1")
    assert stage.of(events.EstimateAnnounced) == []


def test_of_a_caller_for_whom_somebody_is_free_no_wait_is_told() -> None:
    stage = Stage(office_with(announce_position_every_s=30.0, announce_wait=True))
    leg = stage.ring_in()
    said = next(action for action in stage.of(actions.PlayOnLeg) if action.leg == leg)
    assert said.once == ("welcome", "queue-position-1")


def test_a_wait_that_got_longer_is_told_with_the_reason() -> None:
    """Of two agents one pauses: what is left takes about twice as long."""
    stage = all_talk()
    legs = [stage.ring_in() for _ in range(8)]
    first = [told for told in stage.ever(events.EstimateAnnounced) if told.call == "t-10"][-1]
    stage.choose("bo", "paused")
    for leg in legs:
        speech_ends(stage, leg)
    stage.wait(30)
    second = [told for told in stage.of(events.EstimateAnnounced) if told.call == "t-10"][-1]
    assert first.high_s is not None
    assert second.high_s is not None
    assert second.reason == "fewer-agents"
    assert second.at + second.high_s > first.at + first.high_s
    said = [action.once for action in stage.of(actions.PlayOnLeg) if action.leg == legs[-1]][-1]
    assert said == ("queue-position-8", "wait-staff", f"wait-{second.low_s / 60:g}-{second.high_s / 60:g}")


def test_in_another_queue_the_wait_is_told_anew_and_nothing_has_to_be_explained() -> None:
    """In sales, six callers of one agent are before him; what support told him of its own line does not bind sales."""
    cec = AgentPlan("cec", "Cec", (Device(ToPhone("103")),), is_ready_at_start=True)
    sales = replace(
        office_with(announce_position_every_s=30.0, announce_wait=True).queues["support"],
        queue="sales",
        agents=("cec",),
    )
    steps = (OverflowStep(after_s=40.0, to=ToQueue("sales")),)
    support = replace(sales, queue="support", agents=("anna",), overflow=steps)
    office = replace(
        OFFICE,
        queues=MappingProxyType({"support": support, "sales": sales}),
        agents=MappingProxyType({**OFFICE.agents, "cec": cec}),
        numbers=MappingProxyType({NUMBER: ToQueue("support"), "+46850010002": ToQueue("sales")}),
    )
    stage = Stage(office)
    for dialled in (NUMBER, "+46850010002"):
        stage.ring_in(dialled)
        stage.answer(next(iter(stage.dialled().values())))
    for _ in range(6):
        stage.ring_in("+46850010002")
    leg = stage.ring_in()
    before = stage.one(events.EstimateAnnounced)
    stage.wait(40)
    after = [told for told in stage.of(events.EstimateAnnounced) if told.call == before.call][-1]
    assert leg in stage.switch.floor.legs
    assert (before.queue, after.queue) == ("support", "sales")
    assert before.high_s is not None
    assert after.high_s is not None
    assert after.high_s > before.high_s
    assert after.reason is None


def test_estimates_are_held_to_what_came_of_them() -> None:
    stage = all_talk()
    leg = stage.ring_in()
    stage.wait(20)
    stage.hang_up("in-1")
    stage.wait(SUPPORT.wrap_up_s)
    stage.answer(stage.dialled()["phone:101"])
    assert leg in stage.switch.floor.legs
    rows = {row.kind: row for row in stage.switch.floor.forecast_facts.accuracy.rows()}
    assert rows["entry"].outcomes == 1
    assert rows["entry"].mean_wait_s == 20 + SUPPORT.wrap_up_s
    assert rows["announced"].outcomes == 1


def test_announcements_that_a_reload_brings_begin_for_those_who_wait_and_reloads_do_not_put_them_off() -> None:
    stage = nobody_ready(every_s=0)
    leg = stage.ring_in()
    speech_ends(stage, leg)
    told = office_with(announce_position_every_s=30.0, messages=(Message("please-wait", 45.0),))
    for _ in range(3):
        stage.tell(inputs.OfficeChanged(told))
        stage.wait(10)
    assert [action.once for action in stage.of(actions.PlayOnLeg)] == [("queue-position-1",)]
    speech_ends(stage, leg)
    stage.wait(15)
    assert [action.once for action in stage.of(actions.PlayOnLeg)] == [("please-wait",)]


def test_announcements_that_a_reload_takes_away_end() -> None:
    stage = nobody_ready(messages=(Message("please-wait", 45.0),))
    leg = stage.ring_in()
    speech_ends(stage, leg)
    stage.tell(inputs.OfficeChanged(office_with(announce_position_every_s=0)))
    stage.wait(600)
    assert stage.of(actions.PlayOnLeg) == []
