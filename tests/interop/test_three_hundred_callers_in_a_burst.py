"""Three hundred callers in a burst and fifty agents, at desk phones and at mobiles that are asked for a key."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from sip_stack.flow import Address
from softswitch.demo.exchange import Exchange
from softswitch.demo.softphone import Behaviour, Softphone
from tests.interop.peers import Sipp, needs_sipp
from tests.interop.running_switch import (
    RunningSwitch,
    copy_office,
    free_udp_ports,
    free_udp_range,
    log_faults,
    wait_until,
)

pytestmark = [pytest.mark.interop, needs_sipp, pytest.mark.timeout(120)]

CALLERS: Final = 300
RATE: Final = 60
DIALLED: Final = "+46850010000"
DESKS: Final = tuple(f"2{number:02}" for number in range(35))
MOBILES: Final = tuple(f"+467012340{number:02}" for number in range(15))
VOICEMAILS: Final = MOBILES[::3]
"""They pick up, press nothing and hang up after a while, as a mobile's voicemail does."""
UDP_PORTS: Final = 1000
DOCTOR_EVERY_S: Final = 2.0
RINGS = re.compile(r"rings: .*<(?P<caller>[^>]+)>")


class Noted:
    """A telephone, and what it has told: who rang, and how each call went on."""

    def __init__(self, name: str, agent: str, switch: Address, password: str | None, behaviour: Behaviour) -> None:
        self.agent = agent
        self.lines: list[str] = []
        self.phone = Softphone(
            name, switch=switch, domain="office.example", password=password, behaviour=behaviour, tell=self.lines.append
        )

    def count(self, what: str) -> int:
        return sum(line.endswith(what) for line in self.lines)

    def picked_up(self) -> list[str]:
        """Who was shown on the telephone each time it was picked up."""
        found, shown = [], ""
        for line in self.lines:
            if rings := RINGS.search(line):
                shown = rings["caller"]
            elif line.endswith("picks up"):
                found.append(shown)
        return found


def office_of_fifty(folder: Path, *, sipp_port: int, mobiles_port: int) -> Path:
    """The shipped office with 35 agents at desks and 15 at mobiles with `confirm`, and no wrap-up."""
    desks = "".join(
        f'[phone.{desk}]\nname = "{desk}"\npassword = "secret-{desk}"\n'
        f'[agent.desk-{desk}]\nname = "{desk}"\nanswers_at = ["phone:{desk}"]\nready_at_start = true\n'
        for desk in DESKS
    )
    mobiles = "".join(
        f'[agent.mobile-{mobile[1:]}]\nname = "{mobile}"\n'
        f'answers_at = [{{ to = "number:{mobile}", confirm = true }}]\nready_at_start = true\n'
        for mobile in MOBILES
    )
    names = ", ".join(f'"desk-{desk}"' for desk in DESKS) + ", "
    names += ", ".join(f'"mobile-{mobile[1:]}"' for mobile in MOBILES)
    changes = (
        ('agents = ["anna", "bo"]', f"agents = [{names}]"),
        ("wrap_up_s = 10 ", "wrap_up_s = 0 "),
        ("max_waiting = 50", "max_waiting = 400"),
        ('record = "always" ', 'record = "never" '),
        (f'hosts = ["127.0.0.1:{sipp_port}"]', f'hosts = ["127.0.0.1:{mobiles_port}"]'),
        (f'accept_from = ["127.0.0.1:{sipp_port}"]',
         f'accept_from = ["127.0.0.1:{sipp_port}", "127.0.0.1:{mobiles_port}"]'),
    )  # fmt: skip
    office = copy_office(folder, trunk_port=sipp_port, extra=desks + mobiles, changes=changes)
    first = free_udp_range(UDP_PORTS)
    node = office / "softswitch.toml"
    text, count = re.subn(r'udp_ports = "\d+-\d+"', f'udp_ports = "{first}-{first + UDP_PORTS - 1}"', node.read_text())
    assert count == 1
    node.write_text(text)
    return office


def telephones(switch: Address) -> tuple[list[Noted], list[Noted]]:
    """Desk phones, and mobiles of which every third is a voicemail."""
    desks = [
        Noted(
            desk, f"desk-{desk}", switch, f"secret-{desk}",
            Behaviour(picks_up_after_s=0.2 + 0.1 * (index % 4), hangs_up_after_s=1.0 + 0.25 * (index % 5)),
        )
        for index, desk in enumerate(DESKS)
    ]  # fmt: skip
    mobiles = [
        Noted(
            mobile, f"mobile-{mobile[1:]}", switch, None,
            Behaviour(picks_up_after_s=0.5, hangs_up_after_s=4.0) if mobile in VOICEMAILS
            else Behaviour(picks_up_after_s=0.5, presses="1", presses_after_s=0.4, hangs_up_after_s=2.0),
        )
        for mobile in MOBILES
    ]  # fmt: skip
    return desks, mobiles


async def burst(
    switch: RunningSwitch, carrier: Sipp, mobiles_port: int
) -> tuple[int, list[Noted], list[Noted], list[dict[str, Any]]]:
    """Until the last caller is gone: SIPp's exit code, the telephones, and what the doctor found meanwhile."""
    place = Address("127.0.0.1", switch.sip_port)
    desks, mobiles = telephones(place)
    exchange = Exchange(mobiles_port, switch=place, phones=[noted.phone for noted in mobiles])
    found: list[dict[str, Any]] = []
    exchange.open()
    for noted in (*desks, *mobiles):
        noted.phone.open()
    try:
        await asyncio.gather(*(noted.phone.register() for noted in desks))
        carrier.start()
        calling = asyncio.create_task(asyncio.to_thread(carrier.finish, 80))
        while not calling.done():
            found.append(await asyncio.to_thread(switch.command, "doctor"))
            await asyncio.wait((calling,), timeout=DOCTOR_EVERY_S)
        return await calling, desks, mobiles, found
    finally:
        await asyncio.gather(*(noted.phone.close() for noted in (*desks, *mobiles)))
        exchange.close()


def test_each_of_three_hundred_callers_gets_one_agent_or_a_record_that_says_why_not(tmp_path: Path) -> None:
    sipp_port, mobiles_port = free_udp_ports(2)
    switch = RunningSwitch(office_of_fifty(tmp_path, sipp_port=sipp_port, mobiles_port=mobiles_port))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        carrier = Sipp(
            tmp_path, "impatient_caller", port=sipp_port, switch_port=switch.sip_port, calls=CALLERS, rate=RATE,
            keys={"dialled": DIALLED, "rtp_port": str(ear.getsockname()[1])}, is_started=False,
        )  # fmt: skip
        try:
            code, desks, mobiles, examined = asyncio.run(burst(switch, carrier, mobiles_port))
            assert code == 0, carrier.output.read_text()[-2000:]
            wait_until("all records are written", lambda: len(switch.command("history")) == CALLERS)
            history = switch.command("history")
            wait_until("no leg is left", lambda: switch.command("status")["legs"] == 0)
            [queue] = switch.command("queue", "list")
            assert switch.command("call", "list") == []
            assert {agent["activity"] for agent in switch.command("agent", "list")} == {"idle"}
            examined.append(switch.command("doctor"))
        finally:
            carrier.stop()
            assert switch.stop() == 0
    assert log_faults(switch) == []
    assert [looked["findings"] for looked in examined if looked["findings"]] == []
    assert max(looked["looked_at"]["calls"] for looked in examined) > len(DESKS), "the doctor looked amid the burst"
    _check_callers(history, queue)
    _check_against_telephones(history, desks, mobiles)


def _check_callers(history: list[dict[str, Any]], queue: dict[str, Any]) -> None:
    assert len({record["id"] for record in history}) == len({record["caller"] for record in history}) == CALLERS
    outcomes = Counter(record["outcome"] for record in history)
    assert outcomes["answered"] + outcomes["abandoned"] == CALLERS, outcomes
    assert outcomes["answered"] >= 3 * len(DESKS), "agents took call after call"
    figures = (queue["offered_today"], queue["answered_today"], queue["abandoned_today"])
    assert figures == (CALLERS, outcomes["answered"], outcomes["abandoned"])
    for record in history:
        is_answered = record["outcome"] == "answered"
        assert (record["agent"] is not None) == (record["connected_at"] is not None) == is_answered, record
        assert record["cause"] is not None, "each record says why it ended"
    talks: dict[str, list[tuple[datetime, datetime]]] = {}
    for record in history:
        if record["connected_at"] is not None:
            times = (datetime.fromisoformat(record["connected_at"]), datetime.fromisoformat(record["ended_at"]))
            talks.setdefault(record["agent"], []).append(times)
    for agent, times_of in talks.items():
        for (_, ended), (begun, _) in itertools.pairwise(sorted(times_of)):
            assert ended <= begun, f"{agent} was in two calls at once"


def _check_against_telephones(history: list[dict[str, Any]], desks: list[Noted], mobiles: list[Noted]) -> None:
    """The records say of each agent what her own telephone says."""
    records_of: dict[str, list[dict[str, Any]]] = {noted.agent: [] for noted in (*desks, *mobiles)}
    for record in history:
        if record["agent"] is not None:
            records_of[record["agent"]].append(record)
    outcome_of = {record["caller"]: record["outcome"] for record in history}
    for desk in desks:
        of_answered = [caller for caller in desk.picked_up() if outcome_of[caller] == "answered"]
        callers = [record["caller"] for record in records_of[desk.agent]]
        assert sorted(of_answered) == sorted(callers), f"{desk.agent}: another telephone had them"
    for mobile in mobiles:
        taken = len(records_of[mobile.agent])
        if mobile.phone.name in VOICEMAILS:
            assert mobile.count("picks up") > 0, "it was tried"
            assert taken == 0, f"{mobile.agent} is a voicemail"
        else:
            assert 0 < mobile.count("hangs up") <= taken <= mobile.count("presses 1")
            ended = sum(record["ended_by"] == "agent" for record in records_of[mobile.agent])
            assert abs(ended - mobile.count("hangs up")) <= 1, "1: both may hang up at the same moment"
