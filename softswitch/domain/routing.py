"""A caller's way: from the INVITE to where he is served, and on from there when a queue cannot serve him.

Whatever cannot be routed is refused with its cause, and recorded like every other call. A queue that is closed, full
or without the agents it asks for, or whose first overflow step says so, sends the caller on before he is answered; one
that does not serve him in time, or that he leaves by a key, sends him on answered, and a queue that he is sent to
counts the wait that he has earned. A chain of queues that do not take him is followed for at most `OVERFLOWS_MAX` steps
in one go, and a call is sent on at most `SENT_ON_MAX` times in all, so that queues that overflow into one another
cannot hold the switch.
"""

from __future__ import annotations

from typing import Final, assert_never

from softswitch.domain import (
    agent_line,
    announcing,
    asking_callback,
    direct,
    events,
    messages,
    opening,
    overflow,
    presenting,
    queueing,
    voicemail,
)
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause, Outcome
from softswitch.domain.ending import end
from softswitch.domain.events import VisitOutcome
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import FromPhone, FromTrunk, LegInvited
from softswitch.domain.leg import Leg
from softswitch.domain.numbers import Route, route
from softswitch.domain.office import (
    PRIORITY_S_MAX,
    Destination,
    Office,
    Terms,
    ToAgent,
    ToAgentLine,
    ToBusy,
    ToCallback,
    ToFeature,
    ToMessages,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
    ToVoicemail,
)
from softswitch.domain.outgoing import OFFICE, Principal, is_emergency_call

OVERFLOWS_MAX: Final = 8
SENT_ON_MAX: Final = 50
SAY_S_MAX: Final = 600.0
"""A sound that a caller is sent away with is over by then, whatever the media process says."""


def invited(floor: Floor, invitation: LegInvited, now: float) -> None:
    """Someone calls."""
    if invitation.leg in floor.legs:
        return
    call = _arrive(floor, invitation, now)
    found = route(floor.office, invitation.origin, invitation.dialled)
    is_emergency = isinstance(found, Route) and is_emergency_call(floor.office, found.destination)
    if floor.is_draining and not is_emergency:
        end(floor, call, Cause.DRAINING, "switch", now, outcome="refused")
    elif isinstance(found, Cause):
        end(floor, call, found, "switch", now, outcome="refused")
    elif invitation.media_fault is not None:
        end(floor, call, invitation.media_fault, "switch", now, outcome="failed")
    else:
        floor.tell(events.CallRouted(floor.wall(now), call.call, str(found.destination), found.rule))
        origin = invitation.origin
        principal = Principal("phone", origin.phone) if isinstance(origin, FromPhone) else OFFICE
        send(floor, call, found.destination, now, principal=principal)


def turn_away(floor: Floor, invitation: LegInvited, cause: Cause, now: float) -> None:
    """Someone calls whom we do not let in; it is recorded."""
    end(floor, _arrive(floor, invitation, now), cause, "switch", now, outcome="refused")


def waited_too_long(floor: Floor, call: Call, now: float) -> None:
    """`max_wait_s` is over, also while the call is presented: the caller is moved on."""
    assert call.queue is not None
    leave_for(floor, call, floor.plan(call.queue).overflow_to, Cause.MAX_WAIT, now)


def overflow_due(floor: Floor, call: Call, now: float) -> None:
    """The steps of the caller's queue are to be looked at; a call-back is offered once, then the next step counts."""
    assert call.queue is not None
    steps = floor.plan(call.queue).overflow
    if call.is_callback_asked:
        steps = tuple(step for step in steps if not isinstance(step.to, ToCallback))
    step = overflow.due(steps, queueing.situation(floor, call.queue, now, call))
    if step is None or isinstance(step.to, ToCallback):
        queueing.arm_overflow(floor, call, now)
    if step is not None:
        leave_for(floor, call, step.to, Cause.OVERFLOW_STEP, now)


def key_pressed(floor: Floor, call: Call, digit: str, now: float) -> None:
    """A key of a caller in line: it may lead elsewhere."""
    assert call.queue is not None
    destination = floor.plan(call.queue).keys.get(digit)
    if isinstance(destination, ToCallback):
        asking_callback.ask(floor, call, now)
    elif destination is not None:
        move_on(floor, call, destination, Cause.KEY_PRESSED, now)


def leave_for(floor: Floor, call: Call, destination: Destination, cause: Cause, now: float) -> None:
    """Moves a caller in line on; one who is to be offered a call-back stays where he is until he has one."""
    if not isinstance(destination, ToCallback):
        move_on(floor, call, destination, cause, now)
    elif not call.is_callback_asked and call.dialogue is None:
        asking_callback.ask(floor, call, now)


def look_at_staff(floor: Floor, now: float) -> None:
    """Agents came, went or paused: queues without anybody raise the alarm, and send on whom they must not keep."""
    floor.is_presence_changed = False
    for name, queue in list(floor.queues.items()):
        is_watched = not queue.is_retired and opening.is_open(floor, queue, now)
        is_unstaffed = is_watched and not queueing.has_staff(floor, name, "ready")
        if is_unstaffed != queue.is_unstaffed:
            queue.is_unstaffed = is_unstaffed
            floor.lamps_due[name] = None
            at = floor.wall(now)
            floor.tell(events.QueueUnstaffed(at, name) if is_unstaffed else events.QueueStaffed(at, name))
        if queue.line and not queueing.has_staff(floor, name, queue.plan.stay_needs):
            for call in [floor.calls[call] for call in queue.line]:
                if call.callback is None:
                    leave_for(floor, call, queue.plan.overflow_to, Cause.NO_AGENTS, now)


def forget_queues(floor: Floor, office: Office, now: float) -> None:
    """Before a reload: of a queue that it takes away neither a hot prompt nor an alarm is left."""
    for name, queue in floor.queues.items():
        if name in office.queues:
            continue
        if queue.hot_prompt is not None:
            announcing.switch_hot_prompt(floor, name, None, now, by="configuration")
        if queue.is_unstaffed:
            queue.is_unstaffed = False
            floor.tell(events.QueueStaffed(floor.wall(now), name))
        floor.lamps_due[name] = None


def move_on(floor: Floor, call: Call, destination: Destination, cause: Cause, now: float) -> None:
    """Takes a caller out of his queue, in line or presented, and sends him on."""
    assert call.queue is not None
    name, entered_at = call.queue, call.entered_at
    presenting.close_for(floor, call, "withdrawn", cause, now)
    queueing.leave(floor, call, outcome_of(destination), cause, now)
    _sent_on(floor, call, name, destination, cause, now)
    send(floor, call, destination, now, entered_at=entered_at, principal=Principal("queue", name))


def send(
    floor: Floor,
    call: Call,
    destination: Destination,
    now: float,
    *,
    entered_at: float | None = None,
    by: str = "arrival",
    principal: Principal = OFFICE,
) -> None:
    """Sends a caller to where he is served. `entered_at`: since when his wait counts, if he waited already.

    `principal`: for whom he is sent out of the house, if that is where it leads; a queue sends on for itself.
    """
    for _ in range(OVERFLOWS_MAX):
        if call.overflows > SENT_ON_MAX:
            break
        match destination:
            case ToQueue(queue=name):
                if name not in floor.queues:
                    end(floor, call, Cause.UNREACHABLE, "switch", now)
                    return
                turned_away = _turned_away(floor, name, now)
                if turned_away is None:
                    came_by = by if call.overflow is None or by != "arrival" else "overflow"
                    queueing.enter(floor, call, name, now, entered_at=entered_at, by=came_by)
                    return
                destination, outcome, cause = turned_away
                principal = Principal("queue", name)
                if isinstance(destination, ToCallback):
                    asking_callback.ask_at_door(floor, call, name, now)
                    return
                floor.tell(events.QueueLeft(floor.wall(now), call.call, name, outcome, cause, wait_s=0.0))
                _sent_on(floor, call, name, destination, cause, now)
            case ToSay(sound=sound):
                _say(floor, call, sound, now)
                return
            case ToBusy():
                refusal: Outcome = "refused" if call.overflow is None else "overflowed"
                end(floor, call, Cause.BUSY_DESTINATION, "switch", now, outcome=refusal)
                return
            case ToPhone() | ToAgent() | ToNumber():
                direct.ring(floor, call, destination, now, principal)
                return
            case ToAgentLine():
                agent_line.begin(floor, call, now)
                return
            case ToFeature(presence=presence):
                agent_line.dial_code(floor, call, presence, now)
                return
            case ToVoicemail(mailbox=mailbox):
                voicemail.begin(floor, call, mailbox, now)
                return
            case ToMessages():
                messages.begin(floor, call, now)
                return
            case ToCallback():
                end(floor, call, Cause.UNREACHABLE, "switch", now)
                return
            case _:
                assert_never(destination)
    end(floor, call, Cause.QUEUE_FULL, "switch", now, outcome="overflowed")


def outcome_of(destination: Destination) -> VisitOutcome:
    """What a queue visit comes to that leads there."""
    if isinstance(destination, ToVoicemail):
        return "to-voicemail"
    return "to-callback" if isinstance(destination, ToCallback) else "overflowed"


def said(floor: Floor, call: Call, now: float) -> None:
    """The sound that the caller was sent away with is through."""
    end(floor, call, Cause.SAID, "switch", now)


def _turned_away(floor: Floor, name: str, now: float) -> tuple[Destination, VisitOutcome, Cause] | None:
    """Where a caller at the queue's door is sent instead, as what it counts and why; None when he may enter."""
    queue = floor.queues[name]
    plan = queue.plan
    if not opening.is_open(floor, queue, now):
        return plan.closed_to, "closed", Cause.CLOSED
    if queue.is_full:
        return plan.overflow_to, outcome_of(plan.overflow_to), Cause.QUEUE_FULL
    if not queueing.has_staff(floor, name, plan.join_needs):
        return plan.overflow_to, outcome_of(plan.overflow_to), Cause.NO_AGENTS
    step = overflow.due(plan.overflow, queueing.situation(floor, name, now)) if plan.overflow else None
    return None if step is None else (step.to, outcome_of(step.to), Cause.OVERFLOW_STEP)


_NO_TERMS: Final = Terms()


def _arrive(floor: Floor, invitation: LegInvited, now: float) -> Call:
    origin = invitation.origin
    floor.calls_made += 1
    terms = floor.office.terms.get(invitation.dialled, _NO_TERMS)
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
        priority_s=min(PRIORITY_S_MAX, terms.priority_s + floor.office.vips.get(invitation.caller, 0.0)),
        skills=terms.skills,
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
            diverted_from=invitation.diverted_from,
        )
    )
    device = ToPhone(origin.phone) if isinstance(origin, FromPhone) else None
    floor.add_leg(Leg(call.leg, call.call, "invited", device, floor.people(device)), now)
    for agent in floor.people(device):
        presenting.withdraw_from(floor, agent, Cause.BUSY, now)
    return call


def _sent_on(floor: Floor, call: Call, queue: str, destination: Destination, cause: Cause, now: float) -> None:
    call.overflow = cause
    call.overflows += 1
    floor.tell(events.CallRouted(floor.wall(now), call.call, str(destination), f"overflow of {queue}: {cause.value}"))


def _say(floor: Floor, call: Call, sound: str, now: float) -> None:
    call.change("direct", now)
    queueing.answer(floor, call, now)
    call.is_saying = True
    floor.deadlines.set("say", call.call, now + SAY_S_MAX)
    floor.play(call, once=(sound,))
