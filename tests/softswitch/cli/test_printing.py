"""Tests of softswitch.cli.printing: what a terminal gets, and how values are written."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from softswitch.cli.printing import aligned, cell, neutral


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ([], "-"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (0.0, "0"),
        (1.25, "1.25"),
        (12.3456, "12.346"),
        (["a", "b"], "a, b"),
        ([{"uri": "sip:1@a", "expires_in_s": 9}], "sip:1@a"),
        ({"a": 1, "b": None}, "a=1 b=-"),
    ],
)
def test_a_value_is_written_as_people_read_it(value: object, text: str) -> None:
    assert cell(value) == text


def test_what_could_act_on_a_terminal_is_made_visible() -> None:
    assert neutral("a\x1b[2J\n\x9b\u202e\u200b\ud800ö") == "a\\x1b[2J\\x0a\\x9b\\u202e\\u200b\\ud800ö"


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert list(aligned([["a", "bcd"], ["long", ""]])) == ["a     bcd", "long"]
    assert list(aligned([])) == []


def test_a_terminal_gets_a_table_without_markup_being_read() -> None:
    ours, theirs = pty.openpty()
    program = "from softswitch.cli.printing import print_rows; print_rows([{'caller': '[bold]x[/] \\x1b]0;t\\x07'}])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        stdout=theirs,
        check=True,
        timeout=30,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(theirs)
    shown = os.read(ours, 65_536).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "[bold]x[/] \\x1b]0;t\\x07" in shown
    assert "\x1b]0" not in shown
    assert "┃" in shown or "|" in shown
