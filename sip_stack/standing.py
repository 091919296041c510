"""What a SIP element asks of its peers again and again for as long as it runs, and what such standing questions share.

A REGISTER that keeps us known at a carrier (`registration`) and an OPTIONS that tells whether the carrier is there
(`qualification`) belong to no call and no dialog, and nobody waits for their answers. They share the way in which a
request is asked for (`RequestWanted`, for `SipEndpoint.request`), how a peer's Retry-After is read (RFC 3261 §20.33),
and how long to wait after failures: longer each time, with a bound, and never all at the same moment, because a
thousand telephones that lost one registrar must not come back as one (RFC 5626 §4.5, whose rule this is).

Randomness comes in as `Draw`; whoever has only `Tokens` makes one of them with `draw_from`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from sip_stack.events import RequestId
from sip_stack.grammar import read_number
from sip_stack.headers import NameAddr
from sip_stack.invite_session import Tokens
from sip_stack.message import Response
from sip_stack.uri import SipUri

RETRY_AFTER_S_MAX: Final = 3600
"""Whoever asks to be left alone for longer is asked again after this time."""
DOUBLINGS_MAX: Final = 30

Draw: TypeAlias = Callable[[], float]
"""A number from 0 to below 1, every one as likely as another."""

_CRC_VALUES: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class RequestWanted:
    """A request for `SipEndpoint.request`; its answer goes back to whoever wanted it. `name`: the trunk or target."""

    request_id: RequestId
    name: str
    method: str
    target: SipUri
    from_: NameAddr
    to: NameAddr
    call_id: str
    cseq: int
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BackOff:
    """Waits that double from `first_s` up to `most_s`, each cut by chance to no less than its half."""

    first_s: float
    most_s: float

    def whole_s(self, failures: int) -> float:
        """The wait after so many failures in a row, 1 or more, uncut."""
        return min(self.most_s, self.first_s * 2.0 ** min(failures - 1, DOUBLINGS_MAX))

    def wait_s(self, failures: int, draw: Draw) -> float:
        """How long to wait after so many failures in a row, 1 or more."""
        return self.whole_s(failures) * (1.0 + draw()) / 2


def draw_from(tokens: Tokens) -> Draw:
    """Chance out of unguessable texts."""
    return lambda: zlib.crc32(tokens.token().encode()) / _CRC_VALUES


def retry_after_s(response: Response | None) -> int | None:
    """The seconds of a Retry-After, at most RETRY_AFTER_S_MAX; None when there is none that can be read."""
    value = None if response is None else response.headers.get("Retry-After")
    if value is None:
        return None
    digits = value.partition("(")[0].partition(";")[0].strip()
    seconds = read_number(digits, 2**32 - 1)
    return None if seconds is None else min(seconds, RETRY_AFTER_S_MAX)
