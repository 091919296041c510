"""Signalling on a stage of its own: raw SIP text and media facts in; messages, records and the domain's inputs out.

The endpoint and `Signalling` are the real ones, wired as the node wires them; the test itself plays the domain: it
gives the actions and reads what the domain would have been told. What comes from telephones is text, and what goes to
them is read by a reader that is not the switch's own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from media.protocol import Fact, Ready
from sip_stack.endpoint import SipEndpoint
from sip_stack.events import SendMessage
from sip_stack.flow import Address, Flow, Transport
from softswitch.domain.actions import Action
from softswitch.domain.inputs import Input
from softswitch.settings import Settings
from softswitch.signalling.outbox import SignallingOutput, TellSwitch
from softswitch.signalling.records import BindingRecorded, DialogRecorded
from softswitch.signalling.signalling import Signalling
from tests.counted_tokens import CountedTokens
from tests.sim import offices
from tests.sim.sip_text import SipText, authorization
from tests.softswitch.turn import Turn

SWITCH = Address(*offices.SWITCH)
CARRIER = Address(*offices.CARRIER)
DESK = Address("10.0.2.1", 5060)
STRANGER = Address("10.9.9.9", 5060)
LISTENING: tuple[tuple[str, Address], ...] = (("udp", SWITCH), ("tcp", SWITCH))
WALL_S = 1_790_000_000.0
"""Wall time at the start of every stage, whatever its own clock shows then."""

OFFER = """\
v=0
o=caller 1 1 IN IP4 10.0.3.1
s=-
c=IN IP4 10.0.3.1
t=0 0
m=audio 40000 RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
"""
"""A caller that prefers PCMU, at 10.0.3.1:40000."""

_Thing = TypeVar("_Thing")


class Stage(Turn):
    """`turn`: all that came of the last thing that happened, in order; `ever`: all of it, from the start."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        listening: tuple[tuple[str, Address], ...] = LISTENING,
        udp_ports: tuple[int, ...] = tuple(range(20000, 20040, 2)),
        now: float = 100.0,
    ) -> None:
        self.settings = settings or settings_of_office()
        self.now = now
        self.turn: list[SignallingOutput | SendMessage] = []
        self.ever: list[SignallingOutput | SendMessage] = []
        advertised_host = self.settings.sip.advertised_address
        advertised = {}
        if advertised_host is not None:
            advertised = {address: Address(advertised_host, address.port) for _, address in listening}
        tokens = CountedTokens()
        self.endpoint = SipEndpoint(tokens=tokens, advertised=advertised)
        self.signalling = Signalling(
            self.settings,
            endpoint=self.endpoint,
            tokens=tokens,
            digest_key=b"a key",
            wall_offset_s=WALL_S - now,
            listening=listening,
            advertised=advertised,
        )
        if udp_ports:
            self.learn(Ready(udp_ports))

    # What happens.

    def hear(self, message: str, source: Address = CARRIER, *, transport: Transport = "udp") -> list[SipText]:
        """A message arrives; returns what is sent because of it."""
        self.turn = []
        self.endpoint.receive_datagram(wire(message), Flow(transport, SWITCH, source), self.now)
        self._settle()
        return self.sent

    def act(self, action: Action) -> list[SipText]:
        """The domain asks for something; returns what is sent because of it."""
        self.turn = []
        self.signalling.carry_out(action, self.now)
        self._settle()
        return self.sent

    def learn(self, fact: Fact) -> None:
        """The media process tells something."""
        self.turn = []
        self.signalling.take_fact(fact, self.now)
        self._settle()

    def restore(self, record: BindingRecorded) -> None:
        """A contact of an earlier process is read from the journal."""
        self.turn = []
        self.signalling.phones.restore(record, self.now)
        self._settle()

    def end_dialogs(self, dialogs: list[DialogRecorded]) -> None:
        """What an earlier process left behind is ended."""
        self.turn = []
        self.signalling.end_dialogs(dialogs, "n2", self.now)
        self._settle()

    def start(self) -> list[SipText]:
        """The switch begins to ask its carriers; returns what is sent at once."""
        self.turn = []
        self.signalling.standing.start(self.settings.trunks, self.now)
        self._settle()
        return self.sent

    def stop(self) -> list[SipText]:
        """The switch ends; returns what is sent because of it."""
        self.turn = []
        self.signalling.standing.stop(self.now)
        self._settle()
        return self.sent

    def reload(self, settings: Settings) -> None:
        """A new configuration is put in force."""
        self.turn = []
        self.signalling.reload(settings, self.now)
        self._settle()

    def lose_flow(self, source: Address, transport: Transport) -> None:
        """The connection from there is gone."""
        self.turn = []
        self.endpoint.flow_lost(Flow(transport, SWITCH, source), self.now)
        self._settle()

    def lose_media(self) -> None:
        """The media process dies."""
        self.turn = []
        self.signalling.lose_media(self.now)
        self._settle()

    def wait(self, seconds: float) -> None:
        """Lets time pass, deadline by deadline."""
        self.turn = []
        until = self.now + seconds
        while (deadline := self._next_deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.endpoint.handle_timeout(self.now)
            self._settle()
            self.signalling.expire(self.now)
            self._settle()
        self.now = until

    def register(
        self,
        phone: str,
        source: Address = DESK,
        *,
        contact: str | None = None,
        expires_s: int = 600,
        params: str = "",
        path: str = "",
    ) -> None:
        """A phone registers with its password, on UDP; `params` of its contact, `path` of proxies."""
        contact = contact or f"sip:{phone}@{source}"
        line = f"\nPath: {path}" if path else ""
        first = self.hear(register(phone, contact, source, expires_s=expires_s, cseq=1), source)
        proof = prove(first[0], "REGISTER", phone) + line
        text = register(phone, contact, source, expires_s=expires_s, cseq=2, proof=proof)
        answers = self.hear(text.replace(f"<{contact}>", f"<{contact}>{params}"), source)
        assert [answer.status for answer in answers] == [200]

    # What came of it.

    @property
    def went_to(self) -> list[Flow]:
        """By which flows the messages of the last turn went."""
        return [output.flow for output in self.turn if isinstance(output, SendMessage)]

    @property
    def told(self) -> list[Input]:
        """What the domain was told in the last turn."""
        return [output.input for output in self.turn if isinstance(output, TellSwitch)]

    def commanded(self, kind: type[_Thing]) -> list[_Thing]:
        """The media commands of one kind in the last turn."""
        return [command for command in self.media if isinstance(command, kind)]

    def _next_deadline(self) -> float | None:
        deadlines = (self.endpoint.next_deadline(), self.signalling.next_deadline())
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def _settle(self) -> None:
        is_quiet = False
        while not is_quiet:
            is_quiet = True
            for output in self.signalling.drain():
                is_quiet = False
                self._note(output)
            for sip_output in self.endpoint.drain():
                is_quiet = False
                if isinstance(sip_output, SendMessage):
                    self._note(sip_output)
                else:
                    self.signalling.take_sip(sip_output, self.now)

    def _note(self, output: SignallingOutput | SendMessage) -> None:
        self.turn.append(output)
        self.ever.append(output)


def settings_of_office() -> Settings:
    """The contract's office at 10.0.0.1, whose carrier is 10.0.1.1:5080."""
    return offices.settings_of(offices.office())


def with_trunk(settings: Settings, **changes: object) -> Settings:
    """The same settings with other values in the one trunk."""
    carrier = replace(settings.trunks["carrier"], **changes)  # type: ignore[arg-type]  # names are checked by replace
    return replace(settings, trunks={"carrier": carrier})


def wire(message: str) -> bytes:
    """A message as it is on the wire: CRLF, and the Content-Length of what stands after the empty line."""
    head, _, body = message.partition("\n\n")
    data = body.replace("\n", "\r\n").encode()
    lines = [line for line in head.split("\n") if line]
    return "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""]).encode() + data


def with_body(head: str, body: str) -> str:
    """The text of a message; lines of `head` that came out empty are left out."""
    return "\n".join(line for line in head.split("\n") if line) + "\n\n" + body


# What telephones write.


def register(phone: str, contact: str, source: Address, *, cseq: int, expires_s: int = 600, proof: str = "") -> str:
    """A phone's REGISTER; `proof` is its Authorization."""
    head = f"""\
REGISTER sip:office.example SIP/2.0
Via: SIP/2.0/UDP {source};branch=z9hG4bK-{phone}-register-{source.host}-{cseq};rport
Max-Forwards: 70
From: <sip:{phone}@office.example>;tag=of-{phone}
To: <sip:{phone}@office.example>
Call-ID: registration-of-{phone}-at-{contact}
CSeq: {cseq} REGISTER
Contact: <{contact}>
Expires: {expires_s}
User-Agent: Desk/1.0
{proof}
"""
    return with_body(head, "")


def prove(
    challenged: SipText, method: str, phone: str, password: str | None = None, *, uri: str = "sip:office.example"
) -> str:
    """The Authorization line that answers a 401."""
    value = authorization(
        challenged.need("WWW-Authenticate"),
        user=phone,
        password=offices.password_of(phone) if password is None else password,
        method=method,
        uri=uri,
        count=1,
        cnonce="0a4f113b",
    )
    return f"Authorization: {value}"


def invite(
    dialled: str = offices.SUPPORT,
    *,
    call: str = "call",
    caller: str = '"Karin" <sip:+46811111111@carrier.example>',
    source: Address = CARRIER,
    uri: str = "",
    proof: str = "",
    body: str = OFFER,
    more: str = "",
) -> str:
    """Somebody's INVITE; with a `proof`, the second one; `more` is a header line."""
    cseq = 2 if proof else 1
    head = f"""\
INVITE {uri or f"sip:{dialled}@{SWITCH}"} SIP/2.0
Via: SIP/2.0/UDP {source};branch=z9hG4bK-{call}-{cseq};rport
Max-Forwards: 70
From: {caller};tag=of-{call}
To: <sip:{dialled}@office.example>
Call-ID: {call}
CSeq: {cseq} INVITE
Contact: <sip:line@{source}>
{"Content-Type: application/sdp" if body else ""}
{proof}
{more}
"""
    return with_body(head, body)


def cancel(*, call: str = "call", dialled: str = offices.SUPPORT, source: Address = CARRIER, more: str = "") -> str:
    """The CANCEL of `invite` (RFC 3261 §9.1: same URI, branch, Call-ID, From and CSeq number)."""
    head = f"""\
CANCEL sip:{dialled}@{SWITCH} SIP/2.0
Via: SIP/2.0/UDP {source};branch=z9hG4bK-{call}-1;rport
Max-Forwards: 70
From: "Karin" <sip:+46811111111@carrier.example>;tag=of-{call}
To: <sip:{dialled}@office.example>
Call-ID: {call}
CSeq: 1 CANCEL
{more}
"""
    return with_body(head, "")


def from_caller(
    ok: SipText, method: str, cseq: int, *, body: str = "", source: Address = CARRIER, more: str = ""
) -> str:
    """A request of the caller inside the dialog that our 200 to his INVITE made."""
    head = f"""\
{method} sip:{SWITCH} SIP/2.0
Via: SIP/2.0/UDP {source};branch=z9hG4bK-{ok.call_id}-{method}-{cseq};rport
Max-Forwards: 70
From: {ok.need("From")}
To: {ok.need("To")}
Call-ID: {ok.call_id}
CSeq: {cseq} {method}
{f"Contact: <sip:line@{source}>" if method == "INVITE" else ""}
{"Content-Type: application/sdp" if body else ""}
{more}
"""
    return with_body(head, body)


def from_called(sent: SipText, method: str, cseq: int, *, body: str = "", source: Address = DESK) -> str:
    """A request of the called telephone inside the dialog that its 200 to our INVITE made (see `reply`)."""
    head = f"""\
{method} sip:{SWITCH} SIP/2.0
Via: SIP/2.0/UDP {source};branch=z9hG4bK-{sent.call_id}-{method}-{cseq};rport
Max-Forwards: 70
From: {sent.need("To")};tag=called
To: {sent.need("From")}
Call-ID: {sent.call_id}
CSeq: {cseq} {method}
{f"Contact: <sip:called@{source}>" if method == "INVITE" else ""}
{"Content-Type: application/sdp" if body else ""}
"""
    return with_body(head, body)


def reply(request: SipText, status: int, reason: str, *, body: str = "", source: Address = DESK, more: str = "") -> str:
    """What a telephone answers to a request of ours."""
    is_tagged = status == 100 or "tag=" in request.need("To")
    head = f"""\
SIP/2.0 {status} {reason}
Via: {request.need("Via")}
From: {request.need("From")}
To: {request.need("To")}{"" if is_tagged else ";tag=called"}
Call-ID: {request.call_id}
CSeq: {request.need("CSeq")}
{f"Contact: <sip:called@{source}>" if 100 < status < 300 else ""}
{"Content-Type: application/sdp" if body else ""}
{more}
"""
    return with_body(head, body)
