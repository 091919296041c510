"""What is wrong with a configuration: values that a person can act on, collected until all are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

NEAR_ENOUGH: Final = 0.6
NAMES_SHOWN_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class ConfigurationError:
    """One thing wrong, or in a warning one thing to know: where it stands, what it is, and how it is mended.

    `line` counts from 1; 0 means a file or folder as a whole. `key` is the dotted path, such as `queue.support.ring_s`,
    empty where there is none.
    """

    file: Path
    line: int
    key: str
    what: str
    mend: str

    @property
    def where(self) -> str:
        """`config/queues.toml:9: queue.support.ring_s`."""
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.key}" if self.key else place

    def __str__(self) -> str:
        return f"{self.where}: {self.what} ({self.mend})"


class ConfigurationErrors(Exception):
    """All that is wrong with a configuration, by file and line; there is at least one."""

    def __init__(self, errors: Iterable[ConfigurationError]) -> None:
        self.errors = tuple(sorted(errors, key=lambda error: (str(error.file), error.line)))
        assert self.errors
        super().__init__(*self.errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)

    def in_three_lines(self) -> tuple[str, str, str]:
        """What is wrong, where, and the mend of the first, with how many more there are."""
        first, more = self.errors[0], len(self.errors) - 1
        return first.what, first.where, first.mend + (f" (and {more} more: softswitch check)" if more else "")


@dataclass(frozen=True, slots=True)
class Place:
    """A key in a file."""

    file: Path
    line: int
    key: str

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}"


class Faults:
    """The errors and warnings found so far. The same words about the same place are kept once."""

    def __init__(self) -> None:
        self._errors: dict[ConfigurationError, None] = {}
        self._warnings: dict[ConfigurationError, None] = {}

    def refuse(self, place: Place, what: str, mend: str) -> None:
        """Something is wrong: the configuration will not be used."""
        self._errors[ConfigurationError(place.file, place.line, place.key, what, mend)] = None

    def warn(self, place: Place, what: str, mend: str) -> None:
        """Something works but is hardly meant."""
        self._warnings[ConfigurationError(place.file, place.line, place.key, what, mend)] = None

    @property
    def errors(self) -> tuple[ConfigurationError, ...]:
        return tuple(self._errors)

    @property
    def warnings(self) -> tuple[ConfigurationError, ...]:
        """By file and line."""
        return tuple(sorted(self._warnings, key=lambda error: (str(error.file), error.line)))


def nearest(wrong: str, right: Iterable[str]) -> str | None:
    """The right spelling nearest to a wrong one, None when none is near. Capitals do not count as a difference."""
    by_folded = {name.casefold(): name for name in reversed(list(right))}
    close = get_close_matches(wrong.casefold(), by_folded, n=1, cutoff=NEAR_ENOUGH)
    return by_folded[close[0]] if close else None


def suggestion(wrong: str, right: Iterable[str], *, otherwise: str) -> str:
    """The mend for a misspelt name: the nearest right one, else what there is, else `otherwise`."""
    names = list(right)
    near = nearest(wrong, names)
    if near is not None:
        return f'did you mean "{near}"?'
    if names and len(names) <= NAMES_SHOWN_MAX:
        return f"there is: {', '.join(names)}"
    return otherwise
