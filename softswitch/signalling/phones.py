"""Phones: proving who they are, and where they can be reached.

Digest (RFC 3261 §22, RFC 7616) proves the phone's name; the realm is the office's `domain`. The registrar keeps the
contacts; a phone is always reached by the flow that its REGISTER came by, which is what makes phones behind a NAT ring
(RFC 3581, RFC 5626 §5.3). An unknown name and a wrong password get the same answer: a fresh challenge.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Mapping

from sip_stack.digest import DigestServer, Verdict, ha1
from sip_stack.errors import MalformedMessage
from sip_stack.flow import Flow
from sip_stack.message import Request
from sip_stack.registrar import Binding, BindingChanged, BindingRemoved, Registrar, Registration, until
from sip_stack.uri import SipUri
from softswitch.domain.inputs import PhoneRegistrationChanged
from softswitch.settings import Phone
from softswitch.settings.model import DigestAlgorithm
from softswitch.signalling.outbox import Outbox
from softswitch.signalling.records import BindingDropped, BindingRecorded
from softswitch.signalling.trunks import Target


class Phones:
    """The registering devices of the office, their credentials and their contacts."""

    def __init__(
        self, phones: Mapping[str, Phone], *, realm: str, digest_key: bytes, wall_offset_s: float, outbox: Outbox
    ) -> None:
        self._phones = phones
        self._realm = realm
        self._digest = DigestServer(realm, digest_key)
        self._digest_key = digest_key
        self._registrar = Registrar()
        self._wall_offset_s = wall_offset_s
        self._outbox = outbox
        self._flow_of: dict[tuple[str, str], Flow] = {}
        self._flows: Counter[Flow] = Counter()

    def reload(self, phones: Mapping[str, Phone], now: float) -> None:
        """Takes over a new configuration; contacts of phones that are gone are dropped."""
        gone = [name for name in self._phones if name not in phones]
        self._phones = phones
        for name in gone:
            for binding in self._registrar.bindings(name):
                self._forget(binding, now)

    def identify(self, request: Request, flow: Flow, now: float) -> Verdict:
        """The phone that sent the request, where its Authorization proves it; otherwise `challenge` it."""
        return self._digest.verify(
            request.headers.get_all_raw("Authorization"),
            request.method,
            str(request.uri),
            self._ha1_of,
            now,
            source=flow.remote.host,
        )

    def is_from(self, flow: Flow) -> bool:
        """Whether a phone is registered by this very flow."""
        return self._flows[flow] > 0

    def is_at(self, phone: str, host: str) -> bool:
        """Whether the phone is registered from this host at present."""
        return any(binding.flow.remote.host == host for binding in self._registrar.bindings(phone))

    def challenge(self, request: Request, flow: Flow, verdict: Verdict, now: float) -> tuple[tuple[str, str], ...]:
        """The headers of a 401 to a request that proved nothing, with the algorithm of the phone in From.

        A name that is nobody's gets that of some phone, always the same: the challenge does not tell them apart.
        """
        try:
            name = request.from_.uri.user or ""
        except MalformedMessage:
            name = ""
        algorithm = self._algorithm_for(name)
        values = self._digest.challenge(
            now, algorithms=(algorithm,), is_stale=verdict.is_stale, source=flow.remote.host
        )
        return tuple(("WWW-Authenticate", value) for value in values)

    def register(self, phone: str, request: Request, flow: Flow, now: float) -> Registration:
        """Carries out an authenticated REGISTER; changed contacts are recorded and told before it is answered."""
        registration = self._registrar.register(phone, request, flow, now)
        for change in registration.changes:
            self._take(change, now)
        return registration

    def restore(self, record: BindingRecorded, now: float) -> None:
        """Puts back a contact from the journal, unless it has expired meanwhile or its phone is gone."""
        binding = record.binding
        expires_at = record.expires_wall_at - self._wall_offset_s
        if expires_at > now and binding.aor in self._phones:
            restored = until(binding, expires_at)
            self._take(BindingChanged(restored), now)
            self._registrar.restore(restored)

    def snapshot(self, now: float) -> list[BindingRecorded]:
        """Records that `restore` makes all present contacts from, the latest registered last."""
        bindings = [binding for name in self._phones for binding in reversed(self._registrar.bindings(name))]
        return [self._recorded(binding, now) for binding in bindings]

    def expire(self, now: float) -> None:
        """Drops the contacts whose time is over."""
        for removed in self._registrar.expire(now):
            self._take(removed, now)

    def next_deadline(self) -> float | None:
        return self._registrar.next_deadline()

    def targets(self, phone: str) -> list[Target]:
        """The phone's contacts by their q, of equal ones the latest first, each by the flow its REGISTER came by.

        Of several contacts behind one flow only the latest counts: they are one device that has changed its mind about
        its address, as telephones behind a NAT do, and it is to ring once.
        """
        latest: dict[Flow, Target] = {}
        for binding in self._registrar.bindings(phone):
            target = Target(SipUri.parse(binding.contact), binding.flow, routes=binding.path, q=binding.q)
            latest.setdefault(binding.flow, target)
        return sorted(latest.values(), key=lambda target: -target.q)

    def bindings(self, phone: str) -> tuple[Binding, ...]:
        return self._registrar.bindings(phone)

    def name(self, phone: str) -> str:
        """The phone's display name, its own name when it has none."""
        return self._phones[phone].name if phone in self._phones else phone

    def names(self) -> list[str]:
        return list(self._phones)

    def _algorithm_for(self, name: str) -> DigestAlgorithm:
        phones = list(self._phones.values())
        number = int.from_bytes(hmac.digest(self._digest_key, name.encode("utf-8", "replace"), "sha256")[:8], "big")
        stand_in = phones[number % len(phones)].digest if phones else "MD5"
        phone = self._phones.get(name)
        return stand_in if phone is None else phone.digest

    def _ha1_of(self, username: str, algorithm: str) -> str | None:
        """H(A1), or None for a name that is nobody's; the same work for both."""
        phone = self._phones.get(username)
        value = ha1(username, self._realm, "" if phone is None else phone.password, algorithm)
        return None if phone is None or phone.digest != algorithm else value

    def _take(self, change: BindingChanged | BindingRemoved, now: float) -> None:
        binding = change.binding
        self._note_flow(binding, is_bound=isinstance(change, BindingChanged))
        if isinstance(change, BindingChanged):
            self._outbox.record(self._recorded(binding, now))
            self._outbox.tell(PhoneRegistrationChanged(binding.aor, is_registered=True))
            return
        self._outbox.record(BindingDropped(now + self._wall_offset_s, binding.aor, binding.contact))
        if not self._registrar.bindings(binding.aor):
            self._outbox.tell(PhoneRegistrationChanged(binding.aor, is_registered=False))

    def _note_flow(self, binding: Binding, *, is_bound: bool) -> None:
        key = (binding.aor, binding.contact)
        old = self._flow_of.pop(key, None)
        if old is not None:
            self._flows[old] -= 1
            if not self._flows[old]:
                del self._flows[old]
        if is_bound:
            self._flow_of[key] = binding.flow
            self._flows[binding.flow] += 1

    def _forget(self, binding: Binding, now: float) -> None:
        self._registrar.remove(binding)
        self._take(BindingRemoved(binding), now)

    def _recorded(self, binding: Binding, now: float) -> BindingRecorded:
        return BindingRecorded(now + self._wall_offset_s, binding.expires_at + self._wall_offset_s, binding)
