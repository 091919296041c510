"""One recording on disk: readable at every moment, private, inside its folder, and mended after a crash."""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
import stat
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from media.recording_file import HEADER_BYTES, PathRefused, RecordingFile, header, repair_cut_off

SPEECH = np.arange(1, 1601, dtype=np.int16).reshape(800, 2)


def read(path: Path) -> NDArray[np.int16]:
    """The frames of a WAV file as another program reads them."""
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, 8000)
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16).reshape(-1, 2)


def sha256_of(file: RecordingFile) -> str:
    (last,) = [step for step in file.hash_steps() if step is not None]
    return last


def cut_off(folder: Path, name: str, frames: NDArray[np.int16], said: int) -> Path:
    """A file as a crash leaves it: all of `frames`, the header telling of `said` of them."""
    path = folder / name
    path.write_bytes(header(said) + frames.tobytes())
    return path


def test_a_file_is_right_from_its_first_moment_and_after_each_header(tmp_path: Path) -> None:
    file = RecordingFile(str(tmp_path / "rec"), "2026-01-31/a.wav")
    path = tmp_path / "rec/2026-01-31/a.wav"
    assert len(read(path)) == 0
    file.write(SPEECH.data.cast("B"))
    assert len(read(path)) == 0
    file.write_header()
    assert np.array_equal(read(path), SPEECH)
    file.skip(100)
    file.write(SPEECH.data.cast("B"))
    file.seal()
    assert np.array_equal(read(path), np.concatenate((SPEECH, np.zeros((100, 2), np.int16), SPEECH)))
    assert sha256_of(file) == hashlib.sha256(path.read_bytes()).hexdigest()
    file.close()


def test_files_and_folders_are_their_owners_alone(tmp_path: Path) -> None:
    RecordingFile(str(tmp_path / "rec"), "2026-01-31/a.wav").close()
    for name, mode in (("rec", 0o700), ("rec/2026-01-31", 0o700), ("rec/2026-01-31/a.wav", 0o600)):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode


@pytest.mark.parametrize(
    "path", ["../a.wav", "a/../../b.wav", "/etc/a.wav", "", "a//b.wav", "./a.wav", "a/", "a\0.wav", "a/" * 8 + "b"]
)
def test_a_path_that_is_not_plain_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "rec").mkdir()
    with pytest.raises(PathRefused):
        RecordingFile(str(tmp_path / "rec"), path)
    assert [entry.name for entry in tmp_path.rglob("*")] == ["rec"]


def test_symbolic_links_are_not_followed_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "rec").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "rec/day").symlink_to(tmp_path / "outside")
    (tmp_path / "rec/a.wav").symlink_to(tmp_path / "outside/a.wav")
    for path in ("day/a.wav", "a.wav"):
        with pytest.raises(OSError, match=r"Not a directory|File exists|Too many levels"):
            RecordingFile(str(tmp_path / "rec"), path)
    assert not list((tmp_path / "outside").iterdir())


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        RecordingFile(str(tmp_path), "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == b"precious"


def test_a_file_that_cannot_be_begun_leaves_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HEADER_BYTES - 1, former[1]))
    try:
        with pytest.raises(OSError, match="No space"):
            RecordingFile(str(tmp_path), "a.wav")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert not list(tmp_path.iterdir())
    RecordingFile(str(tmp_path), "a.wav").close()


def test_a_write_that_stops_half_way_goes_on_where_it_stopped(tmp_path: Path) -> None:
    file = RecordingFile(str(tmp_path), "a.wav")
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HEADER_BYTES + 1001, former[1]))
    try:
        with pytest.raises(OSError, match=r"too large|No space"):
            file.write(SPEECH.data.cast("B"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert file.frames_written == 250
    file.write_header()
    assert np.array_equal(read(tmp_path / "a.wav"), SPEECH[:250])
    file.write(SPEECH[250:].data.cast("B"))
    file.seal()
    file.close()
    assert np.array_equal(read(tmp_path / "a.wav"), SPEECH)


def test_what_lies_behind_the_headers_length_is_taken_back_in(tmp_path: Path) -> None:
    (tmp_path / "2026-01-31").mkdir()
    path = cut_off(tmp_path / "2026-01-31", "a.wav", SPEECH, said=500)
    assert repair_cut_off(str(tmp_path)) == [str(path)]
    assert np.array_equal(read(path), SPEECH)
    assert repair_cut_off(str(tmp_path)) == []


def test_a_frame_written_by_half_and_a_length_never_written_are_cut(tmp_path: Path) -> None:
    path = cut_off(tmp_path, "a.wav", SPEECH, said=10_000)
    with path.open("ab") as file:
        file.write(b"\x01\x02\x03")
    assert repair_cut_off(str(tmp_path)) == [str(path)]
    assert np.array_equal(read(path), SPEECH)
    assert path.stat().st_size == HEADER_BYTES + SPEECH.nbytes


@pytest.mark.parametrize("size", [0, 20, HEADER_BYTES - 1])
def test_a_header_written_by_half_becomes_a_recording_of_no_length(tmp_path: Path, size: int) -> None:
    (tmp_path / "a.wav").write_bytes(header(0)[:size])
    assert repair_cut_off(str(tmp_path)) == [str(tmp_path / "a.wav")]
    assert len(read(tmp_path / "a.wav")) == 0


def test_whole_foreign_and_linked_files_are_left_alone(tmp_path: Path) -> None:
    cut_off(tmp_path, "whole.wav", SPEECH, said=800)
    (tmp_path / "outside.txt").write_bytes(header(1) + SPEECH.tobytes())
    (tmp_path / "link.wav").symlink_to(tmp_path / "outside.txt")
    (tmp_path / "foreign.wav").write_bytes(b"RIFX" + header(1)[4:] + SPEECH.tobytes())
    os.mkfifo(tmp_path / "pipe.wav")
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert repair_cut_off(str(tmp_path)) == []
    assert {path: path.read_bytes() for path in before} == before


def test_a_recording_that_another_process_writes_is_left_alone(tmp_path: Path) -> None:
    path = cut_off(tmp_path, "a.wav", SPEECH, said=1)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert repair_cut_off(str(tmp_path)) == []
    assert repair_cut_off(str(tmp_path)) == [str(path)]


def test_a_file_under_way_is_locked_until_it_is_closed(tmp_path: Path) -> None:
    file = RecordingFile(str(tmp_path), "a.wav")
    file.write(SPEECH.data.cast("B"))
    assert repair_cut_off(str(tmp_path)) == []
    file.close()
    assert repair_cut_off(str(tmp_path)) == [str(tmp_path / "a.wav")]


def test_a_folder_that_is_not_there_needs_no_mending(tmp_path: Path) -> None:
    assert repair_cut_off(str(tmp_path / "absent")) == []
