"""The lamps of the phones: who watches what, and what each is shown.

A phone subscribes (`sip_stack.subscription`) to two events. `message-summary` is the mailbox whose `lamps` name the
phone; one that several name sees the mailbox that its Request-URI means, or else all of them together. Nobody can ask
for another's, and a phone without a mailbox sees an empty one. `dialog` is the lamp that the Request-URI names: a
phone, an agent or a queue of the office, or any other lamp that the domain has shown. Every phone may watch every lamp.

What lamps mean is the domain's; here a state becomes a document, and each phone that watches gets it. Lamps are off and
mailboxes empty until the domain says otherwise, which it does anew after each start. Subscriptions do not outlive the
process: a phone's next refresh is answered with 481, and it subscribes again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, TypeVar

from sip_stack.endpoint import SipEndpoint
from sip_stack.event_packages import DialogInfo, DialogShown, MessageSummary
from sip_stack.events import RequestReceived, SubscriptionId
from sip_stack.subscription import event_of
from sip_stack.uri import SipUri
from softswitch.domain.actions import LampState, ShowLamp, ShowMessages
from softswitch.domain.office import Office

SUBSCRIPTIONS_MAX: Final = 200
"""Of one phone: the keys of the largest extension modules, and as many again that it forgot as it started anew."""
ALLOW_EVENTS: Final = "dialog, message-summary"

_Package: TypeAlias = Literal["dialog", "message-summary"]
_Subject: TypeAlias = tuple[_Package, str]
_Key = TypeVar("_Key", str, _Subject)

_SHOWN: Final[Mapping[LampState, DialogShown]] = MappingProxyType(
    {"off": "terminated", "ringing": "early", "on": "confirmed"}
)
_NO_MESSAGES: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class _Watch:
    """One subscription: the phone, what it asked for, and what its document is made of: a lamp or some mailboxes."""

    phone: str
    package: _Package
    asked: str
    names: tuple[str, ...]


class Lamps:
    """All of them. `domain` is the host of the addresses that phones are shown."""

    def __init__(self, office: Office, *, endpoint: SipEndpoint, domain: str) -> None:
        self._endpoint = endpoint
        self._domain = domain
        self._office = office
        self._lamps: dict[str, LampState] = {}
        self._messages: dict[str, tuple[int, int]] = {}
        self._watches: dict[SubscriptionId, _Watch] = {}
        self._of_subject: dict[_Subject, dict[SubscriptionId, None]] = {}
        self._of_phone: dict[str, dict[SubscriptionId, None]] = {}

    # What the domain says.

    def show(self, action: ShowLamp, now: float) -> None:
        """The lamp is in that state from now on."""
        self._lamps[action.lamp] = action.state
        self._tell(("dialog", action.lamp), now)

    def show_messages(self, action: ShowMessages, now: float) -> None:
        """The mailbox holds so many messages from now on."""
        self._messages[action.mailbox] = (action.new, action.old)
        self._tell(("message-summary", action.mailbox), now)

    # What phones want.

    def subscribe(self, event: RequestReceived, phone: str, dialled: str, now: float) -> None:
        """Answers a SUBSCRIBE outside any dialog from a phone that has proved its name; raises MalformedMessage."""
        name = event_of(event.request)
        if name is not None and name.package == "dialog":
            if not self._is_known(dialled):
                self._endpoint.respond(event.request_id, 404, now)
                return
            watch = _Watch(phone, "dialog", dialled, (dialled,))
        elif name is not None and name.package == "message-summary":
            watch = _Watch(phone, "message-summary", dialled, self._mailboxes(phone, dialled))
        else:
            self._endpoint.respond(event.request_id, 489, now, headers=(("Allow-Events", ALLOW_EVENTS),))
            return
        known = self._of_phone.get(phone, {})
        if len(known) >= SUBSCRIPTIONS_MAX:
            warning = f'399 softswitch "SUBSCRIPTIONS_MAX = {SUBSCRIPTIONS_MAX} of a phone"'
            self._endpoint.respond(event.request_id, 403, now, headers=(("Warning", warning),))
            return
        older = [each for each in known if self._watches[each] == watch]
        headers = (("Allow-Events", ALLOW_EVENTS),)
        made = self._endpoint.accept_subscription(event.request_id, self._document(watch), now, headers=headers)
        if made is not None:
            self._begin(made, watch)
            for each in older:
                self._endpoint.remind(each, now)

    def forget(self, subscription: SubscriptionId) -> None:
        """The subscription is over."""
        watch = self._watches.pop(subscription, None)
        if watch is not None:
            _take_out(self._of_phone, watch.phone, subscription)
            for name in watch.names:
                _take_out(self._of_subject, (watch.package, name), subscription)

    def reload(self, office: Office, now: float) -> None:
        """Takes over a new configuration: phones and lamps that are gone end their subscriptions, mailboxes move."""
        old, self._office = self._office, office
        for lamp in _names(old) - _names(office):
            self._lamps.pop(lamp, None)
        for mailbox in old.mailboxes:
            if mailbox not in office.mailboxes:
                self._messages.pop(mailbox, None)
        for subscription, watch in list(self._watches.items()):
            if watch.phone not in office.phones:
                self._endpoint.end_subscription(subscription, "rejected", now)
            elif watch.package == "message-summary":
                moved = replace(watch, names=self._mailboxes(watch.phone, watch.asked))
                self.forget(subscription)
                self._begin(subscription, moved)
                self._endpoint.show(subscription, self._document(moved), now)
            elif not self._is_known(watch.asked):
                self._endpoint.end_subscription(subscription, "noresource", now)

    # Inside.

    def _begin(self, subscription: SubscriptionId, watch: _Watch) -> None:
        self._watches[subscription] = watch
        self._of_phone.setdefault(watch.phone, {})[subscription] = None
        for name in watch.names:
            self._of_subject.setdefault((watch.package, name), {})[subscription] = None

    def _tell(self, subject: _Subject, now: float) -> None:
        for subscription in list(self._of_subject.get(subject, ())):
            self._endpoint.show(subscription, self._document(self._watches[subscription]), now)

    def _document(self, watch: _Watch) -> DialogInfo | MessageSummary:
        name = watch.names[0] if len(watch.names) == 1 else watch.phone
        address = str(SipUri("sip", name, self._domain))
        if watch.package == "dialog":
            return DialogInfo(address, name, _SHOWN[self._lamps.get(name, "off")])
        counts = [self._messages.get(mailbox, _NO_MESSAGES) for mailbox in watch.names]
        return MessageSummary(address, sum(new for new, _ in counts), sum(old for _, old in counts))

    def _mailboxes(self, phone: str, asked: str) -> tuple[str, ...]:
        """The mailboxes that a phone is shown: the one it asked for, or all, of those that are its own."""
        own = tuple(name for name, plan in self._office.mailboxes.items() if phone in plan.lamps)
        return (asked,) if asked in own else own

    def _is_known(self, lamp: str) -> bool:
        office = self._office
        return lamp in office.phones or lamp in office.agents or lamp in office.queues or lamp in self._lamps


def _names(office: Office) -> frozenset[str]:
    return frozenset([*office.phones, *office.agents, *office.queues])


def _take_out(index: dict[_Key, dict[SubscriptionId, None]], key: _Key, subscription: SubscriptionId) -> None:
    found = index[key]
    del found[subscription]
    if not found:
        del index[key]
