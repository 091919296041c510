"""A telephone that subscribes, in raw text, and the endpoint that it is told by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypedDict, Unpack

from sip_stack.events import RequestReceived, SubscriptionEnded
from sip_stack.flow import Flow, Transport
from sip_stack.message import Request, Response
from tests.sip_stack.pair import ALICE, BOB, Party, answer, request

CONTACT = "Contact: <sip:alice@192.0.2.1:5060>"


@dataclass(frozen=True)
class Words:
    """A document of one word and its version."""

    content_type: ClassVar[str] = "text/plain"
    word: str

    def body(self, version: int) -> bytes:
        return f"{self.word} {version}".encode()


class Parts(TypedDict, total=False):
    """What can be otherwise in a SUBSCRIBE; `more` are lines added to it."""

    cseq: int
    expires: int | None
    to_tag: str | None
    event: str | None
    contact: str
    more: Sequence[str]
    call_id: str
    from_tag: str
    flow: Flow
    via: str


class Desk:
    """Bob, who tells; and the raw text of a phone at Alice's, which asks."""

    def __init__(self, transport: Transport = "udp") -> None:
        self.bob = Party("b", BOB, ALICE, transport)
        self._numbers = 0

    @property
    def notifies(self) -> list[Request]:
        """Every NOTIFY that was sent, each once though it was repeated."""
        seen: dict[tuple[str, int], Request] = {}
        for each in self.bob.sent("NOTIFY"):
            assert isinstance(each.message, Request)
            seen.setdefault((each.message.call_id, each.message.cseq.number), each.message)
        return list(seen.values())

    @property
    def words(self) -> list[str]:
        """What the NOTIFYs said."""
        return [each.body.decode() for each in self.notifies]

    @property
    def states(self) -> list[str | None]:
        """Their Subscription-States."""
        return [each.headers.get("Subscription-State") for each in self.notifies]

    @property
    def ended(self) -> list[str]:
        """The subscriptions whose end was told, in order."""
        return [each.subscription for each in self.bob.told(SubscriptionEnded)]

    def subscribe(self, word: str = "quiet", **parts: Unpack[Parts]) -> str | None:
        """A new SUBSCRIBE, accepted at once."""
        self.ask(**parts)
        received = self.bob.told(RequestReceived)[-1]
        return self.bob.endpoint.accept_subscription(received.request_id, Words(word), self.bob.now)

    def ask(self, **parts: Unpack[Parts]) -> Response:
        """Alice's SUBSCRIBE; returns what was answered last, an empty 100 when nothing was yet."""
        self._numbers += 1
        event, expires = parts.get("event", "dialog"), parts.get("expires", 600)
        lines = [parts.get("contact", CONTACT), *parts.get("more", ())]
        lines += [] if event is None else [f"Event: {event}"]
        lines += [] if expires is None else [f"Expires: {expires}"]
        data = request(
            "SUBSCRIBE",
            branch=f"z9hG4bK-s{self._numbers}",
            cseq=parts.get("cseq", 1),
            to_tag=parts.get("to_tag"),
            from_tag=parts.get("from_tag", "phone"),
            call_id=parts.get("call_id", "watch"),
            lines=lines,
            via=parts.get("via"),
        )
        self.bob.hear(data, parts.get("flow"))
        return self.answered

    @property
    def answered(self) -> Response:
        """The last response to a SUBSCRIBE; an empty one when there was none yet."""
        found = [each.message for each in self.bob.sent() if isinstance(each.message, Response)]
        return found[-1] if found else Response(100)

    @property
    def tag(self) -> str:
        """Our tag in the dialog."""
        tag = self.answered.to.tag
        assert tag is not None
        return tag

    def refresh(self, **parts: Unpack[Parts]) -> Response:
        """Alice's SUBSCRIBE inside the dialog of the last one that was answered, her second unless told otherwise."""
        wanted: Parts = {**parts}
        wanted.setdefault("cseq", 2)
        wanted.setdefault("to_tag", self.tag)
        return self.ask(**wanted)

    def reply(self, status: int = 200, *, lines: Sequence[str] = ()) -> None:
        """The phone answers the last NOTIFY."""
        self.bob.hear(answer(self.notifies[-1], status, lines=lines))

    def show(self, subscription: str | None, word: str) -> None:
        """The state has changed."""
        assert subscription is not None
        self.bob.endpoint.show(subscription, Words(word), self.bob.now)

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        self.bob.run_until(self.bob.now + seconds)
