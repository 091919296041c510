"""Answers that nothing is kept for (RFC 3261 §8.2.7): to what cannot be read, to strangers, and when there is no room.

Whoever repeats his request gets the same again, with the same tag: it is made of a secret and of what names the
request. Such an answer goes out once for each request, and what is lost is the sender's to repeat.
"""

from __future__ import annotations

import hashlib
from typing import Final

from sip_stack.errors import MalformedMessage
from sip_stack.events import SendMessage
from sip_stack.flow import Flow
from sip_stack.invite_session import HeaderList, SessionTable
from sip_stack.message import Headers, Request, respond_to
from sip_stack.routing import note_source, response_flow

TAG_CHARACTERS: Final = 16


class Stateless:
    """Puts such answers into the table's outbox."""

    def __init__(self, table: SessionTable) -> None:
        self._table = table
        self._secret = ""

    def refuse(self, error: MalformedMessage, flow: Flow) -> None:
        """A message that cannot be read, where enough of it can to answer at all."""
        if error.headers is None or error.method is None or error.method == "ACK":
            return
        request = Request(error.method, "sip:malformed", Headers(error.headers))
        self.answer(request, flow, error.status_hint, reason=str(error))

    def answer(
        self, request: Request, flow: Flow, status: int, *, reason: str | None = None, headers: HeaderList = ()
    ) -> None:
        """Nothing where the request does not say whereto."""
        try:
            note_source(request, flow)
            back = response_flow(request, flow)
        except MalformedMessage:
            return
        response = respond_to(request, status, reason, to_tag=self._tag(request), headers=headers)
        self._table.outputs.append(SendMessage(back, response.serialise()))

    def _tag(self, request: Request) -> str:
        self._secret = self._secret or self._table.tokens.token()
        what = (self._secret, request.top_via.branch, request.call_id, request.headers.get("CSeq"))
        return hashlib.sha256(repr(what).encode()).hexdigest()[:TAG_CHARACTERS]
