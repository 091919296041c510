"""What `softswitch serve` runs: a small process that keeps the signalling and media processes alive.

It loads neither numpy nor a database. One lock on the data folder makes a second `serve` on it fail. Every child holds
the reading end of a pipe whose writing end is only here: when this process dies, however it dies, they see the end of
the pipe and go. They also inherit a second lock, which is free when the last of them is gone: a `serve` right after a
kill -9 waits for what is left of the one before, instead of tripping over its ports and files.

A child that dies is started again, at once the first time and then after growing pauses; one that keeps dying ends it
all with a clear word. The signalling process says on its standard output when it takes calls; the first time, that line
is passed on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from softswitch.settings import ConfigurationErrors, Settings, load
from softswitch.shell.failing import CANNOT_START, print_failure, wrong_configuration

RESTARTS_MAX: Final = 5
RESTARTS_WITHIN_S: Final = 60.0
RESTARTS_AT_START_MAX: Final = 1
"""Until calls were taken for the first time: somebody waits at the terminal to be told what is wrong."""

PAUSES_S: Final = (0.0, 0.0, 0.5, 1.0, 2.0, 4.0)
"""Before the first start, the first restart, and so on within RESTARTS_WITHIN_S."""

LOOK_S: Final = 0.2
CHILDREN_GONE_S_MAX: Final = 12.0
CHILDREN_LOOK_S: Final = 0.05
END_S_MAX: Final = 8.0
READY_BYTES_MAX: Final = 1 << 16
STDERR: Final = 2
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def run(config_folder: Path) -> int:
    """Serves until a signal ends it; returns the exit code."""
    try:
        settings = load(config_folder)
    except ConfigurationErrors as errors:
        failed = wrong_configuration(errors)
        return _fail(failed.what, failed.where, failed.mend)
    os.umask(0o077)
    data_dir = settings.node.data_dir
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _open_lock(data_dir / "lock")
        children_lock = _open_lock(data_dir / "children.lock")
    except OSError as error:
        return _fail(f"the data folder cannot be used: {error.strerror}", str(data_dir), "set [node] data_dir")
    if not _take(lock):
        return _fail("a switch is running on this data folder", str(data_dir), "stop it first, or set another data_dir")
    give_up_at = time.monotonic() + CHILDREN_GONE_S_MAX
    while not _take(children_lock):
        if time.monotonic() > give_up_at:
            what = "processes of an earlier switch are still there and do not go"
            return _fail(what, str(data_dir), "end them, or set another data_dir")
        time.sleep(CHILDREN_LOOK_S)
    return _Supervisor(settings, children_lock).run()


@dataclass(slots=True)
class _Child:
    """`starts`: when it was started, within the last RESTARTS_WITHIN_S; `start_at`: when it is due again."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    starts: deque[float] = field(default_factory=deque)
    start_at: float | None = 0.0


class _Supervisor:
    def __init__(self, settings: Settings, children_lock: int) -> None:
        self._pipe, self._pipe_held = os.pipe()
        self._children_lock = children_lock
        python = [sys.executable, "-m"]
        data_dir, media = settings.node.data_dir, settings.media
        host = f"[{media.address}]" if ":" in media.address else media.address
        self._media = _Child(
            "media",
            [
                *python, "media.process", "--socket", str(data_dir / "media-0.sock"),
                "--udp", f"{host}:{media.udp_first}-{media.udp_last}",
                "--recordings", str(data_dir / "recordings"), "--worker", "0", "--parent-pipe", str(self._pipe),
            ],
        )  # fmt: skip
        self._signalling = _Child(
            "signalling",
            [*python, "softswitch.shell.server", "--config", str(settings.folder), "--parent-pipe", str(self._pipe)],
        )
        self._is_stopping = False
        self._is_announced = False
        self._said = b""
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)

    def run(self) -> int:
        """Until it is over; returns the exit code."""
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for taken in SIGNALS:
            signal.signal(taken, lambda _number, _frame: None)
        while True:
            code = self._look_after()
            if code is not None:
                return self._end(code)
            for number in self._wait():
                self._pass_on(number)

    def _wait(self) -> bytes:
        """The signals that came; what the signalling process says is read on the way."""
        watched = [self._wake_read]
        process = self._signalling.process
        said = None if process is None else process.stdout
        if said is not None:
            watched.append(said.fileno())
        ready = select.select(watched, [], [], LOOK_S)[0]
        if said is not None and said.fileno() in ready:
            self._hear(os.read(said.fileno(), READY_BYTES_MAX))
        return os.read(self._wake_read, 64) if self._wake_read in ready else b""

    def _hear(self, data: bytes) -> None:
        """Passes the first ready line on."""
        process = self._signalling.process
        if not data and process is not None and process.stdout is not None:
            process.stdout.close()
            process.stdout = None
        *lines, self._said = (self._said + data)[-READY_BYTES_MAX:].split(b"\n")
        for line in lines:
            if line.startswith(b"ready ") and not self._is_announced:
                self._is_announced = True
                with contextlib.suppress(OSError):
                    os.write(sys.stdout.fileno(), line + b"\n")

    def _hear_out(self) -> None:
        """What a dead signalling process said last."""
        process = self._signalling.process
        while process is not None and process.stdout is not None and select.select([process.stdout], [], [], 0)[0]:
            self._hear(os.read(process.stdout.fileno(), READY_BYTES_MAX))
        if process is not None and process.stdout is not None:
            process.stdout.close()
        self._said = b""

    def _pass_on(self, number: int) -> None:
        process = self._signalling.process
        if number == signal.SIGCHLD:
            return
        if number == signal.SIGHUP:
            if process is not None:
                process.send_signal(signal.SIGHUP)
            return
        self._is_stopping = True
        if process is not None:
            process.send_signal(signal.SIGTERM)

    def _look_after(self) -> int | None:
        """Starts again what died; the exit code when it is over."""
        if self._is_stopping and self._signalling.process is None:
            return 0
        for child in (self._media, self._signalling):
            code = None if child.process is None else child.process.poll()
            if code is not None:
                over = self._died(child, code)
                if over is not None:
                    return over
            if child.start_at is not None and time.monotonic() >= child.start_at and not self._is_stopping:
                self._start(child)
        return None

    def _died(self, child: _Child, code: int) -> int | None:
        """Takes note of a dead child; the exit code when that ends it all."""
        if child is self._signalling:
            self._hear_out()
        child.process = None
        if child is self._signalling:
            if self._is_stopping:
                return 0 if code in {0, -signal.SIGTERM} else 1
            if code == 0:
                return 0
            if code == CANNOT_START and not self._is_announced:
                return 1
        if self._is_stopping:
            return None
        now = time.monotonic()
        while child.starts and child.starts[0] < now - RESTARTS_WITHIN_S:
            child.starts.popleft()
        if len(child.starts) > RESTARTS_MAX:
            count = f"RESTARTS_MAX = {RESTARTS_MAX} times in RESTARTS_WITHIN_S = {RESTARTS_WITHIN_S:g} s"
            return _fail(f"the {child.name} process died more than {count}", "softswitch serve", "see its log above")
        if len(child.starts) > RESTARTS_AT_START_MAX and not self._is_announced:
            return _fail(f"the {child.name} process cannot start", "softswitch serve", "see its log above")
        pause_s = PAUSES_S[len(child.starts)]
        sys.stderr.write(f"the {child.name} process ended with {code}; it is started again in {pause_s:g} s\n")
        child.start_at = now + pause_s
        return None

    def _start(self, child: _Child) -> None:
        child.starts.append(time.monotonic())
        child.start_at = None
        child.process = subprocess.Popen(  # noqa: S603  # our own modules
            child.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if child is self._signalling else STDERR,
            pass_fds=[self._pipe, self._children_lock],
        )

    def _end(self, code: int) -> int:
        """The children see the end of the pipe; who does not go by himself is made to."""
        os.close(self._pipe_held)
        give_up_at = time.monotonic() + END_S_MAX
        for child in (self._signalling, self._media):
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.0, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        return code


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _fail(what: str, where: str, mend: str) -> int:
    print_failure(what, where, mend)
    return 1
