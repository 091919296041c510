"""What can be wrong, and whose fault it is.

SipError
├── LocalError              we called the stack wrongly; never caused by bytes from the network
└── RemoteError             the peer sent something unusable; `status_hint` is the answer it deserves
    ├── MalformedMessage    a message or header that breaks the grammar of RFC 3261 or one of our limits
    └── UnacceptableSdp     a body that cannot be negotiated (RFC 3264)
"""

from __future__ import annotations


class SipError(Exception):
    """Never raised itself."""


class LocalError(SipError):
    """A command that does not fit the state; a fault in the program that uses the stack."""


class RemoteError(SipError):
    """The peer's fault. `status_hint` is the SIP status that a server should answer with."""

    def __init__(self, reason: str, *, status_hint: int = 400) -> None:
        super().__init__(reason)
        self.status_hint = status_hint


class MalformedMessage(RemoteError):
    """A message that is refused.

    `headers` holds the raw lines Via, From, To, Call-ID and CSeq where all five could be read, so that a 400 can be
    sent; None where not even an answer is possible. `method` is the request's, None for a response.
    """

    def __init__(
        self,
        reason: str,
        *,
        status_hint: int = 400,
        headers: list[tuple[str, str]] | None = None,
        method: str | None = None,
    ) -> None:
        super().__init__(reason, status_hint=status_hint)
        self.headers = headers
        self.method = method


class UnacceptableSdp(RemoteError):
    """An SDP that we cannot or will not work with."""

    def __init__(self, reason: str, *, status_hint: int = 488) -> None:
        super().__init__(reason, status_hint=status_hint)
