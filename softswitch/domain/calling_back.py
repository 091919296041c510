"""Calling back: what comes of it when an agent is on the line and the customer is rung.

He answers: the two are joined. He does not: the agent is free at once, and after a pause the call-back is in line again
with the wait that it has earned, `tries` times in all. If she hangs up before he answers, it was no try. A promise that
is older than `keep_s` is given up. The promises themselves are in `promising`.
"""

from __future__ import annotations

from softswitch.domain import events, joining, presence, presenting, promising, queueing
from softswitch.domain.call import Call
from softswitch.domain.callback import Callback
from softswitch.domain.causes import Cause
from softswitch.domain.ending import end
from softswitch.domain.floor import Floor


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
    promising.finish(floor, callback, "connected", now)
    call.callback = None


def not_reached(floor: Floor, call: Call, cause: Cause, now: float) -> None:
    """The customer did not answer; his leg is dropped already, or is given up here."""
    callback = floor.callbacks[call.callback or ""]
    callback.tries += 1
    plan = promising.plan_of(floor, callback)
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
        promising.finish(floor, callback, "gave-up", now)
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
    promising.come_into_line(floor, callback, now)


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
    promising.finish(floor, callback, "withdrawn", now)
    if call is not None:
        end(floor, call, Cause.BY_COMMAND, "switch", now)


def too_old(floor: Floor, callback: Callback, now: float) -> None:
    """It was kept for `keep_s`; one whose customer rings just now is looked at again when that is over."""
    call = floor.calls.get(callback.call or "")
    if call is not None and call.state == "dialling":
        floor.deadlines.set("callback-keep", callback.callback, now + promising.plan_of(floor, callback).ring_s)
        return
    promising.finish(floor, callback, "gave-up", now)
    if call is not None:
        end(floor, call, Cause.MAX_WAIT, "switch", now)


def _part(floor: Floor, call: Call, cause: Cause, now: float) -> None:
    """Agent and customer are let go of before they met."""
    floor.deadlines.drop("callback-ring", call.call)
    connection, call.connection = call.connection, None
    queueing.leave_unmet(floor, call, cause, now)
    floor.give_up(call.leg, Cause.CANCELLED, now)
    if connection is not None:
        floor.give_up(connection.leg, Cause.CALLER_GONE, now)
    presenting.close_for(floor, call, "withdrawn", Cause.CALLER_GONE, now)
