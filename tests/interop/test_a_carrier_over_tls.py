"""A real switch and a far end in Python's own `ssl`: it connects to its carrier over TLS, and is connected to."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.interop.running_switch import RunningSwitch, copy_office, log_faults, wait_until

pytestmark = [pytest.mark.interop, pytest.mark.timeout(60)]


@dataclass
class Place:
    """The carrier's listening socket, the office, and who vouches for both."""

    carrier: ssl.SSLSocket
    switch: RunningSwitch
    authority: Authority


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    authority = Authority(tmp_path / "authority").found()
    chain, key = authority.vouch("carrier", "DNS:sip.carrier.example")
    ours, our_key = authority.vouch("office", "IP:127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True) as carrier:
        carrier.settimeout(20)
        office = copy_office(
            tmp_path,
            trunk_port=carrier.getsockname()[1],
            changes=(
                ('"tcp:127.0.0.1:0"', '"tls:127.0.0.1:0"'),
                ("# tls_certificate = ", f'tls_certificate = "{ours}"\ntls_key = "{our_key}"\n# '),
                ("[trunk.carrier]", f'[trunk.carrier]\ntransport = "tls"\nqualify_s = 5\nca_file = "{authority.file}"'),
                ("# tls_name = ", "tls_name = "),
            ),
        )
        switch = RunningSwitch(office)
        yield Place(carrier, switch, authority)
        assert switch.stop() == 0
        assert log_faults(switch) == []


def message(connection: ssl.SSLSocket) -> str:
    """One message without a body."""
    data = b""
    while b"\r\n\r\n" not in data.lstrip(b"\r\n"):
        more = connection.recv(4096)
        assert more, "the far end has gone"
        data += more
    return data.lstrip(b"\r\n").decode()


def answer(asked: str, status: str) -> bytes:
    kept = [line for line in asked.split("\r\n") if re.match(r"(Via|From|To|Call-ID|CSeq):", line)]
    kept = [f"{line};tag=carrier" if line.startswith("To:") else line for line in kept]
    return "\r\n".join([f"SIP/2.0 {status}", *kept, "Content-Length: 0", "", ""]).encode()


def test_the_carrier_is_asked_over_tls_and_its_answer_counts(place: Place) -> None:
    connection, _ = place.carrier.accept()
    with connection:
        connection.settimeout(20)
        asked = message(connection)
        assert asked.startswith("OPTIONS sip:127.0.0.1:")
        assert "Via: SIP/2.0/TLS 127.0.0.1:" in asked
        connection.sendall(answer(asked, "200 OK"))
        wait_until("the carrier is known to be there", lambda: place.switch.command("trunk", "list")[0]["reachable"])


def test_a_stranger_over_tls_is_challenged_and_sees_the_offices_certificate(place: Place) -> None:
    address = next(each for each in place.switch.ready["sip"] if each.startswith("tls:"))
    port = int(address.rpartition(":")[2])
    context = ssl.create_default_context(cafile=place.authority.file)
    plain = socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.9", 0))
    with plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
        connection.settimeout(20)
        connection.sendall(
            b"REGISTER sip:office.example SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.9:5061;branch=z9hG4bK1\r\n"
            b"Max-Forwards: 70\r\nFrom: <sip:101@office.example>;tag=1\r\nTo: <sip:101@office.example>\r\n"
            b"Call-ID: 1\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n"
        )
        assert message(connection).startswith("SIP/2.0 401 ")
