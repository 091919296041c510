"""The journal: an append-only file of framed, checksummed records, and the only truth there is.

A segment begins with eight bytes of magic and goes on in frames: four bytes of length, four of CRC-32, one msgpack
record. `append` collects, `flush` writes all of it with one `write`; the caller lets nothing of a turn out before
that returned, so a killed process has lost nothing that anyone was told. `sync` makes it survive a power cut too; it
is called in groups, off the path of calls.

A new process begins a new segment with a snapshot, so that starting reads one day and not the history of the office. A
tail that a crash tore is cut off on reading; a frame damaged in the middle ends the reading of its segment, loudly.
"""

from __future__ import annotations

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

MAGIC: Final = b"SWJRNL\x00\x01"
FRAME: Final = struct.Struct("!II")
RECORD_BYTES_MAX: Final = 1 << 20


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
    """The open end of the journal. One process at a time: the segment is locked."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self.segment = max(segments(folder), default=0) + 1
        path = segment_path(folder, self.segment)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._encoder = msgspec.msgpack.Encoder()
        self._pending = bytearray(MAGIC)
        self._written = 0
        self.flush()

    @property
    def position(self) -> Position:
        return Position(self.segment, self._written)

    def append(self, record: msgspec.Struct) -> None:
        """Takes a record for the next `flush`."""
        payload = self._encoder.encode(record)
        if len(payload) > RECORD_BYTES_MAX:
            raise ValueError(f"a journal record of more than RECORD_BYTES_MAX = {RECORD_BYTES_MAX}")
        self._pending += FRAME.pack(len(payload), zlib.crc32(payload))
        self._pending += payload

    def flush(self) -> None:
        """Writes what was appended. On OSError nothing of it counts as written and it can be tried again."""
        if not self._pending:
            return
        try:
            written = os.write(self._fd, self._pending)
        except OSError:
            os.ftruncate(self._fd, self._written)
            raise
        if written != len(self._pending):
            os.ftruncate(self._fd, self._written)
            raise OSError(28, "the disk is full: a journal record could not be written whole")
        self._written += written
        self._pending.clear()

    def sync(self) -> None:
        """Waits until what was flushed would survive a power cut; for a thread of its own."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        self.flush()
        os.fdatasync(self._fd)
        os.close(self._fd)


def segments(folder: Path) -> list[int]:
    """The numbers of the segments that are there, ascending."""
    return sorted(int(path.stem) for path in folder.glob("*.log") if path.stem.isdigit())


def segment_path(folder: Path, segment: int) -> Path:
    return folder / f"{segment:06}.log"


def read_segment(path: Path, segment: int, damages: list[Damage]) -> Iterator[tuple[Position, bytes]]:
    """The records of a segment with the position after each; what cannot be read is noted in `damages`."""
    data = path.read_bytes()
    if data[: len(MAGIC)] != MAGIC:
        if data:
            damages.append(Damage(path, 0, "no journal of this version"))
        return
    offset = len(MAGIC)
    while offset < len(data):
        end_of_head = offset + FRAME.size
        if end_of_head > len(data):
            return
        length, checksum = FRAME.unpack_from(data, offset)
        end = end_of_head + length
        if length > RECORD_BYTES_MAX:
            damages.append(Damage(path, offset, "an impossible length"))
            return
        if end > len(data):
            return
        payload = data[end_of_head:end]
        if zlib.crc32(payload) != checksum:
            damages.append(Damage(path, offset, "a wrong checksum"))
            return
        yield Position(segment, end), payload
        offset = end


def first_segment_since(folder: Path, wall_at: float) -> int:
    """The newest segment that was begun before `wall_at`: from there on nothing of since then is missing."""
    found = segments(folder)
    begun_before = [number for number in found if _begun_at(segment_path(folder, number)) < wall_at]
    return max(begun_before, default=min(found, default=1))


def read_since(folder: Path, first: int, damages: list[Damage]) -> Iterator[tuple[Position, bytes]]:
    """All records from the segment `first` on, oldest first."""
    for number in segments(folder):
        if number >= first:
            yield from read_segment(segment_path(folder, number), number, damages)


def decode_all(decoder: msgspec.msgpack.Decoder[msgspec.Struct], payloads: Iterable[bytes]) -> Iterator[msgspec.Struct]:
    """Decodes; a record that a newer version wrote is passed over."""
    for payload in payloads:
        try:
            yield decoder.decode(payload)
        except msgspec.ValidationError:
            continue


def _begun_at(path: Path) -> float:
    """Wall time of the first record of a segment; infinite when it holds none, so that nobody begins there."""
    for _, payload in read_segment(path, 0, []):
        record = msgspec.msgpack.decode(payload)
        if isinstance(record, dict) and isinstance(record.get("at"), float):
            return float(record["at"])
    return math.inf
