"""What `softswitch serve` runs: a small process that keeps the signalling and media processes alive.

It loads neither numpy nor a database. One lock on the data folder makes a second `serve` on it fail. Every child holds
the reading end of a pipe whose writing end is only here: when this process dies, however it dies, they see the end of
the pipe and go. A child that dies is started again; one that keeps dying ends it all with a clear word.
"""

from __future__ import annotations

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

RESTARTS_MAX: Final = 5
RESTARTS_WITHIN_S: Final = 60.0
LOOK_S: Final = 0.2
MEDIA_STOP_S_MAX: Final = 6.0


@dataclass(slots=True)
class _Child:
    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    starts: deque[float] = field(default_factory=deque)


def run(config_folder: Path) -> int:
    """Serves until a signal ends it; returns the exit code."""
    try:
        settings = load(config_folder)
    except ConfigurationErrors as errors:
        first, count = errors.errors[0], len(errors.errors)
        more = "" if count == 1 else f" (and {count - 1} more: softswitch check)"
        return _fail(first.what, first.where, f"{first.mend}{more}")
    data_dir = settings.node.data_dir
    try:
        (data_dir / "recordings").mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        return _fail(f"the data folder cannot be used: {error.strerror}", str(data_dir), "set [node] data_dir")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return _fail("a switch is running on this data folder", str(data_dir), "stop it first, or set another data_dir")
    return _Supervisor(settings).run()


class _Supervisor:
    def __init__(self, settings: Settings) -> None:
        self._pipe, self._pipe_held = os.pipe()
        python = [sys.executable, "-m"]
        data_dir, media = settings.node.data_dir, settings.media
        self._media = _Child(
            "media",
            [
                *python, "media.process", "--socket", str(data_dir / "media-0.sock"),
                "--udp", f"{media.address}:{media.udp_first}-{media.udp_last}",
                "--recordings", str(data_dir / "recordings"), "--worker", "0", "--parent-pipe", str(self._pipe),
            ],
        )  # fmt: skip
        self._signalling = _Child(
            "signalling",
            [
                *python, "softswitch.shell.server", "--config", str(settings.folder), "--parent-pipe", str(self._pipe),
            ],
        )  # fmt: skip
        self._is_stopping = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)

    def run(self) -> int:
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for taken in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(taken, lambda _number, _frame: None)
        self._start(self._media)
        self._start(self._signalling)
        while True:
            for number in self._signals():
                self._pass_on(number)
            code = self._look_after()
            if code is not None:
                return self._end(code)

    def _signals(self) -> bytes:
        if not select.select([self._wake_read], [], [], LOOK_S)[0]:
            return b""
        return os.read(self._wake_read, 64)

    def _pass_on(self, number: int) -> None:
        process = self._signalling.process
        if process is None or number == signal.SIGCHLD:
            return
        if number == signal.SIGHUP:
            process.send_signal(signal.SIGHUP)
        else:
            self._is_stopping = True
            process.send_signal(signal.SIGTERM)

    def _look_after(self) -> int | None:
        """Starts again what died; the exit code when it is over."""
        for child in (self._media, self._signalling):
            code = None if child.process is None else child.process.poll()
            if code is None:
                continue
            if child is self._signalling and (self._is_stopping or code == 0):
                return 0 if code == 0 else 1
            if self._is_stopping:
                child.process = None
                continue
            sys.stderr.write(f"the {child.name} process ended with {code}; it is started again\n")
            if not self._may_restart(child):
                return _fail(f"the {child.name} process keeps dying", "softswitch serve", "see its messages above")
            self._start(child)
        return None

    def _may_restart(self, child: _Child) -> bool:
        while child.starts and child.starts[0] < time.monotonic() - RESTARTS_WITHIN_S:
            child.starts.popleft()
        return len(child.starts) <= RESTARTS_MAX

    def _start(self, child: _Child) -> None:
        again = ["--again"] if child is self._signalling and child.starts else []
        child.starts.append(time.monotonic())
        child.process = subprocess.Popen(  # noqa: S603  # our own modules
            [*child.command, *again], stdin=subprocess.DEVNULL, pass_fds=[self._pipe]
        )

    def _end(self, code: int) -> int:
        os.close(self._pipe_held)
        for child in (self._signalling, self._media):
            if child.process is None:
                continue
            try:
                child.process.wait(MEDIA_STOP_S_MAX)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        return code


def _fail(what: str, where: str, mend: str) -> int:
    sys.stderr.write(f"{what}\n  {where}\n  {mend}\n")
    return 1
