"""A phone's own small reading and writing of SIP, so that the switch's parser is never tested against itself.

It reads what a phone needs to read and is strict about it: a message without Call-ID, CSeq or a Via is a failure of the
run, because the switch must never send one. Writing puts the headers down in the order given.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Final

NEEDED: Final = ("Via", "From", "To", "Call-ID", "CSeq")


@dataclass(slots=True)
class SipText:
    """One message: first line, headers as written (name, value), body. One that was read is not changed any more."""

    first_line: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""
    _values: dict[str, list[str]] | None = field(default=None, compare=False, repr=False)

    @staticmethod
    def read(data: bytes) -> SipText:
        """Reads a message; fails the run on one that no phone could use."""
        head, separator, body = data.decode().partition("\r\n\r\n")
        assert separator, f"no empty line in {data!r}"
        first_line, *lines = head.split("\r\n")
        headers: list[tuple[str, str]] = []
        values: dict[str, list[str]] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            assert colon, f"a header without a colon: {line!r}"
            name, value = name.strip(), value.strip()
            headers.append((name, value))
            values.setdefault(name.lower(), []).append(value)
        for name in NEEDED:
            assert name.lower() in values, f"no {name} in {data!r}"
        length = values.get("content-length")
        assert length is None or int(length[0]) == len(body.encode()), f"wrong Content-Length in {data!r}"
        return SipText(first_line, headers, body, values)

    def write(self) -> bytes:
        lines = [self.first_line, *[f"{name}: {value}" for name, value in self.headers]]
        lines.append(f"Content-Length: {len(self.body.encode())}")
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()

    def get(self, name: str) -> str | None:
        """The first header of that name."""
        found = self.all(name)
        return found[0] if found else None

    def all(self, name: str) -> list[str]:
        wanted = name.lower()
        if self._values is not None:
            return self._values.get(wanted, [])
        return [value for known, value in self.headers if known.lower() == wanted]

    def need(self, name: str) -> str:
        value = self.get(name)
        assert value is not None, f"no {name} in {self.first_line}"
        return value

    @property
    def status(self) -> int | None:
        """The status code of a response, None for a request."""
        return int(self.first_line.split(" ")[1]) if self.first_line.startswith("SIP/2.0 ") else None

    @property
    def method(self) -> str:
        """The method of a request, or of the request that a response answers."""
        return self.need("CSeq").split()[1]

    @property
    def cseq(self) -> int:
        return int(self.need("CSeq").split()[0])

    @property
    def uri(self) -> str:
        """The Request-URI."""
        return self.first_line.split(" ")[1]

    @property
    def branch(self) -> str:
        return parameter(self.need("Via"), "branch") or ""

    @property
    def from_tag(self) -> str | None:
        return parameter(self.need("From"), "tag")

    @property
    def to_tag(self) -> str | None:
        return parameter(self.need("To"), "tag")

    @property
    def call_id(self) -> str:
        return self.need("Call-ID")


def parameter(value: str, name: str) -> str | None:
    """A `;name=value` parameter of a header."""
    found = _parameter_of(name).search(value)
    return found.group(1) if found else None


@cache
def _parameter_of(name: str) -> re.Pattern[str]:
    return re.compile(rf";\s*{name}=([^;,\s]+)")


def uri_of(value: str) -> str:
    """The URI of a From, To or Contact."""
    found = re.search(r"<([^>]+)>", value)
    return found.group(1) if found else value.partition(";")[0].strip()


def user_of(uri: str) -> str:
    """The user part of a SIP URI, without parameters."""
    return uri.removeprefix("sip:").partition("@")[0].partition(";")[0]


def place_of(uri: str) -> tuple[str, int]:
    """Host and port of a SIP URI, 5060 when it says none."""
    authority = uri.removeprefix("sip:").rpartition("@")[2].partition(";")[0]
    host, colon, port = authority.rpartition(":")
    return (host, int(port)) if colon else (authority, 5060)


def rtp_place(body: str) -> tuple[str, int] | None:
    """Where an SDP wants its audio, None when it says nothing of it."""
    connection = re.search(r"^c=IN IP4 (\S+)", body, re.MULTILINE)
    audio = re.search(r"^m=audio (\d+) ", body, re.MULTILINE)
    return (connection.group(1), int(audio.group(1))) if connection and audio else None


def authorization(challenge: str, *, user: str, password: str, method: str, uri: str, count: int, cnonce: str) -> str:
    """The answer to a digest challenge with qop=auth (RFC 2617 §3.2.2): MD5 or SHA-256 as asked."""
    fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.partition(" ")[2]))
    algorithm = fields.get("algorithm", "MD5")
    digest = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5

    def hashed(text: str) -> str:
        return digest(text.encode()).hexdigest()

    secret = hashed(f"{user}:{fields['realm']}:{password}")
    request = hashed(f"{method}:{uri}")
    response = hashed(f"{secret}:{fields['nonce']}:{count:08x}:{cnonce}:auth:{request}")
    return (
        f'Digest username="{user}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", uri="{uri}", '
        f'algorithm={algorithm}, qop=auth, nc={count:08x}, cnonce="{cnonce}", response="{response}"'
    )
