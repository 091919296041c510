"""All that the switch can be told. An input carries what is needed to decide on it: the domain is told, it never asks.

Legs speak a small neutral vocabulary; no SIP, SDP or RTP gets past signalling. Ids of incoming legs are chosen by
signalling, ids of legs that the switch dials by the switch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from softswitch.domain.causes import Cause
from softswitch.domain.office import Destination, Office

HOPS_MAX: Final = 70
"""RFC 3261 §8.1.1.6 recommends it for calls that begin somewhere."""

LegId: TypeAlias = str
CallId: TypeAlias = str
Presence: TypeAlias = Literal["logged-out", "ready", "paused"]


@dataclass(frozen=True, slots=True)
class FromTrunk:
    """The call came by this carrier."""

    trunk: str


@dataclass(frozen=True, slots=True)
class FromPhone:
    """The call came from this registered, authenticated phone."""

    phone: str


@dataclass(frozen=True, slots=True)
class FromCallback:
    """We call somebody back."""

    callback: str


@dataclass(frozen=True, slots=True)
class FromRoster:
    """We call an agent whose shift begins."""

    agent: str


Origin: TypeAlias = FromTrunk | FromPhone | FromCallback | FromRoster


@dataclass(frozen=True, slots=True)
class LegInvited:
    """Someone calls. `media_fault` is set when this leg could not be answered: no common codec, no media port free.

    `hops_left`: through how many more switches the call may go. Each takes one off, so a call that numbers send round
    in a circle comes to an end.
    """

    leg: LegId
    origin: FromTrunk | FromPhone
    caller: str
    caller_name: str
    dialled: str
    media_fault: Cause | None = None
    hops_left: int = HOPS_MAX


@dataclass(frozen=True, slots=True)
class LegProgressed:
    """A leg that we dial rings (180 or 183)."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """A leg that we dial picked up, and its media can be had."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class LegHeard:
    """The first sound came from a leg that was answered: its media is up."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class LegRefused:
    """A leg that we dial came to nothing."""

    leg: LegId
    cause: Cause


@dataclass(frozen=True, slots=True)
class LegHeld:
    """The far end put us on hold, or took us back."""

    leg: LegId
    is_held: bool


@dataclass(frozen=True, slots=True)
class LegEnded:
    """A leg is over without our asking. Before our answer to an incoming leg: the caller cancelled.

    HUNG_UP and CANCELLED come from the far end; NOT_CONFIRMED, SILENT, MEDIA_LOST and the like are faults.
    """

    leg: LegId
    cause: Cause


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """A key of the far end."""

    leg: LegId
    digit: str


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """What `PlayOnLeg` with this tag had to say once is through."""

    leg: LegId
    tag: str


@dataclass(frozen=True, slots=True)
class RecordingCompleted:
    """The file is whole on disk."""

    recording: str
    seconds: float
    sha256: str | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class PhoneRegistrationChanged:
    """A phone has, or has no longer, a contact where it can be reached. Repeated with each fresh registration."""

    phone: str
    is_registered: bool


@dataclass(frozen=True, slots=True)
class TrunkReachabilityChanged:
    """A carrier answers, or no longer does. Trunks count as reachable until told otherwise."""

    trunk: str
    is_reachable: bool


@dataclass(frozen=True, slots=True)
class ClaimDecided:
    """The answer to `ClaimAgent`: on a single node it comes at once and is always granted."""

    presentation: str
    is_granted: bool


@dataclass(frozen=True, slots=True)
class SetPresence:
    """An agent logs in ("ready"), gets ready, pauses or logs out. `by` tells who wanted it, for the journal."""

    agent: str
    presence: Presence
    reason: str | None = None
    by: str = "command"


@dataclass(frozen=True, slots=True)
class SwitchAgentQueue:
    """An agent takes calls of one of her queues, or takes none of it for now."""

    agent: str
    queue: str
    is_on: bool
    by: str = "command"


@dataclass(frozen=True, slots=True)
class SetAgentNumber:
    """An agent answers at this outside number instead of her telephones; None: at her telephones again."""

    agent: str
    number: str | None
    by: str = "command"


@dataclass(frozen=True, slots=True)
class ExtendWrapUp:
    """An agent in wrap-up needs `seconds` more; negative: is ready sooner. Enough to go below now ends it."""

    agent: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ClassifyCall:
    """What the call of an agent was about: the one in her wrap-up or talk, or `call` if it was hers."""

    agent: str
    code: str
    by: str = "command"


@dataclass(frozen=True, slots=True)
class SetPriority:
    """A waiting caller's priority, in seconds of wait."""

    call: CallId
    priority_s: float
    by: str = "command"


@dataclass(frozen=True, slots=True)
class SetHotPrompt:
    """A sound that a queue's callers hear first, until wall time `until`; None takes it back."""

    queue: str
    sound: str | None
    until: float | None = None
    by: str = "command"


@dataclass(frozen=True, slots=True)
class WithdrawCallback:
    """Somebody in charge takes back the promise to call somebody."""

    callback: str


@dataclass(frozen=True, slots=True)
class DeleteVoicemail:
    """A message is to be gone from its mailbox."""

    mailbox: str
    message: str
    by: str = "command"


@dataclass(frozen=True, slots=True)
class TransferCall:
    """Whoever talks with the caller gives him on at once."""

    call: CallId
    to: Destination
    by: str = "command"


@dataclass(frozen=True, slots=True)
class ConsultFor:
    """Whoever talks with the caller asks somebody first; the caller waits with music."""

    call: CallId
    to: Destination


@dataclass(frozen=True, slots=True)
class EndConsult:
    """The caller is handed over to who was asked, all come together, or the caller is taken back."""

    call: CallId
    how: Literal["complete", "conference", "take-back"]
    by: str = "command"


@dataclass(frozen=True, slots=True)
class HangUpCall:
    """Somebody in charge ends a call."""

    call: CallId


@dataclass(frozen=True, slots=True)
class OfficeChanged:
    """A new configuration is in force."""

    office: Office


@dataclass(frozen=True, slots=True)
class DrainStarted:
    """No new calls from now on; running ones go on."""


Input: TypeAlias = (
    LegInvited
    | LegProgressed
    | LegAnswered
    | LegHeard
    | LegRefused
    | LegHeld
    | LegEnded
    | DigitPressed
    | PlaybackEnded
    | RecordingCompleted
    | PhoneRegistrationChanged
    | TrunkReachabilityChanged
    | ClaimDecided
    | SetPresence
    | SwitchAgentQueue
    | SetAgentNumber
    | ExtendWrapUp
    | ClassifyCall
    | SetPriority
    | SetHotPrompt
    | WithdrawCallback
    | DeleteVoicemail
    | TransferCall
    | ConsultFor
    | EndConsult
    | HangUpCall
    | OfficeChanged
    | DrainStarted
)
