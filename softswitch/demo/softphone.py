"""A small telephone for demonstrations, load and tests: SIP over UDP, one G.711 stream, speech from a file.

It is built from the same sans-IO endpoint as the switch, with a socket, a clock and one RTP stream added, and behaves
as its owner tells it: it registers if it has a password, rings and picks up after a while, speaks a sound file in a
loop, presses keys (RFC 4733). It serves one call at a time; a second is answered with 486. It is no softphone for
people.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Final

from media import dtmf
from sip_stack import events as sip
from sip_stack.digest import Credentials, prove
from sip_stack.endpoint import SipEndpoint
from sip_stack.flow import Address, Flow
from sip_stack.headers import NameAddr
from sip_stack.message import Response
from sip_stack.offer_answer import Negotiated, answer_offer, make_offer, read_answer
from sip_stack.uri import SipUri
from softswitch.shell.system_tokens import SystemTokens

PACKET_S: Final = 0.02
PACKET_SAMPLES: Final = 160
SILENCE: Final = b"\xd5" * PACKET_SAMPLES
DATAGRAM_BYTES_MAX: Final = 65535
RTP_HEADER_BYTES: Final = 12
PCMA_PAYLOAD_TYPE: Final = 8
HEARD_BYTES_MAX: Final = 120 * 8000
"""Two minutes of A-law."""

_ROW: Final = 0
"""A `dtmf.Sender` serves many streams; the telephone has one."""

Story = Callable[[str], None]


@dataclass(slots=True)
class Behaviour:
    """What the phone does by itself. None: never. Times are seconds after the call rings, or is answered."""

    picks_up_after_s: float | None = 2.0
    hangs_up_after_s: float | None = None
    refuses_with: int | None = None
    speech: bytes = SILENCE
    presses: str = ""
    presses_after_s: float = 1.0


@dataclass(slots=True)
class Talk:
    """The one call of the phone."""

    session: str
    is_answered: bool = False
    negotiated: Negotiated | None = None
    offer: bytes = b""
    started_at: float = 0.0
    keys: dtmf.Sender = field(default_factory=dtmf.Sender)


class Softphone:
    """One telephone on its own UDP sockets. `tell` receives a line for each thing that a person would notice.

    `heard` is what came to its ear, as A-law.
    """

    def __init__(
        self,
        name: str,
        *,
        switch: Address,
        domain: str,
        password: str | None = None,
        behaviour: Behaviour | None = None,
        port: int = 0,
        tell: Story = lambda _line: None,
    ) -> None:
        self.name = name
        self.behaviour = behaviour or Behaviour()
        self.talk: Talk | None = None
        self.heard = bytearray()
        self.ended = asyncio.Event()
        self.registered = asyncio.Event()
        self._switch = switch
        self._domain = domain
        self._password = password
        self._tell = tell
        self._endpoint = SipEndpoint(tokens=SystemTokens())
        self._sip_socket = udp_socket(port)
        self._rtp_socket = udp_socket(0)
        self.address = Address(*self._sip_socket.getsockname()[:2])
        self._flow = Flow("udp", self.address, switch)
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sessions = 0
        self._register_cseq = 0

    def open(self) -> None:
        """Starts to listen on the running event loop."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._sip_socket, self._read_sip)
        loop.add_reader(self._rtp_socket, self._read_rtp)

    async def close(self) -> None:
        """Hangs up and lets go of its sockets."""
        self.hang_up()
        await asyncio.sleep(0.05)
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._sip_socket)
        loop.remove_reader(self._rtp_socket)
        if self._timer is not None:
            self._timer.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._sip_socket.close()
        self._rtp_socket.close()

    async def register(self) -> None:
        """Registers with digest; raises TimeoutError when the switch does not accept it within 5 s."""
        self._send_register(())
        await asyncio.wait_for(self.registered.wait(), 5)

    def call(self, number: str, *, caller: str | None = None) -> None:
        """Dials."""
        assert self.talk is None, "one call at a time"
        self._sessions += 1
        talk = Talk(session=f"{self.name}-{self._sessions}")
        talk.offer = make_offer(
            self.address.host, self._rtp_port, ("PCMA",), session_id=self._sessions, version=1, direction="sendrecv"
        )
        self.talk = talk
        self.ended.clear()
        target = SipUri(scheme="sip", user=number, host=self._switch.host, port=self._switch.port)
        self._endpoint.invite(
            talk.session,
            flow=self._flow,
            target=target,
            from_=NameAddr("", SipUri(scheme="sip", user=caller or self.name, host=self._domain)),
            to=NameAddr("", SipUri(scheme="sip", user=number, host=self._domain)),
            body=talk.offer,
            headers=(("Content-Type", "application/sdp"),),
            now=_now(),
        )
        self._pump()

    def hang_up(self) -> None:
        """Ends the call in whatever phase it is."""
        if self.talk is not None:
            self._endpoint.end(self.talk.session, _now())
            self._over("hangs up")
            self._pump()

    def press(self, keys: str) -> None:
        """Presses keys one after the other, each as telephone events in place of speech; nothing outside a call."""
        if self.talk is not None and self.talk.is_answered:
            self.talk.keys.queue(_ROW, keys)
            self._tell(f"{self.name} presses {keys}")

    @property
    def _rtp_port(self) -> int:
        return int(self._rtp_socket.getsockname()[1])

    # Signalling.

    def _read_sip(self) -> None:
        while True:
            try:
                data, source = self._sip_socket.recvfrom(DATAGRAM_BYTES_MAX)
            except (BlockingIOError, ConnectionError):
                break
            self._endpoint.receive_datagram(data, Flow("udp", self.address, Address(*source[:2])), _now())
        self._pump()

    def _pump(self) -> None:
        outputs = self._endpoint.drain()
        while outputs:
            for output in outputs:
                if isinstance(output, sip.SendMessage):
                    self._sip_socket.sendto(output.data, (output.flow.remote.host, output.flow.remote.port))
                else:
                    self._take(output)
            outputs = self._endpoint.drain()
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._endpoint.next_deadline()
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, deadline - _now()), self._on_timer)

    def _on_timer(self) -> None:
        self._endpoint.handle_timeout(_now())
        self._pump()

    def _take(self, event: sip.SipOutput) -> None:
        match event:
            case sip.SessionInvited():
                self._invited(event)
            case sip.SessionAnswered(session=session, body=body) if self._is_mine(session):
                assert self.talk is not None
                self._join(read_answer(self.talk.offer, body, ("PCMA",)))
            case sip.SessionRefused(session=session, status=status) if self._is_mine(session):
                self._over(f"is refused with {status}")
            case sip.SessionCancelled(session=session, reason=reason) if self._is_mine(session):
                self._over(f"stops ringing{f' ({reason})' if reason else ''}")
            case sip.SessionEnded(session=session) if self._is_mine(session):
                self._over("hears that the other end hung up")
            case sip.SessionReoffered(session=session):
                self._endpoint.refuse_reoffer(session, 488, _now())
            case sip.RequestReceived(request_id=request_id):
                self._endpoint.respond(request_id, 200, _now())
            case sip.ResponseReceived(response=response):
                self._registered(response)
            case _:
                pass

    def _is_mine(self, session: str) -> bool:
        return self.talk is not None and self.talk.session == session

    def _invited(self, event: sip.SessionInvited) -> None:
        if self.talk is not None:
            self._endpoint.refuse(event.session, 486, _now())
            return
        if self.behaviour.refuses_with is not None:
            self._endpoint.refuse(event.session, self.behaviour.refuses_with, _now())
            return
        self.talk = Talk(session=event.session, offer=event.request.body)
        self.ended.clear()
        self._endpoint.progress(event.session, 180, _now())
        shown = event.request.from_
        self._tell(f"{self.name} rings: {shown.display_name or ''} <{shown.uri.user}>")
        if self.behaviour.picks_up_after_s is not None:
            self._after(self.behaviour.picks_up_after_s, self.talk, self._pick_up)

    def _pick_up(self) -> None:
        talk = self.talk
        if talk is None or talk.is_answered:
            return
        negotiated = answer_offer(
            talk.offer,
            address=self.address.host,
            udp_port=self._rtp_port,
            codecs=("PCMA",),
            session_id=self._sessions + 1,
            version=1,
        )
        self._endpoint.accept(talk.session, negotiated.answer, _now())
        self._tell(f"{self.name} picks up")
        self._join(negotiated)
        self._pump()

    def _join(self, negotiated: Negotiated) -> None:
        talk = self.talk
        assert talk is not None
        talk.is_answered = True
        talk.negotiated = negotiated
        talk.started_at = _now()
        self._start(self._speak(talk))
        if self.behaviour.presses:
            self._after(self.behaviour.presses_after_s, talk, lambda: self.press(self.behaviour.presses))
        if self.behaviour.hangs_up_after_s is not None:
            self._after(self.behaviour.hangs_up_after_s, talk, self.hang_up)

    def _over(self, what: str) -> None:
        if self.talk is not None:
            self.talk = None
            self.ended.set()
            self._tell(f"{self.name} {what}")

    def _after(self, delay_s: float, talk: Talk, act: Callable[[], None]) -> None:
        async def wait() -> None:
            await asyncio.sleep(delay_s)
            if self.talk is talk:
                act()

        self._start(wait())

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Registration.

    def _send_register(self, headers: Sequence[tuple[str, str]]) -> None:
        self._register_cseq += 1
        here = SipUri(scheme="sip", user=self.name, host=self.address.host, port=self.address.port)
        me = NameAddr("", SipUri(scheme="sip", user=self.name, host=self._domain))
        self._endpoint.request(
            f"register-{self._register_cseq}",
            method="REGISTER",
            flow=self._flow,
            target=SipUri(scheme="sip", user=None, host=self._domain),
            from_=me,
            to=me,
            headers=(("Contact", f"<{here}>;expires=600"), *headers),
            now=_now(),
        )
        self._pump()

    def _registered(self, response: Response | None) -> None:
        if response is None:
            return
        if response.status == 200:
            self.registered.set()
        elif response.status == 401 and self._password is not None and self._register_cseq == 1:
            proof = prove(
                response.headers.get_all_raw("WWW-Authenticate"),
                Credentials(self.name, self._password, self._domain),
                method="REGISTER",
                uri=f"sip:{self._domain}",
                cnonce=secrets.token_hex(8),
            )
            if proof is not None:
                self._send_register((("Authorization", proof),))

    # Sound.

    async def _speak(self, talk: Talk) -> None:
        assert talk.negotiated is not None
        speech = self.behaviour.speech
        sequence, timestamp, ssrc = 0, 0, secrets.randbits(32)
        position = 0
        due_at = _now()
        while self.talk is talk:
            remote = talk.negotiated.remote
            if remote is not None:
                kind, at_ts, payloads = _key_packets(talk, timestamp)
                if not payloads:
                    payloads = [speech[position : position + PACKET_SAMPLES].ljust(PACKET_SAMPLES, SILENCE[:1])]
                    position = (position + PACKET_SAMPLES) % max(PACKET_SAMPLES, len(speech))
                for payload in payloads:
                    header = struct.pack("!BBHII", 0x80, kind, sequence & 0xFFFF, at_ts & 0xFFFFFFFF, ssrc)
                    self._rtp_socket.sendto(header + payload, (remote.host, remote.port))
                    sequence += 1
            timestamp += PACKET_SAMPLES
            due_at += PACKET_S
            await asyncio.sleep(max(0.0, due_at - _now()))

    def _read_rtp(self) -> None:
        """Keeps what is heard, as it comes: on loopback nothing is lost and nothing overtakes."""
        while True:
            try:
                packet = self._rtp_socket.recv(DATAGRAM_BYTES_MAX)
            except (BlockingIOError, ConnectionError):
                return
            if len(packet) > RTP_HEADER_BYTES and packet[1] & 0x7F == PCMA_PAYLOAD_TYPE:
                self.heard += packet[RTP_HEADER_BYTES:]
                del self.heard[:-HEARD_BYTES_MAX]


def _key_packets(talk: Talk, timestamp: int) -> tuple[int, int, list[bytes]]:
    """Payload type with marker, timestamp and payloads of the key that is pressed; without payloads, of speech."""
    assert talk.negotiated is not None
    event_type = talk.negotiated.telephone_event_pt
    pressing = talk.keys.payloads(_ROW, timestamp) if event_type is not None and talk.keys.rows() else None
    if event_type is None or pressing is None:
        return PCMA_PAYLOAD_TYPE, timestamp, []
    at_ts, is_first, payloads = pressing
    return event_type | (0x80 if is_first else 0), at_ts, payloads


def udp_socket(port: int) -> socket.socket:
    """A socket on loopback that does not block; port 0: any free one."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    opened.bind(("127.0.0.1", port))
    return opened


def _now() -> float:
    return time.monotonic()
