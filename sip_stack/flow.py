"""The way a message came, as a value.

RFC 5626 calls the connection or the pair of addresses between two SIP elements a *flow*. Everything above the sockets
names a flow by this value and never by a socket: it can be compared, written to the journal and read back after a
restart. When the connection behind a flow is gone the value stays true as a fact about the past; whoever kept it
(a binding, a dialog) decides what follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

SIP_PORT: Final = 5060
"""Where SIP is listened for if nothing else is said (RFC 3261 §19.1.2); over TLS at the next."""

Transport = Literal["udp", "tcp", "tls", "ws", "wss"]


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """An IP address in its text form and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, order=True)
class Flow:
    """Where a message came from, or goes to: transport, our listening address, the peer's address."""

    transport: Transport
    local: Address
    remote: Address

    @property
    def is_reliable(self) -> bool:
        """Whether the transport itself delivers or fails, so that no retransmission timer runs (RFC 3261 §17)."""
        return self.transport != "udp"
