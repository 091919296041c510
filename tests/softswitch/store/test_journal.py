"""What is flushed is there again, whatever happens to the file behind it."""

from __future__ import annotations

import os
import resource
import signal
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from softswitch.domain.events import AgentPresenceChanged, Event
from softswitch.store.journal import (
    HEAD,
    MAGIC,
    RECORD_BYTES_MAX,
    Damage,
    JournalWriter,
    Position,
    first_segment_since,
    read_since,
    segment_path,
    segments,
)


def presence(number: int, at: float = 1.0) -> AgentPresenceChanged:
    return AgentPresenceChanged(at, agent=f"agent-{number}", presence="ready", reason=None, by="test")


def read(folder: Path, damages: list[Damage] | None = None) -> list[str]:
    payloads = read_since(folder, 1, [] if damages is None else damages)
    records: list[Event] = [msgspec.msgpack.decode(payload, type=Event) for _, payload in payloads]
    return [record.agent for record in records if isinstance(record, AgentPresenceChanged)]


def written(folder: Path, count: int, *, wall_at: float = 1.0) -> JournalWriter:
    journal = JournalWriter(folder, wall_at)
    for number in range(count):
        journal.append(presence(number))
    journal.flush()
    return journal


def ends(folder: Path) -> list[int]:
    return [position.offset for position, _ in read_since(folder, 1, [])]


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_records_are_read_in_their_order_across_segments(tmp_path: Path) -> None:
    written(tmp_path, 2).close()
    journal = JournalWriter(tmp_path, 2.0)
    journal.append(presence(7))
    journal.close()
    assert read(tmp_path) == ["agent-0", "agent-1", "agent-7"]
    assert segments(tmp_path) == [1, 2]


def test_the_file_is_as_its_description_says(tmp_path: Path) -> None:
    written(tmp_path, 1, wall_at=1234.5).close()
    payload = msgspec.msgpack.encode(presence(0))
    frame = struct.pack("!II", len(payload), zlib.crc32(payload)) + payload
    assert segment_path(tmp_path, 1).read_bytes() == b"SWJRNL\x00\x02" + struct.pack("!d", 1234.5) + frame
    assert segment_path(tmp_path, 1).stat().st_mode & 0o777 == 0o600


def test_what_was_only_appended_is_in_no_file(tmp_path: Path) -> None:
    journal = JournalWriter(tmp_path, 1.0)
    journal.append(presence(0))
    assert read(tmp_path) == []
    journal.flush()
    assert read(tmp_path) == ["agent-0"]
    journal.close()


def test_a_tail_torn_at_any_byte_costs_only_the_torn_record_and_is_no_damage(tmp_path: Path) -> None:
    written(tmp_path, 3).close()
    path = segment_path(tmp_path, 1)
    whole = path.read_bytes()
    frames = ends(tmp_path)
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        damages: list[Damage] = []
        assert len(read(tmp_path, damages)) == sum(1 for end in frames if end <= size)
        assert damages == []


def test_a_bit_flipped_anywhere_is_told_and_keeps_what_stands_before(tmp_path: Path) -> None:
    written(tmp_path, 3).close()
    path = segment_path(tmp_path, 1)
    whole = path.read_bytes()
    frames = ends(tmp_path)
    for offset in range(HEAD.size, frames[1]):
        data = bytearray(whole)
        data[offset] ^= 0x01
        path.write_bytes(data)
        damages: list[Damage] = []
        before = [end for end in frames if end <= offset]
        assert len(read(tmp_path, damages)) == len(before)
        assert [(damage.path, damage.offset) for damage in damages] == [(path, max(before, default=HEAD.size))]
    assert path.stat().st_size == len(whole), "reading changes nothing"


def test_a_tail_of_zeros_left_by_a_power_cut_holds_no_records(tmp_path: Path) -> None:
    written(tmp_path, 2).close()
    with segment_path(tmp_path, 1).open("ab") as file:
        file.write(bytes(4096))
    damages: list[Damage] = []
    assert read(tmp_path, damages) == ["agent-0", "agent-1"]
    assert [damage.reason for damage in damages] == ["an impossible length"]


def test_a_file_that_is_no_segment_is_told_and_passed_over(tmp_path: Path) -> None:
    written(tmp_path, 1).close()
    segment_path(tmp_path, 2).write_bytes(b"SWJRNL\x00\x01 of an earlier version")
    segment_path(tmp_path, 3).write_bytes(b"")
    (tmp_path / "notes.log").write_text("somebody's")
    damages: list[Damage] = []
    assert read(tmp_path, damages) == ["agent-0"]
    assert [(damage.path.name, damage.reason) for damage in damages] == [("000002.log", "no journal of this version")]
    journal = JournalWriter(tmp_path, 2.0)
    assert journal.segment == 4
    journal.close()


def test_a_full_disk_leaves_the_journal_whole_and_the_records_waiting(tmp_path: Path) -> None:
    journal = written(tmp_path, 2)
    with no_room_beyond(journal.position.offset + 10):
        journal.append(presence(2))
        with pytest.raises(OSError, match=r"full|large"):
            journal.flush()
        assert read(tmp_path) == ["agent-0", "agent-1"]
        assert segment_path(tmp_path, 1).stat().st_size == journal.position.offset
    journal.flush()
    assert read(tmp_path) == ["agent-0", "agent-1", "agent-2"]
    journal.close()


def test_a_record_that_is_too_long_is_our_own_mistake(tmp_path: Path) -> None:
    journal = JournalWriter(tmp_path, 1.0)
    with pytest.raises(ValueError, match="RECORD_BYTES_MAX"):
        journal.append(AgentPresenceChanged(1.0, "x" * RECORD_BYTES_MAX, "ready", None, "test"))
    journal.append(presence(0))
    journal.close()
    assert read(tmp_path) == ["agent-0"]


def test_a_second_writer_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    first = JournalWriter(tmp_path, 1.0)
    with pytest.raises(BlockingIOError):
        JournalWriter(tmp_path, 2.0)
    assert segments(tmp_path) == [1], "the refused one began nothing"
    first.close()
    JournalWriter(tmp_path, 3.0).close()
    assert segments(tmp_path) == [1, 2]


def test_the_position_is_where_the_last_flushed_record_ends(tmp_path: Path) -> None:
    journal = written(tmp_path, 2)
    assert journal.position == Position(1, segment_path(tmp_path, 1).stat().st_size)
    assert journal.position == [position for position, _ in read_since(tmp_path, 1, [])][-1]
    journal.close()


def test_rolling_begins_the_next_segment_with_the_snapshot(tmp_path: Path) -> None:
    journal = written(tmp_path, 1)
    journal.retire(journal.roll(2.0, [presence(8), presence(9)]))
    assert journal.position == Position(2, segment_path(tmp_path, 2).stat().st_size)
    journal.append(presence(3))
    journal.close()
    assert read(tmp_path) == ["agent-0", "agent-8", "agent-9", "agent-3"]


def test_a_segment_that_cannot_be_begun_leaves_the_old_one_going(tmp_path: Path) -> None:
    journal = written(tmp_path, 1)
    with no_room_beyond(HEAD.size + 5), pytest.raises(OSError, match=r"full|large"):
        journal.roll(2.0, [presence(8)])
    assert segments(tmp_path) == [1]
    journal.append(presence(1))
    journal.close()
    assert read(tmp_path) == ["agent-0", "agent-1"]


def test_reading_begins_with_the_segment_that_was_open_at_that_time(tmp_path: Path) -> None:
    for at in (100.0, 200.0, 300.0):
        written(tmp_path, 1, wall_at=at).close()
    JournalWriter(tmp_path, 400.0).close()
    assert first_segment_since(tmp_path, 250.0) == 2
    assert first_segment_since(tmp_path, 50.0) == 1
    assert first_segment_since(tmp_path, 1000.0) == 3, "a segment that holds nothing is no place to begin"
    assert first_segment_since(tmp_path / "nothing", 1.0) == 1


def test_no_two_segments_begin_in_the_same_second_whatever_the_clock_says(tmp_path: Path) -> None:
    begun_at = []
    for wall_at in (100.9, 100.95, 50.0, 300.2):
        journal = JournalWriter(tmp_path, wall_at)
        begun_at.append(int(journal.begun_at))
        journal.retire(journal.roll(wall_at, []))
        begun_at.append(int(journal.begun_at))
        journal.close()
    assert begun_at == [100, 101, 102, 103, 104, 105, 300, 301]


def test_a_killed_writer_has_lost_nothing_that_it_flushed(tmp_path: Path) -> None:
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        journal = written(tmp_path, 5)
        journal.append(presence(5))
        os.write(told, b"x")
        signal.pause()
        os._exit(0)
    os.read(ready, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready)
    os.close(told)
    assert read(tmp_path) == [f"agent-{number}" for number in range(5)]
    JournalWriter(tmp_path, 2.0).close()


def test_the_version_is_part_of_the_magic() -> None:
    assert len(MAGIC) == 8
    assert HEAD.size == 16
