"""A caller's way: from the INVITE to where he is served, and on from there when a queue cannot serve him.

Whatever cannot be routed is refused with its cause, and recorded like every other call. A queue that is full sends the
caller on before he is answered; one in which he waited too long sends him on answered. A chain of full queues is
followed for at most `OVERFLOWS_MAX` steps in one go, so that queues that overflow into one another cannot hold the
switch.
"""

from __future__ import annotations

from typing import Final, assert_never

from softswitch.domain import direct, events, presenting, queueing
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause, Outcome
from softswitch.domain.ending import end
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import FromPhone, FromTrunk, LegInvited
from softswitch.domain.leg import Leg
from softswitch.domain.numbers import route
from softswitch.domain.office import Destination, QueuePlan, ToAgent, ToBusy, ToNumber, ToPhone, ToQueue, ToSay

OVERFLOWS_MAX: Final = 8
SAY_S_MAX: Final = 600.0
"""A sound that a caller is sent away with is over by then, whatever the media process says."""


def invited(floor: Floor, invitation: LegInvited, now: float) -> None:
    """Someone calls."""
    if invitation.leg in floor.legs:
        return
    call = _arrive(floor, invitation, now)
    found = route(floor.office, invitation.origin, invitation.dialled)
    if floor.is_draining:
        end(floor, call, Cause.DRAINING, "switch", now, outcome="refused")
    elif isinstance(found, Cause):
        end(floor, call, found, "switch", now, outcome="refused")
    elif invitation.media_fault is not None:
        end(floor, call, invitation.media_fault, "switch", now, outcome="failed")
    else:
        floor.tell(events.CallRouted(floor.wall(now), call.call, str(found.destination), found.rule))
        _send(floor, call, found.destination, now)


def waited_too_long(floor: Floor, call: Call, now: float) -> None:
    """`max_wait_s` is over, also while the call is presented: the caller is moved on."""
    assert call.queue is not None
    plan = floor.plan(call.queue)
    presenting.close_for(floor, call, "withdrawn", Cause.MAX_WAIT, now)
    queueing.leave(floor, call, "overflowed", Cause.MAX_WAIT, now)
    _overflow(floor, call, plan, Cause.MAX_WAIT, now)
    _send(floor, call, plan.overflow_to, now)


def said(floor: Floor, call: Call, now: float) -> None:
    """The sound that the caller was sent away with is through."""
    end(floor, call, Cause.SAID, "switch", now)


def _arrive(floor: Floor, invitation: LegInvited, now: float) -> Call:
    origin = invitation.origin
    floor.calls_made += 1
    call = Call(
        call=f"{floor.ids}-{floor.calls_made}",
        leg=invitation.leg,
        origin=origin,
        caller=invitation.caller,
        caller_name=invitation.caller_name,
        dialled=invitation.dialled,
        arrived_at=now,
        changed_at=now,
        hops_left=invitation.hops_left - 1,
    )
    floor.calls[call.call] = call
    floor.tell(
        events.CallArrived(
            floor.wall(now),
            call.call,
            call.leg,
            call.caller,
            call.caller_name,
            call.dialled,
            trunk=origin.trunk if isinstance(origin, FromTrunk) else None,
            phone=origin.phone if isinstance(origin, FromPhone) else None,
        )
    )
    device = ToPhone(origin.phone) if isinstance(origin, FromPhone) else None
    floor.add_leg(Leg(call.leg, call.call, "invited", device, floor.people(device)), now)
    for agent in floor.people(device):
        presenting.withdraw_from(floor, agent, Cause.BUSY, now)
    return call


def _send(floor: Floor, call: Call, destination: Destination, now: float) -> None:
    for _ in range(OVERFLOWS_MAX):
        match destination:
            case ToQueue(queue=name):
                queue = floor.queues.get(name)
                if queue is None:
                    end(floor, call, Cause.UNREACHABLE, "switch", now)
                    return
                if not queue.is_full:
                    queueing.enter(floor, call, name, now)
                    return
                plan = queue.plan
                floor.tell(
                    events.QueueLeft(floor.wall(now), call.call, name, "overflowed", Cause.QUEUE_FULL, wait_s=0.0)
                )
                _overflow(floor, call, plan, Cause.QUEUE_FULL, now)
                destination = plan.overflow_to
            case ToSay(sound=sound):
                _say(floor, call, sound, now)
                return
            case ToBusy():
                outcome: Outcome = "refused" if call.overflow is None else "overflowed"
                end(floor, call, Cause.BUSY_DESTINATION, "switch", now, outcome=outcome)
                return
            case ToPhone() | ToAgent() | ToNumber():
                direct.ring(floor, call, destination, now)
                return
            case _:
                assert_never(destination)
    end(floor, call, Cause.QUEUE_FULL, "switch", now, outcome="overflowed")


def _overflow(floor: Floor, call: Call, plan: QueuePlan, cause: Cause, now: float) -> None:
    call.overflow = cause
    floor.tell(
        events.CallRouted(floor.wall(now), call.call, str(plan.overflow_to), f"overflow of {plan.queue}: {cause.value}")
    )


def _say(floor: Floor, call: Call, sound: str, now: float) -> None:
    call.change("direct", now)
    queueing.answer(floor, call, now)
    call.is_saying = True
    floor.deadlines.set("say", call.call, now + SAY_S_MAX)
    floor.play(call, once=(sound,))
