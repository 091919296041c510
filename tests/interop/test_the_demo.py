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
    records = [line.split("│")[2:6] for line in text.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in record] for record in records if "+46812345605" in record[0]] == [
        ["+46812345605", "bo", "answered", "hung-up"],
        ["+46812345605", "–", "overflowed", "callback"],
    ]
    assert [[cell.strip() for cell in record] for record in records if "+46812345605" not in record[0]] == [
        ["+46812345603", "anna", "answered", "hung-up"],
        ["+46812345602", "bo", "answered", "hung-up"],
        ["+46812345604", "–", "abandoned", "hung-up"],
        ["+46812345601", "anna", "answered", "hung-up"],
    ]
    told = [line.partition(" s  ")[2] for line in text.splitlines()]
    expected = (
        "Bo's mobile picks up",
        "Bo's mobile presses 1",
        "Bo's desk phone stops ringing",
        "Caller 5 presses 1",
        "Caller 5 presses 1",
        "Caller 5 hears that the other end hung up",
        "Bo's desk phone picks up",
        "Caller 5 rings",
        "Caller 5 picks up",
        "Caller 5 hangs up",
        "Bo's desk phone hears that the other end hung up",
    )
    for step in expected:
        at = next((index for index, line in enumerate(told) if line.startswith(step)), None)
        assert at is not None, f"{step!r} comes after what must be before it"
        del told[: at + 1]
    assert 'Bo\'s desk phone stops ringing (SIP;cause=200;text="Call completed elsewhere")' in " ".join(text.split())
    assert "Bo's mobile heard “A call for you. Press one to take it, two to decline.”" in " ".join(text.split())
    assert "Caller 4 heard “You are number two in the queue.”" in text
    assert "Caller 5 heard “Thank you. You keep your place in the queue" in text
    assert "offered 5, answered 3, abandoned 1, to be called back 1" in text
    assert text.count("Recording of") == 4
    levels = [float(line.split()[-2]) for line in text.splitlines() if line.endswith("dBov")]
    assert len(levels) == 8
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
