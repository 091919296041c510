"""Load of every broken kind on every socket is bounded, and gone when whoever made it is gone."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.peers import Sipp, needs_sipp
from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, log_faults, wait_until
from tests.interop.tone_port import TonePort

pytestmark = [pytest.mark.interop, needs_sipp, pytest.mark.timeout(120)]

STRANGER = "127.0.0.66"
CONNECTIONS = 60
DATAGRAMS = 3_000
GROWTH_KIB_MAX = 48 * 1024
FDS_LEFT_MAX = 4
"""Files that a process may have opened meanwhile for itself, a journal segment or a database connection."""


def signalling_process(switch: RunningSwitch) -> int:
    children = Path(f"/proc/{switch.process.pid}/task/{switch.process.pid}/children").read_text().split()
    [found] = [
        pid for pid in map(int, children) if b"softswitch.shell.server" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return found


def resident_kib(pid: int) -> int:
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1])


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@contextlib.contextmanager
def tcp_connections(port: int, begun: bytes) -> Iterator[list[socket.socket]]:
    """Many connections that begin to say something and never go on."""
    opened = []
    try:
        for _ in range(CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(STRANGER, 0))
            opened.append(connection)
            with contextlib.suppress(OSError):
                connection.sendall(begun)
        yield opened
    finally:
        for connection in opened:
            connection.close()


def flood(sip_port: int, media: tuple[str, int]) -> None:
    """Datagrams of all sorts to the SIP port and the caller's media port, from a stranger."""
    dice = random.Random(1)
    head = (
        "{} sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.66:5060;branch=z9hG4bK{}\r\nFrom: <sip:a@b>;tag=1\r\n"
    )
    rest = (
        "To: <sip:x@127.0.0.1>\r\nCall-ID: {}\r\nCSeq: 1 {}\r\nContact: <sip:a@127.0.0.66>\r\nMax-Forwards: 70\r\n\r\n"
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((STRANGER, 0))
        for number in range(DATAGRAMS):
            method = dice.choice(("INVITE", "REGISTER", "OPTIONS", "BYE", "NOTIFY"))
            message = (head.format(method, number) + rest.format(number, method)).encode()
            for data, port in ((message, sip_port), (dice.randbytes(dice.choice((0, 12, 172))), media[1])):
                with contextlib.suppress(ConnectionError):
                    stranger.sendto(data, ("127.0.0.1", port))


def test_load_of_every_broken_kind_is_bounded_and_leaves_nothing(tmp_path: Path) -> None:
    carrier_port, second_port = free_udp_ports(2)
    switch = RunningSwitch(copy_office(tmp_path, trunk_port=carrier_port))
    pid = signalling_process(switch)
    tcp_port = next(int(listen.rpartition(":")[2]) for listen in switch.ready["sip"] if listen.startswith("tcp"))
    api_port = int(switch.ready["api"].rpartition(":")[2])
    caller = TonePort(440)
    carrier = Sipp(
        tmp_path, "caller", port=carrier_port, switch_port=switch.sip_port, stay_ms=8000,
        keys={"dialled": "+46850010000", "rtp_port": str(caller.port)},
    )  # fmt: skip
    try:
        wait_until("the caller hears the switch", lambda: caller.sources)
        [media] = caller.sources
        memory, files = resident_kib(pid), open_files(pid)
        half_a_message = b"INVITE sip:x@127.0.0.1 SIP/2.0\r\nContent-Length: 60000\r\n" + b"X: y\r\n" * 50
        with (
            tcp_connections(tcp_port, half_a_message) as sip,
            tcp_connections(api_port, b"GET /health HTTP/1.1\r\n"),
        ):
            flood(switch.sip_port, media)
            assert switch.command("status")["calls"] == 1, "people are still answered"
            for connection in sip:
                connection.settimeout(15)
                with contextlib.suppress(ConnectionError):
                    while connection.recv(4096):
                        pass
        wait_until("all connections are let go of", lambda: open_files(pid) <= files + FDS_LEFT_MAX)
        assert carrier.finish() == 0
        assert caller.sources == {media}
        assert resident_kib(pid) - memory < GROWTH_KIB_MAX
        again = Sipp(
            tmp_path, "caller", port=carrier_port, switch_port=switch.sip_port, stay_ms=500,
            keys={"dialled": "+46850010000", "rtp_port": str(second_port)},
        )  # fmt: skip
        assert again.finish() == 0
        wait_until("both records are written", lambda: len(switch.command("history")) == 2)
        assert signalling_process(switch) == pid, "nothing was started again"
    finally:
        carrier.stop()
        caller.stop()
        assert switch.stop() == 0
    assert log_faults(switch) == []
