"""The signalling side's link to one media process: connects, reconnects, passes facts up and commands down."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import structlog

from media import protocol
from media.client import FrameWriter, LinkFault, fact_reader
from softswitch.shell import unix_path
from softswitch.shell.driver import Driver, now

RECONNECT_S: Final = 0.1
READ_BYTES: Final = 1 << 16

log = structlog.get_logger()


class MediaLink:
    """Runs until it is cancelled. `is_ready` is set while the process has told its ports."""

    def __init__(self, worker: int, path: Path, driver: Driver) -> None:
        self.is_ready = asyncio.Event()
        self._worker = worker
        self._path = path
        self._driver = driver
        self._frames = FrameWriter()
        self._stream: asyncio.StreamWriter | None = None

    def send(self, command: protocol.Command) -> None:
        """Passes a command on; without a link it is dropped, since a new link starts from nothing."""
        if self._stream is not None and not self._stream.is_closing():
            self._stream.write(self._frames.frame(command))

    async def run(self) -> None:
        while True:
            try:
                link = unix_path.connect(self._path)
            except OSError:
                await asyncio.sleep(RECONNECT_S)
                continue
            link.setblocking(False)
            reader, self._stream = await asyncio.open_unix_connection(sock=link)
            self._frames = FrameWriter()
            self._driver.node.media_connected(self._worker, now())
            try:
                await self._read(reader)
            except (OSError, LinkFault) as error:
                log.error("the link to the media process broke", worker=self._worker, reason=str(error))
            finally:
                self.is_ready.clear()
                self._stream.close()
                self._stream = None
            self._driver.media_lost(self._worker)
            await asyncio.sleep(RECONNECT_S)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        facts = fact_reader()
        while data := await reader.read(READ_BYTES):
            for fact in facts.feed(data):
                self._driver.media_fact(self._worker, fact)
                if isinstance(fact, protocol.Ready):
                    self.is_ready.set()
