"""What a `SipEndpoint` puts in its outbox: bytes to send and facts to act on, in one order.

The owner drains the outbox after every single mutation and carries out each entry before it mutates again. Sessions and
requests are named by ids: a `SessionId` of an outgoing INVITE and a `RequestId` of an outgoing request are chosen by
the owner, those of incoming ones by the endpoint (prefix `in-`), so an owner's ids must not begin so. A
`SubscriptionId` is the endpoint's.

Causes are SIP's own here (status codes, `Reason` of RFC 3326); translating them into the words of a call centre is the
work of whoever owns the endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sip_stack.dialog import DialogState
from sip_stack.flow import Flow
from sip_stack.message import Request, Response
from sip_stack.referral import Replaces
from sip_stack.uri import SipUri

SessionId: TypeAlias = str
RequestId: TypeAlias = str
SubscriptionId: TypeAlias = str


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Bytes of one whole SIP message for the socket or connection that `flow` names."""

    flow: Flow
    data: bytes


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A request outside any dialog other than INVITE, ACK and CANCEL; answer it with `respond`.

    A SUBSCRIBE can be answered with `accept_subscription` instead.
    """

    request_id: RequestId
    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """The final answer to a request of ours outside a session; `response` is None when none came in time (timer F)."""

    request_id: RequestId
    response: Response | None


@dataclass(frozen=True, slots=True)
class SessionInvited:
    """A new INVITE; `100 Trying` has been sent. `progress`, `accept` or `refuse` it.

    Where `reliable.wants_early_offer` of its request says so, the first `progress` must have a body.
    """

    session: SessionId
    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class SessionProgressed:
    """A provisional answer above 100 to our INVITE; `body` is the SDP that it, or a reliable one before it, carried."""

    session: SessionId
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class SessionAnswered:
    """The first 2xx to our INVITE; its ACK has been sent. A second fork's 2xx is acknowledged and ended unseen.

    `body` is its SDP, or that of a reliable provisional answer of the same branch, which settled it.
    """

    session: SessionId
    body: bytes
    flow: Flow


@dataclass(frozen=True, slots=True)
class SessionRefused:
    """Our INVITE failed: `status` 300–699 with the peer's response, 408 when nobody answered (`response` None).

    `was_ringing` tells whether a 180 or 183 came before. After `end`, the 487 that follows is reported here too.
    """

    session: SessionId
    status: int
    response: Response | None
    was_ringing: bool


@dataclass(frozen=True, slots=True)
class SessionConfirmed:
    """The ACK for our 2xx arrived; `body` is the answer of a late offer (RFC 3264), or empty."""

    session: SessionId
    body: bytes


@dataclass(frozen=True, slots=True)
class SessionOfferAnswered:
    """The PRACK of a provisional answer that carried our offer: `body` is the answer (RFC 3262 §5)."""

    session: SessionId
    body: bytes


@dataclass(frozen=True, slots=True)
class SessionReoffered:
    """A re-INVITE inside the session. Answer with `accept_reoffer` or `refuse_reoffer`. Empty `body`: no offer."""

    session: SessionId
    body: bytes


@dataclass(frozen=True, slots=True)
class SessionReanswered:
    """Our `reoffer` was accepted; `body` is the answer."""

    session: SessionId
    body: bytes


@dataclass(frozen=True, slots=True)
class SessionReofferRefused:
    """Our `reoffer` was refused for good; the session goes on as it was (RFC 3261 §14.1)."""

    session: SessionId
    status: int


@dataclass(frozen=True, slots=True)
class SessionReferred:
    """The far end wants the other side of the talk given on to `uri`, in place of the dialog that `replaces` names.

    Answer with `accept_referral` or `refuse_referral`.
    """

    session: SessionId
    uri: SipUri
    replaces: Replaces | None


@dataclass(frozen=True, slots=True)
class SessionKeyed:
    """The far end pressed a key and says so in an INFO."""

    session: SessionId
    key: str


@dataclass(frozen=True, slots=True)
class SessionCancelled:
    """The caller gave up before our final answer, by CANCEL or a BYE in the early dialog; 487 has been sent and the
    session is over; or it never acknowledged a reliable answer of ours (504). `reason`: all values of RFC 3326.
    """

    session: SessionId
    reason: str | None


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """An answered session is over.

    `by_peer` with a BYE; otherwise `status` says what was wrong: 408 when our 2xx was never acknowledged or an
    in-dialog request went unanswered, 481 when the peer no longer knows the dialog. Not emitted for an end that we
    asked for.
    """

    session: SessionId
    by_peer: bool
    status: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class SessionProbed:
    """The answer to `probe`: the OPTIONS' final status, 408 when none came. 408 and 481 mean that the peer is gone."""

    session: SessionId
    status: int


@dataclass(frozen=True, slots=True)
class DialogEstablished:
    """A 2xx went out or came in: from now on a crash must end this dialog with BYE. Repeated when the state changes."""

    session: SessionId
    dialog: DialogState


@dataclass(frozen=True, slots=True)
class DialogForgotten:
    """The dialog is terminated in the sense of RFC 3261 §12.3; nothing has to be remembered of it."""

    session: SessionId


@dataclass(frozen=True, slots=True)
class SubscriptionEnded:
    """A subscription is over, whoever ended it; nothing more is sent in it."""

    subscription: SubscriptionId


@dataclass(frozen=True, slots=True)
class FaultReported:
    """A fault of our own while treating one message; the endpoint goes on. For the log."""

    text: str


SipOutput: TypeAlias = (
    SendMessage
    | RequestReceived
    | ResponseReceived
    | SessionInvited
    | SessionProgressed
    | SessionAnswered
    | SessionRefused
    | SessionConfirmed
    | SessionOfferAnswered
    | SessionReoffered
    | SessionReanswered
    | SessionReofferRefused
    | SessionReferred
    | SessionKeyed
    | SessionCancelled
    | SessionEnded
    | SessionProbed
    | DialogEstablished
    | DialogForgotten
    | SubscriptionEnded
    | FaultReported
)
