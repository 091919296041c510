"""The office as configured: frozen values that the domain decides by.

`settings` reads them from TOML and checks every reference, so the domain may rely on each name in them being there. An
`Office` is replaced as a whole when the configuration is reloaded; `version` names it in the journal, so that a
decision can later be explained with the rules that were in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import msgspec

from softswitch.domain.conditions import Condition
from softswitch.domain.hours import Hours

NoAnswerPolicy: TypeAlias = Literal["pause", "log-out", "log-out-unless-last"]
RecordPolicy: TypeAlias = Literal["always", "on-demand", "never"]
Strategy: TypeAlias = Literal[
    "longest-idle", "ring-all", "round-robin", "fewest-calls", "least-talk", "random", "top-down", "weighted"
]
Staffing: TypeAlias = Literal["nobody", "logged-in", "ready"]
"""Whom a queue needs to have among its agents so that callers may join it, or stay."""

PRIORITY_S_MAX: Final = 3600.0
WEIGHT_S_MAX: Final = 3600.0
PREFERENCE_S_MAX: Final = 600.0
TARGET_S: Final = 20.0
"""How long callers of a queue without a service goal are meant to wait at most."""
SKILL_LEVEL_MAX: Final = 10


class ToQueue(msgspec.Struct, frozen=True):
    """`queue:support`: wait there for an agent."""

    queue: str

    def __str__(self) -> str:
        return f"queue:{self.queue}"


class ToPhone(msgspec.Struct, frozen=True):
    """`phone:101`: ring the device that registers under this name."""

    phone: str

    def __str__(self) -> str:
        return f"phone:{self.phone}"


class ToAgent(msgspec.Struct, frozen=True):
    """`agent:anna`: ring all that she answers at."""

    agent: str

    def __str__(self) -> str:
        return f"agent:{self.agent}"


class ToNumber(msgspec.Struct, frozen=True):
    """`number:+46701234567`: out through a trunk."""

    number: str

    def __str__(self) -> str:
        return f"number:{self.number}"


class ToSay(msgspec.Struct, frozen=True):
    """`say:closed`: answer, play the sound, hang up."""

    sound: str

    def __str__(self) -> str:
        return f"say:{self.sound}"


class ToBusy(msgspec.Struct, frozen=True):
    """`busy`: 486, unanswered."""

    def __str__(self) -> str:
        return "busy"


class ToVoicemail(msgspec.Struct, frozen=True):
    """`voicemail:support`: leave a message in this mailbox."""

    mailbox: str

    def __str__(self) -> str:
        return f"voicemail:{self.mailbox}"


class ToCallback(msgspec.Struct, frozen=True):
    """`callback`: keep the place in the queue without the line. It leads on from a queue only."""

    def __str__(self) -> str:
        return "callback"


class ToAgentLine(msgspec.Struct, frozen=True):
    """`agent-line`: agents log in, pause and log out by keys, after their id and PIN."""

    def __str__(self) -> str:
        return "agent-line"


class ToMessages(msgspec.Struct, frozen=True):
    """`messages`: listen to a mailbox, after its id and PIN, or without them from a phone that it belongs to."""

    def __str__(self) -> str:
        return "messages"


class ToFeature(msgspec.Struct, frozen=True):
    """A feature code: the agent at the telephone gets `ready`, `paused` or `logged-out`. No configuration names it."""

    presence: Literal["ready", "paused", "logged-out"]

    def __str__(self) -> str:
        return f"feature:{self.presence}"


Destination: TypeAlias = (
    ToQueue
    | ToPhone
    | ToAgent
    | ToNumber
    | ToSay
    | ToVoicemail
    | ToCallback
    | ToAgentLine
    | ToFeature
    | ToMessages
    | ToBusy
)
DeviceAddress: TypeAlias = ToPhone | ToNumber


@dataclass(frozen=True, slots=True)
class Device:
    """One telephone that an agent answers at.

    `confirm`: a key is asked for before the caller is given to it. It rings `after_s` seconds after the first.
    """

    to: DeviceAddress
    confirm: bool = False
    after_s: float = 0


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """A person who answers. Her devices ring when their `after_s` comes, beside the earlier ones or one at a time.

    `number` is what she keys at the agent line; `guard_s`: how long she is left alone after she got ready; `wrap_up_s`
    goes before the queues'. `skills` have levels 1 to SKILL_LEVEL_MAX. `may_answer_at`: prefixes of the outside numbers
    that she may set as hers. At most `calls_out_max` calls are out for her at once; `caller_id` is what they show.
    """

    agent: str
    name: str
    answers_at: tuple[Device, ...]
    is_ready_at_start: bool = False
    pin: str | None = None
    number: str | None = None
    rings_one_at_a_time: bool = False
    skills: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    wrap_up_s: float | None = None
    guard_s: float = 0
    may_answer_at: tuple[str, ...] = ()
    calls_out_max: int | None = None
    caller_id: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """An agent of a queue. Tier 1 is asked first; the queue's callers count `preference_s` more to this agent.

    `weight`: her share of the calls under the strategy `weighted`.
    """

    agent: str
    tier: int = 1
    preference_s: float = 0
    weight: float = 1


@dataclass(frozen=True, slots=True)
class ServiceGoal:
    """`share` of the callers answered `within_s` seconds."""

    share: float
    within_s: float


@dataclass(frozen=True, slots=True)
class OverflowStep:
    """Moves a caller on to `to` once he has waited `after_s` and, where there is one, the condition holds."""

    to: Destination
    after_s: float = 0
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A sound of the queue's own, played `gap_s` after the one before it (the first: after entering)."""

    sound: str
    gap_s: float


@dataclass(frozen=True, slots=True)
class CallbackPlan:
    """How callers are called back: `tries` in all, `pause_s` between them, each rings `ring_s`; only to `may_call`.

    `may_call` are prefixes of outside numbers; numbers keyed without country code are taken for the first one's. A
    call-back that is older than `keep_s` is given up.
    """

    may_call: tuple[str, ...]
    tries: int = 3
    pause_s: float = 300
    ring_s: float = 30
    keep_s: float = 86_400


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """A queue. Sounds are names; durations seconds; 0 in `announce_position_every_s` means never.

    `agents` are the names of `members`, in order; who has no terms of her own has the usual ones. `skills`: what
    callers ask for, each level one lower every `skills_relax_every_s`. `keys` lead callers who press them elsewhere.
    `codes`: what a call can have been about; with `code_within_s` an agent stays in wrap-up for so long until she has
    said it. `caller_id`: what those are shown whom it calls outside.
    """

    queue: str
    name: str
    agents: tuple[str, ...]
    strategy: Strategy = "longest-idle"
    members: tuple[Member, ...] = ()
    next_tier_after_s: float | None = None
    skills: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    skills_relax_every_s: float | None = None
    weight_s: float = 0
    welcome: str | None = None
    music: str | None = None
    announce_position_every_s: float = 0
    announce_wait: bool = False
    messages: tuple[Message, ...] = ()
    ring_s: float = 20
    wrap_up_s: float = 0
    codes: tuple[str, ...] = ()
    code_within_s: float = 0
    no_answer: NoAnswerPolicy = "pause"
    misses: int = 1
    confirm_sound: str = "confirm-call"
    join_needs: Staffing = "nobody"
    stay_needs: Staffing = "nobody"
    hours: Hours | None = None
    closed_to: Destination = field(default_factory=ToBusy)
    max_wait_s: float | None = None
    max_waiting: int | None = None
    overflow: tuple[OverflowStep, ...] = ()
    overflow_to: Destination = field(default_factory=ToBusy)
    keys: Mapping[str, Destination] = field(default_factory=lambda: MappingProxyType({}))
    callback: CallbackPlan | None = None
    service_level: ServiceGoal | None = None
    short_abandon_s: float = 0
    record: RecordPolicy = "never"
    caller_id: str | None = None

    def __post_init__(self) -> None:
        if tuple(member.agent for member in self.members) != self.agents:
            known = {member.agent: member for member in self.members}
            members = tuple(known.get(agent) or Member(agent) for agent in self.agents)
            object.__setattr__(self, "members", members)

    @property
    def target_s(self) -> float:
        """How long its callers are meant to wait at most."""
        return TARGET_S if self.service_level is None else self.service_level.within_s

    def due_at(self, entered_at: float, priority_s: float) -> float:
        """What callers of all queues are served by, the smallest first: when they are to be served at the latest."""
        return entered_at + self.target_s - self.weight_s - priority_s


@dataclass(frozen=True, slots=True)
class Terms:
    """What callers of a number bring with them: `priority_s` of wait, and the skills that they want."""

    priority_s: float = 0
    skills: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class MailboxPlan:
    """Where messages are left. `number` and `pin` open it by keys; the phones in `lamps` show and open it without."""

    mailbox: str
    name: str
    greeting: str = "voicemail-greeting"
    number: str | None = None
    pin: str | None = None
    lamps: tuple[str, ...] = ()
    message_s_max: float = 180
    messages_max: int = 100


@dataclass(frozen=True, slots=True)
class FeatureCodes:
    """What an agent dials at her own phone to change her presence; None: nothing does.

    `pick_up`, with a phone's name behind it, is for every phone: it takes the call that rings there.
    """

    ready: str | None = None
    pause: str | None = None
    log_out: str | None = None
    pick_up: str | None = None


@dataclass(frozen=True, slots=True)
class PhonePlan:
    """A device that registers here. `may_dial`: "phones", "agents", "queues", or prefixes of outside numbers.

    `may_not_dial`: prefixes that are taken out of these. At most `calls_out_max` calls leave from it at once;
    `caller_id` is what they show.
    """

    phone: str
    name: str
    may_dial: tuple[str, ...] = ("phones", "agents", "queues")
    may_not_dial: tuple[str, ...] = ()
    calls_out_max: int | None = None
    caller_id: str | None = None
    call_waiting: bool = False


@dataclass(frozen=True, slots=True)
class TrunkPlan:
    """A carrier, as far as routing needs to know it. `caller_id` is what we show on calls that go out by it.

    `country`: where its numbers are at home; `carries_emergency`: whether emergency numbers may be called by it.
    """

    trunk: str
    caller_id: str | None = None
    country: str | None = None
    carries_emergency: bool = True


@dataclass(frozen=True, slots=True)
class OutgoingPlan:
    """What holds for all calls that leave. Prefixes of numbers, E.164.

    `allow`: where agents and people in charge may give callers on to, None: the countries that the office is at home
    in. `deny`: what nobody calls who is not allowed to by as long a prefix of his own. `outside_prefixes`: what people
    may dial before an emergency number, out of habit.
    """

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()
    emergency_numbers: tuple[str, ...] = ("112",)
    outside_prefixes: tuple[str, ...] = ("0", "9")


@dataclass(frozen=True, slots=True)
class Office:
    """All of it, by name, in the order of the configuration files.

    `shifts`: when each agent who has any works. `terms` belong to numbers; `vips`: what callers from these numbers
    bring, in seconds of wait. `pause_reasons` empty: any text will do.
    """

    version: str
    node: str
    timezone: str
    language: str
    queues: Mapping[str, QueuePlan] = field(default_factory=lambda: MappingProxyType({}))
    agents: Mapping[str, AgentPlan] = field(default_factory=lambda: MappingProxyType({}))
    phones: Mapping[str, PhonePlan] = field(default_factory=lambda: MappingProxyType({}))
    trunks: Mapping[str, TrunkPlan] = field(default_factory=lambda: MappingProxyType({}))
    numbers: Mapping[str, Destination] = field(default_factory=lambda: MappingProxyType({}))
    terms: Mapping[str, Terms] = field(default_factory=lambda: MappingProxyType({}))
    mailboxes: Mapping[str, MailboxPlan] = field(default_factory=lambda: MappingProxyType({}))
    vips: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    shifts: Mapping[str, Hours] = field(default_factory=lambda: MappingProxyType({}))
    pause_reasons: tuple[str, ...] = ()
    features: FeatureCodes = field(default_factory=FeatureCodes)
    outgoing: OutgoingPlan = field(default_factory=OutgoingPlan)
