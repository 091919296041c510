"""The control socket: one JSON line in, one JSON line out, for the same user only.

Every command goes through the node's one table; what is about the past is answered by the store. The answer goes out
after the journal was written, so that what a person was told stays true. A line that is no question gets a refusal; one
that is too long, or a client that neither asks nor reads, ends its connection.
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
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from softswitch import unix_path
from softswitch.domain.call_record import CallRecord
from softswitch.domain.refusals import CommandRefused
from softswitch.domain.views import history_row, rfc3339, story_row, why_row
from softswitch.domain.why import explain
from softswitch.shell.driver import Driver
from softswitch.store.projections import Projections, RecordingRow

LINE_BYTES_MAX: Final = 1 << 16
CLIENTS_MAX: Final = 64
IDLE_S_MAX: Final = 30.0
ANSWER_S_MAX: Final = 30.0
CHANNELS: Final = 2

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
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.StreamWriter, None] = {}

    async def open(self) -> None:
        """Takes questions from now on. Raises OSError."""
        bound = unix_path.bind(self._path)
        self._server = await asyncio.start_unix_server(self._serve, sock=bound, limit=LINE_BYTES_MAX)

    def close(self) -> None:
        """Takes no more questions; who is in the middle of one gets no answer."""
        if self._server is not None:
            self._server.close()
        for writer in self._clients:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients[writer] = None
        try:
            await self._talk(reader, writer)
        except (OSError, TimeoutError):
            pass
        finally:
            del self._clients[writer]
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not _is_same_user(writer):
            await _say(writer, _refusal("the switch belongs to another user", "ask as the user who runs it"))
            return
        if len(self._clients) > CLIENTS_MAX:
            await _say(writer, _refusal(f"more than CLIENTS_MAX = {CLIENTS_MAX} ask at once", "try again"))
            return
        while True:
            try:
                line = await asyncio.wait_for(reader.readline(), IDLE_S_MAX)
            except ValueError:
                too_long = f"a question of more than LINE_BYTES_MAX = {LINE_BYTES_MAX}"
                await _say(writer, _refusal(too_long, "ask for less at a time"))
                return
            if not line:
                return
            await _say(writer, await self._answer(line))

    async def _answer(self, line: bytes) -> Mapping[str, object]:
        try:
            name, arguments = _question(line)
            return {"result": await self._carry_out(name, arguments)}
        except CommandRefused as refused:
            return {"refused": {"what": refused.what, "where": refused.where, "mend": refused.mend}}
        except (SQLAlchemyError, OSError) as error:
            log.error("the database could not be asked", reason=str(error))
            return _refusal("the database cannot be read or written", "make room on the disk; the log says more")
        except Exception:
            log.exception("a command failed", command=line[:200])
            return _refusal("the switch could not carry this out", "its log says why: please report it")

    async def _carry_out(self, name: str, arguments: Mapping[str, object]) -> object:
        match name:
            case "history":
                return await self._history(arguments)
            case "recording.list":
                return [self._recording(row) for row in await self._projections.recordings()]
            case "recording.path":
                return await self._recording_path(arguments)
            case "reload":
                return await self._reload()
            case "call.show" | "call.why":
                ended = await self._projections.call(str(arguments.get("id")))
                if ended is not None:
                    return self._story(name, ended)
        return self._driver.command(name, arguments)

    def _story(self, name: str, ended: CallRecord) -> object:
        if name == "call.show":
            return story_row(ended, self._timezone)
        return why_row(ended, explain(ended), self._timezone)

    @property
    def _timezone(self) -> str:
        return self._driver.node.settings.office.timezone

    async def _history(self, arguments: Mapping[str, object]) -> list[dict[str, object]]:
        queue = arguments.get("queue")
        since_at = self._instant(arguments.get("since"))
        records = await self._projections.history(None if queue is None else str(queue), since_at)
        return [history_row(record, self._timezone) for record in records]

    def _instant(self, since: object) -> float | None:
        """Wall seconds; a time without a zone is the office's."""
        if since is None:
            return None
        try:
            instant = datetime.fromisoformat(str(since))
            if instant.tzinfo is None:
                instant = instant.replace(tzinfo=ZoneInfo(self._timezone))
            return instant.timestamp()
        except (ValueError, OverflowError):
            raise CommandRefused(f"{since!r} is no time", "--since", "write it as RFC 3339") from None

    def _recording(self, row: RecordingRow) -> dict[str, object]:
        folder = self._driver.node.settings.node.data_dir / "recordings"
        return {
            "id": row.id,
            "call": row.call,
            "agent": row.agent,
            "queue": row.queue,
            "started_at": rfc3339(row.started_at, self._timezone),
            "seconds": row.seconds,
            "path": str(folder / row.path),
            "channels": CHANNELS,
            "sha256": row.sha256,
        }

    async def _recording_path(self, arguments: Mapping[str, object]) -> object:
        wanted = str(arguments.get("id"))
        row = await self._projections.recording(wanted)
        if row is None:
            raise CommandRefused(f"there is no recording {wanted!r}", "recording path", "see softswitch recording list")
        return {"id": row.id, "path": self._recording(row)["path"]}


def _question(line: bytes) -> tuple[str, Mapping[str, object]]:
    try:
        question = json.loads(line)
        json.dumps(question, ensure_ascii=False).encode()  # half a surrogate pair is no text, and no database takes it
        name, arguments = question["command"], question.get("arguments") or {}
        if isinstance(name, str) and isinstance(arguments, dict):
            return name, arguments
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise CommandRefused("the line is no question", "control.sock", 'send {"command": …, "arguments": {…}}')


def _refusal(what: str, mend: str) -> dict[str, object]:
    return {"refused": {"what": what, "where": "control.sock", "mend": mend}}


async def _say(writer: asyncio.StreamWriter, answer: Mapping[str, object]) -> None:
    writer.write(json.dumps(answer).encode() + b"\n")
    await asyncio.wait_for(writer.drain(), ANSWER_S_MAX)


def _is_same_user(writer: asyncio.StreamWriter) -> bool:
    peer = writer.get_extra_info("socket")
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", credentials)[1] == os.getuid())
