"""What a configuration comes to: frozen values, complete and checked.

Every room takes from here what it needs: the domain its `Office`, signalling the trunks, phones and sounds, the shells
their addresses and folders. Nothing in here can be wrong: `load` refuses before it builds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal, TypeAlias

from sip_stack.aio.tls import Certificate
from sip_stack.digest import Credentials
from sip_stack.flow import Address
from sip_stack.uri import SipUri
from softswitch.domain.office import Office
from softswitch.settings.faults import ConfigurationError
from softswitch.settings.sounds import SoundCatalogue

ListenTransport: TypeAlias = Literal["udp", "tcp", "tls"]
DigestAlgorithm: TypeAlias = Literal["MD5", "SHA-256"]


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """The machine. `data_dir` is absolute; `language` names a folder of sounds; `timezone` an IANA zone."""

    name: str
    data_dir: Path
    language: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Listen:
    """An address that SIP is taken on; port 0 means any free one."""

    transport: ListenTransport
    host: str
    port: int

    @property
    def address(self) -> Address:
        return Address(self.host, self.port)

    def __str__(self) -> str:
        return f"{self.transport}:{self.address}"


@dataclass(frozen=True, slots=True)
class Sip:
    """`domain` is the realm of digests and the host of our own addresses. `certificate` is what we are known by over
    TLS; `client_authority`: those who connect to us over TLS must show a certificate of its.
    """

    listen: tuple[Listen, ...]
    domain: str
    advertised_address: str | None = None
    certificate: Certificate | None = None
    client_authority: Path | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """The address written into SDP; the range of UDP ports, both ends included, an even one a leg; codecs in order."""

    address: str
    udp_first: int
    udp_last: int
    codecs: tuple[str, ...]
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Api:
    """Where HTTP is served; port 0 means any free one."""

    listen: Address


@dataclass(frozen=True, slots=True)
class AcceptFrom:
    """Sources that belong to a trunk: a network of one or many addresses; `port` is compared on UDP when given."""

    network: IPv4Network | IPv6Network
    port: int | None = None

    def __str__(self) -> str:
        if self.network.num_addresses > 1:
            return str(self.network)
        host = str(self.network.network_address)
        return host if self.port is None else str(Address(host, self.port))


NumberForm: TypeAlias = Literal["+", "00", "plain", "national"]
"""`+46850010000`, `0046850010000`, `46850010000`, and `0850010000` at home (abroad as 00)."""

IdentityHeader: TypeAlias = Literal["from", "p-asserted-identity", "remote-party-id"]
DiversionHeader: TypeAlias = Literal["none", "diversion", "history-info"]


@dataclass(frozen=True, slots=True)
class HostName:
    """A name that leads to a carrier's hosts. `port` None: the DNS says it (RFC 3263 §4.2)."""

    name: str
    port: int | None = None

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Trunk:
    """A carrier: calls go out to `hosts`, tried in order; calls that come in from `accept_from` are its.

    `places` are hosts as the configuration writes them, where there is a name among them; `hosts` are then where they
    lead to at present, and `led` says by which name. `asked_transport`: what the configuration says; where it says
    nothing, the name's DNS decides, and `transport` follows it.

    `credentials` answer its challenges, where it makes any. `register`: the address that we are registered at, for as
    long as the switch runs; `qualify_s`: how often each of its hosts is asked whether it is there, 0: never.
    `country`: where its numbers are at home; `number_form`: how it wants them written; beyond `calls_max` at once, both
    ways together, none of ours goes out by it. `carries_emergency`: whether emergency numbers may be called by it;
    these calls show `emergency_caller_id`, or else `caller_id`. `transport`: how calls go out to it; over TLS it must
    show a certificate for `certificate_name` (or its address), of `authority` (or any that the system knows).
    `trust_identity`: whom it vouches for is the caller,
    whatever From says; `identity` and `diversion`: where it looks for our number, and for the one that the caller
    called when we send a call on.
    """

    hosts: tuple[Address, ...]
    accept_from: tuple[AcceptFrom, ...]
    caller_id: str | None = None
    credentials: Credentials | None = None
    register: SipUri | None = None
    qualify_s: float = 0
    country: str | None = None
    number_form: NumberForm = "+"
    calls_max: int | None = None
    carries_emergency: bool = True
    emergency_caller_id: str | None = None
    trust_identity: bool = False
    identity: IdentityHeader = "from"
    diversion: DiversionHeader = "none"
    transport: ListenTransport = "udp"
    authority: Path | None = None
    certificate_name: str | None = None
    places: tuple[Address | HostName, ...] = ()
    asked_transport: ListenTransport | None = None
    led: Mapping[Address, HostName] = field(default_factory=dict)

    @property
    def names(self) -> tuple[HostName, ...]:
        return tuple(place for place in self.places if isinstance(place, HostName))


@dataclass(frozen=True, slots=True)
class Phone:
    """A device that registers here. `name` is what people call it. The password is kept out of its repr."""

    name: str
    password: str
    digest: DigestAlgorithm = "MD5"
    may_dial: tuple[str, ...] = ("phones", "agents", "queues")

    def __repr__(self) -> str:
        return f"Phone(name={self.name!r}, digest={self.digest!r}, may_dial={self.may_dial!r})"


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole configuration; `folder` is the one it was read from, absolute."""

    folder: Path
    node: NodeSettings
    sip: Sip
    media: Media
    api: Api | None
    trunks: Mapping[str, Trunk]
    phones: Mapping[str, Phone]
    office: Office
    sounds: SoundCatalogue
    warnings: tuple[ConfigurationError, ...] = ()
