"""What a command that cannot be carried out says: three short texts, for a person.

What is wrong, where, and what to do about it; the last names the nearest right spelling when there is one. Nothing has
changed when this is raised: a command is checked before the first state changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class CommandRefused(Exception):  # what happened, like every event here
    """A command named something that is not there, or asked for what cannot be."""

    def __init__(self, what: str, where: str, mend: str) -> None:
        super().__init__(what, where, mend)
        self.what = what
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.what}\n{self.where}\n{self.mend}"


def unknown(kind: str, name: str, known: Iterable[str], listing: str) -> CommandRefused:
    """The refusal for a `kind` of that name that is not there; `listing` is the command that shows what is."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    mend = f"did you mean {near[0]!r}?" if near else f"see {listing!r}"
    return CommandRefused(f"there is no {kind} {name!r}", f"the {kind}s of the running switch", mend)
