"""What happened, in the past tense: the records of the journal.

State changes only together with one of these, and every figure that anyone is shown is a fold over them. They are
versioned by their tags: a record that must change its meaning gets a new class (`CallQueued2`) and the old one stays
readable. `at` is wall time in seconds since 1970 (UTC); durations are in seconds. Times that must survive a restart are
wall time here and turned into `now`'s clock on load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from softswitch.domain.causes import Cause, EndedBy, Outcome
from softswitch.domain.inputs import Presence
from softswitch.domain.office import Strategy
from softswitch.domain.strategies import Candidate

PresentationOutcome: TypeAlias = Literal[
    "connected",
    "no-answer",
    "busy",
    "declined",
    "unreachable",
    "no-confirmation",
    "failed",
    "caller-gone",
    "taken-elsewhere",
    "withdrawn",
]
CallbackOutcome: TypeAlias = Literal["connected", "gave-up", "withdrawn"]
VisitOutcome: TypeAlias = Literal[
    "abandoned", "short-abandoned", "overflowed", "to-callback", "to-voicemail", "closed", "failed"
]
"""How a queue visit ends, other than by connection. One that is connected is *answered*."""


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
    """An INVITE passed authentication (`phone`) or a trunk's door (`trunk`).

    Or we call ourselves: someone back (`callback`), or an agent whose shift begins (`roster`).
    `diverted_from`: the number that was called first, where somebody sent the call on to us.
    """

    call: str
    leg: str
    caller: str
    caller_name: str
    dialled: str
    trunk: str | None = None
    phone: str | None = None
    callback: str | None = None
    roster: str | None = None
    diverted_from: str | None = None


class CallRouted(_Event, frozen=True):
    """Where a call goes and by what rule: a number's entry, the dial plan, a queue's overflow."""

    call: str
    destination: str
    rule: str


class CallAnswered(_Event, frozen=True):
    """Our 200 OK to the caller."""

    call: str


class CallQueued(_Event, frozen=True):
    """A call entered a queue (a queue visit begins): it is *offered*.

    `due` is wall time, what callers are served by: when he is to be served at the latest, by his queue's target and
    weight and his own priority. `entered` is set where he brings a wait from before: it counts from there.
    """

    call: str
    queue: str
    position: int
    priority_s: float = 0.0
    due: float | None = None
    entered: float | None = None
    by: str = "arrival"


class PositionAnnounced(_Event, frozen=True):
    """A waiting caller was told his place in the queue."""

    call: str
    queue: str
    position: int


class QueueLeft(_Event, frozen=True):
    """A queue visit ended otherwise than by connection; one that never began (turned away) has only this."""

    call: str
    queue: str
    outcome: VisitOutcome
    cause: Cause
    wait_s: float


class PriorityChanged(_Event, frozen=True):
    """A waiting caller counts for more, or less, from now on: `priority_s` seconds of wait in all."""

    call: str
    priority_s: float
    by: str


class EstimateAnnounced(_Event, frozen=True):
    """A waiting caller was told how long it may take; `high_s` None: no end was named; `reason`: why it is more than he
    was told before."""

    call: str
    queue: str
    low_s: float
    high_s: float | None
    reason: str | None = None


class MessagePlayed(_Event, frozen=True):
    """A waiting caller heard one of the queue's messages, or a hot prompt."""

    call: str
    queue: str
    message: str


class Exclusion(msgspec.Struct, frozen=True):
    """How many agents a rule kept out of a decision, and the first of them by name."""

    rule: str
    agents: int
    names: tuple[str, ...] = ()


class CallPresented(_Event, frozen=True):
    """A waiting call is shown to one agent; `legs` ring. With the reasons: runner-up, exclusions, configuration.

    `idle_s` and `runner_up_idle_s` are of the two best. `ranked`: the best candidates with what they were ranked by;
    `overdue_s`: how long the caller was due already (negative: not yet); `passed_over`: callers who were due before
    him, with how long, for whom nobody could be found in that moment.
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
    strategy: Strategy = "longest-idle"
    ranked: tuple[Candidate, ...] = ()
    overdue_s: float | None = None
    passed_over: tuple[tuple[str, float], ...] = ()


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


class WayOutDenied(_Event, frozen=True):
    """A call to an outside number might not leave. `by`: for whom it was to ("phone:101", "agent:bo", "office")."""

    call: str
    number: str
    by: str
    why: str


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


class CallParted(_Event, frozen=True):
    """Someone who was connected left the call, which goes on: it was transferred, or a conference got smaller."""

    call: str
    leg: str
    agent: str | None = None


class CallTransferred(_Event, frozen=True):
    """Whoever talked with the caller gave him on to `destination`; how he fares there follows."""

    call: str
    destination: str
    by: str


class CallbackRequested(_Event, frozen=True):
    """A caller keeps his place without the line: `entered` and `priority_s` are his, and he is called at `number`."""

    call: str
    callback: str
    queue: str
    number: str
    entered: float
    priority_s: float = 0.0
    skills: dict[str, int] = msgspec.field(default_factory=dict)


class CallbackTried(_Event, frozen=True):
    """`call` was made for the call-back and did not connect the two; the next is made at wall time `again`, if any."""

    call: str
    callback: str
    cause: Cause
    tries: int
    again: float | None = None


class CallbackEnded(_Event, frozen=True):
    """The one end of a call-back: `connected`, `gave-up` after its last try, or `withdrawn` by command."""

    callback: str
    queue: str
    outcome: CallbackOutcome
    call: str | None = None


class VoicemailStarted(_Event, frozen=True):
    """A caller speaks a message for the mailbox; the file grows at `path`, relative to the recordings folder."""

    call: str
    mailbox: str
    message: str
    path: str
    caller: str


class VoicemailLeft(_Event, frozen=True):
    """A message lies in the mailbox; `path` is relative to the recordings folder."""

    call: str
    mailbox: str
    message: str
    seconds: float
    path: str
    caller: str = ""


class VoicemailHeard(_Event, frozen=True):
    """The message was listened to: it is no longer new."""

    mailbox: str
    message: str
    by: str = ""


class VoicemailDeleted(_Event, frozen=True):
    """The message is gone."""

    mailbox: str
    message: str
    by: str = ""


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


class AgentMissed(_Event, frozen=True):
    """She let it ring, `misses` times in a row now; at the queue's limit its `no_answer` policy follows."""

    agent: str
    call: str
    queue: str
    misses: int


class AgentLoggedInFrom(_Event, frozen=True):
    """She chose to work, or to pause, at this telephone: she is logged in from it until she logs out, or at another."""

    agent: str
    telephone: str


class AgentLoginTakenOver(_Event, frozen=True):
    """Who was logged in at one telephone logged in at another, `at_number`: only the later one counts."""

    agent: str
    at_number: str


class AgentQueueSwitched(_Event, frozen=True):
    """An agent takes calls of this queue, or takes none of it for now."""

    agent: str
    queue: str
    is_on: bool
    by: str


class AgentNumberSet(_Event, frozen=True):
    """An agent answers at this number instead of her telephones, until she logs out; None: at her telephones again."""

    agent: str
    number: str | None
    by: str


class CallClassified(_Event, frozen=True):
    """What a call was about, by the queue's list."""

    call: str
    agent: str
    code: str
    by: str


class WrapUpStarted(_Event, frozen=True):
    """Time to finish the work of a call; ends by itself at wall time `until`. Said again when it is made longer.

    `queue`: whose call it was; `plain_until`: until when it lasts once the call has the code that it needs.
    """

    agent: str
    call: str
    until: float
    needs_code: bool = False
    queue: str = ""
    plain_until: float | None = None


class WrapUpEnded(_Event, frozen=True):
    """The agent is idle again."""

    agent: str


class QueueUnstaffed(_Event, frozen=True):
    """The alarm: the queue is open, and nobody who could take its calls is logged in and not paused."""

    queue: str


class QueueStaffed(_Event, frozen=True):
    """The alarm is over: somebody is there, or the queue is closed."""

    queue: str


class HotPromptChanged(_Event, frozen=True):
    """A sound that a queue's callers hear first is switched on until wall time `until` (None: for good), or off."""

    queue: str
    sound: str | None
    until: float | None = None
    by: str = "command"


Event: TypeAlias = (
    SwitchStarted
    | ConfigurationApplied
    | CallArrived
    | CallRouted
    | CallAnswered
    | CallQueued
    | PositionAnnounced
    | QueueLeft
    | PriorityChanged
    | EstimateAnnounced
    | MessagePlayed
    | CallPresented
    | PresentationEnded
    | LegDialled
    | WayOutDenied
    | CallConnected
    | AgentLost
    | CallParted
    | CallTransferred
    | CallbackRequested
    | CallbackTried
    | CallbackEnded
    | VoicemailStarted
    | VoicemailLeft
    | VoicemailHeard
    | VoicemailDeleted
    | RecordingStarted
    | RecordingEnded
    | CallEnded
    | AgentPresenceChanged
    | AgentMissed
    | AgentLoggedInFrom
    | AgentLoginTakenOver
    | AgentQueueSwitched
    | AgentNumberSet
    | CallClassified
    | WrapUpStarted
    | WrapUpEnded
    | QueueUnstaffed
    | QueueStaffed
    | HotPromptChanged
)

Takers: TypeAlias = Mapping[type[Event], Callable[[Any], object]]  # each takes its own kind of event and no other
"""What a fold takes of each kind of event that it wants. A running switch asks for them by kind, once; who reads a
journal back shows every event to `apply`, because the last sign of life before a crash may be any of them."""
