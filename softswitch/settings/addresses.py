"""Addresses as they are written in the configuration: IP literals, and for carriers names too."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, get_args

from sip_stack.flow import SIP_PORT, Address
from softswitch.settings.model import AcceptFrom, HostName, Listen, ListenTransport

PORT_MAX: Final = 65_535
LATER_TRANSPORTS: Final = ("ws", "wss")

_WITH_PORT: Final = re.compile(r"(?:\[([^\]]*)\]|([^:\[\]]*)):([0-9]{1,5})")
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?")


class BadAddress(Exception):
    """A text that is no address: what is wrong, and how one is written."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what, mend)
        self.what = what
        self.mend = mend


def parse_host(text: str) -> str:
    """An IPv4 or IPv6 address in its usual form; raises BadAddress."""
    try:
        host = ipaddress.ip_address(text)
    except ValueError:
        if is_host_name(text) and not re.fullmatch(r"[0-9.]+", text):
            raise BadAddress(
                f'"{text}" is a name; here only addresses will do', "write the IP address that it stands for"
            ) from None
        raise BadAddress(f'"{text}" is no IP address', "write one such as 192.0.2.10 or 2001:db8::10") from None
    if isinstance(host, ipaddress.IPv6Address) and host.scope_id is not None:
        raise BadAddress(f'"{text}" is bound to one interface', "write an address without %")
    if host.is_multicast:
        raise BadAddress(f'"{text}" is a multicast address', "write the address of one machine")
    return str(host)


def parse_address(text: str, *, example: str, default_port: int | None = None, is_any_port: bool = False) -> Address:
    """`host:port` or `[host]:port`; `is_any_port` lets port 0 mean any free one. Raises BadAddress."""
    match = _WITH_PORT.fullmatch(text)
    if match is None:
        bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        if default_port is not None and (":" not in text or bare.count(":") > 1):
            return Address(parse_host(bare), default_port)
        raise BadAddress(f'"{text}" is no address with a port', f'write it like "{example}"')
    port = int(match.group(3))
    if port > PORT_MAX or (port == 0 and not is_any_port):
        raise BadAddress(f"there is no port {port}", f"write a port from {0 if is_any_port else 1} to {PORT_MAX}")
    bracketed = match.group(1)
    host = parse_host(match.group(2) if bracketed is None else bracketed)
    if bracketed is not None and ":" not in host:
        raise BadAddress(f'"{text}" has an IPv4 address in brackets', f'write it like "{example}"')
    return Address(host, port)


def parse_place(text: str) -> Address | HostName:
    """Where a carrier is called: an address, or a name, each with a port or without; raises BadAddress."""
    example = "192.0.2.20:5060"
    name, colon, port = text.partition(":")
    if re.fullmatch(r"[0-9.]+", name) or not is_host_name(name) or (colon and not port.isdecimal()):
        return parse_address(text, example=example, default_port=SIP_PORT)
    if colon and not 1 <= int(port[:6]) <= PORT_MAX:
        raise BadAddress(f"there is no port {port}", f"write a port from 1 to {PORT_MAX}")
    return HostName(name.lower().removesuffix("."), int(port) if colon else None)


def parse_listen(text: str) -> Listen:
    """`udp:host:port`; raises BadAddress."""
    example = "udp:192.0.2.10:5060"
    transport, colon, rest = text.partition(":")
    if transport in LATER_TRANSPORTS and colon:
        raise BadAddress(f'listening on "{transport}" is not available yet', "use udp, tcp or tls, or take it out")
    for known in get_args(ListenTransport):
        if transport == known and colon:
            address = parse_address(rest, example=example, is_any_port=True)
            return Listen(known, address.host, address.port)
    raise BadAddress(f'"{text}" does not begin with udp:, tcp: or tls:', f'write it like "{example}"')


def parse_accept_from(text: str) -> AcceptFrom:
    """An address, a prefix, or `address:port`; raises BadAddress."""
    if "/" in text:
        try:
            return AcceptFrom(ipaddress.ip_network(text))
        except ValueError as error:
            try:
                mend = f'did you mean "{ipaddress.ip_network(text, strict=False)}"?'
            except ValueError:
                mend = 'write it like "192.0.2.0/24"'
            raise BadAddress(f'"{text}" is no prefix: {error}', mend) from None
    match = _WITH_PORT.fullmatch(text)
    if match is not None:
        address = parse_address(text, example="192.0.2.10:5060")
        return AcceptFrom(ipaddress.ip_network(address.host), address.port)
    return AcceptFrom(ipaddress.ip_network(parse_host(text)))


def is_host_name(text: str) -> bool:
    """Whether a text can be a host or domain name (RFC 1123 §2.1)."""
    return len(text) <= 253 and _HOST.fullmatch(text) is not None
