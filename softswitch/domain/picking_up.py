"""Pick-up: a telephone takes the call that rings at another one of the house.

Dialled is the code of `[features] pick_up` with the other telephone's name behind it; without the key there is no
pick-up. It is for calls that somebody placed to a person or telephone, or that were given on to one. A queue's caller
is not there to be taken: which agent he goes to is the queue's to decide, and when nobody answers it asks the next.
Whoever may call that telephone may take its calls. The first to have answered has the caller, as always: of what still
rings for him everything is let go, as answered elsewhere.
"""

from __future__ import annotations

from softswitch.domain import actions, direct, events, presenting, routing
from softswitch.domain.causes import Cause
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import FromPhone, LegInvited
from softswitch.domain.leg import Leg
from softswitch.domain.numbers import may_dial
from softswitch.domain.office import ToPhone


def meant(floor: Floor, invitation: LegInvited) -> ToPhone | None:
    """The telephone whose call is wanted, None when something else was dialled."""
    code = floor.office.features.pick_up
    if code is None or not isinstance(invitation.origin, FromPhone) or not invitation.dialled.startswith(code):
        return None
    name = invitation.dialled.removeprefix(code)
    return ToPhone(name) if name in floor.office.phones else None


def pick_up(floor: Floor, invitation: LegInvited, there: ToPhone, now: float) -> None:
    """The caller who rings there longest is joined to who dialled; without one, that is told like a wrong number."""
    origin = invitation.origin
    ringing = _ringing(floor, there)
    refusal = invitation.media_fault
    if ringing is None or not isinstance(origin, FromPhone):
        refusal = Cause.UNREACHABLE
    elif not _may_take(floor, origin.phone, there, ringing):
        refusal = Cause.NOT_ALLOWED
    if refusal is not None or ringing is None or not isinstance(origin, FromPhone):
        routing.turn_away(floor, invitation, refusal or Cause.NOT_ALLOWED, now)
        return
    call, device = floor.calls[ringing.call], ToPhone(origin.phone)
    new = Leg(invitation.leg, call.call, "invited", device, floor.people(device))
    floor.add_leg(new, now)
    floor.ask(actions.AnswerLeg(new.leg))
    for agent in new.agents:
        presenting.withdraw_from(floor, agent, Cause.BUSY, now)
    floor.tell(events.CallRouted(floor.wall(now), call.call, str(device), f"picked up from {there}"))
    call.called_agent = new.agents[0] if len(new.agents) == 1 else None
    call.dialled_legs.append(new.leg)
    direct.answered(floor, call, new, now)


def _ringing(floor: Floor, there: ToPhone) -> Leg | None:
    """The leg that rings at the telephone for a caller who was not answered by anybody yet."""
    legs = (leg for leg in floor.legs.values() if leg.device == there and leg.state == "ringing" and not leg.is_late)
    direct_ones = [leg for leg in legs if leg.presentation is None and leg.leg in floor.calls[leg.call].dialled_legs]
    waiting = [leg for leg in direct_ones if floor.calls[leg.call].state == "direct"]
    return min(waiting, key=lambda leg: floor.calls[leg.call].arrived_at, default=None)


def _may_take(floor: Floor, phone: str, there: ToPhone, ringing: Leg) -> bool:
    plan = floor.office.phones.get(phone)
    caller = floor.legs.get(floor.calls[ringing.call].leg)
    is_own = caller is None or caller.device == ToPhone(phone)
    return plan is not None and may_dial(plan, there) and not is_own
