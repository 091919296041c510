"""The far end of a session asks that the other side of the talk be given on: REFER inside the dialog (RFC 3515).

It is told to the owner, who decides at once. What he takes gets 202 and one NOTIFY that ends the subscription, since
from then on the talk is his care and nothing is left to report; a sender who wants no reports gets 200 (RFC 4488).
"""

from __future__ import annotations

from typing import Final

from sip_stack.errors import LocalError
from sip_stack.events import SessionReferred
from sip_stack.invite_session import Phase, Session, SessionTable
from sip_stack.referral import FRAGMENT_TYPE, fragment, referral_of, wants_report
from sip_stack.transaction import Transaction

RETRY_AFTER_S: Final = 1
TAKEN: Final = 200


class Refer:
    """What the far end asks for, and what it is answered."""

    def __init__(self, table: SessionTable) -> None:
        self._table = table

    def take_refer(self, session: Session, transaction: Transaction, now: float) -> None:
        """One at a time, in a call that is up; raises MalformedMessage."""
        if session.phase is not Phase.UP or session.referral is not None:
            self._table.respond(transaction, 500, now, headers=(("Retry-After", str(RETRY_AFTER_S)),))
            return
        asked = referral_of(transaction.request)
        session.referral = transaction
        self._table.outputs.append(SessionReferred(session.session, asked.uri, asked.replaces))

    def accept(self, session: Session, now: float) -> None:
        """The owner gives the other side on."""
        table, transaction = self._table, self._asked(session)
        assert session.dialog is not None
        contact = ("Contact", table.names.contact(session.dialog.flow))
        if not wants_report(transaction.request):
            table.respond(transaction, 200, now, headers=(contact, ("Refer-Sub", "false")))
            return
        table.respond(transaction, 202, now, headers=(contact,))
        session.referrals += 1
        which = "" if session.referrals == 1 else f";id={transaction.request.cseq.number}"
        headers = (
            contact,
            ("Event", f"refer{which}"),
            ("Subscription-State", "terminated;reason=noresource"),
            ("Content-Type", FRAGMENT_TYPE),
        )
        table.send_in_dialog(session, "NOTIFY", f"report:{session.session}", now, headers=headers, body=fragment(TAKEN))

    def refuse(self, session: Session, status: int, now: float) -> None:
        """The talk goes on as it was."""
        self._table.respond(self._asked(session), status, now)

    def _asked(self, session: Session) -> Transaction:
        transaction, session.referral = session.referral, None
        if transaction is None:
            raise LocalError(f"session {session.session} has no REFER to answer")
        return transaction
