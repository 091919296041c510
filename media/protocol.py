"""What signalling and a media process say to each other.

Commands go one way and facts come back. The sender chooses every id, the UDP port included, so no command waits for a
reply: an SDP answer can be written before the media process has heard of the call. Commands are numbered by the link;
the media process does each number once and ignores it when it comes again, so a link may be resumed by repeating. A
command that names a port, bridge or recording that is not there is ignored: it crossed a fact on its way.

The link is a stream socket. Each frame is four bytes of length (big-endian) and a msgpack array `[number, item]`,
where `item` is one of the structs below with its class name as tag. The first fact on a new link is `Ready`; a new
link begins from nothing: whatever an earlier link opened is closed, recordings with care, before `Ready` is sent.

Times are seconds, levels are dBov, `remote` is an IP literal and a port. Sounds are named by the absolute path of their
file. This module knows no numpy, no SIP and no calls.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import msgspec

FRAME_BYTES_MAX: Final = 1 << 20
"""A frame longer than this is a fault of the peer and ends the link."""

PATH_LENGTH_MAX: Final = 4096
"""No system opens a longer one, and an order to a process beside has to fit its message."""
RECORDING_ID_LENGTH_MAX: Final = 1000

SAMPLE_RATE: Final = 8000
TICK_S: Final = 0.02

PortId: TypeAlias = int
BridgeId: TypeAlias = str
RecordingId: TypeAlias = Annotated[str, msgspec.Meta(max_length=RECORDING_ID_LENGTH_MAX)]
Tag: TypeAlias = str
CodecName: TypeAlias = Literal["PCMA", "PCMU"]
PayloadType: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=127)]
FilePath: TypeAlias = Annotated[str, msgspec.Meta(max_length=PATH_LENGTH_MAX)]
UdpPort: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class _Item(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """One command or fact; the class name is its tag on the wire."""


class OpenPort(_Item, frozen=True):
    """Takes a row for `port` on the UDP port `udp_port`, emptied of what lay in its socket. It sends nothing yet."""

    port: PortId
    udp_port: UdpPort


class SetStream(_Item, frozen=True):
    """Says with whom and how a port speaks; said again, it replaces the former.

    `remote` None: send to nobody (held, or not known yet). Packets are taken only from `remote`, else from the same IP,
    else, where `is_source_learnt`, from the first source with five in-sequence packets of one SSRC; sending follows the
    source that was locked. `telephone_event` is the payload type of RFC 4733, None where the peer has none. With
    `sends` or `receives` false nothing goes out, or nothing that comes in is heard and silence is no fault.
    """

    port: PortId
    codec: CodecName
    payload_type: PayloadType
    telephone_event: PayloadType | None
    remote: tuple[str, UdpPort] | None
    sends: bool = True
    receives: bool = True
    is_source_learnt: bool = False


class ClosePort(_Item, frozen=True):
    """Ends all that the port takes part in and answers with its `PortReport`."""

    port: PortId


class Join(_Item, frozen=True):
    """Puts the port into a bridge, made by its first join: from the next tick its members hear one another."""

    bridge: BridgeId
    port: PortId


class Leave(_Item, frozen=True):
    """Takes the port out of the bridge; a bridge without members is gone."""

    bridge: BridgeId
    port: PortId


class Play(_Item, frozen=True):
    """Plays the files of `once` one after the other without gap, then those of `loop` for ever.

    It replaces what the port was being played; a `loop` that is the same as before goes on where it was interrupted.
    When `once` is through, `PlaybackEnded` says so. Playing is heard by the port's far end only and is silent while the
    port is in a bridge.
    """

    port: PortId
    tag: Tag
    once: tuple[str, ...]
    loop: tuple[str, ...] = ()


class StopPlaying(_Item, frozen=True):
    """Stops at once if `tag` is what plays; another tag is left alone. No `PlaybackEnded` follows."""

    port: PortId
    tag: Tag


class StartRecording(_Item, frozen=True):
    """Records a bridge from the next tick: left channel what `left` said, right every other member, mixed.

    `path` is relative to the recordings folder. The file exists with a right header within a second.
    """

    recording: RecordingId
    bridge: BridgeId
    left: PortId
    path: FilePath


class PauseRecording(_Item, frozen=True):
    """Writes silence in both channels until `ResumeRecording`, so that the length stays the talk's."""

    recording: RecordingId


class ResumeRecording(_Item, frozen=True):
    """Ends a pause."""

    recording: RecordingId


class StopRecording(_Item, frozen=True):
    """Finishes the file; `RecordingEnded` follows when it is complete on disk."""

    recording: RecordingId


class SendDigits(_Item, frozen=True):
    """Presses keys towards the far end as RFC 4733 events of 100 ms with gaps of 60 ms."""

    port: PortId
    digits: str


class LoadSounds(_Item, frozen=True):
    """The sound files that may be played from now on; loading goes on beside the calls."""

    files: tuple[FilePath, ...]


class Shutdown(_Item, frozen=True):
    """Finish the recordings and end the process."""


Command: TypeAlias = (
    OpenPort
    | SetStream
    | ClosePort
    | Join
    | Leave
    | Play
    | StopPlaying
    | StartRecording
    | PauseRecording
    | ResumeRecording
    | StopRecording
    | SendDigits
    | LoadSounds
    | Shutdown
)


class Ready(_Item, frozen=True):
    """The first fact on a link: the even UDP ports that are bound and may be used."""

    udp_ports: tuple[int, ...]


class SoundsLoaded(_Item, frozen=True):
    """All files of the last `LoadSounds` can be played, but for those in `failed`: pairs of file and reason."""

    failed: tuple[tuple[str, str], ...] = ()


class DigitPressed(_Item, frozen=True):
    """One key of the far end, reported once at its start (RFC 4733 repeats it)."""

    port: PortId
    digit: str


class PortHeard(_Item, frozen=True):
    """The first packet was taken from the far end, of the port's life or of a newly signalled or learnt address."""

    port: PortId


class PlaybackEnded(_Item, frozen=True):
    """`once` is through, and the `loop` goes on if there is one. A file that could not be played counts as played."""

    port: PortId
    tag: Tag


class RecordingEnded(_Item, frozen=True):
    """The file is complete: its length, the SHA-256 of its bytes, and what went wrong if not all could be written."""

    recording: RecordingId
    seconds: float
    sha256: str | None
    failure: str | None = None


class PortSilent(_Item, frozen=True):
    """No RTP for `silent_s` from a port that should send. Repeated each such interval while it lasts."""

    port: PortId
    silent_s: float


class PortFailed(_Item, frozen=True):
    """The port cannot do its work (its socket failed, the far end refuses packets)."""

    port: PortId
    reason: str


class PortReport(_Item, frozen=True):
    """What a port carried in its life, at its close."""

    port: PortId
    packets_received: int
    packets_sent: int
    packets_lost: int
    packets_from_strangers: int
    level_received_dbov: float | None = None


class EngineReport(_Item, frozen=True):
    """Once a second: how the engine does. Lateness: how long after its time a tick began. Load: share of one core."""

    ports_open: int
    ports_total: int
    load: float
    lateness_ms_p50: float
    lateness_ms_max: float
    ticks_skipped: int
    packets_received: int
    packets_sent: int


Fact: TypeAlias = (
    Ready
    | SoundsLoaded
    | DigitPressed
    | PortHeard
    | PlaybackEnded
    | RecordingEnded
    | PortSilent
    | PortFailed
    | PortReport
    | EngineReport
)
