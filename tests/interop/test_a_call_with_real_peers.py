"""SIPp as the carrier, baresip as the agent's phone: a recorded call with the right tones everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.peers import Baresip, Sipp, needs_baresip, needs_sipp
from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, log_faults, wait_until
from tests.interop.tone_port import TonePort, level_db, middle_of

CALLER_HZ = 440
AGENT_HZ = 880
DIALLED = "+46850010000"
HEARD_DB_MIN = -30.0
SEPARATION_DB_MIN = 40.0

pytestmark = [pytest.mark.interop, needs_sipp, pytest.mark.timeout(120)]


@pytest.fixture
def ports() -> list[int]:
    return free_udp_ports(4)


@pytest.fixture
def switch(tmp_path: Path, ports: list[int]) -> Iterator[RunningSwitch]:
    running = RunningSwitch(copy_office(tmp_path, trunk_port=ports[0]))
    yield running
    assert running.stop() == 0
    assert log_faults(running) == []


@needs_baresip
def test_a_call_from_the_carrier_is_answered_by_a_phone_and_recorded_with_each_tone_in_its_channel(
    tmp_path: Path, switch: RunningSwitch, ports: list[int]
) -> None:
    phone = Baresip(
        tmp_path, user="101", password="anna-desk-7yQ2", switch_port=switch.sip_port, port=ports[1], hz=AGENT_HZ
    )
    caller = TonePort(CALLER_HZ)
    carrier = None
    try:
        wait_until("phone 101 registers", lambda: switch.contacts("101"))
        carrier = Sipp(
            tmp_path, "caller", port=ports[0], switch_port=switch.sip_port, stay_ms=7000,
            keys={"dialled": DIALLED, "rtp_port": str(caller.port)},
        )  # fmt: skip
        wait_until("they talk", lambda: [c for c in switch.command("call", "list") if c["state"] == "talking"])
        assert carrier.finish() == 0, carrier.output.read_text()[-2000:]
        wait_until("the record is written", lambda: switch.command("history"))
    finally:
        caller.stop()
        phone.stop()
        if carrier is not None:
            carrier.stop()

    record = switch.command("history")[0]
    assert (record["outcome"], record["agent"], record["ended_by"]) == ("answered", "anna", "caller")
    assert 3.0 < record["talk_s"] < 8.0
    recording = switch.finished_recording()
    left, right = middle_of(Path(recording["path"]))
    assert abs(recording["seconds"] - record["talk_s"]) < 1.0
    assert level_db(left, CALLER_HZ) > HEARD_DB_MIN
    assert level_db(right, AGENT_HZ) > HEARD_DB_MIN
    assert level_db(left, CALLER_HZ) - level_db(left, AGENT_HZ) > SEPARATION_DB_MIN
    assert level_db(right, AGENT_HZ) - level_db(right, CALLER_HZ) > SEPARATION_DB_MIN
    heard_by_caller = caller.samples(1.0)
    assert level_db(heard_by_caller, AGENT_HZ) > HEARD_DB_MIN
    assert len(caller.sources) == 1
    heard_by_agent = _mono(phone.heard)[-2 * 8000 : -8000]
    assert level_db(heard_by_agent, CALLER_HZ) > HEARD_DB_MIN


def test_a_hundred_calls_from_the_carrier_are_each_answered_and_recorded_once(
    tmp_path: Path, switch: RunningSwitch, ports: list[int]
) -> None:
    carrier = Sipp(
        tmp_path, "caller", port=ports[0], switch_port=switch.sip_port, calls=100, rate=20, concurrent=40, stay_ms=1000,
        keys={"dialled": DIALLED, "rtp_port": str(ports[2])},
    )  # fmt: skip
    try:
        assert carrier.finish(80) == 0, carrier.output.read_text()[-2000:]
    finally:
        carrier.stop()
    history = wait_until(
        "all records are written",
        lambda: found if len(found := switch.command("history")) == 100 else None,
    )
    assert {record["outcome"] for record in history} == {"abandoned"}
    assert len({record["id"] for record in history}) == 100
    assert switch.command("status")["calls"] == 0


def _mono(path: Path) -> list[int]:
    data = path.read_bytes()[44:]
    return memoryview(data[: len(data) // 2 * 2]).cast("h").tolist()
