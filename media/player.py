"""What rows are played: files once, then files for ever, gathered from the sound bank without a gap.

A row's sound runs through `position` with `left` samples to go, so all rows in the middle of a file are one gather;
only a row that comes to the end of a file is looked at by itself.
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
    play: Play
    next_once: int = 0
    next_loop: int = 0


class Player:
    """The playlists of all rows."""

    def __init__(self, bank: SoundBank, rows: int) -> None:
        self._bank = bank
        self._playing: list[_Playing | None] = [None] * rows
        self.is_playing = np.zeros(rows, bool)
        self._position = np.zeros(rows, np.int64)
        self._left = np.zeros(rows, np.int64)

    def play(self, row: int, play: Play) -> None:
        """Begins a playlist in place of the former."""
        self._playing[row] = _Playing(play)
        self.is_playing[row] = True
        self._left[row] = 0

    def stop(self, row: int, tag: str | None = None) -> None:
        """Stops the row if `tag` plays, or whatever plays when no tag is given."""
        playing = self._playing[row]
        if playing is not None and tag in (None, playing.play.tag):
            self._playing[row] = None
            self.is_playing[row] = False

    def fill(self, rows: NDArray[np.int64], out: NDArray[np.int16]) -> list[tuple[int, str]]:
        """Writes 20 ms of each playing row among `rows` to `out[row]`; returns rows and tags whose playlist ended."""
        playing = rows[self.is_playing[rows]]
        whole = playing[self._left[playing] >= TICK_SAMPLES]
        out[whole] = self._bank.samples[self._position[whole, None] + _TICK]
        self._position[whole] += TICK_SAMPLES
        self._left[whole] -= TICK_SAMPLES
        at_an_end = playing[np.isin(playing, whole, invert=True)]
        ended = []
        for row in at_an_end.tolist():
            tag = self._over_the_end(row, out[row])
            if tag is not None:
                ended.append((row, tag))
        return ended

    def _over_the_end(self, row: int, out: NDArray[np.int16]) -> str | None:
        playing = self._playing[row]
        assert playing is not None
        filled = 0
        for _ in range(FILES_PER_TICK_MAX):
            take = min(int(self._left[row]), TICK_SAMPLES - filled)
            start = int(self._position[row])
            out[filled : filled + take] = self._bank.samples[start : start + take]
            filled += take
            self._position[row] += take
            self._left[row] -= take
            if filled == TICK_SAMPLES:
                return None
            if not self._next(row, playing):
                if playing.play.loop:
                    return None
                self._playing[row] = None
                self.is_playing[row] = False
                return playing.play.tag
        return None

    def _next(self, row: int, playing: _Playing) -> bool:
        """Goes on to the next file that is there; False when none is."""
        play = playing.play
        while playing.next_once < len(play.once):
            place = self._bank.find(play.once[playing.next_once])
            playing.next_once += 1
            if place is not None:
                self._position[row], self._left[row] = place
                return True
        for _ in range(len(play.loop)):
            place = self._bank.find(play.loop[playing.next_loop % len(play.loop)])
            playing.next_loop += 1
            if place is not None:
                self._position[row], self._left[row] = place
                return True
        return False
