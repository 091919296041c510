"""What a telephone asks for by itself: give the other side of my talk on, join my two talks, let me take that place.

Blind transfer: whoever talks keys a destination; the other side goes there at once, by the telephone's own dial plan
and rights. Attended transfer: he has a second talk, or rings there, and wants the two others joined; what only rings is
rung anew for the one who is given on. Taking a place: another telephone of the same people comes in for the one that
talks. Only a telephone of the house may ask, only in a talk of two, and it is answered at once: from then on the talk
is the switch's care, and what fails then comes back to the queue as after any transfer (`transferring`).

Of two calls that become one, the queue's goes on, with its history and its recording; the other ends as transferred.
When the one who asks placed the call himself, whoever he called takes the caller's place in it.
"""

from __future__ import annotations

from softswitch.domain import actions, events, forwarding, holding, presenting, recording, routing, transferring
from softswitch.domain.call import Call, Connection
from softswitch.domain.causes import Cause
from softswitch.domain.ending import end
from softswitch.domain.floor import Floor
from softswitch.domain.forwarding import Place
from softswitch.domain.inputs import FromPhone, LegInvited, LegReferred
from softswitch.domain.leg import Leg
from softswitch.domain.office import ToNumber, ToPhone
from softswitch.domain.outgoing import Principal
from softswitch.domain.transferring import TRANSFERS_MAX


def referred(floor: Floor, wish: LegReferred, now: float) -> None:
    """A telephone wants the other side of its talk given on."""
    leg = floor.legs.get(wish.leg)
    if leg is None:
        return
    other = None if wish.other is None else floor.legs.get(wish.other)
    far = _far(floor, leg)
    if far is None or not isinstance(leg.device, ToPhone) or (wish.other is not None and other is None):
        _refuse(floor, leg, Cause.NOT_ALLOWED)
    elif other is not None and _far(floor, other) is not None:
        _join(floor, leg, other, now)
    else:
        _send(floor, leg, far, other, wish.to, now)


def takes_place(floor: Floor, invitation: LegInvited, now: float) -> None:
    """A telephone calls in order to come in for one that talks; whoever may not is refused like any caller."""
    old, origin = floor.legs.get(invitation.replaces or ""), invitation.origin
    refusal = invitation.media_fault
    if old is None or not isinstance(origin, FromPhone) or not _may_take(floor, origin.phone, old):
        refusal = Cause.NOT_ALLOWED
    if refusal is not None or old is None or not isinstance(origin, FromPhone):
        routing.turn_away(floor, invitation, refusal or Cause.NOT_ALLOWED, now)
        return
    call = floor.calls[old.call]
    device = ToPhone(origin.phone)
    new = Leg(invitation.leg, call.call, "invited", device, floor.people(device))
    floor.add_leg(new, now)
    new.change("answered")
    floor.ask(actions.AnswerLeg(new.leg))
    for agent in new.agents:
        presenting.withdraw_from(floor, agent, Cause.BUSY, now)
    _far_of(floor, old).is_waiting = False
    connection = call.connection
    assert connection is not None
    if old.leg == call.leg:
        floor.stop_playing(call)
        recording.stop(floor, call, now)
        call.leg = new.leg
    else:
        floor.stop_playing_to(old)
        call.dialled_legs.append(new.leg)
        connection.leg = new.leg
        floor.tell(events.CallParted(floor.wall(now), call.call, old.leg, connection.agent))
        transferring.tell_connected(floor, call, new.leg, connection.agent, now)
    floor.give_up(old.leg, Cause.TRANSFERRED, now)
    transferring.rejoin(floor, call, now)


def _send(floor: Floor, leg: Leg, far: Leg, other: Leg | None, dialled: str, now: float) -> None:
    """Blind; with `other`, a call that the telephone has placed and that nobody has answered yet."""
    assert isinstance(leg.device, ToPhone)
    call = floor.calls[leg.call]
    if other is not None:
        placed = floor.calls[other.call]
        if placed is call or other.leg != placed.leg:
            _refuse(floor, leg, Cause.NOT_ALLOWED)
            return
        dialled = placed.dialled
    principal = Principal("phone", leg.device.phone)
    destination = _place(floor, call, dialled, principal, now)
    if isinstance(destination, Cause):
        _refuse(floor, leg, destination)
        return
    floor.ask(actions.AnswerReferral(leg.leg, None))
    if other is not None:
        end(floor, floor.calls[other.call], Cause.TRANSFERRED, "caller", now)
    if leg.leg == call.leg:
        _send_called(floor, call, far, destination, now, principal)
    else:
        transferring.give_on(floor, call, destination, now, by=str(principal), principal=principal)


def _place(floor: Floor, call: Call, dialled: str, principal: Principal, now: float) -> Place | Cause:
    if call.transfers >= TRANSFERS_MAX:
        return Cause.NOT_ALLOWED
    return forwarding.place(floor, call, dialled, principal, now)


def _send_called(floor: Floor, call: Call, far: Leg, destination: Place, now: float, principal: Principal) -> None:
    """The caller himself gives on whom he called."""
    assert call.connection is not None
    holding.leave(floor, call, far.leg)
    call.transfers += 1
    floor.tell(events.CallTransferred(floor.wall(now), call.call, str(destination), str(principal)))
    _take_callers_place(floor, call, far, now)
    routing.send(floor, call, destination, now, by="transfer", principal=principal)


def _join(floor: Floor, leg: Leg, other: Leg, now: float) -> None:
    """Attended: the far ends of the telephone's two talks are joined."""
    kept, spent = leg, other
    if leg.leg == floor.calls[leg.call].leg and other.leg != floor.calls[other.call].leg:
        kept, spent = other, leg
    call, ending = floor.calls[kept.call], floor.calls[spent.call]
    if call is ending or leg.device != other.device or call.transfers >= TRANSFERS_MAX:
        _refuse(floor, leg, Cause.NOT_ALLOWED)
        return
    floor.ask(actions.AnswerReferral(leg.leg, None))
    comer, connection = _far_of(floor, spent), ending.connection
    assert connection is not None
    agent = connection.agent if comer.leg == connection.leg else None
    who = comer.device or ToNumber(ending.caller)
    _free(floor, ending, spent, comer, now)
    call.transfers += 1
    floor.tell(events.CallTransferred(floor.wall(now), call.call, str(who), str(leg.device)))
    stays = _far_of(floor, kept)
    if kept.leg == call.leg:
        if stays.is_waiting:
            floor.stop_playing_to(stays)
        _take_callers_place(floor, call, stays, now)
    else:
        transferring.part(floor, call, kept.leg, Cause.TRANSFERRED, now)
    stays.is_waiting = False
    comer.call = call.call
    call.dialled_legs.append(comer.leg)
    floor.engage(comer, now)
    call.connection = Connection(comer.leg, agent, None)
    floor.tell(events.CallConnected(floor.wall(now), call.call, comer.leg, str(who), agent))
    transferring.rejoin(floor, call, now)


def _free(floor: Floor, call: Call, leg: Leg, comer: Leg, now: float) -> None:
    """Takes one end out of a call, and ends it with the other, the telephone that asked."""
    holding.leave(floor, call, comer.leg)
    is_placed = leg.leg == call.leg
    if is_placed:
        floor.stop_playing_to(comer)
        call.dialled_legs.remove(comer.leg)
    else:
        floor.stop_playing(call)
        call.leg = leg.leg
    end(floor, call, Cause.TRANSFERRED, "caller" if is_placed else "agent", now)


def _take_callers_place(floor: Floor, call: Call, heir: Leg, now: float) -> None:
    """Whoever was called is the caller from now on, and the telephone that called is let go."""
    connection, caller = call.connection, call.leg
    assert connection is not None
    floor.stop_playing(call)
    floor.stop_playing_to(heir)
    recording.stop(floor, call, now)
    call.leg = heir.leg
    call.dialled_legs.remove(heir.leg)
    call.called_agent = call.worst = None
    if isinstance(heir.device, ToPhone):
        call.caller, call.caller_name = heir.device.phone, floor.phone_name(heir.device.phone)
    elif isinstance(heir.device, ToNumber):
        call.caller, call.caller_name = heir.device.number, ""
    transferring.end_talk(floor, call, connection, now)
    floor.give_up(caller, Cause.TRANSFERRED, now)


def _far(floor: Floor, leg: Leg) -> Leg | None:
    return holding.other_end(floor, floor.calls[leg.call], leg)


def _far_of(floor: Floor, leg: Leg) -> Leg:
    far = _far(floor, leg)
    assert far is not None, "a talk of two was looked at before"
    return far


def _may_take(floor: Floor, phone: str, old: Leg) -> bool:
    """The same telephone at another place, or another one of the agent; of her who talks, where several share one."""
    if not isinstance(old.device, ToPhone) or _far(floor, old) is None:
        return False
    connection, people = floor.calls[old.call].connection, floor.people(ToPhone(phone))
    if connection is not None and connection.leg == old.leg and connection.agent is not None:
        return connection.agent in people
    return old.device.phone == phone or not set(people).isdisjoint(old.agents)


def _refuse(floor: Floor, leg: Leg, cause: Cause) -> None:
    floor.ask(actions.AnswerReferral(leg.leg, cause))
