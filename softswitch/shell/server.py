"""The signalling process: sockets, journal, node and driver put together, from the first bind to the last flush.

Started by the supervisor with the reading end of a pipe: when that ends, the supervisor is gone and so is this process.
SIGTERM drains, a second one stops at once, SIGHUP reloads.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import secrets
import signal
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import structlog

from media.protocol import Shutdown
from sip_stack.aio.stream import StreamListener
from sip_stack.aio.udp import UdpListener
from sip_stack.flow import Address, Flow
from softswitch.domain import events
from softswitch.domain.refusals import CommandRefused
from softswitch.node import JournalRecord, Node
from softswitch.settings import ConfigurationErrors, Settings, load
from softswitch.shell.control import ControlServer
from softswitch.shell.driver import Driver, now
from softswitch.shell.http_api import HttpApi
from softswitch.shell.media_link import MediaLink
from softswitch.store.journal import Damage, JournalWriter, Position, first_segment_since, read_since
from softswitch.store.projections import Projections

BIND_S_MAX: Final = 8.0
DRAIN_LOOK_S: Final = 0.1
RECORDINGS_S_MAX: Final = 4.0
IDS_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"

log = structlog.get_logger()


class SystemTokens:
    """Unguessable texts from the operating system."""

    def token(self) -> str:
        return secrets.token_hex(8)


class Server:
    """One signalling process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._udp: list[UdpListener] = []
        self._streams: list[StreamListener] = []
        self._stop_asked = 0
        self._driver: Driver | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, *, is_first: bool) -> None:
        """Serves until told to stop."""
        settings = self._settings
        data_dir = settings.node.data_dir
        listening = await self._bind()
        projections = Projections(data_dir / "softswitch.db")
        written = await projections.open()
        node = Node(
            settings,
            tokens=SystemTokens(),
            digest_key=secrets.token_bytes(32),
            ids=_ids(time.time()),
            wall_offset_s=time.time() - time.monotonic(),
            listening=listening,
        )
        _replay(data_dir / "journal", settings, written, node, projections)
        driver = self._driver = Driver(node, JournalWriter(data_dir / "journal"), projections)
        for udp in self._udp:
            driver.senders["udp", udp.address] = udp.send
        for stream in self._streams:
            driver.senders["tcp", stream.address] = stream.send
        driver.start()
        link = MediaLink(0, data_dir / "media-0.sock", driver)
        driver.media[0] = link.send
        control = await ControlServer(data_dir / "control.sock", driver, projections, self._reload).open()
        api = await self._open_api(node)
        self._tasks += [asyncio.create_task(link.run()), asyncio.create_task(driver.sync_for_ever())]
        await link.is_ready.wait()
        gc.collect()
        gc.freeze()
        if is_first:
            _say_ready(listening, api)
        await self._until_stopped(driver)
        link.send(Shutdown())
        await self._until_media_is_done(link)
        control.close()
        if api is not None:
            api.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await driver.finish()
        for udp in self._udp:
            udp.close()
        for stream in self._streams:
            stream.close()

    def ask_to_stop(self) -> None:
        """SIGTERM: once drains, twice stops at once."""
        self._stop_asked += 1

    async def _bind(self) -> list[tuple[str, Address]]:
        """Opens every listen; a port that a dying process still holds is waited for."""
        bound: list[tuple[str, Address]] = []
        for listen in self._settings.sip.listen:
            deadline = now() + BIND_S_MAX
            while True:
                try:
                    bound.append((listen.transport, await self._open(listen.transport, listen.address)))
                    break
                except OSError as error:
                    if now() > deadline:
                        raise SystemExit(f"cannot listen on {listen}: {error.strerror}") from None
                    await asyncio.sleep(DRAIN_LOOK_S)
        return bound

    async def _open(self, transport: str, address: Address) -> Address:
        if transport == "udp":
            udp = UdpListener.open(address, self._receive)
            self._udp.append(udp)
            return udp.address
        stream = StreamListener(self._receive, self._lost)
        await stream.open(address)
        self._streams.append(stream)
        return stream.address

    def _receive(self, data: bytes, flow: Flow) -> None:
        if self._driver is not None:
            self._driver.receive(data, flow)

    def _lost(self, flow: Flow) -> None:
        if self._driver is not None:
            self._driver.flow_lost(flow)

    async def _open_api(self, node: Node) -> HttpApi | None:
        if self._settings.api is None:
            return None
        api = HttpApi(self._settings.api.listen, node)
        self._tasks.append(asyncio.create_task(api.run()))
        return api

    async def _reload(self) -> object:
        try:
            settings = await asyncio.to_thread(load, self._settings.folder)
        except ConfigurationErrors as errors:
            first = errors.errors[0]
            raise CommandRefused(first.what, first.where, first.mend) from None
        assert self._driver is not None
        self._settings = settings
        self._driver.node.reload(settings, now())
        self._driver.turn()
        return {"configuration": settings.office.version}

    def reload_soon(self) -> None:
        """SIGHUP."""
        self._tasks.append(asyncio.create_task(self._reload_and_log()))

    async def _reload_and_log(self) -> None:
        try:
            await self._reload()
        except CommandRefused as refused:
            log.error("the changed configuration is refused", what=refused.what, where=refused.where)

    async def _until_stopped(self, driver: Driver) -> None:
        while self._stop_asked == 0:
            await asyncio.sleep(DRAIN_LOOK_S)
        driver.node.drain_calls(now())
        driver.turn()
        while self._stop_asked == 1 and not driver.node.is_drained:
            await asyncio.sleep(DRAIN_LOOK_S)
        driver.node.stop(now())
        driver.turn()

    async def _until_media_is_done(self, link: MediaLink) -> None:
        deadline = now() + RECORDINGS_S_MAX
        while link.is_ready.is_set() and now() < deadline:
            await asyncio.sleep(DRAIN_LOOK_S)


def main(arguments: list[str] | None = None) -> int:
    """`python -m softswitch.shell.server`, run by the supervisor."""
    parser = argparse.ArgumentParser(prog="softswitch.shell.server")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--parent-pipe", type=int, required=True)
    parser.add_argument("--again", action="store_true", help="a process before this one died")
    options = parser.parse_args(arguments)
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    server = Server(load(options.config))
    asyncio.run(_main(server, options.parent_pipe, is_first=not options.again))
    return 0


async def _main(server: Server, parent_pipe: int, *, is_first: bool) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, server.ask_to_stop)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    loop.add_signal_handler(signal.SIGHUP, server.reload_soon)
    loop.add_reader(parent_pipe, os._exit, 1)
    await server.run(is_first=is_first)


def _replay(folder: Path, settings: Settings, written: Position, node: Node, projections: Projections) -> None:
    """Feeds today's journal, and all that the rows lack, to the node and the projections."""
    if not folder.is_dir():
        return
    zone = ZoneInfo(settings.node.timezone)
    midnight = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(seconds=1)
    first = max(1, min(first_segment_since(folder, midnight.timestamp()), max(1, written.segment)) - 1)
    damages: list[Damage] = []
    decoder: msgspec.msgpack.Decoder[JournalRecord] = msgspec.msgpack.Decoder(JournalRecord)
    for position, payload in read_since(folder, first, damages):
        try:
            record = decoder.decode(payload)
        except msgspec.ValidationError:
            log.warning("a journal record of another version is passed over", segment=position.segment)
            continue
        node.replay(record)
        if isinstance(record, events.Event):
            projections.take(record, position)
    for damage in damages:
        log.error("the journal is damaged", path=str(damage.path), offset=damage.offset, reason=damage.reason)


def _ids(wall_at: float) -> str:
    """A short text that no other start has: the second of the start in base 36."""
    number, text = int(wall_at), ""
    while number:
        number, digit = divmod(number, 36)
        text = IDS_ALPHABET[digit] + text
    return text


def _say_ready(listening: list[tuple[str, Address]], api: HttpApi | None) -> None:
    sip = [f"{transport}:{address}" for transport, address in listening]
    ready = {"sip": sip, "api": None if api is None else str(api.address)}
    sys.stdout.write(f"ready {json.dumps(ready)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
