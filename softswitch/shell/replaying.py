"""What a start reads of the journal: today's events for the node, and all that the database lacks for its rows.

Reading begins one segment before the first that is needed, so that a call which was up while a segment began is known
from its arrival on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import structlog

from softswitch.domain import events
from softswitch.node import JournalRecord, Node
from softswitch.store.journal import Damage, Position, first_segment_since, read_since
from softswitch.store.projections import Projections

READ_BACK: Final = timedelta(hours=12)
"""So much of yesterday is read, because what began then and ends today counts in today's figures. Segments are a day
long where the switch was not started anew, so that this costs nothing then."""

log = structlog.get_logger()


async def replay(folder: Path, timezone: str, written: Position, node: Node, projections: Projections) -> None:
    """Feeds the records, oldest first. What cannot be read is told and passed over."""
    today = datetime.now(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    needed = min(first_segment_since(folder, (today - READ_BACK).timestamp()), max(1, written.segment))
    damages: list[Damage] = []
    decoder: msgspec.msgpack.Decoder[JournalRecord] = msgspec.msgpack.Decoder(JournalRecord)
    passed_over = 0
    for position, payload in read_since(folder, needed - 1, damages):
        try:
            record = decoder.decode(payload)
        except msgspec.MsgspecError:
            passed_over += 1
            continue
        node.replay(record)
        if isinstance(record, events.Event):
            projections.take(record, position)
            if projections.is_full:
                await projections.write()
    if passed_over:
        log.warning("journal records of another version are passed over", records=passed_over)
    for damage in damages:
        log.error("the journal is damaged", path=str(damage.path), offset=damage.offset, reason=damage.reason)
