"""All that the switch can ask for, in the imperative. Signalling carries each out; none is answered directly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from softswitch.domain.causes import Cause
from softswitch.domain.inputs import HOPS_MAX, CallId, LegId
from softswitch.domain.office import DeviceAddress


@dataclass(frozen=True, slots=True)
class DialLeg:
    """Rings a device. Phones are shown `caller` and `caller_name`; calls by a trunk show the trunk's own caller id.

    What follows is `LegProgressed`, then one of `LegAnswered` and `LegRefused`.
    """

    leg: LegId
    call: CallId
    to: DeviceAddress
    caller: str
    caller_name: str
    hops_left: int = HOPS_MAX


@dataclass(frozen=True, slots=True)
class RingLeg:
    """180 to an incoming leg."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class AnswerLeg:
    """200 OK to an incoming leg."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class RefuseLeg:
    """A final refusal to an incoming leg that was not answered; the leg is gone."""

    leg: LegId
    cause: Cause


@dataclass(frozen=True, slots=True)
class HangUpLeg:
    """Ends a leg in any phase: BYE, or CANCEL while it still rings. The leg is gone for the switch at once.

    ANSWERED_ELSEWHERE becomes the Reason that keeps a phone from showing a missed call.
    """

    leg: LegId
    cause: Cause


@dataclass(frozen=True, slots=True)
class PlayOnLeg:
    """Plays sounds by name to a leg: `once` in order, then `loop` for ever; it replaces what played before."""

    leg: LegId
    tag: str
    once: tuple[str, ...] = ()
    loop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopPlayingOnLeg:
    """Silences `tag` on the leg at once."""

    leg: LegId
    tag: str


@dataclass(frozen=True, slots=True)
class JoinLeg:
    """Lets the leg hear and be heard in the bridge."""

    bridge: str
    leg: LegId


@dataclass(frozen=True, slots=True)
class LeaveLeg:
    """Takes the leg out of the bridge; it lives on alone."""

    bridge: str
    leg: LegId


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Records the bridge: left what `left` says, right everyone else. `path` is relative to the recordings folder."""

    recording: str
    bridge: str
    left: LegId
    path: str


@dataclass(frozen=True, slots=True)
class StopRecording:
    """Finishes the file; `RecordingCompleted` follows."""

    recording: str


@dataclass(frozen=True, slots=True)
class ClaimAgent:
    """Asks for the right to connect this call and this agent, before any device is rung."""

    presentation: str
    call: CallId
    agent: str


LampState = Literal["off", "ringing", "on"]


@dataclass(frozen=True, slots=True)
class ShowLamp:
    """The lamp of a phone, agent or queue changed; phones that watch it are told.

    Of a phone: whether it rings or talks. Of an agent: off is ready and idle, ringing is being rung, on is not to be
    had (talking, wrapping up, paused, logged out). Of a queue: ringing is somebody waits, on is nobody serves it.
    """

    lamp: str
    state: LampState


@dataclass(frozen=True, slots=True)
class ShowMessages:
    """How many messages a mailbox holds that were not heard, and how many that were."""

    mailbox: str
    new: int
    old: int


Action: TypeAlias = (
    DialLeg
    | RingLeg
    | AnswerLeg
    | RefuseLeg
    | HangUpLeg
    | PlayOnLeg
    | StopPlayingOnLeg
    | JoinLeg
    | LeaveLeg
    | StartRecording
    | StopRecording
    | ClaimAgent
    | ShowLamp
    | ShowMessages
)
