"""Reason (RFC 3326): why a request or an answer was sent, in the words of another protocol.

Of interest are two: `SIP`, which a CANCEL uses to say that the call was completed elsewhere, and `Q.850`, the causes of
the telephone network (ITU-T Q.850), of which many fall into one SIP status (RFC 4497 §8.4). RFC 6432 allows them in
answers. A value that cannot be read says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sip_stack.grammar import parse_params, read_number, split_outside
from sip_stack.message import Request, Response

SIP: Final = "SIP"
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


def reason_text(message: Request | Response) -> str | None:
    """All that the message says of its reasons, as it is written; None where it says nothing."""
    return ", ".join(message.headers.get_all_raw("Reason")) or None


def read_reasons(text: str | None) -> tuple[Reason, ...]:
    """Those that can be read, in their order."""
    found = []
    for value in split_outside(text or "", ",")[:REASONS_MAX]:
        protocol, semicolon, rest = value.partition(";")
        params = dict(parse_params(semicolon + rest))
        cause = read_number(params.get("cause") or "", 999)
        if cause is not None:
            found.append(Reason(protocol.strip().upper(), cause, (params.get("text") or "").strip('"')))
    return tuple(found)


def cause_in(protocol: str, text: str | None) -> int | None:
    """The cause that a text of reasons names in the terms of that protocol, None where it names none."""
    found = (reason.cause for reason in read_reasons(text) if reason.protocol == protocol)
    return next((cause for cause in found if protocol != Q850 or cause <= Q850_MAX), None)


def q850_of(message: Request | Response | None) -> int | None:
    """The cause that the telephone network gave, None where it gave none."""
    return None if message is None else cause_in(Q850, reason_text(message))
