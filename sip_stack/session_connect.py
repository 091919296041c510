"""We call: INVITE, challenges to it, its provisional and final answers, CANCEL, forks (RFC 3261 §9, §13.2, §22.2)."""

from __future__ import annotations

from sip_stack import session_timer
from sip_stack.dialog import dialog_of_response
from sip_stack.digest import CHALLENGES, Credentials, prove
from sip_stack.errors import LocalError, MalformedMessage
from sip_stack.events import SendMessage, SessionAnswered, SessionId, SessionProgressed, SessionRefused
from sip_stack.flow import Flow
from sip_stack.headers import NameAddr
from sip_stack.invite_session import ALLOW, HeaderList, Phase, Session, SessionTable
from sip_stack.message import Headers, Request, Response
from sip_stack.referral import SUPPORTED
from sip_stack.session_reliable import Reliable
from sip_stack.transaction import Transaction
from sip_stack.uri import SipUri

RINGING = (180, 183)
HOPS = 70
UNUSABLE_ANSWER = 502
"""The status that is reported when a 2xx came of which no dialog can be made."""
FORKS_MAX = 16
"""So many branches of one INVITE are acknowledged; a peer that makes up more is not served."""


class Connect:
    """The calling side of sessions."""

    def __init__(self, table: SessionTable, reliable: Reliable) -> None:
        self._table = table
        self._reliable = reliable

    def invite(
        self, session_id: SessionId, *, flow: Flow, target: SipUri, from_: NameAddr, to: NameAddr, body: bytes,
        headers: HeaderList, hops: int, credentials: Credentials | None, now: float,
    ) -> str:  # fmt: skip
        """Sends the INVITE; returns its Call-ID. `hops`: its Max-Forwards; `credentials` answer a challenge to it."""
        table = self._table
        if table.get(session_id) is not None:
            raise LocalError(f"there is a session {session_id} already")
        tag, call_id = table.tokens.token(), table.tokens.token()
        made = Headers(
            [
                ("Max-Forwards", str(hops)),
                ("From", str(from_.with_tag(tag))),
                ("To", str(to)),
                ("Call-ID", call_id),
                ("CSeq", "1 INVITE"),
                ("Contact", table.names.contact(flow)),
                ("Allow", ALLOW),
                ("User-Agent", table.user_agent),
                *one_supported(SUPPORTED, *session_timer.wish(session_timer.INTERVAL_S), *headers),
            ]
        )
        session = Session(session_id, is_uac=True, flow=flow, phase=Phase.CALLING, local_tag=tag)
        session.credentials, session.local_body = credentials, body
        table.add(session)
        self._send_invite(session, Request("INVITE", target, made, body), now)
        return call_id

    def cancel(self, session: Session, headers: HeaderList, now: float) -> None:
        """Gives up; the CANCEL waits for the first provisional answer (§9.1)."""
        session.end_headers = headers
        if session.phase is Phase.CALLING:
            session.phase = Phase.CANCELLING
            if session.invite is not None:
                session.invite.is_given_up = True
            if session.has_provisional:
                self._send_cancel(session, now)

    def take_response(self, session: Session, response: Response, now: float) -> None:
        """A response to our INVITE."""
        if response.status < 200:
            self._provisional(session, response, now)
        elif response.status < 300:
            self._success(session, response, now)
        elif not self._prove(session, response, now) and not self._lengthen(session, response, now):
            self.fail(session, response.status, response)

    def fail(self, session: Session, status: int, response: Response | None) -> None:
        """The INVITE came to nothing."""
        if session.phase in (Phase.CALLING, Phase.CANCELLING):
            self._table.remove(session)
            self._table.outputs.append(SessionRefused(session.session, status, response, session.was_ringing))

    def give_up(self, session: Session) -> None:
        """64·T1 after the CANCEL without a final answer: the INVITE counts as cancelled and is destroyed (§9.1)."""
        if session.invite is not None:
            self._table.layer.forget(session.invite)
        self.fail(session, 408, None)

    def take_stray(self, session_id: SessionId, invite: Transaction, response: Response, now: float) -> None:
        """A 2xx that is not the session's first, perhaps after the session is gone.

        One that was acknowledged before gets the same ACK again. Another branch of a forking proxy that picked up too
        gets its ACK, and BYE at once (§13.2.2.4). Raises MalformedMessage.
        """
        table = self._table
        dialog = dialog_of_response(invite.request, response, invite.flow)
        tag = dialog.remote_tag
        if tag in invite.acks:
            table.outputs.append(SendMessage(invite.flow, invite.acks[tag]))
            return
        if len(invite.acks) >= FORKS_MAX:
            return
        invite.acks[tag] = table.send_ack(dialog, dialog.local_cseq)
        dialog = self._reliable.continued(invite, dialog)
        fork = Session(f"{session_id}/fork-{tag}", True, invite.flow, Phase.UP, local_tag=dialog.local_tag)
        fork.dialog = dialog
        table.add(fork)
        table.send_bye(fork, (), now)

    def _provisional(self, session: Session, response: Response, now: float) -> None:
        if session.phase not in (Phase.CALLING, Phase.CANCELLING):
            return
        assert session.invite is not None
        if not self._reliable.is_news(session, session.invite, response, now):
            return
        is_first = not session.has_provisional
        session.has_provisional = True
        session.was_ringing = session.was_ringing or response.status in RINGING
        if session.phase is Phase.CANCELLING:
            if is_first:
                self._send_cancel(session, now)
        elif response.status > 100:
            body = self._reliable.settled(session.invite, response)
            self._table.outputs.append(SessionProgressed(session.session, response.status, body))

    def _success(self, session: Session, response: Response, now: float) -> None:
        table = self._table
        assert session.invite is not None
        try:
            dialog = dialog_of_response(session.invite.request, response, session.flow)
        except MalformedMessage:
            self.fail(session, UNUSABLE_ANSWER, None)
            return
        if session.invite.acks:
            self.take_stray(session.session, session.invite, response, now)
            return
        was_cancelled = session.phase is not Phase.CALLING
        dialog = self._reliable.continued(session.invite, dialog)
        table.establish(session, dialog)
        session.invite.acks[dialog.remote_tag] = table.send_ack(dialog, session.invite.request.cseq.number)
        table.deadlines.cancel((session.session, "no-final"))
        if was_cancelled:
            table.send_bye(session, session.end_headers or (), now)
        else:
            session.phase = Phase.UP
            session.note_allowed(response)
            table.arm(session, session_timer.agreed(response), now)
            body = self._reliable.settled(session.invite, response)
            table.outputs.append(SessionAnswered(session.session, body, session.flow))

    def _send_invite(self, session: Session, request: Request, now: float) -> None:
        table = self._table
        owner = f"invite:{session.session}"
        table.note_invite(session, table.layer.send_request(request, table.branch(), session.flow, owner, now))

    def _prove(self, session: Session, response: Response, now: float) -> bool:
        """Sends the INVITE again with the proof that a 401 or 407 asks for (§22.2), once; whether that was done."""
        credentials, session.credentials = session.credentials, None
        names = CHALLENGES.get(response.status)
        if credentials is None or names is None or session.phase is not Phase.CALLING:
            return False
        asked, answered = names
        assert session.invite is not None
        invite = session.invite.request
        proof = prove(
            response.headers.get_all_raw(asked),
            credentials,
            method="INVITE",
            uri=invite.uri_text,
            cnonce=self._table.tokens.token(),
        )
        if proof is None:
            return False
        self._invite_again(session, (answered, proof), now=now)
        return True

    def _lengthen(self, session: Session, response: Response, now: float) -> bool:
        """Asks for the longer interval that a 422 wants (RFC 4028 §7.3), as long as it gets longer; whether it did."""
        longer_s = session_timer.longer_s(response) if response.status == 422 else None
        assert session.invite is not None
        asked = session.invite.request.headers.get("Min-SE")
        if longer_s is None or session.phase is not Phase.CALLING or str(longer_s) == asked:
            return False
        interval_s = max(session_timer.INTERVAL_S, longer_s)
        wish = session_timer.wish(interval_s, least_s=longer_s)
        self._invite_again(session, *(each for each in wish if each[0] != "Supported"), now=now)
        return True

    def _invite_again(self, session: Session, *changed: tuple[str, str], now: float) -> None:
        """The same INVITE with the next CSeq and these headers instead of, or beside, those it had."""
        assert session.invite is not None
        invite = session.invite.request
        again = Headers((name, value) for name, value in invite.headers if name != "Via")
        again.replace("CSeq", f"{invite.cseq.number + 1} INVITE")
        for name, value in changed:
            again.replace(name, value)
        session.has_provisional = False
        self._send_invite(session, Request("INVITE", invite.uri_text, again, invite.body), now)

    def _send_cancel(self, session: Session, now: float) -> None:
        table = self._table
        assert session.invite is not None
        invite = session.invite.request
        items = [
            ("Max-Forwards", "70"),
            ("From", invite.headers.get("From") or ""),
            ("To", invite.headers.get("To") or ""),
            ("Call-ID", invite.call_id),
            ("CSeq", f"{invite.cseq.number} CANCEL"),
            *(("Route", value) for value in invite.headers.get_all_raw("Route")),
            *(session.end_headers or ()),
        ]
        cancel = Request("CANCEL", invite.uri_text, Headers(items))
        table.layer.send_request(cancel, session.invite.key[0], session.invite.flow, "cancel:", now)
        table.deadlines.set((session.session, "no-final"), now + table.timers.transaction_s)


def one_supported(*headers: tuple[str, str]) -> HeaderList:
    """The headers with all that is supported on one line: some read no further than the first of a name."""
    supported = ", ".join(value for name, value in headers if name == "Supported")
    return [("Supported", supported), *(each for each in headers if each[0] != "Supported")]
