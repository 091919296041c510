"""Inside an answered session: BYE and OPTIONS both ways, the peer's re-INVITEs and INFO (RFC 3261 §12.2, §14, §15).

Re-INVITEs of ours are in `session_modify`; while one is under way, the peer's is refused with 491.
"""

from __future__ import annotations

from dataclasses import replace

from sip_stack.dialog import RESTORED_CSEQ_STEP, DialogState, with_target
from sip_stack.errors import LocalError, MalformedMessage
from sip_stack.events import SessionEnded, SessionId, SessionKeyed, SessionProbed, SessionReoffered
from sip_stack.invite_session import ALLOW, HeaderList, Phase, Session, SessionTable
from sip_stack.keypresses import PLAIN, RELAY, is_keypress, key_of
from sip_stack.reason import reason_text
from sip_stack.session_accept import Accept, refuse_body, refuse_short
from sip_stack.session_early import Early
from sip_stack.session_refer import Refer
from sip_stack.session_refresh import Refresh
from sip_stack.session_reliable import Reliable
from sip_stack.transaction import Transaction

REINVITE_RETRY_AFTER_S = 5


class InDialog:
    """What either side does with a dialog that is up."""

    def __init__(
        self, table: SessionTable, *, accept: Accept, early: Early, refresh: Refresh, refer: Refer, reliable: Reliable
    ) -> None:
        self._table = table
        self._accept = accept
        self._early = early
        self._refresh = refresh
        self._refer = refer
        self._reliable = reliable

    def restore(self, session_id: SessionId, dialog: DialogState) -> None:
        """A dialog of an earlier process; its requests go on well beyond the last recorded CSeq.

        Whether the ACK of our 2xx had come is not known, so a BYE may be there before the 2xx and find no dialog; the
        peer would then be up with nobody. A 481 to it is therefore not taken for an answer the first time.
        """
        table = self._table
        session = Session(session_id, is_uac=dialog.is_uac, flow=dialog.flow, phase=Phase.UP)
        session.local_tag = dialog.local_tag
        session.is_answer_under_way = not dialog.is_uac
        table.add(session)
        table.establish(session, replace(dialog, local_cseq=dialog.local_cseq + RESTORED_CSEQ_STEP))

    def end(self, session: Session, headers: HeaderList, now: float) -> None:
        """BYE now, or after the ACK that we wait for (§15: a callee must not send BYE before it)."""
        if session.phase is Phase.UP and session.unacknowledged is None:
            self._table.send_bye(session, headers, now)
        elif session.phase in (Phase.AWAITING_ACK, Phase.UP):
            session.end_headers = headers

    def probe(self, session: Session, now: float) -> None:
        """OPTIONS inside the dialog."""
        if session.phase is Phase.UP:
            self._table.send_in_dialog(session, "OPTIONS", f"probe:{session.session}", now)

    def take_request(self, transaction: Transaction, now: float) -> None:
        """A request with a To tag: it must fit a dialog of ours."""
        table = self._table
        request = transaction.request
        early = table.early_of_request(request)
        if early is not None:
            self._early.take_request(early, transaction, now)
            return
        session = table.of_request(request)
        if session is None or session.dialog is None or session.phase is Phase.OVER:
            table.respond(transaction, 481, now)
            return
        if request.cseq.number <= session.dialog.remote_cseq:
            table.respond(transaction, 500, now, headers=(("Retry-After", "1"),))
            return
        session.dialog = replace(session.dialog, remote_cseq=request.cseq.number)
        match request.method:
            case "BYE":
                self._bye(session, transaction, now)
            case "INVITE":
                self._reinvite(session, transaction, now)
            case "PRACK":
                self._reliable.take_prack(session, transaction, now)
            case "UPDATE":
                self._refresh.take_update(session, transaction, now)
            case "OPTIONS":
                table.respond(transaction, 200, now, headers=(("Allow", ALLOW), ("Accept", "application/sdp")))
            case "REFER":
                self._refer.take_refer(session, transaction, now)
            case "INFO":
                self._info(session, transaction, now)
            case _:
                table.respond(transaction, 405, now, headers=(("Allow", ALLOW),))

    def accept_reoffer(self, session: Session, body: bytes, now: float) -> None:
        """200 OK to the re-INVITE that was reported."""
        if session.reoffer is None:
            raise LocalError(f"session {session.session} has no offer to answer")
        transaction, session.reoffer = session.reoffer, None
        if transaction.request.method == "UPDATE":
            self._refresh.accept_update(session, transaction, body, now)
            return
        self._accept.answer_offer(session, transaction, body, (), now)

    def refuse_reoffer(self, session: Session, status: int, now: float) -> None:
        """The session stays as it was (§14.1)."""
        if session.reoffer is None:
            raise LocalError(f"session {session.session} has no offer to refuse")
        transaction, session.reoffer = session.reoffer, None
        self._table.respond(transaction, status, now, tag=session.local_tag)

    def take_final(self, session: Session, kind: str, status: int, now: float) -> None:
        """The final status of a BYE or OPTIONS of ours; 408 and 503 when there was none."""
        if kind == "bye" and status == 481 and session.is_answer_under_way:
            session.is_answer_under_way = False
            self._table.deadlines.set((session.session, "bye-again"), now + self._table.timers.t2_s)
        elif kind == "bye":
            self._table.remove(session)
        elif kind == "probe" and session.phase is Phase.UP:
            self._table.outputs.append(SessionProbed(session.session, status))

    def _bye(self, session: Session, transaction: Transaction, now: float) -> None:
        table = self._table
        if session.reoffer is not None:
            table.respond(session.reoffer, 487, now, tag=session.local_tag)
        if session.referral is not None:
            table.respond(session.referral, 487, now)
        table.respond(transaction, 200, now)
        was_asked = session.phase is Phase.ENDING or session.end_headers is not None
        reason = reason_text(transaction.request)
        table.remove(session)
        if not was_asked:
            table.outputs.append(SessionEnded(session.session, by_peer=True, status=None, reason=reason))

    def _info(self, session: Session, transaction: Transaction, now: float) -> None:
        """A key, or nothing at all; there are no INFO packages here (RFC 6086)."""
        request = transaction.request
        if not is_keypress(request):
            headers = (("Accept", f"{RELAY}, {PLAIN}"),) if request.body else ()
            self._table.respond(transaction, 415 if request.body else 200, now, headers=headers)
            return
        self._table.respond(transaction, 200, now)
        key = key_of(request)
        if key is not None and session.phase is Phase.UP:
            self._table.outputs.append(SessionKeyed(session.session, key))

    def _reinvite(self, session: Session, transaction: Transaction, now: float) -> None:
        table = self._table
        transaction.owner = f"reinvite:{session.session}"
        if session.phase is not Phase.UP or session.unacknowledged is not None or session.reoffer is not None:
            headers = (("Retry-After", str(REINVITE_RETRY_AFTER_S)),)
            table.respond(transaction, 500, now, tag=session.local_tag, headers=headers)
            return
        if session.modifying is not None:
            table.respond(transaction, 491, now, tag=session.local_tag)
            return
        tag = session.local_tag
        if refuse_short(table, transaction, tag, now) or refuse_body(table, transaction, tag, now):
            return
        assert session.dialog is not None
        try:
            dialog = with_target(session.dialog, transaction.request)
        except MalformedMessage:
            table.respond(transaction, 400, now, tag=session.local_tag)
            return
        if dialog != session.dialog:
            table.establish(session, dialog)
        session.reoffer = transaction
        table.respond(transaction, 100, now)
        table.outputs.append(SessionReoffered(session.session, transaction.request.body))
