"""Where the names of carriers lead just now: asked for in the background, and put in force when it changes.

The configuration names a carrier's hosts, the DNS says where they are (RFC 3263). A call never waits for that: what was
found last is written into the trunks themselves (`hosts`), and everything below knows addresses only. A name that
nobody answers for keeps what it led to before; one that never led anywhere leaves its trunk without a way out, so that
calls take the next trunk. Places that nobody should send to, ourselves among them, are left out, whatever the DNS says.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias, get_args

import structlog

from sip_stack.aio.resolver import Resolver
from sip_stack.flow import Address
from sip_stack.resolution import NextHop
from sip_stack.uri import SipUri
from softswitch.settings import HostName, ListenTransport, Settings, Trunk
from softswitch.shell.driver import now

LOOK_AGAIN_S: Final = 30.0
"""Names are looked at so often; the DNS itself is asked when what it said holds no longer."""

_Name: TypeAlias = tuple[ListenTransport | None, HostName]

log = structlog.get_logger()


def draw(most: int) -> int:
    """A number from 0 to `most`, for SRV records of one priority."""
    return secrets.randbelow(most + 1)


class Places:
    """What is known of all names. `ours`: where we listen; `changed` is called when a name leads elsewhere."""

    def __init__(
        self,
        resolver: Resolver,
        ours: Sequence[tuple[str, Address]],
        changed: Callable[[], None],
        clock: Callable[[], float] = now,
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._ours = {address for _, address in ours}
        self._transports = tuple(dict.fromkeys(transport for transport, _ in ours))
        self._changed = changed
        self._known: dict[_Name, tuple[NextHop, ...]] = {}
        self._lost: set[_Name] = set()

    def applied(self, settings: Settings) -> Settings:
        """The configuration with the hosts that its names are known to lead to."""
        trunks = {name: self._with_hosts(trunk) for name, trunk in settings.trunks.items()}
        return settings if trunks == settings.trunks else replace(settings, trunks=trunks)

    async def look(self, settings: Settings) -> None:
        """Asks for every name once."""
        is_changed = False
        for name, trunk in settings.trunks.items():
            for host in trunk.names:
                key = (trunk.asked_transport, host)
                found = await self._hops(trunk, host)
                before = self._known.get(key, ())
                if found and set(found) != set(before):
                    self._known[key] = found
                    is_changed = True
                    self._lost.discard(key)
                    hosts = [str(hop.address) for hop in found]
                    log.info("a carrier's name leads to", trunk=name, name=str(host), hosts=hosts)
                elif not found and not before and key not in self._lost:
                    self._lost.add(key)
                    log.warning("a carrier's name leads nowhere", trunk=name, name=str(host))
        if is_changed:
            self._changed()

    async def keep(self, settings: Callable[[], Settings]) -> None:
        """Looks again and again; `settings` are those in force."""
        while True:
            await self.look(settings())
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _hops(self, trunk: Trunk, host: HostName) -> tuple[NextHop, ...]:
        params = (("transport", trunk.asked_transport),) if trunk.asked_transport else ()
        uri = SipUri("sip", None, host.name, host.port, params=params)
        able = tuple(transport for transport in get_args(ListenTransport) if transport in self._transports)
        hops = await self._resolver.hops(uri, able, self._clock())
        return tuple(hop for hop in hops if self._may_send_to(hop.address))

    def _may_send_to(self, address: Address) -> bool:
        host = ipaddress.ip_address(address.host)
        return address not in self._ours and not (host.is_multicast or host.is_unspecified or host.is_link_local)

    def _with_hosts(self, trunk: Trunk) -> Trunk:
        """By the transport of the best place; those that want another are left out."""
        if not trunk.names:
            return trunk
        transport = trunk.transport
        hosts: dict[Address, HostName | None] = {}
        for place in trunk.places:
            if isinstance(place, Address):
                hosts.setdefault(place, None)
                continue
            hops = self._known.get((trunk.asked_transport, place), ())
            if hops and not hosts and not trunk.asked_transport:
                transport = _listened(hops[0])
            for hop in hops:
                if hop.transport == transport:
                    hosts.setdefault(hop.address, place)
        led = {host: name for host, name in hosts.items() if name is not None}
        return replace(trunk, hosts=tuple(hosts), led=led, transport=transport)


def _listened(hop: NextHop) -> ListenTransport:
    transport = hop.transport
    assert transport in ("udp", "tcp", "tls")
    return transport
