"""Signalling of one call through two programs side by side: ours, and Sippy's `b2bua_simple` as the baseline.

SIPp calls and SIPp is called, on loopback, with its own scenarios: INVITE, 100, 180, 200, ACK, BYE on both sides. Ours
is the whole `softswitch serve` with journal and records; counted is the CPU of its signalling process, as the kernel
counts it. The media process is there and idle. Sippy's is a program of its own in `.venv-sippy` (BSD licence), which
nothing of ours imports; without it, or without SIPp, there is nothing to compare and that is said.

Rounds alternate and the best of each counts, because a machine's neighbours only ever take.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports

ROOT = Path(__file__).resolve().parents[2]
SIPPY = ROOT / ".venv-sippy" / "bin" / "b2bua_simple"
NUMBER = "+46850010000"
ROUNDS = 2
CALLS = 600
RATE = 80
RATES = (100, 150, 200, 250, 300, 350, 400)
RATE_CALLS_S = 4
HELD = 400
UDP_PORTS = "36000-39999"
"""Room for 2,000 legs."""
CPU_RATIO_MAX = 1 / 3
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Program:
    """A B2BUA that runs: its process, and where it is called."""

    name: str
    pid: int
    port: int

    def cpu_s(self) -> float:
        """User and system time of the process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def memory_kib(self) -> int:
        """Resident memory."""
        return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())[0])


@dataclass(frozen=True)
class Outcome:
    """What a run of calls came to."""

    completed: int
    failed: int
    cpu_ms: float


def main() -> None:
    """Measures and prints."""
    print("\nsignalling of a call: ours, and Sippy's b2bua_simple as the baseline")
    if shutil.which("sipp") is None or not SIPPY.exists():
        print("  not measured: SIPp or Sippy is missing (tools/install-peers, tools/install-sippy)")
        return
    with tempfile.TemporaryDirectory() as folder:
        caller, callee = free_udp_ports(2)
        with ours(Path(folder), caller, callee) as us, sippys(Path(folder), callee) as sippy:
            compare(us, sippy, caller, callee, Path(folder))


def compare(us: Program, sippy: Program, caller: int, callee: int, folder: Path) -> None:
    """Side by side: CPU of a call, the rate up to which none fails, memory of a call that is up."""
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for program in (us, sippy):
            outcome = calls(program, caller, callee, folder, count=CALLS, rate=RATE)
            best[program.name] = min(best.get(program.name, outcome.cpu_ms), outcome.cpu_ms)
    ratio = best[us.name] / best[sippy.name]
    verdict = "met" if ratio <= CPU_RATIO_MAX else "NOT met"
    print(f"  CPU of a call            {best[us.name]:6.2f} ms, baseline {best[sippy.name]:6.2f} ms: "
          f"{ratio:.2f} × (bar {CPU_RATIO_MAX:.2f}: {verdict})")  # fmt: skip
    rates = {program.name: highest_rate(program, caller, callee, folder) for program in (us, sippy)}
    print(f"  calls a second, 0 failed {rates[us.name]:6} , baseline {rates[sippy.name]:6} (tried up to {RATES[-1]})")
    kib = {program.name: memory_of_a_call_kib(program, caller, callee, folder) for program in (us, sippy)}
    verdict = "met" if kib[us.name] <= kib[sippy.name] else "NOT met"
    print(f"  memory of a call         {kib[us.name]:6.1f} KiB, baseline {kib[sippy.name]:6.1f} KiB "
          f"(bar: no more: {verdict})")  # fmt: skip


def calls(program: Program, caller: int, callee: int, folder: Path, *, count: int, rate: int) -> Outcome:
    """So many calls through the program, and its CPU for each that was completed."""
    with called(callee, folder):
        began = program.cpu_s()
        done = subprocess.run(
            sipp(caller, folder, "-sn", "uac", "-s", NUMBER, "-m", str(count), "-r", str(rate), "-l", str(count),
                 "-d", "0", f"127.0.0.1:{program.port}"),
            capture_output=True, check=False, text=True, cwd=folder,
        )  # fmt: skip
        spent = program.cpu_s() - began
    failed = _last(r"Failed call\s*\|\s*\d+\s*\|\s*(\d+)", done.stdout)
    completed = _last(r"Successful call\s*\|\s*\d+\s*\|\s*(\d+)", done.stdout)
    return Outcome(completed, failed, 1000 * spent / max(1, completed))


def highest_rate(program: Program, caller: int, callee: int, folder: Path) -> int:
    """The highest rate at which no call failed."""
    highest = 0
    for rate in RATES:
        outcome = calls(program, caller, callee, folder, count=rate * RATE_CALLS_S, rate=rate)
        if outcome.failed or outcome.completed < rate * RATE_CALLS_S:
            break
        highest = rate
    return highest


def memory_of_a_call_kib(program: Program, caller: int, callee: int, folder: Path) -> float:
    """How much resident memory grows for each of `HELD` calls that are up at once."""
    before = program.memory_kib()
    with called(callee, folder):
        calling = subprocess.Popen(
            sipp(caller, folder, "-sn", "uac", "-s", NUMBER, "-m", str(HELD), "-r", "80", "-l", str(HELD), "-d", "9000",
                 f"127.0.0.1:{program.port}"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip
        most = before
        while calling.poll() is None:
            most = max(most, program.memory_kib())
            time.sleep(0.1)
    return (most - before) / HELD


@contextmanager
def ours(folder: Path, caller: int, callee: int) -> Iterator[Program]:
    """The switch: what comes from the caller's port goes out to the callee's."""
    changes = (
        ('hosts = ["127.0.0.1:', f'hosts = ["127.0.0.1:{callee}"]\n# ['),
        ('"queue:support"', '"number:+46731112233"'),
    )
    office = copy_office(folder, trunk_port=caller, changes=changes)
    machine = office / "softswitch.toml"
    machine.write_text(re.sub(r'udp_ports = "[0-9-]+"', f'udp_ports = "{UDP_PORTS}"', machine.read_text()))
    switch = RunningSwitch(office)
    try:
        yield Program("ours", child_of(switch.process.pid, "softswitch.shell.server"), switch.sip_port)
    finally:
        switch.stop()


@contextmanager
def sippys(folder: Path, callee: int) -> Iterator[Program]:
    """Sippy's B2BUA in the foreground."""
    (port,) = free_udp_ports(1)
    log = (folder / "sippy.log").open("wb")
    process = subprocess.Popen(
        [str(SIPPY), "-f", "-l", "127.0.0.1", "-p", str(port), "-n", f"127.0.0.1:{callee}", "-L", "/dev/null"],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        time.sleep(1.0)
        yield Program("sippy", process.pid, port)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        log.close()


@contextmanager
def called(port: int, folder: Path) -> Iterator[None]:
    """SIPp answers there."""
    process = subprocess.Popen(
        sipp(port, folder, "-sn", "uas"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    try:
        time.sleep(0.3)
        yield
        time.sleep(0.3)
    finally:
        process.kill()
        process.wait()


def sipp(port: int, folder: Path, *words: str) -> list[str]:
    return ["sipp", "-i", "127.0.0.1", "-p", str(port), "-nostdin", "-timeout", "60", "-trace_err", "-error_file",
            str(folder / "sipp.err"), *words]  # fmt: skip


def child_of(parent: int, program: str) -> int:
    """The process below `parent` that runs `program`."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0")
            below = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if program in words and below == parent:
            return int(entry.name)
    raise RuntimeError(f"{program} does not run")


def _last(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


if __name__ == "__main__":
    sys.exit(main())
