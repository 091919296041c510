"""A start reads what it can, and says what it cannot."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
from structlog.testing import capture_logs

from softswitch.domain.events import AgentPresenceChanged
from softswitch.settings import load
from softswitch.store.journal import JournalWriter, segment_path
from tests.softswitch.shell.running import loaded, start


class WrittenByANewerVersion(msgspec.Struct, tag=True):
    """A record that this version does not know."""

    at: float


def presence(agent: str) -> AgentPresenceChanged:
    return AgentPresenceChanged(1.0, agent, "paused", "lunch", "test")


def test_records_of_a_newer_version_are_passed_over_and_told(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    journal = JournalWriter(settings.node.data_dir / "journal", 1.0)
    for record in (presence("anna"), WrittenByANewerVersion(1.0), presence("bo")):
        journal.append(record)
    journal.close()
    assert presences(settings.node.data_dir, tmp_path) == ["paused", "paused"]
    with capture_logs() as logs:
        assert presences(settings.node.data_dir, tmp_path) == ["paused", "paused"]
    assert [line["records"] for line in logs if "another version" in line["event"]] == [1]


def test_a_damaged_segment_is_told_with_its_place_and_what_stands_before_counts(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    folder = settings.node.data_dir / "journal"
    journal = JournalWriter(folder, 1.0)
    journal.append(presence("anna"))
    journal.flush()
    good = journal.position.offset
    journal.append(presence("bo"))
    journal.close()
    path = segment_path(folder, 1)
    data = bytearray(path.read_bytes())
    data[-1] ^= 0xFF
    path.write_bytes(data)
    with capture_logs() as logs:
        assert presences(settings.node.data_dir, tmp_path) == ["paused", "logged-out"]
    damage = [line for line in logs if line["event"] == "the journal is damaged"]
    assert [(line["path"], line["offset"], line["log_level"]) for line in damage] == [(str(path), good, "error")]
    assert path.read_bytes() == bytes(data), "it is left as it is"


def presences(data_dir: Path, folder: Path) -> list[str]:
    """What a start finds."""

    async def story() -> list[str]:
        switch = await start(load(folder / "office", are_sounds_tried=False))
        assert switch.data_dir == data_dir
        agents = switch.driver.command("agent.list", {})
        assert isinstance(agents, list)
        await switch.driver.finish()
        return [agent["presence"] for agent in agents]

    return asyncio.run(story())
