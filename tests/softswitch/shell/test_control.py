"""The control socket answers every line with one line, whatever the line is, and only its own user."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from softswitch import unix_path
from softswitch.domain.causes import Cause
from softswitch.domain.events import CallArrived, CallEnded, RecordingEnded, RecordingStarted
from softswitch.shell import control
from softswitch.shell.control import CLIENTS_MAX, LINE_BYTES_MAX, ControlServer
from tests.softswitch.shell.running import CARRIER, Switch, invite, loaded, start, until

Answer = dict[str, Any]  # what JSON holds
Story = Callable[[Switch, "Client"], Awaitable[None]]


class Client:
    """One connection; `ask` sends a line and reads one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def open(self) -> Client:
        link = unix_path.connect(self._path)
        link.setblocking(False)
        self.reader, self.writer = await asyncio.open_unix_connection(sock=link, limit=1 << 24)
        return self

    async def ask(self, line: bytes) -> Answer:
        self.writer.write(line)
        answer = json.loads(await asyncio.wait_for(self.reader.readline(), 10))
        assert isinstance(answer, dict)
        assert set(answer) in ({"result"}, {"refused"})
        if "refused" in answer:
            assert set(answer["refused"]) == {"what", "where", "mend"}
        return answer

    async def command(self, name: str, **arguments: object) -> Answer:
        return await self.ask(json.dumps({"command": name, "arguments": arguments}).encode() + b"\n")

    async def result(self, name: str, **arguments: object) -> Any:  # what JSON holds
        answer = await self.command(name, **arguments)
        assert "result" in answer, answer
        return answer["result"]


def run(folder: Path, story: Story) -> None:
    async def reload() -> object:
        return {"configuration": "new"}

    async def all_of_it() -> None:
        switch = await start(loaded(folder))
        path = switch.data_dir / "control.sock"
        server = ControlServer(path, switch.driver, switch.projections, reload)
        await server.open()
        client = await Client(path).open()
        await story(switch, client)
        server.close()
        client.writer.close()
        await switch.driver.finish()

    asyncio.run(all_of_it())


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"hello\n",
        b"[]\n",
        b"null\n",
        b'{"command": 7}\n',
        b'{"arguments": {}}\n',
        b'{"command": "status", "arguments": [1]}\n',
        b'{"command": "no.such.command"}\n',
        b'{"command": "call.show"}\n',
        b'{"command": "call.hangup", "arguments": {"id": {"a": 1}}}\n',
        b'{"command": "call.show", "arguments": {"id": "\\ud800"}}\n',
        b'{"command": "agent.pause", "arguments": {"name": "\\u0000\\u001b[2J"}}\n',
        b'{"command": "history", "arguments": {"since": "yesterday"}}\n',
        b'{"command": "history", "arguments": {"since": "0001-01-01T00:00:00"}}\n',
        b'{"command": "recording.path", "arguments": {"id": "../../etc/passwd"}}\n',
        b"\xff\xfe\x00\n",
        b"[" * 60_000 + b"\n",
    ],
)
def test_a_hostile_line_is_refused_and_the_next_one_is_answered(tmp_path: Path, line: bytes) -> None:
    async def story(_switch: Switch, client: Client) -> None:
        answer = await client.ask(line)
        assert "refused" in answer or answer == {"result": []}
        assert (await client.result("status"))["calls"] == 0

    run(tmp_path, story)


def test_a_line_without_end_is_refused_and_others_go_on(tmp_path: Path) -> None:
    async def story(switch: Switch, client: Client) -> None:
        answer = await client.ask(b"x" * (2 * LINE_BYTES_MAX))
        assert "LINE_BYTES_MAX" in answer["refused"]["what"]
        assert await client.reader.read() == b"", "the connection is closed"
        other = await Client(switch.data_dir / "control.sock").open()
        assert await other.result("call.list") == []
        other.writer.close()

    run(tmp_path, story)


def test_lines_may_come_in_pieces_and_many_at_once(tmp_path: Path) -> None:
    async def story(_switch: Switch, client: Client) -> None:
        line = b'{"command": "agent.list"}\n'
        for offset in range(len(line) - 1):
            client.writer.write(line[offset : offset + 1])
            await client.writer.drain()
            await asyncio.sleep(0)
        client.writer.write(line[-1:] + line + line[:5])
        for _ in range(2):
            answer = json.loads(await client.reader.readline())
            assert [agent["agent"] for agent in answer["result"]] == ["anna", "bo"]
        assert "result" in await client.ask(line[5:])

    run(tmp_path, story)


def test_who_neither_asks_nor_ends_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "IDLE_S_MAX", 0.1)

    async def story(_switch: Switch, client: Client) -> None:
        client.writer.write(b'{"comm')
        assert await asyncio.wait_for(client.reader.read(), 5) == b""

    run(tmp_path, story)


def test_too_many_at_once_are_told_so(tmp_path: Path) -> None:
    async def story(switch: Switch, client: Client) -> None:
        assert await client.result("call.list") == []
        path = switch.data_dir / "control.sock"
        others = [await Client(path).open() for _ in range(CLIENTS_MAX - 1)]
        for other in others:
            assert await other.result("call.list") == []
        one_more = await Client(path).open()
        answer = json.loads(await asyncio.wait_for(one_more.reader.readline(), 5))
        assert "CLIENTS_MAX" in answer["refused"]["what"]
        for other in [*others, one_more]:
            other.writer.close()
        for other in [*others, one_more]:
            await other.writer.wait_closed()
        assert await client.result("call.list") == [], "who was there before goes on"

    run(tmp_path, story)


def test_only_the_same_user_may_open_the_socket(tmp_path: Path) -> None:
    async def story(switch: Switch, client: Client) -> None:
        assert await client.result("call.list") == []
        assert (switch.data_dir / "control.sock").stat().st_mode & 0o777 == 0o600

    run(tmp_path, story)


def test_a_path_longer_than_a_socket_address_works(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)

    async def story(_switch: Switch, client: Client) -> None:
        assert await client.result("call.list") == []

    run(deep, story)


def test_reload_is_passed_on(tmp_path: Path) -> None:
    async def story(_switch: Switch, client: Client) -> None:
        assert await client.result("reload") == {"configuration": "new"}

    run(tmp_path, story)


def test_an_ended_call_is_in_the_very_next_answer(tmp_path: Path) -> None:
    async def story(switch: Switch, client: Client) -> None:
        switch.ready()
        switch.driver.receive(invite("a"), CARRIER)
        await until("the call waits", lambda: "CallQueued" in switch.names())
        [call] = await client.result("call.list")
        assert (call["state"], call["queue"], call["caller"]) == ("waiting", "support", "+46701111111")
        assert (await client.result("call.show", id=call["id"]))["id"] == call["id"]
        await client.result("call.hangup", id=call["id"])
        [ended] = await client.result("history")
        assert set(ended) == {
            "id", "caller", "dialled", "queue", "agent", "outcome", "arrived_at", "answered_at", "connected_at",
            "ended_at", "wait_s", "talk_s", "ended_by", "cause", "recordings",
        }  # fmt: skip
        assert (ended["id"], ended["cause"], ended["ended_by"]) == (call["id"], "by-command", "switch")
        assert await client.result("history", queue="support", since=ended["ended_at"]) == [ended]
        assert await client.result("history", queue="sales", since=None) == []
        assert await client.result("history", queue=None, since="2999-01-01T00:00:00+00:00") == []
        shown = await client.result("call.show", id=call["id"])
        assert [visit["queue"] for visit in shown["queue_visits"]] == ["support"]
        assert await client.result("call.list") == []

    run(tmp_path, story)


def test_recordings_are_listed_with_absolute_paths_and_no_checksum_while_they_run(tmp_path: Path) -> None:
    checksum = hashlib.sha256(b"").hexdigest()

    async def story(switch: Switch, client: Client) -> None:
        for call in ("c-1", "c-2"):
            switch.append(CallArrived(10.0, call, "in-1", "+461", "", "+462", trunk="carrier"))
            switch.append(RecordingStarted(11.0, call, f"{call}-r1", "anna", "support", f"d/{call}-r1.wav"))
        switch.append(CallEnded(20.0, "c-1", "answered", "caller", Cause.HUNG_UP))
        switch.append(RecordingEnded(21.0, "c-1", "c-1-r1", 9.0, checksum))
        await until("the turn is over", lambda: "RecordingEnded" in switch.names())
        folder = switch.data_dir / "recordings"
        running, ended = await client.result("recording.list")
        assert ended == {
            "id": "c-1-r1", "call": "c-1", "agent": "anna", "queue": "support",
            "started_at": "1970-01-01T01:00:11.000+01:00", "seconds": 9.0, "path": str(folder / "d/c-1-r1.wav"),
            "channels": 2, "sha256": checksum,
        }  # fmt: skip
        assert (running["id"], running["seconds"], running["sha256"]) == ("c-2-r1", None, None)
        assert folder.is_absolute()
        assert (await client.result("recording.path", id="c-1-r1"))["path"] == ended["path"]
        assert "refused" in await client.command("recording.path", id="c-9-r1")

    run(tmp_path, story)


def test_a_database_that_fails_is_told_in_three_texts(tmp_path: Path) -> None:
    async def story(switch: Switch, client: Client) -> None:
        switch.append(CallArrived(10.0, "c-1", "in-1", "+461", "", "+462", trunk="carrier"))
        switch.append(CallEnded(20.0, "c-1", "failed", "caller", Cause.CANCELLED))
        await until("the turn is over", lambda: "CallEnded" in switch.names())
        async with switch.projections._engine.begin() as connection:
            await connection.exec_driver_sql("DROP TABLE calls")
        answer = await client.command("history")
        assert answer["refused"]["what"] == "the database cannot be read or written"
        assert await client.result("call.list") == [], "calls go on"
        async with switch.projections._engine.begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE calls (id PRIMARY KEY, ended_at, record)")
        assert [call["id"] for call in await client.result("history")] == ["c-1"], "nothing was lost"

    run(tmp_path, story)
