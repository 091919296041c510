"""The story that `softswitch demo` tells, with real calls through a real switch.

1. Caller 1 hears the welcome, Anna's desk phone rings, they talk.
2. Caller 2 gets Bo: his desk phone and his mobile ring together. He picks the mobile up, hears that a call is for him,
   presses 1, and only then has the caller: a voicemail would never have had him.
3. Caller 3 finds nobody free. He is next in line, hears so, and gets Anna when she has wrapped up.
4. Caller 4 is told that he is number two, listens to music for a while and gives up.
5. Caller 5 presses 1 and asks to be called back. He keeps his place in line without the line: when Bo is free, his desk
   phone rings, then caller 5's telephone, and they talk.

Then the switch is asked what it knows: the records, why caller 3 went to Anna, why caller 5 was called, caller 4's
ladder, the queue's figures, and the recordings. What was heard is measured: the level of each channel of a recording,
and sentences of the switch in what arrived at the telephones. The calls are made with `softphone`; their speech comes
from shipped sound files.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from media.codecs.g711 import encode_file_pcma
from media.levels import channel_levels_dbov, where_heard
from sip_stack.flow import Address
from softswitch.cli import control
from softswitch.cli.ladder import drawn
from softswitch.demo.exchange import Exchange
from softswitch.demo.live import LiveView, Rows
from softswitch.demo.office import DOMAIN, MOBILE, NUMBER, PASSWORDS, write_office
from softswitch.demo.softphone import Behaviour, Softphone
from softswitch.settings import shipped_folder

START_S_MAX: Final = 20.0
UDP_PORTS: Final = 40
ENDED: Final = 1
"""The exit code of a demo that was not let to its end."""
LIKENESS_MIN: Final = 0.8
"""What the telephone got is the sentence, when the two are at least so alike."""

_Tell = Callable[[str], None]

CALLERS: Final = ("+46812345601", "+46812345602", "+46812345603", "+46812345604", "+46812345605")
A_CALL_FOR_YOU: Final = "confirm-call"
NUMBER_TWO: Final = "queue-position-2"
GOODBYE: Final = "callback-registered"
STEP_S_MAX: Final = 10.0
"""The longest that the story waits for something to happen."""


PCMA_RATE: Final = 8000
FIGURES: Final[Mapping[str, str]] = {
    "offered_today": "offered",
    "answered_today": "answered",
    "abandoned_today": "abandoned",
    "to_callback_today": "to be called back",
}


@dataclass(frozen=True, slots=True)
class _Cast:
    """The telephones of the story."""

    desk_101: Softphone
    desk_102: Softphone
    mobile: Softphone
    callers: tuple[Softphone, ...]


@dataclass(frozen=True, slots=True)
class _Heard:
    """Who should have heard which sound of the switch, and what came to his ear, as A-law."""

    who: str
    sound: str
    heard: bytes


def run(language: str) -> int:
    """Runs the demo to its end, with prompts in `en` or `sv`; returns an exit code."""
    try:
        return asyncio.run(_tell(Console(), language))
    except asyncio.CancelledError:
        return ENDED


async def _tell(console: Console, language: str) -> int:
    """Also when the demo is ended, or its terminal closed, the switch goes with it."""
    me = asyncio.current_task()
    assert me is not None
    for ending in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(ending, me.cancel)
    folder = Path(tempfile.mkdtemp(prefix="softswitch-demo-"))
    caller_ports, carrier_port = _prepare(folder, language)
    console.print(f"[bold]A call centre in a folder:[/] {escape(str(folder))}")
    switch = await _start_switch(folder)
    try:
        ready = await _ready_line(switch)
        console.print(f"The switch is up: {escape(', '.join(ready['sip']))}\n")
        address = _address(ready["sip"][0])
        view = LiveView(console, folder / "var")
        heard = await _make_calls(view, address, caller_ports, carrier_port, language)
        await asyncio.sleep(1.5)
        _show_what_is_known(console, folder, heard, language)
    finally:
        switch.terminate()
        await switch.wait()
    return 0


def _prepare(folder: Path, language: str) -> tuple[list[int], int]:
    ports = _free_ports(len(CALLERS) + 1)
    udp_first = _free_range(UDP_PORTS)
    write_office(
        folder,
        language=language,
        carrier_port=ports[0],
        caller_ports=ports[1:],
        udp_first=udp_first,
        udp_last=udp_first + UDP_PORTS - 1,
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


async def _make_calls(
    view: LiveView, switch: Address, caller_ports: list[int], carrier_port: int, language: str
) -> list[_Heard]:
    """Plays the story; returns what there is to measure."""
    started_at = asyncio.get_running_loop().time()

    def tell(line: str) -> None:
        view.line(asyncio.get_running_loop().time() - started_at, line)

    cast = _cast(switch, caller_ports, language, tell)
    phones = (cast.desk_101, cast.desk_102, cast.mobile, *cast.callers)
    exchange = Exchange(carrier_port, switch=switch, phones=(cast.mobile, *cast.callers))
    exchange.open()
    for phone in phones:
        phone.open()
    try:
        async with view:
            await asyncio.gather(cast.desk_101.register(), cast.desk_102.register())
            tell("The desk phones 101 and 102 have registered")
            await _story(tell, cast, _prompt_s(language))
    finally:
        for phone in phones:
            await phone.close()
        exchange.close()
    return [
        _Heard("Bo's mobile", A_CALL_FOR_YOU, bytes(cast.mobile.heard)),
        _Heard("Caller 4", NUMBER_TWO, bytes(cast.callers[3].heard)),
        _Heard("Caller 5", GOODBYE, bytes(cast.callers[4].heard)),
    ]


def _cast(switch: Address, caller_ports: list[int], language: str, tell: _Tell) -> _Cast:
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
        MOBILE, switch=switch, domain=DOMAIN, tell=_as("Bo's mobile", MOBILE, tell),
        behaviour=Behaviour(
            picks_up_after_s=2, presses="1", presses_after_s=_prompt_s(language) + 0.7, speech=agent_speech
        ),
    )  # fmt: skip
    callers = tuple(
        Softphone(
            number, switch=switch, domain=DOMAIN, port=port, tell=_as(f"Caller {index}", number, tell),
            behaviour=Behaviour(speech=caller_speech),
        )
        for index, (number, port) in enumerate(zip(CALLERS, caller_ports, strict=True), start=1)
    )  # fmt: skip
    return _Cast(desk_101, desk_102, mobile, callers)


async def _story(tell: _Tell, cast: _Cast, prompt_s: float) -> None:
    """`prompt_s` is how long the mobile is spoken to before Bo presses a key."""
    first, second, third, fourth, fifth = cast.callers
    tell(f"Caller 1 dials {NUMBER} and hears the welcome while Anna's desk phone rings")
    first.call(NUMBER)
    await asyncio.sleep(4)
    tell("Caller 2 dials while Anna talks: Bo's desk phone and mobile ring together")
    second.call(NUMBER)
    await asyncio.sleep(3)
    tell("The mobile is asked for a key, as voicemails have none; caller 2 waits on, and the desk phone rings on")
    await asyncio.sleep(prompt_s + 2)
    tell("Bo has pressed 1 and has caller 2. Caller 3 dials while both talk: he is next in line")
    third.call(NUMBER)
    await asyncio.sleep(1)
    tell("Caller 4 dials: he is told that he is number two")
    fourth.call(NUMBER)
    await asyncio.sleep(1)
    tell("Caller 5 dials and does not want to wait: with 1 he asks to be called back, and with 1 confirms his number")
    fifth.call(NUMBER)
    await asyncio.sleep(2)
    fifth.press("1")
    await asyncio.sleep(3)
    fifth.press("1")
    await asyncio.sleep(3)
    tell("Caller 1 has heard enough; Anna gets 3 s to wrap up, and then caller 3")
    first.hang_up()
    await asyncio.sleep(1)
    fourth.hang_up()
    await asyncio.wait_for(fifth.ended.wait(), STEP_S_MAX)
    tell("Caller 5 keeps his place in line without the line; Bo, free again, sits at his desk")
    cast.desk_102.behaviour.picks_up_after_s = 2
    cast.mobile.behaviour.picks_up_after_s = None
    second.hang_up()
    await asyncio.sleep(6)
    tell("Bo hears it ring at caller 5's, who is called only now that somebody is there for him")
    await asyncio.sleep(4)
    third.hang_up()
    await asyncio.sleep(2)
    fifth.hang_up()
    await asyncio.sleep(1)


def _as(who: str, name: str, tell: _Tell) -> _Tell:
    def told(line: str) -> None:
        tell(line.replace(name, who, 1))

    return told


def _show_what_is_known(console: Console, folder: Path, heard: list[_Heard], language: str) -> None:
    history = _ask(folder, "history")
    last_of = {str(call["caller"]): str(call["id"]) for call in reversed(history)}
    _show_history(console, history)
    _show_why(console, folder, last_of[CALLERS[2]], "Why caller 3 went where he went")
    _show_why(console, folder, last_of[CALLERS[4]], "Why caller 5 was called back, and by whom")
    _show_ladder(console, folder, last_of[CALLERS[3]])
    _show_figures(console, _ask(folder, "queue.list"))
    console.print()
    for each in heard:
        _show_what_was_heard(console, each, language)
    _show_recordings(console, _ask(folder, "recording.list"))
    console.print("\n[bold]Three things to try next:[/]")
    for command in ("softswitch check", "softswitch serve", "softswitch queue show support"):
        console.print(f"  {command}")


def _show_history(console: Console, history: Rows) -> None:
    table = Table(title="\nWhat happened (softswitch history)", title_justify="left")
    for column in ("id", "caller", "agent", "outcome", "cause", "wait_s", "talk_s"):
        table.add_column(column, no_wrap=True)
    for call in history:
        table.add_row(*(escape(_cell(call[str(column.header)])) for column in table.columns))
    console.print(table)


def _show_why(console: Console, folder: Path, call: str, title: str) -> None:
    console.print(f"\n[bold]{title}[/] (softswitch call why {call})")
    answer = control.ask(folder / "var", "call.why", {"id": call})
    assert isinstance(answer, dict)
    for reason in answer["reasons"]:
        console.print(f"  {reason['text']}", markup=False, highlight=False)


def _show_ladder(console: Console, folder: Path, call: str) -> None:
    console.print(f"\n[bold]What passed of caller 4's call[/] (softswitch call ladder {call})")
    answer = control.ask(folder / "var", "call.ladder", {"id": call})
    assert isinstance(answer, dict)
    for line in drawn(answer):
        console.print(line, markup=False, highlight=False, no_wrap=True, overflow="ellipsis", crop=True)


def _show_figures(console: Console, queues: Rows) -> None:
    console.print("\n[bold]The queue's day so far[/] (softswitch queue list)")
    for queue in queues:
        figures = (f"{title} {_cell(queue[key])}" for key, title in FIGURES.items())
        console.print(f"  {queue['queue']}: {', '.join(figures)}", markup=False, highlight=False)


def _show_what_was_heard(console: Console, what: _Heard, language: str) -> None:
    wording = tomllib.loads((shipped_folder("sounds") / "wording.toml").read_text(encoding="utf-8"))
    text = wording[language]["texts"][what.sound]
    at_s, likeness = where_heard(what.heard, _sound(language, what.sound))
    if likeness >= LIKENESS_MIN:
        told = f"{what.who} heard “{text}” {at_s:.1f} s after the call was answered (likeness {likeness:.2f} of 1)"
    else:
        told = f"{what.who} did not hear “{text}” (likeness {likeness:.2f} of 1)"
    console.print(told, markup=False, highlight=False)


def _prompt_s(language: str) -> float:
    return len(_sound(language, A_CALL_FOR_YOU)) / PCMA_RATE


def _sound(language: str, name: str) -> bytes:
    """A sentence of the switch as A-law."""
    return encode_file_pcma(next((shipped_folder("sounds") / language).glob(f"{name}.*")))


def _show_recordings(console: Console, recordings: Rows) -> None:
    for recording in reversed(recordings):
        left, right = channel_levels_dbov(Path(str(recording["path"])))
        console.print(
            f"\nRecording of {recording['call']}, {_cell(recording['seconds'])} s: {recording['path']}\n"
            f"  left  (caller) {left:6.1f} dBov\n  right (agent)  {right:6.1f} dBov",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _ask(folder: Path, command: str) -> list[Mapping[str, object]]:
    answer = control.ask(folder / "var", command, {})
    assert isinstance(answer, list)
    return answer


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
