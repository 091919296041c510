"""The office as configured: frozen values that the domain decides by.

`settings` reads them from TOML and checks every reference, so the domain may rely on each name in them being there. An
`Office` is replaced as a whole when the configuration is reloaded; `version` names it in the journal, so that a
decision can later be explained with the rules that were in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

NoAnswerPolicy: TypeAlias = Literal["pause", "log-out", "log-out-unless-last"]
RecordPolicy: TypeAlias = Literal["always", "on-demand", "never"]


@dataclass(frozen=True, slots=True)
class ToQueue:
    """`queue:support`: wait there for an agent."""

    queue: str

    def __str__(self) -> str:
        return f"queue:{self.queue}"


@dataclass(frozen=True, slots=True)
class ToPhone:
    """`phone:101`: ring the device that registers under this name."""

    phone: str

    def __str__(self) -> str:
        return f"phone:{self.phone}"


@dataclass(frozen=True, slots=True)
class ToAgent:
    """`agent:anna`: ring all that she answers at."""

    agent: str

    def __str__(self) -> str:
        return f"agent:{self.agent}"


@dataclass(frozen=True, slots=True)
class ToNumber:
    """`number:+46701234567`: out through a trunk."""

    number: str

    def __str__(self) -> str:
        return f"number:{self.number}"


@dataclass(frozen=True, slots=True)
class ToSay:
    """`say:closed`: answer, play the sound, hang up."""

    sound: str

    def __str__(self) -> str:
        return f"say:{self.sound}"


@dataclass(frozen=True, slots=True)
class ToBusy:
    """`busy`: 486, unanswered."""

    def __str__(self) -> str:
        return "busy"


Destination: TypeAlias = ToQueue | ToPhone | ToAgent | ToNumber | ToSay | ToBusy
DeviceAddress: TypeAlias = ToPhone | ToNumber


@dataclass(frozen=True, slots=True)
class Device:
    """One telephone that an agent answers at. `confirm`: a key is asked for before the caller is given to it."""

    to: DeviceAddress
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """A person who answers; all of `answers_at` is rung at once."""

    agent: str
    name: str
    answers_at: tuple[Device, ...]
    is_ready_at_start: bool = False
    pin: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceGoal:
    """`share` of the callers answered `within_s` seconds."""

    share: float
    within_s: float


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """A queue. Sounds are names; durations seconds; 0 in `announce_position_every_s` means never."""

    queue: str
    name: str
    agents: tuple[str, ...]
    strategy: Literal["longest-idle"] = "longest-idle"
    welcome: str | None = None
    music: str | None = None
    announce_position_every_s: float = 0
    ring_s: float = 20
    wrap_up_s: float = 0
    no_answer: NoAnswerPolicy = "pause"
    max_wait_s: float | None = None
    max_waiting: int | None = None
    overflow_to: Destination = field(default_factory=ToBusy)
    service_level: ServiceGoal | None = None
    record: RecordPolicy = "never"


@dataclass(frozen=True, slots=True)
class PhonePlan:
    """A device that registers here. `may_dial`: "phones", "agents", "queues", or prefixes of outside numbers."""

    phone: str
    name: str
    may_dial: tuple[str, ...] = ("phones", "agents", "queues")


@dataclass(frozen=True, slots=True)
class TrunkPlan:
    """A carrier, as far as routing needs to know it. `caller_id` is what we show on calls that go out by it."""

    trunk: str
    caller_id: str | None = None


@dataclass(frozen=True, slots=True)
class Office:
    """All of it, by name, in the order of the configuration files."""

    version: str
    node: str
    timezone: str
    language: str
    queues: Mapping[str, QueuePlan] = field(default_factory=lambda: MappingProxyType({}))
    agents: Mapping[str, AgentPlan] = field(default_factory=lambda: MappingProxyType({}))
    phones: Mapping[str, PhonePlan] = field(default_factory=lambda: MappingProxyType({}))
    trunks: Mapping[str, TrunkPlan] = field(default_factory=lambda: MappingProxyType({}))
    numbers: Mapping[str, Destination] = field(default_factory=lambda: MappingProxyType({}))
