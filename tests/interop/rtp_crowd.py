"""The far ends of many calls on one socket each: speak to whoever speaks to them, and note when each was heard.

Every leg of the switch has a UDP port of its own, so one socket can be the far end of many legs and tell them apart by
their source. Arrivals are stamped by the kernel (SO_TIMESTAMPNS): what is measured is what the switch sent and when,
not when a busy test came to look.
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
from dataclasses import dataclass
from typing import Final

from tests.interop.tone_port import PACKET_SAMPLES, tone_alaw

SO_TIMESTAMPNS: Final = 35
PACKET_S: Final = 0.02
BUFFER_BYTES: Final = 4 << 20


@dataclass
class Heard:
    """What came from one leg: how many packets, when the last, and the longest time between two."""

    packets: int = 0
    last_at: float = 0.0
    longest_s: float = 0.0


class Crowd:
    """Two sockets, of those who call and of those who are called. `run` for a while at a time."""

    def __init__(self) -> None:
        self.heard: list[dict[tuple[str, int], Heard]] = [{}, {}]
        self._sockets = [_opened(), _opened()]
        self._selector = selectors.DefaultSelector()
        for index, opened in enumerate(self._sockets):
            self._selector.register(opened, selectors.EVENT_READ, index)
        self._tone = tone_alaw(440)
        self._sequence = 0
        self._due_at = time.monotonic()
        self.late_s = 0.0

    @property
    def ports(self) -> tuple[int, int]:
        first, second = self._sockets
        return int(first.getsockname()[1]), int(second.getsockname()[1])

    def begin(self) -> None:
        """Forgets the gaps so far; who was heard is remembered, and the time since then counts."""
        self.late_s = 0.0
        for side in self.heard:
            for heard in side.values():
                heard.packets, heard.longest_s = 0, 0.0

    def run(self, seconds: float) -> None:
        """Speaks and listens. `late_s` is by how much this process, which is hardly busy, was kept from it at most."""
        until = time.monotonic() + seconds
        self._due_at = max(self._due_at, until - seconds)
        while (now := time.monotonic()) < until:
            if now >= self._due_at:
                self.late_s = max(self.late_s, now - self._due_at)
                self._speak()
                self._due_at += PACKET_S
                continue
            for key, _ in self._selector.select(self._due_at - now):
                self._listen(key.data)

    @property
    def legs(self) -> list[Heard]:
        """Of both sides."""
        return [heard for side in self.heard for heard in side.values()]

    def close(self) -> None:
        self._selector.close()
        for opened in self._sockets:
            opened.close()

    def _speak(self) -> None:
        offset = (self._sequence * PACKET_SAMPLES) % len(self._tone)
        header = struct.pack("!BBHII", 0x80, 8, self._sequence & 0xFFFF, self._sequence * PACKET_SAMPLES, 0x1234)
        packet = header + self._tone[offset : offset + PACKET_SAMPLES]
        for opened, side in zip(self._sockets, self.heard, strict=True):
            for source in side:
                opened.sendto(packet, source)
        self._sequence += 1

    def _listen(self, index: int) -> None:
        opened, side = self._sockets[index], self.heard[index]
        while True:
            try:
                _, ancillary, _, source = opened.recvmsg(2048, 64)
            except (BlockingIOError, ConnectionError):
                return
            [(_, _, stamp)] = ancillary
            seconds, nanoseconds = struct.unpack("qq", stamp)
            at = seconds + nanoseconds / 1e9
            heard = side.get(source)
            if heard is None:
                heard = side[source] = Heard(last_at=at)
            heard.packets += 1
            heard.longest_s = max(heard.longest_s, at - heard.last_at)
            heard.last_at = at


def _opened() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    opened.bind(("127.0.0.1", 0))
    opened.setblocking(False)
    return opened
