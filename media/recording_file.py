"""One recording on disk: a stereo WAV file that is right at every moment, however its writer dies.

A WAV file says its length in its header, 44 bytes at the front: so samples are written first and the header after
them, and whoever reads the file in between finds a shorter, whole recording. What a kill leaves behind the header's
length is taken back in by `repair_cut_off` at the next start. That function may run while another process writes other
recordings to the same folder; each file is therefore locked (flock) as long as it is being written, and the kernel
drops the lock with its owner.

Files are made with O_EXCL and O_NOFOLLOW below the recordings folder, each part of the path opened from the one above
it, so that neither a path nor a symbolic link leads outside, and nothing that exists is ever overwritten. Folders are
0700 and files 0600: people's voices.

A gap (the disk stalled longer than memory holds) is left as a hole in the file, which reads as silence. The SHA-256 is
of the final bytes; as the header at the front changes last, it is read back at the end, a chunk at a time. Left out:
fsync. A killed process loses nothing, a power cut what the kernel had not yet written.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SAMPLE_RATE: Final = 8000
CHANNELS: Final = 2
FRAME_BYTES: Final = 2 * CHANNELS
HEADER_BYTES: Final = 44
RECORDING_FRAMES_MAX: Final = (2**32 - 1 - HEADER_BYTES) // FRAME_BYTES
"""A WAV file counts its bytes in 32 bits: 37 hours."""
HASH_CHUNK_BYTES: Final = 1 << 20
PATH_PARTS_MAX: Final = 8

_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")


class PathRefused(ValueError):
    """The path of a recording is not a plain relative path below the recordings folder."""


class RecordingFile:
    """A WAV file under way. Every method may raise OSError and may then be called again: nothing is lost by it."""

    __slots__ = ("_descriptor", "frames_written")

    frames_written: int
    """How far the file is written, in frames; the header may lag behind until `write_header`."""

    def __init__(self, folder: str, path: str) -> None:
        """Makes the file, and the folders above it. Raises PathRefused, FileExistsError, OSError."""
        self.frames_written = 0
        self._descriptor = _create(folder, path)

    def write(self, frames: memoryview) -> None:
        """Appends interleaved samples (bytes). After an OSError `frames_written` says how much of it is in."""
        while frames:
            offset = HEADER_BYTES + self.frames_written * FRAME_BYTES
            taken = os.pwrite(self._descriptor, frames, offset) // FRAME_BYTES
            if taken == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.frames_written += taken
            frames = frames[taken * FRAME_BYTES :]

    def skip(self, frames: int) -> None:
        """Appends silence without writing it."""
        os.ftruncate(self._descriptor, HEADER_BYTES + (self.frames_written + frames) * FRAME_BYTES)
        self.frames_written += frames

    def write_header(self) -> None:
        """Makes the header say what is written."""
        _put_header(self._descriptor, self.frames_written)

    def seal(self) -> None:
        """Cuts off what a failed write left half behind, and writes the last header."""
        os.ftruncate(self._descriptor, HEADER_BYTES + self.frames_written * FRAME_BYTES)
        self.write_header()

    def is_gone(self) -> bool:
        """Somebody removed the file while it was being written."""
        return os.fstat(self._descriptor).st_nlink == 0

    def hash_steps(self) -> Iterator[str | None]:
        """Reads the file back: None after each chunk but the end, then the SHA-256 in hexadecimal."""
        digest = hashlib.sha256()
        offset = 0
        while chunk := os.pread(self._descriptor, HASH_CHUNK_BYTES, offset):
            digest.update(chunk)
            offset += len(chunk)
            yield None
        yield digest.hexdigest()

    def close(self) -> None:
        """Lets go of the file and of its lock."""
        os.close(self._descriptor)


def header(frames: int) -> bytes:
    """The 44 bytes before `frames` frames of 16-bit stereo at 8000 Hz."""
    data_bytes = frames * FRAME_BYTES
    return _HEADER.pack(
        b"RIFF",
        data_bytes + HEADER_BYTES - 8,
        b"WAVE",
        b"fmt ",
        16,
        1,
        CHANNELS,
        SAMPLE_RATE,
        SAMPLE_RATE * FRAME_BYTES,
        FRAME_BYTES,
        8 * FRAME_BYTES // CHANNELS,
        b"data",
        data_bytes,
    )


def repair_cut_off(folder: str) -> list[str]:
    """Mends the headers of all files below `folder` that a crash cut off, and returns their paths."""
    return [path for path in repairs(folder) if path is not None]


def repairs(folder: str) -> Iterator[str | None]:
    """The same one file at a time, newest day first: its path where it was mended, else None.

    What cannot be opened, or is being written, is left alone.
    """
    for place, folders, names in os.walk(folder):
        folders.sort(reverse=True)
        for name in sorted(names, reverse=True):
            if name.endswith(".wav"):
                path = str(Path(place, name))
                try:
                    yield path if _repair(path) else None
                except OSError:
                    yield None


def _repair(path: str) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.pread(descriptor, HEADER_BYTES, 0)
        size = os.fstat(descriptor).st_size
        frames = min(max(size - HEADER_BYTES, 0) // FRAME_BYTES, RECORDING_FRAMES_MAX)
        right = header(frames)
        is_ours = _without_lengths(right).startswith(_without_lengths(found))
        if not is_ours or (found == right and size == HEADER_BYTES + frames * FRAME_BYTES):
            return False
        os.ftruncate(descriptor, HEADER_BYTES + frames * FRAME_BYTES)
        _put_header(descriptor, frames)
        return True
    finally:
        os.close(descriptor)


def _without_lengths(front: bytes) -> bytes:
    return front[:4] + front[8:40]


def _put_header(descriptor: int, frames: int) -> None:
    if os.pwrite(descriptor, header(frames), 0) != HEADER_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _create(folder: str, path: str) -> int:
    """A new recording below `folder`, locked, of no length. `folder` itself may be a symbolic link, `path` not.

    Where it cannot be begun nothing stays behind, so that it may be tried again.
    """
    parts = path.split("/")
    if len(parts) > PATH_PARTS_MAX:
        raise PathRefused(f"{path!r} has more than PATH_PARTS_MAX={PATH_PARTS_MAX} parts")
    if "\0" in path or any(part in {"", ".", ".."} for part in parts):
        raise PathRefused(f"{path!r} is not a plain path below the recordings folder")
    Path(folder).mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            place = _enter(place, part)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(parts[-1], flags, _FILE_MODE, dir_fd=place)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _put_header(descriptor, 0)
        except OSError:
            os.unlink(parts[-1], dir_fd=place)
            os.close(descriptor)
            raise
        return descriptor
    finally:
        os.close(place)


def _enter(place: int, name: str) -> int:
    """Opens the folder `name` within `place`, made if need be, in exchange for `place`."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, _FOLDER_MODE, dir_fd=place)
    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
    os.close(place)
    return inner
