"""Calling back: from the promise to the talk, or to its one other end.

A call-back stands in its queue's line as a call whose caller is not there. When its turn comes, an agent is reserved
and rung like for any caller; only when she is on the line is the customer rung, so that nobody is called by a machine
and left waiting. He answers: the two are joined. He does not: the agent is free at once, and after a pause the
call-back is in line again with the wait that it has earned, `tries` times in all. If she hangs up before he answers,
it was no try. Every call-back has exactly one end, survives a restart of the switch, and is given up when it is older
than `keep_s`.

Whether a number may be called is asked of `numbers`, as for every way out of the house.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain import actions, events, joining, presence, presenting, queueing
from softswitch.domain.call import Call
from softswitch.domain.callback import Callback
from softswitch.domain.causes import Cause
from softswitch.domain.ending import end
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import FromCallback
from softswitch.domain.leg import Leg
from softswitch.domain.office import CallbackPlan, ToNumber

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
    keep_s = _plan(floor, callback).keep_s
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
    floor.calls_made += 1
    name = f"{floor.ids}-{floor.calls_made}"
    call = Call(
        call=name,
        leg=f"{name}-l0",
        origin=FromCallback(callback.callback),
        caller=callback.number,
        caller_name="",
        dialled=callback.number,
        arrived_at=now,
        changed_at=now,
        priority_s=callback.priority_s,
        skills=callback.skills,
        callback=callback.callback,
    )
    callback.call, callback.again_at = name, None
    floor.calls[name] = call
    at = floor.wall(now)
    floor.tell(events.CallArrived(at, name, call.leg, call.caller, "", call.dialled, callback=callback.callback))
    floor.tell(events.CallRouted(at, name, f"queue:{callback.queue}", f"call-back {callback.callback}"))
    queueing.enter(floor, call, callback.queue, now, entered_at=callback.entered_at, by="callback")


def dial(floor: Floor, call: Call, leg: Leg, now: float) -> None:
    """The agent is on the line: now the customer is rung, and she hears it."""
    callback = floor.callbacks[call.callback or ""]
    call.change("dialling", now)
    floor.play_to(call, leg, loop=(RINGBACK,))
    device = ToNumber(callback.number)
    floor.add_leg(Leg(call.leg, call.call, "dialling", device), now)
    floor.deadlines.set("callback-ring", call.call, now + _plan(floor, callback).ring_s)
    floor.tell(events.LegDialled(floor.wall(now), call.call, call.leg, str(device)))
    floor.ask(actions.DialLeg(call.leg, call.call, device, call.caller, "", call.hops_left))


def answered(floor: Floor, call: Call, now: float) -> None:
    """The customer is there: the two are joined, and from now on it is a call like any other."""
    callback = floor.callbacks[call.callback or ""]
    assert call.connection is not None
    floor.deadlines.drop("callback-ring", call.call)
    floor.legs[call.leg].change("answered")
    call.is_answered = True
    floor.tell(events.CallAnswered(floor.wall(now), call.call))
    call.change("talking", now)
    leg = floor.legs[call.connection.leg]
    floor.stop_playing_to(leg)
    joining.connect(floor, call, leg, now)
    finish(floor, callback, "connected", now)
    call.callback = None


def not_reached(floor: Floor, call: Call, cause: Cause, now: float) -> None:
    """The customer did not answer; his leg is dropped already, or is given up here."""
    callback = floor.callbacks[call.callback or ""]
    callback.tries += 1
    plan = _plan(floor, callback)
    again_at = now + plan.pause_s if callback.tries < plan.tries else None
    floor.tell(
        events.CallbackTried(
            floor.wall(now),
            call.call,
            callback.callback,
            cause,
            callback.tries,
            None if again_at is None else floor.wall(again_at),
        )
    )
    _part(floor, call, cause, now)
    callback.call, callback.again_at = None, again_at
    end(floor, call, cause, "agent", now, outcome="failed")
    if again_at is None:
        finish(floor, callback, "gave-up", now)
    else:
        floor.deadlines.set("callback-again", callback.callback, again_at)


def agent_gone(floor: Floor, call: Call, cause: Cause, now: float) -> None:
    """The agent left before the customer answered: it was no try, and the call-back is in its place again."""
    callback = floor.callbacks[call.callback or ""]
    agent = None if call.connection is None else floor.agents.get(call.connection.agent or "")
    _part(floor, call, cause, now)
    if agent is not None:
        presence.back_off(floor, agent, presence.BACKOFF_DECLINED_S, now)
    callback.call = None
    end(floor, call, cause, "agent", now, outcome="failed")
    come_into_line(floor, callback, now)


def lost(floor: Floor, call: Call, now: float) -> None:
    """The call that stood for a call-back was ended by command or by a fault: the promise stands."""
    callback = floor.callbacks.get(call.callback or "")
    if callback is not None and callback.call == call.call:
        callback.call = None
        callback.again_at = now + _plan(floor, callback).pause_s
        floor.deadlines.set("callback-again", callback.callback, callback.again_at)


def sleep(floor: Floor, now: float) -> None:
    """The switch drains: promises stand, and nobody is rung for them any more."""
    for callback in tuple(floor.callbacks.values()):
        call = floor.calls.get(callback.call or "")
        if call is not None and call.state in ("waiting", "presenting"):
            callback.call = None
            end(floor, call, Cause.DRAINING, "switch", now)


def withdraw(floor: Floor, callback: Callback, now: float) -> None:
    """Somebody in charge, or its age, ends the promise."""
    call = floor.calls.get(callback.call or "")
    finish(floor, callback, "withdrawn", now)
    if call is not None:
        end(floor, call, Cause.BY_COMMAND, "switch", now)


def too_old(floor: Floor, callback: Callback, now: float) -> None:
    """It was kept for `keep_s`; one whose customer rings just now is looked at again when that is over."""
    call = floor.calls.get(callback.call or "")
    if call is not None and call.state == "dialling":
        floor.deadlines.set("callback-keep", callback.callback, now + _plan(floor, callback).ring_s)
        return
    finish(floor, callback, "gave-up", now)
    if call is not None:
        end(floor, call, Cause.MAX_WAIT, "switch", now)


def finish(floor: Floor, callback: Callback, outcome: events.CallbackOutcome, now: float) -> None:
    """The one end of a call-back."""
    if floor.callbacks.pop(callback.callback, None) is not None:
        floor.deadlines.drop_all(callback.callback)
        floor.tell(events.CallbackEnded(floor.wall(now), callback.callback, callback.queue, outcome, callback.call))


def _part(floor: Floor, call: Call, cause: Cause, now: float) -> None:
    """Agent and customer are let go of before they met."""
    floor.deadlines.drop("callback-ring", call.call)
    connection, call.connection = call.connection, None
    queueing.leave_unmet(floor, call, cause, now)
    floor.give_up(call.leg, Cause.CANCELLED, now)
    if connection is not None:
        floor.give_up(connection.leg, Cause.CALLER_GONE, now)
    presenting.close_for(floor, call, "withdrawn", Cause.CALLER_GONE, now)


def _plan(floor: Floor, callback: Callback) -> CallbackPlan:
    queue = floor.queues.get(callback.queue)
    return (None if queue is None else queue.plan.callback) or _STANDARD
