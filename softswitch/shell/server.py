"""The signalling process: sockets, journal, node and driver put together, from the first bind to the last flush.

Started by the supervisor with the reading end of a pipe: when that ends, the supervisor is gone and so is this process.
SIGTERM drains, a second one stops at once, SIGHUP reloads. What makes a start impossible is told in three lines, after
what a dying process may still hold, a port or the journal, was waited for.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import gc
import json
import os
import secrets
import signal
import ssl
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import structlog

from media.protocol import Shutdown
from sip_stack.aio.resolver import Resolver
from sip_stack.aio.stream import StreamListener
from sip_stack.aio.tls import server_context
from sip_stack.aio.udp import UdpListener
from sip_stack.flow import Address, Flow
from softswitch.domain.refusals import CommandRefused
from softswitch.node import Node
from softswitch.settings import ConfigurationErrors, Listen, Settings, load
from softswitch.shell import cut_off, logs
from softswitch.shell.carriers import Carriers
from softswitch.shell.control import ControlServer
from softswitch.shell.driver import Driver, now
from softswitch.shell.failing import CANNOT_START, StartFailed, print_failure, wrong_configuration
from softswitch.shell.http_api import HttpApi
from softswitch.shell.media_link import MediaLink
from softswitch.shell.places import Places, draw
from softswitch.shell.replaying import replay
from softswitch.shell.restart_needed import restart_needed
from softswitch.shell.system_tokens import SystemTokens
from softswitch.store.journal import JournalWriter
from softswitch.store.projections import Projections

T = TypeVar("T")

HELD_S_MAX: Final = 8.0
HELD_ERRORS: Final = (errno.EADDRINUSE, errno.EAGAIN)
LOOK_S: Final = 0.05
RECORDINGS_S_MAX: Final = 6.0
IDS_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
GC_THRESHOLDS: Final = (20_000, 20, 50)

log = structlog.get_logger()


class Server:
    """One signalling process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._udp: list[UdpListener] = []
        self._streams: list[StreamListener] = []
        self._carriers = Carriers(settings)
        self._places: Places | None = None
        self._stop_asked = 0
        self._driver: Driver | None = None
        self._reloading = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> bool:
        """Serves until told to stop; whether everything could be written. Raises StartFailed."""
        settings, data_dir = self._settings, self._settings.node.data_dir
        journal = await _when_free(lambda: JournalWriter(data_dir / "journal", time.time()), "the journal", data_dir)
        listening = await self._bind()
        projections = Projections(data_dir / "softswitch.db")
        driver = self._driver = await self._start(journal, projections, listening)
        places = self._places = Places(Resolver(draw), listening, self._move_carriers)
        self._spawn(places.keep(lambda: self._settings))

        def ready() -> None:
            self._spawn(cut_off.complete(projections, driver, data_dir / "recordings"))

        link = MediaLink(0, data_dir / "media-0.sock", driver, ready)
        driver.media[0] = link.send
        control = ControlServer(data_dir / "control.sock", driver, projections, self._reload)
        await control.open()
        api = None if settings.api is None else await self._open_api(settings.api.listen, driver)
        self._spawn(link.run())
        self._spawn(driver.sync_for_ever())
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        await _until(lambda: link.is_ready or self._stop_asked > 0)
        if link.is_ready:
            _say_ready(listening, api)
            for warning in settings.warnings:
                log.warning(warning.what, place=f"{warning.file.name}:{warning.line}", mend=warning.mend)
        await self._drain(driver)
        link.send(Shutdown())
        await _until(lambda: not link.is_ready, RECORDINGS_S_MAX)
        control.close()
        return await self._finish(driver, api)

    def ask_to_stop(self) -> None:
        """SIGTERM: once drains, twice stops at once."""
        self._stop_asked += 1
        log.info("asked to stop", at_once=self._stop_asked > 1)

    def reload_soon(self) -> None:
        """SIGHUP."""
        self._spawn(self._reload_and_log())

    async def _start(
        self, journal: JournalWriter, projections: Projections, listening: list[tuple[str, Address]]
    ) -> Driver:
        settings = self._settings
        written = await projections.open()
        if projections.set_aside is not None:
            log.error("the database could not be used; made again", set_aside=str(projections.set_aside))
        node = Node(
            settings,
            tokens=SystemTokens(),
            digest_key=secrets.token_bytes(32),
            ids=ids_of(journal.begun_at),
            wall_offset_s=time.time() - time.monotonic(),
            listening=listening,
        )
        folder = settings.node.data_dir / "journal"
        await replay(folder, settings.node.timezone, written, node, projections)
        driver = Driver(node, journal, projections)
        for udp in self._udp:
            driver.senders["udp", udp.address] = udp.send
        for stream in self._streams:
            driver.senders[stream.transport, stream.address] = stream.send
        try:
            driver.start()
        except OSError as error:
            raise StartFailed(
                f"the journal cannot be written: {error.strerror}", str(folder), "make room on the disk"
            ) from None
        return driver

    async def _bind(self) -> list[tuple[str, Address]]:
        """Opens every listen."""
        bound: list[tuple[str, Address]] = []
        for listen in self._settings.sip.listen:
            address = listen.address
            if listen.transport == "udp":
                udp = await _when_free(partial(UdpListener.open, address, self._receive), str(listen), "[sip] listen")
                self._udp.append(udp)
                bound.append(("udp", udp.address))
            else:
                stream = StreamListener(self._receive, self._lost, tls=self._tls(listen), dials=self._carriers.dial)
                await _when_open(partial(stream.open, address), str(listen), "[sip] listen")
                self._streams.append(stream)
                bound.append((stream.transport, stream.address))
        return bound

    def _tls(self, listen: Listen) -> ssl.SSLContext | None:
        sip = self._settings.sip
        if listen.transport != "tls" or sip.certificate is None:
            return None
        try:
            return server_context(sip.certificate, sip.client_authority)
        except OSError as error:
            raise StartFailed(f"TLS cannot use its files: {error}", "[sip] tls_certificate", "mend them") from None

    async def _open_api(self, listen: Address, driver: Driver) -> HttpApi:
        api = await _when_free(lambda: HttpApi(listen, driver), str(listen), "[api] listen")
        self._spawn(api.run())
        return api

    def _receive(self, data: bytes, flow: Flow) -> None:
        if self._driver is not None:
            self._driver.receive(data, flow)

    def _lost(self, flow: Flow) -> None:
        if self._driver is not None:
            self._driver.flow_lost(flow)

    def _move_carriers(self) -> None:
        """Their names lead elsewhere, in the configuration that is in force."""
        assert self._driver is not None
        assert self._places is not None
        in_force = self._places.applied(self._settings)
        self._carriers.use(in_force)
        self._driver.move_carriers(in_force)

    async def _reload(self) -> object:
        assert self._driver is not None
        async with self._reloading:
            try:
                settings = await asyncio.to_thread(load, self._settings.folder)
            except ConfigurationErrors as errors:
                failed = wrong_configuration(errors)
                raise CommandRefused(failed.what, failed.where, failed.mend) from None
            fixed = restart_needed(self._settings, settings)
            if fixed is not None:
                raise CommandRefused(
                    f"{fixed} has changed, which takes a restart", str(settings.folder), "restart, or put it back"
                )
            assert self._places is not None
            in_force = self._places.applied(settings)
            self._driver.reload(in_force)
            self._carriers.use(in_force)
            self._settings = settings
        self._spawn(self._places.look(settings))
        log.info("the configuration is in force", version=settings.office.version)
        return {"configuration": settings.office.version}

    async def _reload_and_log(self) -> None:
        try:
            await self._reload()
        except CommandRefused as refused:
            log.error("the changed configuration is refused", what=refused.what, where=refused.where)

    async def _drain(self, driver: Driver) -> None:
        """Until the last call is over, or nobody wants to wait for it."""
        await _until(lambda: self._stop_asked > 0)
        driver.node.drain_calls(now())
        driver.turn()
        await _until(lambda: self._stop_asked > 1 or driver.node.is_drained)
        driver.node.stop(now())
        driver.turn()

    async def _finish(self, driver: Driver, api: HttpApi | None) -> bool:
        if api is not None:
            api.stop()
            await asyncio.sleep(LOOK_S)
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        is_whole = await driver.finish()
        for udp in self._udp:
            udp.close()
        for stream in self._streams:
            stream.close()
        return is_whole

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        """A task that is kept, and whose failure is told."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a task failed", exc_info=task.exception())


def main(arguments: list[str] | None = None) -> int:
    """`python -m softswitch.shell.server`, run by the supervisor."""
    parser = argparse.ArgumentParser(prog="softswitch.shell.server")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--parent-pipe", type=int, required=True)
    options = parser.parse_args(arguments)
    logs.configure()
    try:
        settings = load(options.config)
        return asyncio.run(_serve(settings, options.parent_pipe))
    except ConfigurationErrors as errors:
        failed = wrong_configuration(errors)
    except StartFailed as error:
        failed = error
    print_failure(failed.what, failed.where, failed.mend)
    return CANNOT_START


def ids_of(begun_at: float) -> str:
    """A short text that no other start has: the second in which its journal segment began, in base 36."""
    number, text = int(begun_at), ""
    while number:
        number, digit = divmod(number, len(IDS_ALPHABET))
        text = IDS_ALPHABET[digit] + text
    return text


async def _serve(settings: Settings, parent_pipe: int) -> int:
    loop = asyncio.get_running_loop()
    server = Server(settings)
    loop.set_exception_handler(_log_fault)
    loop.add_signal_handler(signal.SIGTERM, server.ask_to_stop)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    loop.add_signal_handler(signal.SIGHUP, server.reload_soon)
    loop.add_reader(parent_pipe, os._exit, 1)
    return 0 if await server.run() else 1


def _log_fault(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    log.error("a callback failed", what=context.get("message"), exc_info=context.get("exception"))


async def _when_free(take: Callable[[], T], what: str, where: object) -> T:
    """What `take` takes; something that is in use is waited for, since a dying process may hold it. StartFailed."""

    async def taking() -> T:
        return take()

    return await _when_open(taking, what, where)


async def _when_open(take: Callable[[], Coroutine[object, object, T]], what: str, where: object) -> T:
    give_up_at = now() + HELD_S_MAX
    while True:
        try:
            return await take()
        except OSError as error:
            if error.errno not in HELD_ERRORS or now() > give_up_at:
                reason = error.strerror or str(error)
                raise StartFailed(f"{what} cannot be had: {reason}", str(where), "free it, or change it") from None
        await asyncio.sleep(LOOK_S)


async def _until(look: Callable[[], bool], seconds_max: float = float("inf")) -> None:
    give_up_at = now() + seconds_max
    while not look() and now() < give_up_at:
        await asyncio.sleep(LOOK_S)


def _say_ready(listening: list[tuple[str, Address]], api: HttpApi | None) -> None:
    """One line for the supervisor, which passes the first one on."""
    sip = [f"{transport}:{address}" for transport, address in listening]
    ready = {"sip": sip, "api": None if api is None else str(api.address)}
    log.info("takes calls", sip=sip, api=ready["api"])
    sys.stdout.write(f"ready {json.dumps(ready)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
