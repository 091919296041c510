"""A flood of unauthenticated requests, as a program of its own: `flooder HOST PORT PER_SECOND SECONDS`.

INVITE, REGISTER, OPTIONS and garbage in turn, each a new request, from sixteen addresses that are nobody's, evenly
paced in small batches. Nothing that comes back is read. It prints how many it has sent.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import sys
import time
from collections.abc import Iterator
from typing import Final

SOURCES: Final = [f"127.0.66.{number}" for number in range(1, 17)]
BATCH_S: Final = 0.01
NICENESS: Final = 10
_SDP: Final = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
_REQUEST: Final = (
    "{method} sip:{user}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {host}:5060;rport;branch=z9hG4bK-flood-{number}\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:{user}@office.example>;tag={number}\r\nTo: <sip:{user}@office.example>\r\n"
    "Call-ID: flood-{number}@{host}\r\nCSeq: 1 {method}\r\nContact: <sip:{user}@{host}:5060>\r\n{more}"
    "Content-Length: {length}\r\n\r\n{body}"
)


def messages(dice: random.Random) -> Iterator[tuple[str, bytes]]:
    """Sources and what they send, without end."""
    number = 0
    while True:
        host = SOURCES[number % len(SOURCES)]
        method = ("INVITE", "REGISTER", "OPTIONS", "")[number // len(SOURCES) % 4]
        number += 1
        if not method:
            yield host, dice.randbytes(dice.randrange(1, 1200))
            continue
        body = _SDP.format(host) if method == "INVITE" else ""
        more = "Content-Type: application/sdp\r\n" if body else "Expires: 600\r\n"
        text = _REQUEST.format(
            method=method, user=dice.choice(("101", "102", "nobody", "+46850010000")), host=host, number=number,
            more=more, length=len(body), body=body,
        )  # fmt: skip
        yield host, text.encode()


def main(host: str, port: int, per_second: int, seconds: float) -> None:
    os.nice(NICENESS)
    sockets = {}
    for source in SOURCES:
        sockets[source] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sockets[source].bind((source, 0))
        sockets[source].setblocking(False)
    flood, sent, began_at = messages(random.Random(4475)), 0, time.monotonic()
    while (elapsed_s := time.monotonic() - began_at) < seconds:
        while sent < per_second * elapsed_s:
            source, data = next(flood)
            with contextlib.suppress(BlockingIOError, ConnectionError):
                sockets[source].sendto(data, (host, port))
            sent += 1
        time.sleep(BATCH_S)
    print(sent, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
