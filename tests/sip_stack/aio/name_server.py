"""A DNS server on loopback with a zone that a test writes, spoken to by whatever asks it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from sip_stack.flow import Address

Zone = Mapping[tuple[str, str], list[str]]
"""By name and kind: the records as a zone file writes them. A name with no record of any kind is not there."""


class NameServer(asyncio.DatagramProtocol):
    """`asked`: what it was asked, in order; `changes`: how often its zone was changed.

    While `is_silent` it says nothing.
    """

    def __init__(self, zone: Zone, ttl_s: int = 300) -> None:
        self.zone = zone
        self.ttl_s = ttl_s
        self.asked: list[tuple[str, str]] = []
        self.is_silent = False
        self.changes = 0
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> Address:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return Address(*self._transport.get_extra_info("sockname")[:2])

    def change(self, zone: Zone) -> None:
        """The zone is another from now on."""
        self.zone = zone
        self.changes += 1

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        asked = question.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind))
        if self.is_silent or self._transport is None:
            return
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        records = self.zone.get((name, kind))
        if records:
            answer.answer.append(dns.rrset.from_text(asked.name, self.ttl_s, "IN", kind, *records))
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)
