"""What a caller to each number will meet, in plain sentences: the part of `check` that people read.

It is told from the same frozen `Office` that the switch decides by, so a surprise on paper is a surprise on the
telephone.
"""

from __future__ import annotations

from typing import Final, assert_never

from softswitch.cli.report_queue import in_queue
from softswitch.cli.report_words import device, devices
from softswitch.domain.office import (
    MailboxPlan,
    Office,
    Terms,
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


def what_callers_meet(office: Office, number: str) -> list[str]:
    """Sentences, in the order in which a caller to this number meets what they say."""
    destination = office.numbers[number]
    match destination:
        case ToQueue(queue=name):
            return in_queue(office, office.queues[name], office.terms.get(number, Terms()))
        case ToPhone() | ToNumber():
            return [f"The caller hears ringing while {device(office, destination)} rings.", _NOBODY]
        case ToAgent(agent=name):
            agent = office.agents[name]
            return [f"The caller hears ringing while {agent.name} is rung at {devices(office, agent)}.", _NOBODY]
        case ToSay(sound=sound):
            return [f'The caller is answered, hears "{sound}", and the call ends.']
        case ToVoicemail(mailbox=mailbox):
            return _mailbox(office.mailboxes[mailbox])
        case ToAgentLine():
            return [
                "The caller is answered and keys an agent's number and PIN.",
                "Keys then make the agent ready, paused or logged out, and set queues and the number to be reached at.",
            ]
        case ToMessages():
            return ["The caller is answered and listens to a mailbox, by its number and PIN or from a phone of it."]
        case ToFeature(presence=presence):
            return [f"The agent at the telephone gets {presence}."]
        case ToBusy() | ToCallback():
            return ["The caller hears the busy tone and is not answered."]
        case _:
            assert_never(destination)


def _mailbox(plan: MailboxPlan) -> list[str]:
    return [
        f'The caller is answered and hears "{plan.greeting}" and a tone.',
        f"The caller can leave a message of up to {plan.message_s_max:g} s in mailbox {plan.mailbox}.",
    ]


_NOBODY: Final = "When nobody answers, the call ends."
