"""Health and metrics over a real socket; nothing else is there and nothing can be changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from media.protocol import EngineReport
from sip_stack.flow import Address
from softswitch.shell import http_api
from softswitch.shell.http_api import HEAD_BYTES_MAX, HttpApi
from tests.softswitch.shell.running import CARRIER, Switch, invite, loaded, start, until

Get = Callable[[bytes], Awaitable[tuple[int, bytes]]]


def run(folder: Path, story: Callable[[Switch, Get], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        switch = await start(loaded(folder))
        api = HttpApi(Address("127.0.0.1", 0), switch.driver)
        serving = asyncio.create_task(api.run())

        async def ask(request: bytes) -> tuple[int, bytes]:
            reader, writer = await asyncio.open_connection(api.address.host, api.address.port)
            writer.write(request)
            try:
                answer = await asyncio.wait_for(reader.read(), 10)
            except ConnectionResetError:
                answer = b" 0 "
            writer.close()
            head, _, body = (answer or b" 0 ").partition(b"\r\n\r\n")
            return int(head.split(b" ")[1]), body

        await story(switch, ask)
        api.stop()
        await asyncio.wait_for(serving, 10)
        await switch.driver.finish()

    asyncio.run(all_of_it())


def request(path: str, method: str = "GET", extra: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{extra}\r\n".encode()


def test_health_says_whether_calls_are_taken(tmp_path: Path) -> None:
    async def story(switch: Switch, ask: Get) -> None:
        status, body = await ask(request("/health"))
        assert (status, json.loads(body)) == (503, {"status": "without media"})
        switch.ready()
        status, body = await ask(request("/health"))
        assert (status, json.loads(body)) == (200, {"status": "up"})
        switch.driver.node.drain_calls(0.0)
        status, body = await ask(request("/health"))
        assert (status, json.loads(body)) == (503, {"status": "draining"})

    run(tmp_path, story)


def test_metrics_are_those_of_this_moment(tmp_path: Path) -> None:
    async def story(switch: Switch, ask: Get) -> None:
        switch.ready()
        switch.driver.media_fact(0, EngineReport(1, 10, 0.25, 0.1, 4.0, 3, 1000, 2000))
        _, before = await ask(request("/metrics"))
        assert b"\nsoftswitch_calls 0.0\n" in before
        switch.driver.receive(invite("a"), CARRIER)
        await until("the call waits", lambda: "CallQueued" in switch.names())
        status, after = await ask(request("/metrics"))
        assert status == 200
        for line in (
            b"softswitch_calls 1.0",
            b"softswitch_legs 1.0",
            b"softswitch_phones_registered 0.0",
            b"softswitch_media_udp_ports 10.0",
            b"softswitch_media_udp_ports_free 9.0",
            b"softswitch_media_load 0.25",
            b"softswitch_media_lateness_seconds_max 0.004",
            b"softswitch_media_ticks_skipped 3.0",
            b'softswitch_media_packets{direction="sent"} 2000.0',
        ):
            assert b"\n" + line + b"\n" in after

    run(tmp_path, story)


def test_nothing_can_be_changed_and_hostile_requests_change_nothing(tmp_path: Path) -> None:
    async def story(_switch: Switch, ask: Get) -> None:
        assert (await ask(request("/health", "POST")))[0] == 405
        assert (await ask(request("/metrics", "DELETE")))[0] == 405
        assert (await ask(request("/")))[0] == 404
        assert (await ask(request("/../../etc/passwd")))[0] == 404
        assert (await ask(b"\x00\xff rubbish\r\n\r\n"))[0] == 400
        assert (await ask(request("/health", extra=f"X: {'y' * 20 * HEAD_BYTES_MAX}\r\n")))[0] in {0, 400}
        assert (await ask(request("/metrics")))[0] == 200

    run(tmp_path, story)


@pytest.mark.parametrize("begun", [b"", b"GET /health HTTP/1.1\r\nHost: x\r\n", request("/health")[:-2] + b"X: y"])
def test_who_does_not_finish_his_request_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(http_api, "REQUEST_S_MAX", 0.2)

    async def story(_switch: Switch, ask: Get) -> None:
        assert (await ask(begun))[0] == 0

    run(tmp_path, story)


def test_slow_ones_cannot_keep_others_out_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_api, "REQUEST_S_MAX", 0.5)

    async def story(switch: Switch, ask: Get) -> None:
        switch.ready()
        slow = [asyncio.create_task(ask(b"GET /health HTTP/1.1\r\n")) for _ in range(http_api.CONNECTIONS_MAX)]
        await asyncio.sleep(0)
        assert {status for status, _ in await asyncio.gather(*slow)} == {0}
        assert (await ask(request("/health")))[0] == 200

    run(tmp_path, story)
