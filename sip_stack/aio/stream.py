"""SIP over TCP and TLS on asyncio: the connections of one address, accepted there or opened from there.

A flow names its connection. What is to be sent on a flow that is down goes nowhere and is told as lost, unless its
place is one that we may connect to: then the connection is opened, and messages wait for it for a moment. Requests of
either side use a connection whoever opened it (RFC 3261 §18, RFC 5923 without its `alias`).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Final

from sip_stack.aio.connection import MESSAGE_S_MAX, SEND_BUFFER_BYTES_MAX, Connection
from sip_stack.aio.tls import Dial
from sip_stack.flow import Address, Flow, Transport

__all__ = ["MESSAGE_S_MAX", "SEND_BUFFER_BYTES_MAX", "StreamListener"]

CONNECTIONS_MAX: Final = 2000
CONNECTIONS_PER_ADDRESS_MAX: Final = 32
CONNECT_S_MAX: Final = 5.0
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  # to be recognised

OnMessage = Callable[[bytes, Flow], None]
OnClosed = Callable[[Flow], None]
HowToDial = Callable[[Address], Dial | None]


class StreamListener:
    """One listening address and its connections, by flow. `dials`: how a place is connected to, None for all others."""

    def __init__(
        self,
        on_message: OnMessage,
        on_closed: OnClosed,
        *,
        tls: ssl.SSLContext | None = None,
        dials: HowToDial = lambda _: None,
    ) -> None:
        self.transport: Transport = "tcp" if tls is None else "tls"
        self.address = Address("", 0)
        self._on_message = on_message
        self._on_closed = on_closed
        self._tls = tls
        self._dials = dials
        self._server: asyncio.Server | None = None
        self._connections: dict[Flow, Connection] = {}
        self._waiting: dict[Flow, list[bytes]] = {}
        self._dialling: set[asyncio.Task[None]] = set()

    async def open(self, address: Address) -> None:
        """Binds and listens; port 0 means any free one. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self),
            address.host,
            address.port,
            ssl=self._tls,
            ssl_handshake_timeout=None if self._tls is None else CONNECT_S_MAX,
        )
        self.address = Address(*self._server.sockets[0].getsockname()[:2])

    def send(self, flow: Flow, data: bytes) -> bool:
        """Whether the flow's connection takes more, or is being opened."""
        connection = self._connections.get(flow)
        return self._dial(flow, data) if connection is None else connection.send(data)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._dialling:
            task.cancel()
        for connection in tuple(self._connections.values()):
            connection.abort()

    def opened(self, connection: Connection, flow: Flow) -> bool:
        """Takes a connection in, unless there are too many."""
        same = sum(1 for other in self._connections if other.remote.host == flow.remote.host)
        is_wanted = flow in self._waiting
        is_full = len(self._connections) >= CONNECTIONS_MAX or same >= CONNECTIONS_PER_ADDRESS_MAX
        if is_full and not is_wanted:
            return False
        self._connections[flow] = connection
        return True

    def received(self, data: bytes, flow: Flow) -> None:
        self._on_message(data, flow)

    def closed(self, flow: Flow) -> None:
        if self._connections.pop(flow, None) is not None:
            self._on_closed(flow)

    def _dial(self, flow: Flow, data: bytes) -> bool:
        waiting = self._waiting.get(flow)
        if waiting is not None:
            if sum(map(len, waiting)) + len(data) > SEND_BUFFER_BYTES_MAX:
                return False
            waiting.append(data)
            return True
        dial = self._dials(flow.remote)
        if dial is None or (dial.tls is None) != (self._tls is None):
            return False
        self._waiting[flow] = [data]
        task = asyncio.get_running_loop().create_task(self._connect(flow, dial))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)
        return True

    async def _connect(self, flow: Flow, dial: Dial) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S_MAX):
                _, connection = await loop.create_connection(
                    lambda: Connection(self, is_ours=True),
                    flow.remote.host,
                    flow.remote.port,
                    local_addr=None if self.address.host in _EVERYWHERE else (self.address.host, 0),
                    ssl=dial.tls,
                    server_hostname=None if dial.tls is None else dial.name or flow.remote.host,
                )
        except OSError:
            del self._waiting[flow]
            self._on_closed(flow)
            return
        for data in self._waiting.pop(flow):
            connection.send(data)
