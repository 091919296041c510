"""What is flushed is there again, whatever happens to the file behind it."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import msgspec
import pytest

from softswitch.domain.events import AgentPresenceChanged, Event
from softswitch.store.journal import (
    Damage,
    JournalWriter,
    Position,
    first_segment_since,
    read_since,
    segment_path,
    segments,
)


def event(number: int, at: float = 1.0) -> AgentPresenceChanged:
    return AgentPresenceChanged(at, agent=f"agent-{number}", presence="ready", reason=None, by="test")


def read(folder: Path, damages: list[Damage] | None = None) -> list[str]:
    payloads = read_since(folder, 1, [] if damages is None else damages)
    records: list[Event] = [msgspec.msgpack.decode(payload, type=Event) for _, payload in payloads]
    return [record.agent for record in records if isinstance(record, AgentPresenceChanged)]


def written(folder: Path, count: int) -> JournalWriter:
    journal = JournalWriter(folder)
    for number in range(count):
        journal.append(event(number))
    journal.flush()
    return journal


def test_records_are_read_in_their_order_across_segments(tmp_path: Path) -> None:
    written(tmp_path, 2).close()
    journal = JournalWriter(tmp_path)
    journal.append(event(7))
    journal.close()
    assert read(tmp_path) == ["agent-0", "agent-1", "agent-7"]
    assert segments(tmp_path) == [1, 2]


def test_a_tail_torn_at_any_byte_costs_only_the_torn_record(tmp_path: Path) -> None:
    written(tmp_path, 3).close()
    path = segment_path(tmp_path, 1)
    whole = path.read_bytes()
    ends = [position.offset for position, _ in read_since(tmp_path, 1, [])]
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert len(read(tmp_path)) == sum(1 for end in ends if end <= size)


def test_a_damaged_record_ends_its_segment_loudly_and_keeps_what_stands_before(tmp_path: Path) -> None:
    written(tmp_path, 3).close()
    path = segment_path(tmp_path, 1)
    data = bytearray(path.read_bytes())
    second_ends = [position.offset for position, _ in read_since(tmp_path, 1, [])][1]
    data[second_ends - 1] ^= 0xFF
    path.write_bytes(data)
    damages: list[Damage] = []
    assert read(tmp_path, damages) == ["agent-0"]
    assert [damage.reason for damage in damages] == ["a wrong checksum"]


def test_a_full_disk_leaves_the_journal_whole_and_the_records_waiting(tmp_path: Path) -> None:
    journal = written(tmp_path, 2)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (journal.position.offset + 10, hard))
        journal.append(event(2))
        with pytest.raises(OSError, match=r"full|large"):
            journal.flush()
        assert read(tmp_path) == ["agent-0", "agent-1"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    journal.flush()
    assert read(tmp_path) == ["agent-0", "agent-1", "agent-2"]
    journal.close()


def test_the_position_is_where_the_last_flushed_record_ends(tmp_path: Path) -> None:
    journal = written(tmp_path, 2)
    assert journal.position == Position(1, segment_path(tmp_path, 1).stat().st_size)
    assert journal.position == [position for position, _ in read_since(tmp_path, 1, [])][-1]
    journal.close()


def test_reading_begins_with_the_segment_that_was_open_at_that_time(tmp_path: Path) -> None:
    for at in (100.0, 200.0, 300.0):
        journal = JournalWriter(tmp_path)
        journal.append(event(0, at))
        journal.close()
    JournalWriter(tmp_path).close()
    assert first_segment_since(tmp_path, 250.0) == 2
    assert first_segment_since(tmp_path, 50.0) == 1
    assert first_segment_since(tmp_path, 1000.0) == 3, "a segment that holds nothing is no place to begin"
