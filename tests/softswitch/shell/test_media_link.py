"""The link to a media process: facts up, commands down, and a new link after every kind of loss."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from media.client import FrameWriter, command_reader
from media.protocol import Command, LoadSounds, Ready, StopPlaying
from softswitch import unix_path
from softswitch.shell import media_link
from softswitch.shell.media_link import MediaLink
from tests.softswitch.shell.running import Switch, loaded, start, until

PORTS = (20000, 20002, 20004)


class MediaPeer:
    """The far end, one link at a time: says what it is told to, keeps the commands that came."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.links = 0
        self._writer: asyncio.StreamWriter | None = None
        self._frames = FrameWriter()

    async def open(self, path: Path) -> asyncio.Server:
        return await asyncio.start_unix_server(self._serve, sock=unix_path.bind(path))

    def say_ready(self) -> None:
        self.say(self._frames.frame(Ready(PORTS)))

    def say(self, data: bytes) -> None:
        assert self._writer is not None
        self._writer.write(data)

    def hang_up(self) -> None:
        assert self._writer is not None
        self._writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer, self._frames = writer, FrameWriter()
        frames = command_reader()
        self.links += 1
        while data := await reader.read(1 << 16):
            self.commands += frames.feed(data)
        writer.close()


def run(folder: Path, story: Callable[[Switch, MediaPeer, MediaLink, list[str]], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        switch = await start(loaded(folder))
        told: list[str] = []
        peer = MediaPeer()
        path = switch.data_dir / "media-0.sock"
        link = MediaLink(0, path, switch.driver, lambda: told.append("ready"))
        switch.driver.media[0] = link.send
        running = asyncio.create_task(link.run())
        await asyncio.sleep(0.05)
        assert not link.is_ready, "nobody is there yet"
        server = await peer.open(path)
        await until("the link stands", lambda: peer.links == 1)
        await story(switch, peer, link, told)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        server.close()
        await switch.driver.finish()

    asyncio.run(all_of_it())


def free_ports(switch: Switch) -> int:
    return switch.driver.node.signalling.legs.udp_ports.free


def test_ready_gives_ports_and_asks_for_the_sounds(tmp_path: Path) -> None:
    async def story(switch: Switch, peer: MediaPeer, link: MediaLink, told: list[str]) -> None:
        peer.say_ready()
        await until("sounds are asked for", lambda: bool(peer.commands))
        assert isinstance(peer.commands[0], LoadSounds)
        assert link.is_ready
        assert told == ["ready"]
        assert free_ports(switch) == len(PORTS)

    run(tmp_path, story)


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(MediaPeer.hang_up, id="closed"),
        pytest.param(lambda peer: peer.say(b"\xff\xff\xff\xff rubbish"), id="too long a frame"),
        pytest.param(lambda peer: peer.say(b"\0\0\0\x04\x92\x07\xa1x"), id="no fact of the protocol"),
    ],
)
def test_a_lost_link_takes_the_ports_and_a_new_one_brings_them_back(
    tmp_path: Path, loss: Callable[[MediaPeer], None]
) -> None:
    async def story(switch: Switch, peer: MediaPeer, link: MediaLink, told: list[str]) -> None:
        peer.say_ready()
        await until("it is ready", lambda: link.is_ready)
        loss(peer)
        await until("it is lost", lambda: not link.is_ready)
        assert free_ports(switch) == 0
        link.send(StopPlaying(1, "t"))
        await until("there is another link", lambda: peer.links == 2)
        peer.say_ready()
        await until("it is ready again", lambda: link.is_ready and free_ports(switch) == len(PORTS))
        await until("sounds are asked for again", lambda: len(peer.commands) == 2)
        assert told == ["ready", "ready"]
        assert all(isinstance(command, LoadSounds) for command in peer.commands), "what was said to nobody is dropped"

    run(tmp_path, story)


def test_a_process_that_says_nothing_more_is_as_good_as_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_link, "SILENCE_S_MAX", 0.3)

    async def story(switch: Switch, peer: MediaPeer, link: MediaLink, _told: list[str]) -> None:
        peer.say_ready()
        await until("it is ready", lambda: link.is_ready)
        await until("it is lost", lambda: not link.is_ready)
        assert free_ports(switch) == 0
        await until("there is another link", lambda: peer.links == 2)

    run(tmp_path, story)
