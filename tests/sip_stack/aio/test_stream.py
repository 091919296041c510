"""SIP over TCP on the loopback: framing under any split, liars cut off, keep-alives, limits (RFC 3261 §18.3)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from sip_stack.aio.stream import CONNECTIONS_PER_ADDRESS_MAX, MESSAGE_S_MAX, SEND_BUFFER_BYTES_MAX, StreamListener
from sip_stack.flow import Address, Flow
from sip_stack.parser import MESSAGE_BYTES_MAX
from tests.sip_stack.pair import request

PATIENCE_S = 20.0
SHORT = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"
TRICKY = b"MESSAGE sip:a SIP/2.0\r\nl : 20\r\nX: y\r\n\r\nBYE sip:a\r\n\r\n\r\n\r\nend"
BARE = b"INFO sip:a SIP/2.0\nContent-Length: 2\n\n\r\n"


@dataclass
class Peer:
    """The far end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def address(self) -> Address:
        return Address(*self.writer.get_extra_info("sockname")[:2])

    async def write(self, *parts: bytes) -> None:
        """Each part on its own, with turns of the loop between, so that they can arrive apart."""
        for part in parts:
            self.writer.write(part)
            await _turns()

    async def is_cut_off(self) -> bool:
        try:
            return await self.reader.read() == b""
        except ConnectionResetError:
            return True


class Scene:
    """A listener and what it told."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[tuple[bytes, Flow]] = asyncio.Queue()
        self.closed: asyncio.Queue[Flow] = asyncio.Queue()
        self.listener = StreamListener(
            lambda data, flow: self.messages.put_nowait((data, flow)), self.closed.put_nowait
        )

    @asynccontextmanager
    async def peer(self, host: str = "127.0.0.1") -> AsyncIterator[Peer]:
        address = self.listener.address
        reader, writer = await asyncio.open_connection(address.host, address.port, local_addr=(host, 0))
        try:
            yield Peer(reader, writer)
        finally:
            writer.transport.abort()
            await _turns()

    async def next(self, count: int = 1) -> list[bytes]:
        return [(await self.messages.get())[0] for _ in range(count)]

    def flow_of(self, peer: Peer) -> Flow:
        return Flow("tcp", self.listener.address, peer.address)


async def _turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def _run(play: Callable[[Scene], Coroutine[object, object, None]]) -> None:
    async def run() -> None:
        scene = Scene()
        await scene.listener.open(Address("127.0.0.1", 0))
        try:
            await asyncio.wait_for(play(scene), PATIENCE_S)
        finally:
            scene.listener.close()
            await _turns()

    asyncio.run(run())


def test_messages_are_found_whatever_the_split() -> None:
    """Three messages cut once at each place; a body may look like messages, lines may end bare."""
    stream = SHORT + TRICKY + BARE

    async def play(scene: Scene) -> None:
        async with scene.peer() as peer:
            for cut in range(1, len(stream)):
                await peer.write(stream[:cut], stream[cut:])
                assert await scene.next(3) == [SHORT, TRICKY, BARE]

    _run(play)


def test_messages_are_found_byte_by_byte() -> None:
    stream = request("INVITE", body="v=0\r\n") + b"\r\n" + request("BYE")

    async def play(scene: Scene) -> None:
        async with scene.peer() as peer:
            await peer.write(*(bytes([byte]) for byte in stream))
            assert await scene.next(2) == [request("INVITE", body="v=0\r\n"), request("BYE")]

    _run(play)


def test_a_message_comes_with_its_connections_flow_and_the_answer_goes_back_by_it() -> None:
    async def play(scene: Scene) -> None:
        async with scene.peer() as one, scene.peer() as other:
            await one.write(SHORT)
            assert await scene.messages.get() == (SHORT, scene.flow_of(one))
            assert scene.listener.send(scene.flow_of(one), b"to one")
            assert await one.reader.readexactly(6) == b"to one"
            await other.write(SHORT)
            assert await scene.messages.get() == (SHORT, scene.flow_of(other))

    _run(play)


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_double_line_end_is_a_ping_and_gets_one_line_end(cut: int) -> None:
    """RFC 5626 §4.4.1, over any split."""
    ping = b"\r\n\r\n"

    async def play(scene: Scene) -> None:
        async with scene.peer() as peer:
            await peer.write(SHORT, ping[:cut], ping[cut:], SHORT)
            assert await peer.reader.readexactly(2) == b"\r\n"
            assert await scene.next(2) == [SHORT, SHORT]
            scene.listener.send(scene.flow_of(peer), b"!")
            assert await peer.reader.readexactly(1) == b"!"

    _run(play)


def test_a_single_line_end_before_a_message_is_passed_over_in_silence() -> None:
    """§7.5."""

    async def play(scene: Scene) -> None:
        async with scene.peer() as peer:
            await peer.write(b"\r\n", SHORT, b"\r\n", SHORT)
            assert await scene.next(2) == [SHORT, SHORT]
            scene.listener.send(scene.flow_of(peer), b"!")
            assert await peer.reader.readexactly(1) == b"!"

    _run(play)


@pytest.mark.parametrize(
    "lie",
    [
        b"OPTIONS sip:a SIP/2.0\r\nTo: x\r\n\r\n",
        b"OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"OPTIONS sip:a SIP/2.0\r\nContent-Length: many\r\n\r\n",
        b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 65536\r\n\r\n",
        b"X" * (MESSAGE_BYTES_MAX + 1),
    ],
)
def test_a_length_that_is_missing_bad_or_too_great_ends_the_connection(lie: bytes) -> None:
    async def play(scene: Scene) -> None:
        async with scene.peer() as peer:
            flow = scene.flow_of(peer)
            await peer.write(SHORT + lie)
            assert await scene.next() == [SHORT]
            assert await peer.is_cut_off()
            assert await scene.closed.get() == flow
            assert not scene.listener.send(flow, b"anyone?")
            assert scene.messages.empty()

    _run(play)


def test_a_connection_that_its_peer_closes_is_told_once() -> None:
    async def play(scene: Scene) -> None:
        async with scene.peer() as peer:
            await peer.write(SHORT)
            await scene.next()
            flow = scene.flow_of(peer)
            peer.writer.close()
            assert await scene.closed.get() == flow
        await _turns()
        assert scene.closed.empty()

    _run(play)


def test_nothing_is_sent_by_a_flow_that_never_was() -> None:
    async def play(scene: Scene) -> None:
        assert not scene.listener.send(Flow("tcp", scene.listener.address, Address("127.0.0.1", 9)), b"x")

    _run(play)


def test_one_address_has_only_so_many_connections_and_others_have_theirs() -> None:
    async def play(scene: Scene) -> None:
        async with AsyncExitStack() as stack:
            peers = [await stack.enter_async_context(scene.peer()) for _ in range(CONNECTIONS_PER_ADDRESS_MAX)]
            async with scene.peer() as refused:
                assert await refused.is_cut_off()
            async with scene.peer("127.0.0.2") as other:
                await other.write(SHORT)
                assert await scene.next() == [SHORT]
            await peers[0].write(SHORT)
            assert await scene.next() == [SHORT]
            flow = scene.flow_of(peers[0])
            peers[0].writer.close()
            while await scene.closed.get() != flow:
                pass
            async with scene.peer() as late:
                await late.write(SHORT)
                assert await scene.next() == [SHORT]

    _run(play)


def test_a_peer_that_does_not_read_is_given_no_more() -> None:
    block = b"x" * (SEND_BUFFER_BYTES_MAX // 8)

    async def play(scene: Scene) -> None:
        async with scene.peer() as peer:
            await peer.write(SHORT)
            await scene.next()
            flow = scene.flow_of(peer)
            assert isinstance(peer.writer.transport, asyncio.Transport)
            peer.writer.transport.pause_reading()
            assert any(not scene.listener.send(flow, block) for _ in range(1000))

    _run(play)


def test_close_cuts_all_connections_off_and_frees_the_port() -> None:
    async def play(scene: Scene) -> None:
        async with scene.peer() as peer:
            await peer.write(SHORT)
            await scene.next()
            address = scene.listener.address
            scene.listener.close()
            assert await peer.is_cut_off()
        await _turns()
        again = Scene()
        await again.listener.open(address)
        again.listener.close()

    _run(play)


# Patience, with the loop's clock in the test's hand.


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0


def _hold_time() -> _Clock:
    clock = _Clock()
    loop = asyncio.get_running_loop()
    clock.now = loop.time()
    loop.time = lambda: clock.now  # type: ignore[method-assign]  # the only clock that call_later asks
    return clock


def test_a_message_that_is_not_whole_in_time_ends_the_connection() -> None:
    async def play(scene: Scene) -> None:
        clock = _hold_time()
        async with scene.peer() as peer:
            await peer.write(SHORT + SHORT[:10])
            await scene.next()
            clock.now += MESSAGE_S_MAX - 0.1
            await peer.write(SHORT[10:20])
            assert scene.closed.empty()
            clock.now += 0.2
            assert await peer.is_cut_off()
            assert scene.messages.empty()

    _run(play)


@pytest.mark.parametrize("said", [b"", b"\r\n\r\n", SHORT[:10]])
def test_whoever_connects_and_says_nothing_is_cut_off(said: bytes) -> None:
    """Keep-alives say nothing either: who has not made a message whole yet is nobody."""

    async def play(scene: Scene) -> None:
        clock = _hold_time()
        async with scene.peer() as peer:
            await peer.write(said)
            clock.now += MESSAGE_S_MAX - 0.1
            await peer.write(said)
            assert not peer.reader.at_eof()
            clock.now += 0.2
            assert (await peer.reader.read()).strip() == b""
            assert scene.messages.empty()

    _run(play)


def test_each_message_has_the_whole_time_for_itself() -> None:
    """A busy connection always has the beginning of the next message in hand."""

    async def play(scene: Scene) -> None:
        clock = _hold_time()
        async with scene.peer() as peer:
            await peer.write(SHORT[:10])
            for _ in range(4):
                clock.now += MESSAGE_S_MAX * 0.6
                await _turns()
                assert scene.closed.empty()
                await peer.write(SHORT[10:] + SHORT[:10])
                assert await scene.next() == [SHORT]

    _run(play)


def test_a_silent_connection_stays() -> None:
    async def play(scene: Scene) -> None:
        clock = _hold_time()
        async with scene.peer() as peer:
            await peer.write(SHORT)
            await scene.next()
            clock.now += 3 * MESSAGE_S_MAX
            await _turns()
            assert scene.closed.empty()
            await peer.write(SHORT)
            assert await scene.next() == [SHORT]

    _run(play)


@pytest.mark.parametrize("length", ["Content-Length: -1", "l: 99999999", "Content-Length: x", "Subject: no length"])
def test_a_request_whose_length_lies_is_told_so_before_the_connection_ends(length: str) -> None:
    message = request("OPTIONS").replace(b"Content-Length: 0", length.encode())

    async def play(scene: Scene) -> None:
        async with scene.peer() as peer:
            await peer.write(message)
            answer = await peer.reader.read()
            assert answer.split(b"\r\n")[0] in (b"SIP/2.0 400 Bad Request", b"SIP/2.0 513 Message Too Large")
            assert b"Call-ID: call-1" in answer
        assert scene.messages.empty()

    _run(play)
