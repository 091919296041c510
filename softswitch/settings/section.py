"""Reading one table key by key, so that nothing in it goes unnoticed.

Whoever reads a table asks for each key it may have, with the type and bounds of its value; `close` then refuses every
key that nobody asked for and every required one that is not there. A value that is wrong is refused once and read as if
it were absent, so one reading finds all there is to find. Values are not repeated in errors about passwords and PINs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from softswitch.settings.faults import Faults, Place, nearest, suggestion
from softswitch.settings.toml_tree import Array, Leaf, Node, Table

TEXT_CHARS_MAX: Final = 500
LIST_ITEMS_MAX: Final = 10_000
SHOWN_CHARS_MAX: Final = 40

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A value and where it stands."""

    value: T
    place: Place


def dotted(*parts: str) -> str:
    """A key's path as one would write it in TOML."""
    return ".".join(part if _BARE_KEY.fullmatch(part) else '"' + part.replace('"', '\\"') + '"' for part in parts)


def kind_of(node: Node) -> str:
    """What a value is, in words."""
    if isinstance(node, Array):
        return "a list"
    if isinstance(node, Table):
        return "a table"
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return names.get(type(node.value), "a date or time")


class Section:
    """One table being read. `path` is its dotted name; `faults` collects what is wrong."""

    def __init__(self, faults: Faults, file: Path, path: str, table: Table) -> None:
        self._faults = faults
        self._file = file
        self._path = path
        self._table = table
        self._asked: list[str] = []
        self._missing: list[tuple[str, str]] = []

    @property
    def place(self) -> Place:
        """The table itself."""
        return Place(self._file, self._table.line, self._path)

    def place_of(self, key: str) -> Place:
        """The key, or the table where the key is absent."""
        node = self._table.entries.get(key)
        return self.place if node is None else Place(self._file, node.line, self._key(key))

    def has(self, key: str) -> bool:
        return key in self._table.entries

    def node(self, key: str, *, needed: str = "") -> Node | None:
        """The raw value. `needed`: an example to show when the key is required and absent."""
        self._asked.append(key)
        node = self._table.entries.get(key)
        if node is None and needed:
            self._missing.append((key, needed))
        return node

    def text(self, key: str, *, needed: str = "", example: str = "") -> str | None:
        """A text that is neither empty nor over-long and has no control characters."""
        node = self.node(key, needed=needed)
        return None if node is None else self.text_of(node, self.place_of(key), example=needed or example)

    def text_of(self, node: Node, place: Place, *, example: str = "") -> str | None:
        """`text` for a value inside a list."""
        value = node.value if isinstance(node, Leaf) else None
        show = f"write {example}" if example else "write a text in double quotes"
        if not isinstance(value, str):
            self._faults.refuse(place, f"this must be a text, not {kind_of(node)}", show)
        elif not value.strip():
            self._faults.refuse(place, "this must not be empty", show)
        elif len(value) > TEXT_CHARS_MAX:
            self._faults.refuse(place, f"this is longer than TEXT_CHARS_MAX = {TEXT_CHARS_MAX}", "shorten it")
        elif _CONTROL.search(value):
            self._faults.refuse(place, "this holds a line break or another control character", "take it out")
        else:
            return value
        return None

    def texts(self, key: str, *, needed: str = "", example: str = "") -> list[Placed[str]] | None:
        """A list of texts, none of them twice."""
        found: list[Placed[str]] = []
        for node, place in self.items(key, needed=needed, example=example) or ():
            text = self.text_of(node, place)
            if text is not None:
                found.append(Placed(text, place))
        return self.without_doubles(found) if self.has(key) else None

    def items(self, key: str, *, needed: str = "", example: str = "") -> list[tuple[Node, Place]] | None:
        """The members of a list, each with its place; None when the key is absent or no list."""
        node = self.node(key, needed=needed)
        if node is None:
            return None
        place = self.place_of(key)
        if not isinstance(node, Array):
            self._faults.refuse(
                place, f"this must be a list, not {kind_of(node)}", f"write {needed or example or '[…]'}"
            )
            return None
        if len(node.items) > LIST_ITEMS_MAX:
            self._faults.refuse(place, f"this has more than LIST_ITEMS_MAX = {LIST_ITEMS_MAX} members", "shorten it")
            return None
        return [(item, Place(self._file, item.line, place.key)) for item in node.items]

    def is_empty_list(self, key: str) -> bool:
        node = self._table.entries.get(key)
        return isinstance(node, Array) and not node.items

    def without_doubles(self, found: Iterable[Placed[str]]) -> list[Placed[str]]:
        """Refuses what stands twice in a list, with both places."""
        first: dict[str, Placed[str]] = {}
        for placed in found:
            if placed.value in first:
                where = first[placed.value].place
                self._faults.refuse(
                    placed.place, f'"{placed.value}" stands twice in the list, first at {where}', "take one of them out"
                )
            else:
                first[placed.value] = placed
        return list(first.values())

    def choice(self, key: str, known: Iterable[str], *, default: str, later: Mapping[str, str] | None = None) -> str:
        """One of the known words; `later` are words of the format that this version cannot yet do, each with a mend."""
        value = self.text(key)
        words = list(known)
        if value is None:
            return default
        if value in words:
            return value
        place = self.place_of(key)
        if later and value in later:
            self._faults.refuse(place, f'"{value}" is not available yet', later[value])
        else:
            choices = ", ".join(f'"{word}"' for word in words)
            near = nearest(value, words)
            mend = f'did you mean "{near}"? ' if near else ""
            self._faults.refuse(place, f'"{value}" is not one of the choices', f"{mend}choose {choices}".strip())
        return default

    def flag(self, key: str, *, default: bool) -> bool:
        node = self.node(key)
        if node is None:
            return default
        if isinstance(node, Leaf) and isinstance(node.value, bool):
            return node.value
        self._faults.refuse(
            self.place_of(key), f"this must be true or false, not {kind_of(node)}", "write true or false"
        )
        return default

    def number(self, key: str, *, low: float, high: float, needed: str = "", above_low: bool = False) -> float | None:
        """A finite number within bounds; `above_low` leaves the lower bound itself out."""
        node = self.node(key, needed=needed)
        if node is None:
            return None
        value = node.value if isinstance(node, Leaf) else None
        bounds = f"above {low:g} and at most {high:g}" if above_low else f"from {low:g} to {high:g}"
        place = self.place_of(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._faults.refuse(place, f"this must be a number, not {kind_of(node)}", f"write a number {bounds}")
            return None
        if (isinstance(value, float) and math.isnan(value)) or not low <= value <= high or (above_low and value == low):
            self._faults.refuse(place, f"{_shown(value)} cannot be", f"write a number {bounds}")
            return None
        return value

    def whole(self, key: str, *, low: int, high: int) -> int | None:
        """A whole number within bounds."""
        node = self._table.entries.get(key)
        if isinstance(node, Leaf) and isinstance(node.value, float):
            self._asked.append(key)
            self._faults.refuse(
                self.place_of(key), "this must be a whole number", f"write a whole number from {low} to {high}"
            )
            return None
        value = self.number(key, low=low, high=high)
        return None if value is None else int(value)

    def close(self) -> None:
        """Refuses unknown keys, and required ones that are absent unless an unknown key is just them misspelt."""
        misspelt = set()
        for key in self._table.entries:
            if key not in self._asked:
                near = nearest(key, [asked for asked in self._asked if not self.has(asked)])
                misspelt.add(near)
                mend = f'did you mean "{near}"?' if near else suggestion(
                    key, self._asked, otherwise=f"known keys are: {', '.join(self._asked)}"
                )  # fmt: skip
                self._faults.refuse(self.place_of(key), f'"{key}" is no key of this table', mend)
        for key, example in self._missing:
            if key not in misspelt:
                self._faults.refuse(self.place, f'"{key}" is missing', f"add {key} = {example}")

    def table(self, key: str, *, example: str) -> Section | None:
        """A table inside this one, None when the key is absent or no table."""
        node = self.node(key)
        if node is None:
            return None
        if not isinstance(node, Table):
            self._faults.refuse(self.place_of(key), f"this must be a table, not {kind_of(node)}", f"write {example}")
            return None
        return self.inner(key, node)

    def inner(self, key: str, node: Table) -> Section:
        """A table inside this one, or inside a list of it."""
        return Section(self._faults, self._file, self._key(key), node)

    def names(self) -> list[str]:
        """All keys that it has, for tables whose keys are names."""
        return list(self._table.entries)

    def _key(self, key: str) -> str:
        return f"{self._path}.{dotted(key)}"


def _shown(value: float) -> str:
    text = str(value)
    return text if len(text) <= SHOWN_CHARS_MAX else f"{text[:SHOWN_CHARS_MAX]}…"
