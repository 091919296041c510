"""Carriers: who comes by them, how they are reached, and whether they answer.

A trunk is recognised by the source of a request alone, so `accept_from` is its door key. Going out, its `hosts` are
tried in order (RFC 3263 §4.3 says when the next one may be tried), those that are known to be down last; and after
one trunk the next. Hosts are addresses here: where the configuration has names, the shell says where they lead. A
trunk's state is what we last saw of it: anything it sends is a sign of life, an INVITE or a question (`standing`)
without any answer the opposite.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sip_stack.digest import Credentials
from sip_stack.failover import FlowHealth
from sip_stack.flow import Address, Flow
from sip_stack.message import Response
from sip_stack.uri import SipUri
from softswitch.settings import Trunk
from softswitch.signalling.number_forms import from_carrier, to_carrier

SOURCES_REMEMBERED_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class Target:
    """One way to try: the Request-URI and the flow that the INVITE goes out by; `trunk` where it is a carrier's.

    `routes`: the proxies on the way to a phone; `q`: how much it wants to be rung there rather than elsewhere.
    """

    uri: SipUri
    flow: Flow
    trunk: str | None = None
    routes: tuple[str, ...] = ()
    q: float = 1.0


class Trunks:
    """All carriers of the office. `listening`: our bound addresses with their transports, in configured order."""

    def __init__(self, trunks: Mapping[str, Trunk], listening: tuple[tuple[str, Address], ...]) -> None:
        self._trunks = trunks
        self._listening = listening
        self._is_reachable: dict[str, bool | None] = dict.fromkeys(trunks)
        self._health = FlowHealth()
        self._down: dict[tuple[str, Address], None] = {}
        self._trunks_down: dict[str, None] = {}

    def reload(self, trunks: Mapping[str, Trunk]) -> None:
        """Takes over a new configuration; what is known of carriers that stay is kept."""
        self._trunks = trunks
        self._is_reachable = {name: self._is_reachable.get(name) for name in trunks}

    def of_source(self, flow: Flow) -> str | None:
        """The trunk whose `accept_from` fits; the port is compared on UDP when one is given."""
        source = _parsed(flow.remote.host)
        for name, trunk in self._trunks.items():
            for accept in trunk.accept_from:
                if source in accept.network and (
                    accept.port is None or flow.transport != "udp" or accept.port == flow.remote.port
                ):
                    return name
        return None

    def ways_out(
        self, number: str, allowed: Sequence[str] | None, calls: Callable[[str], int], now: float
    ) -> list[Target]:
        """The ways to reach a number, best first: by each allowed trunk in order, those that are down only if all are.

        `calls`: how many a trunk carries just now; one that carries as many as it may is left out.
        """
        able = [name for name in self._known(allowed) if not self._is_full(name, calls)]
        names = [name for name in able if not self.is_down(name)] or able
        return [target for name in names for target in self.targets(name, number, now)]

    def emergency_ways_out(self, number: str, allowed: Sequence[str] | None, now: float) -> list[Target]:
        """The ways for an emergency call: by every trunk that may carry it, full or not, those that are down last."""
        names = sorted(self._known(allowed), key=self.is_down)
        ways = [target for name in names for target in self.targets(name, number, now, is_emergency=True)]
        return sorted(ways, key=lambda way: self._health.is_spared(way.flow, now))

    def are_full(self, allowed: Sequence[str] | None, calls: Callable[[str], int]) -> bool:
        """Whether there are trunks, and each of them carries as many calls as it may."""
        known = self._known(allowed)
        return bool(known) and all(self._is_full(name, calls) for name in known)

    def plan(self, trunk: str) -> Trunk:
        """What the office says of it."""
        return self._trunks[trunk]

    def number_of(self, trunk: str, written: str) -> str:
        """A number that the carrier wrote, as we write it."""
        return from_carrier(written, self._trunks[trunk].country)

    def is_from(self, flow: Flow) -> bool:
        """Whether a flow is a trunk's: it may call by it, or we call it there."""
        return self.of_source(flow) is not None or self.is_at(flow.remote)

    def is_at(self, address: Address) -> bool:
        """Whether we call a trunk at this address and port."""
        return any(address in each.hosts for each in self._trunks.values())

    def targets(self, trunk: str, number: str, now: float, *, is_emergency: bool = False) -> list[Target]:
        """The ways to reach a number through the trunk, best first; empty when we listen on no fitting address.

        A host that asked to be spared is left out for as long as it wants, but not where somebody calls for help.
        """
        hosts = sorted(self._trunks[trunk].hosts, key=lambda host: (trunk, host) in self._down)
        flows = {flow: host for host in hosts if (flow := self.flow_to(trunk, host)) is not None}
        found = []
        for flow in flows if is_emergency else self._health.in_order(flows, now):
            host = flows[flow]
            name = self._trunks[trunk].led.get(host)
            domain, port = (host.host, host.port) if name is None else (name.name, name.port)
            uri = SipUri("sip", self._written(trunk, number), domain, port, params=transport_of(flow))
            found.append(Target(uri, flow, trunk))
        return found

    def flow_to(self, trunk: str, host: Address) -> Flow | None:
        """How requests reach a host of the trunk, None when we listen on no fitting address."""
        transport = self._trunks[trunk].transport
        local = self._local_for(host, transport)
        return None if local is None else Flow(transport, local, host)

    def stream_beside(self, flow: Flow) -> Flow | None:
        """The flow over TCP to where a carrier is called over UDP, None for others, or where we listen on no TCP."""
        local = self._local_for(flow.remote, "tcp") if self.is_at(flow.remote) else None
        return None if local is None else Flow("tcp", local, flow.remote)

    def note_silence(self, flow: Flow, now: float) -> None:
        """A host gave no answer to a call: it comes last for a while."""
        self._health.failed(flow, None, now)

    def note_answer(self, flow: Flow, response: Response | None, now: float) -> None:
        """What a host said to a call; one that says 503 comes last, or is spared for as long as it asks."""
        if response is not None and response.status == 503:
            self._health.failed(flow, response, now)
        else:
            self._health.answered(flow)

    def note_host(self, trunk: str, host: Address, *, is_up: bool) -> None:
        """A host answers, or does not: then it is tried after the others."""
        if is_up:
            self._down.pop((trunk, host), None)
        else:
            self._down[trunk, host] = None

    def is_down(self, trunk: str) -> bool:
        """Whether a trunk is known to carry no calls just now."""
        return trunk in self._trunks_down

    def note_trunk(self, trunk: str, *, is_up: bool) -> None:
        """A trunk can carry calls, or cannot: then it is tried only where nothing else is left."""
        if is_up:
            self._trunks_down.pop(trunk, None)
        else:
            self._trunks_down[trunk] = None

    def caller_id(self, trunk: str, chosen: str | None = None, *, is_emergency: bool = False) -> str | None:
        """What we show on a call that goes out by it: what was chosen, else the trunk's; the site's in an emergency."""
        plan = self._trunks[trunk]
        shown = (plan.emergency_caller_id if is_emergency else chosen) or plan.caller_id
        return None if shown is None else self._written(trunk, shown)

    def _known(self, allowed: Sequence[str] | None) -> list[str]:
        """Those of the allowed trunks that there are; None allows all."""
        return [name for name in (self._trunks if allowed is None else allowed) if name in self._trunks]

    def _is_full(self, name: str, calls: Callable[[str], int]) -> bool:
        calls_max = self._trunks[name].calls_max
        return calls_max is not None and calls(name) >= calls_max

    def _written(self, trunk: str, number: str) -> str:
        plan = self._trunks[trunk]
        return to_carrier(number, plan.number_form, plan.country)

    def registered_user(self, trunk: str) -> str | None:
        """The user part of the address that we register at this carrier, None where we register nothing."""
        address = self._trunks[trunk].register
        return None if address is None else address.user

    def credentials(self, trunk: str) -> Credentials | None:
        """What answers its challenges; of anyone else we answer none."""
        return self._trunks[trunk].credentials

    def hosts(self, trunk: str) -> list[str]:
        """Where it is called; a name that leads nowhere stands for itself."""
        plan = self._trunks[trunk]
        return [*map(str, plan.hosts), *(str(name) for name in plan.names if name not in plan.led.values())]

    def saw(self, trunk: str, *, is_reachable: bool) -> None:
        """Notes a sign of life, or that an INVITE got no answer at all."""
        if trunk in self._is_reachable:
            self._is_reachable[trunk] = is_reachable

    def reachability(self) -> Mapping[str, bool | None]:
        """By trunk; None while nothing was seen of it."""
        return self._is_reachable

    def _local_for(self, host: Address, wanted: str) -> Address | None:
        """Of the family, and loopback only for loopback: from there no other machine can be reached."""
        locals_ = [local for transport, local in self._listening if transport == wanted]
        fitting = [local for local in locals_ if (":" in local.host) == (":" in host.host)]
        same = [local for local in fitting if _is_loopback(local) == _is_loopback(host)]
        return next(iter(same or fitting), None)


def transport_of(flow: Flow) -> tuple[tuple[str, str | None], ...]:
    """The URI parameter that tells how to get there, where it is not the usual way."""
    return () if flow.transport == "udp" else (("transport", flow.transport),)


def _is_loopback(address: Address) -> bool:
    return _parsed(address.host).is_loopback


@lru_cache(maxsize=SOURCES_REMEMBERED_MAX)
def _parsed(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Each datagram is asked for, and few places send nearly all of them."""
    return ipaddress.ip_address(host)
