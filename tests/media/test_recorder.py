"""Recordings: which channel holds whom, what a pause is, and slots that are given back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from media.bridge import Bridges
from media.recorder import Recorder
from media.recording_ring import RecordingRings
from media.rows import TICK_SAMPLES, Rows

CALLER, AGENT, COACH, OUTSIDER = range(4)
LEVELS = (100, 2000, 30_000, 7)
PHASE = 2


class Room:
    """Four rows that each say one level, three of them in bridge `b`, and a recorder with two slots."""

    def __init__(self) -> None:
        self.rows = Rows(4)
        self.rows.sound_in[:] = np.array(LEVELS, np.int16)[:, None]
        self.bridges = Bridges(self.rows)
        self.rings = RecordingRings.create(2)
        self.recorder = Recorder(self.rings, self.rows, self.bridges)
        for row in (CALLER, AGENT):
            self.bridges.join("b", row)

    def start(self, recording: str = "r", bridge: str = "b", left: int = CALLER) -> int:
        slot = self.recorder.start(recording, bridge, left, PHASE)
        assert slot is not None
        return slot

    def record(self, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.recorder.record(PHASE)

    def channels(self, slot: int) -> list[tuple[int, int]]:
        """Left and right of each tick; each is one level throughout."""
        frames: NDArray[np.int16] = self.rings.frames[slot, : int(self.rings.written[slot])]
        ticks = frames.reshape(-1, TICK_SAMPLES, 2)
        assert (ticks == ticks[:, :1]).all()
        return [(int(left), int(right)) for left, right in ticks[:, 0]]


@pytest.fixture
def room() -> Room:
    return Room()


def test_left_is_the_one_that_was_named_and_right_the_other(room: Room) -> None:
    one, other = room.start("r"), room.start("s", left=AGENT)
    room.record(3)
    assert room.channels(one) == [(100, 2000)] * 3
    assert room.channels(other) == [(2000, 100)] * 3


def test_right_is_the_sum_of_all_others_and_stays_at_full_scale(room: Room) -> None:
    slot = room.start()
    room.bridges.join("b", COACH)
    room.record()
    room.rows.sound_in[AGENT] = 1000
    room.record()
    assert room.channels(slot) == [(100, 32_000), (100, 31_000)]
    room.rows.sound_in[AGENT] = 5000
    room.record()
    assert room.channels(slot)[-1] == (100, 32_767)


def test_each_tick_of_the_recordings_phase_is_20_ms_and_other_phases_are_none(room: Room) -> None:
    slot = room.start()
    for phase in range(5):
        room.recorder.record(phase)
    assert room.rings.written[slot] == TICK_SAMPLES


def test_a_pause_is_silence_of_its_length(room: Room) -> None:
    slot = room.start()
    room.record(2)
    room.recorder.pause("r", is_paused=True)
    room.record(3)
    room.recorder.pause("r", is_paused=False)
    room.record()
    assert room.channels(slot) == [(100, 2000)] * 2 + [(0, 0)] * 3 + [(100, 2000)]


def test_a_pause_beside_a_recording_that_runs_is_silence_too(room: Room) -> None:
    runs, pauses = room.start("r"), room.start("s")
    room.recorder.pause("s", is_paused=True)
    room.record()
    assert (room.channels(runs), room.channels(pauses)) == ([(100, 2000)], [(0, 0)])


def test_a_bridge_whose_members_have_gone_is_silence(room: Room) -> None:
    slot = room.start()
    room.bridges.leave(AGENT)
    room.record()
    room.bridges.leave(CALLER)
    room.record()
    assert room.channels(slot) == [(100, 0), (0, 0)]


def test_who_talks_in_another_bridge_is_not_recorded(room: Room) -> None:
    slot = room.start()
    for row in (CALLER, OUTSIDER):
        room.bridges.join("elsewhere", row)
    room.record()
    assert room.channels(slot) == [(0, 2000)]


def test_a_row_that_is_given_to_somebody_else_is_not_the_left_channel_any_more(room: Room) -> None:
    slot = room.start()
    room.bridges.leave(CALLER)
    room.recorder.release_row(CALLER)
    room.record()
    room.bridges.join("b", CALLER)
    room.record()
    assert room.channels(slot) == [(0, 2000), (0, 2100)]


def test_the_release_of_another_row_changes_nothing(room: Room) -> None:
    slot = room.start()
    room.recorder.release_row(OUTSIDER)
    room.record()
    assert room.channels(slot) == [(100, 2000)]


def test_what_is_stopped_tells_its_length_and_grows_no_more(room: Room) -> None:
    slot = room.start()
    room.record(3)
    assert room.recorder.stop("r") == 3 * TICK_SAMPLES
    room.record()
    assert room.rings.written[slot] == 3 * TICK_SAMPLES
    assert room.recorder.stop("r") is None
    assert room.recorder.running() == []


def test_a_slot_is_not_given_away_before_the_writer_is_done_with_it(room: Room) -> None:
    slot = room.start("r")
    room.start("s")
    assert room.recorder.start("t", "b", CALLER, PHASE) is None
    room.record()
    room.recorder.stop("r")
    assert room.recorder.start("t", "b", CALLER, PHASE) is None, "stopped is not yet written"
    room.recorder.free(slot)
    assert room.start("t") == slot
    assert room.channels(slot) == [], "it begins at nought"


def test_the_same_recording_cannot_run_twice(room: Room) -> None:
    slot = room.start("r")
    room.record()
    assert room.recorder.start("r", "b", AGENT, PHASE) is None
    room.record()
    assert room.channels(slot) == [(100, 2000)] * 2
    assert room.start("s") != slot, "and no slot was lost by it"


def test_a_recording_that_is_not_there_can_be_paused_and_stopped_in_vain(room: Room) -> None:
    slot = room.start("r")
    room.recorder.pause("other", is_paused=True)
    assert room.recorder.stop("other") is None
    room.record()
    assert room.channels(slot) == [(100, 2000)]
    assert room.recorder.running() == ["r"]
