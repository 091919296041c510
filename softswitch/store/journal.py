"""The journal: an append-only file of framed, checksummed records, and the only truth there is.

A segment begins with eight bytes of magic and version and the wall time of its beginning, and goes on in frames: four
bytes of length, four of CRC-32, one msgpack record. `append` collects, `flush` writes all of it with one `write`; the
caller lets nothing of a turn out before that returned, so a killed process has lost nothing that anyone was told.
`sync` makes it survive a power cut too; it is called in groups, off the path of calls.

A process begins a segment of its own, and another one each day, with a snapshot in front, so that starting reads a day
or two and not the history of the office. The folder is locked as long as a writer lives. A tail that a crash tore is
passed over on reading; a frame damaged in the middle ends the reading of its segment, loudly. Nothing is ever deleted
here: the rest of a damaged segment stays in its file for whoever wants to look.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import math
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

MAGIC: Final = b"SWJRNL\x00\x02"
HEAD: Final = struct.Struct("!8sd")
FRAME: Final = struct.Struct("!II")
RECORD_BYTES_MAX: Final = 1 << 20
BEGINNINGS_APART_S: Final = 1.0


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where a record ends: the segment's number and the offset in it."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Damage:
    """A place that could not be read: the rest of that segment is left as it is and passed over."""

    path: Path
    offset: int
    reason: str


class JournalWriter:
    """The open end of the journal. One process at a time: BlockingIOError while another has the folder.

    `begun_at` is the wall time of the segment's beginning, at least BEGINNINGS_APART_S after the one before it even if
    the clock was set back: its whole second belongs to no other segment of this folder.
    """

    segment: int
    begun_at: float
    _fd: int
    _written: int

    def __init__(self, folder: Path, wall_at: float) -> None:
        """Locks the folder and begins a segment; `wall_at` is the wall time of its beginning. Raises OSError."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._encoder = msgspec.msgpack.Encoder()
        self._pending = bytearray()
        self._is_torn = False
        self._folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._folder_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._begin(wall_at, b"")
        except OSError:
            os.close(self._folder_fd)
            raise

    @property
    def position(self) -> Position:
        """Behind the last record that was flushed."""
        return Position(self.segment, self._written)

    def append(self, record: msgspec.Struct) -> None:
        """Takes a record for the next `flush`."""
        self._pending += self._frame(record)

    def flush(self) -> None:
        """Writes what was appended. On OSError nothing of it counts as written and it can be tried again."""
        if not self._pending:
            return
        self._mend()
        self._is_torn = True
        try:
            written = os.write(self._fd, self._pending)
            if written != len(self._pending):
                raise OSError(errno.ENOSPC, "the disk is full: a journal record could not be written whole")
        except OSError:
            with contextlib.suppress(OSError):
                self._mend()
            raise
        self._is_torn = False
        self._written += written
        self._pending.clear()

    def roll(self, wall_at: float, snapshot: Iterable[msgspec.Struct]) -> int:
        """Begins the next segment with a snapshot; returns what `retire` wants. On OSError the old one goes on."""
        assert not self._pending
        old = self._fd
        self._begin(wall_at, b"".join(map(self._frame, snapshot)))
        return old

    @staticmethod
    def retire(old: int) -> None:
        """Syncs and closes a segment that was rolled away; for a thread of its own."""
        try:
            os.fdatasync(old)
        finally:
            os.close(old)

    def sync(self) -> None:
        """Waits until what was flushed would survive a power cut; for a thread of its own."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Flushes and lets go of the folder, the latter also when the former raises OSError."""
        try:
            self.flush()
            os.fdatasync(self._fd)
        finally:
            os.close(self._fd)
            os.close(self._folder_fd)

    def _frame(self, record: msgspec.Struct) -> bytes:
        payload = self._encoder.encode(record)
        if len(payload) > RECORD_BYTES_MAX:
            raise ValueError(f"a journal record of more than RECORD_BYTES_MAX = {RECORD_BYTES_MAX}")
        return FRAME.pack(len(payload), zlib.crc32(payload)) + payload

    def _mend(self) -> None:
        """Takes back what a failed write left half behind."""
        if self._is_torn:
            os.ftruncate(self._fd, self._written)
            self._is_torn = False

    def _begin(self, wall_at: float, frames: bytes) -> None:
        """Goes over to a new segment. Where it cannot be written whole nothing stays behind."""
        last = max(segments(self._folder), default=0)
        begun_at = max(wall_at, _begun_at(segment_path(self._folder, last)) + BEGINNINGS_APART_S) if last else wall_at
        path = segment_path(self._folder, last + 1)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        data = HEAD.pack(MAGIC, begun_at) + frames
        try:
            if os.write(fd, data) != len(data):
                raise OSError(errno.ENOSPC, "the disk is full: a journal segment could not be begun")
            os.fsync(self._folder_fd)
        except OSError:
            os.close(fd)
            path.unlink()
            raise
        self.segment, self._fd, self._written, self.begun_at = last + 1, fd, len(data), begun_at


def segments(folder: Path) -> list[int]:
    """The numbers of the segments that are there, ascending."""
    return sorted(int(path.stem) for path in folder.glob("*.log") if path.stem.isdigit())


def segment_path(folder: Path, segment: int) -> Path:
    return folder / f"{segment:06}.log"


def read_segment(path: Path, segment: int, damages: list[Damage]) -> Iterator[tuple[Position, bytes]]:
    """The records of a segment with the position after each; what cannot be read is noted in `damages`."""
    with path.open("rb") as file:
        head = file.read(HEAD.size)
        if not head.startswith(MAGIC[: len(head)]):
            damages.append(Damage(path, 0, "no journal of this version"))
            return
        offset = len(head)
        while len(front := file.read(FRAME.size)) == FRAME.size:
            length, checksum = FRAME.unpack(front)
            payload = file.read(length) if 0 < length <= RECORD_BYTES_MAX else b""
            fault = _fault(payload, length, checksum)
            if fault is not None:
                damages.append(Damage(path, offset, fault))
            if fault is not None or len(payload) < length:
                return
            offset += FRAME.size + length
            yield Position(segment, offset), payload


def first_segment_since(folder: Path, wall_at: float) -> int:
    """The newest segment that was begun before `wall_at`: from there on nothing of since then is missing.

    A segment that holds no records is no place to begin.
    """
    found = segments(folder)
    for number in reversed(found):
        path = segment_path(folder, number)
        if path.stat().st_size > HEAD.size and -math.inf < _begun_at(path) < wall_at:
            return number
    return min(found, default=1)


def read_since(folder: Path, first: int, damages: list[Damage]) -> Iterator[tuple[Position, bytes]]:
    """All records from the segment `first` on, oldest first."""
    for number in segments(folder):
        if number >= first:
            yield from read_segment(segment_path(folder, number), number, damages)


def _fault(payload: bytes, length: int, checksum: int) -> str | None:
    """What is wrong with a frame, None for a whole one and for a tail that a crash tore.

    A torn tail is the beginning of a frame and nothing else. Where a whole frame stands behind, it was no tear: the
    length is damaged.
    """
    if not 0 < length <= RECORD_BYTES_MAX:
        return "an impossible length"
    if len(payload) < length:
        return "an impossible length" if _holds_a_frame(payload) else None
    return "a wrong checksum" if zlib.crc32(payload) != checksum else None


def _holds_a_frame(data: bytes) -> bool:
    start = data.find(b"\0")
    while 0 <= start <= len(data) - FRAME.size:
        length, checksum = FRAME.unpack_from(data, start)
        first = start + FRAME.size
        if 0 < length <= len(data) - first and zlib.crc32(data[first : first + length]) == checksum:
            return True
        start = data.find(b"\0", start + 1)
    return False


def _begun_at(path: Path) -> float:
    """Wall time of a segment's beginning; infinitely long ago for a file that does not say."""
    with path.open("rb") as file:
        head = file.read(HEAD.size)
    if len(head) < HEAD.size or not head.startswith(MAGIC):
        return -math.inf
    return float(HEAD.unpack(head)[1])
