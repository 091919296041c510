"""What commands print: tables for people, aligned text for pipes, JSON for programs.

Callers choose part of what is shown (their display names, their phones' User-Agent), so nothing is printed as it is:
control characters, which could move the cursor or change what is already on the screen, become visible escapes, and
rich's markup is never interpreted.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

Row: TypeAlias = Mapping[str, object]

NOTHING: Final = "-"
_GAP: Final = "  "
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def neutral(text: str) -> str:
    """The text with everything that could act on a terminal, or break a line, as a visible escape."""
    return _UNSAFE.sub(lambda match: _escape(match.group()), text)


def print_json(value: object) -> None:
    """For programs: indented, UTF-8, with the same escapes in JSON's own spelling."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    lines = (_UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", line) for line in text.split("\n"))
    sys.stdout.write("\n".join(lines) + "\n")


def print_rows(rows: Sequence[Row], *, title: str = "") -> None:
    """A table with the keys of the first row as columns; an empty list says so."""
    if not rows:
        print_line(f"{title}: none" if title else "none")
        return
    columns = list(rows[0])
    cells = [[cell(row.get(column)) for column in columns] for row in rows]
    if sys.stdout.isatty():
        _print_rich(columns, cells, title)
        return
    if title:
        print_line(title)
    for line in aligned([columns, *cells]):
        print_line(line)


def print_object(shown: Row) -> None:
    """One thing: its plain values as two columns, then each list of things as a table."""
    simple = [
        [key, cell(value)]
        for key, value in _flattened(shown)
        if not (isinstance(value, list) and any(isinstance(item, dict) for item in value))
    ]
    for line in aligned(simple):
        print_line(line)
    for key, value in _flattened(shown):
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            print_line("")
            print_rows(value, title=key)


def print_line(text: str) -> None:
    sys.stdout.write(f"{neutral(text)}\n")


def clock(instant: object) -> str:
    """The time of day of an RFC 3339 text, in its own zone, to the tenth of a second."""
    return str(instant)[11:21]


def cell(value: object) -> str:
    """A value as a person reads it."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value)
    if isinstance(value, Mapping):
        return cell(value["uri"]) if "uri" in value else " ".join(f"{key}={cell(item)}" for key, item in value.items())
    return neutral(str(value))


def aligned(lines: Sequence[Sequence[str]]) -> Iterable[str]:
    """Columns as wide as their widest cell, two spaces between."""
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))] if lines else []
    for line in lines:
        yield _GAP.join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()


def _flattened(shown: Row, above: str = "") -> Iterable[tuple[str, object]]:
    for key, value in shown.items():
        if isinstance(value, dict):
            yield from _flattened(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _print_rich(columns: Sequence[str], cells: Sequence[Sequence[str]], title: str) -> None:
    from rich.console import Console  # noqa: PLC0415  # only a terminal pays for it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=Text(title) if title else None, title_justify="left")
    for column in columns:
        table.add_column(Text(neutral(column)), overflow="fold")
    for line in cells:
        table.add_row(*(Text(text) for text in line))
    Console(highlight=False).print(table)


def _escape(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"
