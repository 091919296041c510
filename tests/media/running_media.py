"""A real media process with its real control socket, and telephones on real UDP sockets, for the tests of media/.

The telephones have an RTP of their own, from RFC 3550 and G.711 and not from the code under test. Nothing sleeps for a
guessed time: `converse` lets telephones speak in their rhythm until what is waited for is so, or fails with its name.
"""

from __future__ import annotations

import itertools
import math
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from media.client import FrameWriter, fact_reader
from media.protocol import CodecName, Command, Fact, Ready
from softswitch import unix_path

ADDRESS: Final = f"127.{64 + os.getpid() % 128}.{(os.getpid() >> 15) % 256}.{1 + (os.getpid() >> 7) % 250}"
"""An address of loopback that no other run of the tests has, so that the ports may be the same in each."""
ROWS: Final = 8
FIRSTS: Final = itertools.count(20000, 2 * ROWS)
WAIT_S_MAX: Final = 10.0
PACKET_S: Final = 0.02
AMPLITUDE: Final = 8000
TONE_DBOV: Final = 20 * math.log10(AMPLITUDE / 32768 / math.sqrt(2))
PAYLOAD_TYPES: Final[dict[CodecName, int]] = {"PCMU": 0, "PCMA": 8}
EVENTS: Final = 101

F = TypeVar("F")


def _alaw_sample(code: int) -> int:
    code ^= 0x55
    segment, low = code >> 4 & 7, code & 15
    magnitude = (low << 4) + 8 if segment == 0 else (low << 4) + 0x108 << segment - 1
    return magnitude if code & 0x80 else -magnitude


def _mulaw_sample(code: int) -> int:
    code ^= 0xFF
    magnitude = (((code & 15) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return -magnitude if code & 0x80 else magnitude


SAMPLES: Final[dict[CodecName, NDArray[np.int16]]] = {
    "PCMA": np.array([_alaw_sample(code) for code in range(256)], np.int16),
    "PCMU": np.array([_mulaw_sample(code) for code in range(256)], np.int16),
}


def coded(codec: CodecName, sound: NDArray[np.float64]) -> bytes:
    """Each sample as the code whose sample is nearest, which is what G.711 asks of an encoder."""
    codes = np.abs(SAMPLES[codec][None, :] - sound[:, None]).argmin(axis=1)
    return bytes(codes.astype(np.uint8))


def level_dbov(sound: NDArray[np.int16], hz: float) -> float:
    """The level of one frequency by correlation; a full-scale sine has -3.01."""
    if not len(sound):
        return -120.0
    turn = np.exp(-2j * np.pi * hz / 8000 * np.arange(len(sound)))
    return 20 * math.log10(max(2 * abs(np.mean(sound * turn)), 1e-3) / 32768 / math.sqrt(2))


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet that a telephone got."""

    has_marker: bool
    payload_type: int
    sequence: int
    ts: int
    ssrc: int
    payload: bytes


class Telephone:
    """One end of RTP: sends its tone (or silence, `hz` None) to `remote`, keeps all that comes from anywhere."""

    def __init__(self, codec: CodecName, hz: float | None, *, host: str = ADDRESS, ssrc: int = 0xABCD) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.setblocking(False)
        self.address: tuple[str, int] = (host, int(self.socket.getsockname()[1]))
        self.codec: CodecName = codec
        self.remote: tuple[str, int] | None = None
        self.packets: list[Packet] = []
        self.sources: set[tuple[str, int]] = set()
        self.sequence, self.ts, self.ssrc = 65_530, 2**32 - 800, ssrc
        times = np.arange(1600) / 8000
        self._tone = coded(codec, AMPLITUDE * np.sin(2 * np.pi * (hz or 0.0) * times))
        self.spoken = 0

    def __del__(self) -> None:
        self.socket.close()

    def speak(self) -> None:
        """The next 20 ms of the tone; sequence and timestamp run through 2**16 and 2**32 early on."""
        at = self.spoken * 160 % len(self._tone)
        self.send(self._tone[at : at + 160])
        self.spoken += 1
        self.ts = self.ts + 160 & 0xFFFFFFFF

    def send(
        self, payload: bytes, *, payload_type: int | None = None, ts: int | None = None, has_marker: bool = False
    ) -> None:
        kind = PAYLOAD_TYPES[self.codec] if payload_type is None else payload_type
        at = self.ts if ts is None else ts
        self.send_raw(struct.pack("!BBHII", 0x80, has_marker << 7 | kind, self.sequence, at, self.ssrc) + payload)
        self.sequence = self.sequence + 1 & 0xFFFF

    def send_raw(self, packet: bytes) -> None:
        if self.remote is not None:
            self.socket.sendto(packet, self.remote)

    def press(self, key: int, *, ts: int) -> None:
        """RFC 4733: a first packet with the marker, updates, and the end three times, all with one timestamp."""
        for number in range(1, 6):
            self.send(struct.pack("!BBH", key, 10, 160 * number), payload_type=EVENTS, ts=ts, has_marker=number == 1)
        for _ in range(3):
            self.send(struct.pack("!BBH", key, 0x80 | 10, 960), payload_type=EVENTS, ts=ts)

    def listen(self) -> None:
        """Takes what has come."""
        while True:
            try:
                data, source = self.socket.recvfrom(2048)
            except BlockingIOError:
                return
            first, second, sequence, ts, ssrc = struct.unpack_from("!BBHII", data)
            assert first == 0x80, "version 2, no padding, no extension, no contributing sources"
            self.sources.add(source)
            self.packets.append(Packet(second >= 128, second & 127, sequence, ts, ssrc, data[12:]))

    @property
    def heard(self) -> NDArray[np.int16]:
        """All sound, in order of arrival."""
        return self.last(len(self.packets))

    def last(self, packets: int) -> NDArray[np.int16]:
        """The sound of the last packets."""
        kind = PAYLOAD_TYPES[self.codec]
        data = b"".join(each.payload for each in self.packets[-packets:] if each.payload_type == kind)
        return SAMPLES[self.codec][np.frombuffer(data, np.uint8)]

    def hears(self, hz: float) -> bool:
        """The last 200 ms are this tone at the level at which telephones send theirs."""
        sound = self.last(10)
        return len(sound) == 1600 and abs(level_dbov(sound, hz) - TONE_DBOV) < 0.5

    def loudest_dbov(self, hz: float) -> float:
        """The most of a tone that was in any 100 ms."""
        sound = self.heard
        return max((level_dbov(sound[at : at + 800], hz) for at in range(0, len(sound) - 799, 400)), default=-120.0)


class Link:
    """Signalling's end of the control link; `facts` are those that nobody asked for yet."""

    def __init__(self, connected: socket.socket, udp_ports: tuple[int, ...]) -> None:
        self.socket = connected
        self.udp_ports = udp_ports
        self.facts: list[Fact] = []
        self.is_closed = False
        self._writer, self._reader = FrameWriter(), fact_reader()

    def __del__(self) -> None:
        self.close()

    def say(self, *commands: Command) -> None:
        self.socket.sendall(b"".join(self._writer.frame(command) for command in commands))

    def read(self) -> None:
        """Takes what has come."""
        while not self.is_closed and select.select([self.socket], [], [], 0)[0]:
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            self.is_closed = not data
            self.facts += self._reader.feed(data)

    def kinds(self, kind: type[F]) -> list[F]:
        """The facts of one kind that are here."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def wait(self, what: str, until: Callable[[], bool]) -> None:
        """Reads until it is so."""
        converse(self, (), what, until)

    def fact(self, kind: type[F]) -> F:
        """The next fact of this kind, waited for and taken away."""
        self.wait(f"a {kind.__name__}", lambda: bool(self.kinds(kind)))
        found = self.kinds(kind)[0]
        self.facts.remove(found)  # type: ignore[arg-type]  # kinds gives facts only
        return found

    def close(self) -> None:
        self.socket.close()


class Media:
    """The process, as the supervisor starts it; `before` is Python that runs in it first."""

    def __init__(self, folder: Path, before: str = "") -> None:
        self.socket_path, self.recordings = folder / "media.sock", folder / "recordings"
        first = next(FIRSTS)
        self.udp_ports = tuple(range(first, first + 2 * ROWS, 2))
        pipe, self.parent_pipe = os.pipe()
        self.process = subprocess.Popen(
            [
                sys.executable, "-c", f"{before}\nimport sys, media.process\nsys.exit(media.process.main())",
                "--socket", str(self.socket_path), "--udp", f"{ADDRESS}:{first}-{first + 2 * ROWS - 1}",
                "--recordings", str(self.recordings), "--worker", "0", "--parent-pipe", str(pipe),
            ],
            pass_fds=[pipe],
        )  # fmt: skip
        os.close(pipe)

    def link(self) -> Link:
        """A new link, once the process listens."""
        give_up_at = time.monotonic() + WAIT_S_MAX
        while True:
            try:
                return Link(unix_path.connect(self.socket_path, WAIT_S_MAX), self.udp_ports)
            except OSError:
                assert self.process.poll() is None, "the media process has ended"
                assert time.monotonic() < give_up_at, f"the media process does not listen within {WAIT_S_MAX} s"
                time.sleep(0.02)

    def ready_link(self) -> Link:
        """A new link whose `Ready` was read."""
        link = self.link()
        link.fact(Ready)
        return link

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """While the process does not run, so that what is done within comes to it at once."""
        self.process.send_signal(signal.SIGSTOP)
        give_up_at = time.monotonic() + WAIT_S_MAX
        stat = Path(f"/proc/{self.process.pid}/stat")
        while stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < give_up_at, "it does not stop"
            time.sleep(0.001)
        yield
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """However it stands with it."""
        os.close(self.parent_pipe)
        try:
            self.process.wait(WAIT_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(folder: Path, before: str = "") -> Iterator[Media]:
    """A media process that is ended afterwards."""
    media = Media(folder, before)
    try:
        yield media
    finally:
        media.end()


def converse(link: Link, telephones: Iterable[Telephone], what: str, until: Callable[[], bool]) -> None:
    """The telephones speak every 20 ms, and everybody listens, until it is so."""
    telephones = tuple(telephones)
    due_at = time.monotonic()
    give_up_at = due_at + WAIT_S_MAX
    while not until():
        assert time.monotonic() < give_up_at, f"{what}: not within {WAIT_S_MAX} s"
        for telephone in telephones:
            telephone.speak()
        due_at += PACKET_S
        watched: list[socket.socket] = [each.socket for each in telephones]
        if not link.is_closed:
            watched.append(link.socket)
        while (left_s := due_at - time.monotonic()) > 0:
            select.select(watched, [], [], left_s)
            _listen(link, telephones)
            if not telephones:
                break
        _listen(link, telephones)


def _listen(link: Link, telephones: Iterable[Telephone]) -> None:
    link.read()
    for telephone in telephones:
        telephone.listen()
