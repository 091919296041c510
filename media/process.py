"""The media process: sockets, the clock and the control link around the engine. One Python thread.

Every four milliseconds one phase is due: all sockets that have packets are emptied into one arena, the engine takes
them in one step, ticks the phase, and each due row's packet is sent. The schedule is absolute; a tick that comes too
late is skipped and counted, never caught up. Garbage collection is off and no file is opened: sounds are decoded by a
loader process and recordings written by a writer process, forked before anything else, through shared memory.

The signalling side connects to a Unix socket. One link at a time; a new one starts from nothing. When the link is gone
for five seconds, or the pipe to the supervisor ends, recordings are finished and the process ends.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import random
import resource
import select
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from media import loader, protocol, writer
from media.client import FrameReader, FrameWriter, LinkFault, command_reader
from media.engine import PHASES, Engine
from media.recording_orders import FinishAll
from media.recording_ring import RecordingRings
from media.rows import Source
from media.sound_bank import SoundBank

PHASE_S: Final = protocol.TICK_S / PHASES
LINKLESS_S: Final = 5.0
BIND_S_MAX: Final = 6.0
FINISH_S_MAX: Final = 5.0
ARENA_PACKETS: Final = 2048
PACKET_BYTES_MAX: Final = 600
PACKETS_PER_SOCKET_MAX: Final = 8
"""So many packets of a socket are looked at in one phase to find one that is taken. One is enough, since a sender makes
one in five phases, and asking an empty socket again costs as much as a packet. The rest of a burst is read in the
phases that follow.
"""
LINK_BUFFER_BYTES_MAX: Final = 8 << 20
MESSAGE_BYTES: Final = 1 << 16
IP_MTU_DISCOVER: Final = 10
IP_PMTUDISC_PROBE: Final = 3
RECORDINGS_MAX: Final = 1000


class MediaProcess:
    """All of it; `run` returns when the process should end."""

    def __init__(
        self, sockets: list[socket.socket], listener: socket.socket, loader_link: socket.socket,
        writer_link: socket.socket, bank: SoundBank, rings: RecordingRings, parent_pipe: int | None,
    ) -> None:  # fmt: skip
        dice = random.SystemRandom()
        self._sockets = sockets
        self._udp_ports = [int(each.getsockname()[1]) for each in sockets]
        self.engine = Engine(self._udp_ports, bank, rings, lambda: dice.getrandbits(32))
        self._bank = bank
        self._row_of_fd = {each.fileno(): row for row, each in enumerate(sockets)}
        packet_bytes = self.engine.rows.packets.view(np.uint8).reshape(len(sockets), -1)
        self._packets = [memoryview(packet_bytes[row]) for row in range(len(sockets))]
        self._arena = np.zeros((ARENA_PACKETS, PACKET_BYTES_MAX), np.uint8)
        self._arena_views = [memoryview(self._arena[index]) for index in range(ARENA_PACKETS)]
        self._listener, self._loader, self._writer = listener, loader_link, writer_link
        self._parent_pipe = parent_pipe
        self._link: socket.socket | None = None
        self._frames_out = FrameWriter()
        self._frames_in: FrameReader[protocol.Command] = command_reader()
        self._out = bytearray()
        self._to_loader: deque[bytes] = deque()
        self._to_writer: deque[bytes] = deque()
        self._failed_sounds: list[tuple[str, str]] = []
        self._linkless_at: float | None = None
        self._is_stopping = False
        self._unfinished: set[str] = set()
        self._gone: set[socket.socket] = set()
        self._lateness_s: list[float] = []
        self._skipped = 0
        self._told_at = time.monotonic()
        self._told_cpu_s = time.process_time()
        self._epoll = select.epoll()
        for fd in self._row_of_fd:
            self._epoll.register(fd, select.EPOLLIN)
        self._special: dict[int, Callable[[float], None]] = {
            listener.fileno(): self._accept,
            loader_link.fileno(): self._read_loader,
            writer_link.fileno(): self._read_writer,
        }
        if parent_pipe is not None:
            self._special[parent_pipe] = self._parent_gone
        for fd in self._special:
            self._epoll.register(fd, select.EPOLLIN)

    def ask_to_stop(self) -> None:
        """SIGTERM: finish the recordings and end."""
        self._is_stopping = True

    def run(self) -> None:
        """Ticks until it is told to stop."""
        due_at = time.monotonic()
        phase = 0
        while not self._is_stopping:
            now = time.monotonic()
            if now < due_at:
                time.sleep(due_at - now)
                now = time.monotonic()
            self._lateness_s.append(now - due_at)
            self._turn(phase, now)
            phase = (phase + 1) % PHASES
            due_at += PHASE_S
            behind = int((time.monotonic() - due_at) / protocol.TICK_S)
            if behind > 0:
                self._skipped += behind
                due_at += behind * protocol.TICK_S
        self._finish()

    def _turn(self, phase: int, now: float) -> None:
        self._receive(now)
        self._send(self.engine.tick(phase).tolist())
        if phase == 0 and now - self._told_at >= 1.0:
            self._report(now)
        self._pass_on()
        if self._linkless_at is not None and now - self._linkless_at >= LINKLESS_S:
            self._is_stopping = True

    # Packets.

    def _receive(self, now: float) -> None:
        rows_of: list[int] = []
        lengths: list[int] = []
        locked = self.engine.rows.locked
        others: list[int] = []
        for fd, _ in self._epoll.poll(0, len(self._row_of_fd) + 16):
            row = self._row_of_fd.get(fd)
            if row is None:
                others.append(fd)
                continue
            receive = self._sockets[row].recvfrom_into
            for _ in range(PACKETS_PER_SOCKET_MAX):
                if len(rows_of) == ARENA_PACKETS:
                    self._take(rows_of, lengths, now)
                view = self._arena_views[len(rows_of)]
                try:
                    length, source = receive(view)
                except BlockingIOError:
                    break
                except OSError:
                    continue
                if source == locked[row] or self.engine.lock.admits(row, source[:2], view[:length], now):
                    rows_of.append(row)
                    lengths.append(length)
                    break
        if rows_of:
            self._take(rows_of, lengths, now)
        # Only now: a command empties sockets into the arena and gives rows away, and a new link ends the one before.
        for fd in others:
            read = self._special.get(fd)
            if read is not None:
                read(now)

    def _take(self, rows_of: list[int], lengths: list[int], now: float) -> None:
        count = len(rows_of)
        self.engine.receive(self._arena[:count], np.array(lengths), np.array(rows_of), now)
        rows_of.clear()
        lengths.clear()

    def _send(self, due: list[int]) -> None:
        destinations = self.engine.rows.destination
        pressing = self.engine.pressing_rows()
        for row in due:
            destination = destinations[row]
            if destination is None:
                continue
            if row in pressing:
                packets = self.engine.digit_packets(row)
                if packets is not None:
                    for packet in packets:
                        self._send_one(row, packet, destination)
                    continue
            self._send_one(row, self._packets[row], destination)

    def _send_one(self, row: int, packet: memoryview | bytes, destination: Source) -> None:
        try:  # noqa: SIM105  # a context manager a packet is a tenth of the packet's cost
            self._sockets[row].sendto(packet, destination)
        except OSError:
            pass

    # The link to signalling.

    def _accept(self, now: float) -> None:
        link, _ = self._listener.accept()
        link.setblocking(False)
        self._drop_link(now)
        self._linkless_at = None
        self._link = link
        self._frames_out, self._frames_in, self._out = FrameWriter(), command_reader(), bytearray()
        self._special[link.fileno()] = self._read_link
        self._epoll.register(link.fileno(), select.EPOLLIN)
        self.engine.drain()
        self._tell(protocol.Ready(tuple(self._udp_ports)))

    def _drop_link(self, now: float) -> None:
        if self._link is None:
            return
        self._epoll.unregister(self._link.fileno())
        del self._special[self._link.fileno()]
        self._link.close()
        self._link = None
        self._linkless_at = now
        self.engine.close_all(now)

    def _read_link(self, now: float) -> None:
        assert self._link is not None
        try:
            data = self._link.recv(MESSAGE_BYTES)
            commands = self._frames_in.feed(data)
        except BlockingIOError:
            return
        except (OSError, LinkFault) as error:
            print(f"media: the control link is closed: {error}", file=sys.stderr)
            self._drop_link(now)
            return
        if not data:
            self._drop_link(now)
        for command in commands:
            self._apply(command, now)

    def _apply(self, command: protocol.Command, now: float) -> None:
        row = self.engine.apply(command, now)
        if row is not None:
            self._empty(row)
        if isinstance(command, protocol.Shutdown):
            self._is_stopping = True

    def _empty(self, row: int) -> None:
        view = self._arena_views[0]
        with contextlib.suppress(OSError):
            for _ in range(ARENA_PACKETS):
                self._sockets[row].recv_into(view)

    def _tell(self, fact: protocol.Fact) -> None:
        if self._link is not None and len(self._out) < LINK_BUFFER_BYTES_MAX:
            self._out += self._frames_out.frame(fact)

    def _pass_on(self) -> None:
        """Facts to signalling, orders to the processes beside."""
        for fact in self.engine.drain():
            self._tell(fact)
        if self._link is not None and self._out:
            with contextlib.suppress(OSError):
                del self._out[: self._link.send(self._out)]
        if self.engine.sounds_asked is not None:
            self._to_loader.extend(loader.load_messages(self.engine.sounds_asked))
            self._failed_sounds = []
            self.engine.sounds_asked = None
        for order in self.engine.orders:
            recording = getattr(order, "recording", None)
            if recording is not None:
                self._unfinished.add(recording)
            self._to_writer.append(writer.encode_order(order))
        self.engine.orders.clear()
        _send_waiting(self._loader, self._to_loader)
        _send_waiting(self._writer, self._to_writer)

    # The processes beside, the supervisor, the report.

    def _read_loader(self, now: float) -> None:
        del now
        message = self._message(self._loader, "loader")
        if message is None:
            return
        match loader.decode_notice(message):
            case loader.SoundLoaded(file=file, offset=offset, length=length):
                self._bank.add(file, offset, length)
            case loader.SoundFailed(file=file, reason=reason):
                self._failed_sounds.append((file, reason))
            case loader.LoadDone():
                self._tell(protocol.SoundsLoaded(tuple(self._failed_sounds)))

    def _read_writer(self, now: float) -> None:
        del now
        message = self._message(self._writer, "writer")
        if message is not None:
            notice = writer.decode_notice(message)
            self._unfinished.discard(notice.recording)
            self.engine.finished(notice)

    def _message(self, link: socket.socket, name: str) -> bytes | None:
        try:
            message = link.recv(MESSAGE_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            message = b""
        if not message:
            print(f"media: the {name} process is gone; calls go on without it", file=sys.stderr)
            self._epoll.unregister(link.fileno())
            self._gone.add(link)
            return None
        return message

    def _parent_gone(self, now: float) -> None:
        del now
        self._is_stopping = True

    def _report(self, now: float) -> None:
        self.engine.look_for_silence(now)
        cpu_s = time.process_time()
        lateness_ms = 1000 * np.array(self._lateness_s)
        rows = self.engine.rows
        self._tell(
            protocol.EngineReport(
                ports_open=self.engine.open_ports,
                ports_total=rows.count,
                load=round((cpu_s - self._told_cpu_s) / (now - self._told_at), 4),
                lateness_ms_p50=round(float(np.median(lateness_ms)), 3),
                lateness_ms_max=round(float(lateness_ms.max()), 3),
                ticks_skipped=self._skipped,
                packets_received=int(rows.packets_in.sum()),
                packets_sent=int(rows.packets_out.sum()),
            )
        )
        self._lateness_s = []
        self._told_at, self._told_cpu_s = now, cpu_s

    def _finish(self) -> None:
        """Closes every recording, waits for the writer, tells signalling, ends."""
        deadline = time.monotonic() + FINISH_S_MAX
        self.engine.close_all(time.monotonic())
        self._to_writer.append(writer.encode_order(FinishAll()))
        while True:
            self._pass_on()
            is_done = self._writer in self._gone or not (self._unfinished or self._to_writer)
            if is_done or time.monotonic() >= deadline:
                break
            if select.select([self._writer], [], [], 0.05)[0]:
                self._read_writer(time.monotonic())
        if self._link is not None:
            with contextlib.suppress(OSError):
                self._link.setblocking(True)
                self._link.settimeout(1.0)
                self._link.sendall(self._out)
            self._link.close()


def main(arguments: list[str] | None = None) -> int:
    """`python -m media.process`, run by the supervisor."""
    parser = argparse.ArgumentParser(prog="media.process")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--udp", required=True, help="ADDRESS:FIRST-LAST")
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--worker", type=int, default=0)
    parser.add_argument("--parent-pipe", type=int)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    bank, rings = SoundBank.create(), RecordingRings.create(RECORDINGS_MAX)
    loader_link, loader_far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    writer_link, writer_far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ends = (loader_link, loader_far, writer_link, writer_far)
    options.recordings.mkdir(mode=0o700, parents=True, exist_ok=True)
    _fork(lambda: loader.run(bank, loader_far), [end for end in ends if end is not loader_far], options.parent_pipe)
    _fork(
        lambda: writer.run(rings, writer_far, str(options.recordings)),
        [end for end in ends if end is not writer_far],
        options.parent_pipe,
    )
    loader_far.close()
    writer_far.close()
    loader_link.setblocking(False)
    writer_link.setblocking(False)
    host, _, ports = options.udp.rpartition(":")
    first, _, last = ports.partition("-")
    sockets = _bind_range(host.strip("[]"), int(first), int(last))
    listener = _listen(options.socket)
    process = MediaProcess(sockets, listener, loader_link, writer_link, bank, rings, options.parent_pipe)
    signal.signal(signal.SIGTERM, lambda _number, _frame: process.ask_to_stop())
    gc.collect()
    gc.freeze()
    gc.disable()
    process.run()
    return 0


def _fork(work: Callable[[], None], ends: list[socket.socket], parent_pipe: int | None) -> None:
    if os.fork() == 0:
        code = 1
        try:
            for end in ends:
                end.close()
            if parent_pipe is not None:
                os.close(parent_pipe)
            work()
            code = 0
        finally:
            os._exit(code)


def _bind_range(host: str, first: int, last: int) -> list[socket.socket]:
    """A socket on every even port that can be bound; waits a while when none can."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, max(soft, (last - first) // 2 + 200)) if hard != resource.RLIM_INFINITY else 65536
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + BIND_S_MAX
    while True:
        sockets = []
        for port in range(first + first % 2, last + 1, 2):
            opened = socket.socket(family, socket.SOCK_DGRAM)
            try:
                opened.setblocking(False)
                opened.bind((host, port))
                if family == socket.AF_INET:
                    opened.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
            except OSError:
                opened.close()
                continue
            sockets.append(opened)
        if sockets:
            return sockets
        if time.monotonic() > deadline:
            raise SystemExit(f"media: no UDP port of {host}:{first}-{last} can be bound")
        time.sleep(0.2)


def _listen(path: Path) -> socket.socket:
    """The control socket, at a path of any length, for this user only."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.umask(before)
        os.close(folder)
    listener.listen(4)
    listener.setblocking(False)
    return listener


def _send_waiting(link: socket.socket, waiting: deque[bytes]) -> None:
    while waiting:
        try:
            link.send(waiting[0])
        except OSError:
            return
        waiting.popleft()


if __name__ == "__main__":
    sys.exit(main())
