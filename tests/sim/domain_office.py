"""Random offices for random walks: each time other strategies, tiers, skills, devices, steps, keys, hours and policies.

The names stay the same, so that one office can follow the other by a reload. Opening hours and shifts change within the
hour around the hours of `CHANGES`, so that a walk which begins a little before one of them sees them change. Queues
may overflow into one another in circles, which settings would refuse: the switch has to bear it all the same.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, get_args
from zoneinfo import ZoneInfo

from softswitch.domain.conditions import condition
from softswitch.domain.hours import DAYS_A_WEEK, Hours, Period
from softswitch.domain.office import (
    AgentPlan,
    CallbackPlan,
    Destination,
    Device,
    FeatureCodes,
    MailboxPlan,
    Member,
    Message,
    NoAnswerPolicy,
    Office,
    OutgoingPlan,
    OverflowStep,
    PhonePlan,
    QueuePlan,
    RecordPolicy,
    ServiceGoal,
    Staffing,
    Strategy,
    Terms,
    ToAgent,
    ToAgentLine,
    ToBusy,
    ToCallback,
    ToMessages,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
    ToVoicemail,
)
from tests.softswitch.domain.small_office import OFFICE

AGENTS: Final = ("anna", "bo", "cecilia", "dan", "eva", "fia")
PHONES: Final = tuple(str(number) for number in range(101, 108))
MOBILES: Final = ("+46701234567", "+46709999999")
OWN_NUMBERS: Final = ("+46731111111", "+46732222222", "+4740000000")
OUTSIDE: Final = (*MOBILES, *OWN_NUMBERS, "+469001234567", "+8811234567", "112", "0112")
"""What phones dial that is not of the house: allowed, denied, dear, and help."""
QUEUES: Final = ("support", "sales", "night", "loop")
SKILLS: Final = ("swedish", "tax")
VIP: Final = "+46701111111"
CODES: Final = ("sale", "question")
REASONS: Final = ("lunch", "meeting")
NUMBERS: Final = MappingProxyType[str, Destination](
    {
        "+461": ToQueue("support"), "+462": ToQueue("sales"), "+463": ToPhone("101"), "+464": ToAgent("dan"),
        "+465": ToSay("closed"), "+466": ToBusy(), "+467": ToNumber("+4790000000"), "+468": ToQueue("loop"),
        "+469": ToVoicemail("box"), "+4610": ToMessages(), "+4611": ToQueue("support"), "+4612": ToAgentLine(),
    }
)  # fmt: skip
FEATURES: Final = FeatureCodes("*1", "*2", "*3", "*8")
CHANGES: Final = (3, 6, 22, 24)
DAYS: Final = ((2026, 3, 29), (2026, 10, 25), (2026, 5, 12))
"""The two nights in which the clocks change, and one day like any other."""

CONDITIONS: Final = ("waiting > 2", "wait > 20", "service_level < 0.5", "no_agents", "waiting > 3 | no_agents")


def pin_of(agent: str) -> str:
    """What opens the agents' line to her, after her number."""
    return f"{number_of(agent)}9"


def number_of(agent: str) -> str:
    """What she keys at the agents' line."""
    return str(20 + AGENTS.index(agent))


def random_office(dice: random.Random, version: str) -> Office:
    """An office; one in four lacks a queue and an agent whom the others have."""
    agents, queues = list(AGENTS), list(QUEUES)
    if dice.random() < 0.25:
        agents.remove(dice.choice(AGENTS))
        queues.remove(dice.choice(QUEUES))
    return replace(
        OFFICE,
        version=version,
        queues=MappingProxyType({name: _queue(dice, name, agents, queues) for name in queues}),
        agents=MappingProxyType({name: _agent(dice, name) for name in agents}),
        phones=MappingProxyType({name: _phone(dice, name) for name in PHONES}),
        numbers=MappingProxyType(
            {
                number: to if not isinstance(to, ToQueue) or to.queue in queues else ToBusy()
                for number, to in NUMBERS.items()
                if not isinstance(to, ToAgent) or to.agent in agents
            }
        ),
        terms=MappingProxyType({"+4611": Terms(60, {"tax": 2})}),
        vips=MappingProxyType({VIP: 120.0}),
        mailboxes=MappingProxyType({"box": _mailbox(dice)}),
        shifts=MappingProxyType({name: _hours(dice) for name in agents if dice.random() < 0.1}),
        features=FEATURES,
        pause_reasons=REASONS if dice.random() < 0.5 else (),
        outgoing=OutgoingPlan(
            allow=dice.choice((None, (), ("+46", "+47"))), deny=dice.choice(((), ("+4673",), ("+474", "+4670")))
        ),
    )


def _phone(dice: random.Random, name: str) -> PhonePlan:
    return PhonePlan(
        name,
        name,
        dice.choice((("phones", "agents", "queues"), ("phones", "agents", "queues", "+46"), ("queues", "+", "+881"))),
        may_not_dial=dice.choice(((), ("+4670",))),
        calls_out_max=dice.choice((None, 0, 1)),
        call_waiting=dice.random() < 0.4,
    )


def _mailbox(dice: random.Random) -> MailboxPlan:
    return MailboxPlan(
        "box",
        "Box",
        number="7",
        pin="1234",
        lamps=dice.choice(((), ("101",))),
        message_s_max=dice.choice((5, 180)),
        messages_max=dice.choice((2, 100)),
    )


def _hours(dice: random.Random) -> Hours:
    """Open in the day or in the night, and for some minutes around midnight."""
    day, night, midnight = Period(6 * 3600, 22 * 3600), Period(22 * 3600, 30 * 3600), Period(86_100, 86_700)
    periods = dice.choice(((day,), (night,), (midnight,), (day, midnight)))
    return Hours("some", "Europe/Stockholm", (periods,) * DAYS_A_WEEK)


def _agent(dice: random.Random, name: str) -> AgentPlan:
    to = [ToPhone(phone) for phone in dice.sample(PHONES, dice.choice((1, 1, 2)))]
    devices = [Device(phone, confirm=dice.random() < 0.1, after_s=dice.choice((0, 0, 4))) for phone in to]
    if dice.random() < 0.5:
        mobile = ToNumber(dice.choice(MOBILES))
        devices.insert(dice.randrange(2), Device(mobile, confirm=dice.random() < 0.7, after_s=dice.choice((0, 6, 12))))
    return AgentPlan(
        name,
        name.title(),
        tuple(devices),
        is_ready_at_start=dice.random() < 0.8,
        pin=pin_of(name),
        number=number_of(name),
        rings_one_at_a_time=dice.random() < 0.3,
        skills={skill: dice.randrange(1, 6) for skill in SKILLS if dice.random() < 0.6},
        wrap_up_s=dice.choice((None, None, 0, 8)),
        guard_s=dice.choice((0, 0, 2)),
        may_answer_at=("+4673",),
        calls_out_max=dice.choice((None, None, 1)),
    )


def _queue(dice: random.Random, name: str, agents: list[str], queues: list[str]) -> QueuePlan:
    members = tuple(
        Member(
            agent,
            tier=dice.choice((1, 1, 2, 3)),
            preference_s=dice.choice((0, 0, 30, 600)),
            weight=dice.choice((1, 1, 3)),
        )
        for agent in dice.sample(agents, dice.randrange(1, len(agents) + 1))
    )
    elsewhere: list[Destination] = [
        *(ToQueue(queue) for queue in queues), ToSay("closed"), ToBusy(), ToVoicemail("box"), ToCallback(),
        ToAgent(dice.choice(agents)),
    ]  # fmt: skip
    codes, code_within_s = dice.choice(((), CODES)), dice.choice((0, 30))
    return QueuePlan(
        name,
        name.title(),
        tuple(member.agent for member in members),
        strategy=dice.choice((*get_args(Strategy), "ring-all", "ring-all")),
        members=members,
        next_tier_after_s=dice.choice((None, 5, 15)),
        skills={"swedish": dice.choice((1, 4, 9))} if dice.random() < 0.3 else {},
        skills_relax_every_s=dice.choice((None, 5, 20)),
        weight_s=dice.choice((0, 0, 45, 3600)),
        welcome=dice.choice((None, "welcome")),
        announce_position_every_s=dice.choice((0, 0, 7, 30)),
        announce_wait=dice.random() < 0.5,
        messages=dice.choice(((), (), (Message("message-1", 4), Message("message-2", 11)))),
        music="music/calm",
        ring_s=dice.choice((10, 15, 25)),
        wrap_up_s=dice.choice((0, 5, 20)),
        codes=codes,
        code_within_s=code_within_s if codes else 0,
        no_answer=dice.choice(get_args(NoAnswerPolicy)),
        misses=dice.choice((1, 1, 2)),
        join_needs=dice.choice(("nobody", *get_args(Staffing))),
        stay_needs=dice.choice(("nobody", "nobody", *get_args(Staffing))),
        hours=_hours(dice) if dice.random() < 0.15 else None,
        closed_to=dice.choice([to for to in elsewhere if not isinstance(to, ToCallback)]),
        max_wait_s=dice.choice((None, 40, 90)),
        max_waiting=dice.choice((None, 0 if name == "loop" else 2, 4)),
        overflow=tuple(_step(dice, elsewhere) for _ in range(dice.choice((0, 0, 1, 2)))),
        overflow_to=dice.choice(elsewhere),
        keys={key: dice.choice(elsewhere) for key in "19" if dice.random() < 0.5},
        callback=CallbackPlan(("+46",), tries=2, pause_s=30, keep_s=300) if dice.random() < 0.7 else None,
        service_level=dice.choice((None, ServiceGoal(0.8, 10), ServiceGoal(0.5, 60))),
        short_abandon_s=dice.choice((0, 3)),
        record=dice.choice(get_args(RecordPolicy)),
    )


def _step(dice: random.Random, elsewhere: list[Destination]) -> OverflowStep:
    when = None if dice.random() < 0.3 else condition(dice.choice(CONDITIONS))
    return OverflowStep(dice.choice(elsewhere), after_s=dice.choice((0, 10, 30)) if when else 30, when=when)


def random_start(dice: random.Random) -> float:
    """Wall seconds at which a walk begins: now and then a little before hours or shifts change, or the clocks do."""
    day, hour = dice.choice(DAYS), dice.choice(CHANGES)
    change = datetime(*day, tzinfo=ZoneInfo(OFFICE.timezone)) + timedelta(hours=hour)
    return change.timestamp() - dice.choice((0.0, 60.0, 600.0, 1800.0, 7200.0))
