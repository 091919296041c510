"""What must hold of every call that leaves the house, worked out in another way than the switch does it.

The rules are laid out as one table from prefix to verdict, the weaker owner first so that the stronger overwrites it,
and the number is shortened digit by digit until it is found there.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain.floor import Floor
from softswitch.domain.leg import Leg
from softswitch.domain.office import Office, ToNumber
from softswitch.domain.outgoing import Principal

SHUT: Final = ("+46900", "+46939", "+46944", "+4699", "+449", "+4470", "+870", "+881", "+882", "+883", "+979")
"""Those of the ranges known to the switch that the offices of the simulators can dial."""


def check_way_out(floor: Floor, leg: Leg, trunks: tuple[str, ...] = ()) -> None:
    """A leg that was just dialled, by these trunks, might leave; AssertionError tells why it might not."""
    office, by = floor.office, leg.out_by
    assert isinstance(leg.device, ToNumber), f"{leg.device} is no number"
    assert by is not None, f"{leg.device} was dialled for nobody"
    number = leg.device.number
    assert set(trunks) <= set(office.trunks), f"{trunks} are not all trunks"
    if number in office.outgoing.emergency_numbers:
        assert by.kind == "phone", f"{by} calls for help"
        return
    verdicts = dict.fromkeys((*SHUT, *office.outgoing.deny), False)
    verdicts.update(dict.fromkeys(_allowed(office, by), True))
    if by.kind == "phone":
        verdicts.update(dict.fromkeys(office.phones[by.name].may_not_dial, False))
    known = next((number[:end] for end in range(len(number), 0, -1) if number[:end] in verdicts), None)
    assert known is not None, f"nothing allows {by} to call {number}"
    assert verdicts[known], f"{known} is denied, and {by} called {number}"
    plans = {"phone": office.phones, "agent": office.agents}
    cap = plans[by.kind][by.name].calls_out_max if by.kind in plans else None
    out = [other.leg for other in floor.legs.values() if other.out_by == by]
    assert cap is None or len(out) <= cap, f"{by} has {out} out"


def _allowed(office: Office, by: Principal) -> list[str]:
    home = ["+46"] if office.outgoing.allow is None else list(office.outgoing.allow)
    match by.kind:
        case "phone":
            return [entry for entry in office.phones[by.name].may_dial if entry.startswith("+")]
        case "agent":
            agent = office.agents[by.name]
            hers = [device.to.number for device in agent.answers_at if isinstance(device.to, ToNumber)]
            return [*home, *agent.may_answer_at, *hers]
        case "queue":
            queue = office.queues[by.name]
            leads = [queue.overflow_to, queue.closed_to, *(step.to for step in queue.overflow), *queue.keys.values()]
            named = [to.number for to in leads if isinstance(to, ToNumber)]
            return [*(queue.callback.may_call if queue.callback else ()), *named]
        case "office":
            return [*home, *(to.number for to in office.numbers.values() if isinstance(to, ToNumber))]
