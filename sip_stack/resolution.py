"""Where a SIP URI leads (RFC 3263): from a name to addresses, without asking anybody.

A URI names a service; a message needs a transport, an address and a port. RFC 3263 finds them in up to three steps of
DNS: NAPTR says which transports a domain offers and prefers, SRV which hosts serve one of them and at which ports, A
and AAAA where those hosts are. Each step is left out where the URI says more: a `transport` parameter needs no NAPTR, a
port no SRV, a number no DNS at all.

`Resolution` is that walk for one URI. It asks nothing itself: `questions` are those whose answers it needs now,
`answered` takes what came, and when no question is left `hops` are the places to try, best first. SRV records of one
priority are put in order by chance and weight (RFC 2782), and the chance comes in. `DnsCache` remembers answers for as
long as they say, absences too (RFC 2308), and expired ones for the hour in which nobody answers at all (RFC 8767):
a carrier that can be reached must not be lost with a name server that cannot.

A name server may say anything, so everything is bounded, and records beyond a bound are left out. CNAMEs are followed
by whoever asks. Left out: DANE, the additional section, and tel URIs (ENUM), which lead nowhere here. What follows when
a place does not answer is in `failover`.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from sip_stack.flow import SIP_PORT, Address, Transport
from sip_stack.uri import SipUri

NAPTRS_MAX: Final = 8
SRVS_MAX: Final = 16
ADDRESSES_PER_NAME_MAX: Final = 8
HOPS_MAX: Final = 32
CACHED_ANSWERS_MAX: Final = 2000
TTL_S_MIN: Final = 5.0
TTL_S_MAX: Final = 86_400.0
NO_ANSWER_TTL_S: Final = 5.0
"""So long nobody is asked again who did not answer."""
STALE_S_MAX: Final = 3600.0
"""So long after its end an answer still serves where no other comes."""

PORTS: Final = {"udp": SIP_PORT, "tcp": SIP_PORT, "tls": SIP_PORT + 1}
SERVICES: Final[dict[str, Transport]] = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}
"""NAPTR services of RFC 3263 §4.1 that we know."""
SRV_PREFIXES: Final[dict[Transport, str]] = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}

Kind = Literal["NAPTR", "SRV", "A", "AAAA"]
WeightDraw: TypeAlias = Callable[[int], int]
"""A whole number from 0 to the given one, both included, every one as likely as another."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the DNS. `name` in lower case, without the last dot."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Naptr:
    """RFC 3403 §4.1. `replacement` as in `Question`; empty for the root, which means that there is none."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Srv:
    """RFC 2782. `target` empty for the root, which says that the service is not to be had."""

    priority: int
    weight: int
    port: int
    target: str


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """What came of a question: records of its kind only, none where there are none. Addresses are texts.

    `ttl_s`: how long that holds. `is_missing`: nobody answered, or refused to, which says nothing about the name.
    """

    naptrs: tuple[Naptr, ...] = ()
    srvs: tuple[Srv, ...] = ()
    addresses: tuple[str, ...] = ()
    ttl_s: float = 0.0
    is_missing: bool = False


NOBODY_ANSWERED: Final = DnsAnswer(is_missing=True)


@dataclass(frozen=True, slots=True, order=True)
class NextHop:
    """A place to send to. `server_name`: the name that a TLS server there must prove to have (RFC 5922 §7.1)."""

    transport: Transport
    address: Address
    server_name: str = ""


class Resolution:
    """One URI on its way to addresses. `transports`: what we can send by, best first; `kinds`: A, AAAA or both."""

    def __init__(
        self,
        uri: SipUri,
        *,
        draw: WeightDraw,
        transports: Sequence[Transport] = ("udp", "tcp", "tls"),
        kinds: Sequence[Literal["A", "AAAA"]] = ("A", "AAAA"),
    ) -> None:
        assert SRV_PREFIXES.keys() >= set(transports), "a browser's transports are never looked up"
        self._transports = tuple(transports)
        self._kinds = tuple(kinds)
        self._draw = draw
        self._target = (uri.param("maddr") or uri.host).lower().removesuffix(".")
        self._server_name = uri.host
        self._is_sips = uri.scheme == "sips"
        self._port = uri.port
        self._asked = _transport_of(uri)
        self._known: dict[Question, DnsAnswer] = {}
        self._wanted: tuple[Question, ...] = ()
        self._orders: dict[Question, tuple[Srv, ...]] = {}
        self.hops: tuple[NextHop, ...] = ()
        self._go_on()

    @property
    def questions(self) -> tuple[Question, ...]:
        """What is to be asked now, all at once; empty when `hops` are there."""
        return tuple(question for question in self._wanted if question not in self._known)

    @property
    def is_done(self) -> bool:
        return not self.questions

    def answered(self, question: Question, answer: DnsAnswer) -> None:
        """Takes an answer; one to a question that was not asked is left out."""
        if question in self.questions:
            self._known[question] = answer
            if not self.questions:
                self._go_on()

    def _go_on(self) -> None:
        """As far as the answers lead: each round either asks, or comes to its end."""
        self._wanted = ()
        hops = self._places()
        if not self._wanted:
            self.hops = tuple(dict.fromkeys(hops))[:HOPS_MAX]

    def _places(self) -> list[NextHop]:
        transport = self._default() if self._asked is None else self._asked
        if not self._target or transport not in self._transports:
            return []
        host = literal(self._target)
        if host is not None:
            return [NextHop(transport, Address(host, self._port or PORTS[transport]), self._server_name)]
        if self._port is not None:
            return self._hosts([(transport, self._target, self._port)])
        if self._asked is not None:
            return self._of_services([(transport, self._service(transport))], transport)
        naptr = Question("NAPTR", self._target)
        if not self._ask([naptr]):
            return []
        offered = self._offered(naptr)
        if offered:
            return self._of_services(offered, offered[0][0])
        guesses: Iterable[Transport] = ("tls",) if self._is_sips else ("udp", "tcp")
        able = sorted((each for each in guesses if each in self._transports), key=self._transports.index)
        return self._of_services([(each, self._service(each)) for each in able], transport)

    def _service(self, transport: Transport) -> Question:
        return Question("SRV", f"{SRV_PREFIXES[transport]}.{self._target}")

    def _offered(self, naptr: Question) -> list[tuple[Transport, Question]]:
        """The services that the domain offers and we can use, of the first order that has any (RFC 3403 §4.1)."""
        usable = sorted(
            (
                record
                for record in self._known[naptr].naptrs
                if record.flags.lower() == "s" and record.replacement and self._takes(record.service)
            ),
            key=lambda record: (record.order, record.preference),
        )[:NAPTRS_MAX]
        return [
            (SERVICES[record.service.upper()], Question("SRV", record.replacement))
            for record in usable
            if record.order == usable[0].order
        ]

    def _of_services(self, services: list[tuple[Transport, Question]], without: Transport) -> list[NextHop]:
        """The hosts of each service in its order; where there is no SRV record, the name itself by `without` (§4.2)."""
        if not self._ask([question for _, question in services]):
            return []
        records = [(transport, record) for transport, question in services for record in self._ordered(question)]
        if not records:
            return self._hosts([(without, self._target, PORTS[without])])
        return self._hosts([(transport, record.target, record.port) for transport, record in records if record.target])

    def _hosts(self, hosts: list[tuple[Transport, str, int]]) -> list[NextHop]:
        hosts = hosts[:HOPS_MAX]
        names = dict.fromkeys(name for _, name, _ in hosts)
        if not self._ask([Question(kind, name) for name in names for kind in self._kinds]):
            return []
        return [
            NextHop(transport, Address(host, port), self._server_name)
            for transport, name, port in hosts
            if port
            for kind in self._kinds
            for text in self._known[Question(kind, name)].addresses[:ADDRESSES_PER_NAME_MAX]
            if (host := literal(text)) is not None
        ]

    def _ordered(self, question: Question) -> tuple[Srv, ...]:
        """In one order for the whole walk: chance is asked once."""
        if question not in self._orders:
            self._orders[question] = order_srvs(self._known[question].srvs[:SRVS_MAX], self._draw)
        return self._orders[question]

    def _ask(self, questions: list[Question]) -> bool:
        """Whether all of them are answered; otherwise they are wanted."""
        if all(question in self._known for question in questions):
            return True
        self._wanted = tuple(dict.fromkeys(questions))
        return False

    def _takes(self, service: str) -> bool:
        transport = SERVICES.get(service.upper())
        return transport in self._transports and (transport == "tls" or not self._is_sips)

    def _default(self) -> Transport:
        """Where nothing says more: UDP, and TLS for sips (§4.1); without UDP, our best."""
        if self._is_sips:
            return "tls"
        return "udp" if "udp" in self._transports else self._transports[0]


class DnsCache:
    """Answers, for as long as they hold; beyond CACHED_ANSWERS_MAX those asked for longest ago go."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Question, _Remembered] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, question: Question, now: float) -> DnsAnswer | None:
        """What is known and holds."""
        found = self._answers.get(question)
        if found is None or found.holds_until <= now:
            return None
        self._answers.move_to_end(question)
        return found.answer

    def put(self, question: Question, answer: DnsAnswer, now: float) -> DnsAnswer:
        """Keeps an answer and returns what is to be gone by: where nobody answered, the last one that came."""
        old = self._answers.get(question)
        if not answer.is_missing:
            holds_until = now + min(TTL_S_MAX, max(TTL_S_MIN, answer.ttl_s))
            kept = _Remembered(answer, holds_until, holds_until + STALE_S_MAX)
        elif old is not None and now < old.serves_until:
            kept = _Remembered(old.answer, now + NO_ANSWER_TTL_S, old.serves_until)
        else:
            kept = _Remembered(answer, now + NO_ANSWER_TTL_S, now)
        self._answers[question] = kept
        self._answers.move_to_end(question)
        while len(self._answers) > CACHED_ANSWERS_MAX:
            self._answers.popitem(last=False)
        return kept.answer


@dataclass(frozen=True, slots=True)
class _Remembered:
    answer: DnsAnswer
    holds_until: float
    serves_until: float


def order_srvs(records: Sequence[Srv], draw: WeightDraw) -> tuple[Srv, ...]:
    """By priority; within one, each next record is drawn with a chance in proportion to its weight (RFC 2782)."""
    ordered: list[Srv] = []
    for priority in sorted({record.priority for record in records}):
        left = sorted((record for record in records if record.priority == priority), key=lambda record: record.weight)
        while left:
            drawn = draw(sum(record.weight for record in left))
            chosen = 0
            while (drawn := drawn - left[chosen].weight) > 0:
                chosen += 1
            ordered.append(left.pop(chosen))
    return tuple(ordered)


def _transport_of(uri: SipUri) -> str | None:
    """What the URI asks for, which need not be anything that we know. `sips` means TLS wherever it says TCP."""
    asked = uri.param("transport")
    if not asked:
        return None
    asked = asked.lower()
    if uri.scheme == "sips":
        return {"tcp": "tls", "tls": "tls"}.get(asked, "none that is secure")
    return asked


def literal(text: str) -> str | None:
    """An IP address in its one spelling, None for a name."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
