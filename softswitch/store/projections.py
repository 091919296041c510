"""Call records and recordings as rows, folded from the journal off the call path.

Events are taken as they are journalled and written in batches; each batch and the journal position that it reaches are
one transaction, so after a crash the fold goes on exactly where the rows end. A question is answered after the pending
batch was written: what happened before it was asked is in the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from softswitch.domain.call_record import CallRecord, CallRecords
from softswitch.domain.events import Event, RecordingEnded, RecordingStarted
from softswitch.store import tables
from softswitch.store.journal import Position

BATCH_EVENTS_MAX: Final = 2000
HISTORY_ROWS_MAX: Final = 10_000

_NAME: Final = "calls"


class Projections:
    """The database of one switch."""

    def __init__(self, path: Path) -> None:
        self._engine: AsyncEngine = create_async_engine(f"sqlite+aiosqlite:///{path}")
        self._records = CallRecords()
        self._ended: list[CallRecord] = []
        self._recordings: list[RecordingStarted | RecordingEnded] = []
        self._position = Position(0, 0)
        self._written = Position(0, 0)
        self._lock = asyncio.Lock()

    async def open(self) -> Position:
        """Makes the tables where they are missing; returns the position that the rows have reached."""
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            await connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
            await connection.run_sync(tables.metadata.create_all)
            if (await connection.execute(select(tables.schema_version.c.version))).first() is None:
                await connection.execute(insert(tables.schema_version).values(version=tables.SCHEMA_VERSION))
            row = (await connection.execute(select(tables.projection).where(tables.projection.c.name == _NAME))).first()
        if row is not None:
            self._written = Position(row.segment, row.offset)
        return self._written

    async def close(self) -> None:
        await self.write()
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

    @property
    def is_due(self) -> bool:
        return bool(self._ended or self._recordings)

    async def write(self) -> None:
        """Writes what is pending, in one transaction with its position."""
        async with self._lock:
            ended, self._ended = self._ended, []
            files, self._recordings = self._recordings, []
            position = self._position
            if not ended and not files:
                return
            try:
                async with self._engine.begin() as connection:
                    await _write_calls(connection, ended)
                    for event in files:
                        await _write_recording(connection, event)
                    await connection.execute(delete(tables.projection).where(tables.projection.c.name == _NAME))
                    await connection.execute(
                        insert(tables.projection).values(name=_NAME, segment=position.segment, offset=position.offset)
                    )
            except BaseException:
                self._ended[:0] = ended
                self._recordings[:0] = files
                raise
            self._written = position

    async def history(self, queue: str | None, since: float | None) -> list[CallRecord]:
        """Ended calls, newest end first."""
        await self.write()
        wanted = select(tables.calls.c.record).order_by(tables.calls.c.ended_at.desc(), tables.calls.c.id.desc())
        if queue is not None:
            wanted = wanted.where(tables.calls.c.queue == queue)
        if since is not None:
            wanted = wanted.where(tables.calls.c.ended_at >= since)
        async with self._engine.connect() as connection:
            rows = await connection.execute(wanted.limit(HISTORY_ROWS_MAX))
            return [msgspec.json.decode(row.record, type=CallRecord) for row in rows]

    async def call(self, call: str) -> CallRecord | None:
        """One ended call."""
        await self.write()
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(tables.calls.c.record).where(tables.calls.c.id == call))).first()
        return None if row is None else msgspec.json.decode(row.record, type=CallRecord)

    async def recording_rows(self) -> list[dict[str, object]]:
        """All recordings, newest first, as columns."""
        await self.write()
        wanted = select(tables.recordings).order_by(tables.recordings.c.started_at.desc()).limit(HISTORY_ROWS_MAX)
        async with self._engine.connect() as connection:
            return [dict(row._mapping) for row in await connection.execute(wanted)]  # its public name


async def _write_calls(connection: AsyncConnection, ended: Iterable[CallRecord]) -> None:
    rows = [
        {
            "id": record.id,
            "queue": record.queue,
            "ended_at": record.ended_at,
            "record": msgspec.json.encode(record).decode(),
        }
        for record in ended
    ]
    if rows:
        await connection.execute(upsert(tables.calls).prefix_with("OR REPLACE"), rows)


async def _write_recording(connection: AsyncConnection, event: RecordingStarted | RecordingEnded) -> None:
    table = tables.recordings
    if isinstance(event, RecordingStarted):
        values = {
            "id": event.recording,
            "call": event.call,
            "agent": event.agent,
            "queue": event.queue,
            "started_at": event.at,
            "path": event.path,
        }
        await connection.execute(upsert(table).prefix_with("OR REPLACE"), [values])
        return
    await connection.execute(
        update(table)
        .where(table.c.id == event.recording)
        .values(seconds=event.seconds, sha256=event.sha256, failure=event.failure)
    )
