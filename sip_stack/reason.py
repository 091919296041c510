"""Reason (RFC 3326): why a request or an answer was sent, in the words of another protocol.

Of interest are two: `SIP`, which a CANCEL uses to say that the call was completed elsewhere, and `Q.850`, the causes of
the telephone network (ITU-T Q.850), of which many fall into one SIP status (RFC 4497 §8.4). RFC 6432 allows them in
answers. A value that cannot be read says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sip_stack.grammar import parse_params, read_number
from sip_stack.message import Request, Response

Q850: Final = "Q.850"
Q850_MAX: Final = 127
REASONS_MAX: Final = 8
"""So many values of one message are read."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One value. `protocol` as it is registered, in capitals."""

    protocol: str
    cause: int
    text: str = ""

    def __str__(self) -> str:
        text = f';text="{self.text}"' if self.text else ""
        return f"{self.protocol};cause={self.cause}{text}"


def reasons_of(message: Request | Response) -> tuple[Reason, ...]:
    """Those that can be read, in their order."""
    found = []
    for value in message.headers.all("Reason")[:REASONS_MAX]:
        protocol, semicolon, rest = value.partition(";")
        params = dict(parse_params(semicolon + rest))
        cause = read_number(params.get("cause") or "", 999)
        if cause is not None:
            found.append(Reason(protocol.strip().upper(), cause, (params.get("text") or "").strip('"')))
    return tuple(found)


def q850_of(message: Request | Response | None) -> int | None:
    """The cause that the telephone network gave, None where it gave none."""
    for reason in () if message is None else reasons_of(message):
        if reason.protocol == Q850 and reason.cause <= Q850_MAX:
            return reason.cause
    return None
