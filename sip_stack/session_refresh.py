"""Keeping a session alive and ending a dead one (RFC 4028 §10), and UPDATE (RFC 3311) in a session that is up.

A refresh of ours is an UPDATE without an offer where the far end allows UPDATE, else a re-INVITE with the SDP that we
sent last. Every refresh, theirs or ours, begins the interval anew; a refusal leaves it running, so that the session
ends when its time is over unless a later one succeeds. An UPDATE of theirs with an offer is reported like a re-INVITE;
it knows no ACK. One before the session is answered is in `session_early`.
"""

from __future__ import annotations

from typing import Final

from sip_stack import session_timer
from sip_stack.bodies import content_type
from sip_stack.dialog import with_target
from sip_stack.errors import MalformedMessage
from sip_stack.events import SessionEnded, SessionReoffered
from sip_stack.invite_session import ALLOW, Phase, Session, SessionTable
from sip_stack.message import Response
from sip_stack.session_accept import refuse_body, refuse_short
from sip_stack.session_modify import DIALOG_GONE, Modify
from sip_stack.session_timer import SessionTimer
from sip_stack.transaction import Transaction

AGAIN_S: Final = 10.0
"""After a refresh that was refused for now, the next is tried so much later."""
RETRY_AFTER_S: Final = 5
UPDATE_UNKNOWN: Final = (405, 501)


class Refresh:
    """The two ends of a session's interval."""

    def __init__(self, table: SessionTable, modify: Modify) -> None:
        self._table = table
        self._modify = modify

    def refresh(self, session: Session, now: float) -> None:
        """Half of the interval is over: we refresh."""
        if session.phase is not Phase.UP or session.timer is None:
            return
        self._table.deadlines.set((session.session, "refresh"), now + AGAIN_S)
        if not session.allows_update:
            if not session.wanted_offer:
                self._modify.reoffer(session, session.local_body, now)
            return
        assert session.dialog is not None
        headers = (
            ("Contact", self._table.names.contact(session.dialog.flow)),
            *session_timer.wish_in(session.timer),
        )
        self._table.send_in_dialog(session, "UPDATE", f"refresh:{session.session}", now, headers=headers)

    def expire(self, session: Session, now: float) -> None:
        """Nobody refreshed in time: BYE."""
        if session.phase is Phase.UP:
            self._table.send_bye(session, (("Reason", 'SIP;cause=408;text="Session expired"'),), now)
            self._table.outputs.append(SessionEnded(session.session, by_peer=False, status=408, reason=None))

    def take_response(self, session: Session, response: Response | None, status: int, now: float) -> None:
        """The answer to an UPDATE of ours."""
        if status < 200 or session.phase is not Phase.UP:
            return
        if status < 300 and response is not None:
            self._table.arm(session, session_timer.agreed(response), now)
        elif status in DIALOG_GONE:
            self._table.remove(session)
            self._table.outputs.append(SessionEnded(session.session, by_peer=False, status=status, reason=None))
        elif status in UPDATE_UNKNOWN:
            session.allows_update = False
            self.refresh(session, now)
        elif status == 422 and response is not None and session.timer is not None:
            longer_s = session_timer.longer_s(response)
            if longer_s is not None:
                session.timer = SessionTimer(longer_s, session.timer.is_ours)
                self.refresh(session, now)

    def take_update(self, session: Session, transaction: Transaction, now: float) -> None:
        """An UPDATE of theirs in a session that is up."""
        table = self._table
        request = transaction.request
        if session.phase is not Phase.UP or session.dialog is None:
            table.respond(transaction, 500, now, headers=(("Retry-After", str(RETRY_AFTER_S)),))
            return
        if refuse_short(table, transaction, None, now) or refuse_body(table, transaction, None, now):
            return
        if request.body and session.modifying is not None:
            table.respond(transaction, 491, now)
            return
        if request.body and (session.reoffer is not None or session.unacknowledged is not None):
            table.respond(transaction, 500, now, headers=(("Retry-After", str(RETRY_AFTER_S)),))
            return
        try:
            dialog = with_target(session.dialog, request)
        except MalformedMessage:
            table.respond(transaction, 400, now)
            return
        if dialog != session.dialog:
            table.establish(session, dialog)
        if request.body:
            session.reoffer = transaction
            table.outputs.append(SessionReoffered(session.session, request.body))
        else:
            self.accept_update(session, transaction, b"", now)

    def accept_update(self, session: Session, transaction: Transaction, body: bytes, now: float) -> None:
        """200 OK to an UPDATE; it has no ACK."""
        assert session.dialog is not None
        timer, headers = session_timer.answer(transaction.request)
        contact = ("Contact", self._table.names.contact(session.dialog.flow))
        headers = (contact, ("Allow", ALLOW), *headers, *content_type(body))
        self._table.respond(transaction, 200, now, headers=headers, body=body)
        session.local_body = body or session.local_body
        session.note_allowed(transaction.request)
        self._table.arm(session, timer, now)
