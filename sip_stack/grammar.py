"""The small words of RFC 3261 §25: tokens, quoted strings, escapes, and cutting text at the right commas.

Everything here works on decoded text of bounded length and never backtracks: what the patterns repeat begins with
different characters, so that hostile text costs time in proportion to its length.
"""

from __future__ import annotations

import re
from typing import Final

from sip_stack.errors import MalformedMessage

PARTS_MAX: Final = 256
"""Elements of one header line or parameters of one element; what people send has a dozen."""

TOKEN: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")

_USER_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()&=+$,;?/")
_PARAM_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()[]/:&+$")
_QUOTED: Final = r'"(?:[^"\\]+|\\.)*"?'
_BRACKETED: Final = rf'<(?:[^">]+|{_QUOTED})*>?'
_PARTS: Final = {
    separator: re.compile(rf'(?:[^"<{separator}]+|{_QUOTED}|{_BRACKETED})*', re.DOTALL) for separator in ",;"
}
"""Texts up to a separator. None of these can fail behind what it has matched, so nothing is ever tried twice."""
_TOO_MANY_PARTS: Final = f"more than PARTS_MAX = {PARTS_MAX} parts in a header"
_WITHOUT_ESCAPE: Final = re.compile(r"\\?(.[^\\]*)", re.DOTALL)
_ESCAPED: Final = re.compile(r"%([0-9A-Fa-f]{2})")


def is_token(text: str) -> bool:
    return TOKEN.fullmatch(text) is not None


def split_outside(text: str, separator: str) -> list[str]:
    """Cuts at a comma or semicolon outside quotes and angle brackets; parts are stripped, empty ones kept.

    Raises MalformedMessage for more than PARTS_MAX parts.
    """
    if separator not in text:
        return [text.strip()]
    if '"' not in text and "<" not in text:
        parts = text.split(separator, PARTS_MAX)
        if len(parts) > PARTS_MAX:
            raise MalformedMessage(_TOO_MANY_PARTS)
        return [part.strip() for part in parts]
    parts = []
    part = _PARTS[separator]
    position = 0
    while True:
        found = part.match(text, position)
        end = position if found is None else found.end()
        parts.append(text[position:end].strip())
        if end == len(text):
            return parts
        if len(parts) >= PARTS_MAX:
            raise MalformedMessage(_TOO_MANY_PARTS)
        position = end + 1


def unquote(text: str) -> str:
    """The content of a quoted string; text without quotes comes back as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    return inner if "\\" not in inner else "".join(_WITHOUT_ESCAPE.findall(inner))


def quote(text: str) -> str:
    """A quoted string; what cannot stand in a header (control characters) is left out."""
    clean = "".join(char for char in text if char >= " " and char != "\x7f")
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unescape(text: str) -> str:
    """Resolves %HH; bytes that are no UTF-8 become U+FFFD."""
    if "%" not in text:
        return text
    data = bytearray()
    position = 0
    for match in _ESCAPED.finditer(text):
        data += text[position : match.start()].encode()
        data.append(int(match.group(1), 16))
        position = match.end()
    data += text[position:].encode()
    return data.decode("utf-8", "replace")


def escape_user(text: str) -> str:
    """The user part of a URI with all that is not allowed there as %HH."""
    return _escape(text, _USER_PLAIN)


def escape_param(text: str) -> str:
    """A URI parameter's name or value with all that is not allowed there as %HH."""
    return _escape(text, _PARAM_PLAIN)


def _escape(text: str, plain: frozenset[str]) -> str:
    if plain.issuperset(text):
        return text
    return "".join(
        char if char in plain else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace")) for char in text
    )


def parse_params(text: str) -> tuple[tuple[str, str | None], ...]:
    """`;name=value;flag` as pairs, names in lower case, values as written."""
    found: list[tuple[str, str | None]] = []
    for part in split_outside(text, ";"):
        if part:
            name, has_value, value = part.partition("=")
            found.append((name.strip().lower(), value.strip() if has_value else None))
    return tuple(found)


def format_params(params: tuple[tuple[str, str | None], ...]) -> str:
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in params)


def read_number(text: str, largest: int) -> int | None:
    """A decimal number of ASCII digits from 0 to `largest`; None for any other text.

    `int` alone would take signs, spaces, underscores and the digits of other scripts, and fail for very long texts.
    """
    if not text.isascii() or not text.isdigit():
        return None
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(largest)):
        return None
    value = int(digits)
    return value if value <= largest else None
