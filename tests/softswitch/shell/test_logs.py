"""A log line is one line whatever is in it, and writing it never fails."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import os, sys
import structlog
from softswitch.shell import logs
logs.configure()
{close}
log = structlog.get_logger()
log.warning("told", what={what!r})
try:
    raise ValueError("inside")
except ValueError:
    log.exception("failed")
sys.stdout.write("went on")
"""


def run(what: str, close: str = "") -> tuple[str, str]:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(what=what, close=close)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return ran.stdout, ran.stderr


def test_what_a_peer_sent_breaks_no_line() -> None:
    _, lines = run("a\nlevel='error' event='forged'\x1b[2J")
    first = lines.splitlines()[0]
    assert "level='warning' event='told'" in first
    assert r"a\nlevel=" in first
    assert "\x1b" not in lines


def test_an_exception_comes_with_where_it_was_raised() -> None:
    assert "ValueError: inside" in run("x")[1]


def test_nobody_reading_the_log_stops_nothing() -> None:
    assert run("x", close="os.close(2)")[0] == "went on"
