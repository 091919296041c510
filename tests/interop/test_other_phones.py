"""Phones made with other people's libraries register here, are rung from the queue, and hear and are heard."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.peers import OtherPhone, Sipp, needs_other_phones, needs_sipp
from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, log_faults, wait_until
from tests.interop.tone_port import TonePort, level_db, middle_of

pytestmark = [pytest.mark.interop, needs_sipp, needs_other_phones, pytest.mark.timeout(120)]

CALLER_HZ, AGENT_HZ = 440, 880
HEARD_DB_MIN = -30.0
SILENT_DB_MAX = -50.0
DIALLED = "+46850010000"


@pytest.fixture
def ports() -> list[int]:
    return free_udp_ports(3)


class Stage:
    """A switch, a caller over the carrier with a tone, and one phone of another make registered as 101."""

    def __init__(self, folder: Path, program: str, changes: tuple[tuple[str, str], ...] = ()) -> None:
        carrier_port, phone_port = free_udp_ports(2)
        self.switch = RunningSwitch(copy_office(folder, trunk_port=carrier_port, changes=changes))
        self.caller = TonePort(CALLER_HZ)
        self.phone = OtherPhone(
            folder, program, user="101", password="anna-desk-7yQ2",
            switch_port=self.switch.sip_port, port=phone_port, hz=AGENT_HZ,
        )  # fmt: skip
        self.carrier = Sipp(
            folder, "impatient_caller", port=carrier_port, switch_port=self.switch.sip_port, is_started=False,
            keys={"dialled": DIALLED, "rtp_port": str(self.caller.port)},
        )  # fmt: skip

    def talk(self) -> None:
        """The phone registers, the caller calls, the phone picks up."""
        wait_until("phone 101 registers", lambda: self.switch.contacts("101"))
        self.carrier.start()
        wait_until("they talk", lambda: "talking" in self.phone.told)

    def caller_hears(self, hz: float) -> float:
        return level_db(self.caller.samples(0.5), hz)

    def recording(self) -> tuple[list[int], list[int]]:
        """The middle second of what the finished recording has of caller and agent."""
        return middle_of(Path(self.switch.finished_recording()["path"]))

    def close(self) -> None:
        self.phone.stop()
        self.carrier.stop()
        self.caller.stop()
        assert self.switch.stop() == 0
        assert log_faults(self.switch) == []


@pytest.fixture
def pjsua2(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path, "pjsua2_phone")
    yield stage
    stage.close()


@pytest.fixture
def pyvoip(tmp_path: Path) -> Iterator[Stage]:
    """pyVoIP sends µ-law whatever it has agreed to, so µ-law is what it is offered first."""
    stage = Stage(tmp_path, "pyvoip_phone", changes=(('codecs = ["PCMA", "PCMU"]', 'codecs = ["PCMU", "PCMA"]'),))
    yield stage
    stage.close()


def test_pjsua2_is_rung_holds_resumes_and_hangs_up(pjsua2: Stage) -> None:
    pjsua2.talk()
    wait_until("the caller hears the agent", lambda: pjsua2.caller_hears(AGENT_HZ) > HEARD_DB_MIN)
    pjsua2.phone.tell("hold")
    wait_until("the caller hears nobody", lambda: pjsua2.caller_hears(AGENT_HZ) < SILENT_DB_MAX)
    pjsua2.phone.tell("resume")
    wait_until("the caller hears the agent again", lambda: pjsua2.caller_hears(AGENT_HZ) > HEARD_DB_MIN)
    pjsua2.phone.tell("hangup")
    assert pjsua2.carrier.finish(20) == 0, "the caller was hung up"
    [record] = wait_until("the record is written", lambda: pjsua2.switch.command("history"))
    assert (record["outcome"], record["agent"], record["ended_by"]) == ("answered", "anna", "agent")
    left, right = pjsua2.recording()
    assert level_db(left, CALLER_HZ) > HEARD_DB_MIN
    assert level_db(right, CALLER_HZ) < SILENT_DB_MAX
    assert "ended" in pjsua2.phone.told


def test_what_pjsua2_says_and_hears_is_in_the_recording_each_in_its_channel(pjsua2: Stage) -> None:
    pjsua2.talk()
    wait_until("the caller hears the agent", lambda: pjsua2.caller_hears(AGENT_HZ) > HEARD_DB_MIN)
    assert pjsua2.carrier.finish(30) == 0
    left, right = pjsua2.recording()
    assert level_db(left, CALLER_HZ) > HEARD_DB_MIN > SILENT_DB_MAX > level_db(left, AGENT_HZ)
    assert level_db(right, AGENT_HZ) > HEARD_DB_MIN > SILENT_DB_MAX > level_db(right, CALLER_HZ)
    pjsua2.phone.stop()
    with wave.open(str(pjsua2.phone.heard)) as file:
        rate = file.getframerate()
        heard = memoryview(file.readframes(file.getnframes())).cast("h").tolist()
    assert level_db(heard[2 * rate : 3 * rate], CALLER_HZ * 8000 / rate) > HEARD_DB_MIN


def test_pyvoip_is_rung_and_the_two_hear_each_other(pyvoip: Stage) -> None:
    pyvoip.talk()
    wait_until("the caller hears the agent", lambda: pyvoip.caller_hears(AGENT_HZ) > HEARD_DB_MIN)
    assert pyvoip.carrier.finish(30) == 0
    wait_until("the phone was hung up", lambda: "ended" in pyvoip.phone.told)
    heard = [(sample - 128) * 256 for sample in pyvoip.phone.heard.read_bytes()]
    assert level_db(heard[24_000:32_000], CALLER_HZ) > HEARD_DB_MIN
    left, right = pyvoip.recording()
    assert level_db(left, CALLER_HZ) > HEARD_DB_MIN > SILENT_DB_MAX > level_db(left, AGENT_HZ)
    assert level_db(right, AGENT_HZ) > HEARD_DB_MIN > SILENT_DB_MAX > level_db(right, CALLER_HZ)
