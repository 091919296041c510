"""A process dies and the next one takes over from the journal."""

from dataclasses import replace
from types import MappingProxyType

import msgspec
import pytest

from softswitch.domain import actions, events, inputs
from softswitch.domain.call_record import CallRecords
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event
from softswitch.domain.figures.formulas import VisitCounts
from softswitch.domain.office import MailboxPlan, Office, ToNumber, ToPhone, ToVoicemail
from softswitch.domain.recovery import Recovery, snapshot_events
from softswitch.domain.refusals import CommandRefused
from softswitch.domain.switch import Switch
from tests.softswitch.domain.small_office import ANNA, BO, NUMBER, OFFICE, WALL_OFFSET_S, Stage, office_with


def journal_of(stage: Stage) -> list[Event]:
    decoder = msgspec.msgpack.Decoder(Event)
    return [decoder.decode(msgspec.msgpack.encode(thing)) for thing in stage.all if isinstance(thing, events._Event)]


def restart(journal: list[Event], down_s: float, office: Office = OFFICE) -> tuple[Switch, list[Event]]:
    """A switch on a machine whose clock starts at 5.0, `down_s` after the last event; and the endings it wrote."""
    wall_at = max(event.at for event in journal) + down_s
    switch = Switch(office, ids="u", wall_offset_s=wall_at - 5.0)
    recovery = Recovery()
    for event in journal:
        recovery.apply(event)
        switch.recall(event)
    endings = recovery.crash_endings(wall_at)
    for event in endings:
        switch.recall(event)
    switch.restore(recovery, 5.0)
    return switch, endings


def crashed() -> Stage:
    """One call in talk with anna, one that rings bo, one that waits, one that has ended."""
    stage = Stage()
    stage.hang_up(stage.ring_in())
    stage.ring_in()
    stage.wait(2)
    stage.answer("t-2-l1")
    stage.ring_in()
    stage.ring_in()
    stage.wait(8)
    return stage


def test_calls_that_were_up_get_their_end() -> None:
    _, endings = restart(journal_of(crashed()), 10.0)
    ended = [event for event in endings if isinstance(event, events.CallEnded)]
    assert [(event.call, event.outcome, event.ended_by, event.cause) for event in ended] == [
        ("t-2", "answered", "switch", Cause.CRASH),
        ("t-3", "failed", "switch", Cause.CRASH),
        ("t-4", "failed", "switch", Cause.CRASH),
    ]
    (recording,) = [event for event in endings if isinstance(event, events.RecordingEnded)]
    assert (recording.recording, recording.call, recording.sha256) == ("t-2-r1", "t-2", None)
    assert recording.failure is not None


def test_every_call_has_one_record_over_the_crash() -> None:
    journal = journal_of(crashed())
    _, endings = restart(journal, 10.0)
    fold = CallRecords()
    records = [record for event in [*journal, *endings] if (record := fold.apply(event)) is not None]
    assert [record.id for record in records] == ["t-1", "t-2", "t-3", "t-4"]
    assert records[1].agent == "anna"
    assert [shown.outcome for shown in records[2].presentations] == ["withdrawn"]
    assert [visit.outcome for visit in records[3].queue_visits] == ["failed"]


def test_todays_figures_go_on_and_reconcile() -> None:
    switch, _ = restart(journal_of(crashed()), 10.0)
    today = switch.floor.statistics.today("support", switch.floor.wall(5.0))
    assert today == VisitCounts(offered=4, answered=1, within_goal=1, abandoned=1, failed=2)


def test_a_second_restart_finds_nothing_to_end() -> None:
    journal = journal_of(crashed())
    _, endings = restart(journal, 10.0)
    assert restart([*journal, *endings], 10.0)[1] == []


def test_presence_is_back_and_newcomers_begin_as_the_office_says() -> None:
    stage = Stage(replace(OFFICE, agents=MappingProxyType({"anna": OFFICE.agents["anna"]})))
    stage.choose("anna", "paused", "lunch")
    switch, _ = restart(journal_of(stage), 60.0)
    anna, bo = switch.floor.agents["anna"], switch.floor.agents["bo"]
    assert (anna.presence, anna.pause_reason, bo.presence) == ("paused", "lunch", "ready")
    assert switch.floor.wall(anna.presence_since_at) == WALL_OFFSET_S
    told = [event for event in switch.drain() if isinstance(event, events.AgentPresenceChanged)]
    assert [(event.agent, event.presence, event.by) for event in told] == [("bo", "ready", "start")]


def test_who_is_not_ready_at_start_begins_logged_out() -> None:
    agents = MappingProxyType({"bo": replace(BO, is_ready_at_start=False)})
    stage = Stage(replace(OFFICE, agents=agents))
    assert stage.presence("bo") == ("logged-out", "idle")


def test_an_agent_who_is_gone_from_the_office_is_logged_out() -> None:
    office = replace(OFFICE, agents=MappingProxyType({"bo": BO}))
    switch, _ = restart(journal_of(Stage()), 1.0, office)
    told = [event for event in switch.drain() if isinstance(event, events.AgentPresenceChanged)]
    assert [(event.agent, event.presence, event.by) for event in told] == [("anna", "logged-out", "configuration")]


def after_a_call() -> Stage:
    stage = Stage()
    caller = stage.ring_in()
    stage.answer("t-1-l1")
    stage.wait(5)
    stage.hang_up(caller)
    return stage


def test_a_wrap_up_that_runs_goes_on() -> None:
    switch, _ = restart(journal_of(after_a_call()), 4.0)
    assert switch.floor.agents["anna"].wrap_up_call == "t-1"
    assert switch.next_deadline() == 11.0
    switch.handle_timeout(11.0)
    assert switch.floor.agents["anna"].activity == "idle"


def test_a_wrap_up_that_ended_meanwhile_is_told_to_have_ended() -> None:
    switch, _ = restart(journal_of(after_a_call()), 60.0)
    assert switch.floor.agents["anna"].activity == "idle"
    assert [type(event).__name__ for event in switch.drain()] == ["WrapUpEnded"]


def test_the_turn_of_the_agents_is_kept() -> None:
    stage = after_a_call()
    stage.wait(10)
    for journal in (journal_of(stage), snapshot_events(stage.switch.floor, stage.now)):
        switch, _ = restart(journal, 60.0)
        anna, bo = switch.floor.agents["anna"], switch.floor.agents["bo"]
        assert switch.floor.wall(anna.idle_since_at) == WALL_OFFSET_S + 15
        assert switch.floor.wall(bo.idle_since_at) == WALL_OFFSET_S


def test_a_segment_that_begins_with_a_snapshot_restores_the_same() -> None:
    stage = after_a_call()
    stage.choose("bo", "paused", "lunch")
    snapshot = snapshot_events(stage.switch.floor, stage.now)
    switch, endings = restart(snapshot, 1.0)
    assert endings == []
    anna, bo = switch.floor.agents["anna"], switch.floor.agents["bo"]
    assert (anna.presence, anna.activity, bo.presence, bo.pause_reason) == ("ready", "wrap-up", "paused", "lunch")
    assert anna.wrap_up_until_at is not None
    assert switch.floor.wall(anna.wrap_up_until_at) == WALL_OFFSET_S + 15


def test_where_an_agent_answers_and_what_she_switched_off_survive_by_journal_and_snapshot() -> None:
    anna = replace(OFFICE.agents["anna"], may_answer_at=("+46",))
    office = replace(OFFICE, agents={**OFFICE.agents, "anna": anna})
    stage = Stage(office)
    stage.tell(inputs.SetAgentNumber("anna", "+46701112233"))
    stage.tell(inputs.SwitchAgentQueue("anna", "support", is_on=False))
    journal = [thing for thing in stage.all if isinstance(thing, Event)]
    for told in (journal, snapshot_events(stage.switch.floor, stage.now)):
        recovery = Recovery()
        for event in told:
            recovery.apply(event)
        again = Switch(office, ids="u", wall_offset_s=WALL_OFFSET_S)
        again.restore(recovery, 0.0)
        agent = again.floor.agents["anna"]
        assert (agent.number, list(agent.queues_off)) == ("+46701112233", ["support"])
        assert again.floor.people(ToNumber("+46701112233")) == ("anna",)


def spoken_when_it_died() -> list[Event]:
    """The journal of a switch that died six seconds into a message for the mailbox support."""
    mailbox = MailboxPlan("support", "Support")
    stage = Stage(
        replace(
            OFFICE,
            mailboxes=MappingProxyType({"support": mailbox}),
            numbers=MappingProxyType({NUMBER: ToVoicemail("support")}),
        )
    )
    leg = stage.ring_in()
    stage.tell(inputs.PlaybackEnded(leg, stage.ever(actions.PlayOnLeg)[-1].tag))
    stage.wait(6)
    return journal_of(stage)


def left_in(switch: Switch) -> list[tuple[str, float, str]]:
    return [(message.call, message.seconds, message.caller) for message in switch.floor.mailboxes.messages("support")]


def test_a_message_that_was_being_spoken_lies_in_the_mailbox_as_far_as_it_came() -> None:
    switch, endings = restart(spoken_when_it_died(), 10.0)
    (recording,) = [event.recording for event in endings if isinstance(event, events.RecordingEnded)]
    switch.handle(inputs.RecordingCompleted(recording, 6.0, "00", "cut off by a crash"), 8.0)
    assert left_in(switch) == [("t-1", 6.0, "+46812340001")]


def test_it_lies_there_also_when_the_switch_dies_again_before_the_file_was_measured() -> None:
    journal = spoken_when_it_died()
    switch, endings = restart(journal, 10.0)
    (recording,) = [event.recording for event in endings if isinstance(event, events.RecordingEnded)]
    again, _ = restart(snapshot_events(switch.floor, 7.0), 10.0)
    again.handle(inputs.RecordingCompleted(recording, 6.0, "00", "cut off by a crash"), 8.0)
    assert left_in(again) == [("t-1", 6.0, "+46812340001")]


def test_a_word_or_less_before_the_crash_is_no_message() -> None:
    switch, endings = restart(spoken_when_it_died(), 10.0)
    (recording,) = [event.recording for event in endings if isinstance(event, events.RecordingEnded)]
    switch.handle(inputs.RecordingCompleted(recording, 0.4, "00", "cut off by a crash"), 8.0)
    assert left_in(switch) == []


def test_who_came_back_by_a_reload_is_as_new_also_after_a_restart() -> None:
    stage = Stage()
    stage.tell(inputs.SwitchAgentQueue("bo", "support", is_on=False))
    stage.tell(inputs.OfficeChanged(replace(OFFICE, version="v2", agents=MappingProxyType({"anna": ANNA}))))
    stage.tell(inputs.OfficeChanged(replace(OFFICE, version="v3")))
    assert not stage.switch.floor.agents["bo"].queues_off
    switch, _ = restart(journal_of(stage), 10.0)
    assert not switch.floor.agents["bo"].queues_off


def test_the_hot_prompt_of_a_queue_that_a_reload_took_away_stays_away() -> None:
    stage = Stage()
    stage.tell(inputs.SetHotPrompt("support", "outage"))
    stage.tell(inputs.OfficeChanged(replace(OFFICE, version="v2", queues=MappingProxyType({}))))
    with pytest.raises(CommandRefused):
        stage.tell(inputs.SetHotPrompt("support", "outage"))
    stage.tell(inputs.OfficeChanged(replace(OFFICE, version="v3")))
    switch, _ = restart(journal_of(stage), 10.0)
    assert stage.switch.floor.queues["support"].hot_prompt is None
    assert switch.floor.queues["support"].hot_prompt is None


def test_a_hot_prompt_and_an_agent_that_a_start_does_not_know_any_more_do_not_come_back_with_a_later_one() -> None:
    stage = Stage()
    stage.tell(inputs.SetHotPrompt("support", "outage"))
    stage.tell(inputs.SwitchAgentQueue("bo", "support", is_on=False))
    journal = journal_of(stage)
    other = replace(OFFICE, queues=MappingProxyType({}), agents=MappingProxyType({"anna": ANNA}))
    between, _ = restart(journal, 10.0, other)
    journal += [thing for thing in between.drain() if isinstance(thing, events.Event)]
    switch, _ = restart(journal, 10.0)
    assert switch.floor.queues["support"].hot_prompt is None
    assert not switch.floor.agents["bo"].queues_off


def test_a_snapshot_in_the_middle_of_a_wrap_up_does_not_make_two_of_it() -> None:
    stage = Stage()
    caller = stage.ring_in()
    stage.answer(stage.dialled()["phone:101"])
    stage.wait(30)
    stage.hang_up(caller)
    stage.wait(4)
    journal = journal_of(stage)
    snapshot = snapshot_events(stage.switch.floor, stage.now)
    stage.wait(6)
    journal += [*snapshot, *journal_of(stage)[len(journal) :]]
    switch, _ = restart(journal, 1.0)
    for floor in (stage.switch.floor, switch.floor):
        times = floor.statistics.times("support", WALL_OFFSET_S + stage.now)
        assert (times.wrap_ups, times.wrap_up_ms) == (1, 10_000)


def test_the_wrap_up_of_an_agent_whom_the_next_start_does_not_know_has_an_end() -> None:
    stage = Stage()
    caller = stage.ring_in()
    stage.answer(stage.dialled()["phone:101"])
    stage.wait(30)
    stage.hang_up(caller)
    without = replace(OFFICE, agents=MappingProxyType({"bo": BO}))
    switch, _ = restart(journal_of(stage), 4.0, without)
    told = [event for event in switch.drain() if isinstance(event, events.WrapUpEnded | events.AgentPresenceChanged)]
    assert [(type(event), event.agent) for event in told] == [
        (events.WrapUpEnded, "anna"),
        (events.AgentPresenceChanged, "anna"),
    ]
    times = switch.floor.statistics.times("support", WALL_OFFSET_S + 34.0)
    assert (times.wrap_ups, times.wrap_up_ms) == (1, 4000)


def test_an_agent_who_gave_her_caller_on_or_talked_when_it_died_has_her_turn_from_then() -> None:
    stage = Stage(office_with(wrap_up_s=0))
    stage.ring_in()
    stage.answer("t-1-l1")
    stage.wait(10)
    stage.tell(inputs.TransferCall("t-1", ToPhone("103")))
    stage.wait(5)
    stage.ring_in()
    stage.answer("t-2-l1")
    assert stage.ever(events.CallConnected)[-1].agent == "bo"
    stage.wait(5)
    switch, _ = restart(journal_of(stage), 30.0)
    anna, bo = (switch.floor.agents[name] for name in ("anna", "bo"))
    assert switch.floor.wall(anna.idle_since_at) == WALL_OFFSET_S + 10
    assert switch.floor.wall(bo.idle_since_at) == pytest.approx(switch.floor.wall(5.0))
