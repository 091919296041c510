"""Connections that we open, over TCP and TLS: to places that we may connect to and no others, one for both ways."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sip_stack.aio import connection
from sip_stack.aio.stream import CONNECTIONS_PER_ADDRESS_MAX, StreamListener
from sip_stack.aio.tls import Certificate, Dial, client_context, server_context
from sip_stack.flow import Address, Flow
from tests.certificates import Authority

PATIENCE_S = 20.0
ASKED = b"OPTIONS sip:b SIP/2.0\r\nContent-Length: 0\r\n\r\n"
SAID = b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"
HERE = Address("127.0.0.1", 0)
HERE_6 = Address("::1", 0)


@dataclass
class Side:
    """One listener, what it heard, and which flows it lost."""

    dials: dict[Address, Dial] = field(default_factory=dict)
    heard: asyncio.Queue[tuple[bytes, Flow]] = field(default_factory=asyncio.Queue)
    lost: asyncio.Queue[Flow] = field(default_factory=asyncio.Queue)

    def listener(self, certificate: Certificate | None = None, authority: Path | None = None) -> StreamListener:
        tls = None if certificate is None else server_context(certificate, authority)
        return StreamListener(
            lambda data, flow: self.heard.put_nowait((data, flow)),
            self.lost.put_nowait,
            tls=tls,
            dials=self.dials.get,
        )


def play(scene: Callable[[], Coroutine[object, object, None]]) -> None:
    async def run() -> None:
        await asyncio.wait_for(scene(), PATIENCE_S)
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(run())


@contextmanager
def closing(*listeners: StreamListener) -> Iterator[None]:
    try:
        yield
    finally:
        for listener in listeners:
            listener.close()


@pytest.mark.parametrize("here_and_there", [HERE, HERE_6], ids=["IPv4", "IPv6"])
def test_a_message_opens_the_connection_and_the_answer_comes_back_by_it(here_and_there: Address) -> None:
    async def scene() -> None:
        ours, theirs = Side(), Side()
        here, there = ours.listener(), theirs.listener()
        await here.open(here_and_there)
        await there.open(here_and_there)
        with closing(here, there):
            ours.dials[there.address] = Dial()
            flow = Flow("tcp", here.address, there.address)
            assert here.send(flow, ASKED)
            assert here.send(flow, ASKED), "it waits with the first"
            data, back = await theirs.heard.get()
            assert (data, await theirs.heard.get()) == (ASKED, (ASKED, back))
            assert there.send(back, SAID)
            assert await ours.heard.get() == (SAID, flow)
            assert there.send(back, ASKED), "their requests come by it too"
            assert await ours.heard.get() == (ASKED, flow)

    play(scene)


def test_nobody_else_is_connected_to() -> None:
    async def scene() -> None:
        ours, theirs = Side(), Side()
        here, there = ours.listener(), theirs.listener()
        await here.open(HERE)
        await there.open(HERE)
        with closing(here, there):
            assert not here.send(Flow("tcp", here.address, there.address), ASKED)

    play(scene)


def test_a_place_where_nobody_listens_is_a_flow_lost() -> None:
    async def scene() -> None:
        ours, theirs = Side(), Side()
        here, there = ours.listener(), theirs.listener()
        await here.open(HERE)
        await there.open(HERE)
        there.close()
        with closing(here):
            ours.dials[there.address] = Dial()
            flow = Flow("tcp", here.address, there.address)
            assert here.send(flow, ASKED)
            assert await ours.lost.get() == flow

    play(scene)


def test_a_connection_of_ours_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 5626 §4.4.1."""
    monkeypatch.setattr(connection, "PING_EVERY_S", 0.01)

    async def scene() -> None:
        ours, read = Side(), asyncio.Queue[bytes]()

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            read.put_nowait(await reader.readexactly(len(ASKED) + 8))
            writer.write(b"\r\n\r\n" + SAID)
            await reader.read()
            writer.close()

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        there = Address(*server.sockets[0].getsockname()[:2])
        here = ours.listener()
        await here.open(HERE)
        with closing(here):
            ours.dials[there] = Dial()
            flow = Flow("tcp", here.address, there)
            assert here.send(flow, ASKED)
            assert sorted((await read.get()).replace(ASKED, b"")) == sorted(b"\r\n\r\n" * 2)
            assert await ours.heard.get() == (SAID, flow), "pongs are no messages"
        server.close()

    play(scene)


# TLS.


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority")).found()


@pytest.fixture(scope="module")
def carrier(authority: Authority) -> Certificate:
    return Certificate(*authority.vouch("carrier", "IP:127.0.0.1,IP:::1,DNS:sip.carrier.example"))


def met(
    carrier: Certificate, dial: Dial, *, office: Certificate, demanded: Path | None = None, where: Address = HERE
) -> tuple[bytes | None, Flow | None]:
    """What a carrier hears of a call over TLS, or the flow that was lost."""
    result: list[tuple[bytes | None, Flow | None]] = []

    async def scene() -> None:
        ours, theirs = Side(), Side()
        here, there = ours.listener(office), theirs.listener(carrier, demanded)
        await here.open(where)
        await there.open(where)
        with closing(here, there):
            ours.dials[there.address] = dial
            assert here.send(Flow("tls", here.address, there.address), ASKED)
            heard, lost = asyncio.create_task(theirs.heard.get()), asyncio.create_task(ours.lost.get())
            await asyncio.wait((heard, lost), return_when=asyncio.FIRST_COMPLETED)
            if heard.done():
                assert there.send(heard.result()[1], SAID)
                assert (await ours.heard.get())[0] == SAID
            result.append((heard.result()[0] if heard.done() else None, lost.result() if lost.done() else None))
            for task in (heard, lost):
                task.cancel()

    play(scene)
    return result[0]


def test_a_carrier_with_the_right_certificate_is_called(authority: Authority, carrier: Certificate) -> None:
    by_address = Dial(client_context(authority.file))
    by_name = Dial(client_context(authority.file), "sip.carrier.example")
    for dial in (by_address, by_name):
        for where in (HERE, HERE_6):
            assert met(carrier, dial, office=carrier, where=where) == (ASKED, None)


def test_a_certificate_for_somebody_else_is_not_believed(authority: Authority, carrier: Certificate) -> None:
    heard, lost = met(carrier, Dial(client_context(authority.file), "sip.other.example"), office=carrier)
    assert heard is None
    assert lost is not None


def test_an_authority_that_we_do_not_know_is_not_believed(carrier: Certificate) -> None:
    heard, lost = met(carrier, Dial(client_context()), office=carrier)
    assert heard is None
    assert lost is not None


def test_who_demands_a_certificate_gets_ours_or_no_call(authority: Authority, carrier: Certificate) -> None:
    office = Certificate(*authority.vouch("office", "DNS:office.example"))
    shown = Dial(client_context(authority.file, office))
    assert met(carrier, shown, office=office, demanded=authority.file) == (ASKED, None)
    heard, _ = met(carrier, Dial(client_context(authority.file)), office=office, demanded=authority.file)
    assert heard is None


def test_plain_and_tls_are_not_mixed(carrier: Certificate) -> None:
    async def scene() -> None:
        ours = Side()
        here = ours.listener(carrier)
        await here.open(HERE)
        with closing(here):
            there = Address("127.0.0.1", 1)
            ours.dials[there] = Dial()
            assert not here.send(Flow("tls", here.address, there), ASKED)

    play(scene)


def test_whoever_connects_and_does_not_begin_tls_takes_nobody_elses_place(carrier: Certificate) -> None:
    """A connection counts from when it was made, not from when it is secure; and it has its place back when it ends."""

    async def scene() -> None:
        side = Side()
        listener = side.listener(carrier)
        await listener.open(HERE)
        place = (listener.address.host, listener.address.port)
        with closing(listener), ExitStack() as silent:
            for _ in range(CONNECTIONS_PER_ADDRESS_MAX):
                silent.enter_context(socket.create_connection(place, source_address=("127.0.0.66", 0)))
            refused, writer = await asyncio.open_connection(*place, local_addr=("127.0.0.66", 0))
            assert await refused.read() == b""
            writer.close()
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            for source in ("127.0.0.2", "127.0.0.66"):
                _, friend = await asyncio.open_connection(*place, ssl=context, local_addr=(source, 0))
                friend.write(ASKED)
                assert (await side.heard.get())[0] == ASKED
                friend.transport.abort()
                silent.close()
                while listener.is_greeting:
                    await asyncio.sleep(0)

    play(scene)
