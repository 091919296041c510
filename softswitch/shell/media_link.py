"""The signalling side's link to one media process: connects, reconnects, passes facts up and commands down.

The engine reports once a second, so a link on which nothing comes for `SILENCE_S_MAX` is no link: the process hangs,
and its calls are ended like those of one that died. The same holds for a process that takes no more commands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from media import protocol
from media.client import FrameWriter, LinkFault, fact_reader
from softswitch import unix_path
from softswitch.shell.driver import Driver

RECONNECT_S: Final = 0.1
SILENCE_S_MAX: Final = 10.0
READ_BYTES: Final = 1 << 16
WAITING_BYTES_MAX: Final = 4 << 20

log = structlog.get_logger()


class MediaLink:
    """Runs until it is cancelled. `is_ready` while the process has told its ports; `on_ready` each time it does."""

    def __init__(self, worker: int, path: Path, driver: Driver, on_ready: Callable[[], None]) -> None:
        self.is_ready = False
        self._worker = worker
        self._path = path
        self._driver = driver
        self._on_ready = on_ready
        self._frames = FrameWriter()
        self._stream: asyncio.StreamWriter | None = None

    def send(self, command: protocol.Command) -> None:
        """Passes a command on; without a link it is dropped, since a new link starts from nothing."""
        stream = self._stream
        if stream is None or stream.is_closing():
            return
        if stream.transport.get_write_buffer_size() > WAITING_BYTES_MAX:
            log.error("the media process takes no commands", worker=self._worker, WAITING_BYTES_MAX=WAITING_BYTES_MAX)
            stream.transport.abort()
            return
        stream.write(self._frames.frame(command))

    async def run(self) -> None:
        """Connects, again and again."""
        while True:
            try:
                link = unix_path.connect(self._path)
            except OSError:
                await asyncio.sleep(RECONNECT_S)
                continue
            link.setblocking(False)
            await self._serve(*await asyncio.open_unix_connection(sock=link))
            await asyncio.sleep(RECONNECT_S)

    async def _serve(self, reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        self._stream, self._frames = stream, FrameWriter()
        self._driver.media_connected(self._worker)
        try:
            await self._read(reader)
        except TimeoutError:
            log.error("the media process is silent", worker=self._worker, SILENCE_S_MAX=SILENCE_S_MAX)
        except (OSError, LinkFault) as error:
            log.error("the link to the media process broke", worker=self._worker, reason=str(error))
        finally:
            self.is_ready = False
            self._stream = None
            stream.transport.abort()
        log.warning("without the media process until it is back", worker=self._worker)
        self._driver.media_lost(self._worker)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        facts = fact_reader()
        while data := await asyncio.wait_for(reader.read(READ_BYTES), SILENCE_S_MAX):
            for fact in facts.feed(data):
                self._driver.media_fact(self._worker, fact)
                if isinstance(fact, protocol.Ready):
                    self.is_ready = True
                    self._on_ready()
