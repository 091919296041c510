"""SIGTERM to a real switch: nobody new gets in but is told when to try again, and who talks ends in his own time."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.running_switch import RunningSwitch, copy_office, free_udp_ports, wait_until
from tests.sim.sip_text import SipText

pytestmark = pytest.mark.timeout(60)

QUEUE = "+46850010000"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)


class CarrierLine:
    """A carrier's socket that asks by hand and waits for each answer."""

    def __init__(self, port: int, switch: tuple[str, int]) -> None:
        self._port, self._switch = port, switch
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._socket.settimeout(5)

    def invite(self, call: str) -> SipText:
        """Calls the queue; the final answer, acknowledged."""
        answer = self._ask("INVITE", call, 1, "", body=SDP.format(port=40000))
        self._send("ACK", call, 1, answer.need("To"), "")
        return answer

    def hang_up(self, call: str, to: str) -> SipText:
        return self._ask("BYE", call, 2, to)

    def close(self) -> None:
        self._socket.close()

    def _ask(self, method: str, call: str, cseq: int, to: str, body: str = "") -> SipText:
        self._send(method, call, cseq, to, body)
        while True:
            answer = SipText.read(self._socket.recv(65_535))
            is_its = answer.call_id == call and answer.need("CSeq") == f"{cseq} {method}"
            if is_its and answer.status is not None and answer.status >= 200:
                return answer

    def _send(self, method: str, call: str, cseq: int, to: str, body: str) -> None:
        host, port = self._switch
        lines = [
            f"{method} sip:{QUEUE}@{host}:{port} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};branch=z9hG4bK{call}{method}{cseq}",
            "Max-Forwards: 70",
            f"From: <sip:+46812345678@127.0.0.1>;tag={call}",
            f"To: {to or f'<sip:{QUEUE}@{host}:{port}>'}",
            f"Call-ID: {call}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:carrier@127.0.0.1:{self._port}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._socket.sendto(("\r\n".join([*lines, "", ""]) + body).encode(), self._switch)


@pytest.fixture
def line_and_switch(tmp_path: Path) -> Iterator[tuple[CarrierLine, RunningSwitch]]:
    """A switch, and the carrier that it knows."""
    trunk_port, sip_port = free_udp_ports(2)
    listen = ('"udp:127.0.0.1:0", "tcp:127.0.0.1:0"', f'"udp:127.0.0.1:{sip_port}"')
    switch = RunningSwitch(copy_office(tmp_path, trunk_port=trunk_port, changes=(listen,)))
    line = CarrierLine(trunk_port, ("127.0.0.1", sip_port))
    yield line, switch
    line.close()
    switch.stop()


def test_a_switch_that_is_told_to_end_waits_for_who_is_in_and_lets_nobody_in(
    line_and_switch: tuple[CarrierLine, RunningSwitch],
) -> None:
    line, switch = line_and_switch
    waiting = line.invite("first")
    assert waiting.status == 200
    switch.process.send_signal(signal.SIGTERM)
    wait_until("it drains", lambda: switch.command("status")["is_draining"])
    refused = line.invite("second")
    assert refused.status == 503
    assert int(refused.need("Retry-After")) > 0
    assert len(switch.command("call", "list")) == 1
    assert switch.process.poll() is None
    assert line.hang_up("first", waiting.need("To")).status == 200
    assert switch.process.wait(10) == 0
