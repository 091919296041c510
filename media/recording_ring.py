"""What is being recorded, on its way from the tick to the disk: rings of stereo frames in shared memory.

The engine writes 20 ms into each running recording's ring per tick and never waits; a writer process beside it empties
the rings into files. Both count frames since the recording began: `written` only ever by the engine, `consumed` only
ever by the writer, so neither needs a lock. A disk that stalls for longer than a ring holds costs sound: the engine
has then overwritten what was not fetched, the writer sees it from the counts and puts silence in its place, so that the
length of the file and the time of everything after the gap stay right.

A ring is a whole number of ticks long, so one tick's frames never straddle its end. Frames are stored before `written`
is raised; both are plain aligned stores, and the writer looks some hundred milliseconds later.
"""

from __future__ import annotations

import mmap
from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 8000
TICK_FRAMES: Final = 160
RING_FRAMES: Final = 512 * TICK_FRAMES
"""10.24 s: how long the disk may stall before a recording gets a gap."""

_COUNT_BYTES: Final = 8
_FRAME_BYTES: Final = 4


class RecordingRings:
    """`slots` rings and their two counts, shared with every process forked after `create`.

    `frames` is int16 [slots, RING_FRAMES, 2] (left, right); frame number n of a recording lies at n % RING_FRAMES.
    `written` and `consumed` are int64 [slots], in frames since the recording began.
    """

    __slots__ = ("consumed", "frames", "slots", "written")

    def __init__(self, arena: mmap.mmap, slots: int) -> None:
        counts = np.frombuffer(arena, dtype=np.int64, count=2 * slots)
        self.slots = slots
        self.written: NDArray[np.int64] = counts[:slots]
        self.consumed: NDArray[np.int64] = counts[slots:]
        samples = np.frombuffer(arena, dtype=np.int16, offset=2 * slots * _COUNT_BYTES)
        self.frames: NDArray[np.int16] = samples.reshape(slots, RING_FRAMES, 2)

    @classmethod
    def create(cls, slots: int) -> RecordingRings:
        """Rings for as many recordings at once as `slots`. Raises ValueError for none, OSError without memory."""
        if slots <= 0:
            raise ValueError(f"{slots} recording slots hold nothing")
        arena = mmap.mmap(-1, slots * (2 * _COUNT_BYTES + RING_FRAMES * _FRAME_BYTES))
        return cls(arena, slots)

    def begin(self, slot: int) -> None:
        """The engine takes a free slot: both counts at nought. Said before `BeginRecording` is sent."""
        self.written[slot] = 0
        self.consumed[slot] = 0

    def append(self, slot: int, frames: NDArray[np.int16]) -> None:
        """The engine's side for one slot: adds frames [n, 2], n at most RING_FRAMES. The tick may as well scatter."""
        start = int(self.written[slot])
        places = np.arange(start, start + len(frames)) % RING_FRAMES
        self.frames[slot, places] = frames
        self.written[slot] = start + len(frames)

    def copy(self, slot: int, start: int, stop: int) -> tuple[NDArray[np.int16], int]:
        """The writer's side: frames [start, stop), at most a ring's length, and how many of them were lost.

        Lost frames, overwritten before or while they were copied, are silence. The tick that may be under way counts
        as written, since it stores its frames before it raises the count.
        """
        if not 0 <= stop - start <= RING_FRAMES:
            raise ValueError(f"{stop - start} frames asked of a ring of RING_FRAMES={RING_FRAMES}")
        ring = self.frames[slot]
        first, last = start % RING_FRAMES, start % RING_FRAMES + stop - start
        if last <= RING_FRAMES:
            copied = ring[first:last].copy()
        else:
            copied = np.concatenate((ring[first:], ring[: last - RING_FRAMES]))
        oldest_whole = int(self.written[slot]) + TICK_FRAMES - RING_FRAMES
        lost = min(max(oldest_whole - start, 0), stop - start)
        copied[:lost] = 0
        return copied, lost
