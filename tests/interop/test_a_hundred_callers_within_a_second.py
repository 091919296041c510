"""A hundred callers within one second and five agents: each is answered exactly once, or leaves with a record."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sip_stack.flow import Address
from softswitch.demo.softphone import Behaviour, Softphone
from tests.interop.peers import Sipp, needs_sipp
from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, log_faults, wait_until

pytestmark = [pytest.mark.interop, needs_sipp, pytest.mark.timeout(120)]

CALLERS = 100
AGENTS = ("anna", "bo", "cecilia", "dan", "eva")
PICKS_UP_AFTER_S = 0.2
TALKS_S = 0.6
DIALLED = "+46850010000"


def office_of_five(folder: Path, trunk_port: int) -> Path:
    """The shipped office with five agents at five phones, no wrap-up, and room for all callers."""
    extra = "".join(
        f'[phone.2{number}]\nname = "{agent}"\npassword = "{agent}-secret"\n'
        f'[agent.{agent}2]\nname = "{agent}"\nanswers_at = ["phone:2{number}"]\nready_at_start = true\n'
        for number, agent in enumerate(AGENTS)
    )
    names = ", ".join(f'"{agent}2"' for agent in AGENTS)
    changes = (
        ('agents = ["anna", "bo"]', f"agents = [{names}]"),
        ("wrap_up_s = 10 ", "wrap_up_s = 0 "),
        ("max_waiting = 50", "max_waiting = 200"),
        ('record = "always" ', 'record = "never" '),
    )
    return copy_office(folder, trunk_port=trunk_port, extra=extra, changes=changes)


async def answer_until_over(switch: RunningSwitch, carrier: Sipp) -> int:
    """Five telephones that pick up, talk briefly and hang up, until the carrier's last caller is gone."""
    behaviour = Behaviour(picks_up_after_s=PICKS_UP_AFTER_S, hangs_up_after_s=TALKS_S)
    place = Address("127.0.0.1", switch.sip_port)
    phones = [
        Softphone(f"2{number}", switch=place, domain="office.example", password=f"{agent}-secret", behaviour=behaviour)
        for number, agent in enumerate(AGENTS)
    ]
    for phone in phones:
        phone.open()
    try:
        await asyncio.gather(*(phone.register() for phone in phones))
        carrier.start()
        return await asyncio.to_thread(carrier.finish, 80)
    finally:
        for phone in phones:
            await phone.close()


def talks_of(history: list[dict[str, Any]]) -> dict[str, list[tuple[datetime, datetime]]]:
    """By agent, from when to when each of her calls was connected."""
    talks: dict[str, list[tuple[datetime, datetime]]] = {}
    for record in history:
        if record["connected_at"] is not None:
            times = (datetime.fromisoformat(record["connected_at"]), datetime.fromisoformat(record["ended_at"]))
            talks.setdefault(record["agent"], []).append(times)
    return talks


def test_each_of_a_hundred_callers_gets_one_agent_or_a_record_that_says_why_not(tmp_path: Path) -> None:
    port, rtp_port = free_udp_ports(2)
    switch = RunningSwitch(office_of_five(tmp_path, port))
    carrier = Sipp(
        tmp_path, "impatient_caller", port=port, switch_port=switch.sip_port, calls=CALLERS, rate=CALLERS,
        keys={"dialled": DIALLED, "rtp_port": str(rtp_port)}, is_started=False,
    )  # fmt: skip
    try:
        assert asyncio.run(answer_until_over(switch, carrier)) == 0, carrier.output.read_text()[-2000:]
        history = wait_until(
            "all records are written", lambda: found if len(found := switch.command("history")) == CALLERS else None
        )
        [queue] = switch.command("queue", "list")
        assert switch.command("call", "list") == []
        assert {agent["activity"] for agent in switch.command("agent", "list")} == {"idle"}
    finally:
        carrier.stop()
        assert switch.stop() == 0
    assert log_faults(switch) == []

    assert len({record["id"] for record in history}) == CALLERS
    arrived = sorted(datetime.fromisoformat(record["arrived_at"]) for record in history)
    assert (arrived[-1] - arrived[0]).total_seconds() < 1.5
    outcomes = Counter(record["outcome"] for record in history)
    assert outcomes["answered"] + outcomes["abandoned"] == CALLERS
    assert outcomes["answered"] >= 5 * len(AGENTS), "each of the five took call after call"
    figures = (queue["offered_today"], queue["answered_today"], queue["abandoned_today"])
    assert figures == (CALLERS, outcomes["answered"], outcomes["abandoned"])
    for agent, talks in talks_of(history).items():
        for (_, ended), (begun, _) in itertools.pairwise(sorted(talks)):
            assert ended <= begun, f"{agent} was in two calls at once"
    answered = [record for record in history if record["outcome"] == "answered"]
    in_order = sorted(answered, key=lambda record: record["arrived_at"])
    assert {record["id"] for record in in_order} == {
        record["id"] for record in sorted(history, key=lambda record: record["arrived_at"])[: len(answered)]
    }, "nobody was overtaken"
