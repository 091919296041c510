"""UDP sockets on the loopback: every datagram with its flow, and no error that ends the listening."""

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from contextlib import closing

import pytest

from sip_stack import stun
from sip_stack.aio.udp import DATAGRAMS_PER_WAKE_MAX, UdpListener
from sip_stack.flow import Address, Flow
from sip_stack.stun import COOKIE

ANY = Address("127.0.0.1", 0)
PATIENCE_S = 10.0
Arrived = asyncio.Queue[tuple[bytes, Flow]]


def _run(scene: Callable[[UdpListener, Arrived, socket.socket], Coroutine[object, object, None]]) -> None:
    """Plays a scene with a listener, what arrives at it, and a phone's socket."""

    async def play() -> None:
        arrived: Arrived = asyncio.Queue()
        with (
            closing(UdpListener.open(ANY, lambda data, flow: arrived.put_nowait((data, flow)))) as listener,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone,
        ):
            phone.bind(("127.0.0.1", 0))
            phone.setblocking(False)
            await asyncio.wait_for(scene(listener, arrived, phone), PATIENCE_S)

    asyncio.run(play())


def _address(bound: socket.socket) -> Address:
    return Address(*bound.getsockname()[:2])


def _to(listener: UdpListener) -> tuple[str, int]:
    return (listener.address.host, listener.address.port)


def test_a_datagram_comes_with_its_source_and_our_address() -> None:
    async def scene(listener: UdpListener, arrived: Arrived, phone: socket.socket) -> None:
        phone.sendto(b"hello", _to(listener))
        assert await arrived.get() == (b"hello", Flow("udp", listener.address, _address(phone)))

    _run(scene)


def test_an_answer_comes_from_where_the_datagram_was_sent() -> None:
    async def scene(listener: UdpListener, arrived: Arrived, phone: socket.socket) -> None:
        phone.sendto(b"hello", _to(listener))
        _, flow = await arrived.get()
        assert listener.send(flow, b"hello yourself")
        data, source = await asyncio.get_running_loop().sock_recvfrom(phone, 100)
        assert (data, source) == (b"hello yourself", _to(listener))

    _run(scene)


def test_the_port_that_the_system_chose_is_told() -> None:
    async def scene(listener: UdpListener, arrived: Arrived, phone: socket.socket) -> None:
        assert listener.address.host == "127.0.0.1"
        assert listener.address.port > 0

    _run(scene)


def test_more_datagrams_than_one_wake_up_takes_all_arrive_in_order() -> None:
    async def scene(listener: UdpListener, arrived: Arrived, phone: socket.socket) -> None:
        count = DATAGRAMS_PER_WAKE_MAX + 20
        for number in range(count):
            phone.sendto(str(number).encode(), _to(listener))
        assert [int((await arrived.get())[0]) for _ in range(count)] == list(range(count))

    _run(scene)


@pytest.mark.parametrize("data", [b"", b"x" * 65507])
def test_the_smallest_and_the_largest_datagram_arrive_whole(data: bytes) -> None:
    """65507 is 65535 less the headers of IPv4 and UDP."""

    async def scene(listener: UdpListener, arrived: Arrived, phone: socket.socket) -> None:
        phone.sendto(data, _to(listener))
        assert (await arrived.get())[0] == data

    _run(scene)


def test_a_peer_that_is_gone_does_not_end_the_listening() -> None:
    async def scene(listener: UdpListener, arrived: Arrived, phone: socket.socket) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            flow = Flow("udp", listener.address, _address(gone))
        assert listener.send(flow, b"anyone?")
        assert listener.send(flow, b"anyone?")
        phone.sendto(b"me", _to(listener))
        assert (await arrived.get())[0] == b"me"

    _run(scene)


def test_what_no_datagram_can_hold_is_not_sent_and_says_so() -> None:
    async def scene(listener: UdpListener, arrived: Arrived, phone: socket.socket) -> None:
        flow = Flow("udp", listener.address, _address(phone))
        assert not listener.send(flow, b"x" * 65508)
        assert listener.send(flow, b"x")

    _run(scene)


def test_a_port_that_is_taken_is_an_error() -> None:
    async def scene(listener: UdpListener, arrived: Arrived, phone: socket.socket) -> None:
        with pytest.raises(OSError, match="in use"):
            UdpListener.open(listener.address, _ignore)

    _run(scene)


def test_a_closed_listener_hears_nothing_more_and_leaves_its_port() -> None:
    async def scene(listener: UdpListener, arrived: Arrived, phone: socket.socket) -> None:
        first = UdpListener.open(ANY, lambda data, flow: arrived.put_nowait((b"first " + data, flow)))
        phone.sendto(b"unread", _to(first))
        first.close()
        with closing(UdpListener.open(first.address, lambda data, flow: arrived.put_nowait((data, flow)))) as second:
            phone.sendto(b"again", _to(second))
            assert (await arrived.get())[0] == b"again"

    _run(scene)


def _ignore(data: bytes, flow: Flow) -> None:
    del data, flow


def test_a_stun_request_is_answered_with_where_it_came_from() -> None:
    """RFC 5626 §4.4.2; the SIP side never sees it."""

    async def scene(listener: UdpListener, arrived: Arrived, phone: socket.socket) -> None:
        asked = struct.pack("!HHI", 1, 0, COOKIE) + b"twelve bytes"
        phone.sendto(asked, _to(listener))
        said = await asyncio.get_running_loop().sock_recv(phone, 100)
        assert said == stun.answer(asked, _address(phone))
        phone.sendto(b"\0nonsense", _to(listener))
        phone.sendto(b"hello", _to(listener))
        assert (await arrived.get())[0] == b"hello"

    _run(scene)


def test_each_source_has_its_flow_however_many_there_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sip_stack.aio.udp.FLOWS_REMEMBERED_MAX", 2)

    async def scene(listener: UdpListener, arrived: Arrived, phone: socket.socket) -> None:
        phones = [phone, *(socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(4))]
        try:
            for each in phones * 2:
                each.sendto(b"hello", _to(listener))
                assert await arrived.get() == (b"hello", Flow("udp", listener.address, _heard_as(each)))
        finally:
            for each in phones[1:]:
                each.close()

    _run(scene)


def _heard_as(phone: socket.socket) -> Address:
    """Where an unbound socket sends from, seen on the loopback."""
    return Address("127.0.0.1", phone.getsockname()[1])
