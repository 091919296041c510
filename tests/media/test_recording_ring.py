"""The recording rings: frames come out as they went in, and what was overwritten comes out as silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from media.recording_ring import RING_FRAMES, TICK_FRAMES, RecordingRings


def numbered(start: int, stop: int) -> NDArray[np.int16]:
    """Frames whose content tells their number and channel; never silence."""
    number = np.arange(start, stop) % 30_000 + 1
    return np.column_stack((number, -number)).astype(np.int16)


def test_no_tick_straddles_the_end_of_a_ring_and_it_holds_eight_seconds() -> None:
    assert RING_FRAMES % TICK_FRAMES == 0
    assert RING_FRAMES >= 8 * 8000


def test_slots_are_apart() -> None:
    rings = RecordingRings.create(3)
    rings.append(1, numbered(0, 160))
    assert rings.written.tolist() == [0, 160, 0]
    assert not rings.frames[0].any()
    assert not rings.frames[2].any()


def test_no_slots_are_refused() -> None:
    with pytest.raises(ValueError, match="0 recording slots"):
        RecordingRings.create(0)


def test_a_slot_begins_anew_at_nought() -> None:
    rings = RecordingRings.create(1)
    rings.append(0, numbered(0, 320))
    rings.consumed[0] = 320
    rings.begin(0)
    assert (rings.written[0], rings.consumed[0]) == (0, 0)


@given(ticks=st.integers(1, 1200), taken=st.integers(0, 1200))
def test_a_copy_is_what_was_written_or_silence_where_that_is_gone(ticks: int, taken: int) -> None:
    rings = RecordingRings.create(1)
    for tick in range(ticks):
        rings.append(0, numbered(tick * TICK_FRAMES, (tick + 1) * TICK_FRAMES))
    written = ticks * TICK_FRAMES
    start = min(taken, ticks) * TICK_FRAMES
    stop = min(written, start + RING_FRAMES)
    copied, lost = rings.copy(0, start, stop)
    oldest_whole = written + TICK_FRAMES - RING_FRAMES
    expected = numbered(start, stop)
    expected[: max(oldest_whole - start, 0)] = 0
    assert np.array_equal(copied, expected)
    assert lost == np.count_nonzero(expected[:, 0] == 0)


def test_a_copy_longer_than_the_ring_is_refused_by_the_limit() -> None:
    rings = RecordingRings.create(1)
    with pytest.raises(ValueError, match="RING_FRAMES"):
        rings.copy(0, 0, RING_FRAMES + 1)
