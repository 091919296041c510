"""From a folder of TOML files to `Settings`, or to all that is wrong with it.

Every file is read and all are merged; where a thing stands does not matter, that it stands once does. The reading goes
on after each error, so that one run of `check` tells everything; only what may merely be a consequence of another error
is held back.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from softswitch.domain.hours import Hours
from softswitch.domain.office import (
    AgentPlan,
    Destination,
    FeatureCodes,
    MailboxPlan,
    Office,
    OutgoingPlan,
    PhonePlan,
    QueuePlan,
    Terms,
    TrunkPlan,
)
from softswitch.domain.shifts import Shift, plans_of
from softswitch.settings import hours, machine, naming, numbers, people, queues, shifts
from softswitch.settings.destinations import LATER_KINDS, DestinationReader, Names
from softswitch.settings.faults import ConfigurationError, ConfigurationErrors, Faults, Place, nearest
from softswitch.settings.feature_sounds import use_feature_sounds
from softswitch.settings.model import AcceptFrom, Api, Media, NodeSettings, Phone, Settings, Sip, Trunk
from softswitch.settings.outgoing import read_outgoing
from softswitch.settings.relations import check_together
from softswitch.settings.section import Placed, Section, dotted, kind_of
from softswitch.settings.shipped import shipped_folder
from softswitch.settings.sounds import SWITCH_SOUNDS, SoundSearch
from softswitch.settings.toml_tree import Document, Node, NotToml, Table, read_toml
from softswitch.settings.whole import Whole

FILES_MAX: Final = 1_000
FILE_BYTES_MAX: Final = 4_000_000
VERSION_DIGITS: Final = 12
MAIN_FILE: Final = "softswitch.toml"
"""Where a table that is missing altogether is said to be missing."""

SINGLE_TABLES: Final = ("node", "sip", "media", "api", "pause", "features", "outgoing")
NAMED_TABLES: Final = ("phone", "trunk", "agent", "queue", "number", "vip", "voicemail", "hours", "shift")

_NEEDED_TABLES: Final = {
    "sip": '[sip] with listen = ["udp:127.0.0.1:5060"] and domain = "office.example"',
    "media": '[media] with address = "127.0.0.1" and udp_ports = "20000-20999"',
}


def load(folder: Path, *, are_sounds_tried: bool = True) -> Settings:
    """The configuration in this folder; raises ConfigurationErrors with all that is wrong with it.

    Trying the sounds takes a process and some tenths of a second, so do not call this where calls are waiting.
    """
    faults = Faults()
    texts = _read_files(folder, faults)
    documents = _parse(texts, faults)
    office = _Reading(folder, faults, documents, is_complete=len(documents) == len(texts) and not faults.errors)
    settings = office.read(_version(texts), are_sounds_tried=are_sounds_tried)
    if faults.errors:
        raise ConfigurationErrors(faults.errors)
    assert settings is not None
    return settings


@dataclass(frozen=True, slots=True)
class Glimpse:
    """The little that a command needs to reach a running switch."""

    data_dir: Path
    timezone: str


def glimpse(folder: Path) -> Glimpse:
    """Looks only for `[node]` and overlooks everything else, so that a half-edited office can still be commanded."""
    found: dict[str, object] = {}
    for file in _toml_files(folder):
        if not file.is_file():
            continue
        try:
            tables = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        node = tables.get("node")
        if isinstance(node, dict):
            found = {**node, **found}
    data_dir, timezone = found.get("data_dir"), found.get("timezone")
    return Glimpse(
        machine.absolute(folder, data_dir if isinstance(data_dir, str) and "\0" not in data_dir else machine.DATA_DIR),
        timezone if isinstance(timezone, str) and machine.is_timezone(timezone) else machine.TIMEZONE,
    )


def _toml_files(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.suffix == ".toml" and not file.name.startswith("."))
    except OSError:
        return []


def _read_files(folder: Path, faults: Faults) -> dict[Path, bytes]:
    files = _toml_files(folder)
    if not files:
        what = "there is no TOML file in the folder" if folder.is_dir() else "there is no such folder"
        mend = "name the folder of your office with --config DIR, or begin with a copy of the shipped config/"
        raise ConfigurationErrors([ConfigurationError(folder, 0, "", what, mend)])
    found: dict[Path, bytes] = {}
    for file in files[:FILES_MAX]:
        place = Place(file, 0, "")
        try:
            if not file.is_file():
                faults.refuse(place, "this is no file", "take it away, or give it a name that does not end in .toml")
            elif file.stat().st_size > FILE_BYTES_MAX:
                faults.refuse(place, f"this is larger than FILE_BYTES_MAX = {FILE_BYTES_MAX}", "split it")
            else:
                found[file] = file.read_bytes()
        except OSError as error:
            faults.refuse(
                place, f"this cannot be read: {error.strerror}", "give the switch's user the right to read it"
            )
    if len(files) > FILES_MAX:
        faults.refuse(Place(folder, 0, ""), f"there are more than FILES_MAX = {FILES_MAX} files", "merge some")
    return found


def _parse(texts: Mapping[Path, bytes], faults: Faults) -> dict[Path, Document]:
    documents: dict[Path, Document] = {}
    for file, data in texts.items():
        try:
            documents[file] = read_toml(data.decode("utf-8"))
        except NotToml as error:
            mend = "mend this line; everything else in the file is looked at after that"
            faults.refuse(Place(file, error.line, ""), f"this is no TOML: {error.what}", mend)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            faults.refuse(Place(file, line, ""), "this is no TOML: it is not UTF-8", "save the file as UTF-8")
    return documents


def _version(texts: Mapping[Path, bytes]) -> str:
    digest = hashlib.sha256()
    for file, data in texts.items():
        digest.update(f"{file.name}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    return digest.hexdigest()[:VERSION_DIGITS]


@dataclass(frozen=True, slots=True)
class _Definition:
    """One table that defines something; `name` is empty for the single ones."""

    kind: str
    name: str
    file: Path
    table: Table

    @property
    def path(self) -> str:
        return dotted(self.kind, self.name) if self.name else self.kind


@dataclass(slots=True)
class _Found:
    """What has been read so far, by name; a second definition is read for its errors and kept nowhere."""

    node: NodeSettings | None = None
    sip: Sip | None = None
    media: Media | None = None
    api: Api | None = None
    trunks: dict[str, Trunk] = field(default_factory=dict)
    phones: dict[str, Phone] = field(default_factory=dict)
    phone_plans: dict[str, PhonePlan] = field(default_factory=dict)
    agents: dict[str, AgentPlan] = field(default_factory=dict)
    queues: dict[str, QueuePlan] = field(default_factory=dict)
    numbers: dict[str, Destination] = field(default_factory=dict)
    terms: dict[str, Terms] = field(default_factory=dict)
    vips: list[tuple[Placed[str], float]] = field(default_factory=list)
    mailboxes: dict[str, MailboxPlan] = field(default_factory=dict)
    hours: dict[str, Hours] = field(default_factory=dict)
    shifts: dict[str, Shift] = field(default_factory=dict)
    pause_reasons: tuple[str, ...] | None = None
    features: FeatureCodes | None = None
    outgoing: OutgoingPlan | None = None
    places: dict[tuple[str, ...], Place] = field(default_factory=dict)
    sources: list[tuple[str, AcceptFrom, Place]] = field(default_factory=list)


class _Reading:
    """One configuration being read."""

    def __init__(self, folder: Path, faults: Faults, documents: Mapping[Path, Document], *, is_complete: bool) -> None:
        self._folder = folder
        self._faults = faults
        self._is_complete = is_complete
        self._definitions = [found for file, document in documents.items() for found in self._in_file(file, document)]
        self._refuse_doubles_across_files()
        self._found = _Found()

    def read(self, version: str, *, are_sounds_tried: bool) -> Settings | None:
        """The settings; None, or something that must not be used, when there are errors."""
        found = self._found
        self._read_node()
        assert found.node is not None
        roots = (self._folder.absolute() / "sounds", shipped_folder("sounds"))
        sounds = SoundSearch(self._faults, roots, found.node.language)
        place = found.places.get(("node", "language"), self._main_place("node"))
        machine.check_language(sounds, found.node.language, place, self._faults)
        for name in SWITCH_SOUNDS:
            sounds.use(name, place)
        names: dict[str, list[str]] = {kind: [] for kind in NAMED_TABLES}
        for definition in self._definitions:
            names.get(definition.kind, []).append(definition.name)
        destinations = DestinationReader(self._faults, Names(names, self._is_complete), sounds)
        for definition in sorted(self._definitions, key=lambda definition: definition.kind != "hours"):
            if definition.kind != "node":
                self._read_one(definition, destinations, sounds)
        self._refuse_missing_tables()
        whole = self._whole()
        check_together(whole, self._faults)
        use_feature_sounds(whole, sounds)
        if are_sounds_tried:
            sounds.probe()
        if self._faults.errors:
            return None
        return self._settings(whole, version, sounds)

    def _in_file(self, file: Path, document: Document) -> Iterator[_Definition]:
        """The definitions of one file, double ones included."""
        for kind, node in document.root.entries.items():
            yield from self._of_kind(file, kind, node)
        for double in document.doubles:
            place = Place(file, double.line, dotted(*double.path))
            first = Place(file, double.first_line, "")
            self._refuse_double(place, dotted(*double.path), first)
            match double.path:
                case (kind,):
                    yield from self._of_kind(file, kind, double.node)
                case (kind, name) if kind in NAMED_TABLES:
                    yield from self._of_name(file, kind, name, double.node)

    def _of_kind(self, file: Path, kind: str, node: Node) -> Iterator[_Definition]:
        place = Place(file, node.line, dotted(kind))
        if kind in LATER_KINDS:
            self._faults.refuse(place, f'tables of kind "{kind}" are not available yet', "take it out")
        elif kind not in SINGLE_TABLES and kind not in NAMED_TABLES:
            self._refuse_unknown_kind(kind, node, place)
        elif not isinstance(node, Table):
            header = f"[{kind}]" if kind in SINGLE_TABLES else f"[{kind}.NAME]"
            self._faults.refuse(place, f'"{kind}" must be a table, not {kind_of(node)}', f"write {header}")
        elif kind in SINGLE_TABLES:
            yield _Definition(kind, "", file, node)
        else:
            for name, entry in node.entries.items():
                yield from self._of_name(file, kind, name, entry)

    def _of_name(self, file: Path, kind: str, name: str, node: Node) -> Iterator[_Definition]:
        place = Place(file, node.line, dotted(kind, name))
        if isinstance(node, Table):
            naming.check_name(kind, name, place, self._faults)
            yield _Definition(kind, name, file, node)
        else:
            self._faults.refuse(
                place, f"a {kind} has a name, and its keys stand under it", f"write [{kind}.NAME] above this line"
            )

    def _refuse_unknown_kind(self, kind: str, node: Node, place: Place) -> None:
        near = nearest(kind, (*NAMED_TABLES, *SINGLE_TABLES))
        if not isinstance(node, Table):
            what = f'"{kind}" stands outside of any table'
            mend = "put it below the [table] that it belongs to"
        else:
            what = f'there is no kind of table "{kind}"'
            mend = f'did you mean "{near}"?' if near else f"there is: {', '.join((*SINGLE_TABLES, *NAMED_TABLES))}"
        self._faults.refuse(place, what, mend)

    def _refuse_doubles_across_files(self) -> None:
        first: dict[tuple[str, str], _Definition] = {}
        for found in self._definitions:
            known = first.setdefault((found.kind, found.name), found)
            if known.file != found.file:
                place = Place(found.file, found.table.line, found.path)
                self._refuse_double(place, found.path, Place(known.file, known.table.line, ""))

    def _refuse_double(self, place: Place, path: str, first: Place) -> None:
        mend = f"keep one of the two, {first} or {place}"
        self._faults.refuse(place, f"{path} is defined twice, first at {first}", mend)

    def _refuse_missing_tables(self) -> None:
        there = {definition.kind for definition in self._definitions}
        for kind, example in _NEEDED_TABLES.items():
            if self._is_complete and kind not in there:
                self._faults.refuse(self._main_place(kind), f"[{kind}] is missing", f"add {example}")

    def _main_place(self, key: str) -> Place:
        return Place(self._folder / MAIN_FILE, 1, key)

    def _section(self, definition: _Definition) -> Section:
        section = Section(self._faults, definition.file, definition.path, definition.table)
        path = (definition.kind, definition.name) if definition.name else (definition.kind,)
        if path not in self._found.places:
            self._found.places[path] = section.place
            for key in definition.table.entries:
                self._found.places[*path, key] = section.place_of(key)
        return section

    def _read_node(self) -> None:
        for definition in self._definitions:
            if definition.kind == "node":
                node = machine.read_node(self._section(definition), self._faults, self._folder)
                self._found.node = self._found.node or node
        if self._found.node is None:
            section = Section(self._faults, self._folder / MAIN_FILE, "node", Table(1))
            self._found.node = machine.read_node(section, self._faults, self._folder)

    def _read_one(self, definition: _Definition, destinations: DestinationReader, sounds: SoundSearch) -> None:
        found, faults, name = self._found, self._faults, definition.name
        section = self._section(definition)
        match definition.kind:
            case "sip":
                sip = machine.read_sip(section, faults, self._folder)
                found.sip = found.sip or sip
            case "media":
                media = machine.read_media(section, faults)
                found.media = found.media or media
            case "api":
                api = machine.read_api(section, faults)
                found.api = found.api or api
            case "trunk":
                trunk, sources = machine.read_trunk(section, faults, self._folder)
                if found.trunks.setdefault(name, trunk) is trunk:
                    found.sources += [
                        (name, accept, source.place) for accept, source in zip(trunk.accept_from, sources, strict=True)
                    ]
            case "phone":
                phone, plan = people.read_phone(section, name, faults)
                found.phones.setdefault(name, phone)
                found.phone_plans.setdefault(name, plan)
            case "agent":
                found.agents.setdefault(name, people.read_agent(section, name, faults, destinations))
            case "queue":
                found.queues.setdefault(
                    name, queues.read_queue(section, name, faults, destinations, sounds, found.hours)
                )
            case "number":
                to, terms = numbers.read_number(section, faults, destinations)
                found.numbers.setdefault(name, to)
                found.terms.setdefault(name, terms)
            case "vip":
                callers, priority_s = numbers.read_vip(section, faults)
                found.vips += [(caller, priority_s) for caller in callers]
            case "voicemail":
                mailbox = numbers.read_mailbox(section, name, faults, sounds, destinations)
                found.mailboxes.setdefault(name, mailbox)
            case "hours":
                found.hours.setdefault(name, hours.read_hours(section, name, faults, self._timezone))
            case "shift":
                shift = shifts.read_shift(section, name, faults, destinations, self._timezone)
                found.shifts.setdefault(name, shift)
            case "pause":
                reasons = people.read_pause(section, faults)
                found.pause_reasons = found.pause_reasons or reasons
            case "features":
                features = people.read_features(section, faults)
                found.features = found.features or features
            case "outgoing":
                outgoing = read_outgoing(section, faults)
                found.outgoing = found.outgoing or outgoing

    @property
    def _timezone(self) -> str:
        assert self._found.node is not None
        return self._found.node.timezone

    def _whole(self) -> Whole:
        found = self._found
        for kind in (*SINGLE_TABLES, *NAMED_TABLES):
            found.places.setdefault((kind,), self._main_place(kind))
        return Whole(
            sip=found.sip or Sip((), ""),
            media=found.media or Media("", 0, 0, ()),
            api=found.api,
            trunks=MappingProxyType(found.trunks),
            phones=MappingProxyType(found.phone_plans),
            agents=MappingProxyType(found.agents),
            queues=MappingProxyType(found.queues),
            numbers=MappingProxyType(found.numbers),
            terms=MappingProxyType(found.terms),
            vips=found.vips,
            mailboxes=MappingProxyType(found.mailboxes),
            features=found.features or FeatureCodes(),
            outgoing=found.outgoing or OutgoingPlan(),
            hours=MappingProxyType(found.hours),
            shifts=MappingProxyType(found.shifts),
            places=found.places,
            sources=found.sources,
            is_complete=self._is_complete,
        )

    def _settings(self, whole: Whole, version: str, sounds: SoundSearch) -> Settings:
        node = self._found.node
        assert node is not None
        trunks = {
            name: TrunkPlan(name, trunk.caller_id, trunk.country, trunk.carries_emergency)
            for name, trunk in whole.trunks.items()
        }
        office = Office(
            version=version,
            node=node.name,
            timezone=node.timezone,
            language=node.language,
            queues=whole.queues,
            agents=whole.agents,
            phones=whole.phones,
            trunks=MappingProxyType(trunks),
            numbers=whole.numbers,
            terms=MappingProxyType({name: terms for name, terms in whole.terms.items() if terms != Terms()}),
            mailboxes=whole.mailboxes,
            vips=MappingProxyType({caller.value: priority_s for caller, priority_s in whole.vips}),
            shifts=plans_of(whole.shifts.values()),
            pause_reasons=self._found.pause_reasons or (),
            features=whole.features,
            outgoing=whole.outgoing,
        )
        return Settings(
            folder=self._folder.absolute(),
            node=node,
            sip=whole.sip,
            media=whole.media,
            api=whole.api,
            trunks=whole.trunks,
            phones=MappingProxyType(self._found.phones),
            office=office,
            sounds=sounds.catalogue(),
            warnings=self._faults.warnings,
        )
