"""Random offices with random people, from a seed.

A seed decides the office (queues with their strategies, tiers, skills, steps and keys, agents with delayed devices and
mobiles that are asked for a key, a mailbox, the agents' line), how everybody behaves (who answers after how long, who
is busy, deaf or impatient, who presses which keys), how bad the network is, and what befalls the switch (media lost,
phones unplugged, all that people in charge can ask for, kill -9). `run(seed)` plays one such day and holds it to every
invariant. Two days of three have all of it; the others are plain, so that calls go further in them.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Final, Literal, get_args

from softswitch.domain.conditions import condition
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
    QueuePlan,
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
from softswitch.domain.refusals import CommandRefused
from tests.sim.network import NetworkKnobs
from tests.sim.offices import SUPPORT_QUEUE, office
from tests.sim.person import Call, Manner
from tests.sim.world import Observer, World

CALLS_S: Final = 180.0
"""Calls arrive for so long; then the office comes to rest."""

PRESSES_EVERY_S: Final = 1.5
COMMANDS_EVERY_S: Final = 3.0
SKILLS: Final = ("swedish", "tax")
KEYS: Final = "111112290#"
CODES: Final = ("sale", "question")
CONDITIONS: Final = tuple(map(condition, ("waiting > 2", "wait > 10", "no_agents", "service_level < 0.5")))

_POLICIES: Final[tuple[NoAnswerPolicy, ...]] = ("pause", "log-out", "log-out-unless-last")
_Trouble = Literal[
    "phone vanishes",
    "media lost",
    "killed",
    "killed before sending",
    "command",
    "hold",
    "refer",
    "reload",
    "unregistered",
]
_TROUBLES: Final[tuple[_Trouble, ...]] = (
    "phone vanishes",
    "media lost",
    "killed",
    "killed before sending",
    "command",
    "command",
    "command",
    "hold",
    "hold",
    "refer",
    "refer",
    "refer",
    "reload",
    "unregistered",
)


class RandomDay:
    """One seed's office and what happens in it."""

    def __init__(self, seed: int, observe: Observer | None = None) -> None:
        self.seed = seed
        self.random = random.Random(f"day {seed}")
        self.is_plain = seed % 3 == 0
        self.queues = [f"queue{number}" for number in range(self.random.randint(1, 3))]
        self.agents = [f"agent{number}" for number in range(self.random.randint(1, 5))]
        self.phones = [str(101 + number) for number in range(len(self.agents) + 1)]
        self.mobiles = [f"+4670900000{number}" for number in range(3)]
        self.numbers = self._numbers()
        self._people = [self._agent(number, name) for number, name in enumerate(self.agents)]
        plan = office(
            queues=[self._queue(name) for name in self.queues],
            agents=self._people,
            phones=self.phones,
            numbers=self.numbers,
            may_dial={self.phones[0]: ("phones", "agents", "queues", "+467")},
        )
        plan = self._with_extras(plan)
        self.world = World(
            seed, plan=plan, knobs=self._knobs(), udp_ports=self.random.choice((6, 100, 100)), observe=observe
        )
        self.laptop = self.world.second_phone(self.phones[0], ("10.0.7.7", 5070))
        for telephone in self.world.telephones:
            telephone.chooses_manner = self._manner

    def run(self) -> None:
        """The whole day."""
        for phone in self.phones:
            self._after(self.random.random() * 5, self.world.phone(phone).register)
        if self.random.random() < 0.3:
            self._after(self.random.random() * 5, self.laptop.register)
        for _ in range(self.random.choice((5, 12, 30, 60))):
            self._after(self.random.random() * CALLS_S, self._somebody_calls)
        if self.random.random() < 0.7:
            self._after(20.0, self._look_after_agents)
        self._after(PRESSES_EVERY_S, self._somebody_presses)
        if not self.is_plain and self.random.random() < 0.6:
            self._after(COMMANDS_EVERY_S, self._be_in_charge)
        for _ in range(self.random.choice((0, 2, 6, 12))):
            trouble = self.random.choice(_TROUBLES)
            self._after(5 + self.random.random() * CALLS_S, partial(self._befall, trouble))
        self.world.run(CALLS_S + 10)
        self._take_back_promises()
        self.world.come_to_rest()

    def _take_back_promises(self) -> None:
        """Nobody is called back after the day."""
        self.world.run_until(lambda: self.world.is_up)
        self.world.dies_before_sending = False
        for callback in tuple(self.world.node.switch.floor.callbacks):
            self.world.command("callback.withdraw", id=callback)

    # The office.

    def _numbers(self) -> dict[str, Destination]:
        leads: dict[str, Destination] = {f"+461{number}": ToQueue(name) for number, name in enumerate(self.queues)}
        leads["+462"] = ToPhone(self.phones[0])
        leads["+463"] = ToAgent(self.random.choice(self.agents))
        leads["+464"] = ToNumber(self.mobiles[0])
        leads["+465"] = ToSay("closed")
        leads["+466"] = ToBusy()
        if not self.is_plain:
            leads |= {"+467": ToVoicemail("box"), "+468": ToAgentLine(), "+469": ToMessages()}
        return leads

    def _with_extras(self, plan: Office) -> Office:
        """What is beside queues, agents and phones."""
        if self.is_plain:
            return plan
        dice = random.Random(f"rules {self.seed}")
        phones = {
            name: replace(
                phone,
                may_not_dial=dice.choice(((), ("+46709000001",))),
                calls_out_max=dice.choice((None, 1)),
                call_waiting=random.Random(f"{name} {self.seed}").random() < 0.4,
            )
            for name, phone in plan.phones.items()
        }
        plan = replace(
            plan,
            phones=phones,
            agents={
                name: replace(agent, calls_out_max=dice.choice((None, 0, 1))) for name, agent in plan.agents.items()
            },
            outgoing=OutgoingPlan(dice.choice((None, ())), dice.choice(((), ("+46709000002",)))),
        )
        return replace(
            plan,
            mailboxes=MappingProxyType({"box": MailboxPlan("box", "Box", number="7", pin="1234", message_s_max=20)}),
            terms=MappingProxyType({"+4610": Terms(60, {"tax": 2})}),
            features=FeatureCodes("*1", "*2", "*3", "*8"),
        )

    def _agent(self, number: int, name: str) -> AgentPlan:
        devices = [Device(ToPhone(self.phones[number]))]
        if self.random.random() < 0.4:
            devices.append(Device(ToNumber(self.random.choice(self.mobiles))))
        if self.random.random() < 0.2:
            devices.append(Device(ToPhone(self.random.choice(self.phones))))
        devices = list(dict.fromkeys(devices))
        plan = AgentPlan(name, name.title(), tuple(devices), is_ready_at_start=self.random.random() < 0.9)
        return plan if self.is_plain else self._particular(plan, number)

    def _particular(self, plan: AgentPlan, number: int) -> AgentPlan:
        dice = self.random
        devices = tuple(
            Device(
                device.to,
                confirm=isinstance(device.to, ToNumber) and dice.random() < 0.7,
                after_s=dice.choice((0.0, 0.0, 4.0, 9.0)),
            )
            for device in plan.answers_at
        )
        return replace(
            plan,
            answers_at=devices,
            rings_one_at_a_time=dice.random() < 0.3,
            skills={skill: dice.randint(1, 5) for skill in SKILLS if dice.random() < 0.7},
            wrap_up_s=dice.choice((None, None, 0.0, 4.0)),
            guard_s=dice.choice((0.0, 0.0, 2.0)),
            number=str(20 + number),
            pin=f"{20 + number}9",
            may_answer_at=("+4670",),
        )

    def _queue(self, name: str) -> QueuePlan:
        chosen = [agent for agent in self.agents if self.random.random() < 0.7] or self.agents[:1]
        overflow: list[Destination] = [ToSay("queue-full"), ToBusy(), ToPhone(self.phones[-1])]
        overflow += [ToQueue(other) for other in self.queues if other > name]
        plan = replace(
            SUPPORT_QUEUE,
            queue=name,
            name=name.title(),
            agents=tuple(chosen),
            welcome=self.random.choice(("welcome", None)),
            announce_position_every_s=self.random.choice((0.0, 5.0, 30.0)),
            ring_s=self.random.choice((3.0, 8.0, 20.0)),
            wrap_up_s=self.random.choice((0.0, 2.0, 10.0)),
            no_answer=self.random.choice(_POLICIES),
            max_wait_s=self.random.choice((15.0, 60.0, 900.0)),
            max_waiting=self.random.choice((1, 3, 50)),
            overflow_to=self.random.choice(overflow),
            record=self.random.choice(("always", "never")),
        )
        return plan if self.is_plain else self._elaborate(plan, overflow)

    def _elaborate(self, plan: QueuePlan, overflow: list[Destination]) -> QueuePlan:
        dice = self.random
        elsewhere = [*overflow, ToVoicemail("box"), ToCallback(), ToAgent(dice.choice(self.agents))]
        members = tuple(
            Member(
                agent,
                tier=dice.choice((1, 1, 2)),
                preference_s=dice.choice((0.0, 0.0, 30.0)),
                weight=dice.choice((1, 3)),
            )
            for agent in plan.agents
        )
        steps = tuple(
            OverflowStep(
                dice.choice(elsewhere), after_s=dice.choice((5.0, 20.0)), when=dice.choice((None, *CONDITIONS))
            )
            for _ in range(dice.choice((0, 0, 1, 2)))
        )
        codes = dice.choice(((), CODES))
        return replace(
            plan,
            strategy=dice.choice(get_args(Strategy)),
            members=members,
            next_tier_after_s=dice.choice((None, 3.0, 10.0)),
            skills={"swedish": dice.choice((1, 4))} if dice.random() < 0.3 else {},
            skills_relax_every_s=dice.choice((None, 4.0)),
            weight_s=dice.choice((0.0, 0.0, 45.0)),
            announce_wait=dice.random() < 0.5,
            messages=dice.choice(((), (Message("please-wait", 6.0),))),
            codes=codes,
            code_within_s=dice.choice((0.0, 20.0)) if codes else 0.0,
            misses=dice.choice((1, 1, 2)),
            join_needs=dice.choice(("nobody", "nobody", "logged-in", "ready")),
            stay_needs=dice.choice(("nobody", "nobody", "logged-in", "ready")),
            overflow=steps,
            overflow_to=dice.choice(elsewhere),
            keys={key: dice.choice(elsewhere) for key in "19" if dice.random() < 0.5},
            callback=CallbackPlan(("+46",), tries=2, pause_s=20, keep_s=300) if dice.random() < 0.7 else None,
            short_abandon_s=dice.choice((0.0, 2.0)),
        )

    def _knobs(self) -> NetworkKnobs:
        return self.random.choice(
            (
                NetworkKnobs(),
                NetworkKnobs(delay_ms_mean=60, reordering=0.1),
                NetworkKnobs(delay_ms_mean=30, loss=0.05, duplication=0.05, reordering=0.05),
                NetworkKnobs(delay_ms_mean=200, loss=0.1, duplication=0.1, reordering=0.3),
            )
        )

    # The people.

    def _manner(self) -> Manner:
        choice = self.random.random()
        rings_after_s = self.random.choice((0.05, 0.2, 1.0))
        if choice < 0.6:
            return Manner(
                rings_after_s=rings_after_s,
                answers_after_s=self.random.choice((0.01, 0.5, 2.0, 3.0, 6.0)),
                hangs_up_after_s=self.random.choice((None, None, 0.0, 1.0, 20.0)),
            )
        if choice < 0.8:
            return Manner(rings_after_s=self.random.choice((None, rings_after_s)))
        if choice < 0.97:
            refusal = self.random.choice((486, 603, 480, 404, 503))
            after_s = self.random.choice((0.0, 0.3, 3.0))
            if self.random.random() < 0.2:
                there = self.random.choice((*self.phones, *self.queues, self.mobiles[2], "nowhere", "112"))
                host = self.random.choice(("office.example", "10.0.0.1", "198.51.100.77"))
                return Manner(
                    rings_after_s, refuses_with=302, refuses_after_s=after_s, forwards_to=f"sip:{there}@{host}"
                )
            return Manner(rings_after_s, refuses_with=refusal, refuses_after_s=after_s)
        return self.random.choice((Manner(is_deaf=True), Manner(answers_after_s=1.0, is_incompatible=True)))

    def _somebody_calls(self) -> None:
        if self.random.random() < 0.75:
            queues = [number for number in self.numbers if number.startswith("+461")]
            dialled = self.random.choice((*queues, *queues, *queues, *self.numbers, "+469999"))
            call = self.world.carrier.call_in(dialled, has_offer=self.random.random() < 0.9)
        else:
            phone = self.world.phone(self.random.choice(self.phones))
            inside = (*self.phones, *self.agents, *self.queues, *self.mobiles, *self.numbers)
            taken = f"*8{self.random.choice(self.phones)}"
            call = phone.dial(self.random.choice((*inside, taken, taken, "*1", "*2", "nowhere", "112")))
        patience_s = self.random.choice((0.0, 0.02, 0.3, 2.0, 8.0, 30.0, 60.0, 120.0))
        self._after(patience_s, call.hang_up)

    def _somebody_presses(self) -> None:
        """A person at some telephone presses keys: the one that he is asked for, or any."""
        calls = [call for telephone in self.world.telephones for call in telephone.live_calls if call.state == "up"]
        if calls and self.world.media.is_up:
            call = self.random.choice(calls)
            keys: tuple[str, ...] = ("1", self.random.choice(KEYS))
            if call.dialled == "+468":
                keys = ("20#209#1", "21#219#2", "20#209#41#", "20#209#50709000001#")
            elif call.dialled == "+469":
                keys = ("7#1234#2", "3")
            for key in self.random.choice(keys):
                self.world.media.press(call.rtp, key)
        if self.world.clock.now < CALLS_S:
            self._after(PRESSES_EVERY_S, self._somebody_presses)

    # What goes wrong.

    def _befall(self, trouble: _Trouble) -> None:
        world = self.world
        match trouble:
            case "phone vanishes":
                phone = world.phone(self.random.choice(self.phones))
                phone.vanish()
                self._after(self.random.choice((3.0, 50.0, 200.0)), phone.come_back)
            case "media lost":
                if world.is_up and world.media.is_up:
                    world.lose_media()
                    self._after(self.random.choice((0.2, 5.0)), self._media_returns)
            case "killed":
                self._kill()
            case "killed before sending":
                world.dies_before_sending = True
                self._after(10.0, self._start_again)
            case "command":
                self._command()
            case "hold":
                self._hold()
            case "refer":
                self._refer()
            case "reload":
                self._reload()
            case "unregistered":
                phone = world.phone(self.random.choice(self.phones))
                phone.register(expires_s=0)
                self._after(self.random.choice((1.0, 40.0)), phone.register)

    def _media_returns(self) -> None:
        if self.world.is_up and not self.world.media.is_up:
            self.world.restart_media()

    def _kill(self) -> None:
        if self.world.is_up:
            self.world.kill_switch()
            self._after(self.random.choice((0.1, 2.0, 15.0)), self._start_again)

    def _start_again(self) -> None:
        self.world.dies_before_sending = False
        if not self.world.is_up:
            self.world.start_switch()

    def _command(self) -> None:
        """Somebody in charge; what makes no sense just now is refused."""
        if not self.world.is_up:
            return
        name, arguments = self.random.choice(self._commands() if self.is_plain else self._all_commands())
        with contextlib.suppress(CommandRefused):
            self.world.command(name, **arguments)

    def _be_in_charge(self) -> None:
        """A supervisor who cannot leave anything alone."""
        self._command()
        if self.world.clock.now < CALLS_S:
            self._after(COMMANDS_EVERY_S, self._be_in_charge)

    def _commands(self) -> list[tuple[str, dict[str, object]]]:
        agent = self.random.choice(list(self.world.settings.office.agents))
        live = self.world.ledger.live
        found: list[tuple[str, dict[str, object]]] = [
            (name, {"name": agent}) for name in ("agent.pause", "agent.ready", "agent.ready", "agent.logout")
        ]
        return [*found, ("call.hangup", {"id": self.random.choice(live)})] if live else found

    def _all_commands(self) -> list[tuple[str, dict[str, object]]]:
        dice, office_ = self.random, self.world.settings.office
        agent, queue = dice.choice(list(office_.agents)), dice.choice(list(office_.queues))
        found: list[tuple[str, dict[str, object]]] = [
            *self._commands(),
            ("agent.queue", {"name": agent, "queue": queue, "on": dice.random() < 0.6}),
            ("agent.number", {"name": agent, "number": dice.choice((None, self.mobiles[1]))}),
            ("agent.wrap-up", {"name": agent, "extend_s": dice.choice((None, 5.0))}),
            ("agent.classify", {"name": agent, "code": dice.choice(CODES)}),
            ("queue.prompt", {"name": queue, "sound": dice.choice((None, "closed")), "until": None}),
        ]
        live = self.world.ledger.live
        talks = [call.call for call in self.world.node.switch.floor.calls.values() if call.connection is not None]
        if live:
            call = dice.choice(talks or live)
            to = dice.choice(
                (f"queue:{queue}", f"agent:{agent}", f"phone:{self.phones[-1]}", f"number:{self.mobiles[2]}")
            )
            found.append(("call.priority", {"id": dice.choice(live), "priority_s": dice.choice((0.0, 30.0, 600.0))}))
            given: dict[str, object] = {"id": call, "to": to}
            for _ in range(3):
                found += [("call.transfer", given), ("call.consult", given)]
                found += [(f"call.{how}", {"id": call}) for how in ("complete", "conference", "take-back")]
        return found

    def _look_after_agents(self) -> None:
        """A supervisor who gets everybody back to work, as far as calls have been classified."""
        if self.world.is_up:
            for agent in self.world.settings.office.agents:
                if self.random.random() < 0.8:
                    with contextlib.suppress(CommandRefused):
                        self.world.command("agent.ready", name=agent)
        if self.world.clock.now < CALLS_S:
            self._after(20.0, self._look_after_agents)

    def _reload(self) -> None:
        """One queue's policies change; now and then one is gone, or an agent."""
        if not self.world.is_up:
            return
        queues = [self._queue(name) for name in self.queues if self.random.random() < 0.9 or name == self.queues[0]]
        kept = {plan.queue for plan in queues}
        agents = [plan for number, plan in enumerate(self._people) if self.random.random() < 0.9 or number == 0]
        names = {plan.agent for plan in agents}
        queues = [_within(plan, kept, names) for plan in queues]
        numbers = {
            number: destination
            for number, destination in self.numbers.items()
            if not (isinstance(destination, ToQueue) and destination.queue not in kept)
            and not (isinstance(destination, ToAgent) and destination.agent not in names)
        }
        plan = self._with_extras(office(queues=queues, agents=agents, phones=self.phones, numbers=numbers))
        self.world.reload(replace(plan, version=f"v{self.random.getrandbits(30)}"))

    def _hold(self) -> None:
        calls = [call for telephone in self.world.telephones for call in telephone.live_calls if call.state == "up"]
        if calls:
            call = self.random.choice(calls)
            call.telephone.reinvite(call, "sendonly")
            self._after(self.random.choice((2.0, 40.0)), lambda: self._resume(call))

    def _refer(self) -> None:
        """Somebody gives his talk on from his own telephone, or joins two."""
        calls = [call for telephone in self.world.telephones for call in telephone.live_calls if call.state == "up"]
        if calls:
            call = self.random.choice(calls)
            others = [other for other in call.telephone.live_calls if other is not call and other.remote]
            to = self.random.choice((*self.phones, *self.queues, self.mobiles[2], "nowhere"))
            call.telephone.refer(
                call, to, other=self.random.choice((None, *others)), reports=self.random.random() < 0.8
            )

    def _resume(self, call: Call) -> None:
        if call.state == "up" and not call.telephone.is_vanished:
            call.telephone.reinvite(call, "sendrecv")

    def _after(self, seconds: float, action: Callable[[], object]) -> None:
        self.world.clock.after(seconds, action)


def _within(plan: QueuePlan, queues: set[str], agents: set[str]) -> QueuePlan:
    """The same, leading only to queues and agents that there are."""

    def to(destination: Destination) -> Destination:
        is_gone = isinstance(destination, ToQueue) and destination.queue not in queues
        is_gone = is_gone or (isinstance(destination, ToAgent) and destination.agent not in agents)
        return ToBusy() if is_gone else destination

    return replace(
        plan,
        agents=tuple(name for name in plan.agents if name in agents),
        overflow_to=to(plan.overflow_to),
        overflow=tuple(replace(step, to=to(step.to)) for step in plan.overflow),
        keys={key: to(destination) for key, destination in plan.keys.items()},
    )


def run(seed: int, observe: Observer | None = None) -> World:
    """Plays the day of this seed; an AssertionError says what went wrong."""
    day = RandomDay(seed, observe)
    day.run()
    return day.world
