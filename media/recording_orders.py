"""What the engine and the recording writer say to each other, apart from both: it opens no file and no socket."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class BeginRecording(msgspec.Struct, frozen=True, tag=True):
    """Frames of `recording` come in ring `slot` from count 0 on; they go to `path` below the folder."""

    recording: str
    slot: int
    path: str


class FinishRecording(msgspec.Struct, frozen=True, tag=True):
    """`recording` is `frames` long: nothing more is coming."""

    recording: str
    frames: int


class FinishAll(msgspec.Struct, frozen=True, tag=True):
    """All that is running has ended, as long as the rings' counts say now."""


Order: TypeAlias = BeginRecording | FinishRecording | FinishAll


class RecordingFinished(msgspec.Struct, frozen=True, tag=True):
    """`recording` is complete on disk and its slot free; `failure` says what is not as it should be.

    `seconds` is the file's length, `sha256` of its bytes; None where there is no file of ours.
    """

    recording: str
    slot: int
    seconds: float
    sha256: str | None
    failure: str | None
