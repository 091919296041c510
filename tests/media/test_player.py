"""Playlists to the sample: no gap between files, loops for ever, and music that goes on where it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from media.player import FILES_PER_TICK_MAX, Player
from media.protocol import Play
from media.rows import TICK_SAMPLES
from media.sound_bank import SoundBank

LENGTHS = {"/one": 500, "/two": 400, "/three": 333, "/tick": TICK_SAMPLES, "/music": 1000, "/other": 700}


class Stage:
    """Two rows, files that tell where in them a sample is, and silence where nothing plays."""

    def __init__(self, lengths: dict[str, int] | None = None) -> None:
        self.bank = SoundBank.create(seconds=10)
        self.player = Player(self.bank, 2)
        self.files: dict[str, NDArray[np.int16]] = {}
        self.ended: list[tuple[int, str]] = []
        self._free_at = 0
        for number, (file, length) in enumerate((LENGTHS if lengths is None else lengths).items(), 1):
            self.add(file, 2000 * number + 1 + np.arange(length, dtype=np.int16))

    def add(self, file: str, sound: NDArray[np.int16]) -> None:
        self.files[file] = sound
        self.bank.samples[self._free_at : self._free_at + len(sound)] = sound
        self.bank.add(file, self._free_at, len(sound))
        self._free_at += len(sound) + 7

    def play(self, tag: str, *once: str, loop: tuple[str, ...] = (), row: int = 0) -> None:
        self.player.play(row, Play(row + 1, tag, once, loop))

    def hear(self, ticks: int, row: int = 0) -> NDArray[np.int16]:
        heard = []
        for _ in range(ticks):
            out = np.zeros((2, TICK_SAMPLES), np.int16)
            self.ended += self.player.fill(np.arange(2), out)
            heard.append(out[row])
        return np.concatenate(heard)

    def sound(self, *files: str, length: int | None = None) -> NDArray[np.int16]:
        """The files one after the other; with `length`, silence behind them or cut off there."""
        joined = np.concatenate([self.files[file] for file in files])
        if length is None:
            return joined
        return np.concatenate((joined, np.zeros(length, np.int16)))[:length]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_files_follow_one_another_without_a_gap_and_the_end_is_told_once(stage: Stage) -> None:
    stage.play("t", "/one", "/two", "/three")
    heard = stage.hear(12)
    assert np.array_equal(heard, stage.sound("/one", "/two", "/three", length=12 * 160))
    assert stage.ended == [(0, "t")]
    assert not stage.player.is_playing[0]


def test_the_end_is_told_in_the_tick_in_which_it_is_and_not_before(stage: Stage) -> None:
    stage.play("t", "/one")
    stage.hear(3)
    assert stage.ended == []
    stage.hear(1)
    assert stage.ended == [(0, "t")]


def test_a_file_of_whole_ticks_is_heard_whole(stage: Stage) -> None:
    stage.play("t", "/tick", "/tick")
    assert np.array_equal(stage.hear(3), stage.sound("/tick", "/tick", length=480))
    assert stage.ended == [(0, "t")]


def test_a_loop_goes_round_without_a_gap_and_has_no_end(stage: Stage) -> None:
    stage.play("m", loop=("/music", "/two"))
    assert np.array_equal(stage.hear(40), stage.sound(*("/music", "/two") * 5, length=6400))
    assert stage.ended == []


def test_after_what_is_said_once_the_loop_follows_without_a_gap_and_the_end_of_the_saying_is_told(stage: Stage) -> None:
    stage.play("t", "/one", loop=("/music",))
    assert np.array_equal(stage.hear(20), stage.sound("/one", *("/music",) * 3, length=3200))
    assert stage.ended == [(0, "t")]


def test_music_goes_on_to_the_sample_where_it_was_interrupted(stage: Stage) -> None:
    stage.play("m", loop=("/music", "/two"))
    stage.hear(4)
    stage.play("place", "/one", loop=("/music", "/two"))
    expected = np.concatenate((stage.sound("/one"), stage.sound("/music")[640:], stage.sound("/two", "/music")))
    assert np.array_equal(stage.hear(14), expected[:2240])
    assert stage.ended == [(0, "place")]


def test_an_interruption_that_is_interrupted_does_not_lose_the_place_in_the_music(stage: Stage) -> None:
    stage.play("m", loop=("/music",))
    stage.hear(4)
    stage.play("a", "/one", loop=("/music",))
    stage.hear(2)
    stage.play("b", "/two", loop=("/music",))
    expected = np.concatenate((stage.sound("/two"), stage.sound("/music")[640:], stage.sound("/music")))
    assert np.array_equal(stage.hear(8), expected[:1280])
    assert stage.ended == [(0, "b")], "what was interrupted never came to its end"


def test_other_music_begins_at_its_beginning(stage: Stage) -> None:
    stage.play("m", loop=("/music",))
    stage.hear(4)
    stage.play("o", loop=("/other",))
    assert np.array_equal(stage.hear(4), stage.sound("/other", length=640))


def test_music_that_was_stopped_begins_at_its_beginning(stage: Stage) -> None:
    stage.play("m", loop=("/music",))
    stage.hear(4)
    stage.player.stop(0, "m")
    assert not stage.hear(2).any()
    stage.play("m", loop=("/music",))
    assert np.array_equal(stage.hear(4), stage.sound("/music", length=640))


def test_only_the_tag_that_plays_can_be_stopped(stage: Stage) -> None:
    stage.play("t", "/one")
    stage.hear(1)
    stage.player.stop(0, "former")
    assert np.array_equal(stage.hear(2), stage.sound("/one")[160:480])
    stage.player.stop(0, "t")
    assert not stage.hear(2).any()
    assert stage.ended == [], "what is stopped has no end"


def test_without_a_tag_whatever_plays_is_stopped(stage: Stage) -> None:
    stage.play("t", "/one")
    stage.player.stop(0)
    stage.player.stop(1)
    assert not stage.hear(2).any()


def test_a_file_that_is_not_there_counts_as_played(stage: Stage) -> None:
    stage.play("t", "/missing", "/one", "/missing", "/two", "/missing")
    assert np.array_equal(stage.hear(8), stage.sound("/one", "/two", length=1280))
    assert stage.ended == [(0, "t")]


@pytest.mark.parametrize("once", [(), ("/missing",), ("/missing", "/missing")])
def test_where_nothing_can_be_played_the_end_is_told_at_once(stage: Stage, once: tuple[str, ...]) -> None:
    stage.play("t", *once)
    assert not stage.hear(3).any()
    assert stage.ended == [(0, "t")]


def test_a_loop_goes_round_what_is_there(stage: Stage) -> None:
    stage.play("m", loop=("/missing", "/two", "/missing"))
    assert np.array_equal(stage.hear(10), stage.sound(*("/two",) * 4, length=1600))


def test_music_that_is_loaded_late_is_heard_when_it_is_there(stage: Stage) -> None:
    stage.play("m", loop=("/late",))
    assert not stage.hear(5).any()
    stage.add("/late", np.full(320, 77, np.int16))
    assert set(stage.hear(5).tolist()) == {77}


def test_a_file_that_is_loaded_anew_is_played_to_its_end_as_it_was(stage: Stage) -> None:
    stage.play("m", loop=("/music",))
    former = stage.sound("/music")
    stage.hear(1)
    stage.add("/music", np.full(320, 77, np.int16))
    heard = stage.hear(8)
    assert np.array_equal(heard[:840], former[160:])
    assert set(heard[840:].tolist()) == {77}


def test_rows_play_apart(stage: Stage) -> None:
    stage.play("a", "/one")
    stage.hear(1)
    stage.play("b", "/two", row=1)
    assert np.array_equal(stage.hear(4, row=1), stage.sound("/two", length=640))
    assert sorted(stage.ended) == [(0, "a"), (1, "b")]


def test_a_row_that_is_not_due_does_not_move(stage: Stage) -> None:
    stage.play("a", "/one")
    out = np.zeros((2, TICK_SAMPLES), np.int16)
    assert stage.player.fill(np.array([1]), out) == []
    assert not out.any()
    assert np.array_equal(stage.hear(4), stage.sound("/one", length=640))


def test_many_tiny_files_in_a_tick_are_bounded_and_come_to_their_end() -> None:
    stage = Stage({"/tiny": 1})
    stage.play("t", *("/tiny",) * 100)
    assert np.count_nonzero(stage.hear(1)) <= FILES_PER_TICK_MAX
    assert np.count_nonzero(stage.hear(100)) > 50
    assert stage.ended == [(0, "t")]


@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(st.integers(40, 700), min_size=1, max_size=8), loop=st.lists(st.integers(40, 700), max_size=3))
def test_any_files_are_heard_to_the_sample(lengths: list[int], loop: list[int]) -> None:
    stage = Stage({f"/{number}": length for number, length in enumerate(lengths + loop)})
    once = tuple(f"/{number}" for number in range(len(lengths)))
    again = tuple(f"/{number}" for number in range(len(lengths), len(lengths + loop)))
    stage.play("t", *once, loop=again)
    ticks = sum(lengths + loop) // 160 + 8
    assert np.array_equal(stage.hear(ticks), stage.sound(*once, *again * 40, length=160 * ticks))
    assert stage.ended == [(0, "t")]
