"""What rows are played: files once, then files for ever, gathered from the sound bank without a gap.

A row's sound runs through `position` with `left` samples to go, so all rows in the middle of a file are one gather;
only a row that comes to the end of a file is looked at by itself. Music that is interrupted by something to say goes on
afterwards where it was, because a caller who hears its beginning every half minute hears nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.protocol import Play
from media.rows import TICK_SAMPLES
from media.sound_bank import SoundBank

_TICK: Final = np.arange(TICK_SAMPLES)
FILES_PER_TICK_MAX: Final = 8


@dataclass(slots=True)
class _Playing:
    """A playlist and how far it is. `resumes`: position and samples left of a loop that was interrupted."""

    play: Play
    next_once: int = 0
    next_loop: int = 0
    is_looping: bool = False
    resumes: tuple[int, int] | None = None


class Player:
    """The playlists of all rows."""

    def __init__(self, bank: SoundBank, rows: int) -> None:
        self._bank = bank
        self._playing: list[_Playing | None] = [None] * rows
        self.is_playing = np.zeros(rows, bool)
        self._position = np.zeros(rows, np.int64)
        self._left = np.zeros(rows, np.int64)

    def play(self, row: int, play: Play) -> None:
        """Begins a playlist in place of the former; the same loop goes on where it was."""
        former, playing = self._playing[row], _Playing(play)
        if former is not None and former.play.loop == play.loop:
            playing.next_loop = former.next_loop
            place = (int(self._position[row]), int(self._left[row]))
            playing.resumes = place if former.is_looping else former.resumes
        self._playing[row] = playing
        self.is_playing[row] = True
        self._left[row] = 0

    def stop(self, row: int, tag: str | None = None) -> None:
        """Stops the row if `tag` plays, or whatever plays when no tag is given."""
        playing = self._playing[row]
        if playing is not None and tag in (None, playing.play.tag):
            self._playing[row] = None
            self.is_playing[row] = False

    def fill(self, rows: NDArray[np.int64], out: NDArray[np.int16]) -> list[tuple[int, str]]:
        """Writes 20 ms of each playing row among `rows` to `out[row]`; returns rows and tags of what was said."""
        playing = rows[self.is_playing[rows]]
        ended: list[tuple[int, str]] = []
        if not len(playing):
            return ended
        has_a_tick = self._left[playing] >= TICK_SAMPLES
        whole, at_an_end = playing[has_a_tick], playing[~has_a_tick]
        out[whole] = self._bank.samples[self._position[whole, None] + _TICK]
        self._position[whole] += TICK_SAMPLES
        self._left[whole] -= TICK_SAMPLES
        for row in at_an_end.tolist():
            tag = self._over_the_end(row, out[row])
            if tag is not None:
                ended.append((row, tag))
        return ended

    def _over_the_end(self, row: int, out: NDArray[np.int16]) -> str | None:
        """Goes on to the next file or files within these 20 ms; returns the tag when `once` came to its end in them."""
        playing = self._playing[row]
        assert playing is not None
        filled, said = 0, None
        for _ in range(FILES_PER_TICK_MAX):
            take = min(int(self._left[row]), TICK_SAMPLES - filled)
            start = int(self._position[row])
            out[filled : filled + take] = self._bank.samples[start : start + take]
            filled += take
            self._position[row] += take
            self._left[row] -= take
            if filled == TICK_SAMPLES:
                return said
            if self._next_once(row, playing):
                continue
            if not playing.is_looping:
                playing.is_looping = True
                said = playing.play.tag if playing.play.once or not playing.play.loop else None
            if not playing.play.loop:
                self.stop(row)
                return said
            if not self._next_loop(row, playing):
                return said
        return said

    def _next_once(self, row: int, playing: _Playing) -> bool:
        """Goes on to the next file of `once` that is there; False when none is."""
        while playing.next_once < len(playing.play.once):
            place = self._bank.find(playing.play.once[playing.next_once])
            playing.next_once += 1
            if place is not None:
                self._position[row], self._left[row] = place
                return True
        return False

    def _next_loop(self, row: int, playing: _Playing) -> bool:
        """Goes on in the loop; False when none of its files is there."""
        if playing.resumes is not None:
            (self._position[row], self._left[row]), playing.resumes = playing.resumes, None
            return True
        loop = playing.play.loop
        for _ in range(len(loop)):
            place = self._bank.find(loop[playing.next_loop % len(loop)])
            playing.next_loop += 1
            if place is not None:
                self._position[row], self._left[row] = place
                return True
        return False
