"""Telephone numbers as a carrier writes them, and as the house does.

Inside, a number is E.164 with its plus (`+46850010000`). Carriers write it with 00, without any prefix, or as it is
dialled at home (`0850010000`), and want to be written to in the same way. With the `country` of a trunk each of these
can be told from the others; without it a number is left as it came. What is no number at all (a name, `anonymous`, a
short code) always is. Visual separators (RFC 3966 §5.1.1) are dropped.
"""

from __future__ import annotations

import re
from typing import Final

from softswitch.domain.numbers import international
from softswitch.settings import NumberForm

NATIONAL_DIGITS_MIN: Final = 5
"""Fewer digits after the 0, or after the country code without any prefix, are a short code and stay as they are."""

_SEPARATORS: Final = str.maketrans("", "", "-.() ")
_DIGITS: Final = re.compile(r"\+?[0-9]+")


def from_carrier(number: str, country: str | None) -> str:
    """A number of a carrier's as E.164, where it can be told."""
    written = number.translate(_SEPARATORS)
    if not _DIGITS.fullmatch(written):
        return number
    if country is None or written.startswith("+"):
        return written
    if written.startswith("00") or len(written) > NATIONAL_DIGITS_MIN:
        written = international(written, country)
    home = country.removeprefix("+")
    if written.startswith(home) and len(written) >= len(home) + NATIONAL_DIGITS_MIN:
        return f"+{written}"
    return written


def to_carrier(number: str, form: NumberForm, country: str | None) -> str:
    """A number of ours as the carrier wants it; what is no E.164 stays as it is."""
    if not number.startswith("+") or form == "+":
        return number
    if form == "plain":
        return number[1:]
    if form == "national" and country is not None and number.startswith(country):
        return f"0{number.removeprefix(country)}"
    return f"00{number[1:]}"
