"""Reliable provisional answers (RFC 3262) as values: RSeq, RAck, and what each side remembers of them.

A provisional answer that requires `100rel` carries a number (RSeq), is repeated like a 2xx, and is acknowledged by a
request of its own (PRACK) that names it (RAck). The called side has one unacknowledged at a time; the calling side
acknowledges them in order, in the early dialog of whoever sent them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sip_stack.dialog import DialogState
from sip_stack.grammar import read_number
from sip_stack.message import Request, Response

OPTION: Final = "100rel"
RSEQ_MAX: Final = 2**32 - 1


@dataclass(slots=True)
class Provisionals:
    """Of one INVITE. Called: `rseq` is the last that we sent, with `status`, and `is_unacknowledged` until its PRACK;
    `interval_s` lies between two of it, `queued` is what is to be said next (status and headers). Calling: `heard` are
    the early dialogs by remote tag, each with the last RSeq that was in order.
    """

    rseq: int = 0
    status: int = 0
    is_unacknowledged: bool = False
    interval_s: float = 0.0
    queued: tuple[int, Sequence[tuple[str, str]]] | None = None
    heard: dict[str, tuple[DialogState, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RAck:
    """What a PRACK acknowledges: the RSeq, and CSeq number and method of the request that was answered (§7.2)."""

    rseq: int
    cseq: int
    method: str

    def __str__(self) -> str:
        return f"{self.rseq} {self.cseq} {self.method}"


def rack_of(request: Request) -> RAck | None:
    """None where it cannot be read."""
    parts = (request.headers.get("RAck") or "").split()
    if len(parts) != 3:  # RFC 3262 §7.2: two numbers and a method
        return None
    rseq, cseq = read_number(parts[0], RSEQ_MAX), read_number(parts[1], RSEQ_MAX)
    return None if rseq is None or cseq is None else RAck(rseq, cseq, parts[2])


def rseq_of(response: Response) -> int | None:
    """The number of a provisional answer that is to be acknowledged, None for any other."""
    if response.status <= 100 or OPTION not in response.headers.all("Require"):  # 100 never is (§3)
        return None
    return read_number((response.headers.get("RSeq") or "").strip(), RSEQ_MAX)


def first_rseq(tag: str) -> int:
    """Where the numbers of a session begin: its unguessable tag decides, far from where they end (§3)."""
    return 1 + int.from_bytes(hashlib.sha256(tag.encode()).digest()[:3], "big")
