"""Tests of softswitch.settings.sounds: the order of look-up, and what can be played."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.settings.faults import Faults, Place
from softswitch.settings.sounds import SoundSearch
from tests.softswitch.settings.offices import write_sound

PLACE = Place(Path("queues.toml"), 7, "queue.support.music")


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "office" / "sounds", tmp_path / "shipped" / "sounds"


def search(roots: tuple[Path, Path], faults: Faults | None = None, language: str = "sv") -> SoundSearch:
    return SoundSearch(faults or Faults(), roots, language)


def test_the_offices_language_comes_before_its_common_sounds_and_both_before_the_shipped_ones(
    roots: tuple[Path, Path],
) -> None:
    mine, shipped = roots
    for base in (shipped, shipped / "sv", mine, mine / "sv"):
        file = write_sound(base / "welcome.wav")
        sounds = search(roots)
        assert sounds.use("welcome", PLACE)
        assert sounds.catalogue().files("welcome") == (str(file),)


def test_a_sound_of_another_language_is_not_found(roots: tuple[Path, Path]) -> None:
    write_sound(roots[1] / "en" / "welcome.wav")
    faults = Faults()
    assert not search(roots, faults).use("welcome", PLACE)
    (error,) = faults.errors
    assert (error.file, error.line, error.key) == (PLACE.file, PLACE.line, PLACE.key)


def test_a_folder_gives_its_sounds_by_name_and_leaves_other_files_out(roots: tuple[Path, Path]) -> None:
    folder = roots[1] / "music" / "calm"
    for name in ("b.wav", "a.wav", ".hidden.wav"):
        write_sound(folder / name)
    (folder / "LICENCE.txt").write_text("text")
    sounds = search(roots)
    assert sounds.use("music/calm", PLACE, may_be_folder=True)
    assert sounds.catalogue().files("music/calm") == (str(folder / "a.wav"), str(folder / "b.wav"))


def test_an_empty_folder_is_refused(roots: tuple[Path, Path]) -> None:
    (roots[0] / "music").mkdir(parents=True)
    faults = Faults()
    assert not search(roots, faults).use("music", PLACE, may_be_folder=True)
    assert "no sound in the folder" in faults.errors[0].what


def test_two_files_of_one_name_are_refused_with_both(roots: tuple[Path, Path]) -> None:
    write_sound(roots[0] / "welcome.wav")
    (roots[0] / "welcome.ogg").write_bytes(b"OggS")
    faults = Faults()
    assert not search(roots, faults).use("welcome", PLACE)
    assert "welcome.wav, welcome.ogg" in faults.errors[0].what


@pytest.mark.parametrize("name", ["/etc/welcome", "../welcome", "en/../welcome", "", ".hidden", "a//b", "a\x00b"])
def test_a_name_cannot_lead_out_of_the_folders(name: str, roots: tuple[Path, Path]) -> None:
    faults = Faults()
    assert not search(roots, faults).use(name, PLACE)
    assert "no name of a sound" in faults.errors[0].what


def test_every_file_is_tried_and_only_bad_ones_are_refused(roots: tuple[Path, Path]) -> None:
    write_sound(roots[0] / "good.wav")
    write_sound(roots[0] / "empty.wav", frames=0)
    (roots[0] / "text.wav").write_text("this is no sound")
    (roots[0] / "nothing.mp3").write_bytes(b"")
    write_sound(roots[0] / "odd name\u00e5 $(x).wav")
    faults = Faults()
    sounds = search(roots, faults)
    for name in ("good", "empty", "text", "nothing", "odd name\u00e5 $(x)"):
        assert sounds.use(name, PLACE)
    sounds.probe()
    refused = [error.what for error in faults.errors]
    assert len(refused) == 3
    assert "empty.wav: it holds no sound" in refused[0]
    assert "text.wav: it cannot be read" in refused[1]
    assert "nothing.mp3: it cannot be read" in refused[2]


def test_the_catalogue_lists_every_file_once(roots: tuple[Path, Path]) -> None:
    file = write_sound(roots[0] / "a" / "one.wav")
    sounds = search(roots)
    assert sounds.use("a", PLACE, may_be_folder=True)
    assert sounds.use("a/one", PLACE)
    catalogue = sounds.catalogue()
    assert catalogue.all_files() == (str(file),)
    assert catalogue.files("a/one", "en") == (str(file),)
    assert catalogue.files("unused") == ()


def test_a_series_with_gaps_is_refused_once_and_says_how_many_are_missing(roots: tuple[Path, Path]) -> None:
    write_sound(roots[1] / "sv" / "place-2.wav")
    faults = Faults()
    assert not search(roots, faults).use_series(("place-1", "place-2", "place-3"), PLACE)
    (error,) = faults.errors
    assert '"place-1" and 1 more' in error.what
    assert str(roots[0] / "sv") in error.mend


def test_a_whole_series_is_used_by_all_its_names(roots: tuple[Path, Path]) -> None:
    files = [write_sound(roots[1] / "sv" / f"place-{number}.wav") for number in (1, 2)]
    sounds = search(roots)
    assert sounds.use_series(("place-1", "place-2"), PLACE)
    assert sounds.catalogue().all_files() == tuple(str(file) for file in files)
