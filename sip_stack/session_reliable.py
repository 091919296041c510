"""Provisional answers that arrive for certain: PRACK both ways (RFC 3262).

We answer reliably whoever requires it, and acknowledge whoever does it to us. Ours carry no SDP, so a 2xx need not wait
for their PRACK (§3); one that never comes ends the call with 504. Theirs are told once, in order; one out of order is
left for its sender to repeat. What it leaves out: offers in a PRACK (488).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sip_stack.dialog import DialogState, dialog_of_response, request_in
from sip_stack.events import SendMessage, SessionCancelled
from sip_stack.invite_session import HeaderList, Phase, Session, SessionTable
from sip_stack.message import Response
from sip_stack.reliable import OPTION, Provisionals, RAck, first_rseq, rack_of, rseq_of
from sip_stack.transaction import Transaction

EARLY_DIALOGS_MAX: Final = 16
NO_PRACK: Final = 504
_NO_PRACK_REASON: Final = 'SIP;cause=504;text="No PRACK"'


class Reliable:
    """Both sides of reliable provisional answers."""

    def __init__(self, table: SessionTable) -> None:
        self._table = table

    # We are called.

    def progress(self, session: Session, status: int, headers: HeaderList, now: float) -> bool:
        """Sends a provisional answer reliably, after the PRACK of the one before; False: that was not asked for."""
        if session.invite is None or OPTION not in session.invite.request.require or status == 100:  # §3
            return False
        said = session.provisionals = session.provisionals or Provisionals(first_rseq(session.local_tag))
        if said.is_unacknowledged:
            said.queued = (status, headers)
            return True
        said.rseq, said.status = said.rseq + 1, status
        said.is_unacknowledged, said.interval_s = True, self._table.timers.t1_s
        numbered = (*headers, ("Require", OPTION), ("RSeq", str(said.rseq)))
        self._table.respond(session.invite, status, now, tag=session.local_tag, headers=numbered)
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

    def take_prack(self, session: Session | None, transaction: Transaction, now: float) -> None:
        """481 unless it names the answer that waits for it."""
        table, said = self._table, None if session is None else session.provisionals
        invite = None if session is None else session.invite
        expected = None
        if said is not None and invite is not None and said.is_unacknowledged:
            expected = RAck(said.rseq, invite.request.cseq.number, "INVITE")
        if session is None or said is None or expected is None or rack_of(transaction.request) != expected:
            table.respond(transaction, 481, now)
            return
        said.is_unacknowledged = False
        self.stop(session)
        table.respond(transaction, 488 if transaction.request.body else 200, now, tag=session.local_tag)
        if said.queued is not None and session.phase is Phase.INVITED:
            (status, headers), said.queued = said.queued, None
            self.progress(session, status, headers, now)

    # We call.

    def is_news(self, session: Session, response: Response, now: float) -> bool:
        """Acknowledges a provisional answer that asks for it; whether it is the first of its number, and in order.

        Raises MalformedMessage.
        """
        rseq, tag = rseq_of(response), response.to.tag
        if rseq is None or tag is None or session.invite is None:
            return True
        heard = session.provisionals = session.provisionals or Provisionals()
        if tag in heard.heard:
            dialog, last = heard.heard[tag]
            if rseq != last + 1:
                return False
        elif len(heard.heard) < EARLY_DIALOGS_MAX:
            dialog = dialog_of_response(session.invite.request, response, session.flow)
        else:
            return False
        dialog = replace(dialog, local_cseq=dialog.local_cseq + 1)
        heard.heard[tag] = dialog, rseq
        prack = request_in(dialog, "PRACK", dialog.local_cseq)
        prack.headers.add("RAck", str(RAck(rseq, session.invite.request.cseq.number, "INVITE")))
        prack.headers.add("User-Agent", self._table.user_agent)
        via = self._table.names.via(dialog.flow)
        owner = f"prack:{session.session}"
        self._table.layer.send_request(prack, via, self._table.branch(), dialog.flow, owner, now)
        return True

    def continued(self, session: Session, dialog: DialogState) -> DialogState:
        """The dialog of a 2xx, whose numbers go on where the early dialog's were."""
        early = None if session.provisionals is None else session.provisionals.heard.get(dialog.remote_tag)
        return dialog if early is None else replace(dialog, local_cseq=early[0].local_cseq)
