"""SIP over TCP on asyncio: connections accepted, messages framed by Content-Length, answers on the same connection.

RFC 3261 §18.3: on a stream every message carries its length, and one that lies ends the connection, because nothing
behind it can be trusted. A started message must be whole within five seconds. A double CRLF is a keep-alive and is
answered with one CRLF (RFC 5626 §4.4.1). Connections are only accepted here, not opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from sip_stack.errors import MalformedMessage
from sip_stack.flow import Address, Flow
from sip_stack.parser import MESSAGE_BYTES_MAX, message_length

CONNECTIONS_MAX: Final = 2000
CONNECTIONS_PER_ADDRESS_MAX: Final = 32
MESSAGE_S_MAX: Final = 5.0
SEND_BUFFER_BYTES_MAX: Final = 1 << 20

OnMessage = Callable[[bytes, Flow], None]
OnClosed = Callable[[Flow], None]


class StreamListener:
    """One listening address and its connections, by flow."""

    def __init__(self, on_message: OnMessage, on_closed: OnClosed) -> None:
        self._on_message = on_message
        self._on_closed = on_closed
        self._server: asyncio.Server | None = None
        self._connections: dict[Flow, _Connection] = {}
        self.address = Address("", 0)

    async def open(self, address: Address) -> None:
        """Binds and listens; port 0 means any free one. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), address.host, address.port)
        self.address = Address(*self._server.sockets[0].getsockname()[:2])

    def send(self, flow: Flow, data: bytes) -> bool:
        """Whether the flow's connection is up and takes more."""
        connection = self._connections.get(flow)
        return connection is not None and connection.send(data)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections.values()):
            connection.abort()

    def opened(self, connection: _Connection, flow: Flow) -> bool:
        """Takes a connection in, unless there are too many."""
        same = sum(1 for other in self._connections if other.remote.host == flow.remote.host)
        if len(self._connections) >= CONNECTIONS_MAX or same >= CONNECTIONS_PER_ADDRESS_MAX:
            return False
        self._connections[flow] = connection
        return True

    def received(self, data: bytes, flow: Flow) -> None:
        self._on_message(data, flow)

    def closed(self, flow: Flow) -> None:
        if self._connections.pop(flow, None) is not None:
            self._on_closed(flow)


class _Connection(asyncio.Protocol):
    def __init__(self, listener: StreamListener) -> None:
        self._listener = listener
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._flow: Flow | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._is_half_ping = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        remote = Address(*transport.get_extra_info("peername")[:2])
        flow = Flow("tcp", self._listener.address, remote)
        if self._listener.opened(self, flow):
            self._flow = flow
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._flow is None:
            return
        self._buffer += data
        try:
            self._deliver(self._flow)
        except MalformedMessage:
            self.abort()
            return
        self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._stop_waiting()
        if self._flow is not None:
            self._listener.closed(self._flow)

    def send(self, data: bytes) -> bool:
        transport = self._transport
        if transport is None or transport.is_closing() or transport.get_write_buffer_size() > SEND_BUFFER_BYTES_MAX:
            return False
        transport.write(data)
        return True

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _deliver(self, flow: Flow) -> None:
        while self._buffer:
            if self._buffer.startswith(b"\r\n"):
                if self._is_half_ping:
                    self.send(b"\r\n")
                self._is_half_ping = not self._is_half_ping
                del self._buffer[:2]
                continue
            length = message_length(self._buffer)
            if length is None or len(self._buffer) < length:
                if len(self._buffer) > MESSAGE_BYTES_MAX:
                    raise MalformedMessage(f"more than MESSAGE_BYTES_MAX = {MESSAGE_BYTES_MAX}")
                return
            message = bytes(self._buffer[:length])
            del self._buffer[:length]
            self._is_half_ping = False
            self._stop_waiting()
            self._listener.received(message, flow)

    def _be_patient(self) -> None:
        if not self._buffer:
            self._stop_waiting()
        elif self._patience is None:
            self._patience = asyncio.get_running_loop().call_later(MESSAGE_S_MAX, self.abort)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
