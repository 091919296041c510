"""Which UDP port a leg uses, chosen here so that an SDP can be written without asking the media process.

The media process says once which ports it has bound; from then on this side owns the choice. A port that was given back
goes to the end of the line: stragglers of its last call die out before it is used again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable


class UdpPorts:
    """The free ports of one media process, first given back first used."""

    def __init__(self) -> None:
        self._free: deque[int] = deque()
        self._total = 0
        self._generation = 0

    @property
    def total(self) -> int:
        return self._total

    @property
    def free(self) -> int:
        return len(self._free)

    @property
    def generation(self) -> int:
        """Counts the media processes seen; a lease of an earlier one is not taken back."""
        return self._generation

    def fill(self, udp_ports: Iterable[int]) -> None:
        """A media process is up with these ports; all earlier leases are void."""
        self._free = deque(udp_ports)
        self._total = len(self._free)
        self._generation += 1

    def empty(self) -> None:
        """The media process is gone."""
        self._free.clear()
        self._total = 0
        self._generation += 1

    def lease(self) -> int | None:
        """A port for a new leg, None when all are taken."""
        return self._free.popleft() if self._free else None

    def give_back(self, udp_port: int, generation: int) -> None:
        """Ends a lease that was taken in `generation`."""
        if generation == self._generation:
            self._free.append(udp_port)
