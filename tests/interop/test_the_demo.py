"""The newcomer's first minute, as a newcomer runs it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from softswitch.cli import control
from softswitch.cli.failures import NOT_RUNNING, CommandFailed

DEMO_S_MAX = 75


def test_the_demo_tells_its_story_to_the_end() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "softswitch.cli.main", "demo"],
        capture_output=True,
        text=True,
        timeout=DEMO_S_MAX,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    text = ran.stdout
    records = [line.split("│")[2:5] for line in text.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in record] for record in records] == [
        ["+46812345603", "anna", "answered"],
        ["+46812345602", "bo", "answered"],
        ["+46812345604", "–", "abandoned"],
        ["+46812345601", "anna", "answered"],
    ]
    assert 'Bo\'s desk phone stops ringing (SIP;cause=200;text="Call completed elsewhere")' in " ".join(text.split())
    assert "Caller 4 heard “You are number two in the queue.”" in text
    assert text.count("Recording of") == 3
    levels = [float(line.split()[-2]) for line in text.splitlines() if line.endswith("dBov")]
    assert len(levels) == 6
    assert all(-30 < level < -10 for level in levels)


def test_a_demo_whose_terminal_is_closed_takes_its_switch_with_it() -> None:
    demo = subprocess.Popen(
        [sys.executable, "-u", "-m", "softswitch.cli.main", "demo"], stdout=subprocess.PIPE, text=True
    )
    assert demo.stdout is not None
    folder = demo.stdout.readline().split()[-1]
    assert "The switch is up" in demo.stdout.readline()
    demo.send_signal(signal.SIGHUP)
    demo.communicate(timeout=20)
    assert demo.returncode == 1
    with pytest.raises(CommandFailed) as failed:
        control.ask(Path(folder) / "var", "status", {})
    assert failed.value.exit_code == NOT_RUNNING
