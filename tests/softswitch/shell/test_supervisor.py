"""`softswitch serve` as a process: one switch per data folder, restarts, and an end that is asked for or not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, wait_until

pytestmark = pytest.mark.timeout(60)

GIVING_UP = """
import sys
from pathlib import Path
from softswitch.settings import load
from softswitch.shell import supervisor

supervisor.PAUSES_S = (0.0,) * 6
supervisor.END_S_MAX = 0.3
settings = load(Path(sys.argv[1]), are_sounds_tried=False)
settings.node.data_dir.mkdir()
watching = supervisor._Supervisor(settings, 1)
watching._media.command = [sys.executable, "-c", "import time; time.sleep(60)"]
watching._signalling.command = [sys.executable, "-c", sys.argv[2]]
sys.exit(watching.run())
"""


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """On fixed ports, so that one switch would be in the way of the next."""
    trunk_port, sip_port = free_udp_ports(2)
    listen = ('"udp:127.0.0.1:0", "tcp:127.0.0.1:0"', f'"udp:127.0.0.1:{sip_port}"')
    return copy_office(tmp_path, trunk_port=trunk_port, changes=(listen,))


@pytest.fixture
def switch(office: Path) -> Iterator[RunningSwitch]:
    running = RunningSwitch(office)
    yield running
    running.stop()


def children(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [grandchild for child in found for grandchild in children(child)]


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def serve(office: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "softswitch.cli.main", "--config", str(office), "serve"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=40)


def supervised(office: Path, program: str) -> subprocess.CompletedProcess[str]:
    """A supervisor whose signalling process is that program."""
    command = [sys.executable, "-c", GIVING_UP, str(office), program]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=40)


def test_the_folder_and_all_that_is_in_it_are_for_this_user_only(switch: RunningSwitch) -> None:
    data_dir = switch.office / "var"
    assert data_dir.stat().st_mode & 0o777 == 0o700
    for path in data_dir.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_health_can_be_asked_as_soon_as_it_is_ready(switch: RunningSwitch) -> None:
    with urllib.request.urlopen(f"http://{switch.ready['api']}/health", timeout=5) as answer:
        assert json.load(answer) == {"status": "up"}


def test_sigterm_ends_an_idle_switch_and_all_its_processes(office: Path) -> None:
    switch = RunningSwitch(office)
    processes = children(switch.process.pid)
    assert len(processes) >= 4, "signalling, media, its loader and its writer"
    switch.process.send_signal(signal.SIGTERM)
    assert switch.process.wait(10) == 0
    assert not any(is_there(process) for process in processes)
    assert switch.stop() == 0


def test_the_keyboard_and_a_closing_terminal_reach_every_process_and_only_the_first_ends_it(office: Path) -> None:
    switch = RunningSwitch(office)
    processes = children(switch.process.pid)
    os.killpg(switch.process.pid, signal.SIGHUP)
    wait_until("it was reloaded", lambda: "the configuration is in force" in switch.log.read_text())
    time.sleep(0.3)
    assert children(switch.process.pid) == processes
    os.killpg(switch.process.pid, signal.SIGINT)
    assert switch.process.wait(10) == 0
    assert "started again" not in switch.log.read_text()
    assert switch.stop() == 0


def test_after_kill_minus_9_of_the_supervisor_the_next_serve_has_every_port_within_seconds(office: Path) -> None:
    first = RunningSwitch(office)
    ports = first.command("status")["media"]["udp_ports_total"]
    left_over = children(first.process.pid)
    first.process.kill()
    first.process.wait(5)
    began_at = time.monotonic()
    second = RunningSwitch(office)
    assert time.monotonic() - began_at < 10
    assert first.ready["sip"] == second.ready["sip"]
    assert not any(is_there(process) for process in left_over)
    assert second.command("status")["media"]["udp_ports_total"] == ports
    first.stop()
    assert second.stop() == 0


def test_ready_is_said_once_whatever_dies_later(office: Path) -> None:
    switch = RunningSwitch(office)
    server = children(switch.process.pid)[1]
    assert b"softswitch.shell.server" in Path(f"/proc/{server}/cmdline").read_bytes()
    os.kill(server, signal.SIGKILL)
    wait_until("it takes calls again", lambda: switch.log.read_text().count("'takes calls'") == 2)
    assert switch.process.stdout is not None
    assert not switch.process.stdout.read()
    assert switch.stop() == 0


def test_what_cannot_be_listened_on_is_three_lines_and_no_retry(tmp_path: Path) -> None:
    listen = ('"udp:127.0.0.1:0", "tcp:127.0.0.1:0"', '"udp:192.0.2.1:5060"')
    office = copy_office(tmp_path, trunk_port=free_udp_ports(1)[0], changes=(listen,))
    done = serve(office)
    assert done.returncode == 1
    assert done.stdout == ""
    what, where, mend = done.stderr.splitlines()
    assert what == "udp:192.0.2.1:5060 cannot be had: Cannot assign requested address"
    assert where.strip() == "[sip] listen"
    assert mend.strip()


def test_a_wrong_configuration_is_three_lines(office: Path) -> None:
    (office / "more.toml").write_text("[queue.sales]\nagents = ['nobody']\n[queue.support]\n")
    done = serve(office)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 3
    assert "more.toml" in done.stderr


def test_a_process_that_keeps_dying_ends_it_all_with_a_clear_word(office: Path) -> None:
    done = supervised(office, "print('ready {}'); raise SystemExit(3)")
    assert done.returncode == 1
    assert done.stdout == "ready {}\n"
    lines = done.stderr.splitlines()
    assert [line for line in lines if "started again" in line] == lines[:5]
    assert "RESTARTS_MAX = 5" in lines[5]
    assert len(lines) == 8


def test_a_process_that_never_gets_up_is_not_tried_for_long(office: Path) -> None:
    done = supervised(office, "raise SystemExit(3)")
    assert done.returncode == 1
    assert done.stderr.count("started again") == 1
    assert done.stderr.splitlines()[-3] == "the signalling process cannot start"


def test_the_second_to_start_says_ready_if_the_first_died_before(office: Path) -> None:
    once = office / "once"
    program = f"""
import os, sys, time
from pathlib import Path
if not Path({str(once)!r}).exists():
    Path({str(once)!r}).touch()
    raise SystemExit(3)
for word in ("read", "y {{}}\\nnoise\\nready {{again}}\\n"):
    print(word, end="", flush=True)
    time.sleep(0.2)
"""
    done = supervised(office, program)
    assert done.returncode == 0
    assert done.stdout == "ready {}\n"
