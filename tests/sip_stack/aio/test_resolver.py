"""RFC 3263 asked of a real name server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from sip_stack.aio import resolver
from sip_stack.aio.resolver import Resolver
from sip_stack.flow import Address, Transport
from sip_stack.resolution import NextHop
from sip_stack.uri import SipUri
from tests.sip_stack.aio.name_server import NameServer, Zone

CARRIER: Zone = {
    ("carrier.example", "NAPTR"): [
        '20 10 "s" "SIP+D2U" "" _sip._udp.carrier.example.',
        '10 10 "s" "SIP+D2T" "" _sip._tcp.carrier.example.',
    ],
    ("_sip._udp.carrier.example", "SRV"): ["10 1 5060 a.carrier.example.", "20 1 5062 b.carrier.example."],
    ("_sip._tcp.carrier.example", "SRV"): ["10 1 5070 b.carrier.example."],
    ("a.carrier.example", "A"): ["192.0.2.1"],
    ("b.carrier.example", "A"): ["192.0.2.2"],
    ("b.carrier.example", "AAAA"): ["2001:db8::2"],
}


async def led(
    server: NameServer, uri: str, *, transports: Sequence[Transport] = ("udp", "tcp"), at: Sequence[float] = (0.0,)
) -> list[tuple[NextHop, ...]]:
    """Where the URI leads, asked at these times of one resolver."""
    asked = Resolver(lambda _: 0, [await server.open()])
    try:
        return [await asked.hops(SipUri.parse(uri), transports, now) for now in at]
    finally:
        server.close()


def places(hops: tuple[NextHop, ...]) -> list[tuple[str, str]]:
    return [(hop.transport, str(hop.address)) for hop in hops]


def test_the_carriers_dns_says_transport_hosts_and_ports() -> None:
    (hops,) = asyncio.run(led(NameServer(CARRIER), "sip:carrier.example"))
    assert places(hops) == [("tcp", "192.0.2.2:5070"), ("tcp", "[2001:db8::2]:5070")]


def test_a_transport_that_is_asked_for_needs_no_naptr() -> None:
    server = NameServer(CARRIER)
    (hops,) = asyncio.run(led(server, "sip:carrier.example;transport=udp"))
    assert places(hops) == [("udp", "192.0.2.1:5060"), ("udp", "192.0.2.2:5062"), ("udp", "[2001:db8::2]:5062")]
    assert ("carrier.example", "NAPTR") not in server.asked


def test_a_port_needs_no_srv() -> None:
    server = NameServer(CARRIER)
    (hops,) = asyncio.run(led(server, "sip:b.carrier.example:5099"))
    assert places(hops) == [("udp", "192.0.2.2:5099"), ("udp", "[2001:db8::2]:5099")]
    assert {kind for _, kind in server.asked} == {"A", "AAAA"}


def test_a_name_that_is_not_there_leads_nowhere() -> None:
    assert asyncio.run(led(NameServer(CARRIER), "sip:nobody.example")) == [()]


def test_what_was_answered_is_not_asked_again_while_it_holds() -> None:
    server = NameServer(CARRIER, ttl_s=60)
    asyncio.run(led(server, "sip:a.carrier.example:5060", at=(0.0, 59.0)))
    assert server.asked.count(("a.carrier.example", "A")) == 1
    again = NameServer(CARRIER, ttl_s=60)
    asyncio.run(led(again, "sip:a.carrier.example:5060", at=(0.0, 61.0)))
    assert again.asked.count(("a.carrier.example", "A")) == 2


def test_when_nobody_answers_any_more_what_was_known_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "ANSWER_S_MAX", 0.2)

    async def asked() -> list[tuple[NextHop, ...]]:
        server = NameServer(CARRIER, ttl_s=60)
        one = Resolver(lambda _: 0, [await server.open()])
        uri = SipUri.parse("sip:a.carrier.example:5060")
        first = await one.hops(uri, ("udp",), 0.0)
        server.is_silent = True
        later = await one.hops(uri, ("udp",), 100.0)
        never = await one.hops(SipUri.parse("sip:b.carrier.example:5060"), ("udp",), 100.0)
        server.close()
        return [first, later, never]

    first, later, never = asyncio.run(asked())
    assert first == later == (NextHop("udp", Address("192.0.2.1", 5060), "a.carrier.example"),)
    assert never == ()
