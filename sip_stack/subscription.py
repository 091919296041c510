"""Event subscriptions, the notifier's side (RFC 6665): who wants to be told of what, and telling him, once each.

A SUBSCRIBE that the owner accepts makes a dialog; what is shown in it goes out as NOTIFY. Which packages there are and
who may ask is the owner's; a document is a value with a body (`event_packages`). The rules that are held:

- A SUBSCRIBE makes a subscription, a dialog and an immediate NOTIFY with the full state; so does each refresh, and a
  SUBSCRIBE with `Expires: 0` outside a dialog, which fetches the state once (§4.2.1, §4.4.3).
- The 2xx says for how long, never longer than asked (§4.2.1.1); less than EXPIRES_S_MIN is refused with 423 and
  Min-Expires, and a subscription whose refresh was refused so goes on. Without `Expires` it is EXPIRES_S_MAX.
- A refresh moves the remote target (§4.4.1), and the flow too: a phone behind a NAT may have a new address.
- A SUBSCRIBE in a dialog that is not known, or that is ending, is 481 (§4.1.2.2); one for another event in a known
  dialog is 403, since a dialog carries one subscription (§4.5.2); a document that the peer cannot read is 406.
- NOTIFY repeats the package and the `id` of the SUBSCRIBE (§8.2.1) and always has a Subscription-State: `active` with
  the seconds left, or `terminated` with the reason (§4.2.2). When its time is over, and when the peer or the owner
  ends it, a subscription says so in a last NOTIFY with the state as it is then.
- NOTIFY has the dialog's tags, route set and remote target, a CSeq of its own and a Contact (§4.4.1).
- Never two NOTIFYs at a time in one subscription: what changes meanwhile waits, and only the newest is sent; so they
  arrive in order on UDP too. Changes are told once in NOTIFY_GAP_S at most (RFC 3842 §3.11, RFC 4235 §3.10).
- A NOTIFY that is answered with anything but 2xx, or not at all, ends the subscription (§4.2.2), unless the answer says
  Retry-After (never for 481 and 408): then the newest state is sent when that time is over.
- A lost flow ends the subscriptions that are reached by it, unheard.

Subscriptions are not written to a journal: after a restart a phone's next refresh gets 481, and it subscribes anew
(§4.1.2.2). Left out: `pending` (who may not subscribe is refused), forked SUBSCRIBEs, event parameters that filter,
several subscriptions in a dialog, subscribing ourselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import ClassVar, Final, Literal, Protocol, TypeAlias

from sip_stack.dialog import DialogState, dialog_of_request, request_in, with_target
from sip_stack.errors import MalformedMessage
from sip_stack.events import SubscriptionEnded, SubscriptionId
from sip_stack.flow import Flow
from sip_stack.grammar import is_token, parse_params, read_number
from sip_stack.invite_session import SessionTable
from sip_stack.message import Request, Response
from sip_stack.timers import Deadlines
from sip_stack.transaction import Transaction

EXPIRES_S_MIN: Final = 60
EXPIRES_S_MAX: Final = 3600
"""Also what a SUBSCRIBE without Expires gets: the default of both packages (RFC 3842 §3.4, RFC 4235 §3.4)."""
NOTIFY_GAP_S: Final = 1.0
RETRY_AFTER_S_MIN: Final = 1
RETRY_AFTER_S_MAX: Final = 300
"""A peer that wants to be left alone for longer is given up."""

EndReason: TypeAlias = Literal["deactivated", "rejected", "timeout", "noresource"]
"""`deactivated`: subscribe again at once; `rejected`, `noresource`: do not (RFC 6665 §4.1.3)."""

_NO_RETRY_STATUSES: Final = frozenset({408, 481})
_SECONDS: Final = re.compile(r"\s*([0-9]{1,10})")

_Due: TypeAlias = Literal["expiry", "gap", "again"]
_DUES: Final[tuple[_Due, ...]] = ("expiry", "gap", "again")


class Document(Protocol):
    """State to be told. Documents are compared: an equal one is not sent again."""

    content_type: ClassVar[str]

    def body(self, version: int) -> bytes:
        """The bytes; `version` counts the documents of a subscription from 0."""
        ...


@dataclass(frozen=True, slots=True)
class EventName:
    """An Event header: the package and the `id`, by which one of several subscriptions is meant."""

    package: str
    id: str | None = None

    def __str__(self) -> str:
        return self.package if self.id is None else f"{self.package};id={self.id}"


def event_of(request: Request) -> EventName | None:
    """The event that a SUBSCRIBE is about; None when it says none that can be read."""
    package, semicolon, rest = (request.headers.get("Event") or "").partition(";")
    package = package.strip()
    id_ = dict(parse_params(semicolon + rest)).get("id")
    if not is_token(package) or (id_ is not None and not is_token(id_)):
        return None
    return EventName(package, id_)


@dataclass(slots=True)
class _Subscription:
    """`told` is the document that was sent last. `is_due`: there must be a NOTIFY even when nothing has changed.

    `is_waiting`: a NOTIFY is unanswered, or put off by Retry-After. `ending` is set when the last NOTIFY is due,
    `is_end_told` when it was sent.
    """

    subscription: SubscriptionId
    event: EventName
    dialog: DialogState
    document: Document
    expires_at: float
    told: Document | None = None
    told_at: float = 0.0
    version: int = 0
    is_due: bool = True
    is_waiting: bool = False
    ending: EndReason | None = None
    is_end_told: bool = False


class Notifier:
    """All subscriptions of an endpoint."""

    def __init__(self, table: SessionTable) -> None:
        self._table = table
        self._by_id: dict[SubscriptionId, _Subscription] = {}
        self._by_dialog: dict[tuple[str, str], _Subscription] = {}
        self._deadlines: Deadlines[tuple[SubscriptionId, _Due]] = Deadlines()
        self._numbers = count(1)

    def __len__(self) -> int:
        return len(self._by_id)

    def knows(self, request: Request) -> bool:
        """Whether the request is inside the dialog of a subscription."""
        return self._of_request(request) is not None

    # The peer.

    def accept(
        self, transaction: Transaction, document: Document, headers: Sequence[tuple[str, str]], now: float
    ) -> SubscriptionId | None:
        """200 with `headers` and the first NOTIFY; None when the SUBSCRIBE was no good and has been refused."""
        table, request, flow = self._table, transaction.request, transaction.flow
        try:
            event, expires_s = event_of(request), _expires_s(request)
            dialog = dialog_of_request(request, table.tokens.token(), flow)
        except MalformedMessage as error:
            table.respond(transaction, error.status_hint, now)
            return None
        if event is None or not _accepts(request, document.content_type):
            table.respond(transaction, 489 if event is None else 406, now)
            return None
        if self._is_too_brief(expires_s):
            self._refuse_brief(transaction, now)
            return None
        made = _Subscription(f"subscription-{next(self._numbers)}", event, dialog, document, now + expires_s)
        self._by_id[made.subscription] = made
        self._by_dialog[dialog.call_id, dialog.local_tag] = made
        self._agree(made, transaction, expires_s, headers, now)
        return made.subscription

    def refresh(self, transaction: Transaction, now: float) -> None:
        """A SUBSCRIBE inside a dialog that `knows` it; raises MalformedMessage, and then nothing has changed."""
        table, request = self._table, transaction.request
        known = self._of_request(request)
        if known is None or known.ending is not None:
            table.respond(transaction, 481, now)
            return
        if request.cseq.number <= known.dialog.remote_cseq:
            table.respond(transaction, 500, now, headers=(("Retry-After", "1"),))
            return
        dialog = replace(with_target(known.dialog, request), flow=transaction.flow, remote_cseq=request.cseq.number)
        event, expires_s = event_of(request), _expires_s(request)
        if event != known.event:
            table.respond(transaction, 489 if event is None else 403, now)
        elif self._is_too_brief(expires_s):
            self._refuse_brief(transaction, now)
        else:
            known.dialog, known.expires_at, known.is_due = dialog, now + expires_s, True
            self._agree(known, transaction, expires_s, (), now)

    def take_response(self, subscription: SubscriptionId, response: Response | None, status: int, now: float) -> None:
        """An answer to a NOTIFY; `response` is None when there was none in time."""
        known = self._by_id.get(subscription)
        if known is None or status < 200:
            return
        if status < 300 and not known.is_end_told:
            known.is_waiting = False
            self._go_on(known, now)
            return
        retry_after_s = None if response is None or known.is_end_told else _retry_after_s(response)
        if status >= 300 and status not in _NO_RETRY_STATUSES and retry_after_s is not None:
            self._deadlines.set((subscription, "again"), now + retry_after_s)
            return
        self._remove(known)

    def flow_lost(self, flow: Flow) -> None:
        """Nobody can be told by it any more."""
        for known in [each for each in self._by_id.values() if each.dialog.flow == flow]:
            self._remove(known)

    # The owner. A subscription that has ended by itself is ignored, because its event is on the way.

    def show(self, subscription: SubscriptionId, document: Document, now: float) -> None:
        """The state as it is from now on."""
        known = self._by_id.get(subscription)
        if known is not None:
            known.document = document
            self._go_on(known, now)

    def remind(self, subscription: SubscriptionId, now: float) -> None:
        """A NOTIFY though nothing has changed: a peer that has forgotten the subscription answers 481, and it ends."""
        known = self._by_id.get(subscription)
        if known is not None and known.ending is None:
            known.is_due = True
            self._go_on(known, now)

    def end(self, subscription: SubscriptionId, reason: EndReason, now: float) -> None:
        """Tells the peer that there will be no more."""
        known = self._by_id.get(subscription)
        if known is not None:
            self._end(known, reason, now)

    # Time.

    def handle_timeout(self, now: float) -> None:
        while (due := self._deadlines.pop_due(now)) is not None:
            known = self._by_id[due[0]]
            if due[1] == "expiry":
                self._end(known, "timeout", now)
                continue
            if due[1] == "again":
                known.is_waiting, known.is_due = False, True
            self._go_on(known, now)

    def next_deadline(self) -> float | None:
        return self._deadlines.next_deadline()

    # Inside.

    def _of_request(self, request: Request) -> _Subscription | None:
        found = self._by_dialog.get((request.call_id, request.to.tag or ""))
        return found if found is not None and found.dialog.remote_tag == (request.from_.tag or "") else None

    def _agree(
        self,
        known: _Subscription,
        transaction: Transaction,
        expires_s: int,
        headers: Sequence[tuple[str, str]],
        now: float,
    ) -> None:
        request, flow = transaction.request, known.dialog.flow
        made = [("Record-Route", value) for value in request.headers.get_all_raw("Record-Route")]
        made += [("Contact", self._table.names.contact(flow)), ("Expires", str(expires_s)), *headers]
        self._table.respond(transaction, 200, now, tag=known.dialog.local_tag, headers=made)
        if expires_s == 0:
            self._end(known, "timeout", now)
            return
        self._deadlines.set((known.subscription, "expiry"), known.expires_at)
        self._go_on(known, now)

    def _is_too_brief(self, expires_s: int) -> bool:
        return 0 < expires_s < EXPIRES_S_MIN

    def _refuse_brief(self, transaction: Transaction, now: float) -> None:
        self._table.respond(transaction, 423, now, headers=(("Min-Expires", str(EXPIRES_S_MIN)),))

    def _end(self, known: _Subscription, reason: EndReason, now: float) -> None:
        if known.ending is None:
            known.ending, known.is_due = reason, True
            self._go_on(known, now)

    def _go_on(self, known: _Subscription, now: float) -> None:
        """Sends what there is to tell, as soon as it may be sent."""
        if known.is_waiting or known.is_end_told:
            return
        if known.is_due:
            self._notify(known, now)
        elif known.document != known.told:
            if now < known.told_at + NOTIFY_GAP_S:
                self._deadlines.set((known.subscription, "gap"), known.told_at + NOTIFY_GAP_S)
            else:
                self._notify(known, now)

    def _notify(self, known: _Subscription, now: float) -> None:
        table = self._table
        if known.ending is None:
            state = f"active;expires={max(0, round(known.expires_at - now))}"
        else:
            state, known.is_end_told = f"terminated;reason={known.ending}", True
        known.dialog = dialog = replace(known.dialog, local_cseq=known.dialog.local_cseq + 1)
        request = request_in(dialog, "NOTIFY", dialog.local_cseq, known.document.body(known.version))
        for name, value in (
            ("Contact", table.names.contact(dialog.flow)),
            ("User-Agent", table.user_agent),
            ("Event", str(known.event)),
            ("Subscription-State", state),
            ("Content-Type", known.document.content_type),
        ):
            request.headers.add(name, value)
        known.told, known.told_at, known.version = known.document, now, known.version + 1
        known.is_due, known.is_waiting = False, True
        self._deadlines.cancel((known.subscription, "gap"))
        owner = f"notify:{known.subscription}"
        table.layer.send_request(request, table.branch(), dialog.flow, owner, now)

    def _remove(self, known: _Subscription) -> None:
        for due in _DUES:
            self._deadlines.cancel((known.subscription, due))
        del self._by_id[known.subscription]
        del self._by_dialog[known.dialog.call_id, known.dialog.local_tag]
        self._table.outputs.append(SubscriptionEnded(known.subscription))


def _expires_s(request: Request) -> int:
    asked_s = request.expires
    return EXPIRES_S_MAX if asked_s is None else min(asked_s, EXPIRES_S_MAX)


def _accepts(request: Request, content_type: str) -> bool:
    """Whether a body of that type may be sent; without an Accept, that of the package may."""
    if not request.headers.get_all_raw("Accept"):
        return True
    wanted = {value.partition(";")[0].strip().lower() for value in request.headers.all("Accept")}
    return not wanted.isdisjoint({content_type, content_type.partition("/")[0] + "/*", "*/*"})


def _retry_after_s(response: Response) -> int | None:
    """When the peer may be asked again; None when it does not say or says too long."""
    found = _SECONDS.match(response.headers.get("Retry-After") or "")
    seconds = None if found is None else read_number(found.group(1), RETRY_AFTER_S_MAX)
    return None if seconds is None else max(seconds, RETRY_AFTER_S_MIN)
