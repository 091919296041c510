"""Call records and recordings as rows, folded from the journal off the call path.

Events are taken as they are journalled and written in batches; each batch and the journal position that it reaches are
one transaction, so after a crash the fold goes on exactly where the rows end. A question is answered after the pending
batch was written: what happened before it was asked is in the answer. A database that cannot be read, or is of another
version, is no reason not to take calls: it is set aside and made again from the journal.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Select, delete, event, exists, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from softswitch.domain.call_record import CallRecord, CallRecords
from softswitch.domain.events import CallClassified, Event, RecordingEnded, RecordingStarted
from softswitch.store import tables
from softswitch.store.journal import Position

BATCH_EVENTS_MAX: Final = 2000
HISTORY_ROWS_MAX: Final = 10_000
ASIDE_MAX: Final = 1000

_NAME: Final = "calls"
_FILES: Final = ("", "-wal", "-shm")


class RecordingRow(msgspec.Struct, frozen=True):
    """A recording; `started_at` wall seconds, `path` below the recordings folder, `seconds` None while it runs."""

    id: str
    call: str
    agent: str | None
    queue: str | None
    started_at: float
    seconds: float | None
    path: str
    sha256: str | None
    failure: str | None


class Projections:
    """The database of one switch."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = _engine(path)
        self._records = CallRecords()
        self._ended: list[CallRecord] = []
        self._recordings: list[RecordingStarted | RecordingEnded] = []
        self._classified: list[CallClassified] = []
        self._position = Position(0, 0)
        self._written = Position(0, 0)
        self._lock = asyncio.Lock()
        self.set_aside: Path | None = None

    async def open(self) -> Position:
        """Makes the tables where they are missing; returns the position that the rows have reached.

        `set_aside` is then where a database went that could not be used. Raises OSError, OperationalError.
        """
        try:
            await self._open()
        except OperationalError:
            raise
        except (DatabaseError, _OtherVersion):
            await self._engine.dispose()
            self.set_aside = _set_aside(self._path)
            self._engine = _engine(self._path)
            await self._open()
        return self._written

    async def close(self) -> None:
        """Writes what is pending; lets go of the file also when that fails."""
        try:
            await self.write()
        finally:
            await self._engine.dispose()

    def take(self, event: Event, position: Position) -> None:
        """One journalled event; those that the rows hold already only rebuild the fold of open calls."""
        record = self._records.apply(event)
        self._position = max(self._position, position)
        if position <= self._written:
            return
        if record is not None:
            self._ended.append(record)
        elif isinstance(event, RecordingStarted | RecordingEnded):
            self._recordings.append(event)
        elif isinstance(event, CallClassified):
            self._classified.append(event)

    @property
    def is_due(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._ended or self._recordings or self._classified)

    @property
    def is_full(self) -> bool:
        """Whether so much waits that it should be written before more is taken."""
        return len(self._ended) + len(self._recordings) + len(self._classified) >= BATCH_EVENTS_MAX

    async def write(self) -> None:
        """Writes what is pending, in one transaction with its position; on an error it stays pending."""
        async with self._lock:
            ended, self._ended = self._ended, []
            files, self._recordings = self._recordings, []
            classified, self._classified = self._classified, []
            position = self._position
            if not (ended or files or classified):
                return
            try:
                async with self._engine.begin() as connection:
                    await _write_calls(connection, ended)
                    for file in files:
                        await _write_recording(connection, file)
                    for code in classified:
                        await _write_code(connection, code)
                    await connection.execute(delete(tables.projection).where(tables.projection.c.name == _NAME))
                    await connection.execute(
                        insert(tables.projection).values(name=_NAME, segment=position.segment, offset=position.offset)
                    )
            except BaseException:
                self._ended[:0] = ended
                self._recordings[:0] = files
                self._classified[:0] = classified
                raise
            self._written = position

    async def history(self, queue: str | None, since: float | None) -> list[CallRecord]:
        """Ended calls, newest end first, at most HISTORY_ROWS_MAX; `queue`: those that were in it."""
        calls, visits = tables.calls, tables.queue_visits
        wanted = select(calls.c.record).order_by(calls.c.ended_at.desc(), calls.c.id.desc()).limit(HISTORY_ROWS_MAX)
        if queue is not None:
            wanted = wanted.where(calls.c.id.in_(select(visits.c.call).where(visits.c.queue == queue)))
        if since is not None:
            wanted = wanted.where(calls.c.ended_at >= since)
        return await self._records_of(wanted)

    async def call(self, call: str) -> CallRecord | None:
        """One ended call."""
        found = await self._records_of(select(tables.calls.c.record).where(tables.calls.c.id == call))
        return found[0] if found else None

    async def recordings(self) -> list[RecordingRow]:
        """All recordings, newest first, at most HISTORY_ROWS_MAX."""
        table = tables.recordings
        return await self._rows_of(
            select(table).order_by(table.c.started_at.desc(), table.c.id.desc()).limit(HISTORY_ROWS_MAX)
        )

    async def recording(self, recording: str) -> RecordingRow | None:
        found = await self._rows_of(select(tables.recordings).where(tables.recordings.c.id == recording))
        return found[0] if found else None

    async def recordings_cut_off(self) -> list[RecordingRow]:
        """Recordings of ended calls that have no checksum, oldest first: nobody said how their files ended."""
        table, calls = tables.recordings, tables.calls
        return await self._rows_of(
            select(table)
            .where(table.c.sha256.is_(None), exists().where(calls.c.id == table.c.call))
            .order_by(table.c.started_at, table.c.id)
            .limit(HISTORY_ROWS_MAX)
        )

    async def _open(self) -> None:
        async with self._engine.begin() as connection:
            await connection.run_sync(tables.metadata.create_all)
            versions = (await connection.execute(select(tables.schema_version.c.version))).scalars().all()
            if not versions:
                await connection.execute(insert(tables.schema_version).values(version=tables.SCHEMA_VERSION))
            elif list(versions) != [tables.SCHEMA_VERSION]:
                raise _OtherVersion
            row = (await connection.execute(select(tables.projection).where(tables.projection.c.name == _NAME))).first()
        if row is not None:
            self._written = Position(row.segment, row.offset)

    async def _records_of(self, wanted: Select[tuple[object, ...]]) -> list[CallRecord]:
        await self.write()
        async with self._engine.connect() as connection:
            rows = (await connection.execute(wanted)).all()
        return [msgspec.json.decode(row.record, type=CallRecord) for row in rows]

    async def _rows_of(self, wanted: Select[tuple[object, ...]]) -> list[RecordingRow]:
        await self.write()
        async with self._engine.connect() as connection:
            rows: Sequence[object] = (await connection.execute(wanted)).mappings().all()
        return [msgspec.convert(row, RecordingRow) for row in rows]


class _OtherVersion(Exception):
    """The database was made by another version of the program."""


def _engine(path: Path) -> AsyncEngine:
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
    event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def _prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    """Each connection: readers beside a writer, and no wait for the disk; the journal holds what a power cut takes."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _set_aside(path: Path) -> Path:
    """Moves the database to the first free name of its kind."""
    for number in range(1, ASIDE_MAX):
        aside = path.with_name(f"{path.name}.aside-{number}")
        if not aside.exists():
            for ending in _FILES:
                with contextlib.suppress(FileNotFoundError):
                    path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
            return aside
    raise OSError(f"more than ASIDE_MAX = {ASIDE_MAX} databases were set aside")


async def _write_calls(connection: AsyncConnection, ended: Iterable[CallRecord]) -> None:
    rows = []
    visits: dict[tuple[str, str], None] = {}
    for record in ended:
        text = msgspec.json.encode(record).decode()
        rows.append({"id": record.id, "ended_at": record.ended_at, "record": text})
        visits.update({(visit.queue, record.id): None for visit in record.queue_visits})
    if rows:
        await connection.execute(upsert(tables.calls).prefix_with("OR REPLACE"), rows)
    if visits:
        await connection.execute(
            upsert(tables.queue_visits).prefix_with("OR REPLACE"),
            [{"queue": queue, "call": call} for queue, call in visits],
        )


async def _write_code(connection: AsyncConnection, classified: CallClassified) -> None:
    """What an ended call was about is mostly said after its end; a call that is up keeps it in its own record."""
    calls = tables.calls
    record = func.json_set(calls.c.record, "$.code", classified.code)
    await connection.execute(update(calls).where(calls.c.id == classified.call).values(record=record))


async def _write_recording(connection: AsyncConnection, file: RecordingStarted | RecordingEnded) -> None:
    table = tables.recordings
    if isinstance(file, RecordingStarted):
        values = {
            "id": file.recording,
            "call": file.call,
            "agent": file.agent,
            "queue": file.queue,
            "started_at": file.at,
            "path": file.path,
        }
        await connection.execute(upsert(table).prefix_with("OR REPLACE"), [values])
        return
    await connection.execute(
        update(table)
        .where(table.c.id == file.recording)
        .values(seconds=file.seconds, sha256=file.sha256, failure=file.failure)
    )
