"""Our standing with the carriers: registered where a carrier wants it, and asked for whether it is there.

A trunk with `register` is kept registered (`sip_stack.registration`), one host after the other where a host gives no
answer; a trunk with `qualify_s` has each of its hosts asked with OPTIONS (`sip_stack.qualification`). What comes of it
is told to `trunks`, which orders the ways out by it, and to the domain, which sends no call by a trunk that is down:
none of its hosts answers, or it does not know us.

Requests go out by the endpoint under ids of their own; their responses come back here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from sip_stack.endpoint import SipEndpoint
from sip_stack.events import RequestId, ResponseReceived
from sip_stack.flow import Address
from sip_stack.invite_session import Tokens
from sip_stack.qualification import Qualification, TargetDown, TargetUp
from sip_stack.registration import Account, Registration, RegistrationDown, RegistrationUp
from sip_stack.standing import RequestWanted
from sip_stack.uri import SipUri
from softswitch.domain.inputs import TrunkReachabilityChanged
from softswitch.settings import Trunk
from softswitch.signalling.outbox import Outbox
from softswitch.signalling.trunks import Trunks, transport_of

TRY_THE_NEXT: Final = frozenset({408, 503})
"""What makes the next REGISTER go to the trunk's next host (RFC 3263 §4.3)."""

_Question: TypeAlias = Registration | Qualification


@dataclass(slots=True)
class _Carrier:
    """What is asked of one trunk. `register_at`: which of its hosts the next REGISTER goes to."""

    trunk: Trunk
    registration: Registration | None
    qualifications: dict[Address, Qualification]
    register_at: int = 0
    is_refused: bool = False


class Standing:
    """All carriers that are asked anything."""

    def __init__(
        self,
        trunks: Trunks,
        *,
        endpoint: SipEndpoint,
        tokens: Tokens,
        domain: str,
        advertised: Mapping[Address, Address],
        outbox: Outbox,
    ) -> None:
        self._trunks = trunks
        self._endpoint = endpoint
        self._tokens = tokens
        self._domain = domain
        self._advertised = advertised
        self._outbox = outbox
        self._carriers: dict[str, _Carrier] = {}
        self._asked: dict[RequestId, tuple[str, _Question]] = {}

    def start(self, trunks: Mapping[str, Trunk], now: float) -> None:
        """Begins with these; those that are known and have not changed go on as they are, or at their other hosts."""
        for name, carrier in list(self._carriers.items()):
            trunk = trunks.get(name)
            if trunk is not None and trunk == replace(carrier.trunk, hosts=trunk.hosts, led=trunk.led):
                self._move(name, carrier, trunk, now)
            else:
                self._end(name, carrier, now)
        for name, trunk in trunks.items():
            if name not in self._carriers and (trunk.register is not None or trunk.qualify_s):
                self._begin(name, trunk, now)

    def stop(self, now: float) -> None:
        """Takes all registrations back."""
        for name, carrier in list(self._carriers.items()):
            self._end(name, carrier, now)

    def registered(self, trunk: str) -> bool | None:
        """Whether a trunk that registers is known to its carrier; None for one that does not."""
        carrier = self._carriers.get(trunk)
        return None if carrier is None or carrier.registration is None else carrier.registration.is_up

    def take_response(self, event: ResponseReceived, now: float) -> None:
        """The answer to a question of ours; that to one that was given up finds nobody."""
        name, question = self._asked.pop(event.request_id, (None, None))
        if name is not None and question is not None and name in self._carriers:
            question.take_response(event.request_id, event.response, now)
            self._settle(name, now)

    def expire(self, now: float) -> None:
        """Asks where it is time."""
        for name in list(self._carriers):
            for question in self._questions(name):
                question.handle_timeout(now)
            self._settle(name, now)

    def next_deadline(self) -> float | None:
        """When `expire` is wanted."""
        deadlines = (question.next_deadline() for name in self._carriers for question in self._questions(name))
        return min((at for at in deadlines if at is not None), default=None)

    def _questions(self, name: str) -> list[_Question]:
        carrier = self._carriers[name]
        registration = () if carrier.registration is None else (carrier.registration,)
        return [*registration, *carrier.qualifications.values()]

    def _begin(self, name: str, trunk: Trunk, now: float) -> None:
        carrier = self._carriers[name] = _Carrier(trunk, None, {})
        self._go_on(name, carrier, now)

    def _move(self, name: str, carrier: _Carrier, trunk: Trunk, now: float) -> None:
        """Its names lead elsewhere: what is registered stays so and is refreshed there, new hosts are asked."""
        for host in [host for host in carrier.qualifications if host not in trunk.hosts]:
            del carrier.qualifications[host]
            self._trunks.note_host(name, host, is_up=True)
        carrier.trunk = trunk
        self._go_on(name, carrier, now)

    def _go_on(self, name: str, carrier: _Carrier, now: float) -> None:
        """Asks what is not asked yet."""
        trunk = carrier.trunk
        me = SipUri(scheme="sip", user=None, host=self._domain)
        flows = {host: self._trunks.flow_to(name, host) for host in trunk.hosts}
        for host, flow in flows.items():
            if trunk.qualify_s and flow is not None and host not in carrier.qualifications:
                question = Qualification(f"{name} {host}", _at(host), me, trunk.qualify_s, self._tokens)
                carrier.qualifications[host] = question
                question.start(now)
        flow = next((flow for flow in flows.values() if flow is not None), None)
        if trunk.register is not None and carrier.registration is None and flow is not None:
            local = self._advertised.get(flow.local, flow.local)
            contact = SipUri("sip", trunk.register.user, local.host, local.port, params=transport_of(flow))
            carrier.registration = Registration(name, Account(trunk.register, contact, trunk.credentials), self._tokens)
            carrier.registration.start()
        self._settle(name, now)

    def _end(self, name: str, carrier: _Carrier, now: float) -> None:
        if carrier.registration is not None:
            carrier.registration.stop()
            self._settle(name, now)
        del self._carriers[name]
        for host in carrier.trunk.hosts:
            self._trunks.note_host(name, host, is_up=True)
        if self._trunks.is_down(name):
            self._tell(name, is_down=False)

    def _settle(self, name: str, now: float) -> None:
        """Sends what is wanted, and draws the conclusions from what is known."""
        carrier = self._carriers[name]
        if carrier.registration is not None:
            for output in carrier.registration.drain():
                match output:
                    case RequestWanted():
                        hosts = carrier.trunk.hosts
                        self._send(name, carrier.registration, output, hosts[carrier.register_at % len(hosts)], now)
                    case RegistrationUp():
                        carrier.is_refused = False
                    case RegistrationDown(status=status):
                        carrier.is_refused = True
                        carrier.register_at += status in TRY_THE_NEXT
        for host, qualification in carrier.qualifications.items():
            for answer in qualification.drain():
                match answer:
                    case RequestWanted():
                        self._send(name, qualification, answer, host, now)
                    case TargetUp() | TargetDown():
                        self._trunks.note_host(name, host, is_up=isinstance(answer, TargetUp))
        self._conclude(name, carrier)

    def _send(self, name: str, question: _Question, wanted: RequestWanted, host: Address, now: float) -> None:
        flow = self._trunks.flow_to(name, host)
        assert flow is not None, "only hosts that we have a way to are asked"
        self._asked[wanted.request_id] = (name, question)
        self._endpoint.request(
            wanted.request_id,
            method=wanted.method,
            flow=flow,
            target=wanted.target,
            from_=wanted.from_,
            to=wanted.to,
            headers=wanted.headers,
            call_id=wanted.call_id,
            cseq=wanted.cseq,
            now=now,
        )

    def _conclude(self, name: str, carrier: _Carrier) -> None:
        answers = [qualification.is_up for qualification in carrier.qualifications.values()]
        is_silent = bool(answers) and all(is_up is False for is_up in answers)
        if any(answers):
            self._trunks.saw(name, is_reachable=True)
        elif is_silent:
            self._trunks.saw(name, is_reachable=False)
        is_down = is_silent or carrier.is_refused
        if is_down != self._trunks.is_down(name):
            self._tell(name, is_down=is_down)

    def _tell(self, name: str, *, is_down: bool) -> None:
        self._trunks.note_trunk(name, is_up=not is_down)
        self._outbox.tell(TrunkReachabilityChanged(name, is_reachable=not is_down))


def _at(host: Address) -> SipUri:
    return SipUri(scheme="sip", user=None, host=host.host, port=host.port)
