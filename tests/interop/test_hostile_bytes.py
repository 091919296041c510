"""Bytes of any kind on the SIP and RTP ports and on the local sockets change nothing for anyone else."""

from __future__ import annotations

import contextlib
import random
import socket
from pathlib import Path

import pytest

from tests.interop.peers import Sipp, needs_sipp
from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, wait_until
from tests.interop.tone_port import TonePort, level_db

pytestmark = [pytest.mark.interop, needs_sipp, pytest.mark.timeout(120)]

STRANGER = "127.0.0.66"


def test_a_call_goes_on_undisturbed_while_strangers_send_rubbish_to_every_port(tmp_path: Path) -> None:
    ports = free_udp_ports(2)
    switch = RunningSwitch(copy_office(tmp_path, trunk_port=ports[0]))
    caller = TonePort(440)
    carrier = Sipp(
        tmp_path, "caller", port=ports[0], switch_port=switch.sip_port, stay_ms=6000,
        keys={"dialled": "+46850010000", "rtp_port": str(caller.port)},
    )  # fmt: skip
    try:
        wait_until("the caller hears the switch", lambda: caller.sources)
        [media] = caller.sources
        _send_rubbish(switch, media)
        assert carrier.finish() == 0
        assert caller.sources == {media}
        assert len(caller.heard) > 4 * 8000
        assert level_db(caller.samples(1.0), 440) < -40, "the stranger's tone must not be heard"
        status = wait_until("the call is over", lambda: s if (s := switch.command("status"))["calls"] == 0 else None)
        assert status["legs"] == 0
        assert [record["outcome"] for record in switch.command("history")] == ["abandoned"]
    finally:
        carrier.stop()
        caller.stop()
        assert switch.stop() == 0


def _send_rubbish(switch: RunningSwitch, media: tuple[str, int]) -> None:
    dice = random.Random(20261123)
    rubbish = [dice.randbytes(dice.choice((0, 1, 11, 12, 172, 1400))) for _ in range(300)]
    rubbish += [b"INVITE sip:x SIP/2.0\r\n" + dice.randbytes(40) for _ in range(50)]
    rubbish += [b"\x80\x08" + dice.randbytes(170) for _ in range(100)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((STRANGER, 0))
        for data in rubbish:
            for port in (switch.sip_port, media[1]):
                with contextlib.suppress(ConnectionError):
                    stranger.sendto(data, ("127.0.0.1", port))
    for name in ("control.sock", "media-0.sock"):
        path = switch.office / "var" / name
        if name == "control.sock":
            with socket.socket(socket.AF_UNIX) as link:
                link.connect(str(path))
                with contextlib.suppress(ConnectionError):
                    link.sendall(b"\xff" * 5000 + b"\n{}\n[1]\n")
