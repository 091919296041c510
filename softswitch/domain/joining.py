"""Joining: the caller and the device that was first are put together, and the other devices are let go of.

The two hear each other at once. The devices that lost ring on until the winner's sound is there (it is at once, where a
key was pressed), or LATE_S after its answer was acknowledged: if the winner turns out to have no usable media, nobody
was sent away for it. Who picks one of them up in that moment hears that the call is taken, and it is not held against
anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from softswitch.domain import actions, events, holding, presence, promising, queueing, recording
from softswitch.domain.call import Call, Connection
from softswitch.domain.causes import Cause
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import LegId
from softswitch.domain.leg import Leg

LATE_S: Final = 1.0
TAKEN: Final = "already-taken"
TAKEN_S_MAX: Final = 6.0


def join(floor: Floor, call: Call, leg: Leg, agent: str, queue: str, late: Iterable[LegId], now: float) -> None:
    """The agent has the caller; a call-back's customer is only rung now."""
    leg.change("answered")
    call.connection = Connection(leg.leg, agent, queue)
    floor.engage(leg, now)
    if agent in floor.agents:
        floor.agents[agent].misses = 0
    _let_ring_on(floor, call, late, now)
    if leg.is_heard:
        let_late_go(floor, call, now)
    if call.callback is not None and not call.is_answered:
        queueing.taken(floor, call)
        promising.ring_customer(floor, call, leg, now)
        return
    call.change("talking", now)
    queueing.taken(floor, call)
    connect(floor, call, leg, now)


def connect(floor: Floor, call: Call, leg: Leg, now: float) -> None:
    """Caller and agent hear each other from now on."""
    connection = call.connection
    assert connection is not None
    assert connection.queue is not None
    wait_s = now - call.visit_at
    call.has_talked = True
    floor.tell(
        events.CallConnected(
            floor.wall(now), call.call, leg.leg, str(leg.device), connection.agent, connection.queue, wait_s
        )
    )
    floor.stop_playing(call)
    floor.ask(actions.JoinLeg(call.call, call.leg))
    floor.ask(actions.JoinLeg(call.call, leg.leg))
    holding.show(floor, call)
    if floor.plan(connection.queue).record == "always":
        recording.start(floor, call, now)


def heard(floor: Floor, leg_id: LegId, now: float) -> None:
    """Sound came from a leg: if it won a call, the others can go."""
    leg = floor.legs.get(leg_id)
    if leg is None:
        return
    leg.is_heard = True
    call = floor.calls[leg.call]
    if call.connection is not None and call.connection.leg == leg_id:
        let_late_go(floor, call, now)


def let_late_go(floor: Floor, call: Call, now: float) -> None:
    """The devices that lost stop ringing; one that was picked up meanwhile is told and then let go."""
    floor.deadlines.drop("late", call.call)
    for leg_id in tuple(call.late_legs):
        leg = floor.legs.get(leg_id)
        if leg is None or leg.state != "answered":
            call.late_legs.remove(leg_id)
            floor.give_up(leg_id, Cause.ANSWERED_ELSEWHERE, now)


def picked_up_late(floor: Floor, call: Call, leg: Leg, now: float) -> None:
    """Somebody was second."""
    leg.change("answered")
    floor.play_to(call, leg, once=(TAKEN,))
    floor.deadlines.set("taken", leg.leg, now + TAKEN_S_MAX)


def told_late(floor: Floor, leg_id: LegId, now: float) -> None:
    """Who was second knows."""
    floor.deadlines.drop("taken", leg_id)
    leg = floor.legs.get(leg_id)
    if leg is not None:
        call = floor.calls[leg.call]
        if leg_id in call.late_legs:
            call.late_legs.remove(leg_id)
        floor.give_up(leg_id, Cause.ANSWERED_ELSEWHERE, now)


def lost(floor: Floor, call: Call, cause: Cause, now: float) -> None:
    """The agent's leg failed after pick-up: the caller goes back to his place with his wait kept."""
    connection = call.connection
    assert connection is not None
    assert connection.agent is not None
    assert call.queue is not None
    call.connection = None
    call.has_talked = call.transfers > 0
    let_late_go(floor, call, now)
    floor.tell(events.AgentLost(floor.wall(now), call.call, connection.agent, call.queue, cause))
    if connection.agent in floor.agents:
        presence.back_off(floor, floor.agents[connection.agent], presence.BACKOFF_DECLINED_S, now)
    recording.stop(floor, call, now)
    holding.leave(floor, call, call.leg)
    call.change("waiting", now)
    queueing.come_back(floor, call, now)


def _let_ring_on(floor: Floor, call: Call, late: Iterable[LegId], now: float) -> None:
    for leg_id in late:
        leg = floor.legs[leg_id]
        leg.presentation = None
        leg.is_late = True
        floor.deadlines.drop("confirm", leg_id)
        if leg.state == "confirming":
            floor.deadlines.set("taken", leg_id, now + TAKEN_S_MAX)
            floor.play_to(call, leg, once=(TAKEN,))
            leg.change("answered")
        call.late_legs.append(leg_id)
    if call.late_legs:
        floor.deadlines.set("late", call.call, now + LATE_S)
