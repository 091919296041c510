"""Words that several sentences of the report share: what becomes of a caller, and what rings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from softswitch.domain.office import (
    AgentPlan,
    Destination,
    Device,
    Office,
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


def goes_on(office: Office, destination: Destination) -> str:
    """What a caller does who is sent there, after "the caller"."""
    match destination:
        case ToSay(sound=sound):
            return f'hears "{sound}", and the call ends.'
        case ToBusy():
            return "is refused as busy."
        case ToQueue(queue=name):
            return f"goes on to queue {name}."
        case ToPhone() | ToNumber():
            return f"hears ringing while {device(office, destination)} rings."
        case ToAgent(agent=name):
            return f"hears ringing while {office.agents[name].name} is rung."
        case ToVoicemail(mailbox=mailbox):
            return f"can leave a message in mailbox {mailbox}."
        case ToCallback():
            return "is offered to be called back in turn."
        case ToAgentLine() | ToMessages():
            return "is asked for a number and PIN."
        case ToFeature(presence=presence):
            return f"makes the agent at the telephone {presence}."
        case _:
            assert_never(destination)


def devices(office: Office, agent: AgentPlan) -> str:
    """All that an agent answers at, with what is special about each."""
    order = sorted(agent.answers_at, key=lambda each: each.after_s)
    first_s = order[0].after_s
    texts = [_in_turn(office, each, each.after_s - first_s, agent) for each in order]
    return listed(texts)


def device(office: Office, address: ToPhone | ToNumber) -> str:
    """A telephone, and the trunk where it is reached by one."""
    if isinstance(address, ToPhone):
        return f"phone {address.phone}"
    trunk = next(iter(office.trunks), None)
    return address.number if trunk is None else f"{address.number} through trunk {trunk}"


def listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def levels(skills: Sequence[tuple[str, int]]) -> str:
    """`swedish 5 and it 2`."""
    return listed([f"{skill} {level}" for skill, level in skills])


def _in_turn(office: Office, each: Device, later_s: float, agent: AgentPlan) -> str:
    text = device(office, each.to)
    if later_s:
        text += f" {later_s:g} s later" + (" instead" if agent.rings_one_at_a_time else "")
    return f"{text} (where a key is asked for)" if each.confirm else text
