"""A telephone that sends its calls elsewhere: forward by 3xx, and where somebody may be sent by a telephone at all.

Followed is a forward of a caller who rings that telephone directly, once nothing else rings for him, and only to what
the telephone itself may dial here: the address must be ours, and what leads outside is a way out in the telephone's
name (`outgoing`). Nobody is forwarded to an emergency service. A queue's caller is never forwarded: to his queue such a
telephone is out of reach, and the next agent is asked. A chain ends after `FORWARDS_MAX`.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from softswitch.domain import dialling, direct, events, routing
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import FromPhone
from softswitch.domain.leg import Leg
from softswitch.domain.numbers import route
from softswitch.domain.office import ToAgent, ToNumber, ToPhone, ToQueue, ToSay, ToVoicemail
from softswitch.domain.outgoing import Principal, is_emergency_call

FORWARDS_MAX: Final = 5

Place: TypeAlias = ToQueue | ToAgent | ToPhone | ToNumber | ToVoicemail | ToSay
_PLACES: Final = (ToQueue, ToAgent, ToPhone, ToNumber, ToVoicemail, ToSay)
"""Where somebody else can be sent; the other destinations are for the person who dials them."""


def place(floor: Floor, call: Call, dialled: str, principal: Principal, now: float) -> Place | Cause:
    """Where what a telephone dials leads, for somebody else; or why he cannot be sent there."""
    found = route(floor.office, FromPhone(principal.name), dialled)
    if isinstance(found, Cause):
        return found
    destination = found.destination
    if not isinstance(destination, _PLACES):
        return Cause.NOT_ALLOWED
    if isinstance(destination, ToNumber):
        denial = dialling.denied(floor, call, destination.number, principal, now)
        return destination if denial is None else denial.cause
    return destination


def refused(floor: Floor, call: Call, leg: Leg, cause: Cause, forward: str | None, now: float) -> None:
    """A device of a direct call came to nothing; its leg is already dropped. `forward`: what its telephone dials."""
    if forward is None or call.state != "direct" or call.dialled_legs or not isinstance(leg.device, ToPhone):
        direct.refused(floor, call, cause, now)
        return
    principal = Principal("phone", leg.device.phone)
    destination = place(floor, call, forward, principal, now) if call.forwards < FORWARDS_MAX else Cause.UNREACHABLE
    if not isinstance(destination, Cause) and is_emergency_call(floor.office, destination):
        destination = Cause.NOT_ALLOWED
    if isinstance(destination, Cause):
        direct.refused(floor, call, destination, now)
        return
    call.forwards += 1
    call.worst = None
    floor.deadlines.drop("direct", call.call)
    floor.tell(events.CallRouted(floor.wall(now), call.call, str(destination), f"forwarded by {leg.device}"))
    routing.send(floor, call, destination, now, principal=principal)
