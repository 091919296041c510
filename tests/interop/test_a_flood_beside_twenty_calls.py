"""A flood of unauthenticated requests is heard by nobody who talks, and is forgotten when it is over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.peers import Sipp, end, needs_sipp
from tests.interop.rtp_crowd import Crowd
from tests.interop.running_switch import (
    REPOSITORY,
    RunningSwitch,
    copy_office,
    free_udp_ports,
    log_faults,
    wait_until,
)
from tests.interop.test_hostile_load import resident_kib, signalling_process

pytestmark = [pytest.mark.interop, needs_sipp, pytest.mark.timeout(240)]

CALLS = 20
CALL_MS = 26_000
PER_SECOND = 3_000
FLOOD_S = 15.0
SENT_SHARE = 0.9
"""Of what was to be sent; a flooder that could not keep up would show nothing."""
GAP_S_MAX = 0.060
PACKETS_SHARE = 0.98
FORGOTTEN_S_MAX = 60.0
LEFT_KIB_MAX = 16 * 1024
"""Caches that are full now. Were strangers' requests kept as transactions are, three times this would stay."""


def test_nobody_who_talks_hears_a_flood_of_strangers(tmp_path: Path) -> None:
    """Twenty callers talk with twenty people outside, by way of the switch; each leg's packets are timed by the kernel.

    The time by which the test's own process was late is granted on top: it needs next to nothing, so that is what the
    machine withheld from everybody.
    """
    caller_port, callee_port = free_udp_ports(2)
    crowd = Crowd()
    changes = (
        ('hosts = ["127.0.0.1:', f'hosts = ["127.0.0.1:{callee_port}"]\n# ['),
        ('"queue:support"', '"number:+46731112233"'),
    )
    switch = RunningSwitch(copy_office(tmp_path, trunk_port=caller_port, changes=changes))
    pid = signalling_process(switch)
    callees = Sipp(
        tmp_path, "callee", port=callee_port, switch_port=switch.sip_port, calls=CALLS,
        keys={"rtp_port": str(crowd.ports[1])},
    )  # fmt: skip
    callers = Sipp(
        tmp_path, "caller", port=caller_port, switch_port=switch.sip_port, calls=CALLS, rate=CALLS, stay_ms=CALL_MS,
        keys={"dialled": "+46850010000", "rtp_port": str(crowd.ports[0])},
    )  # fmt: skip
    flooder: subprocess.Popen[bytes] | None = None
    try:
        crowd.run(3.0)
        assert [len(side) for side in crowd.heard] == [CALLS, CALLS], "everybody hears somebody"
        crowd.begin()
        memory = resident_kib(pid)
        flooder = subprocess.Popen(
            [sys.executable, "-m", "tests.interop.flooder", "127.0.0.1", str(switch.sip_port), str(PER_SECOND),
             str(FLOOD_S)],
            stdout=subprocess.PIPE, cwd=REPOSITORY,
        )  # fmt: skip
        crowd.run(FLOOD_S + 1.0)
        sent = int(flooder.communicate(timeout=30)[0])
        assert sent > SENT_SHARE * PER_SECOND * FLOOD_S
        assert max(leg.longest_s for leg in crowd.legs) <= GAP_S_MAX + crowd.late_s
        assert min(leg.packets for leg in crowd.legs) > PACKETS_SHARE * FLOOD_S / 0.02
        assert callers.finish() == 0, "every call lasted until its caller hung up"
        assert callees.finish() == 0
        wait_until("the flood is forgotten", lambda: resident_kib(pid) - memory < LEFT_KIB_MAX, seconds=FORGOTTEN_S_MAX)
        records = wait_until(
            "all calls have records", lambda: r if len(r := switch.command("history")) == CALLS else None
        )
        assert {(record["outcome"], record["ended_by"]) for record in records} == {("direct", "caller")}
        assert signalling_process(switch) == pid, "nothing was started again"
    finally:
        if flooder is not None:
            end(flooder)
        callers.stop()
        callees.stop()
        crowd.close()
        assert switch.stop() == 0
    assert log_faults(switch) == []
