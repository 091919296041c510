"""Inside a call that nobody has answered yet: what either side asks in its early dialog (RFC 3261 §12.1, §15.1.2).

A provisional answer with a To tag makes a dialog, early until the final answer. A caller may acknowledge our answers in
it (PRACK), end it (BYE), and either side may ask whether the other is there, or where it is to be reached from now on
(UPDATE without an offer, RFC 3311). None of that changes what is heard, so it is answered at once. Whatever would (a
re-INVITE, an offer in an UPDATE, a REFER) is put off with 500 and Retry-After until the call is answered (RFC 3261
§14.2, RFC 3311 §5.2). Numbers of the caller's requests rise from his INVITE's; those of a callee, who may fork, are not
looked at before he answers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sip_stack.dialog import dialog_of_request, with_target
from sip_stack.invite_session import ALLOW, Phase, Session, SessionTable
from sip_stack.session_accept import Accept, refuse_body
from sip_stack.session_reliable import Reliable
from sip_stack.transaction import Transaction

RETRY_AFTER_S: Final = 5


class Early:
    """Requests of the far end before the answer, whichever of the two was called."""

    def __init__(self, table: SessionTable, accept: Accept, reliable: Reliable) -> None:
        self._table = table
        self._accept = accept
        self._reliable = reliable

    def take_request(self, session: Session, transaction: Transaction, now: float) -> None:
        """A request in an early dialog; raises MalformedMessage."""
        if session.phase is Phase.INVITED and not self._is_in_order(session, transaction, now):
            return
        is_callers = session.phase is Phase.INVITED
        match transaction.request.method:
            case "BYE" if is_callers:
                self._accept.take_early_bye(session, transaction, now)
            case "PRACK" if is_callers:
                self._reliable.take_prack(session, transaction, now)
                self._accept.accept_at_last(session, now)
            case "BYE" | "PRACK":
                self._table.respond(transaction, 481, now)
            case "UPDATE":
                self._update(session, transaction, now)
            case "OPTIONS":
                headers = (("Allow", ALLOW), ("Accept", "application/sdp"))
                self._table.respond(transaction, 200, now, headers=headers)
            case "INFO":
                self._table.respond(transaction, 200, now)
            case "INVITE" | "REFER":
                self._put_off(transaction, now)
            case _:
                self._table.respond(transaction, 405, now, headers=(("Allow", ALLOW),))

    def _is_in_order(self, session: Session, transaction: Transaction, now: float) -> bool:
        """Whether the caller's numbers rise (§12.2.2); one that does not is answered with 500."""
        assert session.invite is not None
        dialog = session.early or dialog_of_request(session.invite.request, session.local_tag, session.flow)
        number = transaction.request.cseq.number
        if number <= dialog.remote_cseq:
            self._put_off(transaction, now)
            return False
        session.early = replace(dialog, remote_cseq=number)
        return True

    def _update(self, session: Session, transaction: Transaction, now: float) -> None:
        if refuse_body(self._table, transaction, None, now):
            return
        if transaction.request.body:
            self._put_off(transaction, now)
            return
        if session.early is not None:
            session.early = with_target(session.early, transaction.request)
        contact = ("Contact", self._table.names.contact(session.flow))
        self._table.respond(transaction, 200, now, headers=(contact, ("Allow", ALLOW)))

    def _put_off(self, transaction: Transaction, now: float) -> None:
        self._table.respond(transaction, 500, now, headers=(("Retry-After", str(RETRY_AFTER_S)),))
