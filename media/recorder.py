"""Recordings: 20 ms of both channels a tick into the rings that the writer process empties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from media.bridge import Bridges
from media.recording_ring import RecordingRings
from media.rows import TICK_SAMPLES, Rows


@dataclass(slots=True)
class Recording:
    """One that runs. `left` is None once the row was given to somebody else."""

    recording: str
    slot: int
    bridge: str
    left: int | None
    phase: int
    is_paused: bool = False


class Recorder:
    """All running recordings, and the free slots."""

    def __init__(self, rings: RecordingRings, rows: Rows, bridges: Bridges) -> None:
        self._rings = rings
        self._rows = rows
        self._bridges = bridges
        self._free = list(range(rings.slots))[::-1]
        self._running: dict[str, Recording] = {}

    def start(self, recording: str, bridge: str, left: int, phase: int) -> int | None:
        """Takes a slot; None when all are taken or the recording runs already."""
        if recording in self._running or not self._free:
            return None
        slot = self._free.pop()
        self._rings.begin(slot)
        self._running[recording] = Recording(recording, slot, bridge, left, phase)
        return slot

    def pause(self, recording: str, *, is_paused: bool) -> None:
        if recording in self._running:
            self._running[recording].is_paused = is_paused

    def stop(self, recording: str) -> int | None:
        """Ends it; returns its length in frames, None when it does not run. The slot is freed by `free`."""
        found = self._running.pop(recording, None)
        return None if found is None else int(self._rings.written[found.slot])

    def free(self, slot: int) -> None:
        """The writer is done with the slot."""
        self._free.append(slot)

    def running(self) -> list[str]:
        return list(self._running)

    def release_row(self, row: int) -> None:
        """The row is closed: recordings whose left channel it was go on in silence there."""
        for recording in self._running.values():
            if recording.left == row:
                recording.left = None

    def record(self, phase: int) -> None:
        """Appends the tick of every recording of this phase."""
        frames = np.zeros((TICK_SAMPLES, 2), np.int16)
        for recording in self._running.values():
            if recording.phase != phase:
                continue
            frames[:] = 0
            left = recording.left
            if not recording.is_paused:
                if left is not None and self._rows.bridge_of[left] == recording.bridge:
                    frames[:, 0] = self._rows.sound_in[left]
                others = self._bridges.others(recording.bridge, -1 if left is None else left)
                if others is not None:
                    frames[:, 1] = others
            self._rings.append(recording.slot, frames)
