"""The door: what a request from outside any dialog may do.

A request belongs to a trunk when its source fits the trunk's `accept_from`; everything else is challenged, REGISTER
always, whatever its method and before anything is kept of it. What is let in gets a name (trunk or phone) that the rest
of the switch relies on; nothing that a stranger wrote is taken for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final, TypeAlias

from sip_stack import referral, session_timer
from sip_stack.digest import REJECTED, Verdict
from sip_stack.endpoint import SipEndpoint
from sip_stack.errors import LocalError, MalformedMessage
from sip_stack.events import RequestReceived
from sip_stack.flow import SIP_PORT, Address, Flow
from sip_stack.invite_session import ALLOW
from sip_stack.message import Request
from sip_stack.uri import SipUri
from softswitch.domain.inputs import FromPhone, FromTrunk
from softswitch.signalling.flood_guard import FloodGuard
from softswitch.signalling.lamps import ALLOW_EVENTS, Lamps
from softswitch.signalling.phones import Phones
from softswitch.signalling.trunks import Trunks

Headers: TypeAlias = tuple[tuple[str, str], ...]


HOSTS_REMEMBERED_MAX: Final = 1000


class Admission:
    """Tells trunks, phones and strangers apart and answers what is no call, from REGISTER to SUBSCRIBE."""

    def __init__(
        self,
        *,
        endpoint: SipEndpoint,
        phones: Phones,
        trunks: Trunks,
        lamps: Lamps,
        guard: FloodGuard,
        domain: str,
        listening: tuple[tuple[str, Address], ...],
        advertised: Mapping[Address, Address],
    ) -> None:
        self._endpoint = endpoint
        self._phones = phones
        self._trunks = trunks
        self._lamps = lamps
        self._guard = guard
        self._domain = domain
        self._proved: tuple[Request, str] | None = None
        ours = [address for _, address in listening]
        ours += [advertised[address] for address in ours if address in advertised]
        self._our_hosts = frozenset(address.host for address in ours)
        self._our_addresses = frozenset((address.host, address.port) for address in ours)

    def challenge(self, request: Request, flow: Flow, now: float) -> Headers | None:
        """What a 401 asks of whoever sends this request; None where he is known or has proved who he is.

        Nothing is kept of a request that is refused here, so a flood of strangers takes no room from anyone.
        """
        if request.method != "REGISTER" and self._trunks.of_source(flow) is not None:
            return None
        verdict = self._identify(request, flow, now)
        if verdict.username is None:
            return self._phones.challenge(request, flow, verdict, now)
        self._proved = (request, verdict.username)
        return None

    def origin(self, request: Request, flow: Flow) -> FromTrunk | FromPhone:
        """Who sends this request, which is the one that `challenge` has just let in."""
        trunk = self._trunks.of_source(flow)
        if trunk is not None:
            self._trunks.saw(trunk, is_reachable=True)
            return FromTrunk(trunk)
        return FromPhone(self._proved_by(request))

    def _proved_by(self, request: Request) -> str:
        """The phone that this request proved to be from; each proof counts for its own request only."""
        proved, self._proved = self._proved, None
        if proved is None or proved[0] is not request:
            raise LocalError("a request that nobody let in")
        return proved[1]

    def _identify(self, request: Request, flow: Flow, now: float) -> Verdict:
        """Whose proof a request brings. Wrong ones are counted; one too early after many is as good as wrong.

        A right response with an old nonce is a try too: it would tell a guesser that he has guessed.
        """
        verdict = self._phones.identify(request, flow, now)
        name = verdict.tried
        if name is None:
            return verdict
        is_in_time = self._phones.is_at(name, flow.remote.host) or self._guard.may_try(name, now)
        if verdict.is_wrong:
            self._guard.failed(flow, name, now)
        return verdict if is_in_time else REJECTED

    def means_us(self, uri: SipUri) -> bool:
        """Whether the host of a URI is ours: the domain, or an address we listen on, with or without its port."""
        if uri.host == self._domain:
            return True
        return uri.host in self._our_hosts if uri.port is None else (uri.host, uri.port) in self._our_addresses

    def _is_no_phones_place(self, uri: SipUri) -> bool:
        """Whether a contact would have us call a crowd, ourselves or a carrier."""
        host, port = uri.host, uri.port or SIP_PORT
        return is_multicast(host) or (host, port) in self._our_addresses or self._trunks.is_at(Address(host, port))

    def dialled(self, request: Request, origin: FromTrunk | FromPhone) -> str:
        """What was dialled.

        A carrier writes whatever address it knows us by: our public one, a name, its own; so the user part counts. One
        that we are registered with may write our contact there, and the number that was called stands in To.
        """
        if not isinstance(origin, FromTrunk):
            return self.dialled_here(request.uri)
        registered = self._trunks.registered_user(origin.trunk)
        written = request.uri.user or ""
        if registered is not None and written == registered:
            written = request.to.uri.user or registered
        return self._trunks.number_of(origin.trunk, written)

    def dialled_here(self, uri: SipUri) -> str:
        """The user part at our own host, the whole address at a foreign one (nothing leads there)."""
        if uri.scheme == "tel" or self.means_us(uri):
            return uri.user or ""
        return f"{uri.user or ''}@{uri.host}"

    def dialled_at_us(self, uri: SipUri) -> str | None:
        """What is dialled by an address of ours, None for any other: a tel URI and a foreign host are not ours."""
        return uri.user if uri.scheme != "tel" and self.means_us(uri) else None

    def answer(self, event: RequestReceived, now: float) -> None:
        """Answers a request that starts no call."""
        try:
            self._answer(event, now)
        except MalformedMessage as error:
            self._endpoint.respond(event.request_id, error.status_hint, now)

    def _answer(self, event: RequestReceived, now: float) -> None:
        if event.request.method == "REGISTER":
            self._register(event, now)
            return
        origin = self.origin(event.request, event.flow)
        if event.request.method == "OPTIONS":
            headers = (
                ("Allow", ALLOW),
                ("Accept", "application/sdp"),
                ("Supported", f"{session_timer.OPTION}, {referral.SUPPORTED[1]}"),
                ("Allow-Events", ALLOW_EVENTS),
            )
            self._endpoint.respond(event.request_id, 200, now, headers=headers)
        elif event.request.method == "SUBSCRIBE" and isinstance(origin, FromPhone):
            self._lamps.subscribe(event, origin.phone, self.dialled_here(event.request.uri), now)
        elif event.request.method == "SUBSCRIBE":
            self._endpoint.respond(event.request_id, 403, now)
        else:
            self._endpoint.respond(event.request_id, 405, now, headers=(("Allow", ALLOW),))

    def _register(self, event: RequestReceived, now: float) -> None:
        request = event.request
        phone = self._proved_by(request)
        address_of_record = request.to.uri
        if not self.means_us(address_of_record) or address_of_record.user != phone:
            self._endpoint.respond(event.request_id, 403, now)
            return
        if not request.is_contact_star and any(self._is_no_phones_place(each.uri) for each in request.contacts):
            self._endpoint.respond(event.request_id, 403, now)
            return
        registration = self._phones.register(phone, request, event.flow, now)
        self._endpoint.respond(event.request_id, registration.status, now, headers=registration.headers)


@lru_cache(maxsize=HOSTS_REMEMBERED_MAX)
def is_multicast(host: str) -> bool:
    """Whether the host of a URI is an address of many: multicast or broadcast."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_multicast or str(address) == "255.255.255.255"
