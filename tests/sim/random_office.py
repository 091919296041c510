"""Random offices with random people, from a seed.

A seed decides the office (queues, agents, devices, policies), how everybody behaves (who answers after how long, who is
busy, deaf or impatient), how bad the network is, and what befalls the switch (media lost, phones unplugged, commands,
kill -9). `run(seed)` plays one such day and holds it to every invariant.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, Literal

from softswitch.domain.office import (
    AgentPlan,
    Destination,
    Device,
    NoAnswerPolicy,
    QueuePlan,
    ToAgent,
    ToBusy,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
)
from tests.sim.network import NetworkKnobs
from tests.sim.offices import SUPPORT_QUEUE, office
from tests.sim.person import Call, Manner
from tests.sim.world import Observer, World

CALLS_S: Final = 180.0
"""Calls arrive for so long; then the office comes to rest."""

_POLICIES: Final[tuple[NoAnswerPolicy, ...]] = ("pause", "log-out", "log-out-unless-last")
_Trouble = Literal[
    "phone vanishes", "media lost", "killed", "killed before sending", "command", "hold", "reload", "unregistered"
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
    "reload",
    "unregistered",
)


class RandomDay:
    """One seed's office and what happens in it."""

    def __init__(self, seed: int, observe: Observer | None = None) -> None:
        self.seed = seed
        self.random = random.Random(f"day {seed}")
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
        for _ in range(self.random.choice((0, 2, 6, 12))):
            trouble = self.random.choice(_TROUBLES)
            self._after(5 + self.random.random() * CALLS_S, partial(self._befall, trouble))
        self.world.run(CALLS_S + 10)
        self.world.come_to_rest()

    # The office.

    def _numbers(self) -> dict[str, Destination]:
        leads: dict[str, Destination] = {f"+461{number}": ToQueue(name) for number, name in enumerate(self.queues)}
        leads["+462"] = ToPhone(self.phones[0])
        leads["+463"] = ToAgent(self.random.choice(self.agents))
        leads["+464"] = ToNumber(self.mobiles[0])
        leads["+465"] = ToSay("closed")
        leads["+466"] = ToBusy()
        return leads

    def _agent(self, number: int, name: str) -> AgentPlan:
        devices = [Device(ToPhone(self.phones[number]))]
        if self.random.random() < 0.4:
            devices.append(Device(ToNumber(self.random.choice(self.mobiles))))
        if self.random.random() < 0.2:
            devices.append(Device(ToPhone(self.random.choice(self.phones))))
        devices = list(dict.fromkeys(devices))
        return AgentPlan(name, name.title(), tuple(devices), is_ready_at_start=self.random.random() < 0.9)

    def _queue(self, name: str) -> QueuePlan:
        chosen = [agent for agent in self.agents if self.random.random() < 0.7] or self.agents[:1]
        overflow: list[Destination] = [ToSay("queue-full"), ToBusy(), ToPhone(self.phones[-1])]
        overflow += [ToQueue(other) for other in self.queues if other > name]
        return replace(
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
            return Manner(rings_after_s, refuses_with=refusal, refuses_after_s=self.random.choice((0.0, 0.3, 3.0)))
        return self.random.choice((Manner(is_deaf=True), Manner(answers_after_s=1.0, is_incompatible=True)))

    def _somebody_calls(self) -> None:
        if self.random.random() < 0.75:
            queues = [number for number in self.numbers if number.startswith("+461")]
            dialled = self.random.choice((*queues, *queues, *self.numbers, "+469999"))
            call = self.world.carrier.call_in(dialled, has_offer=self.random.random() < 0.9)
        else:
            phone = self.world.phone(self.random.choice(self.phones))
            inside = (*self.phones, *self.agents, *self.queues, *self.mobiles, "nowhere")
            call = phone.dial(self.random.choice(inside))
        patience_s = self.random.choice((0.0, 0.02, 0.3, 2.0, 8.0, 30.0, 60.0, 120.0))
        self._after(patience_s, call.hang_up)

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
        if not self.world.is_up:
            return
        name = self.random.choice(("agent.pause", "agent.ready", "agent.ready", "agent.logout", "call.hangup"))
        live = self.world.ledger.live
        if name != "call.hangup":
            self.world.command(name, name=self.random.choice(list(self.world.settings.office.agents)))
        elif live:
            self.world.command(name, id=self.random.choice(live))

    def _look_after_agents(self) -> None:
        """A supervisor who gets everybody back to work."""
        if self.world.is_up:
            for agent in self.world.settings.office.agents:
                if self.random.random() < 0.8:
                    self.world.command("agent.ready", name=agent)
        if self.world.clock.now < CALLS_S:
            self._after(20.0, self._look_after_agents)

    def _reload(self) -> None:
        """One queue's policies change; now and then one is gone, or an agent."""
        if not self.world.is_up:
            return
        queues = [self._queue(name) for name in self.queues if self.random.random() < 0.9 or name == self.queues[0]]
        kept = {plan.queue for plan in queues}
        queues = [
            replace(plan, overflow_to=ToBusy())
            if isinstance(plan.overflow_to, ToQueue) and plan.overflow_to.queue not in kept
            else plan
            for plan in queues
        ]
        agents = [plan for number, plan in enumerate(self._people) if self.random.random() < 0.9 or number == 0]
        names = {plan.agent for plan in agents}
        queues = [replace(plan, agents=tuple(name for name in plan.agents if name in names)) for plan in queues]
        numbers = {
            number: destination
            for number, destination in self.numbers.items()
            if not (isinstance(destination, ToQueue) and destination.queue not in kept)
            and not (isinstance(destination, ToAgent) and destination.agent not in names)
        }
        plan = office(queues=queues, agents=agents, phones=self.phones, numbers=numbers)
        self.world.reload(replace(plan, version=f"v{self.random.getrandbits(30)}"))

    def _hold(self) -> None:
        calls = [call for telephone in self.world.telephones for call in telephone.live_calls if call.state == "up"]
        if calls:
            call = self.random.choice(calls)
            call.telephone.reinvite(call, "sendonly")
            self._after(self.random.choice((2.0, 40.0)), lambda: self._resume(call))

    def _resume(self, call: Call) -> None:
        if call.state == "up" and not call.telephone.is_vanished:
            call.telephone.reinvite(call, "sendrecv")

    def _after(self, seconds: float, action: Callable[[], object]) -> None:
        self.world.clock.after(seconds, action)


def run(seed: int, observe: Observer | None = None) -> World:
    """Plays the day of this seed; an AssertionError says what went wrong."""
    day = RandomDay(seed, observe)
    day.run()
    return day.world
