"""The loader: a process beside the media process that reads sound files into the shared arena.

It is forked before the tick starts and told over a pair of packet sockets (AF_UNIX, SOCK_SEQPACKET), one msgpack map a
message, which files may be played. It reads whatever libsndfile reads (WAV of any width, FLAC, Ogg Vorbis and Opus,
MP3, AIFF, AU, CAF …) and headerless A-law and µ-law by their ending, mixes the channels to one, resamples to 8000 Hz
with soxr, and appends the result to the arena of `media.sound_bank`. It works block by block, so a long file costs
time and no memory of its own. A file whose peaks would not fit 16 bits, from too hot a float file or from the
resampler's overshoot, is read a second time with its level lowered just enough: nothing is ever clipped.

A file that cannot be read is a notice with a reason; no file's contents end the process, short of a fault inside
libsndfile, and that leaves the calls alone because it happens here. A file that is loaded and has not changed on disk
is not loaded twice; one that changed is appended anew and its notice names the new place.

The loader lives as long as its link: end of file on it is the end. Signals meant for the terminal's process group
(SIGINT, SIGTERM) are not for it. Whoever forks it must close the other end of the link in the child.
"""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator
from typing import Final, TypeAlias

import msgspec
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from media.sound_bank import SAMPLE_RATE, SoundBank

MESSAGE_BYTES_MAX: Final = 1 << 16
SOUND_FILES_MAX: Final = 10_000
"""Files in one list. What is more is refused, file by file."""
SOURCE_RATE_MIN: Final = 1_000
SOURCE_RATE_MAX: Final = 768_000
LOUDEST: Final = 1e6
"""Where samples of a float file are cut off, full scale being 1: such a file is damaged, not loud."""
BLOCK_SAMPLES: Final = 1 << 18
"""Samples of all channels together that are decoded at a time."""

_PATHS_A_MESSAGE: Final = 12
_NICENESS: Final = 10
_FULL_SCALE: Final = 32768.0
_RAW_SUBTYPES: Final = {".al": "ALAW", ".alaw": "ALAW", ".ul": "ULAW", ".ulaw": "ULAW"}

_Place: TypeAlias = tuple[int, int]
_Version: TypeAlias = tuple[int, int, int, int]


class LoadFiles(msgspec.Struct, frozen=True, tag=True):
    """The files that may be played. A long list comes in several of these, the last one flagged."""

    files: tuple[str, ...]
    is_last: bool = True


class SoundLoaded(msgspec.Struct, frozen=True, tag=True):
    """`file` is samples [offset, offset + length) of the arena. Said for files that already were, too."""

    file: str
    offset: int
    length: int


class SoundFailed(msgspec.Struct, frozen=True, tag=True):
    """`file` cannot be played, and why, in words for an admin."""

    file: str
    reason: str


class LoadDone(msgspec.Struct, frozen=True, tag=True):
    """Every file of the list has had its notice."""


Notice: TypeAlias = SoundLoaded | SoundFailed | LoadDone


def load_messages(files: tuple[str, ...]) -> Iterator[bytes]:
    """The messages that ask for `files`, each small enough for the link."""
    for start in range(0, max(len(files), 1), _PATHS_A_MESSAGE):
        part = files[start : start + _PATHS_A_MESSAGE]
        yield msgspec.msgpack.encode(LoadFiles(part, is_last=start + _PATHS_A_MESSAGE >= len(files)))


def decode_notice(message: bytes) -> Notice:
    """What a message of the loader says. Raises msgspec.DecodeError for one that is none."""
    notice: Notice = msgspec.msgpack.decode(message, type=Notice)
    return notice


def run(bank: SoundBank, link: socket.socket) -> None:
    """Main of the loader process: serves `link` until its end. It blocks on `link`; the engine's end must not."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(_NICENESS)
    loader = Loader(bank)
    wanted: list[str] = []
    try:
        while message := link.recv(MESSAGE_BYTES_MAX):
            order = msgspec.msgpack.decode(message, type=LoadFiles)
            wanted.extend(order.files)
            if order.is_last:
                for notice in loader.load(tuple(wanted)):
                    link.send(msgspec.msgpack.encode(notice))
                wanted.clear()
    except (BrokenPipeError, ConnectionResetError):
        return


class Loader:
    """What the loader process remembers: where each file lies in the arena, in which version, and what is free."""

    __slots__ = ("_free_at", "_loaded", "_samples", "_seconds_max")

    def __init__(self, bank: SoundBank) -> None:
        self._samples = bank.samples
        self._seconds_max = bank.seconds_max
        self._free_at = 0
        self._loaded: dict[str, tuple[_Version, _Place]] = {}

    def load(self, files: tuple[str, ...]) -> Iterator[Notice]:
        """One notice for each file, in order, then `LoadDone`."""
        for number, file in enumerate(files):
            if number < SOUND_FILES_MAX:
                yield self._notice(file)
            else:
                yield SoundFailed(file, f"more than SOUND_FILES_MAX={SOUND_FILES_MAX} sound files")
        yield LoadDone()

    def _notice(self, file: str) -> Notice:
        try:
            offset, length = self._place(file)
        except (OSError, ValueError, soundfile.SoundFileError) as error:
            return SoundFailed(file, _reason(error))
        return SoundLoaded(file, offset, length)

    def _place(self, file: str) -> _Place:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ValueError("not a file")
            version = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            known = self._loaded.get(file)
            if known is not None and known[0] == version:
                return known[1]
            length = self._decode(descriptor, file)
        finally:
            os.close(descriptor)
        place = (self._free_at, length)
        self._loaded[file] = (version, place)
        self._free_at += length
        return place

    def _decode(self, descriptor: int, file: str) -> int:
        """Stores the whole file from `_free_at` on and returns its length in samples."""
        length, peak = self._store(descriptor, file, gain=1.0)
        if peak > 1.0:
            length, _ = self._store(descriptor, file, gain=(1.0 - 1.0 / _FULL_SCALE) / peak)
        if length == 0:
            raise ValueError("there is no sound in it")
        return length

    def _store(self, descriptor: int, file: str, gain: float) -> tuple[int, float]:
        """Reads the file once, stores it times `gain`, returns samples stored and the peak before the gain (1 = full).

        Only the second of two runs can be trusted not to have saturated.
        """
        os.lseek(descriptor, 0, os.SEEK_SET)
        stored, peak = 0, 0.0
        room = self._samples[self._free_at :]
        for block in _blocks_at_8000_hz(descriptor, file):
            if stored + block.size > room.size:
                raise ValueError(f"the sound bank is full (SOUND_SECONDS_MAX={self._seconds_max})")
            if block.size:
                peak = max(peak, float(block.max()) * _FULL_SCALE / (_FULL_SCALE - 0.5), -float(block.min()))
            scaled = np.clip(np.rint(block * np.float32(gain * _FULL_SCALE)), -_FULL_SCALE, _FULL_SCALE - 1)
            room[stored : stored + block.size] = scaled
            stored += block.size
        return stored, peak


def _blocks_at_8000_hz(descriptor: int, file: str) -> Iterator[NDArray[np.float32]]:
    """The file as mono float32 at 8000 Hz, full scale 1, in blocks of any length. Samples that are no number are 0."""
    with _open(descriptor, file) as source:
        if not SOURCE_RATE_MIN <= source.samplerate <= SOURCE_RATE_MAX:
            limits = f"SOURCE_RATE_MIN={SOURCE_RATE_MIN} to SOURCE_RATE_MAX={SOURCE_RATE_MAX}"
            raise ValueError(f"a rate of {source.samplerate} Hz is not within {limits}")
        resampler = None
        if source.samplerate != SAMPLE_RATE:
            resampler = soxr.ResampleStream(source.samplerate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
        frames_a_block = max(BLOCK_SAMPLES // source.channels, 1)
        is_last = False
        while not is_last:
            frames = source.read(frames_a_block, dtype="float32", always_2d=True)
            is_last = len(frames) < frames_a_block
            np.nan_to_num(frames, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
            np.clip(frames, -LOUDEST, LOUDEST, out=frames)
            mono: NDArray[np.float32] = frames.mean(axis=1, dtype=np.float32)
            yield mono if resampler is None else resampler.resample_chunk(mono, last=is_last)


def _open(descriptor: int, file: str) -> soundfile.SoundFile:
    raw_subtype = _RAW_SUBTYPES.get(os.path.splitext(file)[1].lower())  # noqa: PTH122 (a string, not a path of ours)
    if raw_subtype is None:
        return soundfile.SoundFile(descriptor, closefd=False)
    return soundfile.SoundFile(
        descriptor, closefd=False, format="RAW", subtype=raw_subtype, samplerate=SAMPLE_RATE, channels=1
    )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, soundfile.LibsndfileError):
        return f"not a sound that can be read: {error.error_string}"
    return str(error)
