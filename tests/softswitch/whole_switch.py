"""A whole `Node` by hand: text in, its one outbox out, and time that goes from deadline to deadline."""

from __future__ import annotations

from collections.abc import Iterable

from media.protocol import Fact, Ready
from sip_stack.flow import Address, Flow, Transport
from softswitch.node import JournalRecord, Node, NodeOutput
from softswitch.settings import Settings
from tests.counted_tokens import CountedTokens
from tests.sim.sip_text import SipText
from tests.softswitch.signalling.stage import (
    CARRIER,
    DESK,
    LISTENING,
    SWITCH,
    WALL_S,
    prove,
    register,
    settings_of_office,
    wire,
)
from tests.softswitch.turn import Turn

TIMEOUTS_AT_ONCE_MAX = 50


class WholeSwitch(Turn):
    """A started node. `turn`: what was drained after the last thing that happened; `journal`: every record so far.

    `journal` is read before the start like that of an earlier process; the clock begins at `now` all the same.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        journal: Iterable[JournalRecord] = (),
        ids: str = "n1",
        now: float = 100.0,
        is_media_up: bool = True,
    ) -> None:
        self.settings = settings or settings_of_office()
        self.now = now
        self.journal: list[JournalRecord] = []
        self.turn: list[NodeOutput] = []
        self.node = Node(
            self.settings,
            tokens=CountedTokens(),
            digest_key=b"a key",
            ids=ids,
            wall_offset_s=WALL_S - now,
            listening=LISTENING,
        )
        for record in journal:
            self.node.replay(record)
        self.node.start(self.now)
        self.drain()
        self.at_start = list(self.turn)
        if is_media_up:
            self.node.media_connected(0, self.now)
            self.learn(Ready(tuple(range(20000, 20200, 2))))

    # What happens.

    def hear(self, message: str | bytes, source: Address = CARRIER, *, transport: Transport = "udp") -> list[SipText]:
        """A message arrives; returns what is sent because of it."""
        data = wire(message) if isinstance(message, str) else message
        self.node.receive_datagram(data, Flow(transport, SWITCH, source), self.now)
        return self.drain()

    def learn(self, fact: Fact) -> list[SipText]:
        """The media process tells something."""
        self.node.receive_media(0, fact, self.now)
        return self.drain()

    def command(self, name: str, /, **arguments: object) -> object:
        """A person's command; its answer."""
        answer = self.node.command(name, arguments, self.now)
        self.drain()
        return answer

    def wait(self, seconds: float) -> list[SipText]:
        """Lets time pass; returns all that was sent meanwhile, and `turn` is all of it."""
        until, turn = self.now + seconds, []
        at_once = 0
        while (deadline := self.node.next_deadline()) is not None and deadline <= until:
            at_once = at_once + 1 if deadline <= self.now else 0
            assert at_once < TIMEOUTS_AT_ONCE_MAX, f"the same instant is asked for again and again: {deadline}"
            self.now = max(self.now, deadline)
            self.node.handle_timeout(self.now)
            self.drain()
            turn += self.turn
        self.now, self.turn = until, turn
        return self.sent

    def register(self, phone: str, source: Address = DESK) -> None:
        """A phone registers with its password."""
        contact = f"sip:{phone}@{source}"
        (challenge,) = self.hear(register(phone, contact, source, cseq=1), source)
        proof = prove(challenge, "REGISTER", phone)
        (answer,) = self.hear(register(phone, contact, source, cseq=2, proof=proof), source)
        assert answer.status == 200

    # What came of it.

    def drain(self) -> list[SipText]:
        """Takes the outbox; returns the messages in it."""
        self.turn = self.node.drain()
        self.journal += self.records
        return self.sent
