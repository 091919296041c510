"""What callers and telephones call themselves is data: in headers, in the database, on a terminal, in JSON, in logs."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.raw_peer import RawPeer
from tests.interop.running_switch import RunningSwitch, copy_office, log_faults, wait_until

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]

SUPPORT, PHONE_101, PASSWORD = "+46850010000", "+46850010001", "anna-desk-7yQ2"
NAMES = (
    "[bold]x[/bold] [link=file:///etc/passwd]y[/link]",
    "\u202e321+ \u2066x",
    "\x9b2J\x9d0;title\x9c",
    "'; DROP TABLE calls; --",
    "../../../../tmp/x\u2028y",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>&amp;",
    "{what!r} %s %(x)s ${HOME} `id`",
    '\\"quoted\\\\',
)
USERS = ("%0D%0AEvil:%20yes", "%1B%5B2J", "'%20OR%201=1--", "%E2%80%AE46", "%3Cscript%3E", "..%2F..%2Fx", "%00", "%22")
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""What does something to a terminal; line ends are the program's own."""


def shown(switch: RunningSwitch, *words: str, on_terminal: bool) -> str:
    """What a command prints for people."""
    program = [sys.executable, "-m", "softswitch.cli.main", "--config", str(switch.office), *words]
    if not on_terminal:
        return subprocess.run(program, capture_output=True, text=True, check=True, timeout=30).stdout
    ours, theirs = pty.openpty()
    with subprocess.Popen(program, stdout=theirs, env={**os.environ, "TERM": "dumb", "COLUMNS": "4000"}) as process:
        os.close(theirs)
        found = b""
        while True:
            try:
                found += os.read(ours, 65_536)
            except OSError:
                break
        assert process.wait(30) == 0
    os.close(ours)
    return found.decode().replace("\r\n", "\n")


def test_names_of_any_kind_are_shown_and_kept_as_they_are_and_do_nothing(tmp_path: Path) -> None:
    carrier, phone = RawPeer(), RawPeer()
    switch = RunningSwitch(copy_office(tmp_path, trunk_port=carrier.port))
    carrier.switch_port = phone.switch_port = switch.sip_port
    try:
        phone.register("101", PASSWORD, user_agent=f"Phone {NAMES[0]} {NAMES[1]} {NAMES[2]}")
        calls = [(name, f"+4681234{number}") for number, name in enumerate(NAMES)]
        calls += [("", f"{number}{user}") for number, user in enumerate(USERS)]
        for name, user in calls:
            carrier.call(SUPPORT, name=name, user=user)
        wait_until("all wait", lambda: switch.command("status")["calls"] == len(calls))
        _assert_shown_as_data(switch, ("call", "list"), ("queue", "show", "support"), ("phone", "list"), ("status",))
        [row] = [row for row in switch.command("phone", "list") if row["phone"] == "101"]
        assert row["contacts"][0]["user_agent"] == f"Phone {NAMES[0]} {NAMES[1]} {NAMES[2]}"
        assert "<script>" in shown(switch, "call", "list", on_terminal=False), "nothing is left out or taken for markup"
        ids = [row["id"] for row in switch.command("call", "list")]
        _assert_shown_as_data(switch, *(("call", what, ids[-1]) for what in ("show", "why", "ladder")))
        for heard in phone.requests("INVITE"):
            assert not re.search(rb"\n\s*evil", heard, re.IGNORECASE)
            assert heard.count(b"\r\n\r\n") == 1
        carrier.end_calls()
        wait_until("all are over", lambda: len(switch.command("history")) == len(calls))
        _assert_shown_as_data(switch, ("history",), *(("call", "show", each) for each in ids))
        assert {re.sub(r"[0-9A-Za-z-]", "", each) for each in ids} == {""}, "an id is ours alone"
    finally:
        carrier.close()
        phone.close()
        assert switch.stop() == 0
    assert log_faults(switch) == []
    assert not ACTS.search(switch.log.read_text())
    assert not [path for path in (switch.office / "var").rglob("*") if re.search(r"script|passwd|x$|DROP", path.name)]


def _assert_shown_as_data(switch: RunningSwitch, *commands: tuple[str, ...]) -> None:
    for words in commands:
        for on_terminal in (False, True):
            text = shown(switch, *words, on_terminal=on_terminal)
            found = ACTS.search(re.sub(r"\x1b\[[0-9;]*m", "", text) if on_terminal else text)
            assert found is None, (words, on_terminal, text[max(0, found.start() - 80) : found.end() + 20])
        printed = shown(switch, *words, "--json", on_terminal=False)
        assert ACTS.search(printed) is None, words
        json.loads(printed)
