"""sipvicious against a running switch: svmap, svwar and svcrack learn nothing, and telephones go on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.signalling.flood_guard import SOURCE_FAILURES_MAX
from tests.interop.peers import PEERS_PYTHON, PHONES, Baresip, Sipp, needs_baresip, needs_other_phones, needs_sipp
from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, log_faults, wait_until

pytestmark = [pytest.mark.interop, needs_sipp, needs_baresip, needs_other_phones, pytest.mark.timeout(180)]

PASSWORD_OF_101 = "anna-desk-7yQ2"
DIALLED_101 = "+46850010001"
METHODS = ("OPTIONS", "INVITE", "REGISTER")
PATIENCE_S = "3"
"""So long svwar and svcrack wait for a switch that says nothing any more."""


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[RunningSwitch]:
    (carrier_port,) = free_udp_ports(1)
    running = RunningSwitch(copy_office(tmp_path, trunk_port=carrier_port))
    try:
        yield running
    finally:
        assert running.stop() == 0
    assert log_faults(running) == []


def attacked(switch: RunningSwitch, source: str, tool: str, *words: str) -> str:
    """What the tool has to say for itself when it is done."""
    folder = switch.office
    done = subprocess.run(
        [str(PEERS_PYTHON), str(PHONES / "attack_from.py"), source, tool, "-p", str(switch.sip_port),
         "-x", source, *words, "127.0.0.1"],
        capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL, cwd=folder,
        env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def cracked(switch: RunningSwitch, source: str, guesses: list[str]) -> str:
    dictionary = switch.office / f"words-{source}"
    dictionary.write_text("\n".join(guesses) + "\n")
    return attacked(switch, source, "svcrack", "-u", "101", "-d", str(dictionary), "--maximumtime", PATIENCE_S)


def test_svmap_finds_an_address_that_answers_and_not_what_answers_there(switch: RunningSwitch) -> None:
    for method in METHODS:
        found = attacked(switch, "127.0.77.1", "svmap", "-m", method)
        assert "| unknown" in found, "which stands for a User-Agent that was not told"
        assert "softswitch" not in found.lower()


def test_svwar_cannot_tell_a_telephone_from_a_name_that_is_nobodys(switch: RunningSwitch) -> None:
    words = ("-e", "98-105", "--maximumtime", PATIENCE_S)
    for method in METHODS:
        for how in ("--verbose", "--force"):
            told = attacked(switch, "127.0.77.2", "svwar", "-m", method, how, *words)
            assert "found nothing" in told
            assert "| 101" not in told


def test_svcrack_is_not_heard_any_more_before_it_comes_to_the_password(switch: RunningSwitch) -> None:
    wrong = [f"guess-{number}" for number in range(SOURCE_FAILURES_MAX)]
    assert "found nothing" in cracked(switch, "127.0.77.3", [*wrong, PASSWORD_OF_101])
    assert PASSWORD_OF_101 in cracked(switch, "127.0.77.4", [*wrong[:3], PASSWORD_OF_101]), "it would have found it"


def test_a_telephone_that_is_guessed_at_is_called_all_the_same(switch: RunningSwitch, tmp_path: Path) -> None:
    phone_port, rtp_port = free_udp_ports(2)
    phone = Baresip(
        tmp_path, user="101", password=PASSWORD_OF_101, switch_port=switch.sip_port, port=phone_port, hz=880
    )
    try:
        wait_until("phone 101 registers", lambda: switch.contacts("101"))
        for number in range(3):
            guesses = [f"guess-{number}-{each}" for each in range(SOURCE_FAILURES_MAX + 2)]
            assert "found nothing" in cracked(switch, f"127.0.77.{10 + number}", guesses)
        [contact] = switch.contacts("101")
        assert f":{phone_port}" in contact["uri"]
        carrier_port = int(
            (switch.office / "trunks.toml").read_text().partition('accept_from = ["127.0.0.1:')[2].partition('"')[0]
        )
        carrier = Sipp(
            tmp_path, "caller", port=carrier_port, switch_port=switch.sip_port, stay_ms=500,
            keys={"dialled": DIALLED_101, "rtp_port": str(rtp_port)},
        )  # fmt: skip
        try:
            assert carrier.finish(30) == 0, carrier.output.read_text()[-2000:]
        finally:
            carrier.stop()
        [record] = wait_until("the record is written", lambda: switch.command("history"))
        assert record["outcome"] == "direct"
    finally:
        phone.stop()
