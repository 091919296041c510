"""SIP over TCP and TLS on asyncio: the connections of one address, accepted there or opened from there.

A flow names its connection. What is to be sent on a flow that is down goes nowhere and is told as lost, unless its
place is one that we may connect to: then the connection is opened, and messages wait for it for a moment. Requests of
either side use a connection whoever opened it (RFC 3261 §18, RFC 5923 without its `alias`).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Final

from sip_stack.aio.connection import MESSAGE_S_MAX, SEND_BUFFER_BYTES_MAX, Connection
from sip_stack.aio.tls import Dial
from sip_stack.flow import Address, Flow, Transport

__all__ = ["MESSAGE_S_MAX", "SEND_BUFFER_BYTES_MAX", "StreamListener"]

CONNECTIONS_MAX: Final = 2000
CONNECTIONS_PER_ADDRESS_MAX: Final = 32
CONNECT_S_MAX: Final = 5.0
BACKLOG: Final = 128
ACCEPTED_PER_WAKE_MAX: Final = 64
ACCEPT_AGAIN_S: Final = 1.0
"""After the system had no more room for a connection."""
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
        self._listening: socket.socket | None = None
        self._greeted: Counter[str] = Counter()
        self._connections: dict[Flow, Connection] = {}
        self._waiting: dict[Flow, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, address: Address) -> None:
        """Binds and listens; port 0 means any free one. Raises OSError."""
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.setblocking(False)
            listening.bind((address.host, address.port))
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
        self._listening = listening
        self.address = Address(*listening.getsockname()[:2])
        self._hear()

    @property
    def is_greeting(self) -> bool:
        """Whether somebody has connected by whom no message can come yet."""
        return bool(self._greeted)

    def send(self, flow: Flow, data: bytes) -> bool:
        """Whether the flow's connection takes more, or is being opened."""
        connection = self._connections.get(flow)
        return self._dial(flow, data) if connection is None else connection.send(data)

    def close(self) -> None:
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
            self._listening = None
        for task in self._tasks:
            task.cancel()
        for connection in tuple(self._connections.values()):
            connection.abort()

    def opened(self, connection: Connection, flow: Flow) -> bool:
        """Takes a connection in that is ready for messages, unless it was closed meanwhile."""
        if flow not in self._waiting:
            self._no_longer_greeted(flow.remote.host)
        if self._listening is None:
            return False
        self._connections[flow] = connection
        return True

    def received(self, data: bytes, flow: Flow) -> None:
        self._on_message(data, flow)

    def closed(self, flow: Flow) -> None:
        if self._connections.pop(flow, None) is not None:
            self._on_closed(flow)

    def _hear(self) -> None:
        if self._listening is not None:
            asyncio.get_running_loop().add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        """Who is one too many is let go of before anything is spent on him; TLS is his to begin, and he may not."""
        assert self._listening is not None
        loop = asyncio.get_running_loop()
        for _ in range(ACCEPTED_PER_WAKE_MAX):
            try:
                accepted, source = self._listening.accept()
            except (BlockingIOError, ConnectionError):
                return
            except OSError:
                loop.remove_reader(self._listening)
                loop.call_later(ACCEPT_AGAIN_S, self._hear)
                return
            if self._is_one_too_many(source[0]):
                accepted.close()
                continue
            self._greeted[source[0]] += 1
            self._start(self._greet(accepted, source[0]))

    def _is_one_too_many(self, host: str) -> bool:
        same = sum(1 for other in self._connections if other.remote.host == host) + self._greeted[host]
        return same >= CONNECTIONS_PER_ADDRESS_MAX or len(self._connections) + self._greeted.total() >= CONNECTIONS_MAX

    async def _greet(self, accepted: socket.socket, host: str) -> None:
        """From the connection that the system has to one that messages come by."""
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(
                lambda: Connection(self),
                accepted,
                ssl=self._tls,
                ssl_handshake_timeout=None if self._tls is None else CONNECT_S_MAX,
            )
        except OSError:
            accepted.close()
            self._no_longer_greeted(host)

    def _no_longer_greeted(self, host: str) -> None:
        self._greeted[host] -= 1
        if not self._greeted[host]:
            del self._greeted[host]

    def _start(self, what: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

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
        self._start(self._connect(flow, dial))
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
