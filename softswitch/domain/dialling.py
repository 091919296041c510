"""Rings one device: the only place where a leg of ours begins to leave the house.

A phone of ours is simply rung. For a telephone number `outgoing` is asked, in the name of the agent, phone or queue
that it is rung for; the leg remembers for whom it is out, so that caps are counted by the legs that are up. Where the
answer is no, the journal is told why, and the leg is dialled by no trunk: it comes back refused like any leg that came
to nothing, so that whoever rang it needs no other way to go on. Whoever can say no beforehand asks `denied` first.
"""

from __future__ import annotations

from softswitch.domain import actions, events
from softswitch.domain.call import Call
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import FromTrunk
from softswitch.domain.leg import Leg
from softswitch.domain.office import ToNumber
from softswitch.domain.outgoing import OFFICE, Allowed, Denied, Principal, may_leave


def dial(
    floor: Floor, call: Call, leg: Leg, now: float, *, by: Principal = OFFICE, caller: str = "", name: str = ""
) -> None:
    """Rings the leg's device; phones are shown `caller` and `name`."""
    assert leg.device is not None
    way: Allowed | None = None
    if isinstance(leg.device, ToNumber):
        verdict = _ask(floor, call, leg.device.number, by, now)
        if isinstance(verdict, Allowed):
            way, leg.out_by = verdict, by
    floor.add_leg(leg, now)
    floor.tell(events.LegDialled(floor.wall(now), call.call, leg.leg, str(leg.device)))
    floor.ask(
        actions.DialLeg(
            leg.leg,
            call.call,
            leg.device,
            caller,
            name,
            call.hops_left,
            trunks=() if way is None else way.trunks,
            caller_id=None if way is None else way.caller_id,
            is_emergency=way is not None and way.is_emergency,
            diverted=call.dialled if isinstance(call.origin, FromTrunk) else None,
        )
    )


def denied(floor: Floor, call: Call, number: str, by: Principal, now: float) -> Denied | None:
    """Why a call to the number may not leave, as it is told to the journal; None when it may."""
    verdict = _ask(floor, call, number, by, now)
    return verdict if isinstance(verdict, Denied) else None


def _ask(floor: Floor, call: Call, number: str, by: Principal, now: float) -> Allowed | Denied:
    verdict = may_leave(by, number, floor.office, floor.calls_out)
    if isinstance(verdict, Denied):
        floor.tell(events.WayOutDenied(floor.wall(now), call.call, number, str(by), verdict.why))
    return verdict
