"""What things may be called: names of tables, and words that are typed or keyed.

Names are dialled, typed and shown, so they hold letters, digits, `_`, `.` and `-`; a number's name is what callers
dial, and what is keyed at a telephone is digits.
"""

from __future__ import annotations

import re
from typing import Final

from softswitch.settings.destinations import E164, INTERNAL_DIGITS
from softswitch.settings.faults import Faults, Place
from softswitch.settings.section import Section

NAME_CHARS_MAX: Final = 64
KEYED_DIGITS_MAX: Final = 32

_PREFIX: Final = re.compile(r"\+[1-9][0-9]{0,14}")
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def check_name(kind: str, name: str, place: Place, faults: Faults) -> None:
    """Refuses what cannot be the name of a table of this kind."""
    if kind == "number":
        if not (E164.fullmatch(name) or INTERNAL_DIGITS.fullmatch(name)):
            mend = f'write [number."+{name.lstrip("+0")}"]' if re.fullmatch(r"\+?[0-9]+", name) else (
                'write it with country code, [number."+46850010000"], or as digits that phones here dial'
            )  # fmt: skip
            faults.refuse(place, f'"{name}" is no number that can be dialled', mend)
    else:
        check_word(kind, name, place, faults)


def check_word(kind: str, name: str, place: Place, faults: Faults) -> bool:
    """Whether this can be the name of a `kind`; refuses it otherwise."""
    if len(name) > NAME_CHARS_MAX:
        faults.refuse(place, f"the name is longer than NAME_CHARS_MAX = {NAME_CHARS_MAX}", "shorten it")
    elif not _NAME.fullmatch(name):
        mend = "use letters a to z, digits, _, . and -, and begin with a letter or digit"
        faults.refuse(place, f'"{name}" cannot be the name of a {kind}', mend)
    else:
        return True
    return False


def keyed(section: Section, key: str, what: str, example: str, faults: Faults) -> str | None:
    """Digits that somebody keys at a telephone: a PIN, an agent's or a mailbox's number."""
    text = section.text(key, example=f'digits in quotes, such as "{example}"')
    if text is None or re.fullmatch(rf"[0-9]{{1,{KEYED_DIGITS_MAX}}}", text):
        return text
    faults.refuse(
        section.place_of(key), f"{what} is keyed: 1 to {KEYED_DIGITS_MAX} digits, nothing else", "write only digits"
    )
    return None


def read_prefixes(section: Section, key: str, faults: Faults, *, needed: str = "") -> tuple[str, ...]:
    """What outside numbers must begin with, each at least a country code: never all the numbers in the world."""
    prefixes: list[str] = []
    for entry in section.texts(key, needed=needed, example='["+46"]') or ():
        if _PREFIX.fullmatch(entry.value):
            prefixes.append(entry.value)
        else:
            mend = f'did you mean "+{entry.value}"?' if _PREFIX.fullmatch(f"+{entry.value}") else (
                'write a country code or the beginning of a number, such as "+46"'
            )  # fmt: skip
            faults.refuse(entry.place, f'"{entry.value}" is nothing that numbers begin with', mend)
    return tuple(prefixes)
