"""One SIP connection over TCP or TLS on asyncio: messages framed by Content-Length, keep-alives both ways.

RFC 3261 §18.3: on a stream every message carries its length, and one that lies ends the connection, because nothing
behind it can be trusted; a request is told so first. A started message must be whole within five seconds, and whoever
connects to us has five for the first. A double
CRLF is a keep-alive and is answered with one CRLF; on connections that we opened we send such ourselves (RFC 5626
§4.4.1), and the system ends one whose far end acknowledges nothing (RFC 5482).
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final, Protocol

from sip_stack.errors import MalformedMessage
from sip_stack.flow import Address, Flow, Transport
from sip_stack.message import Request, respond_to
from sip_stack.parser import MESSAGE_BYTES_MAX, message_length, parse_message

MESSAGE_S_MAX: Final = 5.0
SEND_BUFFER_BYTES_MAX: Final = 1 << 20
PING: Final = b"\r\n\r\n"
PING_EVERY_S: Final = 25.0
"""RFC 5626 §4.4.1 has 95 to 120 s between them; those who keep a NAT open for TCP forget it sooner."""
UNACKNOWLEDGED_MS_MAX: Final = 10_000


class Owner(Protocol):
    """Who is told of connections."""

    transport: Transport
    address: Address

    def opened(self, connection: Connection, flow: Flow) -> bool:
        """Whether the connection may stay."""
        ...

    def received(self, data: bytes, flow: Flow) -> None:
        """One whole message."""
        ...

    def closed(self, flow: Flow) -> None:
        """The connection is gone."""
        ...


class Connection(asyncio.Protocol):
    """`is_ours`: we opened it."""

    def __init__(self, owner: Owner, *, is_ours: bool = False) -> None:
        self._owner = owner
        self._is_ours = is_ours
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._flow: Flow | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._ping: asyncio.TimerHandle | None = None
        self._is_half_ping = False
        self._has_begun = is_ours

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        remote = Address(*transport.get_extra_info("peername")[:2])
        flow = Flow(self._owner.transport, self._owner.address, remote)
        if not self._owner.opened(self, flow):
            transport.abort()
            return
        self._flow = flow
        if self._is_ours:
            bound = transport.get_extra_info("socket")
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS_MAX)
            self._keep_alive()
        self._be_patient()

    def data_received(self, data: bytes) -> None:
        if self._flow is None:
            return
        self._buffer += data
        try:
            self._deliver(self._flow)
        except MalformedMessage as error:
            self._refuse(error)
            return
        self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._stop_waiting()
        if self._ping is not None:
            self._ping.cancel()
        if self._flow is not None:
            self._owner.closed(self._flow)

    def send(self, data: bytes) -> bool:
        """Whether the connection is up and takes more."""
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
                if self._is_half_ping and not self._is_ours:
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
            self._has_begun = True
            self._stop_waiting()
            self._owner.received(message, flow)

    def _refuse(self, error: MalformedMessage) -> None:
        """Tells whoever sent a request what is wrong with it, and reads no more."""
        answer = refusal_of(bytes(self._buffer), error.status_hint)
        self._buffer.clear()
        if answer is None or self._transport is None:
            self.abort()
            return
        self._stop_waiting()
        self.send(answer)
        self._transport.close()

    def _be_patient(self) -> None:
        if not self._buffer and self._has_begun:
            self._stop_waiting()
        elif self._patience is None:
            self._patience = asyncio.get_running_loop().call_later(MESSAGE_S_MAX, self.abort)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _keep_alive(self) -> None:
        self._ping = asyncio.get_running_loop().call_later(PING_EVERY_S, self._keep_alive)
        self.send(PING)


def refusal_of(data: bytes, status: int) -> bytes | None:
    """The answer to a request whose length cannot be believed, None where its headers cannot be read either."""
    head = data.replace(b"\r\n", b"\n").partition(b"\n\n")[0].split(b"\n")
    lines = [line for line in head if line.partition(b":")[0].strip().lower() not in (b"content-length", b"l")]
    try:
        message = parse_message(b"\r\n".join([*lines, b"Content-Length: 0", b"", b""]))
        if not isinstance(message, Request) or message.method == "ACK":
            return None
        return respond_to(message, status, to_tag="unread").serialise()
    except MalformedMessage:
        return None
