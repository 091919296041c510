"""kill -9 of one process of the switch: the supervisor starts it again and calls can be taken as before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, wait_until

pytestmark = [pytest.mark.interop, pytest.mark.timeout(90)]


@pytest.mark.parametrize("module", ["media.process", "softswitch.shell.server"])
def test_a_killed_process_is_started_again(tmp_path: Path, module: str) -> None:
    [trunk_port, sip_port] = free_udp_ports(2)
    listen = ('"udp:127.0.0.1:0", "tcp:127.0.0.1:0"', f'"udp:127.0.0.1:{sip_port}"')
    switch = RunningSwitch(copy_office(tmp_path, trunk_port=trunk_port, changes=(listen,)))
    try:
        before = _child(switch, module)
        ports = switch.command("status")["media"]["udp_ports_total"]
        os.kill(before, signal.SIGKILL)
        wait_until("another process is there", lambda: _child(switch, module) not in (0, before))
        wait_until("media ports are back", lambda: _ports(switch) == ports)
        assert {agent["presence"] for agent in switch.command("agent", "list")} == {"ready"}
    finally:
        assert switch.stop() == 0


def test_a_second_serve_on_one_data_folder_is_refused(tmp_path: Path) -> None:
    switch = RunningSwitch(copy_office(tmp_path, trunk_port=free_udp_ports(1)[0]))
    try:
        command = [sys.executable, "-m", "softswitch.cli.main", "--config", str(switch.office), "serve"]
        second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert second.returncode == 1
        assert second.stderr.splitlines()[0] == "a switch is running on this data folder"
        assert len(second.stderr.splitlines()) == 3
    finally:
        assert switch.stop() == 0


def _ports(switch: RunningSwitch) -> int:
    try:
        return int(switch.command("status")["media"]["udp_ports_total"])
    except AssertionError:
        return -1


def _child(switch: RunningSwitch, module: str) -> int:
    """The supervisor's child that runs the module, 0 while there is none."""
    children = Path(f"/proc/{switch.process.pid}/task/{switch.process.pid}/children").read_text().split()
    for child in children:
        try:
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if module.encode() in words:
            return int(child)
    return 0
