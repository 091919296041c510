"""The transaction layer (RFC 3261 §17): matches messages to transactions and runs their tables.

Below it are bytes and flows, above it requests and responses that are seen once each. Matching is by branch, sent-by
and method (§17.2.3); a branch without the magic cookie of RFC 3261 is refused by the endpoint. A message is
serialised once and the same bytes are repeated. What is due for the user is queued as `Arrived…` and `Failed` values.

A request that is too large for a datagram goes by a stream to the same place where the owner knows of one (§18.1.1),
under the same branch by UDP when that cannot be had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from sip_stack.digest import CHALLENGES
from sip_stack.errors import LocalError
from sip_stack.events import SendMessage
from sip_stack.flow import Address, Flow
from sip_stack.message import Headers, Request, Response
from sip_stack.routing import OurNames, response_flow
from sip_stack.timers import Deadlines, TimerSettings
from sip_stack.transaction import (
    Key,
    Transaction,
    client_transaction,
    received_input,
    sent_input,
    server_transaction,
)
from sip_stack.transaction_tables import Action, Input, State

MAGIC_COOKIE: Final = "z9hG4bK"
TRANSACTIONS_MAX: Final = 20_000
DATAGRAM_BYTES_MAX: Final = 1300
"""§18.1.1, where nothing is known of the path's MTU: 1500 bytes less room for what headers a proxy adds."""
STREAM_AGAIN_S: Final = 600.0
"""So long no stream is tried to a place that had none."""
_UNANSWERED: Final = (State.CALLING, State.TRYING)


@dataclass(frozen=True, slots=True)
class ArrivedRequest:
    """A new request, seen for the first time; `transaction` answers it."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class ArrivedAck:
    """An ACK for a 2xx: it belongs to no transaction that could absorb it (RFC 6026 §7.1)."""

    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class ArrivedResponse:
    """A response to a request of ours; further 2xx to an INVITE come here too."""

    transaction: Transaction
    response: Response


@dataclass(frozen=True, slots=True)
class Failed:
    """No final response in time (408), or the transport could not send (503)."""

    transaction: Transaction
    status: int


LayerOutput: TypeAlias = SendMessage | ArrivedRequest | ArrivedAck | ArrivedResponse | Failed


class TransactionLayer:
    """All transactions of an endpoint. `stream_beside`: the flow by a stream to where a flow over UDP leads, if any."""

    def __init__(self, timers: TimerSettings, names: OurNames) -> None:
        self.stream_beside: Callable[[Flow], Flow | None] = lambda _: None
        self._timers = timers
        self._names = names
        self._without_stream: dict[Address, float] = {}
        self._transactions: dict[Key, Transaction] = {}
        self._deadlines: Deadlines[tuple[Key, Input]] = Deadlines()
        self._outputs: list[LayerOutput] = []

    def __len__(self) -> int:
        return len(self._transactions)

    def drain(self) -> list[LayerOutput]:
        outputs, self._outputs = self._outputs, []
        return outputs

    def next_deadline(self) -> float | None:
        return self._deadlines.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (due := self._deadlines.pop_due(now)) is not None:
            key, input_ = due
            transaction = self._transactions.get(key)
            if transaction is not None:
                self._do(transaction, transaction.step(input_), None, now)

    def send_request(self, request: Request, branch: str, flow: Flow, owner: str, now: float) -> Transaction:
        """Sends a request without Via in a new client transaction."""
        transaction = client_transaction(branch, request, flow, owner)
        request.headers.prepend("Via", self._via(transaction))
        transaction.sent = request.serialise()
        if len(transaction.sent) > DATAGRAM_BYTES_MAX and not flow.is_reliable:
            self._take_to_stream(transaction, now)
        self._transactions[transaction.key] = transaction
        self._send_first(transaction, now)
        return transaction

    def _send_first(self, transaction: Transaction, now: float) -> None:
        self._outputs.append(SendMessage(transaction.flow, transaction.sent))
        if not transaction.flow.is_reliable:
            transaction.interval_s = self._timers.t1_s
            self._deadlines.set((transaction.key, Input.T_RETRANSMIT), now + self._timers.t1_s)
        self._deadlines.set((transaction.key, Input.T_TIMEOUT), now + self._timers.transaction_s)

    def _take_to_stream(self, transaction: Transaction, now: float) -> None:
        stream = self.stream_beside(transaction.flow)
        if stream is not None and self._without_stream.get(stream.remote, now) <= now:
            transaction.datagrams, transaction.flow = transaction.flow, stream
            self._write(transaction)

    def _back_to_datagrams(self, transaction: Transaction, flow: Flow, now: float) -> None:
        """The stream cannot be had; nobody has heard the request, or will take it for the same."""
        self._without_stream[flow.remote] = now + STREAM_AGAIN_S
        transaction.datagrams, transaction.flow = None, flow
        self._write(transaction)
        self._send_first(transaction, now)

    def _write(self, transaction: Transaction) -> None:
        """The request once more, as it goes by the transaction's flow."""
        transaction.request.headers.replace("Via", self._via(transaction))
        transaction.sent = transaction.request.serialise()

    def _via(self, transaction: Transaction) -> str:
        return f"{self._names.via(transaction.flow).with_params(branch=transaction.key[0])};rport"

    def receive_request(self, request: Request, flow: Flow, owner: str, now: float) -> None:
        """A request: absorbed by its transaction, or the first of a new one."""
        key = _server_key(request)
        transaction = self._transactions.get(key)
        if request.method == "ACK":
            if transaction is None or transaction.state is State.ACCEPTED:
                self._outputs.append(ArrivedAck(request, flow))
            else:
                self._do(transaction, transaction.step(Input.R_ACK), None, now)
        elif transaction is not None:
            if transaction.step(Input.R_REQUEST) is Action.RESEND and transaction.sent:
                self._outputs.append(SendMessage(transaction.flow, transaction.sent))
        else:
            transaction = server_transaction(key, request, flow, owner)
            self._transactions[key] = transaction
            self._outputs.append(ArrivedRequest(transaction))

    def receive_response(self, response: Response, flow: Flow, now: float) -> None:
        """A response; one that fits no transaction is dropped (RFC 6026 §7.2), and so is a challenge from elsewhere.

        Whoever has seen a request of ours go by could ask for our password's proof in its answerer's name.
        """
        transaction = self._transactions.get((response.top_via.branch or "", "", response.cseq.method))
        if transaction is None or not transaction.is_client:
            return
        if response.status not in CHALLENGES or flow.remote.host == transaction.flow.remote.host:
            self._do(transaction, transaction.step(received_input(response)), response, now)

    def respond(self, transaction: Transaction, response: Response, now: float) -> None:
        """Sends a response in a server transaction."""
        if transaction.is_client:
            raise LocalError("a response to our own request")
        action = transaction.step(sent_input(response.status))
        self._do(transaction, action, response, now)

    def find_server(self, request: Request) -> Transaction | None:
        """The server transaction that a request matches (§17.2.3); an ACK matches its INVITE's."""
        return self._transactions.get(_server_key(request))

    def invite_for_cancel(self, request: Request) -> Transaction | None:
        """The INVITE that a CANCEL means (§9.2)."""
        via = request.top_via
        return self._transactions.get((via.branch or "", via.sent_by, "INVITE"))

    def forget(self, transaction: Transaction) -> None:
        """Destroys a transaction whose answer nobody waits for any more."""
        self._cancel_timers(transaction)
        self._transactions.pop(transaction.key, None)

    def flow_lost(self, flow: Flow, now: float) -> None:
        """Every transaction that needs this flow has a transport error, unless it may go by UDP instead."""
        for transaction in [each for each in self._transactions.values() if each.flow == flow]:
            if transaction.datagrams is not None and transaction.state in _UNANSWERED:
                self._back_to_datagrams(transaction, transaction.datagrams, now)
                continue
            self._do(transaction, transaction.step(Input.TRANSPORT_ERROR), None, now)

    # What the actions of the tables do.

    def _do(self, transaction: Transaction, action: Action, response: Response | None, now: float) -> None:
        match action:
            case Action.RESEND:
                self._resend(transaction, now)
            case Action.PASS_UP | Action.PASS_UP_AND_LINGER | Action.PASS_UP_AND_ACK if response is not None:
                self._pass_up(transaction, action, response, now)
            case Action.ACK:
                self._outputs.append(SendMessage(transaction.flow, transaction.sent))
            case Action.SEND | Action.SEND_AND_LINGER | Action.SEND_AND_AWAIT_ACK if response is not None:
                self._send(transaction, action, response, now)
            case Action.STOP_AND_LINGER:
                self._cancel_timers(transaction)
                self._linger(transaction, 0.0 if transaction.flow.is_reliable else self._timers.t4_s, now)
            case Action.REPORT_TIMEOUT:
                self._outputs.append(Failed(transaction, 408))
            case Action.REPORT_FAILURE:
                self._outputs.append(Failed(transaction, 503))
            case _:
                pass
        if transaction.state is State.TERMINATED:
            self._cancel_timers(transaction)
            self._transactions.pop(transaction.key, None)

    def _resend(self, transaction: Transaction, now: float) -> None:
        """Timer A, E or G has fired: the same bytes once more, and the timer's next interval.

        What nobody wants any more is not sent in the last moment before timer B: a telephone that comes back just then
        would ring for a call that is gone, and its answer would be too late for a CANCEL.
        """
        if transaction.is_given_up and transaction.interval_s >= self._timers.transaction_s / 2:
            return
        self._outputs.append(SendMessage(transaction.flow, transaction.sent))
        if transaction.is_client and transaction.is_invite:
            transaction.interval_s *= 2
        elif transaction.is_client and transaction.state is State.PROCEEDING:
            transaction.interval_s = self._timers.t2_s
        else:
            transaction.interval_s = min(2 * transaction.interval_s, self._timers.t2_s)
        self._deadlines.set((transaction.key, Input.T_RETRANSMIT), now + transaction.interval_s)

    def _pass_up(self, transaction: Transaction, action: Action, response: Response, now: float) -> None:
        if transaction.state is State.PROCEEDING:
            self._cancel_timers(transaction)
        elif action is not Action.PASS_UP:
            self._cancel_timers(transaction)
            if action is Action.PASS_UP_AND_ACK:
                transaction.sent = ack_for_failure(transaction.request, response).serialise()
                self._outputs.append(SendMessage(transaction.flow, transaction.sent))
                linger_s = self._timers.timer_d_s
            elif transaction.is_invite:
                linger_s = self._timers.transaction_s
            else:
                linger_s = self._timers.t4_s
            is_short = transaction.flow.is_reliable and transaction.state is State.COMPLETED
            self._linger(transaction, 0.0 if is_short else linger_s, now)
        self._outputs.append(ArrivedResponse(transaction, response))

    def _send(self, transaction: Transaction, action: Action, response: Response, now: float) -> None:
        transaction.sent = response.serialise()
        flow = response_flow(transaction.request, transaction.flow)
        transaction.flow = flow
        self._outputs.append(SendMessage(flow, transaction.sent))
        if action is Action.SEND_AND_LINGER:
            is_short = flow.is_reliable and not transaction.is_invite
            self._linger(transaction, 0.0 if is_short else self._timers.transaction_s, now)
        elif action is Action.SEND_AND_AWAIT_ACK:
            if not flow.is_reliable:
                transaction.interval_s = self._timers.t1_s
                self._deadlines.set((transaction.key, Input.T_RETRANSMIT), now + self._timers.t1_s)
            self._deadlines.set((transaction.key, Input.T_TIMEOUT), now + self._timers.transaction_s)

    def _linger(self, transaction: Transaction, seconds: float, now: float) -> None:
        self._deadlines.set((transaction.key, Input.T_LINGER), now + seconds)

    def _cancel_timers(self, transaction: Transaction) -> None:
        for input_ in (Input.T_RETRANSMIT, Input.T_TIMEOUT, Input.T_LINGER):
            self._deadlines.cancel((transaction.key, input_))


def _server_key(request: Request) -> Key:
    via = request.top_via
    return (via.branch or "", via.sent_by, "INVITE" if request.method == "ACK" else request.method)


def ack_for_failure(invite: Request, response: Response) -> Request:
    """The ACK of a 300–699, part of the INVITE's own transaction (§17.1.1.3)."""
    items: Sequence[tuple[str, str]] = [
        ("Via", invite.headers.get("Via") or ""),
        ("Max-Forwards", "70"),
        *(("Route", value) for value in invite.headers.get_all_raw("Route")),
        ("From", invite.headers.get("From") or ""),
        ("To", response.headers.get("To") or ""),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{invite.cseq.number} ACK"),
    ]
    return Request("ACK", invite.uri_text, Headers(items))
