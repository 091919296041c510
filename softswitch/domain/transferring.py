"""Transfers: whoever talks with a caller gives him on, asks somebody first, or brings a third person in.

A blind transfer sends the caller on at once, to a queue (where his history goes on), a person, a phone or a number. To
consult, the caller hears music while somebody is rung and talked with; then the talk is handed over (`complete`), all
come together (`conference`), or the caller is taken back (`take_back`). Whoever hangs up while consulting hands over: a
caller is never dropped because his agent left, and if nobody answers he is in his queue again. The first end of a talk
that hangs up in a conference leaves it to the others; it ends with the caller, or when he is alone.

Agents are engaged as long as their legs are up, and each has wrap-up for a queue's call when she leaves it.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from softswitch.domain import actions, dialling, direct, events, holding, queueing, recording, routing, wrapping_up
from softswitch.domain.call import Call, Connection, Consult
from softswitch.domain.causes import Cause
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import EndConsult, LegId
from softswitch.domain.leg import Leg
from softswitch.domain.office import Destination, ToAgent, ToNumber, ToPhone, ToQueue
from softswitch.domain.outgoing import OFFICE, Denied, Principal, may_leave
from softswitch.domain.refusals import CommandRefused

BY_COMMAND: Final = "command"
PARTIES_MAX: Final = 30
CONSULT_RING_S: Final = 45.0
TRANSFERS_MAX: Final = 50
"""So often one caller can be given on; then whoever has him keeps him."""


_Ringable: TypeAlias = ToAgent | ToPhone | ToNumber


def transfer(floor: Floor, call: Call, destination: Destination, now: float, *, by: str) -> None:
    """Gives the caller on at once; whoever had him is free."""
    connection = _talk(call)
    if call.transfers >= TRANSFERS_MAX:
        raise _refused(call, f"it was transferred TRANSFERS_MAX = {TRANSFERS_MAX} times")
    _check(floor, destination)
    principal = _for_whom(floor, connection, by)
    _check_way_out(floor, call, destination, principal)
    give_on(floor, call, destination, now, by=by, principal=principal)


def give_on(floor: Floor, call: Call, destination: Destination, now: float, *, by: str, principal: Principal) -> None:
    """Whoever has the caller lets him go there, on the principal's account; everything was looked at before."""
    connection = _talk(call)
    is_apart = call.consult is not None
    if is_apart:
        _drop_consult(floor, call, now)
    call.transfers += 1
    call.fallback = call.queue or call.fallback
    floor.tell(events.CallTransferred(floor.wall(now), call.call, str(destination), by))
    recording.stop(floor, call, now)
    if not is_apart:
        holding.leave(floor, call, call.leg)
    for leg in (connection.leg, *tuple(call.parties)):
        part(floor, call, leg, Cause.TRANSFERRED, now)
    routing.send(floor, call, destination, now, by="transfer", principal=principal)


def consult(floor: Floor, call: Call, destination: Destination, now: float, *, by: str) -> None:
    """Rings somebody to be asked; the caller hears music meanwhile."""
    connection = _talk(call)
    if call.consult is not None:
        raise _refused(call, "somebody is being asked already")
    if len(call.parties) >= PARTIES_MAX:
        raise _refused(call, f"it has PARTIES_MAX = {PARTIES_MAX} people already")
    whom = _check(floor, destination)
    principal = _for_whom(floor, connection, by)
    _check_way_out(floor, call, destination, principal)
    devices = [] if isinstance(whom, ToQueue) else direct.free_devices(floor, whom, now)
    if not devices:
        raise CommandRefused(
            f"nobody can be reached at {destination}", f"call {call.call} goes on", "see softswitch agent list"
        )
    call.consult = Consult(destination, agent=destination.agent if isinstance(destination, ToAgent) else None)
    recording.stop(floor, call, now)
    for leg_id in (call.leg, connection.leg, *call.parties):
        holding.leave(floor, call, leg_id)
    floor.play(call, loop=holding.music(floor, call))
    floor.play_to(call, floor.legs[connection.leg], loop=(direct.RINGBACK,))
    for_whom = Principal("agent", destination.agent) if isinstance(destination, ToAgent) else principal
    for device in devices:
        leg = Leg(call.next_leg(), call.call, "dialling", device, floor.people(device))
        dialling.dial(floor, call, leg, now, by=for_whom, caller=call.caller, name=call.caller_name)
        call.dialled_legs.append(leg.leg)
        call.consult.legs[leg.leg] = None
    floor.deadlines.set("consult", call.call, now + CONSULT_RING_S)


def end_consult(floor: Floor, call: Call, wish: EndConsult, now: float) -> None:
    """As whoever asked wishes."""
    match wish.how:
        case "complete":
            complete(floor, call, now, by=wish.by)
        case "conference":
            conference(floor, call, now)
        case "take-back":
            take_back(floor, call, now)


def complete(floor: Floor, call: Call, now: float, *, by: str) -> None:
    """Hands the caller over to who was asked."""
    connection, asked = _talk(call), _asked(call)
    call.transfers += 1
    floor.tell(events.CallTransferred(floor.wall(now), call.call, str(asked.destination), by))
    call.consult = None
    assert asked.answered is not None
    floor.ask(actions.LeaveLeg(_room(call), asked.answered))
    part(floor, call, connection.leg, Cause.TRANSFERRED, now)
    _hand_over(floor, call, asked.answered, asked.agent, now)


def conference(floor: Floor, call: Call, now: float) -> None:
    """Brings the caller, whoever talks with him, and who was asked together."""
    connection, asked = _talk(call), _asked(call)
    assert asked.answered is not None
    call.consult = None
    floor.ask(actions.LeaveLeg(_room(call), connection.leg))
    floor.ask(actions.LeaveLeg(_room(call), asked.answered))
    call.parties[asked.answered] = asked.agent
    rejoin(floor, call, now)
    tell_connected(floor, call, asked.answered, asked.agent, now)


def take_back(floor: Floor, call: Call, now: float) -> None:
    """Lets go of who was asked, or is still rung, and goes back to the caller."""
    if call.consult is None:
        raise _refused(call, "nobody is being asked")
    _drop_consult(floor, call, now)
    rejoin(floor, call, now)


# What is told of the legs.


def consult_answered(floor: Floor, call: Call, leg: Leg, now: float) -> None:
    """Who was to be asked picked up: the two talk, without the caller."""
    asked = call.consult
    assert asked is not None
    assert call.connection is not None
    leg.change("answered")
    asked.answered = leg.leg
    floor.engage(leg, now)
    floor.deadlines.drop("consult", call.call)
    for other in tuple(asked.legs):
        if other != leg.leg:
            floor.give_up(other, Cause.ANSWERED_ELSEWHERE, now)
    asked.legs = {leg.leg: None}
    floor.stop_playing_to(floor.legs[call.connection.leg])
    floor.ask(actions.JoinLeg(_room(call), call.connection.leg))
    floor.ask(actions.JoinLeg(_room(call), leg.leg))


def consult_gone(floor: Floor, call: Call, leg: LegId, now: float) -> None:
    """Who was asked, or one of the devices, is gone; with the last, the caller is taken back."""
    asked = call.consult
    assert asked is not None
    asked.legs.pop(leg, None)
    if not asked.legs:
        _drop_consult(floor, call, now)
        rejoin(floor, call, now)


def consult_expired(floor: Floor, call: Call, now: float) -> None:
    """Nobody answered in time."""
    _drop_consult(floor, call, now)
    rejoin(floor, call, now)


def talker_gone(floor: Floor, call: Call, now: float) -> bool:
    """Whoever talked with the caller hung up; whether somebody else has him now. The leg is dropped already."""
    connection, asked = call.connection, call.consult
    assert connection is not None
    if asked is not None and asked.answered is not None:
        call.consult = None
        floor.ask(actions.LeaveLeg(_room(call), asked.answered))
        end_talk(floor, call, connection, now)
        _hand_over(floor, call, asked.answered, asked.agent, now)
        return True
    if asked is not None:
        call.consult = None
        floor.deadlines.drop("consult", call.call)
        call.fallback = call.queue or call.fallback
        end_talk(floor, call, connection, now)
        recording.stop(floor, call, now)
        direct.take_over(floor, call, asked.agent, now)
        return True
    if call.parties:
        end_talk(floor, call, connection, now)
        leg = next(iter(call.parties))
        call.connection = Connection(leg, call.parties.pop(leg), None)
        holding.show(floor, call)
        return True
    return False


def party_gone(floor: Floor, call: Call, leg: LegId, now: float) -> None:
    """One of a conference left."""
    agent = call.parties.pop(leg)
    floor.tell(events.CallParted(floor.wall(now), call.call, leg, agent))
    holding.show(floor, call)


def tell_connected(floor: Floor, call: Call, leg: LegId, agent: str | None, now: float) -> None:
    """Somebody whom we dialled has the caller now."""
    device = floor.legs[leg].device
    floor.tell(events.CallConnected(floor.wall(now), call.call, leg, str(device), agent))


def part(floor: Floor, call: Call, leg: LegId, cause: Cause, now: float) -> None:
    """Lets somebody of the talk go: whoever has the caller, or one of a conference."""
    connection = call.connection
    if connection is not None and connection.leg == leg:
        floor.give_up(leg, cause, now)
        end_talk(floor, call, connection, now)
    else:
        floor.give_up(leg, cause, now)
        party_gone(floor, call, leg, now)


def end_talk(floor: Floor, call: Call, connection: Connection, now: float) -> None:
    """Whoever had the caller has him no longer, and finishes her work for the queue."""
    call.connection = None
    floor.tell(events.CallParted(floor.wall(now), call.call, connection.leg, connection.agent))
    agent = floor.agents.get(connection.agent or "")
    if connection.queue is not None:
        if agent is not None:
            wrapping_up.start(floor, agent, call, connection.queue, now)
        queueing.leave_talk(floor, call)


def rejoin(floor: Floor, call: Call, now: float) -> None:
    """All who are left in the talk hear each other, and a call that was recorded is recorded on."""
    connection = call.connection
    assert connection is not None
    floor.stop_playing(call)
    floor.stop_playing_to(floor.legs[connection.leg])
    for leg in (call.leg, connection.leg, *call.parties):
        floor.ask(actions.JoinLeg(call.call, leg))
    holding.show(floor, call)
    if call.recordings_made and call.recording is None:
        recording.start(floor, call, now)


def _room(call: Call) -> str:
    return f"{call.call}-c"


def _hand_over(floor: Floor, call: Call, leg: LegId, agent: str | None, now: float) -> None:
    call.connection = Connection(leg, agent, None)
    tell_connected(floor, call, leg, agent, now)
    rejoin(floor, call, now)


def _drop_consult(floor: Floor, call: Call, now: float) -> None:
    asked, call.consult = call.consult, None
    floor.deadlines.drop("consult", call.call)
    if asked is not None:
        if asked.answered is not None and call.connection is not None:
            floor.ask(actions.LeaveLeg(_room(call), call.connection.leg))
        for leg in asked.legs:
            floor.give_up(leg, Cause.CANCELLED, now)


def _talk(call: Call) -> Connection:
    if call.connection is None or call.state not in ("talking", "direct"):
        raise _refused(call, f"it is {call.state}")
    return call.connection


def _asked(call: Call) -> Consult:
    if call.consult is None:
        raise _refused(call, "nobody is being asked")
    if call.consult.answered is None:
        raise _refused(call, "who is asked has not answered yet")
    return call.consult


def _check(floor: Floor, destination: Destination) -> ToQueue | _Ringable:
    match destination:
        case ToQueue(queue=name):
            is_there = name in floor.queues
        case ToAgent(agent=name):
            is_there = name in floor.office.agents
        case ToPhone(phone=name):
            is_there = name in floor.office.phones
        case ToNumber():
            is_there = floor.has_trunk
        case _:
            is_there = False
    if not is_there or not isinstance(destination, ToQueue | ToAgent | ToPhone | ToNumber):
        raise CommandRefused(
            f"a call cannot be given to {destination}", "the running switch", "name a queue, agent, phone or number"
        )
    return destination


def _for_whom(floor: Floor, connection: Connection, by: str) -> Principal:
    """For whom it leaves: people in charge act for the office, whoever talks for her telephone or herself."""
    if by == BY_COMMAND:
        return OFFICE
    device = floor.legs[connection.leg].device
    if isinstance(device, ToPhone):
        return Principal("phone", device.phone)
    return OFFICE if connection.agent is None else Principal("agent", connection.agent)


def _check_way_out(floor: Floor, call: Call, destination: Destination, by: Principal) -> None:
    if isinstance(destination, ToNumber):
        verdict = may_leave(by, destination.number, floor.office, floor.calls_out)
        if isinstance(verdict, Denied):
            raise CommandRefused(
                f"{destination.number} may not be called for {by}", f"call {call.call}: {verdict.why}", "see [outgoing]"
            )


def _refused(call: Call, why: str) -> CommandRefused:
    return CommandRefused(f"call {call.call} cannot do that: {why}", "softswitch call list", "wait until it talks")
