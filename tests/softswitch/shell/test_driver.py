"""One turn: everything is fed, one write to the journal, and only then does anything leave."""

from __future__ import annotations

import asyncio
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from media.protocol import OpenPort, Play
from sip_stack.flow import Address, Flow
from softswitch.domain.events import AgentPresenceChanged, CallEnded, CallQueued, RecordingEnded
from softswitch.domain.refusals import CommandRefused
from softswitch.shell import driver as driver_module
from softswitch.store.journal import segments
from tests.softswitch.shell.running import CARRIER, LISTEN, Switch, invite, loaded, start, statuses, until


@contextmanager
def no_room(switch: Switch) -> Iterator[None]:
    """No file of this process grows beyond the journal's present length."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (switch.journal.position.offset + 3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_whatever_leaves_is_in_the_journal_already(tmp_path: Path) -> None:
    async def story() -> None:
        switch = await start(loaded(tmp_path))
        switch.ready()
        known_at: dict[str, list[str]] = {}

        def send(_flow: Flow, data: bytes) -> bool:
            known_at.setdefault(statuses([data])[0], switch.names())
            return True

        switch.driver.senders["udp", LISTEN] = send
        switch.driver.receive(invite("a"), CARRIER)
        await until("the call is answered", lambda: "200" in known_at)
        assert {"CallArrived", "CallAnswered", "CallQueued", "DialogRecorded"} <= set(known_at["200"])
        assert any(isinstance(command, OpenPort) for command in switch.media)
        assert any(isinstance(command, Play) for command in switch.media)
        await switch.crash()

    asyncio.run(story())


def test_one_turn_takes_in_all_that_came_and_writes_once(tmp_path: Path) -> None:
    async def story() -> None:
        switch = await start(loaded(tmp_path))
        switch.ready()
        await until("media is ready", lambda: bool(switch.media))
        before = switch.journal.position
        for call in ("a", "b", "c"):
            switch.driver.receive(invite(call), CARRIER)
        assert switch.journal.position == before, "nothing is written before the turn ends"
        assert switch.sent == []
        await asyncio.sleep(0)
        assert switch.names().count("CallQueued") == 3
        assert statuses(switch.sent).count("200") == 3
        await switch.crash()

    asyncio.run(story())


def test_with_a_full_disk_nobody_is_told_anything_until_there_is_room(tmp_path: Path) -> None:
    async def story() -> None:
        switch = await start(loaded(tmp_path))
        switch.ready()
        await until("media is ready", lambda: bool(switch.media))
        commands = len(switch.media)
        with no_room(switch):
            switch.driver.receive(invite("a"), CARRIER)
            await until("the driver notices", lambda: switch.driver.is_stuck)
            switch.driver.receive(invite("b"), CARRIER)
            with pytest.raises(CommandRefused, match="cannot be written"):
                switch.driver.command("agent.pause", {"name": "anna"})
            await asyncio.sleep(2 * driver_module.RETRY_S)
            assert switch.sent == []
            assert len(switch.media) == commands
            assert "CallArrived" not in switch.names()
        await until("it goes out", lambda: "200" in statuses(switch.sent))
        assert not switch.driver.is_stuck
        assert switch.names().count("CallArrived") == 1, "b will send it again"
        assert len(switch.media) > commands
        assert switch.driver.command("agent.pause", {"name": "anna"}) == {"agent": "anna", "presence": "paused"}
        await switch.crash()

    asyncio.run(story())


def test_a_command_is_journalled_when_it_is_answered(tmp_path: Path) -> None:
    async def story() -> None:
        switch = await start(loaded(tmp_path))
        switch.driver.command("agent.pause", {"name": "anna", "reason": "lunch"})
        last = [record for record in switch.records() if isinstance(record, AgentPresenceChanged)][-1]
        assert (last.agent, last.presence, last.reason) == ("anna", "paused", "lunch")
        with pytest.raises(CommandRefused, match="no agent"):
            switch.driver.command("agent.pause", {"name": "ana"})
        await switch.crash()

    asyncio.run(story())


def test_after_a_crash_every_call_has_one_record_and_agents_are_as_they_were(tmp_path: Path) -> None:
    settings = loaded(tmp_path)

    async def before() -> None:
        switch = await start(settings, ids="one")
        switch.ready()
        switch.driver.command("agent.pause", {"name": "bo", "reason": "lunch"})
        switch.driver.receive(invite("a"), CARRIER)
        switch.driver.receive(invite("b"), CARRIER)
        await until("both wait", lambda: switch.names().count("CallQueued") == 2)
        [first, _] = [record.call for record in switch.records() if isinstance(record, CallQueued)]
        switch.driver.command("call.hangup", {"id": first})
        await switch.crash()

    async def after(ids: str) -> None:
        switch = await start(settings, ids=ids)
        history = await switch.projections.history(None, None)
        assert sorted((record.id, str(record.cause)) for record in history) == [
            ("one-1", "by-command"),
            ("one-2", "crash"),
        ]
        assert {record.outcome for record in history} == {"failed"}
        assert [record.call for record in switch.records() if isinstance(record, CallEnded)] == ["one-1", "one-2"]
        agents = switch.driver.command("agent.list", {})
        assert isinstance(agents, list)
        assert [(agent["agent"], agent["presence"], agent["pause_reason"]) for agent in agents] == [
            ("anna", "logged-out", None),
            ("bo", "paused", "lunch"),
        ]
        assert switch.driver.command("call.list", {}) == []
        await switch.crash()

    asyncio.run(before())
    asyncio.run(after("two"))
    asyncio.run(after("three"))
    for file in settings.node.data_dir.glob("softswitch.db*"):
        file.unlink()
    asyncio.run(after("four"))


def test_a_day_later_the_next_segment_begins_and_a_call_that_is_up_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = loaded(tmp_path)
    monkeypatch.setattr(driver_module, "SEGMENT_S_MAX", 0.3)

    async def before() -> None:
        switch = await start(settings, ids="one")
        switch.ready()
        switch.driver.receive(invite("a"), CARRIER)
        switch.driver.command("agent.pause", {"name": "bo"})
        await until("the call waits", lambda: "CallQueued" in switch.names())
        assert segments(switch.data_dir / "journal") == [1]
        await asyncio.sleep(0.3)
        switch.driver.command("agent.pause", {"name": "anna"})
        assert segments(switch.data_dir / "journal") == [1, 2]
        await switch.crash()

    async def after() -> None:
        switch = await start(settings, ids="two")
        assert [(record.id, str(record.cause)) for record in await switch.projections.history(None, None)] == [
            ("one-1", "crash")
        ]
        agents = switch.driver.command("agent.list", {})
        assert isinstance(agents, list)
        assert [agent["presence"] for agent in agents] == ["paused", "paused"]
        await switch.crash()

    asyncio.run(before())
    monkeypatch.undo()
    asyncio.run(after())


def test_a_lost_sender_is_told_to_the_node_and_stops_nothing_else(tmp_path: Path) -> None:
    async def story() -> None:
        switch = await start(loaded(tmp_path))
        switch.ready()
        nowhere = Flow("udp", Address("127.0.0.1", 9), Address("127.0.0.1", 5080))
        switch.driver.receive(invite("a"), nowhere)
        switch.driver.receive(invite("b"), CARRIER)
        await until("b is answered", lambda: "200" in statuses(switch.sent))
        assert all(b"Call-ID: b" in data for data in switch.sent)
        await switch.crash()

    asyncio.run(story())


def test_what_a_shell_appends_reaches_journal_and_rows(tmp_path: Path) -> None:
    async def story() -> None:
        switch = await start(loaded(tmp_path))
        switch.append(RecordingEnded(switch.driver.wall(), "c", "c-r1", 1.0, "ab", None))
        await until("it is written", lambda: "RecordingEnded" in switch.names())
        assert switch.projections.is_due
        assert await switch.driver.finish()
        assert not switch.projections.is_due

    asyncio.run(story())
