"""UDP sockets for SIP on asyncio: many datagrams per wake-up, errors told and never raised; STUN answered at once."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

from sip_stack import stun
from sip_stack.flow import Address, Flow

DATAGRAM_BYTES_MAX: Final = 65535
DATAGRAMS_PER_WAKE_MAX: Final = 200
RECEIVE_BUFFER_BYTES: Final = 4 << 20
FLOWS_REMEMBERED_MAX: Final = 4096
_NOT_SIP: Final = (b"\x00", b"\x01")
"""How the messages of STUN begin that mean anything here."""

OnDatagram = Callable[[bytes, Flow], None]


class UdpListener:
    """One bound socket. `on_datagram(data, flow)` is called for each datagram, on the event loop."""

    def __init__(self, bound: socket.socket, on_datagram: OnDatagram) -> None:
        self._socket = bound
        self._on_datagram = on_datagram
        self._flows: dict[tuple[str, int], Flow] = {}
        self.address = Address(*bound.getsockname()[:2])
        asyncio.get_running_loop().add_reader(bound, self._read)

    @classmethod
    def open(cls, address: Address, on_datagram: OnDatagram) -> UdpListener:
        """Binds; port 0 means any free one. Raises OSError."""
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            opened.bind((address.host, address.port))
        except OSError:
            opened.close()
            raise
        return cls(opened, on_datagram)

    def send(self, flow: Flow, data: bytes) -> bool:
        """Whether the datagram could be handed to the system; UDP promises no more."""
        try:
            self._socket.sendto(data, (flow.remote.host, flow.remote.port))
        except (BlockingIOError, ConnectionError):
            return True
        except OSError:
            return False
        return True

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        for _ in range(DATAGRAMS_PER_WAKE_MAX):
            try:
                data, source = self._socket.recvfrom(DATAGRAM_BYTES_MAX)
            except ConnectionError:
                continue
            except OSError:
                return
            flow = self._flows.get(source) or self._flow_of(source)
            if data[:1] in _NOT_SIP:
                self._take_stun(data, flow)
            else:
                self._on_datagram(data, flow)

    def _flow_of(self, source: tuple[str, int]) -> Flow:
        """Remembered, because few places send nearly all datagrams."""
        if len(self._flows) >= FLOWS_REMEMBERED_MAX:
            self._flows.clear()
        flow = self._flows[source] = Flow("udp", self.address, Address(*source[:2]))
        return flow

    def _take_stun(self, data: bytes, flow: Flow) -> None:
        answer = stun.answer(data, flow.remote)
        if answer is not None:
            self.send(flow, answer)
