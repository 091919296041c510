"""A recording whose end nobody told is measured once it is whole."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from pathlib import Path

import pytest

from media.recording_file import header
from softswitch.domain import recovery
from softswitch.domain.causes import Cause
from softswitch.domain.events import CallArrived, CallEnded, RecordingEnded, RecordingStarted
from softswitch.shell import cut_off
from softswitch.shell.cut_off import Measured, measure
from tests.softswitch.shell.running import Switch, loaded, start, until

FRAMES = 12_000
WHOLE = header(FRAMES) + bytes(4 * FRAMES)


def test_a_whole_file_says_its_length_and_checksum(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(WHOLE)
    assert measure(path) == Measured(1.5, hashlib.sha256(WHOLE).hexdigest())


def test_a_file_is_waited_for_while_it_is_written_or_not_mended(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(WHOLE + b"\0")
    assert measure(path) is None, "half a frame"
    path.write_bytes(header(FRAMES - 1) + bytes(4 * FRAMES))
    assert measure(path) is None, "the header lags behind"
    path.write_bytes(b"RIFF")
    assert measure(path) is None
    path.write_bytes(WHOLE)
    with path.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert measure(path) is None, "somebody writes"
    assert measure(path) is not None


def test_what_is_no_plain_file_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "b.wav").write_bytes(WHOLE)
    (tmp_path / "link.wav").symlink_to("b.wav")
    assert measure(tmp_path / "link.wav") == Measured(0.0, None)
    assert measure(tmp_path / "none.wav") == Measured(0.0, None)
    os.mkfifo(tmp_path / "pipe.wav")
    assert measure(tmp_path / "pipe.wav") is None


def test_cut_off_recordings_get_their_better_end_and_others_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cut_off, "LOOKS_AFTER_S", (0.01, 0.05))
    failures = {"cut": recovery.CUT_OFF, "gone": recovery.CUT_OFF, "full": "the disk was full", "running": None}

    async def story() -> None:
        switch = await start(loaded(tmp_path))
        folder = switch.data_dir / "recordings" / "d"
        folder.mkdir(parents=True)
        for name, failure in failures.items():
            _record(switch, name, failure)
            if name != "gone":
                (folder / f"{name}.wav").write_bytes(WHOLE)
        await until("all is journalled", lambda: switch.names().count("CallEnded") == len(failures))
        await cut_off.complete(switch.projections, switch.driver, switch.data_dir / "recordings")
        await asyncio.sleep(0)
        rows = {row.id: (row.seconds, row.sha256, row.failure) for row in await switch.projections.recordings()}
        checksum = hashlib.sha256(WHOLE).hexdigest()
        assert rows == {
            "c-cut-r1": (1.5, checksum, cut_off.CUT_OFF),
            "c-gone-r1": (0.0, None, cut_off.GONE),
            "c-full-r1": (1.5, checksum, "the disk was full"),
            "c-running-r1": (None, None, None),
        }
        before = len(switch.records())
        await cut_off.complete(switch.projections, switch.driver, switch.data_dir / "recordings")
        await asyncio.sleep(0)
        assert len(switch.records()) == before, "once is enough"
        await switch.driver.finish()

    asyncio.run(story())


def _record(switch: Switch, name: str, failure: str | None) -> None:
    switch.append(CallArrived(10.0, f"c-{name}", "in-1", "+461", "", "+462", trunk="carrier"))
    switch.append(RecordingStarted(11.0, f"c-{name}", f"c-{name}-r1", "anna", None, f"d/{name}.wav"))
    if failure is not None:
        switch.append(RecordingEnded(20.0, f"c-{name}", f"c-{name}-r1", 0.0, None, failure))
    switch.append(CallEnded(20.0, f"c-{name}", "answered", "switch", Cause.CRASH))
