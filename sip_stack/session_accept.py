"""We are called: provisional and final answers, 2xx repeated until its ACK, CANCEL (RFC 3261 §9.2, §13.3)."""

from __future__ import annotations

from typing import Final

from sip_stack import session_timer
from sip_stack.bodies import ACCEPTED, content_type, session_body
from sip_stack.dialog import dialog_of_request
from sip_stack.errors import LocalError, MalformedMessage
from sip_stack.events import (
    SendMessage,
    SessionCancelled,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionInvited,
)
from sip_stack.flow import Flow
from sip_stack.invite_session import HeaderList, Phase, Session, SessionTable
from sip_stack.message import Request
from sip_stack.reason import reason_text
from sip_stack.session_reliable import Reliable
from sip_stack.transaction import Transaction
from sip_stack.transaction_tables import State

PROGRESS_AGAIN_S: Final = 60.0


def refuse_short(table: SessionTable, transaction: Transaction, tag: str | None, now: float) -> bool:
    """422 to a session interval that is too short for us (RFC 4028 §9); whether that was done."""
    if not session_timer.is_too_short(transaction.request):
        return False
    headers = (("Min-SE", str(session_timer.INTERVAL_S_MIN)),)
    table.respond(transaction, 422, now, tag=tag, headers=headers)
    return True


def refuse_body(table: SessionTable, transaction: Transaction, tag: str | None, now: float) -> bool:
    """415 to a body that we had to understand and do not (§8.2.3); whether that was done.

    Otherwise the request's body is its offer from now on, or empty.
    """
    offer = session_body(transaction.request)
    if offer is None:
        table.respond(transaction, 415, now, tag=tag, headers=ACCEPTED)
        return True
    transaction.request.body = offer
    return False


class Accept:
    """The called side of sessions."""

    def __init__(self, table: SessionTable, reliable: Reliable) -> None:
        self._table = table
        self._reliable = reliable

    def take_invite(self, transaction: Transaction, session_id: SessionId, flow: Flow, now: float) -> None:
        """A new INVITE: `100 Trying` goes out at once."""
        table = self._table
        request = transaction.request
        merge_key = (request.call_id, request.from_.tag or "", request.cseq.number)
        if merge_key in table.merge_keys:
            table.respond(transaction, 482, now)
            return
        if not request.contacts:
            table.respond(transaction, 400, now, reason="No Contact")
            return
        if refuse_short(table, transaction, None, now) or refuse_body(table, transaction, None, now):
            return
        session = Session(session_id, is_uac=False, flow=flow, phase=Phase.INVITED, local_tag=table.tokens.token())
        session.invite = transaction
        session.merge_key = merge_key
        transaction.owner = f"invite:{session_id}"
        table.merge_keys[merge_key] = session_id
        table.add(session)
        table.respond(transaction, 100, now)
        table.outputs.append(SessionInvited(session_id, request, flow))

    def progress(self, session: Session, status: int, now: float, *, body: bytes, headers: HeaderList) -> None:
        """A provisional answer."""
        if session.phase is Phase.INVITED and session.invite is not None:
            headers = (*headers, *content_type(body))
            if not self._reliable.progress(session, status, headers, body, now):
                self._table.respond(session.invite, status, now, tag=session.local_tag, headers=headers, body=body)
            if status > 100:
                self._table.deadlines.set((session.session, "progress-again"), now + PROGRESS_AGAIN_S)

    def progress_again(self, session: Session, now: float) -> None:
        """The last provisional answer once more, so that no proxy on the way takes the call for dead (§13.3.1.1)."""
        if session.phase is Phase.INVITED and session.invite is not None:
            if session.provisionals is None:
                self._table.outputs.append(SendMessage(session.invite.flow, session.invite.sent))
            else:
                self._reliable.progress(session, session.provisionals.status, (), b"", now)
            self._table.deadlines.set((session.session, "progress-again"), now + PROGRESS_AGAIN_S)

    def accept(self, session: Session, body: bytes, now: float, *, headers: HeaderList) -> None:
        """200 OK, repeated until the ACK comes (§13.3.1.4); not before the PRACK of an offer of ours."""
        table = self._table
        if session.phase is not Phase.INVITED or session.invite is None:
            raise LocalError(f"session {session.session} cannot be accepted now")
        if self._reliable.must_wait(session):
            session.wanted_accept = (body, headers)
            return
        if session.provisionals is not None and session.provisionals.is_settled:
            body = b""
        request = session.invite.request
        try:
            dialog = session.early or dialog_of_request(request, session.local_tag, session.flow)
        except MalformedMessage as error:
            self.refuse(session, error.status_hint, now, reason=None, headers=())
            return
        table.establish(session, dialog)
        session.phase = Phase.AWAITING_ACK
        table.deadlines.cancel((session.session, "progress-again"))
        self._reliable.stop(session)
        self.answer_offer(session, session.invite, body, headers, now)

    def accept_at_last(self, session: Session, now: float) -> None:
        """What a 2xx waited for may have come."""
        if session.wanted_accept is not None and not self._reliable.must_wait(session):
            (body, headers), session.wanted_accept = session.wanted_accept, None
            self.accept(session, body, now, headers=headers)

    def answer_offer(
        self, session: Session, transaction: Transaction, body: bytes, headers: HeaderList, now: float
    ) -> None:
        """Sends the 2xx of an INVITE or re-INVITE and begins to wait for its ACK."""
        table = self._table
        timer, timer_headers = session_timer.answer(transaction.request)
        headers = (*headers, *timer_headers, *content_type(body))
        table.respond(transaction, 200, now, tag=session.local_tag, headers=headers, body=body)
        session.local_body = body or session.local_body
        session.note_allowed(transaction.request)
        table.arm(session, timer, now)
        session.unacknowledged = transaction
        session.interval_s = table.timers.t1_s
        table.deadlines.set((session.session, "repeat-2xx"), now + session.interval_s)
        table.deadlines.set((session.session, "no-ack"), now + table.timers.transaction_s)

    def refuse(self, session: Session, status: int, now: float, *, reason: str | None, headers: HeaderList) -> None:
        """A final refusal; the transaction takes care of its ACK."""
        if session.phase is Phase.INVITED and session.invite is not None:
            self._table.respond(session.invite, status, now, reason=reason, tag=session.local_tag, headers=headers)
            self._table.remove(session)

    def take_cancel(self, transaction: Transaction, now: float) -> None:
        """CANCEL (§9.2): 481 without its INVITE, else 200, and 487 to an INVITE that is still unanswered."""
        table = self._table
        invite = table.layer.invite_for_cancel(transaction.request)
        if invite is None:
            table.respond(transaction, 481, now)
            return
        kind, _, session_id = invite.owner.partition(":")
        session = table.get(session_id)
        table.respond(transaction, 200, now, tag=session.local_tag if session else None)
        if session is None or invite.state is not State.PROCEEDING:
            return
        if kind == "reinvite":
            session.reoffer = None
            table.respond(invite, 487, now, tag=session.local_tag)
            return
        self._give_in(session, invite, transaction.request, now)

    def take_early_bye(self, session: Session, transaction: Transaction, now: float) -> None:
        """The caller ends the early dialog (§15.1.2): 200 to the BYE, 487 to the INVITE."""
        assert session.invite is not None
        self._table.respond(transaction, 200, now)
        self._give_in(session, session.invite, transaction.request, now)

    def _give_in(self, session: Session, invite: Transaction, asked: Request, now: float) -> None:
        self._table.respond(invite, 487, now, tag=session.local_tag)
        self._table.remove(session)
        self._table.outputs.append(SessionCancelled(session.session, reason_text(asked)))

    def take_ack(self, request: Request, now: float) -> None:
        """The ACK of a 2xx of ours; its CSeq tells of which (§13.2.2.4)."""
        table = self._table
        session = table.of_request(request)
        invite = None if session is None else session.unacknowledged
        if session is None or invite is None or invite.request.cseq.number != request.cseq.number:
            return
        session.unacknowledged = None
        for due in ("repeat-2xx", "no-ack"):
            table.deadlines.cancel((session.session, due))
        if session.end_headers is not None:
            table.send_bye(session, session.end_headers, now)
            return
        session.phase = Phase.UP
        table.outputs.append(SessionConfirmed(session.session, request.body))

    def repeat(self, session: Session, now: float) -> None:
        """The 2xx once more; the interval doubles up to T2."""
        table, invite = self._table, session.unacknowledged
        if invite is not None:
            table.outputs.append(SendMessage(invite.flow, invite.sent))
            session.interval_s = min(2 * session.interval_s, table.timers.t2_s)
            table.deadlines.set((session.session, "repeat-2xx"), now + session.interval_s)

    def give_up(self, session: Session, now: float) -> None:
        """64·T1 without an ACK: the session ends with BYE (§13.3.1.4)."""
        was_asked = session.end_headers is not None
        session.unacknowledged = None
        self._table.send_bye(session, session.end_headers or (), now)
        if not was_asked:
            self._table.outputs.append(SessionEnded(session.session, by_peer=False, status=408, reason=None))
