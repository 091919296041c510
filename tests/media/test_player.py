"""Playlists: files follow one another without a gap, what is said is told, music goes on where it was interrupted.

Each file in the bank is a ramp of its own, so that every sample played tells which file it is from, and where in it.
"""

from __future__ import annotations

import numpy as np

from media.player import Player
from media.protocol import Play
from media.rows import TICK_SAMPLES
from media.sound_bank import SoundBank

SAY, MUSIC, MORE = "/say.wav", "/music.wav", "/more.wav"
SAY_SAMPLES, MUSIC_SAMPLES, MORE_SAMPLES = 400, 1000, 250
SAY_FROM, MUSIC_FROM, MORE_FROM = 1000, 5000, 9000
"""The first sample's value of each file; the others count up from it."""


class Row:
    """One row that is played to, tick by tick."""

    def __init__(self) -> None:
        bank = SoundBank.create(seconds=1)
        files = ((SAY, SAY_FROM, SAY_SAMPLES), (MUSIC, MUSIC_FROM, MUSIC_SAMPLES), (MORE, MORE_FROM, MORE_SAMPLES))
        offset = 0
        for file, first, samples in files:
            bank.samples[offset : offset + samples] = np.arange(first, first + samples)
            bank.add(file, offset, samples)
            offset += samples
        self.player = Player(bank, rows=3)
        self.out = np.zeros((3, TICK_SAMPLES), np.int16)
        self.heard: list[int] = []
        self.told: list[str] = []

    def ticks(self, count: int) -> None:
        for _ in range(count):
            self.out[1] = 0
            self.told += [tag for _, tag in self.player.fill(np.arange(3), self.out)]
            self.heard += self.out[1].tolist()


def ramp(first: int, samples: int) -> list[int]:
    return list(range(first, first + samples))


def test_files_follow_one_another_without_a_gap_and_the_end_is_told_once() -> None:
    row = Row()
    row.player.play(1, Play(1, "tag", (SAY, MORE)))
    row.ticks(6)
    said = ramp(SAY_FROM, SAY_SAMPLES) + ramp(MORE_FROM, MORE_SAMPLES)
    assert row.heard == said + [0] * (6 * TICK_SAMPLES - len(said))
    assert row.told == ["tag"]
    assert not row.player.is_playing[1]


def test_a_loop_of_files_begins_again_after_its_last() -> None:
    row = Row()
    row.player.play(1, Play(1, "tag", (), (MUSIC, MORE)))
    row.ticks(16)
    whole = ramp(MUSIC_FROM, MUSIC_SAMPLES) + ramp(MORE_FROM, MORE_SAMPLES)
    assert row.heard == (whole * 3)[: 16 * TICK_SAMPLES]
    assert row.told == []


def test_what_was_said_is_told_when_the_music_begins() -> None:
    row = Row()
    row.player.play(1, Play(1, "tag", (SAY,), (MUSIC,)))
    row.ticks(2)
    assert row.told == []
    row.ticks(1)
    assert row.told == ["tag"]
    row.ticks(20)
    assert row.told == ["tag"]


def test_the_same_music_goes_on_after_a_sentence_where_it_was() -> None:
    row = Row()
    row.player.play(1, Play(1, "music", (), (MUSIC,)))
    row.ticks(2)
    row.player.play(1, Play(1, "place", (SAY,), (MUSIC,)))
    row.ticks(4)
    before = ramp(MUSIC_FROM, 2 * TICK_SAMPLES)
    after = ramp(MUSIC_FROM + 2 * TICK_SAMPLES, 4 * TICK_SAMPLES - SAY_SAMPLES)
    assert row.heard == before + ramp(SAY_FROM, SAY_SAMPLES) + after


def test_the_music_is_kept_also_when_a_sentence_is_replaced_by_another() -> None:
    row = Row()
    row.player.play(1, Play(1, "music", (), (MUSIC,)))
    row.ticks(1)
    row.player.play(1, Play(1, "one", (SAY,), (MUSIC,)))
    row.ticks(1)
    row.player.play(1, Play(1, "two", (MORE,), (MUSIC,)))
    row.ticks(2)
    rest = 2 * TICK_SAMPLES - MORE_SAMPLES
    assert row.heard[2 * TICK_SAMPLES :] == [
        *ramp(MORE_FROM, MORE_SAMPLES),
        *ramp(MUSIC_FROM + TICK_SAMPLES, rest),
    ]
    assert row.told == ["two"]


def test_other_music_begins_at_its_beginning() -> None:
    row = Row()
    row.player.play(1, Play(1, "music", (), (MUSIC,)))
    row.ticks(3)
    row.player.play(1, Play(1, "more", (), (MORE,)))
    row.ticks(1)
    assert row.heard[-TICK_SAMPLES:] == ramp(MORE_FROM, TICK_SAMPLES)


def test_a_file_that_is_not_there_is_passed_over() -> None:
    row = Row()
    row.player.play(1, Play(1, "tag", ("/missing.wav", SAY), ("/missing.wav",)))
    row.ticks(4)
    assert row.heard == ramp(SAY_FROM, SAY_SAMPLES) + [0] * (4 * TICK_SAMPLES - SAY_SAMPLES)
    assert row.told == ["tag"]


def test_only_the_named_tag_is_stopped() -> None:
    row = Row()
    row.player.play(1, Play(1, "new", (SAY,)))
    row.player.stop(1, "old")
    row.ticks(1)
    assert row.heard == ramp(SAY_FROM, TICK_SAMPLES)
    row.player.stop(1, "new")
    row.ticks(1)
    assert row.heard[TICK_SAMPLES:] == [0] * TICK_SAMPLES
    assert row.told == []


def test_other_rows_stay_silent() -> None:
    row = Row()
    row.player.play(1, Play(1, "tag", (), (MUSIC,)))
    row.ticks(3)
    assert not row.out[[0, 2]].any()
