"""The story that `softswitch demo` tells, with real calls through a real switch.

1. A caller hears the welcome, Anna's desk phone rings, they talk, the caller hangs up.
2. While Anna wraps up, a second caller gets Bo: his desk phone and his mobile ring together, the mobile is faster.
3. A third caller finds nobody free, listens to music for a while and gives up.

Then the switch is asked what it knows: the records, and the first recording with the level of each channel. The calls
are made with `softphone`; their speech comes from shipped sound files.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from media.codecs.g711 import encode_file_pcma
from media.levels import channel_levels_dbov
from sip_stack.flow import Address
from softswitch.demo.office import DOMAIN, MOBILE, NUMBER, PASSWORDS, write_office
from softswitch.demo.softphone import Behaviour, Softphone
from softswitch.settings import shipped_folder

START_S_MAX: Final = 20.0
UDP_PORTS: Final = 40
_Tell = Callable[[str], None]

CALLERS: Final = ("+46812345601", "+46812345602", "+46812345603")


def run() -> int:
    """Runs the demo to its end; returns an exit code."""
    return asyncio.run(_tell(Console()))


async def _tell(console: Console) -> int:
    folder = Path(tempfile.mkdtemp(prefix="softswitch-demo-"))
    caller_ports, carrier_port = _prepare(folder)
    console.print(f"[bold]A call centre in a folder:[/] {escape(str(folder))}")
    switch = await _start_switch(folder)
    try:
        ready = await _ready_line(switch)
        console.print(f"The switch is up: {escape(', '.join(ready['sip']))}\n")
        address = _address(ready["sip"][0])
        await _make_calls(console, address, caller_ports, carrier_port)
        await asyncio.sleep(1.5)
        _show_what_is_known(console, folder)
    finally:
        switch.terminate()
        await switch.wait()
    return 0


def _prepare(folder: Path) -> tuple[list[int], int]:
    ports = _free_ports(len(CALLERS) + 1)
    udp_first = _free_range(UDP_PORTS)
    write_office(
        folder, carrier_port=ports[0], caller_ports=ports[1:], udp_first=udp_first, udp_last=udp_first + UDP_PORTS - 1
    )
    return ports[1:], ports[0]


async def _start_switch(folder: Path) -> asyncio.subprocess.Process:
    log = (folder / "switch.log").open("wb")
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "softswitch.cli.main", "--config", str(folder), "serve",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
        )  # fmt: skip
    finally:
        log.close()


async def _ready_line(switch: asyncio.subprocess.Process) -> dict[str, list[str]]:
    assert switch.stdout is not None
    line = await asyncio.wait_for(switch.stdout.readline(), START_S_MAX)
    word, _, rest = line.decode().partition(" ")
    if word != "ready":
        raise RuntimeError("the switch did not start; its log is in the folder above")
    ready: dict[str, list[str]] = json.loads(rest)
    return ready


async def _make_calls(console: Console, switch: Address, caller_ports: list[int], carrier_port: int) -> None:
    started_at = asyncio.get_running_loop().time()

    def tell(line: str) -> None:
        seconds = asyncio.get_running_loop().time() - started_at
        console.print(f"[dim]{seconds:5.1f} s[/]  {escape(line)}")

    demo_sounds = shipped_folder("sounds") / "demo"
    caller_speech = encode_file_pcma(demo_sounds / "caller.wav")
    agent_speech = encode_file_pcma(demo_sounds / "agent.wav")
    desk_101 = Softphone(
        "101", switch=switch, domain=DOMAIN, password=PASSWORDS["101"], tell=_as("Anna's desk phone", "101", tell),
        behaviour=Behaviour(picks_up_after_s=3, speech=agent_speech),
    )  # fmt: skip
    desk_102 = Softphone(
        "102", switch=switch, domain=DOMAIN, password=PASSWORDS["102"], tell=_as("Bo's desk phone", "102", tell),
        behaviour=Behaviour(picks_up_after_s=None, speech=agent_speech),
    )  # fmt: skip
    mobile = Softphone(
        MOBILE, switch=switch, domain=DOMAIN, port=carrier_port, tell=_as("Bo's mobile", MOBILE, tell),
        behaviour=Behaviour(picks_up_after_s=3, speech=agent_speech),
    )  # fmt: skip
    callers = [
        Softphone(
            number, switch=switch, domain=DOMAIN, port=port, tell=_as(f"Caller {index}", number, tell),
            behaviour=Behaviour(speech=caller_speech),
        )
        for index, (number, port) in enumerate(zip(CALLERS, caller_ports, strict=True), start=1)
    ]  # fmt: skip
    phones = [desk_101, desk_102, mobile, *callers]
    for phone in phones:
        phone.open()
    try:
        await desk_101.register()
        await desk_102.register()
        tell("The desk phones 101 and 102 have registered")
        await _story(tell, callers)
    finally:
        for phone in phones:
            await phone.close()


async def _story(tell: _Tell, callers: list[Softphone]) -> None:
    first, second, third = callers
    tell(f"Caller 1 dials {NUMBER}: the welcome, then music until somebody is free")
    first.call(NUMBER)
    await asyncio.sleep(11)
    tell("Caller 2 dials while Anna talks: Bo's desk phone and mobile ring together")
    second.call(NUMBER)
    await asyncio.sleep(6)
    tell("Caller 3 dials while both talk, and waits with music")
    third.call(NUMBER)
    await asyncio.sleep(5)
    third.hang_up()
    await asyncio.sleep(2)
    first.hang_up()
    await asyncio.sleep(1)
    second.hang_up()
    await asyncio.sleep(1)


def _as(who: str, name: str, tell: _Tell) -> _Tell:
    def told(line: str) -> None:
        tell(line.replace(name, who, 1))

    return told


def _show_what_is_known(console: Console, folder: Path) -> None:
    history = _ask(folder, "history")
    table = Table(title="What happened (softswitch history)", title_justify="left")
    for column in ("id", "caller", "queue", "agent", "outcome", "wait_s", "talk_s", "ended_by", "cause"):
        table.add_column(column)
    for call in history:
        table.add_row(*(escape(_cell(call[str(column.header)])) for column in table.columns))
    console.print()
    console.print(table)
    for recording in reversed(_ask(folder, "recording", "list")):
        left, right = channel_levels_dbov(Path(str(recording["path"])))
        console.print(
            f"\nRecording of {escape(str(recording['call']))}, {recording['seconds']:.1f} s: "
            f"{escape(str(recording['path']))}\n"
            f"  left  (caller) {left:6.1f} dBov\n  right (agent)  {right:6.1f} dBov"
        )
    console.print("\n[bold]Three things to try next:[/]")
    for command in ("softswitch check", "softswitch serve", "softswitch queue show support"):
        console.print(f"  {command}")


def _ask(folder: Path, *command: str) -> list[Mapping[str, object]]:
    answer = subprocess.run(  # noqa: S603  # our own program, our own words
        [sys.executable, "-m", "softswitch.cli.main", "--config", str(folder), *command, "--json"],
        check=True, capture_output=True, env=os.environ,
    )  # fmt: skip
    listed: list[Mapping[str, object]] = json.loads(answer.stdout)
    return listed


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _address(listen: str) -> Address:
    host, _, port = listen.partition(":")[2].rpartition(":")
    return Address(host, int(port))


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    try:
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [int(opened.getsockname()[1]) for opened in sockets]
    finally:
        for opened in sockets:
            opened.close()


def _free_range(count: int) -> int:
    for first in range(30000, 60000, count):
        sockets = []
        try:
            for port in range(first, first + count):
                opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sockets.append(opened)
                opened.bind(("127.0.0.1", port))
        except OSError:
            continue
        else:
            return first
        finally:
            for opened in sockets:
                opened.close()
    raise RuntimeError(f"no {count} free UDP ports in a row on 127.0.0.1")
