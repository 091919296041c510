"""linphonec as a telephone here: rung, put on hold and taken back, and given on to another by its own transfer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.peers import Baresip, Linphone, Sipp, needs_baresip, needs_linphone, needs_sipp
from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, log_faults, wait_until
from tests.interop.tone_port import TonePort, level_db

pytestmark = [pytest.mark.interop, needs_sipp, needs_baresip, needs_linphone, pytest.mark.timeout(120)]

DIALLED_101 = "+46850010001"
CALLER_HZ, DESK_HZ, OTHER_HZ = 440, 880, 660
HEARD_DB_MIN, SILENT_DB_MAX = -30.0, -45.0


class Stage:
    """A switch, a caller over the carrier, and linphonec as phone 101."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        carrier_port, desk_port, self.other_port = free_udp_ports(3)
        self.switch = RunningSwitch(copy_office(folder, trunk_port=carrier_port))
        self.caller = TonePort(CALLER_HZ)
        self.desk = Linphone(
            folder, user="101", password="anna-desk-7yQ2",
            switch_port=self.switch.sip_port, port=desk_port, hz=DESK_HZ,
        )  # fmt: skip
        self.other: Baresip | None = None
        self.carrier = Sipp(
            folder, "caller", port=carrier_port, switch_port=self.switch.sip_port, is_started=False, stay_ms=15_000,
            keys={"dialled": DIALLED_101, "rtp_port": str(self.caller.port)},
        )  # fmt: skip

    def talk(self) -> None:
        """101 registers and picks up."""
        wait_until("101 registers", lambda: self.switch.contacts("101"))
        self.carrier.start()
        wait_until("101 rings", lambda: self.desk.has_said("new incoming call"))
        self.desk.tell("answer")
        wait_until("the caller hears 101", lambda: self.hears(DESK_HZ))

    def register_other(self) -> None:
        """102 is there too."""
        self.other = Baresip(
            self.folder, user="102", password="bo-desk-Kx81",
            switch_port=self.switch.sip_port, port=self.other_port, hz=OTHER_HZ,
        )  # fmt: skip
        wait_until("102 registers", lambda: self.switch.contacts("102"))

    def hears(self, hz: float) -> bool:
        """Whether the caller hears this tone."""
        return level_db(self.caller.samples(0.4), hz) > HEARD_DB_MIN

    def misses(self, hz: float) -> bool:
        """Whether he does not."""
        return level_db(self.caller.samples(0.4), hz) < SILENT_DB_MAX

    def close(self) -> None:
        self.desk.stop()
        if self.other is not None:
            self.other.stop()
        self.carrier.stop()
        self.caller.stop()
        assert self.switch.stop() == 0
        assert log_faults(self.switch) == []


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def test_it_puts_the_caller_on_hold_and_takes_him_back(stage: Stage) -> None:
    stage.talk()
    stage.desk.tell("pause")
    wait_until("101 is told that it holds", lambda: stage.desk.has_said("is now paused"))
    wait_until("the caller hears 101 no longer", lambda: stage.misses(DESK_HZ))
    stage.desk.tell("resume")
    wait_until("the caller hears 101 again", lambda: stage.hears(DESK_HZ))


def test_it_gives_the_caller_on(stage: Stage) -> None:
    stage.talk()
    stage.register_other()
    stage.desk.tell("transfer sip:102@office.example")
    wait_until("the caller hears 102", lambda: stage.hears(OTHER_HZ))
    [call] = stage.switch.command("call", "list")
    shown = stage.switch.command("call", "show", call["id"])
    assert [each["to"] for each in shown["transfers"]] == ["phone:102"]
