"""SIPp calls over the trunk and SIPp is called by it, each as some carrier does; the switch stands between the two."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.interop.peers import Sipp, needs_sipp
from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, log_faults, wait_until
from tests.interop.tone_port import TonePort

pytestmark = [pytest.mark.interop, needs_sipp, pytest.mark.timeout(90)]

NUMBER, MOBILE = "+46850010000", "+46731112233"


@dataclass
class Between:
    """The switch, the carrier's port that calls come from, and the one that they go out to."""

    folder: Path
    switch: RunningSwitch
    calling: int
    called: int

    def play(self, caller: str, callee: str, *, transport: str = "u1", dialled: str = NUMBER) -> dict[str, Any]:
        """One call; both ends must see all that their scenarios want. Returns its record."""
        heard, said = TonePort(440), TonePort(880)
        known = len(self.switch.command("history"))
        keys = {"dialled": dialled}
        far = Sipp(
            self.folder, callee, port=self.called, switch_port=self.switch.sip_port,
            keys={"rtp_port": str(said.port)}, transport=transport,
        )  # fmt: skip
        near = Sipp(
            self.folder, caller, port=self.calling, switch_port=self.switch.sip_port,
            keys={**keys, "rtp_port": str(heard.port)},
        )  # fmt: skip
        try:
            ends = (near.finish(25), far.finish(25))
            assert ends == (0, 0), self._errors()
        finally:
            for each in (near, far):
                each.stop()
            for port in (heard, said):
                port.stop()
        records = wait_until("the record", lambda: _more_than(known, self.switch.command("history")))
        found: dict[str, Any] = records[0]
        return found

    def _errors(self) -> str:
        return "\n".join(file.read_text()[-2000:] for file in sorted(self.folder.glob("*.err")))


def _more_than(known: int, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return records if len(records) > known else []


def between(folder: Path, **changes: str) -> Between:
    calling, called = free_udp_ports(2)
    replaced = (
        (
            'hosts = ["127.0.0.1:',
            f'hosts = [{changes.get("before", "")}"127.0.0.1:{called}"]\n{changes.get("trunk", "")}\n# [',
        ),
        ('"queue:support"', f'"number:{MOBILE}"'),
    )
    office = copy_office(folder, trunk_port=calling, changes=replaced)
    return Between(folder, RunningSwitch(office), calling, called)


@pytest.fixture(scope="module")
def over_udp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Between]:
    place = between(tmp_path_factory.mktemp("udp"))
    yield place
    assert place.switch.stop() == 0
    assert log_faults(place.switch) == []


def test_a_caller_without_offer_and_early_media_both_for_certain(over_udp: Between) -> None:
    """100rel both ways, late offer, an answer in a 183 (RFC 3262), BYE with the network's cause (RFC 3326)."""
    record = over_udp.play("caller_without_offer", "callee_early_media")
    assert (record["outcome"], record["cause"]) == ("direct", "hung-up")


def test_session_intervals_that_are_too_short_for_either_side(over_udp: Between) -> None:
    """422 both ways (RFC 4028), and a refresh by UPDATE (RFC 3311)."""
    record = over_udp.play("caller_short_session", "callee_long_session")
    assert (record["outcome"], record["cause"]) == ("direct", "hung-up")


def test_the_networks_cause_says_more_than_the_status(over_udp: Between) -> None:
    record = over_udp.play("caller_is_refused", "callee_is_busy")
    assert (record["outcome"], record["cause"]) == ("direct", "busy")


def test_a_caller_who_gives_up_takes_the_ringing_away(over_udp: Between) -> None:
    record = over_udp.play("caller_gives_up", "callee_is_given_up")
    assert (record["outcome"], record["cause"], record["ended_by"]) == ("direct", "cancelled", "caller")


def test_a_carrier_over_tcp_is_called_the_same_way(tmp_path: Path) -> None:
    place = between(tmp_path, trunk='transport = "tcp"')
    try:
        record = place.play("caller_without_offer", "callee_early_media", transport="t1")
        assert record["cause"] == "hung-up"
        assert re.search(r'"reachable": true|True', str(place.switch.command("trunk", "list")))
    finally:
        assert place.switch.stop() == 0
    assert log_faults(place.switch) == []


def test_a_carrier_that_wants_to_be_registered_with_is_and_for_as_long_as_it_wants(tmp_path: Path) -> None:
    """401, 423 and 401 anew: digest (RFC 7616), Min-Expires (RFC 3261 §10.2.8)."""
    account = 'user = "office"\npassword = "secret-9"\nrealm = "carrier.example"\nregister = "office@carrier.example"'
    calling, called = free_udp_ports(2)
    changes = (('hosts = ["127.0.0.1:', f'hosts = ["127.0.0.1:{called}"]\n{account}\n# ['),)
    office = copy_office(tmp_path, trunk_port=calling, changes=changes)
    carrier = Sipp(tmp_path, "registrar", port=called, switch_port=calling)
    switch = RunningSwitch(office)
    try:
        assert carrier.finish(30) == 0, (tmp_path / f"registrar-{called}.err").read_text()
        [trunk] = wait_until(
            "the switch knows", lambda: [t for t in switch.command("trunk", "list") if t["registered"]]
        )
        assert trunk["reachable"] is not False
    finally:
        carrier.stop()
        switch.stop()
    assert log_faults(switch) == []


def test_numbers_identities_and_diversions_are_read_and_written_as_the_carrier_wants_them(tmp_path: Path) -> None:
    """P-Asserted-Identity (RFC 3325), Diversion (RFC 5806), national numbers in and `00…` out."""
    place = between(
        tmp_path,
        trunk="""trust_identity = true
identity = "p-asserted-identity"
diversion = "diversion"
country = "+46"
number_form = "00\"""",
    )
    try:
        record = place.play("caller_vouched_for", "callee_is_told", dialled="0850010000")
        assert (record["caller"], record["cause"]) == ("+46701112233", "hung-up")
        assert place.switch.command("call", "show", record["id"])["diverted_from"] == "+46850019999"
    finally:
        assert place.switch.stop() == 0
    assert log_faults(place.switch) == []


def test_a_host_that_says_nothing_at_all_is_passed_over_for_the_next(tmp_path: Path) -> None:
    """RFC 3263 §4.3, within seconds and not at timer B; the next call goes to the other one at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        place = between(tmp_path, before=f'"127.0.0.1:{silent.getsockname()[1]}", ')
        try:
            for _ in range(2):
                record = place.play("caller_short_session", "callee_long_session")
                assert record["cause"] == "hung-up"
            silent.setblocking(False)
            asked = []
            with contextlib.suppress(BlockingIOError):
                while True:
                    asked.append(silent.recv(65_535))
            assert {data.split(b" ", 1)[0] for data in asked} == {b"INVITE"}
            assert len({branch for data in asked for branch in re.findall(rb"branch=([^;]+)", data)}) == 1
        finally:
            assert place.switch.stop() == 0
    assert log_faults(place.switch) == []
