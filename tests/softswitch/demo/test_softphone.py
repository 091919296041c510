"""The demo's telephones among themselves, on real sockets: what one says is what the other hears."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace

from media.levels import where_heard
from sip_stack.flow import Address
from softswitch.demo.softphone import Behaviour, Softphone

TELEPHONE_EVENT = 101
SPEECH = bytes(64 + (index * 7919) % 97 for index in range(8000))
"""A second of A-law that is like nothing else."""


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.01)


def between_two(story: Callable[[Softphone, Softphone], Awaitable[None]], behaviour: Behaviour) -> list[str]:
    """Anna's telephone behaves; Bo's calls it. Returns what Anna's told."""
    told: list[str] = []

    async def play() -> None:
        anna = Softphone("anna", switch=Address("127.0.0.1", 9), domain="e.org", behaviour=behaviour, tell=told.append)
        bo = Softphone("bo", switch=anna.address, domain="e.org", behaviour=Behaviour(speech=SPEECH))
        for phone in (anna, bo):
            phone.open()
        try:
            await story(anna, bo)
        finally:
            for phone in (anna, bo):
                await phone.close()

    asyncio.run(play())
    return told


def test_it_rings_picks_up_and_hears_what_the_other_says() -> None:
    heard: list[bytes] = []

    async def story(anna: Softphone, bo: Softphone) -> None:
        bo.call("anna")
        await until(lambda: len(anna.heard) > 12_000)
        heard.append(bytes(anna.heard))
        bo.hang_up()
        await asyncio.wait_for(anna.ended.wait(), 5)

    told = between_two(story, Behaviour(picks_up_after_s=0.05))
    assert where_heard(heard[0], SPEECH[:4000])[1] > 0.99
    assert told == ["anna rings:  <bo>", "anna picks up", "anna hears that the other end hung up"]


def test_keys_are_sent_as_telephone_events_in_place_of_speech() -> None:
    """RFC 4733: one timestamp and one marker for a press, its end three times, no sequence number twice."""
    packets: list[bytes] = []

    async def story(anna: Softphone, bo: Softphone) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
            ear.bind(("127.0.0.1", 0))
            ear.setblocking(False)
            bo.call("anna")
            await until(lambda: bo.talk is not None and bo.talk.negotiated is not None)
            assert bo.talk is not None
            assert bo.talk.negotiated is not None
            bo.talk.negotiated = replace(bo.talk.negotiated, remote=Address(*ear.getsockname()))
            bo.press("15")
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(5):
                while sum(is_end(packet) for packet in packets) < 6:
                    packets.append(await loop.sock_recv(ear, 2000))
        bo.hang_up()
        await asyncio.wait_for(anna.ended.wait(), 5)

    def is_end(packet: bytes) -> bool:
        return packet[1] & 0x7F == TELEPHONE_EVENT and packet[13] & 0x80 != 0

    between_two(story, Behaviour(picks_up_after_s=0.05))
    events = [packet for packet in packets if packet[1] & 0x7F == TELEPHONE_EVENT]
    assert sorted({packet[12] for packet in events}) == [1, 5]
    assert [packet[12] for packet in events if packet[1] & 0x80] == [1, 5]
    assert len({packet[4:8] for packet in events}) == 2
    sequences = [int.from_bytes(packet[2:4], "big") for packet in packets]
    assert sequences == list(range(sequences[0], sequences[0] + len(packets)))


def test_keys_outside_a_call_are_not_sent() -> None:
    async def story(anna: Softphone, _bo: Softphone) -> None:
        anna.press("1")

    assert between_two(story, Behaviour()) == []


def test_a_telephone_that_refuses_is_not_answered() -> None:
    async def story(_anna: Softphone, bo: Softphone) -> None:
        bo.call("anna")
        await asyncio.wait_for(bo.ended.wait(), 5)

    assert between_two(story, Behaviour(refuses_with=486)) == []


def test_a_caller_who_gives_up_stops_the_ringing() -> None:
    async def story(anna: Softphone, bo: Softphone) -> None:
        bo.call("anna")
        await until(lambda: anna.talk is not None)
        bo.hang_up()
        await asyncio.wait_for(anna.ended.wait(), 5)

    assert between_two(story, Behaviour(picks_up_after_s=None))[-1].startswith("anna stops ringing")


def test_it_hangs_up_by_itself_when_it_is_told_to() -> None:
    async def story(_anna: Softphone, bo: Softphone) -> None:
        bo.call("anna")
        await until(lambda: bo.talk is not None and bo.talk.is_answered)
        await asyncio.wait_for(bo.ended.wait(), 5)

    assert between_two(story, Behaviour(picks_up_after_s=0.0, hangs_up_after_s=0.05))[-1] == "anna hangs up"
