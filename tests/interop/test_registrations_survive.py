"""A phone that has registered can be rung after the switch was killed, and after the phone itself was."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.interop.peers import Baresip, Sipp, needs_baresip, needs_sipp
from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, wait_until

pytestmark = [pytest.mark.interop, needs_sipp, needs_baresip, pytest.mark.timeout(120)]

DIALLED_101 = "+46850010001"


def phone_101(folder: Path, switch: RunningSwitch, port: int) -> Baresip:
    return Baresip(folder, user="101", password="anna-desk-7yQ2", switch_port=switch.sip_port, port=port, hz=880)


def call_it(folder: Path, switch: RunningSwitch, port: int, rtp_port: int) -> None:
    """One call from the carrier straight to phone 101, answered."""
    carrier = Sipp(
        folder, "caller", port=port, switch_port=switch.sip_port, stay_ms=500,
        keys={"dialled": DIALLED_101, "rtp_port": str(rtp_port)},
    )  # fmt: skip
    try:
        assert carrier.finish(30) == 0, carrier.output.read_text()[-2000:]
    finally:
        carrier.stop()


def test_a_killed_switch_rings_the_phone_again_without_a_new_registration(tmp_path: Path) -> None:
    sip_port, carrier_port, phone_port, rtp_port = free_udp_ports(4)
    listening = ('"udp:127.0.0.1:0", "tcp:127.0.0.1:0"', f'"udp:127.0.0.1:{sip_port}"')
    office = copy_office(tmp_path, trunk_port=carrier_port, changes=(listening,))
    switch = RunningSwitch(office)
    phone = phone_101(tmp_path, switch, phone_port)
    try:
        [before] = wait_until("phone 101 registers", lambda: switch.contacts("101"))
        switch.kill()
        switch = RunningSwitch(office)
        [after] = switch.contacts("101")
        assert after["uri"] == before["uri"]
        assert after["expires_in_s"] <= before["expires_in_s"]
        call_it(tmp_path, switch, carrier_port, rtp_port)
        [record] = wait_until("the record is written", lambda: switch.command("history"))
        assert (record["outcome"], record["talk_s"] > 0) == ("direct", True)
    finally:
        phone.stop()
        assert switch.stop() == 0


def test_a_killed_phone_that_comes_back_at_another_port_is_rung_there(tmp_path: Path) -> None:
    carrier_port, first_port, second_port, rtp_port = free_udp_ports(4)
    switch = RunningSwitch(copy_office(tmp_path, trunk_port=carrier_port))
    phone = phone_101(tmp_path, switch, first_port)
    try:
        wait_until("phone 101 registers", lambda: switch.contacts("101"))
        os.kill(phone.process.pid, signal.SIGKILL)
        phone.process.wait(10)
        again = tmp_path / "again"
        again.mkdir()
        phone = phone_101(again, switch, second_port)
        wait_until(
            "phone 101 registers at its new port",
            lambda: [contact for contact in switch.contacts("101") if f":{second_port}" in contact["uri"]],
        )
        call_it(tmp_path, switch, carrier_port, rtp_port)
        [record] = wait_until("the record is written", lambda: switch.command("history"))
        assert (record["outcome"], record["talk_s"] > 0) == ("direct", True)
    finally:
        phone.stop()
        assert switch.stop() == 0
