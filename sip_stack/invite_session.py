"""The INVITE session as plain data, and the table of all sessions that its usages share.

A session is one INVITE and the dialog that comes of it (RFC 3261 §13–15). What happens to it is cut by usage:
`session_connect` (we call), `session_accept` (we are called), `session_early` (what is asked before the answer),
`session_in_dialog` (their hold, probes, BYE both ways), `session_modify` (our re-INVITEs).
A session holds values only; its deadlines stand in the table under its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Literal, Protocol, TypeAlias, get_args

from sip_stack.dialog import DialogState, request_in
from sip_stack.digest import Credentials
from sip_stack.events import DialogEstablished, DialogForgotten, SendMessage, SessionId, SipOutput
from sip_stack.flow import Flow
from sip_stack.message import Request, Response, respond_to
from sip_stack.referral import SUPPORTED
from sip_stack.reliable import Provisionals
from sip_stack.routing import OurNames
from sip_stack.session_timer import SessionTimer
from sip_stack.timers import Deadlines, TimerSettings
from sip_stack.transaction import Transaction
from sip_stack.transaction_layer import MAGIC_COOKIE, TransactionLayer

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, REFER, REGISTER, SUBSCRIBE, UPDATE"

HeaderList: TypeAlias = Sequence[tuple[str, str]]
Due = Literal[
    "progress-again", "repeat-1xx", "no-prack", "repeat-2xx", "no-ack", "no-final", "reoffer", "refresh", "expire",
    "bye-again",
]  # fmt: skip
DUES: tuple[Due, ...] = get_args(Due)


class Tokens(Protocol):
    """Randomness from outside."""

    def token(self) -> str:
        """An unguessable text of token characters, new each time."""
        ...


class Phase(Enum):
    """How far a session has come."""

    CALLING = auto()
    CANCELLING = auto()
    INVITED = auto()
    AWAITING_ACK = auto()
    UP = auto()
    ENDING = auto()
    OVER = auto()


@dataclass(slots=True)
class Session:
    """One session. `end_headers` is set when `end` was asked for and has to wait for an answer or an ACK.

    `unacknowledged` is the INVITE or re-INVITE whose 2xx we repeat. `reoffer` is a re-INVITE of theirs that was not
    answered yet, `modifying` one of ours; `wanted_offer` is what it says, or will say when its time comes; `modified`
    the last one that was answered, with its ACK. `credentials` are for one challenge to our INVITE.
    `local_body` is the SDP that we sent last; `timer` says how the session is kept alive (`session_refresh`).
    `is_answer_under_way`: an earlier process answered, and for all that we know the 2xx has not arrived yet.
    `referral` is a REFER of theirs that was not answered yet, `referrals` counts those that were taken.
    `provisionals`: our reliable ones, if there are any; `wanted_accept` is the SDP of a 2xx that waits for their PRACK,
    with its headers. `early`: the dialog before our answer, as the caller's requests in it have left it.
    """

    session: SessionId
    is_uac: bool
    flow: Flow
    phase: Phase
    invite: Transaction | None = None
    local_tag: str = ""
    dialog: DialogState | None = None
    has_provisional: bool = False
    was_ringing: bool = False
    reoffer: Transaction | None = None
    modifying: Transaction | None = None
    wanted_offer: bytes = b""
    modified: Transaction | None = None
    modified_ack: bytes = b""
    credentials: Credentials | None = None
    unacknowledged: Transaction | None = None
    interval_s: float = 0.0
    end_headers: HeaderList | None = None
    merge_key: tuple[str, str, int] | None = None
    local_body: bytes = b""
    allows_update: bool = False
    timer: SessionTimer | None = None
    is_answer_under_way: bool = False
    referral: Transaction | None = None
    referrals: int = 0
    provisionals: Provisionals | None = None
    wanted_accept: tuple[bytes, HeaderList] | None = None
    early: DialogState | None = None

    def note_allowed(self, message: Request | Response) -> None:
        """What the far end takes inside the session."""
        self.allows_update = "UPDATE" in message.headers.all("Allow")


class SessionTable:
    """All sessions, found by id, by dialog and by the branch of their INVITE; and what every usage needs to act."""

    def __init__(
        self, *, layer: TransactionLayer, names: OurNames, tokens: Tokens, timers: TimerSettings, user_agent: str
    ) -> None:
        self.layer = layer
        self.names = names
        self.tokens = tokens
        self.timers = timers
        self.user_agent = user_agent
        self.deadlines: Deadlines[tuple[SessionId, Due]] = Deadlines()
        self.outputs: list[SipOutput] = []
        self._by_id: dict[SessionId, Session] = {}
        self._by_dialog: dict[tuple[str, str], Session] = {}
        self._early: dict[tuple[str, str], Session] = {}
        self.merge_keys: dict[tuple[str, str, int], SessionId] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, session: SessionId) -> Session | None:
        return self._by_id.get(session)

    def of_request(self, request: Request) -> Session | None:
        """The session whose dialog a request names (§12.2.2)."""
        return self._up(request.call_id, request.to.tag or "", request.from_.tag or "")

    def early_of_request(self, request: Request) -> Session | None:
        """The session whose early dialog a request names: its INVITE, theirs or ours, has no final answer yet."""
        found = self._early.get((request.call_id, request.to.tag or ""))
        if found is not None and found.phase in (Phase.CALLING, Phase.CANCELLING):
            return found
        return self._invited(request.call_id, request.to.tag or "", request.from_.tag or "")

    def of_dialog(self, call_id: str, local_tag: str, remote_tag: str) -> Session | None:
        """The session of a dialog that is up, or of one that a caller has with us before our answer."""
        return self._up(call_id, local_tag, remote_tag) or self._invited(call_id, local_tag, remote_tag)

    def add(self, session: Session) -> None:
        self._by_id[session.session] = session
        if session.invite is not None:
            self.note_invite(session, session.invite)

    def note_invite(self, session: Session, invite: Transaction) -> None:
        """From now on this INVITE is the session's."""
        session.invite = invite
        self._early[invite.request.call_id, session.local_tag] = session

    def establish(self, session: Session, dialog: DialogState) -> None:
        """The session has a dialog now, or a changed one."""
        session.dialog = dialog
        self._by_dialog[dialog.call_id, dialog.local_tag] = session
        self.outputs.append(DialogEstablished(session.session, dialog))

    def remove(self, session: Session) -> None:
        """Forgets the session and all that hangs on it; a fork shares call and local tag with the session it left."""
        session.phase = Phase.OVER
        self._by_id.pop(session.session, None)
        if session.merge_key is not None:
            self.merge_keys.pop(session.merge_key, None)
        if session.invite is not None:
            self._early.pop((session.invite.request.call_id, session.local_tag), None)
        for due in DUES:
            self.deadlines.cancel((session.session, due))
        dialog = session.dialog
        if dialog is not None and self._by_dialog.get((dialog.call_id, dialog.local_tag)) is session:
            del self._by_dialog[dialog.call_id, dialog.local_tag]
            self.outputs.append(DialogForgotten(session.session))

    def arm(self, session: Session, timer: SessionTimer | None, now: float) -> None:
        """The session was refreshed just now, under this timer; None: it has none."""
        session.timer = timer
        for due in ("refresh", "expire"):
            self.deadlines.cancel((session.session, due))
        if timer is not None:
            self.deadlines.set((session.session, "expire"), now + timer.end_s)
            if timer.is_ours:
                self.deadlines.set((session.session, "refresh"), now + timer.refresh_s)

    def _up(self, call_id: str, local_tag: str, remote_tag: str) -> Session | None:
        found = self._by_dialog.get((call_id, local_tag))
        if found is None or found.dialog is None or found.dialog.remote_tag != remote_tag:
            return None
        return found

    def _invited(self, call_id: str, local_tag: str, remote_tag: str) -> Session | None:
        found = self._early.get((call_id, local_tag))
        if found is None or found.invite is None or found.phase is not Phase.INVITED:
            return None
        return found if (found.invite.request.from_.tag or "") == remote_tag else None

    def branch(self) -> str:
        return MAGIC_COOKIE + self.tokens.token()

    def send_in_dialog(
        self, session: Session, method: str, owner: str, now: float, *, headers: HeaderList = (), body: bytes = b""
    ) -> Transaction:
        """A request inside the session's dialog, in a transaction of its own."""
        assert session.dialog is not None
        dialog = replace(session.dialog, local_cseq=session.dialog.local_cseq + 1)
        session.dialog = dialog
        request = request_in(dialog, method, dialog.local_cseq, body)
        for name, value in (("User-Agent", self.user_agent), *headers):
            request.headers.add(name, value)
        return self.layer.send_request(request, self.branch(), dialog.flow, owner, now)

    def send_bye(self, session: Session, headers: HeaderList, now: float) -> None:
        """Ends an answered session from our side; it is forgotten when the BYE is answered or given up."""
        session.phase = Phase.ENDING
        for due in DUES:
            self.deadlines.cancel((session.session, due))
        self.send_in_dialog(session, "BYE", f"bye:{session.session}", now, headers=headers)

    def send_ack(self, dialog: DialogState, cseq: int) -> bytes:
        """ACK for a 2xx (§13.2.2.4), outside any transaction; the bytes are kept for repeated 2xx."""
        ack = request_in(dialog, "ACK", cseq)
        via = self.names.via(dialog.flow).with_params(branch=self.branch())
        ack.headers.prepend("Via", f"{via};rport")
        data = ack.serialise()
        self.outputs.append(SendMessage(dialog.flow, data))
        return data

    def respond(
        self, transaction: Transaction, status: int, now: float, *,
        reason: str | None = None, tag: str | None = None, headers: HeaderList = (), body: bytes = b"",
    ) -> Response:  # fmt: skip
        """Answers in a server transaction; an answer that can make or refresh a dialog carries our Contact."""
        response = respond_to(transaction.request, status, reason, to_tag=tag or self.tokens.token(), body=body)
        if transaction.request.method == "INVITE" and 100 < status < 300:
            response.headers.add("Contact", self.names.contact(transaction.flow))
            response.headers.add("Allow", ALLOW)
            response.headers.add(*SUPPORTED)
        if status > 100:
            response.headers.add("Server", self.user_agent)
        for name, value in headers:
            response.headers.add(name, value)
        self.layer.respond(transaction, response, now)
        return response
