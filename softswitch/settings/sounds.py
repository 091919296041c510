"""Sounds by name: where they are looked up, and whether they can be read.

A sound is named without its ending and looked up in `<config>/sounds/<language>/`, then `<config>/sounds/`, then the
shipped `sounds/` in the same way, so that an office overlays what it does not like and the language is left out where
it does not matter. Where a folder may be named, its sounds are played in the order of their file names. Everything is
looked up when the configuration is read; on a call a name is only a key.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from softswitch.settings.faults import Faults, Place, suggestion

SOUND_ENDINGS: Final = (
    ".wav",
    ".flac",
    ".ogg",
    ".opus",
    ".oga",
    ".mp3",
    ".aiff",
    ".aif",
    ".aifc",
    ".au",
    ".snd",
    ".w64",
)
SWITCH_SOUNDS: Final = ("ringback",)
"""What the switch plays of itself, without any key naming it."""

SOUNDS_S_MAX: Final = 4 * 3600.0
"""All sounds of an office together; the media process has room for so much."""
SOUNDS_LISTED_MAX: Final = 5_000
PROBE_S_MAX: Final = 120.0

_PROBE: Final = Path(__file__).with_name("sound_probe.py")


@dataclass(frozen=True, slots=True)
class SoundCatalogue:
    """The files of every sound that may be played. `found` has them by language and name, as absolute paths."""

    language: str
    found: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def files(self, name: str, language: str | None = None) -> tuple[str, ...]:
        """The files of a sound in order; none for a name that the configuration does not use."""
        files = self.found.get((language or self.language, name))
        return self.found.get((self.language, name), ()) if files is None else files

    def all_files(self) -> tuple[str, ...]:
        """Every file once, in the order in which they are first used."""
        return tuple(dict.fromkeys(file for files in self.found.values() for file in files))


class SoundSearch:
    """Looks sounds up for one configuration and keeps what it finds."""

    def __init__(self, faults: Faults, roots: Sequence[Path], language: str) -> None:
        self._faults = faults
        self._language = language
        self._bases = tuple(base for root in roots for base in (root / language, root))
        self._roots = tuple(roots)
        self._found: dict[str, tuple[str, ...]] = {}
        self._places: dict[str, Place] = {}
        self._looked_up: dict[tuple[Path, str], list[Path]] = {}

    def has_language(self) -> bool:
        return any((root / self._language).is_dir() for root in self._roots)

    def languages(self) -> list[str]:
        """The folders that are named like a language."""
        names = {entry.name for root in self._roots if root.is_dir() for entry in root.iterdir() if entry.is_dir()}
        return sorted(name for name in names if is_language(name) and name not in ("demo", "music"))

    def use(self, name: str, place: Place, *, may_be_folder: bool = False) -> bool:
        """Notes that this sound is played; refuses one that is not there."""
        if not _is_sound_name(name):
            self._faults.refuse(
                place, f'"{name}" is no name of a sound', 'name it by its path inside sounds/, such as "music/calm"'
            )
            return False
        for base in self._bases:
            files, folder = self._files_named(base, name), base / name
            if len(files) + folder.is_dir() > 1:
                both = ", ".join([*(file.name for file in files), *([f"{folder.name}/"] if folder.is_dir() else [])])
                self._faults.refuse(place, f'sound "{name}" is there more than once: {both}', f"keep one in {base}")
                return False
            if folder.is_dir():
                return self._use_folder(name, folder, place, may_be_folder=may_be_folder)
            if files:
                return self._keep(name, files, place)
        self._refuse_missing(name, place)
        return False

    def use_series(self, names: Sequence[str], place: Place, *, otherwise: str = "write 0") -> bool:
        """Notes that all of these are played; refuses once, naming them, when some are not there.

        `otherwise`: how to do without them.
        """
        missing = [name for name in names if not self.is_there(name)]
        if missing:
            others = f" and {len(missing) - 1} more sounds" if len(missing) > 1 else ""
            mend = f"put them into {self._bases[0]}, or {otherwise}"
            self._faults.refuse(place, f'there is no sound "{missing[0]}"{others} that this needs', mend)
            return False
        return all(self.use(name, place) for name in names)

    def use_if_there(self, names: Sequence[str], place: Place) -> None:
        """Notes those of these that are there: without the others, there is silence for a moment."""
        for name in names:
            if self.is_there(name):
                self.use(name, place)

    def is_there(self, name: str) -> bool:
        """Whether there is a file of that name anywhere."""
        return any(self._files_named(base, name) for base in self._bases)

    def probe(self) -> None:
        """Tries to read every file that is used; refuses what cannot be."""
        places = {file: self._places[name] for name, files in self._found.items() for file in files}
        total_s = 0.0
        for file, (seconds, fault) in zip(places, _probe(list(places)), strict=True):
            if fault is not None:
                self._faults.refuse(places[file], f"sound {file}: {fault}", "replace the file, best by a WAV")
            total_s += seconds
            if total_s > SOUNDS_S_MAX >= total_s - seconds:
                self._faults.refuse(
                    places[file],
                    f"with this, sounds are longer than SOUNDS_S_MAX = {SOUNDS_S_MAX / 3600:g} hours in all",
                    "use shorter or fewer sounds",
                )

    def catalogue(self) -> SoundCatalogue:
        found = {(self._language, name): files for name, files in self._found.items()}
        return SoundCatalogue(self._language, MappingProxyType(found))

    def _files_named(self, base: Path, name: str) -> list[Path]:
        """The files of that name; queues share most of their sounds, so each place is looked at once."""
        if (base, name) not in self._looked_up:
            files = [file for ending in SOUND_ENDINGS if (file := base / f"{name}{ending}").is_file()]
            self._looked_up[base, name] = files
        return self._looked_up[base, name]

    def _use_folder(self, name: str, folder: Path, place: Place, *, may_be_folder: bool) -> bool:
        files = [entry for entry in sorted(folder.iterdir()) if _is_sound(entry)]
        if not may_be_folder:
            inside = f', such as "{name}/{files[0].stem}"' if files else ""
            self._faults.refuse(
                place, f'"{name}" is a folder of sounds, one sound is wanted', f"name one in it{inside}"
            )
            return False
        if not files:
            self._faults.refuse(place, f"there is no sound in the folder {folder}", "put one into it, best a WAV")
            return False
        return self._keep(name, files, place)

    def _keep(self, name: str, files: Sequence[Path], place: Place) -> bool:
        unreadable = [file for file in files if not os.access(file, os.R_OK)]
        for file in unreadable:
            self._faults.refuse(place, f"sound {file} may not be read", "give the switch's user the right to read it")
        if not unreadable:
            self._found[name] = tuple(str(file) for file in files)
            self._places.setdefault(name, place)
        return not unreadable

    def _refuse_missing(self, name: str, place: Place) -> None:
        known = list(self._names())
        if Path(name).suffix.lower() in SOUND_ENDINGS and name[: -len(Path(name).suffix)] in known:
            mend = f'sounds are named without ending: "{name[: -len(Path(name).suffix)]}"'
        else:
            mend = suggestion(name, known, otherwise=f"put {name}.wav into {self._bases[0]}")
        self._faults.refuse(place, f'there is no sound "{name}"', mend)

    def _names(self) -> Iterator[str]:
        """What could have been meant, nearest folders first."""
        seen = 0
        for base in self._bases:
            for folder, _, files in os.walk(base):
                inside = Path(folder).relative_to(base)
                if inside.parts:
                    yield inside.as_posix()
                for file in sorted(files):
                    if Path(file).suffix.lower() in SOUND_ENDINGS:
                        yield (inside / Path(file).stem).as_posix()
                seen += len(files) + 1
                if seen > SOUNDS_LISTED_MAX:
                    return


def is_language(name: str) -> bool:
    """Whether a name looks like a language tag: `en`, `sv`, `pt-BR`."""
    first, *rest = name.split("-")
    return first.isascii() and first.isalpha() and 2 <= len(first) <= 8 and all(_is_subtag(part) for part in rest)


def _is_subtag(part: str) -> bool:
    return part.isascii() and part.isalnum() and len(part) <= 8


def _is_sound_name(name: str) -> bool:
    return all(part and not part.startswith(".") and part.isprintable() for part in name.split("/"))


def _is_sound(file: Path) -> bool:
    return not file.name.startswith(".") and file.suffix.lower() in SOUND_ENDINGS and file.is_file()


def _probe(files: Sequence[str]) -> list[tuple[float, str | None]]:
    """Seconds and fault of each file. Where the reading process breaks off, the file that it was at is to blame."""
    if not files:
        return []
    try:
        ran = subprocess.run(  # noqa: S603  # our own program, no shell
            [sys.executable, "-P", str(_PROBE)],
            input="".join(f"{file}\n" for file in files),
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=PROBE_S_MAX,
            check=False,
        )
        answers = [json.loads(line) for line in ran.stdout.splitlines()]
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        return [(0.0, f"it could not be tried: {error}"), *([(0.0, None)] * (len(files) - 1))]
    verdicts = [(float(answer["seconds"] or 0.0), answer["fault"]) for answer in answers[: len(files)]]
    if len(verdicts) < len(files):
        verdicts.append((0.0, "reading it broke the reader"))
    return [*verdicts, *([(0.0, None)] * (len(files) - len(verdicts)))]
