"""The shared arena of sounds: what it holds, and that a forked process fills the same memory."""

from __future__ import annotations

import os

import pytest

from media.sound_bank import SAMPLE_RATE, SOUND_SECONDS_MAX, SoundBank


def test_an_arena_holds_the_seconds_it_was_made_for() -> None:
    assert SoundBank.create(3).samples.size == 3 * SAMPLE_RATE
    assert SoundBank.create().samples.size == SOUND_SECONDS_MAX * SAMPLE_RATE


def test_an_arena_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="0 s"):
        SoundBank.create(0)


def test_the_index_finds_the_newest_place_of_a_file_and_nothing_else() -> None:
    bank = SoundBank.create(1)
    bank.add("/a.wav", 0, 100)
    bank.add("/a.wav", 100, 200)
    assert bank.find("/a.wav") == (100, 200)
    assert bank.find("/b.wav") is None


@pytest.mark.parametrize(("offset", "length"), [(-1, 10), (0, 0), (0, SAMPLE_RATE + 1), (SAMPLE_RATE - 1, 2)])
def test_a_place_outside_the_arena_is_refused(offset: int, length: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        SoundBank.create(1).add("/a.wav", offset, length)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_what_a_forked_process_stores_is_seen_here() -> None:
    bank = SoundBank.create(1)
    child = os.fork()
    if child == 0:
        bank.samples[5:8] = (1, -2, 32767)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert bank.samples[4:9].tolist() == [0, 1, -2, 32767, 0]
