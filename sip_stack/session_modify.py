"""We change what was agreed: a re-INVITE of ours inside an answered session, and glare (RFC 3261 §14.1).

One exchange of offer and answer is under way at a time. An offer that finds another one on its way waits; two that
cross on the wire are both refused with 491, and each side tries again after a time that tells the two apart: whoever
chose the Call-ID after 2.1 to 4 s, the other after 0 to 2 s, in steps of 10 ms.

Only the newest of several offers is sent. What it leaves out: an offer of ours in an UPDATE, and an offer of the peer's
in its 200.
"""

from __future__ import annotations

import zlib

from sip_stack import session_timer
from sip_stack.dialog import with_target
from sip_stack.errors import LocalError, MalformedMessage
from sip_stack.events import SendMessage, SessionEnded, SessionReanswered, SessionReofferRefused
from sip_stack.invite_session import ALLOW, Phase, Session, SessionTable
from sip_stack.message import Response
from sip_stack.transaction import Transaction

GLARE_STEP_S = 0.01
OWNER_WAITS_STEPS = (210, 400)
"""First and last step of the wait of whoever chose the Call-ID."""
OTHER_WAITS_STEPS = (0, 200)
BUSY_WAITS_S = 0.5
"""So long an offer of ours waits for the exchange that is under way."""

DIALOG_GONE = (408, 481)


class Modify:
    """The offering side of re-INVITEs."""

    def __init__(self, table: SessionTable) -> None:
        self._table = table

    def reoffer(self, session: Session, body: bytes, now: float) -> None:
        """Sends the offer as soon as no other exchange is under way."""
        if session.phase not in (Phase.UP, Phase.AWAITING_ACK):
            raise LocalError(f"session {session.session} is not up: it cannot be modified")
        session.wanted_offer = body
        self.try_again(session, now)

    def try_again(self, session: Session, now: float) -> None:
        """It may be possible now."""
        table = self._table
        if not session.wanted_offer or session.phase not in (Phase.UP, Phase.AWAITING_ACK):
            return
        is_busy = session.modifying is not None or session.reoffer is not None or session.unacknowledged is not None
        if is_busy or session.phase is not Phase.UP:
            table.deadlines.set((session.session, "reoffer"), now + BUSY_WAITS_S)
            return
        assert session.dialog is not None
        headers = (
            ("Contact", table.names.contact(session.dialog.flow)),
            ("Allow", ALLOW),
            ("Content-Type", "application/sdp"),
            *session_timer.wish_in(session.timer),
        )
        session.local_body = session.wanted_offer
        session.modifying = table.send_in_dialog(
            session, "INVITE", f"modify:{session.session}", now, headers=headers, body=session.wanted_offer
        )

    def take_response(
        self, session: Session, transaction: Transaction, response: Response | None, status: int, now: float
    ) -> None:
        """An answer to the re-INVITE; `response` is None when there was none in time."""
        if 100 <= status < 200:
            return
        if status < 300:
            self._success(session, transaction, response, now)
        elif transaction is session.modifying:
            session.modifying = None
            if status == 491:
                self._table.deadlines.set((session.session, "reoffer"), now + self._glare_wait_s(session))
            elif status in DIALOG_GONE:
                self._table.remove(session)
                self._table.outputs.append(SessionEnded(session.session, by_peer=False, status=status, reason=None))
            else:
                session.wanted_offer = b""
                self._table.outputs.append(SessionReofferRefused(session.session, status))

    def _success(self, session: Session, transaction: Transaction, response: Response | None, now: float) -> None:
        table = self._table
        if session.dialog is None or response is None:
            return
        if transaction is not session.modifying:
            if transaction is session.modified:
                table.outputs.append(SendMessage(session.dialog.flow, session.modified_ack))
            return
        try:
            dialog = with_target(session.dialog, response)
        except MalformedMessage:
            dialog = session.dialog
        session.modifying, session.modified = None, transaction
        session.modified_ack = table.send_ack(dialog, transaction.request.cseq.number)
        session.note_allowed(response)
        table.arm(session, session_timer.agreed(response), now)
        if session.wanted_offer == transaction.request.body:
            session.wanted_offer = b""
        if dialog != session.dialog:
            table.establish(session, dialog)
        table.outputs.append(SessionReanswered(session.session, response.body))

    def _glare_wait_s(self, session: Session) -> float:
        first, last = OWNER_WAITS_STEPS if session.is_uac else OTHER_WAITS_STEPS
        drawn = zlib.crc32(self._table.tokens.token().encode())
        return (first + drawn % (last - first + 1)) * GLARE_STEP_S
