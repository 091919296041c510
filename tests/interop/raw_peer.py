"""A far end that writes its messages by hand, so that it can write what no telephone would."""

from __future__ import annotations

import socket
import time
from itertools import count
from typing import Final

from tests.sim.sip_text import SipText, authorization

PATIENCE_S: Final = 10.0
_SDP: Final = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"


class RawPeer:
    """One UDP socket at `port`; `switch_port` is set before anything is said."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(PATIENCE_S)
        self.port = int(self._socket.getsockname()[1])
        self.switch_port = 0
        self._numbers = count(1)
        self._heard: list[bytes] = []
        self._calls: list[tuple[SipText, str]] = []

    def register(self, user: str, password: str, *, user_agent: str) -> None:
        """With its password, to the end."""
        uri = "sip:office.example"
        contact = f"Contact: <sip:{user}@127.0.0.1:{self.port}>\r\nExpires: 600\r\nUser-Agent: {user_agent}"
        address = f"<sip:{user}@office.example>"
        challenge = self._ask("REGISTER", uri, address, address, contact).need("WWW-Authenticate")
        proof = authorization(challenge, user=user, password=password, method="REGISTER", uri=uri, count=1, cnonce="c")
        answer = self._ask("REGISTER", uri, address, address, f"{contact}\r\nAuthorization: {proof}")
        assert answer.status == 200, answer.write()

    def call(self, dialled: str, *, name: str, user: str) -> None:
        """Until it is answered, and acknowledged."""
        uri = f"sip:{dialled}@127.0.0.1:{self.switch_port}"
        from_ = f'"{name}" <sip:{user}@127.0.0.1:{self.port}>'
        contact = f"Contact: <sip:127.0.0.1:{self.port}>\r\nSubject: {name}\r\nContent-Type: application/sdp"
        answer = self._ask("INVITE", uri, from_, f"<{uri}>", contact, _SDP)
        assert answer.status == 200, answer.write()
        self._calls.append((answer, uri))
        self._send_in_dialog("ACK", answer, uri, 1)

    def end_calls(self) -> None:
        """With BYE, all of them."""
        for answer, uri in self._calls:
            self._send_in_dialog("BYE", answer, uri, 2)

    def requests(self, method: str) -> list[bytes]:
        """What has come so far, as it was on the wire."""
        self._socket.settimeout(0.2)
        try:
            while True:
                self._heard.append(self._socket.recv(65_536))
        except TimeoutError:
            self._socket.settimeout(PATIENCE_S)
        return [data for data in self._heard if data.startswith(method.encode() + b" ")]

    def close(self) -> None:
        self._socket.close()

    def _ask(self, method: str, uri: str, from_: str, to: str, more: str, body: str = "") -> SipText:
        """Sends a request and returns its final answer."""
        number = next(self._numbers)
        call_id = f"{self.port}-{number}@raw"
        head = f"From: {from_};tag=t{number}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: 1 {method}\r\n{more}"
        self._send(method, uri, head, body)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            data = self._socket.recv(65_536)
            self._heard.append(data)
            if data.startswith(b"SIP/2.0 "):
                answer = SipText.read(data)
                if answer.call_id == call_id and (answer.status or 0) >= 200:
                    return answer
        raise AssertionError(f"no answer to {method}")

    def _send_in_dialog(self, method: str, answer: SipText, uri: str, cseq: int) -> None:
        named = "\r\n".join(f"{name}: {answer.need(name)}" for name in ("From", "To", "Call-ID"))
        self._send(method, uri, f"{named}\r\nCSeq: {cseq} {method}", "")

    def _send(self, method: str, uri: str, head: str, body: str) -> None:
        via = f"SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch=z9hG4bK{self.port}x{next(self._numbers)}"
        text = f"{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\n{head}\r\n"
        data = f"{text}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        self._socket.sendto(data, ("127.0.0.1", self.switch_port))
