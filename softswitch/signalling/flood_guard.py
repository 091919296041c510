"""The guard before the door: how much a source may say, and how often anyone may guess a password.

It is asked before a byte is parsed, so what it turns away costs next to nothing. Every host has a token bucket, and all
hosts together share one. Whoever is known (a trunk, or a phone by the very flow that it registered with) is let in
beyond them out of a reserve of its own, so a flood by strangers takes nothing from the people who work here. That
somebody is known is looked up only when the common buckets are empty or a host is silenced.

A host that fails to prove itself too often is not heard for a while; a user whose password is guessed at from anywhere
gets one try a second, except from where his phone is at present. Only a wrong response counts as a failure: a request
without credentials and an old nonce are what every honest phone begins with. Every table has a limit and forgets what
was used longest ago; silences are never made room for by sources that merely talk. Who has IPv6 has 2^64 addresses,
so there a source is a network of 64 bits. Pure: `now` is monotonic seconds.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final, Generic, TypeVar

from sip_stack.flow import Flow

SOURCE_PER_S: Final = 100.0
SOURCE_BURST: Final = 500.0
STRANGERS_PER_S: Final = 1_000.0
STRANGERS_BURST: Final = 2_000.0
KNOWN_PER_S: Final = 10_000.0
KNOWN_BURST: Final = 20_000.0
SOURCES_MAX: Final = 10_000
"""Hosts, known flows and silences that are remembered, each."""

NETWORK_BITS: Final = 64
NETWORKS_REMEMBERED_MAX: Final = 4096

FAILURE_WINDOW_S: Final = 60.0
SOURCE_FAILURES_MAX: Final = 10
SILENCE_S: Final = 300.0
USER_FAILURES_MAX: Final = 30
USER_TRY_S: Final = 1.0
USERS_MAX: Final = 10_000
USER_CHARACTERS_MAX: Final = 64

_Entry = TypeVar("_Entry")


class FloodGuard:
    """Judges sources and users by what they did lately. `is_known` says whether a flow is a trunk's or a phone's."""

    def __init__(self, is_known: Callable[[Flow], bool]) -> None:
        self._is_known = is_known
        self._strangers = _Bucket(STRANGERS_PER_S, STRANGERS_BURST)
        self._sources: _Table[str, _Bucket] = _Table(SOURCES_MAX, lambda: _Bucket(SOURCE_PER_S, SOURCE_BURST))
        self._known: _Table[Flow, _Bucket] = _Table(SOURCES_MAX, lambda: _Bucket(KNOWN_PER_S, KNOWN_BURST))
        self._failures: _Table[str, _Failures] = _Table(SOURCES_MAX, lambda: _Failures(SOURCE_FAILURES_MAX))
        self._silent_until: OrderedDict[str, float] = OrderedDict()
        self._users: _Table[str, _Failures] = _Table(USERS_MAX, lambda: _Failures(USER_FAILURES_MAX))

    def admits(self, flow: Flow, now: float) -> bool:
        """Whether a message that came by this flow is to be read at all."""
        host = source_of(flow.remote.host)
        until = self._silent_until.get(host)
        if until is None or until <= now:
            source = self._sources.of(host)
            if source.has(now) and self._strangers.has(now):
                source.take()
                self._strangers.take()
                return True
        if not self._is_known(flow):
            return False
        reserve = self._known.of(flow)
        if not reserve.has(now):
            return False
        reserve.take()
        return True

    def failed(self, flow: Flow, user: str, now: float) -> None:
        """Notes that a wrong response came by this flow in this user's name, whether there is such a user or not."""
        self._users.of(user[:USER_CHARACTERS_MAX]).note(now)
        host = source_of(flow.remote.host)
        failures = self._failures.of(host)
        failures.note(now)
        if failures.is_full(now):
            self._failures.drop(host)
            self._silence(host, now)

    def may_try(self, user: str, now: float) -> bool:
        """Whether a response in this user's name, from elsewhere than his phone's place, is judged. Takes the try."""
        failures = self._users.find(user[:USER_CHARACTERS_MAX])
        if failures is None or not failures.is_full(now):
            return True
        if now < failures.next_try_at:
            return False
        failures.next_try_at = now + USER_TRY_S
        return True

    @property
    def remembered(self) -> int:
        """How many entries all tables hold together."""
        tables = (self._sources, self._known, self._failures, self._users, self._silent_until)
        return sum(len(table) for table in tables)

    def _silence(self, host: str, now: float) -> None:
        self._silent_until[host] = now + SILENCE_S
        self._silent_until.move_to_end(host)
        while self._silent_until:
            first, until = next(iter(self._silent_until.items()))
            if until > now and len(self._silent_until) <= SOURCES_MAX:
                return
            del self._silent_until[first]


def source_of(host: str) -> str:
    """Who is taken for one source: an IPv4 address, or an IPv6 network of 64 bits."""
    return _network(host) if ":" in host else host


@lru_cache(maxsize=NETWORKS_REMEMBERED_MAX)
def _network(host: str) -> str:
    address = IPv6Address(host)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> NETWORK_BITS << NETWORK_BITS))


class _Bucket:
    """Tokens that fill up at a steady rate, to a brim."""

    __slots__ = ("_at", "_brim", "_per_s", "_tokens")

    def __init__(self, per_s: float, brim: float) -> None:
        self._per_s = per_s
        self._brim = brim
        self._tokens = brim
        self._at: float | None = None

    def has(self, now: float) -> bool:
        if self._at is not None and now > self._at:
            self._tokens = min(self._brim, self._tokens + (now - self._at) * self._per_s)
        self._at = now
        return self._tokens >= 1

    def take(self) -> None:
        self._tokens -= 1


@dataclass(slots=True)
class _Failures:
    """The last failures, at most `most`; it is full while all of them are within the window."""

    most: int
    times: deque[float] = field(default_factory=deque)
    next_try_at: float = 0.0

    def note(self, now: float) -> None:
        self.times.append(now)
        if len(self.times) > self.most:
            self.times.popleft()

    def is_full(self, now: float) -> bool:
        return len(self.times) >= self.most and now - self.times[0] < FAILURE_WINDOW_S


_Key = TypeVar("_Key")


class _Table(Generic[_Key, _Entry]):
    """Entries made when they are first asked for; of too many, the one used longest ago goes."""

    def __init__(self, entries_max: int, make: Callable[[], _Entry]) -> None:
        self._entries_max = entries_max
        self._make = make
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: _Key) -> _Entry | None:
        return self._entries.get(key)

    def of(self, key: _Key) -> _Entry:
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = self._make()
            if len(self._entries) > self._entries_max:
                self._entries.popitem(last=False)
        else:
            self._entries.move_to_end(key)
        return entry

    def drop(self, key: _Key) -> None:
        self._entries.pop(key, None)
