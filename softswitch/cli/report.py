"""What a caller to each number will meet, in plain sentences: the part of `check` that people read.

It is told from the same frozen `Office` that the switch decides by, so a surprise on paper is a surprise on the
telephone.
"""

from __future__ import annotations

from collections.abc import Sequence

from softswitch.domain.office import (
    AgentPlan,
    Destination,
    Office,
    QueuePlan,
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


def what_callers_meet(office: Office, number: str) -> list[str]:
    """Sentences, in the order in which a caller to this number meets what they say."""
    return _meets(office, office.numbers[number])


def summary(office: Office) -> str:
    """One line: how much of everything there is."""
    counted = (
        (len(office.numbers), "number"),
        (len(office.queues), "queue"),
        (len(office.agents), "agent"),
        (len(office.phones), "phone"),
        (len(office.trunks), "trunk"),
    )
    parts = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counted)
    return f'office "{office.node}", version {office.version}: {parts}'


def _meets(office: Office, destination: Destination) -> list[str]:
    match destination:
        case ToQueue(queue=name):
            return _queue(office, office.queues[name])
        case ToPhone() | ToNumber():
            return [f"The caller hears ringing while {_device(office, destination)} rings.", _NOBODY]
        case ToAgent(agent=name):
            agent = office.agents[name]
            return [f"The caller hears ringing while {agent.name} is rung at {_devices(office, agent)}.", _NOBODY]
        case ToSay(sound=sound):
            return [f'The caller is answered, hears "{sound}", and the call ends.']
        case ToVoicemail(mailbox=mailbox):
            return [f"The caller is answered and can leave a message in mailbox {mailbox}."]
        case ToAgentLine() | ToFeature():
            return ["Agents log in and out by their number and PIN."]
        case ToMessages():
            return ["Messages are listened to by a mailbox's number and PIN."]
        case ToBusy() | ToCallback():
            return ["The caller hears the busy tone and is not answered."]


_NOBODY = "When nobody answers, the call ends."


def _queue(office: Office, queue: QueuePlan) -> list[str]:
    lines = []
    if queue.max_waiting is not None:
        lines.append(
            f"Where {queue.max_waiting} callers wait already, the next one {_goes_on(office, queue.overflow_to)}"
        )
    heard = [f'"{queue.welcome}" once'] if queue.welcome else []
    heard += [f'"{queue.music}" over and over'] if queue.music else []
    waits = f"waits in queue {queue.queue}"
    lines.append(f"The caller is answered at once and {waits}, hearing {' and then '.join(heard) or 'nothing'}.")
    if queue.announce_position_every_s:
        every_s = queue.announce_position_every_s
        lines.append(f"The caller is told the place in the queue after the welcome and every {every_s:g} s.")
    lines += _presentations(office, queue)
    if queue.record == "always":
        lines.append("The talk is recorded.")
    if queue.max_wait_s is not None:
        lines.append(f"After {queue.max_wait_s:g} s of waiting, the caller {_goes_on(office, queue.overflow_to)}")
    return lines


def _presentations(office: Office, queue: QueuePlan) -> list[str]:
    if not queue.agents:
        return ["Nobody is rung: the queue has no agents."]
    people = [office.agents[agent] for agent in queue.agents]
    rung = "; ".join(f"{agent.name} at {_devices(office, agent)}" for agent in people)
    missed = {
        "pause": "is paused",
        "log-out": "is logged out",
        "log-out-unless-last": "is logged out, unless nobody else is there",
    }[queue.no_answer]
    return [
        f"Whoever has been free longest is rung for {queue.ring_s:g} s: {rung}.",
        f"Who does not answer {missed}, and the next is rung; nobody is rung for {queue.wrap_up_s:g} s after a talk.",
    ]


def _goes_on(office: Office, destination: Destination) -> str:
    match destination:
        case ToSay(sound=sound):
            return f'hears "{sound}", and the call ends.'
        case ToBusy():
            return "is refused as busy."
        case ToQueue(queue=name):
            return f"goes on to queue {name}."
        case ToPhone() | ToNumber():
            return f"hears ringing while {_device(office, destination)} rings."
        case ToAgent(agent=name):
            return f"hears ringing while {office.agents[name].name} is rung."
        case ToVoicemail(mailbox=mailbox):
            return f"can leave a message in mailbox {mailbox}."
        case ToCallback():
            return "is offered to be called back in turn."
        case ToAgentLine() | ToMessages() | ToFeature():
            return "is asked for a number and PIN."


def _devices(office: Office, agent: AgentPlan) -> str:
    return _listed([_device(office, device.to) for device in agent.answers_at])


def _device(office: Office, device: ToPhone | ToNumber) -> str:
    if isinstance(device, ToPhone):
        return f"phone {device.phone}"
    trunk = next(iter(office.trunks), None)
    return device.number if trunk is None else f"{device.number} through trunk {trunk}"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
