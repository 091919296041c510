"""All that the switch can ask for, in the imperative. Signalling carries each out; none is answered directly."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from softswitch.domain.causes import Cause
from softswitch.domain.inputs import HOPS_MAX, CallId, LegId
from softswitch.domain.office import DeviceAddress


class DialLeg(msgspec.Struct, frozen=True):
    """Rings a device. Phones are shown `caller` and `caller_name`; calls by a trunk `caller_id`, or the trunk's own.

    `trunks`: those that may carry it, in order; where there are none it is refused, None is all. One that
    `is_emergency` goes by any of them that will, and shows the site's number.
    `diverted`: the number that the caller called, where his call is sent on out of the house.

    What follows is `LegProgressed`, then one of `LegAnswered` and `LegRefused`.
    """

    leg: LegId
    call: CallId
    to: DeviceAddress
    caller: str
    caller_name: str
    hops_left: int = HOPS_MAX
    trunks: tuple[str, ...] | None = None
    caller_id: str | None = None
    is_emergency: bool = False
    diverted: str | None = None


class RingLeg(msgspec.Struct, frozen=True):
    """180 to an incoming leg."""

    leg: LegId


class AnswerLeg(msgspec.Struct, frozen=True):
    """200 OK to an incoming leg."""

    leg: LegId


class RefuseLeg(msgspec.Struct, frozen=True):
    """A final refusal to an incoming leg that was not answered; the leg is gone."""

    leg: LegId
    cause: Cause


class HangUpLeg(msgspec.Struct, frozen=True):
    """Ends a leg in any phase: BYE, or CANCEL while it still rings. The leg is gone for the switch at once.

    ANSWERED_ELSEWHERE becomes the Reason that keeps a phone from showing a missed call.
    """

    leg: LegId
    cause: Cause


class PlayOnLeg(msgspec.Struct, frozen=True):
    """Plays sounds by name to a leg: `once` in order, then `loop` for ever; it replaces what played before."""

    leg: LegId
    tag: str
    once: tuple[str, ...] = ()
    loop: tuple[str, ...] = ()


class StopPlayingOnLeg(msgspec.Struct, frozen=True):
    """Silences `tag` on the leg at once."""

    leg: LegId
    tag: str


class JoinLeg(msgspec.Struct, frozen=True):
    """Lets the leg hear and be heard in the bridge."""

    bridge: str
    leg: LegId


class LeaveLeg(msgspec.Struct, frozen=True):
    """Takes the leg out of the bridge; it lives on alone."""

    bridge: str
    leg: LegId


class StartRecording(msgspec.Struct, frozen=True):
    """Records the bridge: left what `left` says, right everyone else. `path` is relative to the recordings folder."""

    recording: str
    bridge: str
    left: LegId
    path: str


class StopRecording(msgspec.Struct, frozen=True):
    """Finishes the file; `RecordingCompleted` follows."""

    recording: str


class ClaimAgent(msgspec.Struct, frozen=True):
    """Asks for the right to connect this call and this agent, before any device is rung."""

    presentation: str
    call: CallId
    agent: str


class AnswerReferral(msgspec.Struct, frozen=True):
    """Tells the far end of a leg that what it asked for is taken on, or why not."""

    leg: LegId
    refusal: Cause | None


LampState = Literal["off", "ringing", "on"]


class ShowLamp(msgspec.Struct, frozen=True):
    """The lamp of a phone, agent or queue changed; phones that watch it are told.

    Of a phone: whether it rings or talks. Of an agent: off is ready and idle, ringing is being rung, on is not to be
    had (talking, wrapping up, paused, logged out). Of a queue: ringing is somebody waits, on is nobody serves it.
    """

    lamp: str
    state: LampState


class ShowMessages(msgspec.Struct, frozen=True):
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
    | AnswerReferral
    | ShowLamp
    | ShowMessages
)
