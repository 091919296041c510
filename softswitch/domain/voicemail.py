"""Leaving a message: greeting, tone, and what the caller has to say, until `#`, the end of the call, or the limit.

A message is a recording of the caller alone. It lies in the mailbox once the file is whole on disk, also when the
caller hung up long before, and after a crash as far as it came; one shorter than MESSAGE_S_MIN is none. A mailbox that
is full says so.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain import actions, dialogue, events, queueing, recording
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause
from softswitch.domain.ending import end
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import DeleteVoicemail, RecordingCompleted
from softswitch.domain.mailboxes import Pending
from softswitch.domain.office import MailboxPlan
from softswitch.domain.refusals import unknown

KIND: Final = "voicemail"
TONE: Final = "beep"
SAVED: Final = "voicemail-saved"
FULL: Final = "voicemail-full"
SOUNDS: Final = (TONE, SAVED, FULL)
MESSAGE_S_MIN: Final = 1.0


def begin(floor: Floor, call: Call, mailbox: str, now: float) -> None:
    """The caller is to leave a message."""
    plan = floor.office.mailboxes.get(mailbox)
    if plan is None:
        end(floor, call, Cause.UNREACHABLE, "switch", now)
        return
    queueing.answer(floor, call, now)
    call.change("serving", now)
    talk = dialogue.begin(floor, call, KIND, now)
    talk.known["mailbox"] = mailbox
    floor.deadlines.set("dialogue-end", call.call, now + dialogue.DIALOGUE_S_MAX + plan.message_s_max)
    if sum(floor.mailboxes.counts(mailbox)) >= plan.messages_max:
        dialogue.say(floor, call, "full", (FULL,))
    else:
        dialogue.say(floor, call, "greeting", (plan.greeting, TONE))


def answered(floor: Floor, call: Call, keyed: str, now: float) -> None:
    """A key while he speaks."""
    if keyed == dialogue.END_KEY:
        _saved(floor, call, now)
    else:
        dialogue.of(call).is_listening = True


def spoken(floor: Floor, call: Call, now: float) -> None:
    """The tone was heard, or the last word."""
    talk = dialogue.of(call)
    if talk.step == "greeting":
        _record(floor, call, floor.office.mailboxes.get(talk.known["mailbox"]), now)
    else:
        end(floor, call, Cause.SAID, "switch", now)


def silent(floor: Floor, call: Call, now: float) -> None:
    """A message may be silent."""


def too_long(floor: Floor, call: Call, now: float) -> None:
    """The message is as long as it may be."""
    _saved(floor, call, now)


def completed(floor: Floor, pending: Pending, fact: RecordingCompleted, now: float) -> None:
    """The file is whole."""
    if fact.seconds >= MESSAGE_S_MIN:
        floor.tell(
            events.VoicemailLeft(
                floor.wall(now),
                pending.call,
                pending.mailbox,
                fact.recording,
                fact.seconds,
                pending.path,
                pending.caller,
            )
        )
        show_lamp(floor, pending.mailbox)


def delete(floor: Floor, wish: DeleteVoicemail, now: float) -> None:
    """Takes a message out of its mailbox."""
    if wish.mailbox not in floor.office.mailboxes:
        raise unknown("mailbox", wish.mailbox, floor.office.mailboxes, "softswitch voicemail list")
    if floor.mailboxes.find(wish.mailbox, wish.message) is None:
        known = [message.message for message in floor.mailboxes.messages(wish.mailbox)]
        raise unknown("message", wish.message, known, f"softswitch voicemail show {wish.mailbox}")
    floor.tell(events.VoicemailDeleted(floor.wall(now), wish.mailbox, wish.message, wish.by))
    show_lamp(floor, wish.mailbox)


def show_lamp(floor: Floor, mailbox: str) -> None:
    """Lets telephones show how many messages there are."""
    floor.ask(actions.ShowMessages(mailbox, *floor.mailboxes.counts(mailbox)))


def _record(floor: Floor, call: Call, plan: MailboxPlan | None, now: float) -> None:
    talk = dialogue.of(call)
    talk.step, talk.is_one_key, talk.is_listening = "message", True, True
    room = f"{call.call}-v"
    floor.ask(actions.JoinLeg(room, call.leg))
    path = recording.begin(floor, call, room, now)
    if call.recording is not None:
        mailbox = talk.known["mailbox"]
        floor.pending_messages[call.recording] = Pending(mailbox, call.call, call.caller, path)
        floor.tell(events.VoicemailStarted(floor.wall(now), call.call, mailbox, call.recording, path, call.caller))
    floor.deadlines.set("message", call.call, now + (180.0 if plan is None else plan.message_s_max))


def _saved(floor: Floor, call: Call, now: float) -> None:
    floor.deadlines.drop("message", call.call)
    floor.ask(actions.LeaveLeg(f"{call.call}-v", call.leg))
    recording.stop(floor, call, now)
    dialogue.say(floor, call, "saved", (SAVED,))
