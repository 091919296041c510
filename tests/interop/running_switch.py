"""A real `softswitch serve` in a process of its own, with the office configuration on free loopback ports."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
REPOSITORY = Path(__file__).resolve().parents[2]
START_S_MAX = 30.0


def free_udp_ports(count: int) -> list[int]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for opened in sockets:
        opened.bind(("127.0.0.1", 0))
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def free_udp_range(count: int) -> int:
    """The first (even) of `count` free ports in a row."""
    for first in range(20000, 60000, count):
        sockets = []
        try:
            for port in range(first, first + count):
                sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                sockets[-1].bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for opened in sockets:
                opened.close()
        return first
    raise RuntimeError("no free ports in a row")


def copy_office(folder: Path, *, trunk_port: int, extra: str = "", changes: tuple[tuple[str, str], ...] = ()) -> Path:
    """The shipped office on other ports; `changes` are pairs of old and new text, and the old must be there."""
    office = folder / "office"
    shutil.copytree(REPOSITORY / "config", office, ignore=shutil.ignore_patterns("var"))
    first = free_udp_range(400)
    replaced = (
        ('"udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"', '"udp:127.0.0.1:0", "tcp:127.0.0.1:0"'),
        ("127.0.0.1:9710", "127.0.0.1:0"),
        ("20000-20999", f"{first}-{first + 399}"),
        ("127.0.0.1:5080", f"127.0.0.1:{trunk_port}"),
        *changes,
    )
    files = sorted(office.glob("*.toml"))
    for old, new in replaced:
        assert any(old in file.read_text() for file in files), f"{old!r} is not in the office"
        for file in files:
            file.write_text(file.read_text().replace(old, new))
    if extra:
        (office / "extra.toml").write_text(extra)
    return office


class RunningSwitch:
    """Started on construction; `stop` or `kill` ends it."""

    def __init__(self, office: Path) -> None:
        self.office = office
        self.log = office / "switch.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "softswitch.cli.main", "--config", str(office), "serve"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self.ready = self._ready()
        self.sip_port = int(self.ready["sip"][0].rpartition(":")[2])

    def _ready(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        deadline = time.monotonic() + START_S_MAX
        text = b""
        while time.monotonic() < deadline and self.process.poll() is None:
            text += self.process.stdout.read() or b""
            if b"\n" in text:
                word, _, rest = text.decode().partition(" ")
                assert word == "ready", text
                ready: dict[str, Any] = json.loads(rest)
                return ready
            time.sleep(0.02)
        raise AssertionError(f"the switch did not become ready: {self.log.read_text()[-3000:]}")

    def command(self, *words: str) -> Any:
        """What a command prints with --json."""
        done = subprocess.run(
            [sys.executable, "-m", "softswitch.cli.main", "--config", str(self.office), *words, "--json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def contacts(self, phone: str) -> list[dict[str, Any]]:
        """Where the phone is registered."""
        [row] = [row for row in self.command("phone", "list") if row["phone"] == phone]
        found: list[dict[str, Any]] = row["contacts"]
        return found

    def finished_recording(self) -> dict[str, Any]:
        """The one recording, once it is complete."""
        rows = wait_until(
            "the recording is finished", lambda: [row for row in self.command("recording", "list") if row["sha256"]]
        )
        [row] = rows
        return row

    def stop(self) -> int:
        """SIGTERM, and after a while a second one; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGTERM)
                self.process.wait(15)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.returncode

    def kill(self) -> None:
        """kill -9 of every process of the switch at once, as when the machine dies."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


def wait_until(what: str, look: Callable[[], T], *, seconds: float = 15.0) -> T:
    """Asks again and again until the answer is true; a failure says what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)


def log_faults(switch: RunningSwitch) -> list[str]:
    """Lines of the log that must not be there after a test that provoked no fault."""
    pattern = re.compile(r"Traceback|\[(error|critical)", re.IGNORECASE)
    return [line for line in switch.log.read_text().splitlines() if pattern.search(line)]
