"""Two SIP endpoints on a virtual wire with a virtual clock, and one alone that is talked to in raw text.

A `Party` is an endpoint with a record of what it sent and when, and of what it told its owner. A `Pair` carries the
messages of two parties to each other; the wire loses, delays and doubles what a test names by label: the method of a
request (`INVITE`), or status and method of a response (`200 INVITE`).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from sip_stack.endpoint import SipEndpoint
from sip_stack.events import SendMessage, SipOutput
from sip_stack.flow import Address, Flow, Transport
from sip_stack.headers import NameAddr
from sip_stack.message import Message, Request, Response
from sip_stack.parser import parse_message
from sip_stack.uri import SipUri
from tests.counted_tokens import CountedTokens

ALICE = Address("192.0.2.1", 5060)
BOB = Address("198.51.100.2", 5060)
TURNS_MAX = 10_000

E = TypeVar("E")


class Clock:
    """Seconds, moved by the test."""

    def __init__(self) -> None:
        self.now = 0.0


@dataclass(frozen=True)
class Sent:
    """One message on its way."""

    at: float
    flow: Flow
    data: bytes
    message: Message

    @property
    def label(self) -> str:
        if isinstance(self.message, Response):
            return f"{self.message.status} {self.message.cseq.method}"
        return self.message.method


class Party:
    """An endpoint, and the record of what came out of it."""

    def __init__(
        self, name: str, here: Address, there: Address, transport: Transport = "udp", clock: Clock | None = None
    ) -> None:
        self.endpoint = SipEndpoint(tokens=CountedTokens(name))
        self.flow = Flow(transport, here, there)
        self.clock = clock or Clock()
        self._sent: list[Sent] = []
        self._told: list[SipOutput] = []

    @property
    def now(self) -> float:
        return self.clock.now

    def hear(self, data: bytes, flow: Flow | None = None) -> None:
        """One message arrives now."""
        self.endpoint.receive_datagram(data, flow or self.flow, self.now)

    def run_until(self, at: float) -> None:
        """Does all that is due until then, each at its time."""
        self._collect()
        while (due := self.endpoint.next_deadline()) is not None and due <= at:
            self.clock.now = max(due, self.now)
            self.endpoint.handle_timeout(self.now)
            self._collect()
        self.clock.now = at

    def sent(self, label: str | None = None) -> list[Sent]:
        self._collect()
        return [each for each in self._sent if label in (None, each.label)]

    def labels(self) -> list[str]:
        return [each.label for each in self.sent()]

    def times(self, label: str) -> list[float]:
        return [each.at for each in self.sent(label)]

    def last_request(self, method: str) -> Request:
        message = self.sent(method)[-1].message
        assert isinstance(message, Request)
        return message

    def last_response(self) -> Response:
        message = self.sent()[-1].message
        assert isinstance(message, Response)
        return message

    def told(self, kind: type[E]) -> list[E]:
        """The events of one kind, in order."""
        self._collect()
        return [each for each in self._told if isinstance(each, kind)]

    def told_names(self) -> list[str]:
        self._collect()
        return [type(each).__name__ for each in self._told]

    def invite(
        self, session: str = "call", *, body: bytes = b"", headers: Sequence[tuple[str, str]] = (), user: str = "bob"
    ) -> None:
        target = SipUri.parse(f"sip:{user}@{self.flow.remote}")
        me = NameAddr.parse("<sip:alice@example.org>")
        you = NameAddr.parse(f"<sip:{user}@example.org>")
        self.endpoint.invite(
            session, flow=self.flow, target=target, from_=me, to=you, body=body, headers=headers, now=self.now
        )

    def _collect(self) -> None:
        for output in self.endpoint.drain():
            if isinstance(output, SendMessage):
                self._sent.append(Sent(self.now, output.flow, output.data, parse_message(output.data)))
            else:
                self._told.append(output)


class Pair:
    """Alice and Bob. Messages arrive at once unless the test has arranged otherwise."""

    def __init__(self, transport: Transport = "udp") -> None:
        self.clock = Clock()
        self.alice = Party("a", ALICE, BOB, transport, self.clock)
        self.bob = Party("b", BOB, ALICE, transport, self.clock)
        self._carried = {self.alice.endpoint: 0, self.bob.endpoint: 0}
        self._in_flight: list[tuple[float, int, Party, bytes]] = []
        self._order = count()
        self._fates: dict[str, list[tuple[float, ...]]] = {}

    def lose(self, label: str, times: int = 1) -> None:
        """The next so many messages of that label never arrive."""
        self._fates.setdefault(label, []).extend([()] * times)

    def delay(self, label: str, seconds: float) -> None:
        """The next message of that label arrives later."""
        self._fates.setdefault(label, []).append((seconds,))

    def double(self, label: str, seconds: float = 0.0) -> None:
        """The next message of that label arrives at once, and so much later again."""
        self._fates.setdefault(label, []).append((0.0, seconds))

    def run_until(self, at: float) -> None:
        """Carries messages and lets timers fire until then."""
        for _ in range(TURNS_MAX):
            self._carry()
            due = self._next()
            if due is None or due > at:
                self.clock.now = at
                return
            self.clock.now = max(due, self.clock.now)
            if self._in_flight and self._in_flight[0][0] <= self.clock.now:
                _, _, party, data = heapq.heappop(self._in_flight)
                party.hear(data)
            else:
                for party in (self.alice, self.bob):
                    party.endpoint.handle_timeout(self.clock.now)
        raise AssertionError(f"more than TURNS_MAX = {TURNS_MAX} turns")

    def settle(self) -> None:
        """All that happens without time going on."""
        self.run_until(self.clock.now)

    def talk(self, session: str = "call") -> str:
        """Alice calls, Bob answers, the ACK has arrived; returns Bob's name for the session."""
        self.alice.invite(session)
        self.settle()
        called = self.bob.told_names().count("SessionInvited")
        bobs = f"in-{called}"
        self.bob.endpoint.accept(bobs, b"", self.clock.now)
        self.settle()
        return bobs

    def _next(self) -> float | None:
        deadlines = [self.alice.endpoint.next_deadline(), self.bob.endpoint.next_deadline()]
        deadlines += [each[0] for each in self._in_flight[:1]]
        return min((each for each in deadlines if each is not None), default=None)

    def _carry(self) -> None:
        for party, other in ((self.alice, self.bob), (self.bob, self.alice)):
            sent = party.sent()
            for each in sent[self._carried[party.endpoint] :]:
                fates = self._fates.get(each.label)
                for delay_s in fates.pop(0) if fates else (0.0,):
                    heapq.heappush(self._in_flight, (each.at + delay_s, next(self._order), other, each.data))
            self._carried[party.endpoint] = len(sent)


def request(
    method: str, *, branch: str = "z9hG4bK-1", cseq: int = 1, to_tag: str | None = None, from_tag: str = "phone",
    via: str | None = None, call_id: str = "call-1", uri: str = "sip:bob@198.51.100.2", max_forwards: str = "70",
    lines: Sequence[str] = ("Contact: <sip:alice@192.0.2.1:5060>",), body: str = "",
) -> bytes:  # fmt: skip
    """The text of a request as a phone at ALICE sends it to BOB, `lines` added to the mandatory headers."""
    tag = "" if to_tag is None else f";tag={to_tag}"
    text = [
        f"{method} {uri} SIP/2.0",
        f"Via: {via or f'SIP/2.0/UDP 192.0.2.1:5060;branch={branch};rport'}",
        f"Max-Forwards: {max_forwards}",
        f"From: <sip:alice@example.org>;tag={from_tag}",
        f"To: <sip:bob@example.org>{tag}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        *lines,
        f"Content-Length: {len(body)}",
        "",
        body,
    ]
    return "\r\n".join(text).encode()


def answer(to: Request, status: int, *, tag: str = "far", lines: Sequence[str] | None = None, body: str = "") -> bytes:
    """The text of a phone's answer to a request that it got; a 2xx to INVITE has a Contact unless `lines` says else."""
    to_value = to.headers.get("To") or ""
    if "tag=" not in to_value and status > 100:
        to_value += f";tag={tag}"
    if lines is None:
        lines = (f"Contact: <sip:{tag}@198.51.100.2:5060>",) if to.method == "INVITE" and status < 300 else ()
    text = [
        f"SIP/2.0 {status} Any",
        *(f"Via: {value}" for value in to.headers.get_all_raw("Via")),
        f"From: {to.headers.get('From')}",
        f"To: {to_value}",
        f"Call-ID: {to.headers.get('Call-ID')}",
        f"CSeq: {to.headers.get('CSeq')}",
        *lines,
        f"Content-Length: {len(body)}",
        "",
        body,
    ]
    return "\r\n".join(text).encode()
