"""kill -9 of the whole switch while two people talk: nothing that anyone was told is lost."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from tests.interop.peers import Baresip, Sipp, needs_baresip, needs_sipp
from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, wait_until
from tests.interop.tone_port import TonePort

pytestmark = [pytest.mark.interop, needs_sipp, needs_baresip, pytest.mark.timeout(120)]


def test_after_kill_minus_9_the_far_ends_get_bye_and_the_call_has_its_record_and_recording(tmp_path: Path) -> None:
    ports = free_udp_ports(3)
    fixed_port = ports[2]
    listen = ('"udp:127.0.0.1:0", "tcp:127.0.0.1:0"', f'"udp:127.0.0.1:{fixed_port}"')
    office = copy_office(tmp_path, trunk_port=ports[0], changes=(listen,))
    switch = RunningSwitch(office)
    phone = Baresip(tmp_path, user="101", password="anna-desk-7yQ2", switch_port=fixed_port, port=ports[1], hz=880)
    caller = TonePort(440)
    carrier = None
    try:
        wait_until("phone 101 registers", lambda: switch.contacts("101"))
        switch.command("agent", "pause", "bo")
        carrier = Sipp(
            tmp_path, "caller_is_hung_up", port=ports[0], switch_port=fixed_port,
            keys={"dialled": "+46850010000", "rtp_port": str(caller.port)},
        )  # fmt: skip
        wait_until("they talk", lambda: [c for c in switch.command("call", "list") if c["state"] == "talking"])
        wait_until("two seconds are recorded", lambda: _recorded_s(office) > 2.0)
        switch.kill()
        before = _recorded_s(office)
        switch = RunningSwitch(office)
        assert carrier.finish(30) == 0, "the carrier got no BYE"
        [record] = wait_until("the record is there", lambda: switch.command("history"))
        assert (record["outcome"], record["cause"], record["ended_by"]) == ("answered", "crash", "switch")
        assert record["agent"] == "anna"
        presences = {agent["agent"]: agent["presence"] for agent in switch.command("agent", "list")}
        assert presences == {"anna": "ready", "bo": "paused"}
        assert switch.command("phone", "list")[0]["registered"]
        assert switch.command("call", "list") == []
        assert before > 1.0
        assert _recorded_s(office) >= before
    finally:
        caller.stop()
        phone.stop()
        if carrier is not None:
            carrier.stop()
        switch.stop()


def _recorded_s(office: Path) -> float:
    files = list((office / "var" / "recordings").glob("*/*.wav"))
    if not files:
        return 0.0
    with wave.open(str(files[0])) as file:
        return file.getnframes() / file.getframerate()


def test_a_message_that_is_spoken_as_the_switch_dies_lies_in_its_mailbox_as_far_as_it_came(tmp_path: Path) -> None:
    (port,) = free_udp_ports(1)
    extra = (
        '[number."+46850010070"]\nto = "voicemail:support"\n[voicemail.support]\nname = "Support"\ngreeting = "beep"\n'
    )
    office = copy_office(tmp_path, trunk_port=port, extra=extra)
    switch = RunningSwitch(office)
    caller = TonePort(440)
    carrier = None
    try:
        carrier = Sipp(
            tmp_path, "caller_is_hung_up", port=port, switch_port=switch.sip_port,
            keys={"dialled": "+46850010070", "rtp_port": str(caller.port)},
        )  # fmt: skip
        wait_until("two seconds of the message are recorded", lambda: _recorded_s(office) > 2.0)
        switch.kill()
        switch = RunningSwitch(office)
        [message] = wait_until("the message is there", lambda: switch.command("voicemail", "show", "support"))
        assert message["is_new"]
        assert message["seconds"] > 1.0
        with wave.open(message["path"]) as file:
            assert file.getnframes() / file.getframerate() == pytest.approx(message["seconds"], abs=0.1)
    finally:
        caller.stop()
        if carrier is not None:
            carrier.stop()
        switch.stop()
