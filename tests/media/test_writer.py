"""The writer: rings become files, whatever the disk, the engine or a signal does meanwhile."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import socket
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from media import writer
from media.recording_file import HEADER_BYTES, header
from media.recording_ring import RING_FRAMES, TICK_FRAMES, RecordingRings
from media.writer import BeginRecording, FinishAll, FinishRecording, RecordingFinished, RecordingWriter

SECOND = 8000
DEADLINE_S = 20.0


def numbered(start: int, stop: int) -> NDArray[np.int16]:
    """Frames whose content tells their number and channel; never silence."""
    number = np.arange(start, stop) % 30_000 + 1
    return np.column_stack((number, -number)).astype(np.int16)


def talk(rings: RecordingRings, slot: int, frames: int) -> None:
    """The engine's part: `frames` more of numbered frames, in ticks as far as they go."""
    start = int(rings.written[slot])
    for at in range(start, start + frames, TICK_FRAMES):
        rings.append(slot, numbered(at, min(at + TICK_FRAMES, start + frames)))


def read(path: Path) -> NDArray[np.int16]:
    """The frames of a WAV file as another program reads them."""
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, SECOND)
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16).reshape(-1, 2)


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def finish(recorder: RecordingWriter, now: float) -> list[RecordingFinished]:
    """Turns at one moment until nothing is left to read back."""
    finished = recorder.turn(now)
    while recorder.is_hashing:
        finished += recorder.turn(now)
    return finished


def test_a_recording_is_on_disk_as_it_was_said(tmp_path: Path) -> None:
    rings = RecordingRings.create(2)
    recorder = RecordingWriter(rings, str(tmp_path))
    recorder.take(BeginRecording("r1", 1, "2026-01-31/r1.wav"), now=0.0)
    for tenth in range(25):
        talk(rings, 1, SECOND // 10)
        assert recorder.turn(now=0.1 * tenth) == []
    recorder.take(FinishRecording("r1", 20_000), now=2.5)
    (notice,) = finish(recorder, now=2.5)
    path = tmp_path / "2026-01-31/r1.wav"
    assert notice == RecordingFinished("r1", 1, 2.5, sha256_of(path), None)
    assert np.array_equal(read(path), numbered(0, 20_000))
    assert rings.consumed[1] == 20_000
    assert not recorder.is_busy


def test_the_file_exists_at_once_and_never_lags_by_more_than_a_second(tmp_path: Path) -> None:
    rings = RecordingRings.create(1)
    recorder = RecordingWriter(rings, str(tmp_path))
    recorder.take(BeginRecording("r1", 0, "r1.wav"), now=0.0)
    recorder.turn(now=0.0)
    assert len(read(tmp_path / "r1.wav")) == 0
    for poll in range(1, 41):
        talk(rings, 0, SECOND // 4)
        recorder.turn(now=poll * 0.25)
        assert int(rings.written[0]) - len(read(tmp_path / "r1.wav")) < 0.75 * SECOND


def test_frames_beyond_the_end_that_was_said_are_left_out(tmp_path: Path) -> None:
    rings = RecordingRings.create(1)
    recorder = RecordingWriter(rings, str(tmp_path))
    recorder.take(BeginRecording("r1", 0, "r1.wav"), now=0.0)
    talk(rings, 0, 1600)
    recorder.take(FinishRecording("r1", 800), now=0.1)
    (notice,) = finish(recorder, now=0.1)
    assert notice.seconds == 0.1
    assert np.array_equal(read(tmp_path / "r1.wav"), numbered(0, 800))


def test_a_slow_disk_costs_silence_of_the_same_length_and_says_so(tmp_path: Path) -> None:
    rings = RecordingRings.create(1)
    recorder = RecordingWriter(rings, str(tmp_path))
    recorder.take(BeginRecording("r1", 0, "r1.wav"), now=0.0)
    talk(rings, 0, SECOND)
    recorder.turn(now=1.0)
    talk(rings, 0, 19 * SECOND)
    recorder.take(FinishRecording("r1", 20 * SECOND), now=20.0)
    (notice,) = finish(recorder, now=20.0)
    lost_until = 20 * SECOND + TICK_FRAMES - RING_FRAMES
    expected = numbered(0, 20 * SECOND)
    expected[SECOND:lost_until] = 0
    assert np.array_equal(read(tmp_path / "r1.wav"), expected)
    assert notice.seconds == 20.0
    assert notice.sha256 == sha256_of(tmp_path / "r1.wav")
    assert notice.failure == f"the disk stalled; {(lost_until - SECOND) / SECOND:.2f} s were lost and are silence"


def test_a_slot_is_used_again_from_its_start(tmp_path: Path) -> None:
    rings = RecordingRings.create(1)
    recorder = RecordingWriter(rings, str(tmp_path))
    for name, frames in (("r1", SECOND), ("r2", 480)):
        rings.begin(0)
        recorder.take(BeginRecording(name, 0, f"{name}.wav"), now=0.0)
        talk(rings, 0, frames)
        recorder.take(FinishRecording(name, frames), now=0.0)
        (notice,) = finish(recorder, now=0.0)
        assert notice.failure is None
        assert np.array_equal(read(tmp_path / f"{name}.wav"), numbered(0, frames))


@pytest.mark.parametrize("path", ["../r1.wav", "/tmp/r1.wav", "there.wav", "there.wav/r1.wav"])
def test_a_path_that_must_not_be_written_fails_alone(tmp_path: Path, path: str) -> None:
    (tmp_path / "there.wav").write_bytes(b"precious")
    rings = RecordingRings.create(2)
    recorder = RecordingWriter(rings, str(tmp_path))
    recorder.take(BeginRecording("bad", 0, path), now=0.0)
    recorder.take(BeginRecording("good", 1, "good.wav"), now=0.0)
    for slot in (0, 1):
        talk(rings, slot, SECOND)
    recorder.take(FinishAll(), now=1.0)
    finished = {notice.recording: notice for notice in finish(recorder, now=1.0) + finish(recorder, now=30.0)}
    assert finished["bad"].failure
    assert (finished["bad"].seconds, finished["bad"].sha256) == (0.0, None)
    assert finished["good"] == RecordingFinished("good", 1, 1.0, sha256_of(tmp_path / "good.wav"), None)
    assert (tmp_path / "there.wav").read_bytes() == b"precious"
    assert not recorder.is_busy


def test_a_slot_that_is_none_or_taken_is_refused_and_the_one_who_has_it_goes_on(tmp_path: Path) -> None:
    rings = RecordingRings.create(1)
    recorder = RecordingWriter(rings, str(tmp_path))
    recorder.take(BeginRecording("r1", 0, "r1.wav"), now=0.0)
    recorder.take(BeginRecording("r2", 0, "r2.wav"), now=0.0)
    recorder.take(BeginRecording("r3", 7, "r3.wav"), now=0.0)
    refused = recorder.turn(now=0.0)
    assert [notice.recording for notice in refused] == ["r2", "r3"]
    assert all(notice.failure for notice in refused)
    talk(rings, 0, 800)
    recorder.take(FinishAll(), now=0.1)
    assert [(notice.recording, notice.failure) for notice in finish(recorder, now=0.1)] == [("r1", None)]


def test_a_file_that_somebody_removed_is_said_to_be_gone(tmp_path: Path) -> None:
    rings = RecordingRings.create(1)
    recorder = RecordingWriter(rings, str(tmp_path))
    recorder.take(BeginRecording("r1", 0, "r1.wav"), now=0.0)
    talk(rings, 0, SECOND)
    (tmp_path / "r1.wav").unlink()
    recorder.take(FinishAll(), now=1.0)
    (notice,) = finish(recorder, now=1.0)
    assert notice.sha256 is None
    assert notice.failure == "the file was removed while it was written"


def test_a_folder_that_cannot_be_made_yet_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "rec").write_bytes(b"in the way")
    rings = RecordingRings.create(1)
    recorder = RecordingWriter(rings, str(tmp_path / "rec/inner"))
    recorder.take(BeginRecording("r1", 0, "r1.wav"), now=0.0)
    talk(rings, 0, SECOND)
    recorder.turn(now=1.0)
    (tmp_path / "rec").unlink()
    recorder.take(FinishRecording("r1", SECOND), now=2.0)
    (notice,) = finish(recorder, now=2.0)
    assert np.array_equal(read(tmp_path / "rec/inner/r1.wav"), numbered(0, SECOND))
    assert notice.sha256 == sha256_of(tmp_path / "rec/inner/r1.wav")
    assert notice.failure is None


def in_child(work: Callable[[], None]) -> int:
    """Runs `work` in a forked process and returns its exit code; 1 for an exception."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_full_disk_ends_one_file_readable_and_leaves_the_others_whole(tmp_path: Path) -> None:
    room_frames = 12_000

    def fill() -> None:
        limit = HEADER_BYTES + room_frames * 4
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        rings = RecordingRings.create(2)
        recorder = RecordingWriter(rings, str(tmp_path))
        recorder.take(BeginRecording("long", 0, "long.wav"), now=0.0)
        recorder.take(BeginRecording("short", 1, "short.wav"), now=0.0)
        talk(rings, 1, SECOND)
        recorder.take(FinishRecording("short", SECOND), now=0.0)
        for poll in range(12):
            talk(rings, 0, SECOND // 4)
            for notice in recorder.turn(now=poll * 0.25):
                assert (notice.recording, notice.failure) == ("short", None)
        assert np.array_equal(read(tmp_path / "long.wav"), numbered(0, room_frames))
        recorder.take(FinishRecording("long", 3 * SECOND), now=3.0)
        assert finish(recorder, now=3.0 + 0.9 * writer.FINISH_S_MAX) == []
        (notice,) = finish(recorder, now=3.0 + writer.FINISH_S_MAX)
        assert notice.failure == "File too large; the last 1.50 s are missing"
        assert (notice.seconds, notice.sha256) == (1.5, sha256_of(tmp_path / "long.wav"))

    assert in_child(fill) == 0
    assert np.array_equal(read(tmp_path / "long.wav"), numbered(0, room_frames))
    assert np.array_equal(read(tmp_path / "short.wav"), numbered(0, SECOND))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_disk_that_gets_room_again_has_the_whole_recording(tmp_path: Path) -> None:
    def fill_and_free() -> None:
        former = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (HEADER_BYTES + 4001, former[1]))
        rings = RecordingRings.create(1)
        recorder = RecordingWriter(rings, str(tmp_path))
        recorder.take(BeginRecording("r1", 0, "r1.wav"), now=0.0)
        talk(rings, 0, 2 * SECOND)
        recorder.turn(now=1.0)
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
        recorder.take(FinishRecording("r1", 2 * SECOND), now=2.0)
        (notice,) = finish(recorder, now=2.0)
        assert notice.failure is None

    assert in_child(fill_and_free) == 0
    assert np.array_equal(read(tmp_path / "r1.wav"), numbered(0, 2 * SECOND))


class Forked:
    """A writer process of its own, and the engine's ends of what it shares with it."""

    def __init__(self, folder: Path) -> None:
        self.rings = RecordingRings.create(4)
        self.link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = os.fork()
        if self.process == 0:
            self.link.close()
            writer.run(self.rings, theirs, str(folder))
            os._exit(0)
        theirs.close()
        self.link.settimeout(DEADLINE_S)

    def order(self, order: writer.Order) -> None:
        self.link.send(writer.encode_order(order))

    def notice(self) -> RecordingFinished:
        return writer.decode_notice(self.link.recv(writer.MESSAGE_BYTES_MAX))

    def exit_code(self) -> int:
        self.link.close()
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


@pytest.fixture
def forked(tmp_path: Path) -> Iterator[Forked]:
    process = Forked(tmp_path)
    yield process
    if process.link.fileno() >= 0:
        process.exit_code()


def wait_for_frames(path: Path, frames: int) -> NDArray[np.int16]:
    """What the file holds once it has all of `frames` but what the writer may still be gathering."""
    deadline_at = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline_at:
        is_begun = path.exists() and path.stat().st_size >= HEADER_BYTES
        if is_begun and len(found := read(path)) >= frames - writer.FETCH_FRAMES:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{path} did not reach {frames} frames within {DEADLINE_S} s")


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_writer_process_writes_reports_and_ends_with_its_link(tmp_path: Path, forked: Forked) -> None:
    forked.order(BeginRecording("r1", 0, "r1.wav"))
    forked.order(BeginRecording("r2", 1, "r2.wav"))
    talk(forked.rings, 0, SECOND)
    wait_for_frames(tmp_path / "r1.wav", SECOND)
    forked.order(FinishRecording("r1", SECOND))
    assert forked.notice() == RecordingFinished("r1", 0, 1.0, sha256_of(tmp_path / "r1.wav"), None)
    talk(forked.rings, 1, 160)
    forked.order(FinishAll())
    assert forked.notice() == RecordingFinished("r2", 1, 0.02, sha256_of(tmp_path / "r2.wav"), None)
    assert forked.exit_code() == 0


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_the_end_of_the_link_finishes_everything(tmp_path: Path, forked: Forked) -> None:
    for slot in range(4):
        forked.order(BeginRecording(f"r{slot}", slot, f"{slot}.wav"))
        talk(forked.rings, slot, 1000 + slot)
    assert forked.exit_code() == 0
    for slot in range(4):
        assert np.array_equal(read(tmp_path / f"{slot}.wav"), numbered(0, 1000 + slot))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_signals_to_the_terminals_group_and_messages_that_are_none_change_nothing(
    tmp_path: Path, forked: Forked
) -> None:
    forked.order(BeginRecording("r1", 0, "r1.wav"))
    wait_for_frames(tmp_path / "r1.wav", 0)
    os.kill(forked.process, signal.SIGINT)
    os.kill(forked.process, signal.SIGTERM)
    forked.link.send(b"\xc1 no msgpack")
    talk(forked.rings, 0, SECOND)
    forked.order(FinishRecording("r1", SECOND))
    assert forked.notice().failure is None
    assert forked.exit_code() == 0


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_killed_writer_leaves_a_readable_file_and_the_next_one_mends_it(tmp_path: Path) -> None:
    killed = Forked(tmp_path)
    killed.order(BeginRecording("r1", 0, "r1.wav"))
    talk(killed.rings, 0, 2 * SECOND)
    wait_for_frames(tmp_path / "r1.wav", 2 * SECOND)
    talk(killed.rings, 0, SECOND // 2)
    os.kill(killed.process, signal.SIGKILL)
    assert killed.exit_code() == -signal.SIGKILL
    found = read(tmp_path / "r1.wav")
    assert len(found) >= 2 * SECOND + SECOND // 2 - SECOND, "a kill costs at most the last second"
    assert np.array_equal(found, numbered(0, len(found)))

    whole = (tmp_path / "r1.wav").read_bytes()
    (tmp_path / "r1.wav").write_bytes(header(SECOND) + whole[HEADER_BYTES:])
    next_one = Forked(tmp_path)
    mended = wait_for_frames(tmp_path / "r1.wav", 2 * SECOND)
    assert next_one.exit_code() == 0
    assert np.array_equal(mended, found)
