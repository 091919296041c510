"""Which country a telephone number in E.164 form belongs to, as far as its country code tells.

The codes have one to three digits, and which of them have one or two is the ITU's list (E.164, list of assigned codes);
all others have three. `+1` and `+7` are shared by several countries, which this does not tell apart.
"""

from __future__ import annotations

from typing import Final

_CODES_OF_ONE_DIGIT: Final = frozenset("17")
_CODES_OF_TWO_DIGITS: Final = frozenset(
    (
        *("20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49"),
        *("51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66"),
        *("81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98"),
    )
)
"""Country codes as E.164 assigns them; all others have three digits."""


def country_code(prefix: str) -> str:
    """The `+46` of a prefix like `+467`; a prefix that is shorter than any code of its zone is all that there is."""
    digits = prefix.removeprefix("+")
    if digits[:1] in _CODES_OF_ONE_DIGIT:
        return f"+{digits[:1]}"
    return f"+{digits[:2]}" if digits[:2] in _CODES_OF_TWO_DIGITS else f"+{digits[:3]}"
