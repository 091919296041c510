"""Asks the DNS where a SIP URI leads: the thin shell around `resolution` (RFC 3263), over dnspython.

Names are asked of the DNS alone, not of a hosts file: SRV and NAPTR live nowhere else. What was answered is remembered
for as long as it says, and whoever does not answer in time has said nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV

from sip_stack.flow import Address, Transport
from sip_stack.resolution import (
    ADDRESSES_PER_NAME_MAX,
    NOBODY_ANSWERED,
    DnsAnswer,
    DnsCache,
    Naptr,
    NextHop,
    Question,
    Resolution,
    Srv,
    WeightDraw,
)
from sip_stack.uri import SipUri

ANSWER_S_MAX: Final = 5.0
NOTHING_TTL_S: Final = 60.0
"""So long a name counts as not there."""
ROUNDS_MAX: Final = 4
"""NAPTR, SRV, addresses, and one more than RFC 3263 can ask for."""


class Resolver:
    """`servers`: those to ask, at one port, instead of the system's; `draw`: see `resolution`."""

    def __init__(self, draw: WeightDraw, servers: Sequence[Address] = ()) -> None:
        self._draw = draw
        self._servers = tuple(servers)
        self._cache = DnsCache()

    async def hops(self, uri: SipUri, transports: Sequence[Transport], now: float) -> tuple[NextHop, ...]:
        """The places to try, best first; none where the name leads nowhere or nobody answers."""
        resolution = Resolution(uri, draw=self._draw, transports=transports)
        for _ in range(ROUNDS_MAX):
            questions = resolution.questions
            if not questions:
                break
            answers = await asyncio.gather(*(self._answer(question, now) for question in questions))
            for question, answer in zip(questions, answers, strict=True):
                resolution.answered(question, answer)
        return resolution.hops

    async def _answer(self, question: Question, now: float) -> DnsAnswer:
        known = self._cache.get(question, now)
        return known if known is not None else self._cache.put(question, await self._ask(question), now)

    async def _ask(self, question: Question) -> DnsAnswer:
        try:
            resolver = dns.asyncresolver.Resolver(configure=not self._servers)
            if self._servers:
                resolver.nameservers = [server.host for server in self._servers]
                resolver.port = self._servers[0].port
            answer = await resolver.resolve(
                question.name + ".", question.kind, raise_on_no_answer=False, lifetime=ANSWER_S_MAX, search=False
            )
        except dns.resolver.NXDOMAIN:
            return DnsAnswer(ttl_s=NOTHING_TTL_S)
        except (dns.exception.DNSException, OSError):
            return NOBODY_ANSWERED
        return read_answer(question, answer)


def read_answer(question: Question, answer: dns.resolver.Answer) -> DnsAnswer:
    """The records of the kind that was asked for; an answer without any holds for NOTHING_TTL_S."""
    if answer.rrset is None:
        return DnsAnswer(ttl_s=NOTHING_TTL_S)
    ttl_s = float(answer.rrset.ttl)
    if question.kind == "NAPTR":
        naptrs = (record for record in answer.rrset if isinstance(record, NAPTR))
        return DnsAnswer(
            naptrs=tuple(
                Naptr(record.order, record.preference, _text(record.flags), _text(record.service),
                      _name(record.replacement.to_text()))
                for record in naptrs
            ),
            ttl_s=ttl_s,
        )  # fmt: skip
    if question.kind == "SRV":
        srvs = (record for record in answer.rrset if isinstance(record, SRV))
        return DnsAnswer(
            srvs=tuple(
                Srv(record.priority, record.weight, record.port, _name(record.target.to_text())) for record in srvs
            ),
            ttl_s=ttl_s,
        )
    addresses = tuple(record.to_text() for record in answer.rrset)[:ADDRESSES_PER_NAME_MAX]
    return DnsAnswer(addresses=addresses, ttl_s=ttl_s)


def _text(octets: bytes) -> str:
    return octets.decode("ascii", "replace")


def _name(text: str) -> str:
    return text.lower().removesuffix(".")
