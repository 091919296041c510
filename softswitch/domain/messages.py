"""Listening to messages by telephone.

From a telephone that a mailbox belongs to, it opens at once; from anywhere else by its number and PIN, and after
LOCK_AFTER wrong ones within LOCK_S it does not open for the rest of that time. New messages come first. While one is
told: 1 hears it again, 2 goes on to the next, 3 deletes it. One that was heard to its end is not new any more.
"""

from __future__ import annotations

import hmac
from typing import Final

from softswitch.domain import agent_line, dialogue, events, queueing, voicemail
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause
from softswitch.domain.ending import end
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import FromPhone
from softswitch.domain.mailboxes import Message

KIND: Final = "messages"
MAILBOX: Final = "voicemail-mailbox"
PIN: Final = "agent-pin"
WRONG: Final = "agent-wrong"
BLOCKED: Final = "agent-blocked"
NONE: Final = "voicemail-none"
NEW: Final = "voicemail-new-messages"
OLD: Final = "voicemail-old-messages"
NEXT: Final = "voicemail-next"
DELETED: Final = "voicemail-deleted"
END: Final = "voicemail-end"
SOUNDS: Final = (MAILBOX, PIN, WRONG, BLOCKED, NONE, NEW, OLD, NEXT, DELETED, END)
NUMBERS_RECORDED: Final = 20

RECORDING_PREFIX: Final = "recording:"
"""How a recording is named among sounds: with its path relative to the recordings folder behind it."""


def begin(floor: Floor, call: Call, now: float) -> None:
    """Somebody wants to listen."""
    queueing.answer(floor, call, now)
    call.change("serving", now)
    dialogue.begin(floor, call, KIND, now)
    phone = call.origin.phone if isinstance(call.origin, FromPhone) else None
    own = [plan.mailbox for plan in floor.office.mailboxes.values() if phone in plan.lamps]
    if len(own) == 1:
        _open(floor, call, own[0], now)
    else:
        dialogue.ask(floor, call, "number", (MAILBOX,), now)


def answered(floor: Floor, call: Call, keyed: str, now: float) -> None:
    """What was keyed for the step that the dialogue is in."""
    talk = dialogue.of(call)
    match talk.step:
        case "number":
            talk.known["number"] = keyed
            dialogue.ask(floor, call, "pin", (PIN,), now)
        case "pin":
            _unlock(floor, call, keyed, now)
        case "message":
            _choose(floor, call, keyed, now)
        case _:
            pass


def spoken(floor: Floor, call: Call, now: float) -> None:
    """The last word was said."""
    end(floor, call, Cause.SAID, "switch", now)


def silent(floor: Floor, call: Call, now: float) -> None:
    """Nothing was keyed: on to the next message."""
    if dialogue.of(call).step == "message":
        _heard(floor, call, now)
        _next(floor, call, now)
    elif not dialogue.ask_again(floor, call, now):
        dialogue.say(floor, call, "goodbye", (END,))


def _unlock(floor: Floor, call: Call, pin: str, now: float) -> None:
    talk = dialogue.of(call)
    plan = next((plan for plan in floor.office.mailboxes.values() if plan.number == talk.known["number"]), None)
    is_right = plan is not None and plan.pin is not None and hmac.compare_digest(plan.pin, pin)
    if plan is not None and is_right and not agent_line.is_locked(floor, _lock(plan.mailbox), now):
        floor.wrong_pins.pop(_lock(plan.mailbox), None)
        _open(floor, call, plan.mailbox, now)
        return
    if plan is not None:
        agent_line.note_wrong_pin(floor, _lock(plan.mailbox), now)
    tries = int(talk.known.get("tries", "0")) + 1
    talk.known["tries"] = str(tries)
    if tries >= dialogue.TRIES_MAX:
        dialogue.say(floor, call, "goodbye", (BLOCKED,))
    else:
        dialogue.ask(floor, call, "number", (WRONG, MAILBOX), now)


def _lock(mailbox: str) -> str:
    return f"mailbox {mailbox}"


def _open(floor: Floor, call: Call, mailbox: str, now: float) -> None:
    talk = dialogue.of(call)
    talk.known["mailbox"] = mailbox
    new, old = floor.mailboxes.counts(mailbox)
    if not new and not old:
        dialogue.say(floor, call, "goodbye", (NONE,))
        return
    first = (*_counted(new, NEW), *_counted(old, OLD))
    talk.known["left"] = " ".join(message.message for message in floor.mailboxes.messages(mailbox))
    _next(floor, call, now, *first)


def _counted(count: int, what: str) -> tuple[str, ...]:
    return (f"number-{min(count, NUMBERS_RECORDED)}", what) if count else ()


def _next(floor: Floor, call: Call, now: float, *first: str) -> None:
    talk = dialogue.of(call)
    left = talk.known["left"].split()
    if not left:
        dialogue.say(floor, call, "goodbye", (*first, END))
        return
    talk.known["message"], talk.known["left"] = left[0], " ".join(left[1:])
    _tell(floor, call, now, *first)


def _tell(floor: Floor, call: Call, now: float, *first: str) -> None:
    message = _message(floor, call)
    if message is None:
        _next(floor, call, now, *first)
    else:
        sounds = (*first, f"{RECORDING_PREFIX}{message.path}", NEXT)
        dialogue.ask(floor, call, "message", sounds, now, is_one_key=True)


def _choose(floor: Floor, call: Call, key: str, now: float) -> None:
    talk = dialogue.of(call)
    message = _message(floor, call)
    if key == "1":
        _tell(floor, call, now)
        return
    _heard(floor, call, now)
    if key == "3" and message is not None:
        mailbox = talk.known["mailbox"]
        floor.tell(events.VoicemailDeleted(floor.wall(now), mailbox, message.message, by="telephone"))
        voicemail.show_lamp(floor, mailbox)
        _next(floor, call, now, DELETED)
    else:
        _next(floor, call, now)


def _heard(floor: Floor, call: Call, now: float) -> None:
    message = _message(floor, call)
    if message is not None and message.is_new:
        mailbox = dialogue.of(call).known["mailbox"]
        floor.tell(events.VoicemailHeard(floor.wall(now), mailbox, message.message, by="telephone"))
        voicemail.show_lamp(floor, mailbox)


def _message(floor: Floor, call: Call) -> Message | None:
    known = dialogue.of(call).known
    return floor.mailboxes.find(known["mailbox"], known["message"])
