"""Hold: whoever is put on hold hears music until he is taken back.

A telephone that holds (RFC 3264 §8.4) usually sends nothing, so the switch plays music to the other end: that of the
queue whose call it is, else the house's. A carrier that holds sends what its customer has to hear by itself, and that
is passed on. In a conference the others just talk on, and while somebody is asked there is music already.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain import actions
from softswitch.domain.call import Call
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import LegId
from softswitch.domain.leg import Leg
from softswitch.domain.office import ToPhone

MUSIC: Final = "music/calm"
"""The house's own, where no queue says what to play."""


def held(floor: Floor, leg_id: LegId, *, is_held: bool) -> None:
    """A far end put us on hold, or took us back."""
    leg = floor.legs.get(leg_id)
    if leg is None or leg.is_held == is_held:
        return
    leg.is_held = is_held
    call = floor.calls[leg.call]
    other = other_end(floor, call, leg)
    if other is None or not isinstance(leg.device, ToPhone):
        return
    if is_held:
        _let_wait(floor, call, other)
    elif other.is_waiting:
        other.is_waiting = False
        if other.leg == call.leg:
            floor.stop_playing(call)
        else:
            floor.stop_playing_to(other)
        floor.ask(actions.JoinLeg(call.call, other.leg))


def leave(floor: Floor, call: Call, leg_id: LegId) -> None:
    """Takes somebody out of the talk, who may be on hold and out of it already."""
    leg = floor.legs.get(leg_id)
    if leg is not None and leg.is_waiting:
        leg.is_waiting = False
    else:
        floor.ask(actions.LeaveLeg(call.call, leg_id))


def show(floor: Floor, call: Call) -> None:
    """Two talk from now on, and one of them may have been put on hold before."""
    connection = call.connection
    for leg_id in (call.leg, None if connection is None else connection.leg):
        leg = floor.legs.get(leg_id or "")
        other = None if leg is None else other_end(floor, call, leg)
        is_holding = leg is not None and leg.is_held and isinstance(leg.device, ToPhone)
        if is_holding and other is not None and not other.is_waiting:
            _let_wait(floor, call, other)


def music(floor: Floor, call: Call) -> tuple[str, ...]:
    """What the call's people hear while they have to wait."""
    queue = None if call.connection is None else call.connection.queue
    plan = None if queue is None else floor.plan(queue)
    return (MUSIC if plan is None or plan.music is None else plan.music,)


def other_end(floor: Floor, call: Call, leg: Leg) -> Leg | None:
    """Whom this leg talks with, where they are two."""
    connection = call.connection
    if connection is None or call.consult is not None or call.parties or call.state not in ("talking", "direct"):
        return None
    if leg.leg == call.leg:
        return floor.legs.get(connection.leg)
    return floor.legs.get(call.leg) if leg.leg == connection.leg else None


def _let_wait(floor: Floor, call: Call, leg: Leg) -> None:
    """He hears nothing of the talk meanwhile, and what he says is not recorded."""
    leg.is_waiting = True
    floor.ask(actions.LeaveLeg(call.call, leg.leg))
    if leg.leg == call.leg:
        floor.play(call, loop=music(floor, call))
    else:
        floor.play_to(call, leg, loop=music(floor, call))
