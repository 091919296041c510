"""Provisional answers that arrive for certain: PRACK both ways (RFC 3262).

We answer reliably whoever requires it, and acknowledge whoever does it to us. Ours carry SDP only where they must: our
offer, when the INVITE had none. Its answer comes in the PRACK, and a 2xx waits for that (§3); for any other PRACK it
need not. One that never comes ends the call with 504. Theirs are told once, in order; one out of order is left for its
sender to repeat. What it leaves out: offers in a PRACK (488).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sip_stack.bodies import ACCEPTED, session_body
from sip_stack.dialog import DialogState, dialog_of_response, request_in
from sip_stack.events import SendMessage, SessionCancelled, SessionOfferAnswered
from sip_stack.invite_session import HeaderList, Phase, Session, SessionTable
from sip_stack.message import Response
from sip_stack.reliable import OPTION, EarlyDialog, Provisionals, RAck, first_rseq, rack_of, rseq_of
from sip_stack.transaction import Transaction

EARLY_DIALOGS_MAX: Final = 16
NO_PRACK: Final = 504
_NO_PRACK_REASON: Final = 'SIP;cause=504;text="No PRACK"'


class Reliable:
    """Both sides of reliable provisional answers."""

    def __init__(self, table: SessionTable) -> None:
        self._table = table

    # We are called.

    def progress(self, session: Session, status: int, headers: HeaderList, body: bytes, now: float) -> bool:
        """Sends a provisional answer reliably, after the PRACK of the one before; False: that was not asked for."""
        if session.invite is None or OPTION not in session.invite.request.require or status == 100:  # §3
            return False
        said = session.provisionals = session.provisionals or Provisionals(first_rseq(session.local_tag))
        if said.is_unacknowledged:
            said.queued = (status, headers, body)
            return True
        said.has_offer = bool(body)
        said.rseq, said.status = said.rseq + 1, status
        said.is_unacknowledged, said.interval_s = True, self._table.timers.t1_s
        numbered = (*headers, ("Require", OPTION), ("RSeq", str(said.rseq)))
        self._table.respond(session.invite, status, now, tag=session.local_tag, headers=numbered, body=body)
        self._table.deadlines.set((session.session, "repeat-1xx"), now + said.interval_s)
        self._table.deadlines.set((session.session, "no-prack"), now + self._table.timers.transaction_s)
        return True

    def repeat(self, session: Session, now: float) -> None:
        """The answer once more; the interval doubles without bound (§3)."""
        said = session.provisionals
        if said is not None and session.phase is Phase.INVITED and session.invite is not None:
            self._table.outputs.append(SendMessage(session.invite.flow, session.invite.sent))
            said.interval_s *= 2
            self._table.deadlines.set((session.session, "repeat-1xx"), now + said.interval_s)

    def give_up(self, session: Session, now: float) -> None:
        """64·T1 without a PRACK: whoever calls does not hear us."""
        if session.phase is Phase.INVITED and session.invite is not None:
            self._table.respond(session.invite, NO_PRACK, now, tag=session.local_tag)
            self._table.remove(session)
            self._table.outputs.append(SessionCancelled(session.session, _NO_PRACK_REASON))

    def stop(self, session: Session) -> None:
        """A final answer goes out: nothing is repeated any more, though a PRACK may still come."""
        for due in ("repeat-1xx", "no-prack"):
            self._table.deadlines.cancel((session.session, due))

    def must_wait(self, session: Session) -> bool:
        """Whether a 2xx may not go out yet: our offer is not known to have arrived (§3)."""
        said = session.provisionals
        return said is not None and said.is_unacknowledged and said.has_offer

    def take_prack(self, session: Session, transaction: Transaction, now: float) -> None:
        """481 unless it names the answer that waits for it."""
        said, invite, expected = session.provisionals, session.invite, None
        if said is not None and invite is not None and said.is_unacknowledged:
            expected = RAck(said.rseq, invite.request.cseq.number, "INVITE")
        if said is None or expected is None or rack_of(transaction.request) != expected:
            self._table.respond(transaction, 481, now)
            return
        said.is_unacknowledged = False
        self.stop(session)
        self._answer_prack(session, said, transaction, now)
        if said.queued is not None and session.phase is Phase.INVITED and session.wanted_accept is None:
            (status, headers, body), said.queued = said.queued, None
            self.progress(session, status, headers, body, now)

    def _answer_prack(self, session: Session, said: Provisionals, transaction: Transaction, now: float) -> None:
        body = session_body(transaction.request)
        if body is None:
            self._table.respond(transaction, 415, now, tag=session.local_tag, headers=ACCEPTED)
        elif body and not said.has_offer:
            self._table.respond(transaction, 488, now, tag=session.local_tag)
        else:
            self._table.respond(transaction, 200, now, tag=session.local_tag)
            if body:
                said.has_offer, said.is_settled = False, True
                self._table.outputs.append(SessionOfferAnswered(session.session, body))

    # We call.

    def is_news(self, session: Session, invite: Transaction, response: Response, now: float) -> bool:
        """Acknowledges a provisional answer that asks for it; whether it is the first of its number, and in order.

        Raises MalformedMessage.
        """
        rseq, tag = rseq_of(response), response.to.tag
        if rseq is None or tag is None:
            return True
        known = invite.early.get(tag)
        if known is not None:
            if rseq != known.rseq + 1:
                return False
            dialog = known.dialog
        elif len(invite.early) < EARLY_DIALOGS_MAX:
            dialog = dialog_of_response(invite.request, response, session.flow)
        else:
            return False
        dialog = replace(dialog, local_cseq=dialog.local_cseq + 1)
        invite.early[tag] = EarlyDialog(dialog, rseq, (known.answer if known is not None else b"") or response.body)
        prack = request_in(dialog, "PRACK", dialog.local_cseq)
        prack.headers.add("RAck", str(RAck(rseq, invite.request.cseq.number, "INVITE")))
        prack.headers.add("User-Agent", self._table.user_agent)
        owner = f"prack:{session.session}"
        self._table.layer.send_request(prack, self._table.branch(), dialog.flow, owner, now)
        return True

    def continued(self, invite: Transaction, dialog: DialogState) -> DialogState:
        """The dialog of a 2xx, whose numbers go on where the early dialog's were."""
        early = invite.early.get(dialog.remote_tag)
        return dialog if early is None else replace(dialog, local_cseq=early.dialog.local_cseq)

    def settled(self, invite: Transaction, response: Response) -> bytes:
        """The answer that counts of whoever sent this: the one that arrived for certain before, else what it says."""
        early = invite.early.get(response.to.tag or "")
        return response.body if early is None or not early.answer else early.answer
