"""Carriers: who comes by them, how they are reached, and whether they answer.

A trunk is recognised by the source of a request alone, so `accept_from` is its door key. Going out, its `hosts` are
tried in order (RFC 3263 §4.3 says when the next one may be tried; here hosts are addresses, so there is no DNS). A
trunk's state is what we last saw of it: anything it sends is a sign of life, an INVITE without any answer the opposite.
Qualification by OPTIONS, registration with a carrier and session limits are left out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from sip_stack.digest import Credentials
from sip_stack.flow import Address, Flow
from sip_stack.uri import SipUri
from softswitch.settings import Trunk


@dataclass(frozen=True, slots=True)
class Target:
    """One way to try: the Request-URI and the flow that the INVITE goes out by."""

    uri: SipUri
    flow: Flow


class Trunks:
    """All carriers of the office. `listening`: our bound addresses with their transports, in configured order."""

    def __init__(self, trunks: Mapping[str, Trunk], listening: tuple[tuple[str, Address], ...]) -> None:
        self._trunks = trunks
        self._listening = listening
        self._is_reachable: dict[str, bool | None] = dict.fromkeys(trunks)

    def reload(self, trunks: Mapping[str, Trunk]) -> None:
        """Takes over a new configuration; what is known of carriers that stay is kept."""
        self._trunks = trunks
        self._is_reachable = {name: self._is_reachable.get(name) for name in trunks}

    def of_source(self, flow: Flow) -> str | None:
        """The trunk whose `accept_from` fits; the port is compared on UDP when one is given."""
        source = ipaddress.ip_address(flow.remote.host)
        for name, trunk in self._trunks.items():
            for accept in trunk.accept_from:
                if source in accept.network and (
                    accept.port is None or flow.transport != "udp" or accept.port == flow.remote.port
                ):
                    return name
        return None

    def targets(self, trunk: str, number: str) -> list[Target]:
        """The ways to reach a number through the trunk, best first; empty when we listen on no fitting address."""
        found = []
        for host in self._trunks[trunk].hosts:
            local = self._local_for(host)
            if local is not None:
                uri = SipUri(scheme="sip", user=number, host=host.host, port=host.port)
                found.append(Target(uri, Flow("udp", local, host)))
        return found

    def caller_id(self, trunk: str) -> str | None:
        """What we show on calls that go out by it."""
        return self._trunks[trunk].caller_id

    def credentials(self, trunk: str) -> Credentials | None:
        """What answers its challenges; of anyone else we answer none."""
        return self._trunks[trunk].credentials

    def hosts(self, trunk: str) -> list[str]:
        return [str(host) for host in self._trunks[trunk].hosts]

    def saw(self, trunk: str, *, is_reachable: bool) -> None:
        """Notes a sign of life, or that an INVITE got no answer at all."""
        if trunk in self._is_reachable:
            self._is_reachable[trunk] = is_reachable

    def reachability(self) -> Mapping[str, bool | None]:
        """By trunk; None while nothing was seen of it."""
        return self._is_reachable

    def _local_for(self, host: Address) -> Address | None:
        """Of the family, and loopback only for loopback: from there no other machine can be reached."""
        locals_ = [local for transport, local in self._listening if transport == "udp"]
        fitting = [local for local in locals_ if (":" in local.host) == (":" in host.host)]
        same = [local for local in fitting if _is_loopback(local) == _is_loopback(host)]
        return next(iter(same or fitting), None)


def _is_loopback(address: Address) -> bool:
    return ipaddress.ip_address(address.host).is_loopback
