"""Rows and figures are folds over one journal, and tell the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import count
from pathlib import Path

from softswitch.domain.causes import Cause
from softswitch.domain.events import (
    CallArrived,
    CallConnected,
    CallEnded,
    CallParted,
    CallQueued,
    CallTransferred,
    Event,
    QueueLeft,
)
from softswitch.domain.figures.formulas import OUTCOME_OF, milliseconds
from softswitch.domain.figures.spans import Days
from softswitch.domain.figures.visits import fold
from softswitch.store.journal import Position
from softswitch.store.projections import Projections

AT = 1_800_000_000.0


def attended(call: str, at: float) -> list[Event]:
    """Anna answers, asks bo and hands over: the connection to bo makes no visit and no second answer."""
    return [
        CallArrived(at, call, "in", "+461", "", "+462", trunk="t"),
        CallQueued(at, call, "support", 1),
        CallConnected(at + 10, call, "l1", "phone:101", "anna", "support", 10.0),
        CallTransferred(at + 70, call, "agent:bo", "anna"),
        CallParted(at + 70, call, "l1", "anna"),
        CallConnected(at + 70, call, "l2", "phone:102", "bo"),
        CallEnded(at + 100, call, "answered", "caller", Cause.HUNG_UP),
    ]


def moved_on(call: str, at: float) -> list[Event]:
    return [
        CallArrived(at, call, "in", "+461", "", "+462", trunk="t"),
        CallQueued(at, call, "support", 1),
        QueueLeft(at + 60, call, "support", "overflowed", Cause.MAX_WAIT, 60.0),
        QueueLeft(at + 60, call, "full", "overflowed", Cause.QUEUE_FULL, 0.0),
        CallQueued(at + 60, call, "sales", 1, by="overflow"),
        QueueLeft(at + 65, call, "sales", "abandoned", Cause.HUNG_UP, 5.0),
        CallEnded(at + 65, call, "abandoned", "caller", Cause.HUNG_UP),
    ]


def test_history_and_figures_agree_also_after_attended_transfers(tmp_path: Path) -> None:
    """asterisk #759: the file and the database differed once a transfer was attended."""
    numbers = count()
    journal = [event for make in (attended, moved_on, attended) for event in make(f"c{next(numbers)}", AT)]
    days = Days("Europe/Stockholm")
    visits = fold(journal, days, {})

    async def story() -> None:
        rows = Projections(tmp_path / "db")
        await rows.open()
        for number, event in enumerate(journal, start=1):
            rows.take(event, Position(1, number))
        records = await rows.history(None, None)
        assert len(records) == 3
        for queue in ("support", "sales", "full"):
            found: Counter[str] = Counter()
            for visit in (visit for record in records for visit in record.queue_visits if visit.queue == queue):
                outcome = visit.outcome or "still_here"
                found["answered" if outcome == "connected" else OUTCOME_OF[outcome]] += 1  # type: ignore[index]  # text
                found["wait_ms"] += milliseconds(visit.wait_s or 0.0)
            talks = [each for record in records for each in record.connections if each.queue == queue]
            tally = visits.tally(queue, days(AT).begins_at, "arrival")
            assert tally.counts.offered == sum(found[outcome] for outcome in OUTCOME_OF.values()) + found["answered"]
            assert (tally.counts.answered, tally.counts.abandoned, tally.counts.overflowed) == (
                found["answered"], found["abandoned"], found["overflowed"]
            )  # fmt: skip
            assert tally.times.wait_ms == found["wait_ms"]
            assert tally.times.talk_ms == sum(
                milliseconds((each.ended_at or 0.0) - each.connected_at) for each in talks
            ), queue
        await rows.close()

    asyncio.run(story())
