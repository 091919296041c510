"""A small office and a stage on which the domain alone is played: inputs in, events and actions out, time by hand.

Two agents as in the contract's office: anna at phone 101, bo at phone 102 and a mobile.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from softswitch.domain import actions, events, inputs
from softswitch.domain.actions import Action
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event
from softswitch.domain.office import (
    AgentPlan,
    Device,
    Office,
    PhonePlan,
    QueuePlan,
    ServiceGoal,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
    TrunkPlan,
)
from softswitch.domain.recovery import Recovery
from softswitch.domain.switch import Switch

MOBILE = "+46701234567"
NUMBER = "+46850010000"
DIRECT_NUMBER = "+46850010001"
WALL_OFFSET_S = 1_800_000_000.0

_Thing = TypeVar("_Thing")

SUPPORT = QueuePlan(
    queue="support",
    name="Support",
    agents=("anna", "bo"),
    welcome="welcome",
    music="music/calm",
    ring_s=20,
    wrap_up_s=10,
    no_answer="pause",
    max_wait_s=900,
    max_waiting=50,
    overflow_to=ToSay("queue-full"),
    service_level=ServiceGoal(0.8, 20),
    record="always",
)

ANNA = AgentPlan("anna", "Anna Berg", (Device(ToPhone("101")),), is_ready_at_start=True)
BO = AgentPlan("bo", "Bo Ek", (Device(ToPhone("102")), Device(ToNumber(MOBILE))), is_ready_at_start=True)

OFFICE = Office(
    version="v1",
    node="office",
    timezone="Europe/Stockholm",
    language="en",
    queues=MappingProxyType({"support": SUPPORT}),
    agents=MappingProxyType({"anna": ANNA, "bo": BO}),
    phones=MappingProxyType({name: PhonePlan(name, f"Phone {name}") for name in ("101", "102", "103")}),
    trunks=MappingProxyType({"carrier": TrunkPlan("carrier", NUMBER)}),
    numbers=MappingProxyType({NUMBER: ToQueue("support"), DIRECT_NUMBER: ToPhone("101")}),
)


def office_with(office: Office = OFFICE, **changes: object) -> Office:
    """The small office with other values in its one queue."""
    queue = replace(office.queues["support"], **changes)  # type: ignore[arg-type]  # names are checked by replace
    return replace(office, queues=MappingProxyType({**office.queues, "support": queue}))


class Stage:
    """A started switch with all phones registered, its clock, and all that it has put out."""

    def __init__(self, office: Office = OFFICE, *, registered: tuple[str, ...] = ("101", "102", "103")) -> None:
        self.now = 0.0
        self.switch = Switch(office, ids="t", wall_offset_s=WALL_OFFSET_S)
        self.all: list[Event | Action] = []
        self.new: list[Event | Action] = []
        self._invited = 0
        self.switch.restore(Recovery(), self.now)
        self._collect()
        for phone in registered:
            self.tell(inputs.PhoneRegistrationChanged(phone, is_registered=True))

    # Inputs.

    def tell(self, input_: inputs.Input) -> None:
        """One input; claims are granted at once. `new` holds what came of it."""
        self.new = []
        self.switch.handle(input_, self.now)
        self._collect()

    def wait(self, seconds: float) -> None:
        """Lets time pass, deadline by deadline. `new` holds what came of it."""
        self.new = []
        until = self.now + seconds
        while (deadline := self.switch.next_deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.switch.handle_timeout(self.now)
            self._collect()
        self.now = until

    def ring_in(self, dialled: str = NUMBER, *, phone: str | None = None, fault: Cause | None = None) -> str:
        """A caller from the trunk, or from a phone; returns his leg."""
        self._invited += 1
        leg = f"in-{self._invited}"
        origin = inputs.FromTrunk("carrier") if phone is None else inputs.FromPhone(phone)
        caller = f"+4681234{self._invited:04}" if phone is None else phone
        self.tell(inputs.LegInvited(leg, origin, caller, "", dialled, fault))
        return leg

    def progress(self, leg: str) -> None:
        self.tell(inputs.LegProgressed(leg))

    def answer(self, leg: str) -> None:
        self.tell(inputs.LegAnswered(leg))

    def refuse(self, leg: str, cause: Cause) -> None:
        self.tell(inputs.LegRefused(leg, cause))

    def hang_up(self, leg: str, cause: Cause = Cause.HUNG_UP) -> None:
        self.tell(inputs.LegEnded(leg, cause))

    def choose(self, agent: str, presence: inputs.Presence, reason: str | None = None) -> None:
        self.tell(inputs.SetPresence(agent, presence, reason))

    # What came of it.

    def of(self, kind: type[_Thing]) -> list[_Thing]:
        """What came of the last step, of one kind."""
        return [thing for thing in self.new if isinstance(thing, kind)]

    def ever(self, kind: type[_Thing]) -> list[_Thing]:
        """Everything of one kind, from the start."""
        return [thing for thing in self.all if isinstance(thing, kind)]

    def one(self, kind: type[_Thing]) -> _Thing:
        """The only one of its kind in the last step."""
        (thing,) = self.of(kind)
        return thing

    def dialled(self) -> dict[str, str]:
        """Device → leg, of what the last step dialled."""
        return {str(action.to): action.leg for action in self.of(actions.DialLeg)}

    def presence(self, agent: str) -> tuple[str, str]:
        """Presence and activity."""
        state = self.switch.floor.agents[agent]
        return state.presence, state.activity

    def ended(self) -> list[tuple[str, str, str]]:
        """(outcome, ended_by, cause) of every call that has ended."""
        return [(event.outcome, event.ended_by, event.cause.value) for event in self.ever(events.CallEnded)]

    def _collect(self) -> None:
        while drained := self.switch.drain():
            self.all += drained
            self.new += drained
            for thing in drained:
                if isinstance(thing, actions.ClaimAgent):
                    self.switch.handle(inputs.ClaimDecided(thing.presentation, is_granted=True), self.now)
