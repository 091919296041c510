"""Direct calls: to a phone, a person or a number, without a queue.

The caller hears 180 (or the ringback sound, when an overflow brings him here answered) while every free device of the
destination rings; the first to answer wins and is joined to him. When none can be reached, all are in use, all
refuse, or `DIRECT_RING_S` is over, the caller is refused with the most telling cause. A phone with a call of ours up
is busy, unless it wants call waiting (`call_waiting`): then who calls that phone rings there beside one talk, and it
is the person's to choose; a queue never does that. A phone that dials itself is busy in any case. The agents at a
phone ring and talk with it, whoever placed the call. The outcome is always `direct`; cause and `ended_by` tell how it
went. A caller whose talk was recorded before he was given on is recorded on.
"""

from __future__ import annotations

from typing import Final, assert_never

from softswitch.domain import actions, dialling, events, holding, presenting, queueing, recording
from softswitch.domain.call import Call, Connection
from softswitch.domain.causes import Cause, EndedBy, most_telling
from softswitch.domain.ending import end
from softswitch.domain.floor import Floor
from softswitch.domain.leg import Leg
from softswitch.domain.office import DeviceAddress, ToAgent, ToNumber, ToPhone
from softswitch.domain.outgoing import Principal, is_emergency_call

DIRECT_RING_S: Final = 60.0
EMERGENCY_RING_S: Final = 180.0
"""Nobody is cut off who waits for help: as long as any proxy on the way may wait (RFC 3261 §16.6, Timer C)."""
RINGBACK: Final = "ringback"


def ring(floor: Floor, call: Call, destination: ToPhone | ToAgent | ToNumber, now: float, by: Principal) -> None:
    """Rings all that the destination means, or ends the call when there is nothing to ring or it may not leave.

    `by`: for whom an outside number is rung; an agent's own are for her.
    """
    denial = dialling.denied(floor, call, destination.number, by, now) if isinstance(destination, ToNumber) else None
    if denial is not None and call.state == "routing" and call.overflow is None:
        end(floor, call, denial.cause, "switch", now, outcome="refused")
        return
    devices = _devices(floor, destination)
    call.change("direct", now)
    call.called_agent = destination.agent if isinstance(destination, ToAgent) else None
    if denial is not None:
        _fail(floor, call, denial.cause, "switch", now)
        return
    is_emergency = is_emergency_call(floor.office, destination)
    reachable = [device for device in devices if is_emergency or floor.is_reachable(device, now)]
    free = [device for device in reachable if not floor.is_in_use(device)]
    if isinstance(destination, ToPhone) and not free and _is_waited_at(floor, destination, call):
        free = reachable
    if _is_engaged(floor, call.called_agent) or (not free and _is_any_in_use(floor, devices)):
        _fail(floor, call, Cause.BUSY, "switch", now)
        return
    if not free:
        _fail(floor, call, Cause.UNREACHABLE, "switch", now)
        return
    if call.is_answered:
        floor.play(call, loop=(RINGBACK,))
    else:
        floor.ask(actions.RingLeg(call.leg))
    floor.deadlines.set("direct", call.call, now + (EMERGENCY_RING_S if is_emergency else DIRECT_RING_S))
    for_whom = Principal("agent", destination.agent) if isinstance(destination, ToAgent) else by
    for device in free:
        leg = Leg(call.next_leg(), call.call, "dialling", device, floor.people(device))
        dialling.dial(floor, call, leg, now, by=for_whom, caller=call.caller, name=call.caller_name)
        call.dialled_legs.append(leg.leg)


def answered(floor: Floor, call: Call, leg: Leg, now: float) -> None:
    """The first device to answer: the caller is answered and joined to it, the others are let go."""
    leg.change("answered")
    floor.deadlines.drop("direct", call.call)
    call.connection = Connection(leg.leg, call.called_agent, None)
    floor.engage(leg, now)
    queueing.answer(floor, call, now)
    floor.tell(events.CallConnected(floor.wall(now), call.call, leg.leg, str(leg.device), call.called_agent))
    for other in tuple(call.dialled_legs):
        if other != leg.leg:
            floor.give_up(other, Cause.ANSWERED_ELSEWHERE, now)
    floor.stop_playing(call)
    floor.ask(actions.JoinLeg(call.call, call.leg))
    floor.ask(actions.JoinLeg(call.call, leg.leg))
    holding.show(floor, call)
    if call.recordings_made and call.recording is None:
        recording.start(floor, call, now)
    for agent in leg.agents:
        presenting.withdraw_from(floor, agent, Cause.BUSY, now)


def take_over(floor: Floor, call: Call, agent: str | None, now: float) -> None:
    """Devices that ring already for somebody else now ring for the caller himself."""
    call.change("direct", now)
    call.called_agent = agent
    floor.play(call, loop=(RINGBACK,))
    floor.deadlines.set("direct", call.call, now + DIRECT_RING_S)


def free_devices(floor: Floor, destination: ToPhone | ToAgent | ToNumber, now: float) -> list[DeviceAddress]:
    """All that could be rung for the destination now; nothing where the agent is engaged."""
    if isinstance(destination, ToAgent) and _is_engaged(floor, destination.agent):
        return []
    devices = _devices(floor, destination)
    return [device for device in devices if floor.is_reachable(device, now) and not floor.is_in_use(device)]


def refused(floor: Floor, call: Call, cause: Cause, now: float) -> None:
    """A device came to nothing; its leg is already dropped. One that declines declines for all."""
    call.worst = most_telling((call.worst or cause, cause))
    if cause == Cause.DECLINED or not call.dialled_legs:
        ended_by: EndedBy = "agent" if call.worst in (Cause.DECLINED, Cause.BUSY) else "switch"
        _fail(floor, call, call.worst, ended_by, now)


def expired(floor: Floor, call: Call, now: float) -> None:
    """Nobody answered in time."""
    has_rung = any(floor.legs[leg].state == "ringing" for leg in call.dialled_legs)
    expiry = Cause.NO_ANSWER if has_rung else Cause.UNREACHABLE
    cause = most_telling((call.worst or expiry, expiry))
    _fail(floor, call, cause, "agent" if cause == Cause.BUSY else "switch", now)


def _fail(floor: Floor, call: Call, cause: Cause, ended_by: EndedBy, now: float) -> None:
    """Nobody is had there: a caller who was given on goes back to his queue, with his wait; any other call ends."""
    queue = call.fallback
    if queue is None or queue not in floor.queues:
        end(floor, call, cause, ended_by, now)
        return
    call.fallback = call.worst = call.called_agent = None
    floor.deadlines.drop("direct", call.call)
    for leg in tuple(call.dialled_legs):
        floor.give_up(leg, Cause.CANCELLED, now)
    floor.tell(events.CallRouted(floor.wall(now), call.call, f"queue:{queue}", f"transfer failed: {cause.value}"))
    queueing.enter(floor, call, queue, now, entered_at=call.entered_at, by="transfer")


def _devices(floor: Floor, destination: ToPhone | ToAgent | ToNumber) -> list[DeviceAddress]:
    match destination:
        case ToPhone() | ToNumber():
            return [destination]
        case ToAgent(agent=agent):
            return list(dict.fromkeys(device.to for device in floor.devices_of(agent)))
        case _:
            assert_never(destination)


def _is_engaged(floor: Floor, name: str | None) -> bool:
    agent = floor.agents.get(name or "")
    return agent is not None and bool(agent.engagements)


def _is_waited_at(floor: Floor, phone: ToPhone, call: Call) -> bool:
    """Whether a second call may ring there: it talks with one other, and nothing rings."""
    plan, legs = floor.office.phones.get(phone.phone), [floor.legs[leg] for leg in floor.legs_at(phone)]
    is_wanted = plan is not None and plan.call_waiting and len(legs) == 1
    return is_wanted and legs[0].state == "answered" and legs[0].call != call.call


def _is_any_in_use(floor: Floor, devices: list[DeviceAddress]) -> bool:
    return any(floor.is_in_use(device) for device in devices)
