"""Keypresses in INFO: `application/dtmf-relay` and `application/dtmf`, as telephones without RFC 4733 send them.

Neither was ever standardised (RFC 6086 §1 tells why); both are a key per message. The first is lines of `Signal=` and
`Duration=`, the second the key alone. Keys are 0 to 9, `*`, `#`, A to D; some write `*` and `#` as 10 and 11. The
duration is of no use here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sip_stack.message import Request

RELAY: Final = "application/dtmf-relay"
PLAIN: Final = "application/dtmf"
BODY_BYTES_MAX: Final = 256

_KEYS: Final = frozenset("0123456789*#ABCD")
_NUMBERED: Final[Mapping[str, str]] = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}


def is_keypress(request: Request) -> bool:
    """Whether an INFO claims to be one."""
    return _kind(request) in (RELAY, PLAIN)


def key_of(request: Request) -> str | None:
    """The key, None where there is none that we know (a flash, nonsense)."""
    if len(request.body) > BODY_BYTES_MAX:
        return None
    text = request.body.decode("ascii", "replace")
    if _kind(request) == RELAY:
        pairs = [line.partition("=") for line in text.splitlines()]
        text = next((value for name, _, value in pairs if name.strip().lower() == "signal"), "")
    written = text.strip().upper()
    key = _NUMBERED.get(written, written)
    return key if key in _KEYS else None


def _kind(request: Request) -> str:
    return (request.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
