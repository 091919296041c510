"""What the demo shows while its calls go on: the story's lines, and below them the switch as it sees itself.

On a terminal the queue, the agents, the calls and the call-backs are drawn anew a few times a second, from the same
answers that `softswitch queue list`, `agent list`, `call list` and `callback list` give. Anywhere else only the story's
lines are written, so that a pipe or a log gets each of them once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from rich.columns import Columns
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from softswitch.cli import control
from softswitch.cli.failures import CommandFailed
from softswitch.cli.printing import cell, neutral

REFRESH_S: Final = 0.25

Rows = Sequence[Mapping[str, object]]

_SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "queue": ("queue", "waiting", "longest_wait_s", "ready", "ringing", "talking", "wrap_up"),
    "agent": ("agent", "presence", "activity"),
    "call": ("id", "state", "caller", "agent", "wait_s"),
    "callback": ("callback", "number", "state", "wait_s"),
}
_COLOURS: Final = {
    "talking": "green",
    "ringing": "yellow",
    "presenting": "yellow",
    "waiting": "cyan",
    "wrap-up": "blue",
}


class LiveView:
    """Draws for as long as its context lasts. `line` adds a line of the story."""

    def __init__(self, console: Console, data_dir: Path) -> None:
        self._console = console
        self._data_dir = data_dir
        self._live = Live(console=console, refresh_per_second=1 / REFRESH_S, transient=True, auto_refresh=False)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
            self._task = asyncio.create_task(self._draw_for_ever())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._live.stop()

    def line(self, seconds: float, text: str) -> None:
        """One line of the story, so many seconds after it began."""
        self._console.print(Text.assemble((f"{seconds:5.1f} s  ", "dim"), neutral(text)))

    async def _draw_for_ever(self) -> None:
        while True:
            try:
                rows = await asyncio.to_thread(self._look)
            except CommandFailed:
                return
            self._live.update(drawn(rows), refresh=True)
            await asyncio.sleep(REFRESH_S)

    def _look(self) -> dict[str, Rows]:
        found: dict[str, Rows] = {}
        for kind in _SHOWN:
            answer = control.ask(self._data_dir, f"{kind}.list", {})
            found[kind] = answer if isinstance(answer, list) else []
        return found


def drawn(rows: Mapping[str, Rows]) -> Group:
    """Queue, agents and calls as tables, side by side where there is room; call-backs when there are any."""
    shown = [kind for kind in _SHOWN if kind != "callback" or rows.get(kind)]
    return Group("", Columns([_table(kind, rows.get(kind, ())) for kind in shown], padding=(0, 2)))


def _table(kind: str, rows: Rows) -> Table:
    table = Table(title=f"softswitch {kind} list", title_justify="left", title_style="dim")
    for column in _SHOWN[kind]:
        table.add_column(column, no_wrap=True)
    for row in rows:
        cells = [neutral(_shortly(row.get(column))) for column in _SHOWN[kind]]
        colour = next((_COLOURS[text] for text in cells if text in _COLOURS), None)
        table.add_row(*cells, style=colour)
    return table


def _shortly(value: object) -> str:
    return f"{value:.0f}" if isinstance(value, float) else cell(value)
