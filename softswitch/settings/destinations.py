"""Destinations, and the names that may stand in them.

A destination is one string, the same everywhere: `queue:support`, `phone:101`, `agent:anna`, `number:+46701234567`,
`voicemail:support`, `say:closed`, `agent-line`, `messages`, `busy`; and `callback`, which leads on from a queue only.
What it names must be there; when a file of the folder could not be read at all, what is missing may stand in it, and
nothing is said about missing names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from softswitch.domain.office import (
    Destination,
    ToAgent,
    ToAgentLine,
    ToBusy,
    ToCallback,
    ToMessages,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
    ToVoicemail,
)
from softswitch.settings.faults import Faults, Place, nearest, suggestion
from softswitch.settings.section import Section
from softswitch.settings.sounds import SoundSearch

E164: Final = re.compile(r"\+[1-9][0-9]{2,14}")
"""An outside number: E.164 allows 15 digits."""
INTERNAL_DIGITS: Final = re.compile(r"[0-9]{1,15}")

LATER_KINDS: Final = ("menu", "site", "survey", "skill", "flag", "webhook", "user")
"""Kinds of tables and destinations that the format will have, not available in this version."""

CALLBACK: Final = "callback"

_NAMING: Final = ("queue", "phone", "agent", "voicemail")
_SCHEMES: Final = (*_NAMING, "number", "say")
_WORDS: Final[Mapping[str, Destination]] = {
    "busy": ToBusy(),
    "agent-line": ToAgentLine(),
    "messages": ToMessages(),
}
_FORMS: Final = "queue:NAME, phone:NAME, agent:NAME, number:+…, voicemail:NAME, say:SOUND, agent-line, messages or busy"


@dataclass(frozen=True, slots=True)
class Names:
    """What the configuration defines, by kind. `is_complete` is false when a file could not be read at all."""

    defined: Mapping[str, Collection[str]]
    is_complete: bool

    def of(self, kind: str) -> Collection[str]:
        return self.defined.get(kind, ())


class DestinationReader:
    """Turns the texts of one configuration into destinations."""

    def __init__(self, faults: Faults, names: Names, sounds: SoundSearch) -> None:
        self._faults = faults
        self._names = names
        self._sounds = sounds

    def read(self, text: str, place: Place, *, is_from_queue: bool = False) -> Destination | None:
        """Refuses what is no destination or leads nowhere. `is_from_queue`: callers come from a queue."""
        if text in _WORDS:
            return _WORDS[text]
        if text == CALLBACK:
            return self._callback(place, is_from_queue=is_from_queue)
        scheme, colon, name = text.partition(":")
        if not colon or scheme not in _SCHEMES or not name:
            self._refuse_form(text, scheme, place)
            return None
        if scheme == "number":
            return self._number(name, place)
        if scheme == "say":
            return ToSay(name) if self._sounds.use(name, place) else None
        if not self.expect(scheme, name, place, prefix=f"{scheme}:"):
            return None
        return _NAMED[scheme](name)

    def expect(self, kind: str, name: str, place: Place, *, prefix: str = "") -> bool:
        """Whether `name` is defined; refuses it otherwise, unless it may be in a file that cannot be read."""
        known = self._names.of(kind)
        if name in known:
            return True
        if self._names.is_complete:
            near = nearest(name, known)
            mend = (
                f'did you mean "{prefix}{near}"?'
                if near is not None
                else suggestion(name, known, otherwise=f"define it: [{kind}.{name}]")
            )
            self._faults.refuse(place, f'there is no {kind} "{name}"', mend)
        return False

    def _number(self, number: str, place: Place) -> ToNumber | None:
        if not E164.fullmatch(number):
            self._faults.refuse(
                place, f'"{number}" is no telephone number with country code', 'write it like "number:+46701234567"'
            )
        elif number in self._names.of("number"):
            self._faults.refuse(
                place,
                f"{number} is a number of this office; a call to it would go out and come in again",
                f"write where [number.{number}] leads to instead",
            )
        elif not self._names.of("trunk") and self._names.is_complete:
            self._faults.refuse(place, f"there is no trunk to reach {number} by", "define one: [trunk.NAME]")
        else:
            return ToNumber(number)
        return None

    def _callback(self, place: Place, *, is_from_queue: bool) -> ToCallback | None:
        if is_from_queue:
            return ToCallback()
        self._faults.refuse(
            place,
            "only callers who are in a queue can be offered a call-back",
            'lead them to a queue whose keys, overflow or overflow_to say "callback"',
        )
        return None

    def _refuse_form(self, text: str, scheme: str, place: Place) -> None:
        near = nearest(scheme, (*_SCHEMES, *LATER_KINDS)) or ""
        if scheme in LATER_KINDS:
            self._faults.refuse(place, f'destinations "{scheme}:" are not available yet', f"use {_FORMS}")
        elif ":" in text and near in _SCHEMES and near != scheme:
            mend = f'did you mean "{near}:{text.partition(":")[2]}"?'
            self._faults.refuse(place, f'"{text}" is no destination', mend)
        else:
            owners = [f"{kind}:{text}" for kind in _NAMING if text in self._names.of(kind)]
            if E164.fullmatch(text):
                owners.append(f"number:{text}")
            mend = f'did you mean "{owners[0]}"?' if owners else self._near_bare(text)
            self._faults.refuse(place, f'"{text}" is no destination', mend)

    def _near_bare(self, text: str) -> str:
        near = nearest(text, (*_WORDS, CALLBACK))
        return f'did you mean "{near}"?' if near else f"write {_FORMS}"


def read_destination(
    section: Section, key: str, destinations: DestinationReader, *, needed: str = "", is_from_queue: bool = False
) -> Destination | None:
    """The destination at a key of a table; None when there is none, or none that can be used."""
    text = section.text(key, needed=needed, example='"queue:NAME"')
    return None if text is None else destinations.read(text, section.place_of(key), is_from_queue=is_from_queue)


_NAMED: Final[Mapping[str, Callable[[str], Destination]]] = {
    "queue": ToQueue,
    "phone": ToPhone,
    "agent": ToAgent,
    "voicemail": ToVoicemail,
}
