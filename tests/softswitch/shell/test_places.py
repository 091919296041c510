"""The names of carriers, asked of a real name server on loopback, become hosts of their trunks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

from sip_stack.aio.resolver import Resolver
from sip_stack.flow import Address
from softswitch.settings import HostName, Settings, load
from softswitch.shell.carriers import Carriers
from softswitch.shell.places import Places
from tests.sip_stack.aio.name_server import NameServer, Zone
from tests.softswitch.settings.offices import change
from tests.softswitch.shell.running import office

HERE = (("udp", Address("10.0.0.1", 5060)), ("tcp", Address("10.0.0.1", 5060)))
NAMED = 'hosts = ["carrier.example"]'
ZONE: Zone = {
    ("_sip._udp.carrier.example", "SRV"): ["1 1 5060 a.carrier.example.", "2 1 5070 b.carrier.example."],
    ("_sip._tcp.carrier.example", "SRV"): ["1 1 5060 b.carrier.example."],
    ("a.carrier.example", "A"): ["192.0.2.1"],
    ("b.carrier.example", "A"): ["192.0.2.2"],
}


def named(folder: Path, hosts: str = NAMED) -> Settings:
    """An office whose carrier is named so."""
    there = office(folder)
    text = (there / "trunks.toml").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("hosts = ")]
    change(there, "trunks.toml", line, hosts)
    return load(there, are_sounds_tried=False)


def played(zone: Zone, story: Callable[[NameServer, Places, list[str]], Coroutine[object, object, None]]) -> list[str]:
    """Runs a story with a name server; returns a word for each time that something had changed."""

    async def run() -> list[str]:
        server, told = NameServer(zone, ttl_s=5), list[str]()
        resolver = Resolver(lambda _: 0, [await server.open()])
        places = Places(resolver, HERE, lambda: told.append("changed"), lambda: 60.0 * server.changes)
        try:
            await story(server, places, told)
        finally:
            server.close()
        return told

    return asyncio.run(run())


def hosts_of(settings: Settings) -> list[str]:
    return [str(host) for host in settings.trunks["carrier"].hosts]


def test_a_name_becomes_its_hosts_and_is_still_what_they_are_called(tmp_path: Path) -> None:
    settings = named(tmp_path)
    assert hosts_of(settings) == []

    async def story(_server: NameServer, places: Places, _told: list[str]) -> None:
        assert places.applied(settings) == settings, "nobody waits for the DNS"
        await places.look(settings)
        trunk = places.applied(settings).trunks["carrier"]
        assert trunk.transport == "udp"
        assert [str(host) for host in trunk.hosts] == ["192.0.2.1:5060", "192.0.2.2:5070"]
        assert set(trunk.led.values()) == {HostName("carrier.example")}
        dial = Carriers(places.applied(settings)).dial(trunk.hosts[0])
        assert dial is not None
        assert dial.name == "carrier.example", "over TLS its certificate must be for the name (RFC 5922)"

    assert played(ZONE, story) == ["changed"]


def test_without_a_transport_in_the_configuration_the_dns_says_it(tmp_path: Path) -> None:
    naptr = {("carrier.example", "NAPTR"): ['1 1 "s" "SIP+D2T" "" _sip._tcp.carrier.example.']}
    by_dns, by_us = named(tmp_path / "one"), named(tmp_path / "two", f'transport = "udp"\n{NAMED}')

    async def story(_server: NameServer, places: Places, _told: list[str]) -> None:
        for settings, expected in ((by_dns, ("tcp", ["192.0.2.2:5060"])), (by_us, ("udp", None))):
            await places.look(settings)
            found = places.applied(settings)
            transport, hosts = expected
            assert found.trunks["carrier"].transport == transport
            assert hosts is None or hosts_of(found) == hosts

    played({**ZONE, **naptr}, story)


def test_a_name_that_leads_elsewhere_is_told_and_one_that_stays_is_not(tmp_path: Path) -> None:
    settings = named(tmp_path, 'hosts = ["127.0.0.9:5060", "a.carrier.example:5080"]')

    async def story(server: NameServer, places: Places, told: list[str]) -> None:
        await places.look(settings)
        await places.look(settings)
        assert told == ["changed"]
        server.change({("a.carrier.example", "A"): ["192.0.2.77"]})
        await places.look(settings)
        assert hosts_of(places.applied(settings)) == ["127.0.0.9:5060", "192.0.2.77:5080"]
        server.change({})
        await places.look(settings)
        assert hosts_of(places.applied(settings)) == ["127.0.0.9:5060", "192.0.2.77:5080"], "what was known stays"

    assert played(ZONE, story) == ["changed", "changed"]


def test_nobody_is_sent_to_places_that_nobody_should_send_to(tmp_path: Path) -> None:
    """Whoever can write a carrier's zone, or forge it, does not make us call ourselves or the whole network."""
    settings = named(tmp_path, 'hosts = ["a.carrier.example:5060"]')
    zone = {("a.carrier.example", "A"): ["224.0.0.5", "0.0.0.0", "169.254.1.1", "10.0.0.1", "192.0.2.1"]}

    async def story(_server: NameServer, places: Places, _told: list[str]) -> None:
        await places.look(settings)
        assert hosts_of(places.applied(settings)) == ["192.0.2.1:5060"]

    played(zone, story)


def test_a_trunk_without_names_is_left_as_it_is(tmp_path: Path) -> None:
    settings = named(tmp_path, 'hosts = ["127.0.0.9:5060"]')

    async def story(server: NameServer, places: Places, _told: list[str]) -> None:
        await places.look(settings)
        assert places.applied(settings) is settings
        assert server.asked == []

    assert played(ZONE, story) == []
