"""Promises to call somebody back: what is promised, how it stands in line, and its one end.

A call-back stands in its queue's line as a call whose caller is not there. When its turn comes, an agent is reserved
and rung like for any caller; only when she is on the line is the customer rung, so that nobody is called by a machine
and left waiting. What comes of that is in `calling_back`. Every promise has exactly one end and survives a restart of
the switch.

Whether a number may be called is asked when it is promised, and again when it is rung, as for every way out of the
house.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain import dialling, events, queueing
from softswitch.domain.call import Call
from softswitch.domain.callback import Callback
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import FromCallback
from softswitch.domain.leg import Leg
from softswitch.domain.office import CallbackPlan, ToNumber
from softswitch.domain.outgoing import Principal

RINGBACK: Final = "ringback"
CALLBACKS_MAX: Final = 10_000
_STANDARD: Final = CallbackPlan(may_call=())


def promise(floor: Floor, call: Call, queue: str, number: str, entered_at: float, now: float) -> None:
    """The caller is to be called at this number, in the place that he has."""
    floor.callbacks_made += 1
    callback = Callback(
        callback=f"{floor.ids}-cb{floor.callbacks_made}",
        queue=queue,
        number=number,
        requested_at=now,
        entered_at=entered_at,
        priority_s=call.priority_s,
        skills=call.skills,
    )
    floor.tell(
        events.CallbackRequested(
            floor.wall(now),
            call.call,
            callback.callback,
            queue,
            number,
            floor.wall(entered_at),
            call.priority_s,
            dict(call.skills),
        )
    )
    keep(floor, callback, now)


def keep(floor: Floor, callback: Callback, now: float) -> None:
    """A call-back that was promised, just now or before a restart: in line, or when its pause is over."""
    floor.callbacks[callback.callback] = callback
    keep_s = plan_of(floor, callback).keep_s
    floor.deadlines.set("callback-keep", callback.callback, callback.requested_at + keep_s)
    if callback.again_at is None or callback.again_at <= now:
        come_into_line(floor, callback, now)
    else:
        floor.deadlines.set("callback-again", callback.callback, callback.again_at)


def come_into_line(floor: Floor, callback: Callback, now: float) -> None:
    """It waits for an agent from now on; a switch that drains leaves it to the next start."""
    if floor.is_draining:
        return
    if callback.queue not in floor.queues:
        finish(floor, callback, "withdrawn", now)
        return
    call = floor.make_call(FromCallback(callback.callback), callback.number, callback.number, now)
    call.priority_s, call.skills, call.callback = callback.priority_s, callback.skills, callback.callback
    callback.call, callback.again_at = call.call, None
    at, name = floor.wall(now), call.call
    floor.tell(events.CallArrived(at, name, call.leg, call.caller, "", call.dialled, callback=callback.callback))
    floor.tell(events.CallRouted(at, name, f"queue:{callback.queue}", f"call-back {callback.callback}"))
    queueing.enter(floor, call, callback.queue, now, entered_at=callback.entered_at, by="callback")


def ring_customer(floor: Floor, call: Call, leg: Leg, now: float) -> None:
    """The agent is on the line: now the customer is rung, and she hears it."""
    callback = floor.callbacks[call.callback or ""]
    call.change("dialling", now)
    floor.play_to(call, leg, loop=(RINGBACK,))
    floor.deadlines.set("callback-ring", call.call, now + plan_of(floor, callback).ring_s)
    device = Leg(call.leg, call.call, "dialling", ToNumber(callback.number))
    dialling.dial(floor, call, device, now, by=Principal("queue", callback.queue), caller=call.caller)


def lost(floor: Floor, call: Call, now: float) -> None:
    """The call that stood for a call-back was ended by command or by a fault: the promise stands."""
    callback = floor.callbacks.get(call.callback or "")
    if callback is not None and callback.call == call.call:
        callback.call = None
        callback.again_at = now + plan_of(floor, callback).pause_s
        floor.deadlines.set("callback-again", callback.callback, callback.again_at)


def finish(floor: Floor, callback: Callback, outcome: events.CallbackOutcome, now: float) -> None:
    """The one end of a call-back."""
    if floor.callbacks.pop(callback.callback, None) is not None:
        floor.deadlines.drop_all(callback.callback)
        floor.tell(events.CallbackEnded(floor.wall(now), callback.callback, callback.queue, outcome, callback.call))


def plan_of(floor: Floor, callback: Callback) -> CallbackPlan:
    """How its queue calls back by now; the standard where the queue does so no more."""
    queue = floor.queues.get(callback.queue)
    return (None if queue is None else queue.plan.callback) or _STANDARD
