"""Leaving messages and listening to them, on the domain alone."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, events, inputs
from softswitch.domain.mailboxes import Mailboxes
from softswitch.domain.office import MailboxPlan, ToMessages, ToVoicemail
from softswitch.domain.recovery import snapshot_events
from tests.softswitch.domain.small_office import OFFICE, Stage, office_with

BOX = MailboxPlan("support", "Support", number="90", pin="2468", lamps=("101",), message_s_max=60, messages_max=3)
LEAVE, LISTEN = "+46850010070", "+46850010071"
WITH_BOX = replace(
    office_with(OFFICE, keys={"9": ToVoicemail("support")}),
    mailboxes=MappingProxyType({"support": BOX}),
    numbers=MappingProxyType({**OFFICE.numbers, LEAVE: ToVoicemail("support"), LISTEN: ToMessages()}),
)


def last(stage: Stage) -> actions.PlayOnLeg:
    return stage.ever(actions.PlayOnLeg)[-1]


def said(stage: Stage, leg: str) -> None:
    stage.tell(inputs.PlaybackEnded(leg, last(stage).tag))


def press(stage: Stage, leg: str, keys: str) -> None:
    for key in keys:
        stage.tell(inputs.DigitPressed(leg, key))


def leave_one(stage: Stage, seconds: float = 12.0) -> str:
    """A caller leaves a message and ends it with the hash key; returns its id."""
    leg = stage.ring_in(LEAVE)
    said(stage, leg)
    recording = stage.ever(actions.StartRecording)[-1].recording
    stage.wait(seconds)
    press(stage, leg, "5#")
    assert last(stage).once == ("voicemail-saved",)
    said(stage, leg)
    stage.tell(inputs.RecordingCompleted(recording, seconds, "00", None))
    return recording


def test_a_caller_hears_the_greeting_and_the_tone_and_only_then_is_recorded() -> None:
    stage = Stage(WITH_BOX)
    leg = stage.ring_in(LEAVE)
    assert last(stage).once == ("voicemail-greeting", "beep")
    assert not stage.ever(actions.StartRecording)
    said(stage, leg)
    started = stage.one(actions.StartRecording)
    assert stage.one(actions.JoinLeg) == actions.JoinLeg(started.bridge, leg)
    assert started.left == leg


def test_a_message_lies_in_the_mailbox_when_its_file_is_whole_and_the_lamp_is_lit() -> None:
    stage = Stage(WITH_BOX)
    message = leave_one(stage)
    (left,) = stage.ever(events.VoicemailLeft)
    assert (left.mailbox, left.message, left.seconds, left.caller) == ("support", message, 12.0, "+46812340001")
    assert left.path == stage.ever(actions.StartRecording)[0].path
    assert stage.one(actions.ShowMessages) == actions.ShowMessages("support", 1, 0)
    assert stage.ended() == [("direct", "switch", "said")]


def test_a_caller_who_hangs_up_has_left_his_message_all_the_same() -> None:
    stage = Stage(WITH_BOX)
    leg = stage.ring_in(LEAVE)
    said(stage, leg)
    stage.wait(5)
    stage.hang_up(leg)
    recording = stage.one(actions.StopRecording).recording
    stage.tell(inputs.RecordingCompleted(recording, 5.0, "00", None))
    assert len(stage.ever(events.VoicemailLeft)) == 1


@pytest.mark.parametrize(("seconds", "messages"), [(0.99, 0), (1.0, 1)])
def test_who_says_nothing_has_left_no_message(seconds: float, messages: int) -> None:
    stage = Stage(WITH_BOX)
    leave_one(stage, seconds)
    assert len(stage.ever(events.VoicemailLeft)) == messages


def test_a_message_ends_at_its_limit() -> None:
    stage = Stage(WITH_BOX)
    leg = stage.ring_in(LEAVE)
    said(stage, leg)
    stage.wait(59.9)
    assert not stage.ever(actions.StopRecording)
    stage.wait(0.2)
    assert len(stage.ever(actions.StopRecording)) == 1
    assert last(stage).once == ("voicemail-saved",)


def test_a_full_mailbox_says_so() -> None:
    stage = Stage(WITH_BOX)
    for _ in range(3):
        leave_one(stage)
    stage.ring_in(LEAVE)
    assert last(stage).once == ("voicemail-full",)


def test_a_caller_leaves_his_queue_for_the_mailbox_by_a_key() -> None:
    stage = Stage(WITH_BOX)
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    leg = stage.ring_in()
    stage.wait(20)
    press(stage, leg, "9")
    (left,) = stage.ever(events.QueueLeft)
    assert (left.outcome, left.cause.value, left.wait_s) == ("to-voicemail", "key-pressed", 20.0)
    assert last(stage).once == ("voicemail-greeting", "beep")
    stage.hang_up(leg)
    assert stage.ended()[0][:2] == ("overflowed", "caller")


def test_the_own_telephone_opens_the_mailbox_and_hears_what_is_new() -> None:
    stage = Stage(WITH_BOX)
    leave_one(stage)
    path = stage.ever(events.VoicemailLeft)[0].path
    leg = stage.ring_in(LISTEN, phone="101")
    assert last(stage).once == ("number-1", "voicemail-new-messages", f"recording:{path}", "voicemail-next")
    press(stage, leg, "2")
    assert stage.of(events.VoicemailHeard)[0].mailbox == "support"
    assert stage.one(actions.ShowMessages) == actions.ShowMessages("support", 0, 1)
    assert last(stage).once == ("voicemail-end",)
    said(stage, leg)
    assert not stage.switch.floor.calls


def test_a_message_is_heard_again_and_deleted() -> None:
    stage = Stage(WITH_BOX)
    leave_one(stage)
    leg = stage.ring_in(LISTEN, phone="101")
    press(stage, leg, "1")
    assert last(stage).once[-1] == "voicemail-next"
    assert not stage.ever(events.VoicemailHeard)
    press(stage, leg, "3")
    assert len(stage.of(events.VoicemailDeleted)) == 1
    assert stage.of(actions.ShowMessages)[-1] == actions.ShowMessages("support", 0, 0)
    assert last(stage).once == ("voicemail-deleted", "voicemail-end")


def test_who_only_listens_goes_from_one_to_the_next() -> None:
    stage = Stage(WITH_BOX)
    leave_one(stage)
    leave_one(stage)
    leg = stage.ring_in(LISTEN, phone="101")
    for _ in range(2):
        said(stage, leg)
        stage.wait(8)
    assert len(stage.ever(events.VoicemailHeard)) == 2
    assert last(stage).once == ("voicemail-end",)


def test_from_outside_number_and_pin_are_asked_for() -> None:
    stage = Stage(WITH_BOX)
    leg = stage.ring_in(LISTEN)
    press(stage, leg, "90#1111#")
    assert last(stage).once == ("agent-wrong", "voicemail-mailbox")
    press(stage, leg, "90#2468#")
    assert last(stage).once == ("voicemail-none",)


def test_a_pin_that_is_guessed_at_is_locked() -> None:
    stage = Stage(WITH_BOX)
    for _ in range(2):
        leg = stage.ring_in(LISTEN)
        press(stage, leg, "90#1#" * 3)
        assert last(stage).once == ("agent-blocked",)
        stage.hang_up(leg)
    leg = stage.ring_in(LISTEN)
    press(stage, leg, "90#2468#")
    assert last(stage).once == ("agent-wrong", "voicemail-mailbox")


def test_messages_survive_a_restart_by_the_journal_and_by_a_snapshot() -> None:
    stage = Stage(WITH_BOX)
    leave_one(stage)
    leave_one(stage)
    leg = stage.ring_in(LISTEN, phone="101")
    press(stage, leg, "2")
    journal = [thing for thing in stage.all if isinstance(thing, events.Event)]
    for told in (journal, snapshot_events(stage.switch.floor, stage.now), [*journal, *journal]):
        again = Mailboxes()
        for event in told:
            again.apply(event)
        assert again.counts("support") == (1, 1)
        assert [message.is_new for message in again.messages("support")] == [True, False]
