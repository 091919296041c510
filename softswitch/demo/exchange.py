"""The carrier's exchange of the demo: one address for every telephone that the switch reaches through its trunk.

A switch sends all calls to outside numbers to its carrier's one address. The exchange hands each datagram on to the
telephone that it is for, and what telephones send back to the switch, byte for byte. A call's first request names a
number, later ones the telephone's Contact. It is no proxy: it keeps no state and adds no Via (RFC 3261, 16), which does
among programs on one machine and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from sip_stack.flow import Address
from softswitch.demo.softphone import DATAGRAM_BYTES_MAX, Softphone, udp_socket

_RESPONSE: Final = b"SIP/2.0 "


class Exchange:
    """Hands on between the switch and telephones, by their names, which are numbers.

    What is for none of them, such as the question whether the carrier is there, the first of them answers.
    """

    def __init__(self, port: int, *, switch: Address, phones: Iterable[Softphone]) -> None:
        self._switch = (switch.host, switch.port)
        self._places: dict[bytes, tuple[str, int]] = {}
        for phone in phones:
            place = phone.address.host, phone.address.port
            self._places[f":{phone.name}@".encode()] = place
            self._places[f":{phone.address.host}:{phone.address.port} ".encode()] = place
        self._socket = udp_socket(port)

    def open(self) -> None:
        """Starts to listen on the running event loop."""
        asyncio.get_running_loop().add_reader(self._socket, self._hand_on)

    def close(self) -> None:
        """Lets go of its socket."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _hand_on(self) -> None:
        while True:
            try:
                data, source = self._socket.recvfrom(DATAGRAM_BYTES_MAX)
            except (BlockingIOError, ConnectionError):
                return
            self._socket.sendto(data, self._place(data) if source == self._switch else self._switch)

    def _place(self, data: bytes) -> tuple[str, int]:
        """A request names whom it is for in its first line; a response to a telephone has its number in From or To."""
        text = data if data.startswith(_RESPONSE) else data.partition(b"\r\n")[0]
        found = (place for name, place in self._places.items() if name in text)
        return next(found, next(iter(self._places.values())))
