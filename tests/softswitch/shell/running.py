"""A real node with its driver, journal and rows in a temporary folder, with no process and no port around it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from media.protocol import Command, Ready
from sip_stack.flow import Address, Flow
from softswitch.domain.events import Event
from softswitch.node import JournalRecord, Node
from softswitch.settings import Settings, load
from softswitch.shell.driver import Driver, now
from softswitch.shell.replaying import replay
from softswitch.store.journal import JournalWriter, read_since
from softswitch.store.projections import Projections
from tests.counted_tokens import CountedTokens
from tests.softswitch.settings.offices import copy_office

LISTEN = Address("127.0.0.1", 5060)
CARRIER = Flow("udp", LISTEN, Address("127.0.0.1", 5080))
WAIT_S_MAX = 10.0


class Switch:
    """`sent`: what went out on UDP; `media`: commands to the media process. Made within a running event loop."""

    def __init__(self, settings: Settings, driver: Driver, journal: JournalWriter, projections: Projections) -> None:
        self.settings = settings
        self.driver = driver
        self.journal = journal
        self.projections = projections
        self.sent: list[bytes] = []
        self.media: list[Command] = []
        driver.senders["udp", LISTEN] = self._take
        driver.media[0] = self.media.append

    @property
    def data_dir(self) -> Path:
        return self.settings.node.data_dir

    def ready(self) -> None:
        """The media process has told its ports."""
        self.driver.media_fact(0, Ready(tuple(range(20000, 20020, 2))))

    def append(self, event: Event) -> None:
        """As if the node had told it."""
        self.driver.node.append(event)
        self.driver.wake()

    def records(self) -> list[JournalRecord]:
        """All that is in the journal's files."""
        payloads = read_since(self.data_dir / "journal", 1, [])
        return [msgspec.msgpack.decode(payload, type=JournalRecord) for _, payload in payloads]

    def names(self) -> list[str]:
        """The kinds of records in the journal's files."""
        return [type(record).__name__ for record in self.records()]

    async def crash(self) -> None:
        """As after kill -9: what was not flushed is gone, rows that wait are not written."""
        self.journal.close()
        await self.projections._engine.dispose()

    def _take(self, _flow: Flow, data: bytes) -> bool:
        self.sent.append(data)
        return True


async def start(settings: Settings, *, ids: str = "t") -> Switch:
    """The same steps as the signalling process, without its sockets."""
    data_dir = settings.node.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    journal = JournalWriter(data_dir / "journal", time.time())
    projections = Projections(data_dir / "softswitch.db")
    written = await projections.open()
    node = Node(
        settings,
        tokens=CountedTokens(),
        digest_key=bytes(32),
        ids=ids,
        wall_offset_s=time.time() - time.monotonic(),
        listening=[("udp", LISTEN)],
    )
    await replay(data_dir / "journal", settings.node.timezone, written, node, projections)
    driver = Driver(node, journal, projections)
    switch = Switch(settings, driver, journal, projections)
    driver.start()
    return switch


def office(folder: Path) -> Path:
    """The shipped office; nobody is ready, so that callers stay in the queue."""
    copied = copy_office(folder)
    text = (copied / "agents.toml").read_text(encoding="utf-8").replace("ready_at_start = true", "")
    (copied / "agents.toml").write_text(text, encoding="utf-8")
    return copied


def loaded(folder: Path) -> Settings:
    return load(office(folder), are_sounds_tried=False)


def invite(call: str, *, dialled: str = "+46850010000") -> bytes:
    """A carrier's INVITE with an offer of PCMA."""
    body = (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=audio 30000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    )
    return (
        f"INVITE sip:{dialled}@127.0.0.1:5060 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bK{call};rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:+46701111111@127.0.0.1:5080>;tag=c{call}\r\n"
        f"To: <sip:{dialled}@127.0.0.1:5060>\r\nCall-ID: {call}\r\nCSeq: 1 INVITE\r\n"
        "Contact: <sip:127.0.0.1:5080>\r\nContent-Type: application/sdp\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def statuses(sent: list[bytes]) -> list[str]:
    """The status codes of the responses that went out; requests by their method."""
    words = [data.split(b" ", 2) for data in sent]
    return [(word[1] if word[0] == b"SIP/2.0" else word[0]).decode() for word in words]


async def until(what: str, look: Callable[[], bool]) -> None:
    """Lets the loop run until it is so; a failure says what was waited for."""
    give_up_at = now() + WAIT_S_MAX
    while not look():
        assert now() < give_up_at, f"{what}: not within {WAIT_S_MAX} s"
        await asyncio.sleep(0.01)
