"""The demo's picture of the switch, and its lines where there is no terminal to draw on."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

from rich.console import Console

from softswitch.demo.live import LiveView, drawn

ROWS = {
    "queue": [{"queue": "support", "waiting": 2, "longest_wait_s": 12.345, "ready": 0, "ringing": 1, "talking": 1}],
    "agent": [{"agent": "anna", "presence": "ready", "activity": "talking"}],
    "call": [{"id": "c1", "state": "waiting", "caller": "+46\x1b[2J", "agent": None, "wait_s": 3.6}],
}


def test_queue_agents_and_calls_are_drawn_from_what_the_commands_answer() -> None:
    console = Console(file=io.StringIO(), width=200)
    console.print(drawn(ROWS))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    for shown in ("softswitch queue list", "support", "12", "anna", "talking", "c1", "waiting"):
        assert shown in text
    assert "\x1b[2J" not in text, "what a caller chooses does not act on the terminal"


def test_call_backs_are_drawn_when_there_are_any() -> None:
    def text_of(callbacks: list[dict[str, object]]) -> str:
        console = Console(file=io.StringIO(), width=200)
        console.print(drawn({"callback": callbacks}))
        assert isinstance(console.file, io.StringIO)
        return console.file.getvalue()

    assert "callback" not in text_of([])
    assert "+46812345605" in text_of([{"callback": "cb1", "number": "+46812345605", "state": "waiting", "wait_s": 1.0}])


def test_in_a_pipe_only_the_lines_are_written(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=80)

    async def show() -> None:
        async with LiveView(console, tmp_path) as view:
            view.line(3.25, "Caller 1 hangs up [sic]")

    asyncio.run(show())
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "  3.2 s  Caller 1 hangs up [sic]\n"


def test_without_a_switch_to_ask_the_view_still_ends(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True)

    async def show() -> None:
        async with LiveView(console, tmp_path) as view:
            view.line(0.0, "alone")

    asyncio.run(asyncio.wait_for(show(), 10))
    assert isinstance(console.file, io.StringIO)
    assert "alone" in console.file.getvalue()
