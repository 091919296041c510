"""Recordings whose end nobody told: the file itself is asked, and the journal gets the better word.

When a process dies in a talk, the journal says of its recording only that it was cut off. The writer of recordings
mends the headers of such files when it starts (`media.recording_file.repairs`); once a file is whole and nobody holds
its lock, its length and checksum are told to the domain, with a failure that says that it was cut off: the journal gets
them, and a message to a mailbox that was being spoken lies there as far as it came.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from media.recording_file import FRAME_BYTES, HASH_CHUNK_BYTES, HEADER_BYTES, SAMPLE_RATE, header
from softswitch.domain import recovery
from softswitch.domain.inputs import RecordingCompleted
from softswitch.shell.driver import Driver
from softswitch.store.projections import Projections

LOOKS_AFTER_S: Final = (2.0, 3.0, 5.0, 10.0, 15.0, 15.0)
"""Pauses before each look: they reach beyond the time in which a media process may still tell the end itself."""

CUT_OFF: Final = "cut off by a crash; what the file holds is whole"
GONE: Final = "the file is not there"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a file says of itself. `sha256` None: there is no file."""

    seconds: float
    sha256: str | None


def measure(path: Path) -> Measured | None:
    """Length and checksum of a recording; None while it is being written or its header is not mended yet."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return Measured(0.0, None)
    with open(descriptor, "rb") as file:  # noqa: PTH123  # a descriptor, so that no link is followed
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return None
        frames, rest = divmod(max(0, os.fstat(descriptor).st_size - HEADER_BYTES), FRAME_BYTES)
        front = file.read(HEADER_BYTES)
        if rest or front != header(frames):
            return None
        digest = hashlib.sha256(front)
        while chunk := file.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
    return Measured(frames / SAMPLE_RATE, digest.hexdigest())


async def complete(projections: Projections, driver: Driver, folder: Path) -> None:
    """Tells the end of every recording below `folder` that was cut off. Looks a few times and returns."""
    told: set[str] = set()
    for pause_s in LOOKS_AFTER_S:
        await asyncio.sleep(pause_s)
        for row in await projections.recordings_cut_off():
            if row.id in told or row.failure is None:
                continue
            measured = await asyncio.to_thread(measure, folder / row.path)
            failure = _failure(row.failure, measured)
            if measured is not None and failure is not None:
                told.add(row.id)
                driver.recording_measured(RecordingCompleted(row.id, measured.seconds, measured.sha256, failure))


def _failure(told_so_far: str, measured: Measured | None) -> str | None:
    """What the better word says went wrong; None when there is no better word."""
    if measured is None or (measured.sha256 is None and told_so_far != recovery.CUT_OFF):
        return None
    if told_so_far != recovery.CUT_OFF:
        return told_so_far
    return GONE if measured.sha256 is None else CUT_OFF
