"""What commands show of call-backs and mailboxes: pure functions from the floor to plain values."""

from __future__ import annotations

from softswitch.domain.callback import Callback
from softswitch.domain.floor import Floor
from softswitch.domain.refusals import unknown
from softswitch.domain.views import SECONDS_DIGITS, Row, rfc3339


def callback_list(floor: Floor, now: float) -> list[Row]:
    """Who is to be called back, by queue and place. `state`: waiting, ringing, pausing."""
    zone = floor.office.timezone
    return [
        {
            "callback": callback.callback,
            "queue": callback.queue,
            "number": callback.number,
            "state": _state(floor, callback),
            "requested_at": rfc3339(floor.wall(callback.requested_at), zone),
            "wait_s": round(now - callback.entered_at, SECONDS_DIGITS),
            "tries": callback.tries,
            "again_at": None if callback.again_at is None else rfc3339(floor.wall(callback.again_at), zone),
            "call": callback.call,
        }
        for callback in sorted(floor.callbacks.values(), key=lambda callback: (callback.queue, callback.entered_at))
    ]


def mailbox_list(floor: Floor) -> list[Row]:
    """Every mailbox and how many messages lie in it."""
    rows: list[Row] = []
    for plan in floor.office.mailboxes.values():
        new, old = floor.mailboxes.counts(plan.mailbox)
        rows.append({"mailbox": plan.mailbox, "name": plan.name, "new": new, "old": old})
    return rows


def message_list(floor: Floor, mailbox: str) -> list[Row]:
    """The messages of a mailbox, new ones first; raises CommandRefused for an unknown name."""
    if mailbox not in floor.office.mailboxes:
        raise unknown("mailbox", mailbox, floor.office.mailboxes, "softswitch voicemail list")
    return [
        {
            "message": message.message,
            "caller": message.caller,
            "left_at": rfc3339(message.left, floor.office.timezone),
            "seconds": round(message.seconds, SECONDS_DIGITS),
            "is_new": message.is_new,
            "call": message.call,
            "path": message.path,
        }
        for message in floor.mailboxes.messages(mailbox)
    ]


def _state(floor: Floor, callback: Callback) -> str:
    call = floor.calls.get(callback.call or "")
    if call is None:
        return "pausing"
    return "waiting" if call.state == "waiting" else "ringing"
