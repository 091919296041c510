"""A SIP endpoint: transactions, sessions and requests behind five verbs.

Bytes and lost flows come in, time comes in, commands come in; bytes to send and events come out of one ordered outbox
(see `events`). `receive_datagram` never raises for what a peer sent: a bad message becomes an answer, a fault of ours
becomes a 500 for its transaction and a `FaultReported`. Commands raise LocalError for what the owner did wrong; a
command for a session that ended by itself in the same turn is ignored, because its event is already on the way.

Whoever must prove himself first is told so by the owner's `door`, and nothing is kept of his request (RFC 3261 §8.2.7).

This object only routes: `transaction_layer` below it, `session_connect`, `session_accept`, `session_in_dialog`,
`session_modify`, `session_refer` and `subscription` beside it. Authentication is the owner's (`digest`), registration
too (`registrar`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Final, TypeAlias

from sip_stack import referral, registrar, reliable, session_timer
from sip_stack.bodies import session_body
from sip_stack.dialog import DialogState
from sip_stack.digest import Credentials
from sip_stack.errors import LocalError, MalformedMessage
from sip_stack.events import (
    FaultReported,
    RequestId,
    RequestReceived,
    ResponseReceived,
    SendMessage,
    SessionId,
    SipOutput,
    SubscriptionId,
)
from sip_stack.flow import Address, Flow
from sip_stack.headers import NameAddr
from sip_stack.invite_session import ALLOW, HeaderList, Phase, Session, SessionTable, Tokens
from sip_stack.message import Headers, Request, Response
from sip_stack.parser import parse_message
from sip_stack.referral import Replaces
from sip_stack.routing import OurNames, note_source
from sip_stack.session_accept import Accept
from sip_stack.session_connect import HOPS, Connect
from sip_stack.session_early import Early
from sip_stack.session_in_dialog import InDialog
from sip_stack.session_modify import Modify
from sip_stack.session_refer import Refer
from sip_stack.session_refresh import Refresh
from sip_stack.session_reliable import Reliable
from sip_stack.stateless import Stateless
from sip_stack.subscription import Document, EndReason, Notifier
from sip_stack.timers import TimerSettings
from sip_stack.transaction import Transaction
from sip_stack.transaction_layer import (
    MAGIC_COOKIE,
    TRANSACTIONS_MAX,
    ArrivedAck,
    ArrivedRequest,
    ArrivedResponse,
    LayerOutput,
    TransactionLayer,
)
from sip_stack.uri import SipUri

__all__ = ["Door", "SipEndpoint", "Tokens"]

Door: TypeAlias = Callable[[Request, Flow, float], HeaderList | None]
"""The headers of a 401 for a request whose sender must prove himself first, None for one that is let in."""

METHODS_OUTSIDE: Final = frozenset({"INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE"})
METHODS_INSIDE: Final = frozenset({"BYE", "INFO", "UPDATE", "REFER", "PRACK"})
"""Without a dialog of ours they get 481 (RFC 3261 §15.1.2, RFC 6086 §4.2.2)."""
OVERLOAD_RETRY_AFTER_S: Final = 5
RETRY: Final = (("Retry-After", str(OVERLOAD_RETRY_AFTER_S)),)
DIALOGS_MAX: Final = 20_000
"""Sessions and subscriptions at a time that others may begin; what we begin ourselves is the owner's to limit."""
DIALOG_MAKERS: Final = frozenset({"INVITE", "SUBSCRIBE"})
SUPPORTED: Final = frozenset(
    {session_timer.OPTION, referral.REPLACES, referral.NO_SUBSCRIPTION, reliable.OPTION, registrar.PATH}
)
"""Option tags that a peer may require of us."""


class SipEndpoint:
    """One SIP element. `advertised` maps a listening address to the one written in Via and Contact."""

    def __init__(
        self,
        *,
        tokens: Tokens,
        timers: TimerSettings | None = None,
        advertised: Mapping[Address, Address] | None = None,
        user_agent: str = "softswitch",
    ) -> None:
        timers = timers or TimerSettings()
        self._names = OurNames(advertised or {})
        self._layer = TransactionLayer(timers, self._names)
        self._table = SessionTable(
            layer=self._layer, names=self._names, tokens=tokens, timers=timers, user_agent=user_agent
        )
        self._reliable = Reliable(self._table)
        self._connect = Connect(self._table, self._reliable)
        self._accept = Accept(self._table, self._reliable)
        self._modify = Modify(self._table)
        self._refresh = Refresh(self._table, self._modify)
        self._refer = Refer(self._table)
        self._in_dialog = InDialog(
            self._table,
            accept=self._accept,
            early=Early(self._table, self._accept, self._reliable),
            refresh=self._refresh,
            refer=self._refer,
            reliable=self._reliable,
        )
        self._notifier = Notifier(self._table)
        self._door: Door = lambda *_: None
        self._requests: dict[RequestId, Transaction] = {}
        self._tokens = tokens
        self._stateless = Stateless(self._table)
        self._numbers = count(1)

    def use_streams(self, beside: Callable[[Flow], Flow | None]) -> None:
        """Requests too large for UDP go by what this finds for a flow: one to the same place by a stream, or None."""
        self._layer.stream_beside = beside

    def use_door(self, door: Door) -> None:
        """Asked about each new request outside dialogs before anything is kept of it."""
        self._door = door

    @property
    def session_count(self) -> int:
        return len(self._table)

    @property
    def subscription_count(self) -> int:
        return len(self._notifier)

    @property
    def transaction_count(self) -> int:
        return len(self._layer)

    # What comes in.

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
        """One datagram, or one whole message off a stream."""
        if not data.strip(b"\r\n\0 \t"):
            return
        try:
            message = parse_message(data)
        except MalformedMessage as error:
            self._stateless.refuse(error, flow)
            return
        try:
            self._receive(message, flow, now)
        except Exception as error:  # noqa: BLE001  # one message's fault must not end the loop; it is reported
            status = self._blame(error)
            if isinstance(message, Request) and message.method != "ACK":
                self._stateless.answer(message, flow, status)
        self._settle(now)

    def flow_lost(self, flow: Flow, now: float) -> None:
        """A stream connection is gone, or a send failed."""
        self._layer.flow_lost(flow, now)
        self._settle(now)
        self._notifier.flow_lost(flow)

    def handle_timeout(self, now: float) -> None:
        """Does all that is due."""
        self._layer.handle_timeout(now)
        self._settle(now)
        while (due := self._table.deadlines.pop_due(now)) is not None:
            session = self._table.get(due[0])
            if session is not None:
                self._session_due(session, due[1], now)
        self._notifier.handle_timeout(now)
        self._settle(now)

    def next_deadline(self) -> float | None:
        first = self._layer.next_deadline()
        for deadline in (self._table.deadlines.next_deadline(), self._notifier.next_deadline()):
            if deadline is not None and (first is None or deadline < first):
                first = deadline
        return first

    def drain(self) -> list[SipOutput]:
        """All that is due, in order."""
        outputs, self._table.outputs = self._table.outputs, []
        return outputs

    # Commands on sessions.

    def invite(
        self, session: SessionId, *, flow: Flow, target: SipUri, from_: NameAddr, to: NameAddr, body: bytes,
        headers: HeaderList = (), hops: int = HOPS, credentials: Credentials | None = None, now: float,
    ) -> str:  # fmt: skip
        """Calls, and returns the Call-ID. What follows is SessionProgressed, then SessionAnswered or SessionRefused."""
        call_id = self._connect.invite(
            session,
            flow=flow,
            target=target,
            from_=from_,
            to=to,
            body=body,
            headers=headers,
            hops=hops,
            credentials=credentials,
            now=now,
        )
        self._settle(now)
        return call_id

    def progress(
        self, session: SessionId, status: int, now: float, *, body: bytes = b"", headers: HeaderList = ()
    ) -> None:
        """A provisional answer to a SessionInvited; `body` is an SDP, sent with its Content-Type."""
        found = self._table.get(session)
        if found is not None:
            self._accept.progress(found, status, now, body=body, headers=headers)
            self._settle(now)

    def accept(self, session: SessionId, body: bytes, now: float, *, headers: HeaderList = ()) -> None:
        """200 OK to a SessionInvited; `body` as above, or empty where a PRACK has answered our offer."""
        found = self._table.get(session)
        if found is not None:
            self._accept.accept(found, body, now, headers=headers)
            self._settle(now)

    def refuse(
        self, session: SessionId, status: int, now: float, *, reason: str | None = None, headers: HeaderList = ()
    ) -> None:
        """A final refusal to a SessionInvited."""
        found = self._table.get(session)
        if found is not None:
            self._accept.refuse(found, status, now, reason=reason, headers=headers)
            self._settle(now)

    def is_heard(self, session: SessionId) -> bool:
        """Whether anything at all came back for an INVITE of ours."""
        found = self._table.get(session)
        return found is not None and (found.has_provisional or found.phase is not Phase.CALLING)

    def end(self, session: SessionId, now: float, *, headers: HeaderList = ()) -> None:
        """CANCEL, BYE or 487, as the state asks; once is enough, more does nothing."""
        found = self._table.get(session)
        if found is None:
            return
        if found.phase in (Phase.CALLING, Phase.CANCELLING):
            self._connect.cancel(found, headers, now)
        elif found.phase is Phase.INVITED:
            self._accept.refuse(found, 487, now, reason=None, headers=headers)
        else:
            self._in_dialog.end(found, headers, now)
        self._settle(now)

    def probe(self, session: SessionId, now: float) -> None:
        """OPTIONS in the dialog; SessionProbed follows."""
        found = self._table.get(session)
        if found is not None:
            self._in_dialog.probe(found, now)
            self._settle(now)

    def accept_reoffer(self, session: SessionId, body: bytes, now: float) -> None:
        """200 OK to a SessionReoffered."""
        found = self._table.get(session)
        if found is not None:
            self._in_dialog.accept_reoffer(found, body, now)
            self._settle(now)

    def refuse_reoffer(self, session: SessionId, status: int, now: float) -> None:
        """A refusal to a SessionReoffered; the session goes on as it was."""
        found = self._table.get(session)
        if found is not None:
            self._in_dialog.refuse_reoffer(found, status, now)
            self._settle(now)

    def reoffer(self, session: SessionId, body: bytes, now: float) -> None:
        """A new offer inside an answered session; SessionReanswered or SessionReofferRefused follows."""
        found = self._table.get(session)
        if found is not None:
            self._modify.reoffer(found, body, now)
            self._settle(now)

    def accept_referral(self, session: SessionId, now: float) -> None:
        """Takes what a SessionReferred asked for; the far end is told that it is done."""
        found = self._table.get(session)
        if found is not None:
            self._refer.accept(found, now)
            self._settle(now)

    def refuse_referral(self, session: SessionId, status: int, now: float) -> None:
        """Does not."""
        found = self._table.get(session)
        if found is not None:
            self._refer.refuse(found, status, now)
            self._settle(now)

    def session_of(self, replaces: Replaces) -> SessionId | None:
        """The session whose dialog, early or not, a Replaces names."""
        found = self._table.of_dialog(replaces.call_id, replaces.to_tag, replaces.from_tag)
        return None if found is None else found.session

    def restore(self, session: SessionId, dialog: DialogState, now: float) -> None:
        """Takes up a dialog of an earlier process."""
        self._in_dialog.restore(session, dialog)
        self._settle(now)

    # Requests outside sessions.

    def request(
        self, request_id: RequestId, *, method: str, flow: Flow, target: SipUri, from_: NameAddr, to: NameAddr,
        headers: Sequence[tuple[str, str]] = (), body: bytes = b"", call_id: str | None = None, cseq: int = 1,
        now: float,
    ) -> None:  # fmt: skip
        """Sends a request; ResponseReceived follows. `call_id` and `cseq` where several requests belong together."""
        made = Headers(
            [
                ("Max-Forwards", "70"),
                ("From", str(from_.with_tag(self._tokens.token()))),
                ("To", str(to)),
                ("Call-ID", call_id or self._tokens.token()),
                ("CSeq", f"{cseq} {method}"),
                *headers,
            ]
        )
        request = Request(method, target, made, body)
        self._layer.send_request(request, self._table.branch(), flow, f"request:{request_id}", now)
        self._settle(now)

    def respond(
        self, request_id: RequestId, status: int, now: float, *,
        reason: str | None = None, headers: HeaderList = (), body: bytes = b"",
    ) -> None:  # fmt: skip
        """Answers a RequestReceived."""
        self._table.respond(self._taken(request_id), status, now, reason=reason, headers=headers, body=body)
        self._settle(now)

    # Subscriptions.

    def accept_subscription(
        self, request_id: RequestId, document: Document, now: float, *, headers: HeaderList = ()
    ) -> SubscriptionId | None:
        """Answers a SUBSCRIBE that was received; the peer is shown `document`. None when it was no good (answered)."""
        subscription = self._notifier.accept(self._taken(request_id), document, headers, now)
        self._settle(now)
        return subscription

    def show(self, subscription: SubscriptionId, document: Document, now: float) -> None:
        """The peer is told of the newest document as soon as it may be; an equal one is not repeated."""
        self._notifier.show(subscription, document, now)
        self._settle(now)

    def remind(self, subscription: SubscriptionId, now: float) -> None:
        """Tells the peer once more what it knows; SubscriptionEnded follows when it has forgotten the subscription."""
        self._notifier.remind(subscription, now)
        self._settle(now)

    def end_subscription(self, subscription: SubscriptionId, reason: EndReason, now: float) -> None:
        """Ends it with a last NOTIFY; SubscriptionEnded follows when that is answered or given up."""
        self._notifier.end(subscription, reason, now)
        self._settle(now)

    # Inside.

    def _taken(self, request_id: RequestId) -> Transaction:
        transaction = self._requests.pop(request_id, None)
        if transaction is None:
            raise LocalError(f"there is no request {request_id} to answer")
        return transaction

    def _receive(self, message: Request | Response, flow: Flow, now: float) -> None:
        if isinstance(message, Response):
            self._layer.receive_response(message, flow, now)
            return
        branch = message.top_via.branch or ""
        if not branch.startswith(MAGIC_COOKIE) or branch == MAGIC_COOKIE:
            raise MalformedMessage("a branch of RFC 2543, or none")
        note_source(message, flow)
        is_full = len(self._layer) >= TRANSACTIONS_MAX or (
            message.method in DIALOG_MAKERS and self.session_count + self.subscription_count >= DIALOGS_MAX
        )
        if self._is_new_work(message):
            refusal = (503, RETRY) if is_full else self._refusal(message, flow, now)
            if refusal is not None:
                status, headers = refusal
                self._stateless.answer(message, flow, status, headers=headers)
                return
        self._layer.receive_request(message, flow, "", now)

    def _refusal(self, request: Request, flow: Flow, now: float) -> tuple[int, HeaderList] | None:
        """The answer to new work that nothing is kept for: of a stranger, or for a dialog that is not there.

        Were these transactions, a flood of them would fill their table, and there would be no room for the known.
        """
        if request.method == "CANCEL" or request.to.tag is not None:
            return 481, ()
        _ = request.uri
        challenge = self._door(request, flow, now)
        return None if challenge is None else (401, challenge)

    def _is_new_work(self, request: Request) -> bool:
        """Whether a request belongs to nothing that we have: no transaction, no dialog, no INVITE to cancel."""
        if request.method == "ACK" or self._layer.find_server(request) is not None:
            return False
        if request.method == "CANCEL":
            return self._layer.invite_for_cancel(request) is None
        if self._table.of_request(request) is not None or self._table.early_of_request(request) is not None:
            return False
        return not self._notifier.knows(request)

    def _settle(self, now: float) -> None:
        outputs = self._layer.drain()
        while outputs:
            for output in outputs:
                if isinstance(output, SendMessage):
                    self._table.outputs.append(output)
                else:
                    self._take_safely(output, now)
            outputs = self._layer.drain()

    def _take_safely(self, output: LayerOutput, now: float) -> None:
        """What is wrong in one message, theirs or ours, ends that message's transaction and nothing else."""
        try:
            self._take(output, now)
        except Exception as error:  # noqa: BLE001  # one message's fault must not end the loop; it is reported
            status = self._blame(error)
            if isinstance(output, ArrivedRequest):
                self._table.respond(output.transaction, status, now)

    def _blame(self, error: Exception) -> int:
        """The status that says who was at fault for a message; a fault of ours is reported."""
        if isinstance(error, MalformedMessage):
            return error.status_hint
        self._table.outputs.append(FaultReported(f"{type(error).__name__} while treating a message: {error}"))
        return 500

    def _take(self, output: LayerOutput, now: float) -> None:
        match output:
            case ArrivedRequest(transaction=transaction):
                self._take_request(transaction, now)
            case ArrivedAck(request=request):
                self._accept.take_ack(request, now)
            case ArrivedResponse(transaction=transaction, response=response):
                self._take_response(transaction, response, response.status, now)
            case _ if not isinstance(output, SendMessage):
                self._take_response(output.transaction, None, output.status, now)

    def _take_request(self, transaction: Transaction, now: float) -> None:
        request, table = transaction.request, self._table
        _ = request.uri
        if request.method == "CANCEL":
            self._accept.take_cancel(transaction, now)
        elif (request.max_forwards if request.max_forwards is not None else 70) == 0:
            table.respond(transaction, 483, now)
        elif unsupported := [("Unsupported", tag) for tag in request.require if tag not in SUPPORTED]:
            table.respond(transaction, 420, now, headers=unsupported)
        elif request.method == "SUBSCRIBE" and self._notifier.knows(request):
            self._notifier.refresh(transaction, now)
        elif request.to.tag is not None or request.method in METHODS_INSIDE:
            self._in_dialog.take_request(transaction, now)
        elif request.method not in METHODS_OUTSIDE:
            table.respond(transaction, 405, now, headers=(("Allow", ALLOW),))
        elif request.method == "INVITE":
            self._accept.take_invite(transaction, f"in-{next(self._numbers)}", transaction.flow, now)
        else:
            request_id = f"in-{next(self._numbers)}"
            self._requests[request_id] = transaction
            table.outputs.append(RequestReceived(request_id, request, transaction.flow))

    def _take_response(self, transaction: Transaction, response: Response | None, status: int, now: float) -> None:
        kind, _, name = transaction.owner.partition(":")
        if response is not None and response.body and transaction.is_invite:
            response.body = session_body(response) or b""
        if kind == "request":
            self._table.outputs.append(ResponseReceived(name, response))
            return
        if kind == "notify":
            self._notifier.take_response(name, response, status, now)
            return
        session = self._table.get(name)
        if session is None:
            if kind == "invite" and response is not None and 200 <= status < 300:
                self._connect.take_stray(name, transaction, response, now)
            return
        if kind == "modify":
            self._modify.take_response(session, transaction, response, status, now)
        elif kind == "refresh":
            self._refresh.take_response(session, response, status, now)
        elif kind != "invite":
            self._in_dialog.take_final(session, kind, status, now)
        elif response is None:
            self._connect.fail(session, status, None)
        else:
            self._connect.take_response(session, response, now)

    def _session_due(self, session: Session, due: str, now: float) -> None:
        if due == "progress-again":
            self._accept.progress_again(session, now)
        elif due == "repeat-1xx":
            self._reliable.repeat(session, now)
        elif due == "no-prack":
            self._reliable.give_up(session, now)
        elif due == "repeat-2xx":
            self._accept.repeat(session, now)
        elif due == "no-ack":
            self._accept.give_up(session, now)
        elif due == "no-final":
            self._connect.give_up(session)
        elif due == "reoffer":
            self._modify.try_again(session, now)
        elif due == "refresh":
            self._refresh.refresh(session, now)
        elif due == "bye-again":
            self._table.send_bye(session, (), now)
        elif due == "expire":
            self._refresh.expire(session, now)
