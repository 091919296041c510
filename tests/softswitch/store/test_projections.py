"""Rows are the journal's fold: never twice, never too few."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from softswitch.domain.causes import Cause
from softswitch.domain.events import (
    CallArrived,
    CallClassified,
    CallEnded,
    CallQueued,
    Event,
    QueueLeft,
    RecordingEnded,
    RecordingStarted,
)
from softswitch.store.journal import Position
from softswitch.store.projections import BATCH_EVENTS_MAX, Projections
from softswitch.store.tables import SCHEMA_VERSION


def events_of(call: str, at: float, *, queues: tuple[str, ...] = ()) -> list[Event]:
    visits: list[Event] = []
    for queue in queues:
        visits.append(CallQueued(at + 2, call=call, queue=queue, position=1))
        visits.append(QueueLeft(at + 3, call=call, queue=queue, outcome="overflowed", cause=Cause.MAX_WAIT, wait_s=1.0))
    return [
        CallArrived(at, call=call, leg="in-1", caller="+461", caller_name="", dialled="+462", trunk="carrier"),
        RecordingStarted(at + 1, call=call, recording=f"{call}-r1", agent="anna", queue=None, path=f"d/{call}-r1.wav"),
        *visits,
        CallEnded(at + 5, call=call, outcome="direct", ended_by="caller", cause=Cause.HUNG_UP),
        RecordingEnded(at + 6, call=call, recording=f"{call}-r1", seconds=4.0, sha256="ab"),
    ]


def feed(projections: Projections, events: list[Event], *, first: int = 1) -> None:
    for number, event in enumerate(events, start=first):
        projections.take(event, Position(1, number))


def test_history_is_newest_first_and_a_replay_adds_nothing(tmp_path: Path) -> None:
    journal = [*events_of("c-1", 100.0), *events_of("c-2", 200.0)]

    async def story() -> None:
        first = Projections(tmp_path / "db")
        assert await first.open() == Position(0, 0)
        feed(first, journal)
        assert [record.id for record in await first.history(None, None)] == ["c-2", "c-1"]
        assert [record.id for record in await first.history(None, 150.0)] == ["c-2"]
        assert [record.id for record in await first.history(None, 205.0)] == ["c-2"], "since is about the end"
        assert await first.history(None, 205.001) == []
        await first.close()
        again = Projections(tmp_path / "db")
        assert await again.open() == Position(1, 8)
        feed(again, journal)
        assert not again.is_due
        assert len(await again.history(None, None)) == 2
        rows = await again.recordings()
        assert [(row.id, row.seconds, row.sha256) for row in rows] == [("c-2-r1", 4.0, "ab"), ("c-1-r1", 4.0, "ab")]
        await again.close()

    asyncio.run(story())


def test_what_a_call_was_about_is_kept_also_when_it_is_said_after_its_end(tmp_path: Path) -> None:
    first, second = events_of("c-1", 100.0), events_of("c-2", 200.0)
    in_talk = CallClassified(103.0, call="c-1", agent="anna", code="sale", by="command")
    after = CallClassified(230.0, call="c-2", agent="anna", code="question", by="command")
    unknown = CallClassified(240.0, call="c-9", agent="anna", code="sale", by="command")

    async def story() -> None:
        rows = Projections(tmp_path / "db")
        await rows.open()
        feed(rows, [*first[:2], in_talk, *first[2:], *second])
        assert [record.code for record in await rows.history(None, None)] == [None, "sale"]
        rows.take(after, Position(1, 10))
        rows.take(unknown, Position(1, 11))
        assert rows.is_due
        assert [record.code for record in await rows.history(None, None)] == ["question", "sale"]
        await rows.close()
        again = Projections(tmp_path / "db")
        assert await again.open() == Position(1, 11)
        assert [record.code for record in await again.history(None, None)] == ["question", "sale"]
        await again.close()

    asyncio.run(story())


def test_a_queues_history_has_every_call_that_was_in_it(tmp_path: Path) -> None:
    journal = [*events_of("c-1", 100.0, queues=("support", "sales")), *events_of("c-2", 200.0, queues=("sales",))]

    async def story() -> None:
        rows = Projections(tmp_path / "db")
        await rows.open()
        feed(rows, journal)
        assert [record.id for record in await rows.history("support", None)] == ["c-1"]
        assert [record.id for record in await rows.history("sales", None)] == ["c-2", "c-1"]
        assert await rows.history("nobody's", None) == []
        await rows.close()

    asyncio.run(story())


def test_a_crash_before_a_batch_was_written_costs_nothing_wherever_it_falls(tmp_path: Path) -> None:
    journal = [*events_of("c-1", 100.0, queues=("support",)), *events_of("c-2", 200.0)]

    async def story(written: int) -> None:
        path = tmp_path / f"db-{written}"
        first = Projections(path)
        await first.open()
        feed(first, journal[:written])
        await first.write()
        feed(first, journal[written:], first=written + 1)  # not written: the process dies here
        again = Projections(path)
        await again.open()
        feed(again, journal)
        assert [(record.id, record.ended_at) for record in await again.history(None, None)] == [
            ("c-2", 205.0),
            ("c-1", 105.0),
        ]
        assert [row.sha256 for row in await again.recordings()] == ["ab", "ab"]
        assert [record.id for record in await again.history("support", None)] == ["c-1"]
        await again.close()
        await first._engine.dispose()

    for written in range(len(journal) + 1):
        asyncio.run(story(written))


def test_recordings_without_an_end_are_known_once_their_call_has_ended(tmp_path: Path) -> None:
    still_up = [event for event in events_of("c-2", 200.0) if not isinstance(event, CallEnded | RecordingEnded)]
    cut_off = [event for event in events_of("c-1", 100.0) if not isinstance(event, RecordingEnded)]

    async def story() -> None:
        rows = Projections(tmp_path / "db")
        await rows.open()
        feed(rows, [*cut_off, *still_up])
        assert [row.id for row in await rows.recordings_cut_off()] == ["c-1-r1"]
        rows.take(RecordingEnded(300.0, "c-1", "c-1-r1", 3.5, "cd", "cut off"), Position(1, 99))
        assert await rows.recordings_cut_off() == []
        found = await rows.recording("c-1-r1")
        assert found is not None
        assert (found.seconds, found.sha256, found.failure, found.path) == (3.5, "cd", "cut off", "d/c-1-r1.wav")
        assert await rows.recording("c-9-r1") is None
        await rows.close()

    asyncio.run(story())


def test_a_database_that_cannot_be_read_is_set_aside_and_made_again(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes(b"this is no database" * 100)

    async def story() -> None:
        rows = Projections(path)
        assert await rows.open() == Position(0, 0)
        assert rows.set_aside == tmp_path / "db.aside-1"
        feed(rows, events_of("c-1", 100.0))
        assert [record.id for record in await rows.history(None, None)] == ["c-1"]
        await rows.close()

    asyncio.run(story())
    assert (tmp_path / "db.aside-1").read_bytes().startswith(b"this is no database")


def test_a_database_of_another_version_is_set_aside_and_made_again(tmp_path: Path) -> None:
    path = tmp_path / "db"

    async def story() -> None:
        rows = Projections(path)
        await rows.open()
        feed(rows, events_of("c-1", 100.0))
        await rows.close()
        assert rows.set_aside is None
        with sqlite3.connect(path) as database:
            database.execute("UPDATE schema_version SET version = ?", (SCHEMA_VERSION + 1,))
        database.close()
        other = Projections(path)
        assert await other.open() == Position(0, 0)
        assert other.set_aside == tmp_path / "db.aside-1"
        assert await other.history(None, None) == []
        await other.close()

    asyncio.run(story())


def test_much_that_waits_is_said_to_be_full(tmp_path: Path) -> None:
    async def story() -> None:
        rows = Projections(tmp_path / "db")
        await rows.open()
        first = 1
        while not rows.is_full:
            feed(rows, events_of(f"c-{first}", 100.0), first=first)
            first += 4
        assert first <= BATCH_EVENTS_MAX * 2
        await rows.write()
        assert not rows.is_full
        assert not rows.is_due
        await rows.close()

    asyncio.run(story())
