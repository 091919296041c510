"""A network of datagrams with named, seeded faults.

Without faults the datagrams between two hosts arrive in order, each after its own delay. Every knob is a probability
per datagram or a time in milliseconds. A host can be cut off (a partition of one), and single datagrams can be picked
out by what they begin with, so that a scenario loses just the one it is about.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tests.sim.happenings import Happenings

Place: TypeAlias = tuple[str, int]
Receiver: TypeAlias = Callable[[bytes, Place], None]

REORDERED_MS = 40.0
DUPLICATE_MS = 15.0


@dataclass(frozen=True, slots=True)
class NetworkKnobs:
    """How bad the network is. `delay_ms_mean` is the mean beyond which an exponential tail reaches (the jitter)."""

    delay_ms_min: float = 2.0
    delay_ms_mean: float = 5.0
    loss: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0


@dataclass(slots=True)
class _Pick:
    start: bytes
    source: str | None
    left: int
    late_s: float | None


class VirtualNetwork:
    """Carries datagrams between attached places (host and port)."""

    def __init__(self, clock: Happenings, seeded: random.Random, knobs: NetworkKnobs) -> None:
        self.knobs = knobs
        self.trace: Callable[[str], None] | None = None
        self._clock = clock
        self._random = seeded
        self._receivers: dict[Place, Receiver] = {}
        self._cut: set[str] = set()
        self._picks: list[_Pick] = []
        self._arrives_last: dict[tuple[Place, Place], float] = {}

    def attach(self, place: Place, receiver: Receiver) -> None:
        """From now on what is sent to `place` is given to `receiver`."""
        self._receivers[place] = receiver

    def detach(self, place: Place) -> None:
        """Nobody is there any more."""
        self._receivers.pop(place, None)

    def cut(self, host: str) -> None:
        """Cuts a host off: nothing to or from it arrives, what is on its way included."""
        self._cut.add(host)

    def mend(self, host: str) -> None:
        self._cut.discard(host)

    def is_cut(self, host: str) -> bool:
        return host in self._cut

    def lose_next(self, start: str, *, source: str | None = None, times: int = 1) -> None:
        """Loses the next `times` datagrams that begin with `start`, from the host `source` if given."""
        self._picks.append(_Pick(start.encode(), source, times, None))

    def delay_next(self, start: str, late_s: float, *, source: str | None = None, times: int = 1) -> None:
        """Lets the next `times` datagrams that begin with `start` arrive so late, after what is sent behind them."""
        self._picks.append(_Pick(start.encode(), source, times, late_s))

    def send(self, data: bytes, source: Place, destination: Place) -> None:
        """Puts a datagram on its way."""
        pick = self._pick(data, source[0])
        is_lost = (pick is not None and pick.late_s is None) or self._random.random() < self.knobs.loss
        if self.trace is not None:
            first_line = data.split(b"\r\n", 1)[0].decode(errors="replace")
            line = f"{source[0]}:{source[1]} → {destination[0]}:{destination[1]} {first_line}"
            self.trace(f"{'lost' if is_lost else 'sent'}      {line}")
        if is_lost:
            return
        delay_s = self._delay_s()
        pair = (source, destination)
        if pick is not None and pick.late_s is not None:
            delay_s += pick.late_s
        elif self._random.random() < self.knobs.reordering:
            delay_s += self._random.random() * REORDERED_MS / 1000
        else:
            arrives_at = max(self._clock.now + delay_s, self._arrives_last.get(pair, 0.0))
            self._arrives_last[pair] = arrives_at
            delay_s = arrives_at - self._clock.now
        self._clock.after(delay_s, lambda: self._arrive(data, source, destination))
        if self._random.random() < self.knobs.duplication:
            delay_s += self._random.random() * DUPLICATE_MS / 1000
            self._clock.after(delay_s, lambda: self._arrive(data, source, destination))

    def _arrive(self, data: bytes, source: Place, destination: Place) -> None:
        if source[0] in self._cut or destination[0] in self._cut:
            return
        receiver = self._receivers.get(destination)
        if receiver is not None:
            receiver(data, source)

    def _delay_s(self) -> float:
        tail_ms = max(0.001, self.knobs.delay_ms_mean - self.knobs.delay_ms_min)
        return (self.knobs.delay_ms_min + self._random.expovariate(1 / tail_ms)) / 1000

    def _pick(self, data: bytes, source: str) -> _Pick | None:
        for pick in self._picks:
            if pick.left and data.startswith(pick.start) and pick.source in (None, source):
                pick.left -= 1
                return pick
        return None
