"""What happened, in the past tense: the records of the journal.

State changes only together with one of these, and every figure that anyone is shown is a fold over them. They are
versioned by their tags: a record that must change its meaning gets a new class (`CallQueued2`) and the old one stays
readable. `at` is wall time in seconds since 1970 (UTC); durations are in seconds. Times that must survive a restart are
wall time here and turned into `now`'s clock on load.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from softswitch.domain.causes import Cause, EndedBy, Outcome
from softswitch.domain.inputs import Presence

PresentationOutcome: TypeAlias = Literal[
    "connected", "no-answer", "busy", "declined", "unreachable", "failed", "caller-gone", "agent-lost", "withdrawn"
]


class _Event(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    at: float


class SwitchStarted(_Event, frozen=True):
    """A process began. `config` is the version of the configuration in force."""

    node: str
    config: str


class ConfigurationApplied(_Event, frozen=True):
    """A reload took effect."""

    config: str


class CallArrived(_Event, frozen=True):
    """An INVITE passed authentication or a trunk's door. Exactly one of `trunk` and `phone` is set."""

    call: str
    leg: str
    caller: str
    caller_name: str
    dialled: str
    trunk: str | None = None
    phone: str | None = None


class CallRouted(_Event, frozen=True):
    """Where a call goes and by what rule: a number's entry, the dial plan, a queue's overflow."""

    call: str
    destination: str
    rule: str


class CallAnswered(_Event, frozen=True):
    """Our 200 OK to the caller."""

    call: str


class CallQueued(_Event, frozen=True):
    """A call entered a queue (a queue visit begins): it is *offered*."""

    call: str
    queue: str
    position: int


class PositionAnnounced(_Event, frozen=True):
    """A waiting caller was told his place in the queue."""

    call: str
    queue: str
    position: int


class QueueLeft(_Event, frozen=True):
    """A queue visit ended otherwise than by connection: the caller gave up, was moved on, or the call failed."""

    call: str
    queue: str
    outcome: Literal["abandoned", "overflowed", "failed"]
    cause: Cause
    wait_s: float


class Exclusion(msgspec.Struct, frozen=True):
    """How many agents a rule kept out of a decision, and the first of them by name."""

    rule: str
    agents: int
    names: tuple[str, ...] = ()


class CallPresented(_Event, frozen=True):
    """A waiting call is shown to one agent; `legs` ring. With the reasons: runner-up, exclusions, configuration.

    `idle_s` and `runner_up_idle_s` are what the two were ranked by.
    """

    call: str
    presentation: str
    queue: str
    agent: str
    legs: tuple[str, ...]
    candidates: int
    runner_up: str | None
    exclusions: tuple[Exclusion, ...]
    config: str
    idle_s: float | None = None
    runner_up_idle_s: float | None = None


class PresentationEnded(_Event, frozen=True):
    """A presentation is over, `cause` None when it was connected.

    `is_counted`: it was a true no-answer and the queue's `no_answer` policy was applied.
    """

    call: str
    presentation: str
    queue: str
    agent: str
    outcome: PresentationOutcome
    cause: Cause | None
    is_counted: bool = False


class LegDialled(_Event, frozen=True):
    """We ring a device for a call: a phone or a number."""

    call: str
    leg: str
    to: str


class CallConnected(_Event, frozen=True):
    """The caller is joined to whoever was called. `agent` None on a direct call to a phone or number."""

    call: str
    leg: str
    to: str
    agent: str | None = None
    queue: str | None = None
    wait_s: float | None = None


class AgentLost(_Event, frozen=True):
    """The agent's leg failed after pick-up: the caller is back at the front of the queue with his wait kept."""

    call: str
    agent: str
    queue: str
    cause: Cause


class RecordingStarted(_Event, frozen=True):
    """A file grows at `path`, relative to the recordings folder."""

    call: str
    recording: str
    agent: str | None
    queue: str | None
    path: str


class RecordingEnded(_Event, frozen=True):
    """The file is complete. `failure` tells what could not be written."""

    call: str
    recording: str
    seconds: float
    sha256: str | None = None
    failure: str | None = None


class CallEnded(_Event, frozen=True):
    """The one end of a call."""

    call: str
    outcome: Outcome
    ended_by: EndedBy
    cause: Cause


class AgentPresenceChanged(_Event, frozen=True):
    """What a person chose, or a policy chose for them (`by`: command, start, no-answer policy …)."""

    agent: str
    presence: Presence
    reason: str | None
    by: str


class WrapUpStarted(_Event, frozen=True):
    """Time to finish the work of a call; ends by itself at wall time `until`."""

    agent: str
    call: str
    until: float


class WrapUpEnded(_Event, frozen=True):
    """The agent is idle again."""

    agent: str


Event: TypeAlias = (
    SwitchStarted
    | ConfigurationApplied
    | CallArrived
    | CallRouted
    | CallAnswered
    | CallQueued
    | PositionAnnounced
    | QueueLeft
    | CallPresented
    | PresentationEnded
    | LegDialled
    | CallConnected
    | AgentLost
    | RecordingStarted
    | RecordingEnded
    | CallEnded
    | AgentPresenceChanged
    | WrapUpStarted
    | WrapUpEnded
)
