"""The control socket: one JSON line in, one JSON line out, for the same user only.

Every command goes through the node's one table; what is about the past is answered by the store. The answer goes out
after the journal was written, so that what a person was told stays true.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from softswitch.domain.refusals import CommandRefused
from softswitch.domain.views import history_row, rfc3339, story_row
from softswitch.shell import unix_path
from softswitch.shell.driver import Driver
from softswitch.store.projections import Projections

LINE_BYTES_MAX: Final = 1 << 16
CLIENTS_MAX: Final = 64
IDLE_S_MAX: Final = 30.0

log = structlog.get_logger()


class ControlServer:
    """Serves `<data_dir>/control.sock`."""

    def __init__(
        self, path: Path, driver: Driver, projections: Projections, reload: Callable[[], Awaitable[object]]
    ) -> None:
        self._path = path
        self._driver = driver
        self._projections = projections
        self._reload = reload
        self._clients = 0

    async def open(self) -> asyncio.Server:
        bound = unix_path.bind(self._path)
        return await asyncio.start_unix_server(self._serve, sock=bound, limit=LINE_BYTES_MAX)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients += 1
        try:
            if self._clients <= CLIENTS_MAX and _is_same_user(writer):
                await self._talk(reader, writer)
        except (OSError, ValueError, TimeoutError):
            pass
        finally:
            self._clients -= 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await asyncio.wait_for(reader.readline(), IDLE_S_MAX):
            writer.write(json.dumps(await self._answer(line), ensure_ascii=False).encode() + b"\n")
            await writer.drain()

    async def _answer(self, line: bytes) -> Mapping[str, object]:
        try:
            name, arguments = _question(line)
            return {"result": await self._carry_out(name, arguments)}
        except CommandRefused as refused:
            return {"refused": {"what": refused.what, "where": refused.where, "mend": refused.mend}}
        except Exception as error:
            log.exception("a command failed", command=line[:200])
            return {"refused": {"what": f"the switch failed: {error}", "where": "its log", "mend": "report it"}}

    async def _carry_out(self, name: str, arguments: Mapping[str, object]) -> object:
        match name:
            case "history":
                return await self._history(arguments)
            case "recording.list":
                return await self._recordings()
            case "recording.path":
                return await self._recording_path(arguments)
            case "reload":
                return await self._reload()
            case "call.show":
                ended = await self._projections.call(str(arguments.get("id")))
                if ended is not None:
                    return story_row(ended, self._timezone)
        return self._driver.command(name, arguments)

    @property
    def _timezone(self) -> str:
        return self._driver.node.settings.office.timezone

    async def _history(self, arguments: Mapping[str, object]) -> list[dict[str, object]]:
        queue, since = arguments.get("queue"), arguments.get("since")
        since_at = None
        if since is not None:
            try:
                since_at = datetime.fromisoformat(str(since)).timestamp()
            except ValueError:
                raise CommandRefused(f"{since!r} is no time", "--since", "write it as RFC 3339") from None
        records = await self._projections.history(None if queue is None else str(queue), since_at)
        return [history_row(record, self._timezone) for record in records]

    async def _recordings(self) -> list[dict[str, object]]:
        folder = self._driver.node.settings.node.data_dir / "recordings"
        return [
            {
                "id": row["id"],
                "call": row["call"],
                "agent": row["agent"],
                "queue": row["queue"],
                "started_at": rfc3339(_seconds(row["started_at"]), self._timezone),
                "seconds": row["seconds"],
                "path": str(folder / str(row["path"])),
                "channels": 2,
                "sha256": row["sha256"],
            }
            for row in await self._projections.recording_rows()
        ]

    async def _recording_path(self, arguments: Mapping[str, object]) -> object:
        wanted = arguments.get("id")
        for row in await self._recordings():
            if row["id"] == wanted:
                return {"id": wanted, "path": row["path"]}
        raise CommandRefused(f"there is no recording {wanted!r}", "recording path", "see softswitch recording list")


def _question(line: bytes) -> tuple[str, Mapping[str, object]]:
    try:
        question = json.loads(line)
        name, arguments = question["command"], question.get("arguments", {})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CommandRefused(
            "the line is no question", "control.sock", 'send {"command": …, "arguments": {…}}'
        ) from None
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise _no_question()
    return name, arguments


def _no_question() -> CommandRefused:
    return CommandRefused("the line is no question", "control.sock", 'send {"command": …, "arguments": {…}}')


def _is_same_user(writer: asyncio.StreamWriter) -> bool:
    peer = writer.get_extra_info("socket")
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", credentials)[1] == os.getuid())


def _seconds(value: object) -> float | None:
    return value if isinstance(value, float) else None
