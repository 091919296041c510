"""The registrar (RFC 3261 §10.3): which contacts an address-of-record has, and until when.

Pure: it judges one authenticated REGISTER at a time and says what changed. Contacts are the same when their URIs are
equivalent (§19.1.4). Whoever registers is reached by the flow that the REGISTER came by, so the flow is part of the
binding; that is what makes phones behind a NAT ring. Path, outbound and q-ordered forking are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from sip_stack.errors import MalformedMessage
from sip_stack.flow import Flow
from sip_stack.headers import NameAddr
from sip_stack.message import Request
from sip_stack.timers import Deadlines
from sip_stack.uri import SipUri


@dataclass(frozen=True, slots=True)
class RegistrarLimits:
    """Seconds, but for `contacts_max`."""

    expires_s_default: int = 3600
    expires_s_min: int = 30
    expires_s_max: int = 7200
    contacts_max: int = 5


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of an address-of-record. `expires_at` is in `now`'s seconds.

    `path`: through which proxies it is reached (RFC 3327), the values of Route in requests to it.
    """

    aor: str
    contact: str
    flow: Flow
    expires_at: float
    call_id: str
    cseq: int
    q: float = 1.0
    user_agent: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BindingChanged:
    """The binding is new, or counts instead of an earlier one of the same text."""

    binding: Binding


@dataclass(frozen=True, slots=True)
class BindingRemoved:
    """The binding is gone: removed by the phone, expired, or written otherwise from now on."""

    binding: Binding


BindingChange: TypeAlias = BindingChanged | BindingRemoved


@dataclass(frozen=True, slots=True)
class Registration:
    """The answer to a REGISTER, and what changed."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    changes: tuple[BindingChange, ...] = ()


EXPIRES_DIGITS_MAX: Final = 10
PATH: Final = "path"
PATH_MAX: Final = 5
"""Proxies between a phone and us."""


class Registrar:
    """All bindings, by address-of-record."""

    def __init__(self, limits: RegistrarLimits | None = None) -> None:
        self._limits = limits or RegistrarLimits()
        self._bindings: dict[str, list[Binding]] = {}
        self._deadlines: Deadlines[tuple[str, str]] = Deadlines()

    def bindings(self, aor: str) -> tuple[Binding, ...]:
        """The contacts, the latest registered first."""
        return tuple(reversed(self._bindings.get(aor, [])))

    def register(self, aor: str, request: Request, flow: Flow, now: float) -> Registration:
        """Carries out a REGISTER whose sender may speak for `aor`. Nothing changes when it is refused."""
        try:
            if "*" in request.headers.all("Contact"):
                return self._remove_all(aor, request, now)
            wanted = [(contact, self._expires_s(contact, request)) for contact in request.contacts]
        except MalformedMessage as error:
            return Registration(error.status_hint)
        if any(0 < expires_s < self._limits.expires_s_min for _, expires_s in wanted):
            return Registration(423, (("Min-Expires", str(self._limits.expires_s_min)),))
        if any(self._is_out_of_order(aor, contact.uri, request) for contact, _ in wanted):
            return Registration(500)
        path = tuple(request.headers.all("Path"))
        if len(path) > PATH_MAX:
            return Registration(403, (("Warning", '399 softswitch "too long a path"'),))
        if self._is_too_many(aor, wanted):
            return Registration(403, (("Warning", '399 softswitch "too many contacts"'),))
        changes: list[BindingChange] = []
        for contact, expires_s in wanted:
            old = self._find(aor, contact.uri)
            if old is not None:
                self._drop(old)
                if not expires_s or old.contact != str(contact.uri):
                    changes.append(BindingRemoved(old))
            if expires_s:
                changes.append(BindingChanged(self._add(aor, contact, expires_s, request, flow, now)))
        done = self._done(aor, changes, now)
        return replace(done, headers=(*done.headers, *(("Path", value) for value in path)))

    def restore(self, binding: Binding) -> None:
        """Puts a binding back as it was."""
        old = self._find(binding.aor, SipUri.parse(binding.contact))
        if old is not None:
            self._drop(old)
        self._keep(binding)

    def remove(self, binding: Binding) -> None:
        """Takes a binding out."""
        self._drop(binding)

    def expire(self, now: float) -> list[BindingRemoved]:
        """Drops what has expired."""
        removed = []
        while (key := self._deadlines.pop_due(now)) is not None:
            for binding in [each for each in self._bindings.get(key[0], []) if each.contact == key[1]]:
                self._drop(binding)
                removed.append(BindingRemoved(binding))
        return removed

    def next_deadline(self) -> float | None:
        return self._deadlines.next_deadline()

    def _remove_all(self, aor: str, request: Request, now: float) -> Registration:
        if request.expires != 0 or not request.is_contact_star:
            return Registration(400)
        gone = list(self._bindings.get(aor, []))
        if any(binding.call_id == request.call_id and binding.cseq >= request.cseq.number for binding in gone):
            return Registration(500)
        for binding in gone:
            self._drop(binding)
        return self._done(aor, [BindingRemoved(binding) for binding in gone], now)

    def _done(self, aor: str, changes: list[BindingChange], now: float) -> Registration:
        headers = tuple(
            ("Contact", f"<{binding.contact}>;expires={max(0, round(binding.expires_at - now))}")
            for binding in self.bindings(aor)
        )
        return Registration(200, headers, tuple(changes))

    def _expires_s(self, contact: NameAddr, request: Request) -> int:
        text = contact.param("expires")
        if text is not None and text.isascii() and text.isdigit() and len(text) <= EXPIRES_DIGITS_MAX:
            expires_s = int(text)
        else:
            asked = request.expires
            expires_s = self._limits.expires_s_default if asked is None else asked
        return min(expires_s, self._limits.expires_s_max)

    def _is_out_of_order(self, aor: str, uri: SipUri, request: Request) -> bool:
        old = self._find(aor, uri)
        return old is not None and old.call_id == request.call_id and old.cseq >= request.cseq.number

    def _is_too_many(self, aor: str, wanted: list[tuple[NameAddr, int]]) -> bool:
        """Whether more than `contacts_max` would be bound afterwards, or the request takes more than all of them out
        and as many in."""
        if len(wanted) > 2 * self._limits.contacts_max:
            return True
        kept = [SipUri.parse(binding.contact) for binding in self._bindings.get(aor, [])]
        for contact, expires_s in wanted:
            kept = [uri for uri in kept if not uri.is_equivalent(contact.uri)]
            if expires_s:
                kept.append(contact.uri)
        return len(kept) > self._limits.contacts_max

    def _find(self, aor: str, uri: SipUri) -> Binding | None:
        for binding in self._bindings.get(aor, []):
            if SipUri.parse(binding.contact).is_equivalent(uri):
                return binding
        return None

    def _add(self, aor: str, contact: NameAddr, expires_s: int, request: Request, flow: Flow, now: float) -> Binding:
        return self._keep(
            Binding(
                aor=aor,
                contact=str(contact.uri),
                flow=flow,
                expires_at=now + expires_s,
                call_id=request.call_id,
                cseq=request.cseq.number,
                q=_q(contact.param("q")),
                user_agent=(request.headers.get("User-Agent") or "")[:200],
                path=tuple(request.headers.all("Path")),
            )
        )

    def _keep(self, binding: Binding) -> Binding:
        self._bindings.setdefault(binding.aor, []).append(binding)
        self._deadlines.set((binding.aor, binding.contact), binding.expires_at)
        return binding

    def _drop(self, binding: Binding) -> None:
        kept = [each for each in self._bindings.get(binding.aor, []) if each.contact != binding.contact]
        self._deadlines.cancel((binding.aor, binding.contact))
        if kept:
            self._bindings[binding.aor] = kept
        else:
            self._bindings.pop(binding.aor, None)


def until(binding: Binding, expires_at: float) -> Binding:
    """The same binding with another end."""
    return replace(binding, expires_at=expires_at)


def _q(text: str | None) -> float:
    try:
        return min(1.0, max(0.0, float(text))) if text else 1.0
    except ValueError:
        return 1.0
