"""A telephone made with pjsua2 gives its caller on by itself, blind and attended, to one made by baresip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.peers import Baresip, OtherPhone, Sipp, needs_baresip, needs_other_phones, needs_sipp
from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, log_faults, wait_until
from tests.interop.tone_port import TonePort, level_db

pytestmark = [pytest.mark.interop, needs_sipp, needs_baresip, needs_other_phones, pytest.mark.timeout(120)]

CALLER_HZ, ASKING_HZ, ASKED_HZ = 440, 880, 660
HEARD_DB_MIN = -30.0
SILENT_DB_MAX = -50.0
DIALLED = "+46850010000"


class Stage:
    """A switch, a caller over the carrier, phone 101 that talks with him, and phone 102 that is asked."""

    def __init__(self, folder: Path) -> None:
        carrier_port, asking_port, asked_port = free_udp_ports(3)
        self.switch = RunningSwitch(copy_office(folder, trunk_port=carrier_port))
        switch_port = self.switch.sip_port
        self.caller = TonePort(CALLER_HZ)
        self.asking = OtherPhone(
            folder, "pjsua2_phone", user="101", password="anna-desk-7yQ2",
            switch_port=switch_port, port=asking_port, hz=ASKING_HZ,
        )  # fmt: skip
        self.asked: Baresip | None = None
        self._start_asked = lambda: Baresip(
            folder, user="102", password="bo-desk-Kx81", switch_port=switch_port, port=asked_port, hz=ASKED_HZ
        )
        self.carrier = Sipp(
            folder, "caller", port=carrier_port, switch_port=switch_port, is_started=False, stay_ms=15_000,
            keys={"dialled": DIALLED, "rtp_port": str(self.caller.port)},
        )  # fmt: skip

    def talk(self) -> None:
        """101 registers, the caller calls, 101 has him; only then is there 102."""
        wait_until("101 registers", lambda: self.switch.contacts("101"))
        self.carrier.start()
        wait_until("the caller hears 101", lambda: self.hears(ASKING_HZ))
        self.asked = self._start_asked()
        wait_until("102 registers", lambda: self.switch.contacts("102"))

    def hears(self, hz: float) -> bool:
        """Whether the caller hears this tone and not the other."""
        samples = self.caller.samples(0.4)
        other = ASKED_HZ if hz == ASKING_HZ else ASKING_HZ
        return level_db(samples, hz) > HEARD_DB_MIN and level_db(samples, other) < SILENT_DB_MAX

    def told(self, line: str) -> bool:
        return line in self.asking.told

    def close(self) -> None:
        self.asking.stop()
        if self.asked is not None:
            self.asked.stop()
        self.carrier.stop()
        self.caller.stop()
        assert self.switch.stop() == 0
        assert log_faults(self.switch) == []


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def test_blind(stage: Stage) -> None:
    stage.talk()
    stage.asking.tell("transfer 102")
    wait_until("101 is told that it is done", lambda: stage.told("transfer 200"))
    wait_until("101 is free", lambda: stage.told("ended"))
    wait_until("the caller hears 102", lambda: stage.hears(ASKED_HZ))
    [call] = stage.switch.command("call", "list")
    shown = stage.switch.command("call", "show", call["id"])
    assert [each["to"] for each in shown["transfers"]] == ["phone:102"]
    assert [each["to"] for each in shown["connections"]] == ["phone:101", "phone:102"]


def test_attended(stage: Stage) -> None:
    stage.talk()
    stage.asking.tell("hold")
    wait_until("the caller hears 101 no longer", lambda: not stage.hears(ASKING_HZ))
    stage.asking.tell("dial 102")
    wait_until("101 and 102 talk", lambda: len(stage.switch.command("call", "list")) == 2)
    wait_until("102 has answered", lambda: stage.asking.told.count("talking") == 2)
    stage.asking.tell("join")
    wait_until("the caller hears 102", lambda: stage.hears(ASKED_HZ))
    wait_until("101 is free of both", lambda: stage.asking.told.count("ended") == 2)
    [call] = stage.switch.command("call", "list")
    shown = stage.switch.command("call", "show", call["id"])
    assert [(each["to"], each["by"]) for each in shown["transfers"]] == [("phone:102", "phone:101")]
    assert len(shown["recordings"]) == 1, "the recording goes on"
