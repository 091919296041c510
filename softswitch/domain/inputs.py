"""All that the switch can be told. An input carries what is needed to decide on it: the domain is told, it never asks.

Legs speak a small neutral vocabulary; no SIP, SDP or RTP gets past signalling. Ids of incoming legs are chosen by
signalling, ids of legs that the switch dials by the switch.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from softswitch.domain.causes import Cause
from softswitch.domain.office import Destination, Office

HOPS_MAX: Final = 70
"""RFC 3261 §8.1.1.6 recommends it for calls that begin somewhere."""

LegId: TypeAlias = str
CallId: TypeAlias = str
Presence: TypeAlias = Literal["logged-out", "ready", "paused"]


class FromTrunk(msgspec.Struct, frozen=True):
    """The call came by this carrier."""

    trunk: str


class FromPhone(msgspec.Struct, frozen=True):
    """The call came from this registered, authenticated phone."""

    phone: str


class FromCallback(msgspec.Struct, frozen=True):
    """We call somebody back."""

    callback: str


class FromRoster(msgspec.Struct, frozen=True):
    """We call an agent whose shift begins."""

    agent: str


Origin: TypeAlias = FromTrunk | FromPhone | FromCallback | FromRoster


class LegInvited(msgspec.Struct, frozen=True):
    """Someone calls. `media_fault` is set when this leg could not be answered: no common codec, no media port free.

    `hops_left`: through how many more switches the call may go. Each takes one off, so a call that numbers send round
    in a circle comes to an end. `replaces`: whose place in a talk the caller wants to take (RFC 3891).
    `diverted_from`: the number that was called before the call was sent on to us.
    """

    leg: LegId
    origin: FromTrunk | FromPhone
    caller: str
    caller_name: str
    dialled: str
    media_fault: Cause | None = None
    hops_left: int = HOPS_MAX
    replaces: LegId | None = None
    diverted_from: str | None = None


class LegProgressed(msgspec.Struct, frozen=True):
    """A leg that we dial rings (180 or 183)."""

    leg: LegId


class LegAnswered(msgspec.Struct, frozen=True):
    """A leg that we dial picked up, and its media can be had."""

    leg: LegId


class LegHeard(msgspec.Struct, frozen=True):
    """The first sound came from a leg that was answered: its media is up."""

    leg: LegId


class LegRefused(msgspec.Struct, frozen=True):
    """A leg that we dial came to nothing. `forward`: what its telephone would have us dial instead, if anything."""

    leg: LegId
    cause: Cause
    forward: str | None = None


class LegHeld(msgspec.Struct, frozen=True):
    """The far end put us on hold, or took us back."""

    leg: LegId
    is_held: bool


class LegReferred(msgspec.Struct, frozen=True):
    """The far end wants the other side of its talk given on: to what it dialled, or to the far end of its leg `other`.

    `AnswerReferral` says at once whether that is done.
    """

    leg: LegId
    to: str
    other: LegId | None = None


class LegEnded(msgspec.Struct, frozen=True):
    """A leg is over without our asking. Before our answer to an incoming leg: the caller cancelled.

    HUNG_UP and CANCELLED come from the far end; NOT_CONFIRMED, SILENT, MEDIA_LOST and the like are faults.
    """

    leg: LegId
    cause: Cause


class DigitPressed(msgspec.Struct, frozen=True):
    """A key of the far end."""

    leg: LegId
    digit: str


class PlaybackEnded(msgspec.Struct, frozen=True):
    """What `PlayOnLeg` with this tag had to say once is through."""

    leg: LegId
    tag: str


class RecordingCompleted(msgspec.Struct, frozen=True):
    """The file is whole on disk."""

    recording: str
    seconds: float
    sha256: str | None
    failure: str | None


class PhoneRegistrationChanged(msgspec.Struct, frozen=True):
    """A phone has, or has no longer, a contact where it can be reached. Repeated with each fresh registration."""

    phone: str
    is_registered: bool


class TrunkReachabilityChanged(msgspec.Struct, frozen=True):
    """A carrier answers, or no longer does. Trunks count as reachable until told otherwise."""

    trunk: str
    is_reachable: bool


class ClaimDecided(msgspec.Struct, frozen=True):
    """The answer to `ClaimAgent`: on a single node it comes at once and is always granted."""

    presentation: str
    is_granted: bool


class SetPresence(msgspec.Struct, frozen=True):
    """An agent logs in ("ready"), gets ready, pauses or logs out. `by` tells who wanted it, for the journal."""

    agent: str
    presence: Presence
    reason: str | None = None
    by: str = "command"


class SwitchAgentQueue(msgspec.Struct, frozen=True):
    """An agent takes calls of one of her queues, or takes none of it for now."""

    agent: str
    queue: str
    is_on: bool
    by: str = "command"


class SetAgentNumber(msgspec.Struct, frozen=True):
    """An agent answers at this outside number instead of her telephones; None: at her telephones again."""

    agent: str
    number: str | None
    by: str = "command"


class ExtendWrapUp(msgspec.Struct, frozen=True):
    """An agent in wrap-up needs `seconds` more; negative: is ready sooner. Enough to go below now ends it."""

    agent: str
    seconds: float


class ClassifyCall(msgspec.Struct, frozen=True):
    """What the call of an agent was about: the one in her wrap-up or talk, or `call` if it was hers."""

    agent: str
    code: str
    by: str = "command"


class SetPriority(msgspec.Struct, frozen=True):
    """A waiting caller's priority, in seconds of wait."""

    call: CallId
    priority_s: float
    by: str = "command"


class SetHotPrompt(msgspec.Struct, frozen=True):
    """A sound that a queue's callers hear first, until wall time `until`; None takes it back."""

    queue: str
    sound: str | None
    until: float | None = None
    by: str = "command"


class WithdrawCallback(msgspec.Struct, frozen=True):
    """Somebody in charge takes back the promise to call somebody."""

    callback: str


class DeleteVoicemail(msgspec.Struct, frozen=True):
    """A message is to be gone from its mailbox."""

    mailbox: str
    message: str
    by: str = "command"


class TransferCall(msgspec.Struct, frozen=True):
    """Whoever talks with the caller gives him on at once."""

    call: CallId
    to: Destination
    by: str = "command"


class ConsultFor(msgspec.Struct, frozen=True):
    """Whoever talks with the caller asks somebody first; the caller waits with music."""

    call: CallId
    to: Destination
    by: str = "command"


class EndConsult(msgspec.Struct, frozen=True):
    """The caller is handed over to who was asked, all come together, or the caller is taken back."""

    call: CallId
    how: Literal["complete", "conference", "take-back"]
    by: str = "command"


class HangUpCall(msgspec.Struct, frozen=True):
    """Somebody in charge ends a call."""

    call: CallId


class OfficeChanged(msgspec.Struct, frozen=True):
    """A new configuration is in force."""

    office: Office


class DrainStarted(msgspec.Struct, frozen=True):
    """No new calls from now on; running ones go on."""


Input: TypeAlias = (
    LegInvited
    | LegProgressed
    | LegAnswered
    | LegHeard
    | LegRefused
    | LegHeld
    | LegReferred
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
