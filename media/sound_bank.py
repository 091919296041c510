"""The sounds that may be played, as one array of samples in memory that two processes share.

The media process must open no file and decode nothing: either would make ticks late. So a loader process beside it
reads the files, brings them to 8000 Hz mono and appends them to this arena, and the engine plays by gathering from
`samples`. The arena is an anonymous shared mapping made before the loader is forked; it has no name on any disk, and
the kernel gives it memory only as it is filled, so a generous length costs nothing.

What is in the arena never moves and is never overwritten: a caller may be listening to it. A file that changed on disk
is appended anew and the index points to the new place from then on. Space is not won back before the process ends.

The index (`add`, `find`) is the engine's own copy, filled from the loader's notices; only the samples are shared.
"""

from __future__ import annotations

import mmap
from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 8000
SOUND_SECONDS_MAX: Final = 4 * 3600
"""How much sound the arena holds unless told otherwise; more is refused by name, file by file."""


class SoundBank:
    """One arena of int16 mono samples at 8000 Hz, and where in it each file lies."""

    __slots__ = ("_places", "samples", "seconds_max")

    samples: NDArray[np.int16]
    """The whole arena, shared with every process forked after `create`."""
    seconds_max: int

    def __init__(self, samples: NDArray[np.int16], seconds_max: int) -> None:
        self.samples = samples
        self.seconds_max = seconds_max
        self._places: dict[str, tuple[int, int]] = {}

    @classmethod
    def create(cls, seconds: int = SOUND_SECONDS_MAX) -> SoundBank:
        """An empty arena for `seconds` of sound. Raises ValueError for no length, OSError without memory."""
        if seconds <= 0:
            raise ValueError(f"a sound bank of {seconds} s holds nothing")
        arena = mmap.mmap(-1, seconds * SAMPLE_RATE * np.dtype(np.int16).itemsize)
        return cls(np.frombuffer(arena, dtype=np.int16), seconds)

    def add(self, file: str, offset: int, length: int) -> None:
        """Notes that `file` is `samples[offset:offset + length]`; said again, the newer place counts."""
        if offset < 0 or length <= 0 or offset + length > self.samples.size:
            raise ValueError(f"{file} at {offset}+{length} lies outside an arena of {self.samples.size} samples")
        self._places[file] = (offset, length)

    def find(self, file: str) -> tuple[int, int] | None:
        """Offset and length of `file` in samples, or None where it is not loaded (yet)."""
        return self._places.get(file)
