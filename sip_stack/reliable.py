"""Reliable provisional answers (RFC 3262) as values: RSeq, RAck, and what each side remembers of them.

A provisional answer that requires `100rel` carries a number (RSeq), is repeated like a 2xx, and is acknowledged by a
request of its own (PRACK) that names it (RAck). The called side has one unacknowledged at a time; the calling side
acknowledges them in order, in the early dialog of whoever sent them. One may carry the session's description: an answer
is then settled, whatever a later 2xx says; an offer, which it must carry where the INVITE had none, is answered in the
PRACK (§5).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sip_stack.dialog import DialogState
from sip_stack.grammar import read_number
from sip_stack.message import Request, Response

OPTION: Final = "100rel"
RSEQ_MAX: Final = 2**32 - 1


@dataclass(slots=True)
class Provisionals:
    """Ours to one INVITE. `rseq` is the last that we sent, with `status`, and `is_unacknowledged` until its PRACK;
    `interval_s` lies between two of it, `queued` is what is to be said next: status, headers and SDP. `has_offer`: the
    last carried our offer; `is_settled`: a PRACK brought the answer to it.
    """

    rseq: int = 0
    status: int = 0
    is_unacknowledged: bool = False
    interval_s: float = 0.0
    queued: tuple[int, Sequence[tuple[str, str]], bytes] | None = None
    has_offer: bool = False
    is_settled: bool = False


@dataclass(frozen=True, slots=True)
class EarlyDialog:
    """Whoever answered our INVITE reliably: `rseq` is the last in order, `answer` the SDP that one of them carried.

    It outlives the session, with its INVITE: a branch that picks up too is ended with numbers that go on from here.
    """

    dialog: DialogState
    rseq: int
    answer: bytes


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


def wants_early_offer(invite: Request) -> bool:
    """Whether our first provisional answer must carry the offer: it is reliable, and the INVITE has none (§5)."""
    return not invite.body and OPTION in invite.require


def first_rseq(tag: str) -> int:
    """Where the numbers of a session begin: its unguessable tag decides, far from where they end (§3)."""
    return 1 + int.from_bytes(hashlib.sha256(tag.encode()).digest()[:3], "big")
