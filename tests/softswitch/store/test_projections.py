"""Rows are the journal's fold: never twice, never too few."""

from __future__ import annotations

import asyncio
from pathlib import Path

from softswitch.domain.causes import Cause
from softswitch.domain.events import CallArrived, CallEnded, Event, RecordingEnded, RecordingStarted
from softswitch.store.journal import Position
from softswitch.store.projections import Projections


def events_of(call: str, at: float) -> list[Event]:
    return [
        CallArrived(at, call=call, leg="in-1", caller="+461", caller_name="", dialled="+462", trunk="carrier"),
        RecordingStarted(at + 1, call=call, recording=f"{call}-r1", agent="anna", queue=None, path=f"d/{call}-r1.wav"),
        CallEnded(at + 5, call=call, outcome="direct", ended_by="caller", cause=Cause.HUNG_UP),
        RecordingEnded(at + 6, call=call, recording=f"{call}-r1", seconds=4.0, sha256="ab"),
    ]


def feed(projections: Projections, events: list[Event]) -> None:
    for number, event in enumerate(events, start=1):
        projections.take(event, Position(1, number))


def test_history_is_newest_first_and_a_replay_adds_nothing(tmp_path: Path) -> None:
    journal = [*events_of("c-1", 100.0), *events_of("c-2", 200.0)]

    async def story() -> None:
        first = Projections(tmp_path / "db")
        assert await first.open() == Position(0, 0)
        feed(first, journal)
        assert [record.id for record in await first.history(None, None)] == ["c-2", "c-1"]
        assert [record.id for record in await first.history(None, 150.0)] == ["c-2"]
        assert await first.history("support", None) == []
        await first.close()
        again = Projections(tmp_path / "db")
        assert await again.open() == Position(1, 8)
        feed(again, journal)
        assert len(await again.history(None, None)) == 2
        rows = await again.recording_rows()
        assert [(row["id"], row["seconds"], row["sha256"]) for row in rows] == [
            ("c-2-r1", 4.0, "ab"),
            ("c-1-r1", 4.0, "ab"),
        ]
        await again.close()

    asyncio.run(story())


def test_a_crash_before_a_batch_was_written_costs_nothing(tmp_path: Path) -> None:
    journal = [*events_of("c-1", 100.0), *events_of("c-2", 200.0)]

    async def story() -> None:
        first = Projections(tmp_path / "db")
        await first.open()
        feed(first, journal[:4])
        await first.write()
        feed(first, journal[4:])  # not written: the process dies here
        again = Projections(tmp_path / "db")
        await again.open()
        feed(again, journal)
        found = await again.call("c-2")
        assert found is not None
        assert found.ended_at == 205.0
        await again.close()
        await first._engine.dispose()

    asyncio.run(story())
