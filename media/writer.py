"""The writer: a process beside the media process that takes recordings out of shared memory and puts them on disk.

It is forked before the tick starts. The engine puts 20 ms of each running recording into its ring per tick
(`media.recording_ring`) and says over a pair of packet sockets (AF_UNIX, SOCK_SEQPACKET), one msgpack map a message,
what begins and what ends. The writer looks every POLL_S, fetches what half a second has brought, writes it and then
the header, so that a kill at any moment leaves a file that lacks less than a second.

Disks fail while people talk. An error is no end: the recording is tried again at every poll, the ring holds ten
seconds, and what is lost beyond them is silence of the same length. Only what cannot become right ends a recording at
once: a path outside the folder, a file that is there already. Either way the others go on, and `failure` of the
`RecordingFinished` says what happened. Ended recordings are read back for their SHA-256 a chunk at a time between the
polls, so that a long one does not keep the running ones waiting.

End of file on the link means that the media process is gone: everything is finished with what the rings hold, and the
process ends. Signals meant for the terminal's process group (SIGINT, SIGTERM) are not for it. Whoever forks it must
close the other end of the link in the child.
"""

from __future__ import annotations

import select
import signal
import socket
import sys
import time
from collections import deque
from typing import Final

import msgspec

from media.recording_file import RECORDING_FRAMES_MAX, SAMPLE_RATE, PathRefused, RecordingFile, repair_cut_off, repairs
from media.recording_orders import BeginRecording, FinishAll, FinishRecording, Order, RecordingFinished
from media.recording_ring import RING_FRAMES, RecordingRings

__all__ = [
    "BeginRecording",
    "FinishAll",
    "FinishRecording",
    "Order",
    "RecordingFinished",
    "RecordingWriter",
    "decode_notice",
    "encode_order",
    "repair_cut_off",
    "run",
]

MESSAGE_BYTES_MAX: Final = 1 << 16
POLL_S: Final = 0.25
FETCH_FRAMES: Final = SAMPLE_RATE // 2
"""What has gathered before it is written: with POLL_S it bounds what a kill costs to 0.75 s."""
FINISH_S_MAX: Final = 5.0
"""How long a recording that has ended is kept open for a disk that takes nothing."""
REPAIRS_A_TURN: Final = 1000


def encode_order(order: Order) -> bytes:
    """One message to the writer."""
    return msgspec.msgpack.encode(order)


def decode_notice(message: bytes) -> RecordingFinished:
    """What a message of the writer says. Raises msgspec.DecodeError for one that is none."""
    return msgspec.msgpack.decode(message, type=RecordingFinished)


def run(rings: RecordingRings, link: socket.socket, folder: str) -> None:
    """Main of the writer process: mends what an earlier crash cut off, then serves `link` until its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    link.setblocking(False)
    writer = RecordingWriter(rings, folder)
    mending = repairs(folder)
    unsent: deque[bytes] = deque()
    poller = select.poll()
    is_linked = True
    while is_linked or writer.is_busy:
        if is_linked:
            poller.register(link, select.POLLIN | (select.POLLOUT if unsent else 0))
            wait_s = 0.0 if writer.is_hashing else POLL_S
            for _, happened in poller.poll(wait_s * 1000):
                if happened & ~select.POLLOUT:
                    is_linked = _take_orders(writer, link, time.monotonic())
            if not is_linked:
                poller.unregister(link)
                writer.finish_all(time.monotonic())
        elif not writer.is_hashing:
            time.sleep(POLL_S)
        unsent.extend(msgspec.msgpack.encode(notice) for notice in writer.turn(time.monotonic()))
        _send(link, unsent)
        for _ in range(REPAIRS_A_TURN):
            mended = next(mending, None)
            if mended is not None:
                _log(f"recording mended after a crash: {mended}")


class RecordingWriter:
    """All recordings that are being written. It is driven by orders, and by `turn` at least every POLL_S.

    `now` is monotonic seconds and only paces; every turn returns the recordings that became complete.
    """

    __slots__ = ("_finished", "_folder", "_hashing", "_polled_at", "_rings", "_running")

    def __init__(self, rings: RecordingRings, folder: str) -> None:
        self._rings = rings
        self._folder = folder
        self._running: dict[str, _Running] = {}
        self._hashing: deque[_Hashing] = deque()
        self._finished: list[RecordingFinished] = []
        self._polled_at = -POLL_S

    @property
    def is_busy(self) -> bool:
        """Something is not complete on disk or not reported yet."""
        return bool(self._running or self._hashing or self._finished)

    @property
    def is_hashing(self) -> bool:
        """A next turn has work at once, without waiting for a poll."""
        return bool(self._hashing)

    def take(self, order: Order, now: float) -> None:
        """Does what the engine asks; never raises for what the disk says."""
        match order:
            case BeginRecording(recording, slot, path):
                self._begin(recording, slot, path)
            case FinishRecording(recording, frames):
                running = self._running.get(recording)
                if running is not None:
                    running.finish(min(frames, int(self._rings.written[running.slot])), now)
            case FinishAll():
                self.finish_all(now)
        self._polled_at = now - POLL_S

    def finish_all(self, now: float) -> None:
        """Ends every running recording at what its ring has by now."""
        for running in self._running.values():
            running.finish(int(self._rings.written[running.slot]), now)
        self._polled_at = now - POLL_S

    def turn(self, now: float) -> list[RecordingFinished]:
        """Moves what is due to the disk, hashes one chunk of what has ended, returns what became complete."""
        if now - self._polled_at >= POLL_S:
            self._polled_at = now
            for running in list(self._running.values()):
                running.fetch(self._rings, self._folder)
                if running.is_over(now):
                    del self._running[running.recording]
                    self._seal(running)
        if self._hashing:
            notice = self._hashing[0].step()
            if notice is not None:
                self._finished.append(notice)
                self._hashing.popleft()
        finished, self._finished = self._finished, []
        return finished

    def _begin(self, recording: str, slot: int, path: str) -> None:
        failure = None
        if not 0 <= slot < self._rings.slots:
            failure = f"there is no recording slot {slot}, only {self._rings.slots}"
        elif recording in self._running or any(slot == running.slot for running in self._running.values()):
            failure = f"recording {recording} or its slot {slot} is in use"
        if failure is not None:
            self._finished.append(RecordingFinished(recording, slot, 0.0, None, failure))
            return
        self._running[recording] = running = _Running(recording, slot, path)
        running.open(self._folder)

    def _seal(self, running: _Running) -> None:
        self._rings.consumed[running.slot] = running.frames_fetched
        if running.file is None:
            self._finished.append(RecordingFinished(running.recording, running.slot, 0.0, None, running.failure()))
        else:
            self._hashing.append(_Hashing(running, running.file))


class _Running:
    """One recording while its frames come in, and while a full disk keeps its last ones waiting."""

    __slots__ = (
        "_error",
        "_finish_by",
        "_frames",
        "_frames_lost",
        "_is_refused",
        "_path",
        "file",
        "frames_fetched",
        "recording",
        "slot",
    )

    def __init__(self, recording: str, slot: int, path: str) -> None:
        self.recording = recording
        self.slot = slot
        self.file: RecordingFile | None = None
        self.frames_fetched = 0
        self._path = path
        self._frames: int | None = None
        self._frames_lost = 0
        self._finish_by = 0.0
        self._is_refused = False
        self._error: str | None = None

    def open(self, folder: str) -> None:
        """Makes the file, now or, when the disk will not, at a later poll."""
        try:
            self.file = RecordingFile(folder, self._path)
        except (PathRefused, FileExistsError) as error:
            self._is_refused = True
            self._note(f"{error.strerror}: {self._path}" if isinstance(error, OSError) else str(error))
        except OSError as error:
            self._note(error.strerror or str(error))

    def finish(self, frames: int, now: float) -> None:
        """The recording is `frames` long; the first word counts."""
        if self._frames is None:
            self._frames = frames
            self._finish_by = now + FINISH_S_MAX

    def is_over(self, now: float) -> bool:
        """Nothing can be added to it any more."""
        if self._frames is None:
            return False
        return self._is_refused or self.frames_fetched >= self._frames or now >= self._finish_by

    def fetch(self, rings: RecordingRings, folder: str) -> None:
        """Moves what has gathered from the ring to the file."""
        stop = int(rings.written[self.slot]) if self._frames is None else self._frames
        if stop - self.frames_fetched < (FETCH_FRAMES if self._frames is None else 1) or self._is_refused:
            return
        if self.file is None:
            self.open(folder)
        if self.file is None:
            return
        if stop > RECORDING_FRAMES_MAX:
            stop = RECORDING_FRAMES_MAX
            self._note(f"longer than RECORDING_FRAMES_MAX={RECORDING_FRAMES_MAX}")
        try:
            self._move(rings, self.file, stop)
        except OSError as error:
            self._note(error.strerror or str(error))
        rings.consumed[self.slot] = self.frames_fetched

    def failure(self) -> str | None:
        """What is not as it should be in the end, for the admin, or None; troubles overcome are only logged."""
        parts = []
        if self._frames_lost:
            parts.append(f"{self._frames_lost / SAMPLE_RATE:.2f} s were lost and are silence")
        missing = (self._frames or 0) - self.frames_fetched
        if missing > 0 and self.file is not None:
            parts.append(f"the last {missing / SAMPLE_RATE:.2f} s are missing")
        if parts or self.file is None:
            parts.insert(0, self._error or "the disk stalled")
        return "; ".join(parts) or None

    def _move(self, rings: RecordingRings, file: RecordingFile, stop: int) -> None:
        behind = stop - self.frames_fetched - RING_FRAMES
        if behind > 0:
            file.skip(behind)
            self.frames_fetched = file.frames_written
            self._frames_lost += behind
        frames, lost = rings.copy(self.slot, self.frames_fetched, stop)
        try:
            file.write(frames.data.cast("B"))
        finally:
            moved = file.frames_written - self.frames_fetched
            self._frames_lost += min(lost, moved)
            self.frames_fetched = file.frames_written
            file.write_header()

    def _note(self, error: str) -> None:
        if self._error is None:
            self._error = error
            _log(f"recording {self.recording} is in trouble: {error}")


class _Hashing:
    """A recording that has ended, being sealed and read back."""

    __slots__ = ("_file", "_is_sealed", "_running", "_steps")

    def __init__(self, running: _Running, file: RecordingFile) -> None:
        self._running = running
        self._file = file
        self._is_sealed = False
        self._steps = file.hash_steps()

    def step(self) -> RecordingFinished | None:
        """Reads one chunk; the notice when it was the last."""
        failure = self._running.failure()
        sha256 = None
        try:
            if not self._is_sealed:
                self._is_sealed = True
                self._file.seal()
            if self._file.is_gone():
                failure = "the file was removed while it was written"
            else:
                sha256 = next(self._steps)
                if sha256 is None:
                    return None
        except OSError as error:
            failure = error.strerror or str(error)
        self._file.close()
        seconds = self._file.frames_written / SAMPLE_RATE
        return RecordingFinished(self._running.recording, self._running.slot, seconds, sha256, failure)


def _take_orders(writer: RecordingWriter, link: socket.socket, now: float) -> bool:
    """Reads the link empty; false at its end. A reset comes before what was sent ahead of it, so reading goes on."""
    while True:
        try:
            message = link.recv(MESSAGE_BYTES_MAX)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            continue
        if not message:
            return False
        try:
            order: Order = msgspec.msgpack.decode(message, type=Order)
        except msgspec.DecodeError as error:
            _log(f"the recording writer was sent what is no order: {error}")
        else:
            writer.take(order, now)


def _send(link: socket.socket, unsent: deque[bytes]) -> None:
    while unsent:
        try:
            link.send(unsent[0])
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            unsent.clear()
            return
        unsent.popleft()


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
