"""Which part of a body describes the session (RFC 3261 §8.2.3, RFC 5621).

An offer comes alone as `application/sdp`, or as a part of a multipart body beside what carriers add (ISUP, locations,
a vCard), which is passed over. A body of another kind that its sender marks as optional (Content-Disposition with
`handling=optional`) counts as none; any other is not understood, which is 415 and not 488: nobody has looked at media
yet. A body without a Content-Type is taken for SDP. What it leaves out: encodings, and multipart inside multipart.
"""

from __future__ import annotations

from typing import Final

from sip_stack.grammar import parse_params, unquote
from sip_stack.message import Message

SDP: Final = "application/sdp"
PARTS_MAX: Final = 8
BOUNDARY_CHARACTERS_MAX: Final = 70
"""RFC 2046 §5.1.1."""
ACCEPTED: Final = (("Accept", f"{SDP}, multipart/mixed"), ("Accept-Encoding", "identity"))
"""What a 415 tells (§21.4.13)."""


def session_body(message: Message) -> bytes | None:
    """The offer or answer, empty when there is none, None when there is a body that we had to understand and do not."""
    if not message.body:
        return b""
    encoding = message.headers.get("Content-Encoding")
    if encoding is not None and encoding.strip().lower() not in ("", "identity"):
        return _optional(message.headers.get("Content-Disposition"))
    kind = message.content_type
    if kind is None or kind == SDP:
        return message.body
    if kind.startswith("multipart/"):
        found = _part(message.body, message.headers.get("Content-Type") or "")
        if found is not None:
            return found
    return _optional(message.headers.get("Content-Disposition"))


def content_type(body: bytes) -> tuple[tuple[str, str], ...]:
    """The header that goes with a body of ours, none without one."""
    return (("Content-Type", SDP),) if body else ()


def _optional(disposition: str | None) -> bytes | None:
    handling = dict(parse_params((disposition or "").partition(";")[2])).get("handling") or ""
    return b"" if unquote(handling).lower() == "optional" else None


def _part(body: bytes, content_type: str) -> bytes | None:
    """The first part that is SDP."""
    boundary = unquote(dict(parse_params(content_type.partition(";")[2])).get("boundary") or "")
    if not 0 < len(boundary) <= BOUNDARY_CHARACTERS_MAX:
        return None
    delimiter = b"\r\n--" + boundary.encode()
    for part in (b"\r\n" + body).split(delimiter, PARTS_MAX + 1)[1 : PARTS_MAX + 1]:
        head, _, content = part.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            kind = value.partition(b";")[0].strip().lower()
            if name.strip().lower() in (b"content-type", b"c") and kind == SDP.encode():
                return content
    return None
