"""TOML with the line of every key.

`tomllib` says what a file holds but not where it stands, and of a file in which a name is defined twice it says nothing
else. An admin is helped by neither: errors must name lines, and all of them at once. So this module walks the structure
of a TOML 1.0 document itself (tables, dotted keys, arrays, inline tables) and notes where each thing stands; what a
single key or value means is left to `tomllib`, piece by piece. A name defined twice is noted with both places and the
walk goes on with the second definition set aside, so that it can be checked too.

What is left out: strictness. Whether a document without double names is TOML at all, `tomllib` decides on the whole.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final, TypeAlias

DEPTH_MAX: Final = 32
"""Arrays and inline tables inside one another, and parts of a dotted key."""


class NotToml(Exception):
    """The text is no TOML: the line of its first fault, and what is wrong there."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(line, what)
        self.line = line
        self.what = what


@dataclass(slots=True)
class Leaf:
    """A text, number, boolean, date or time."""

    line: int
    value: object


@dataclass(slots=True)
class Array:
    """An array, or the tables of one `[[name]]`."""

    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A table; `line` is its header's, or that of the key that made it. `is_implied`: made only by a longer name."""

    line: int
    entries: dict[str, Node] = field(default_factory=dict)
    is_implied: bool = False


Node: TypeAlias = Leaf | Array | Table
Path: TypeAlias = tuple[str, ...]


@dataclass(slots=True)
class Double:
    """A name that the document defines again: both lines, and the later definition, which is not in the tree."""

    path: Path
    first_line: int
    line: int
    node: Node


@dataclass(slots=True)
class Document:
    """The tree of one file and the names that it defines twice, in the order of their lines."""

    root: Table
    doubles: list[Double]


def read_toml(text: str) -> Document:
    """The document with its lines; raises NotToml for text that is no TOML even without its double names."""
    document, fault = None, None
    walk = _Walk(text.replace("\r\n", "\n"))
    try:
        document = walk.document()
    except NotToml as error:
        fault = error
    if document is not None and document.doubles:
        return document
    try:
        tomllib.loads(text)
    except ValueError as error:
        raise _first_fault(str(error), text, walk.doubles) from None
    except RecursionError:
        raise NotToml(1, f"more than DEPTH_MAX = {DEPTH_MAX} arrays or tables inside one another") from None
    if document is None:
        assert fault is not None
        raise fault
    return document


def plain(node: Node) -> object:
    """The node's value as `tomllib` would give it."""
    match node:
        case Leaf():
            return node.value
        case Array():
            return [plain(item) for item in node.items]
        case Table():
            return {key: plain(entry) for key, entry in node.entries.items()}


_BLANK: Final = re.compile(r"[ \t]*")
_VOID: Final = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_LINE_END: Final = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_KEY: Final = re.compile(r"""([A-Za-z0-9_-]+)|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING: Final = re.compile(
    r'''"""(?:\\.|[^\\])*?""""{0,2}|\'\'\'.*?\'\'\''{0,2}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''', re.DOTALL
)
_SCALAR: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]+|[^\s,\]}#]+")
_AT_LINE: Final = re.compile(r"^(.*) \(at line (\d+), column \d+\)$", re.DOTALL)


class _Walk:
    """One pass over a text; `_at` is where it stands, `doubles` the names met twice so far."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._root = Table(1)
        self.doubles: list[Double] = []

    def document(self) -> Document:
        table, path = self._root, Path()
        while self._skip(_VOID) < len(self._text):
            line = self._line()
            if self._take("[["):
                path = self._header("]]")
                table = self._append(path, line)
            elif self._take("["):
                path = self._header("]")
                table = self._open(path, line)
            else:
                self._assign(table, path, 0)
            if not self._matches(_LINE_END):
                raise self._fault("something stands after the end of the statement")
        self.doubles.sort(key=lambda double: double.line)
        return Document(self._root, self.doubles)

    def _header(self, end: str) -> Path:
        path = self._dotted_key()
        self._skip(_BLANK)
        self._expect(end)
        return path

    def _open(self, path: Path, line: int) -> Table:
        """The table that a `[header]` names."""
        parent = self._descend(self._root, path, (), line)
        entry = parent.entries.get(path[-1])
        if isinstance(entry, Table) and entry.is_implied:
            entry.line, entry.is_implied = line, False
            return entry
        table = Table(line)
        self._put(parent, path, table)
        return table

    def _append(self, path: Path, line: int) -> Table:
        """The next table of a `[[header]]`."""
        parent = self._descend(self._root, path, (), line)
        array = parent.entries.get(path[-1])
        if not isinstance(array, Array):
            array = Array(line)
            self._put(parent, path, array)
        table = Table(line)
        array.items.append(table)
        return table

    def _assign(self, table: Table, path: Path, depth: int) -> None:
        """One `key = value` into a table that stands at `path`."""
        line = self._line()
        key = self._dotted_key()
        self._skip(_BLANK)
        self._expect("=")
        self._skip(_BLANK)
        value = self._value((*path, *key), depth)
        parent = self._descend(table, key, path, line)
        self._put(parent, (*path, *key), value)

    def _descend(self, table: Table, key: Path, above: Path, line: int) -> Table:
        """The table that the last part of `key` goes into. Where a value bars the way, it is a name defined twice."""
        for index, part in enumerate(key[:-1]):
            entry = table.entries.get(part)
            if isinstance(entry, Array) and entry.items and isinstance(entry.items[-1], Table):
                entry = entry.items[-1]
            if not isinstance(entry, Table):
                made = Table(line, is_implied=True)
                self._put(table, (*above, *key[: index + 1]), made)
                entry = made
            table = entry
        return table

    def _put(self, parent: Table, path: Path, node: Node) -> None:
        first = parent.entries.get(path[-1])
        if first is None:
            parent.entries[path[-1]] = node
        else:
            self.doubles.append(Double(path, first.line, node.line, node))

    def _dotted_key(self) -> Path:
        parts = []
        while True:
            self._skip(_BLANK)
            match = _KEY.match(self._text, self._at)
            if match is None:
                raise self._fault("a key is expected")
            parts.append(match.group(1) or str(self._decoded(match.group())))
            self._at = match.end()
            if len(parts) > DEPTH_MAX:
                raise self._fault(f"a key of more than DEPTH_MAX = {DEPTH_MAX} parts")
            self._skip(_BLANK)
            if not self._take("."):
                return tuple(parts)

    def _value(self, path: Path, depth: int) -> Node:
        line = self._line()
        if depth > DEPTH_MAX:
            raise self._fault(f"more than DEPTH_MAX = {DEPTH_MAX} arrays or tables inside one another")
        if self._take("["):
            return self._array(Array(line), path, depth)
        if self._take("{"):
            return self._inline_table(Table(line), path, depth)
        match = _STRING.match(self._text, self._at) or _SCALAR.match(self._text, self._at)
        if match is None:
            raise self._fault("a value is expected")
        leaf = Leaf(line, self._decoded(match.group()))
        self._at = match.end()
        return leaf

    def _array(self, array: Array, path: Path, depth: int) -> Array:
        while True:
            self._skip(_VOID)
            if self._take("]"):
                return array
            array.items.append(self._value(path, depth + 1))
            self._skip(_VOID)
            if not self._take(","):
                self._expect("]")
                return array

    def _inline_table(self, table: Table, path: Path, depth: int) -> Table:
        self._skip(_BLANK)
        if self._take("}"):
            return table
        while True:
            self._skip(_BLANK)
            self._assign(table, path, depth + 1)
            self._skip(_BLANK)
            if not self._take(","):
                self._expect("}")
                return table

    def _decoded(self, source: str) -> object:
        try:
            return tomllib.loads(f"x = {source}")["x"]
        except ValueError as error:
            match = _AT_LINE.match(str(error))
            raise self._fault(str(error) if match is None else match.group(1)) from None

    def _line(self) -> int:
        return bisect_right(self._newlines, self._at - 1) + 1

    def _fault(self, what: str) -> NotToml:
        return NotToml(self._line(), what)

    def _matches(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return match is not None

    def _skip(self, pattern: re.Pattern[str]) -> int:
        self._matches(pattern)
        return self._at

    def _take(self, literal: str) -> bool:
        is_there = self._text.startswith(literal, self._at)
        if is_there:
            self._at += len(literal)
        return is_there

    def _expect(self, literal: str) -> None:
        if not self._take(literal):
            raise self._fault(f"{literal!r} is expected")


def _first_fault(message: str, text: str, doubles: list[Double]) -> NotToml:
    """What `tomllib` stumbled over; at a name defined twice with the first place too."""
    match = _AT_LINE.match(message)
    if match is not None:
        line = int(match.group(2))
        for double in doubles:
            if double.line == line:
                return NotToml(line, f"{'.'.join(double.path)} is defined twice, first at line {double.first_line}")
        return NotToml(line, match.group(1))
    return NotToml(text.rstrip("\n").count("\n") + 1, message.removesuffix(" (at end of document)"))
