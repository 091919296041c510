"""Digest authentication (RFC 7616; RFC 3261 §22, RFC 8760 for SHA-256): as server, and as client.

The server keeps nothing per challenge: a nonce is its time of issue, signed with a key that is new at each start, so
floods of challenges cost no memory. What is kept is the nonce counts that were used, in a sliding window for each nonce
in use, since phones pipeline requests over UDP and they may come out of order. A count never counts twice: a window is
kept as long as its nonce is good, and where there are too many, those of the oldest nonces go and with them the nonces
themselves, which are stale from then on. An unknown user and a wrong password give the same verdict for the same work.
`qop=auth` is what is asked for. A client that answers without any qop, as those of RFC 2069 do and RFC 3261 §22.4 wants
them to be taken, has no count: its answer is good for the first use of a nonce only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sip_stack.errors import MalformedMessage
from sip_stack.grammar import quote, split_outside, unquote
from sip_stack.uri import SipUri

NONCE_TTL_S: Final = 60.0
NONCES_IN_USE_MAX: Final = 10_000
COUNT_WINDOW: Final = 64
AUTHORIZATIONS_MAX: Final = 4
FIRST_COUNT: Final = "00000001"

CHALLENGES: Final = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
"""By status: where the challenge stands, and where its answer goes."""

_HASHES: Final = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_WITHOUT_ESCAPES: Final = frozenset({"uri", "response"})
_NO_SUCH_USER: Final = "0" * 32
_COUNT: Final = re.compile("[0-9a-fA-F]{8}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an Authorization proved. `username` is set when it is accepted; `is_stale`: right, but the nonce is old.

    `tried` is the name that a response was judged for, whether anyone is called so or not, and `is_wrong` says that it
    was not made with the password.
    """

    username: str | None = None
    is_stale: bool = False
    tried: str | None = field(default=None, compare=False)
    is_wrong: bool = field(default=False, compare=False)

    @property
    def is_accepted(self) -> bool:
        return self.username is not None


REJECTED: Final = Verdict()


@dataclass(slots=True)
class _Counts:
    """The nonce counts seen: the highest, and a bit for each of the COUNT_WINDOW up to it."""

    issued_at: float
    first_used_at: float
    highest: int = 0
    seen: int = 0

    def take(self, count: int) -> bool:
        if count > self.highest:
            ahead = min(count - self.highest, COUNT_WINDOW)
            self.seen = ((self.seen << ahead) | 1) & ((1 << COUNT_WINDOW) - 1)
            self.highest = count
            return True
        behind = self.highest - count
        if behind >= COUNT_WINDOW or self.seen >> behind & 1:
            return False
        self.seen |= 1 << behind
        return True


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and password of ours, and the realm that they are for. The password is kept out of its repr."""

    username: str
    password: str = field(repr=False)
    realm: str


class DigestServer:
    """Challenges and verifies for one realm. `key` is secret and random; `now` is monotonic seconds."""

    def __init__(self, realm: str, key: bytes, nonce_ttl_s: float = NONCE_TTL_S) -> None:
        self._realm = realm
        self._key = key
        self._nonce_ttl_s = nonce_ttl_s
        self._issued = 0
        self._counts: OrderedDict[str, _Counts] = OrderedDict()
        self._forgotten_until: float | None = None

    @property
    def nonces_in_use(self) -> int:
        """How many windows of nonce counts are kept."""
        return len(self._counts)

    def challenge(
        self, now: float, *, algorithms: Sequence[str] = ("MD5",), is_stale: bool = False, source: str = ""
    ) -> list[str]:
        """Values for WWW-Authenticate, one for each algorithm, preferred first (RFC 8760 §2.4).

        Only whoever is at `source` can answer them: a nonce that somebody else was given is stale there.
        """
        nonce = self._nonce(now, source)
        stale = ", stale=true" if is_stale else ""
        return [
            f'Digest realm="{self._realm}", nonce="{nonce}", algorithm={name}, qop="auth"{stale}' for name in algorithms
        ]

    def verify(
        self,
        authorizations: Sequence[str],
        method: str,
        request_uri: str,
        ha1_of: Callable[[str, str], str | None],
        now: float,
        *,
        source: str = "",
    ) -> Verdict:
        """Judges the values of Authorization. `ha1_of(username, algorithm)` gives H(A1), None for an unknown user."""
        for text in authorizations[:AUTHORIZATIONS_MAX]:
            given = parse_digest(text)
            if given is not None and given.get("realm") == self._realm:
                return self._judge(given, method, request_uri, ha1_of, now, source)
        return REJECTED

    def _judge(
        self,
        given: dict[str, str],
        method: str,
        request_uri: str,
        ha1_of: Callable[[str, str], str | None],
        now: float,
        source: str,
    ) -> Verdict:
        algorithm = given.get("algorithm", "MD5").upper()
        nonce, username, uri = given.get("nonce", ""), given.get("username", ""), given.get("uri", "")
        is_without_qop = given.keys().isdisjoint({"qop", "nc", "cnonce"})
        count_text = FIRST_COUNT if is_without_qop else given.get("nc", "")
        is_spoken = is_without_qop or (given.get("qop") == "auth" and bool(given.get("cnonce")))
        if algorithm not in _HASHES or not is_spoken or _COUNT.fullmatch(count_text) is None:
            return REJECTED
        known = ha1_of(username, algorithm)
        secret = known or _NO_SUCH_USER
        if is_without_qop:
            expected = response_without_qop(secret, nonce, method, uri, algorithm)
        else:
            expected = response_of(secret, nonce, count_text, given["cnonce"], method, uri, algorithm)
        is_right = hmac.compare_digest(expected.encode(), given.get("response", "").lower().encode("utf-8", "replace"))
        issued_at = self._issued_at(nonce, source)
        if not is_right or known is None:
            return Verdict(tried=username, is_wrong=True)
        if not _same_target(uri, request_uri):
            return REJECTED
        if issued_at is None or now - issued_at > self._nonce_ttl_s:
            return Verdict(is_stale=True, tried=username)
        if not self._take_count(nonce, issued_at, int(count_text, 16), now):
            return Verdict(is_stale=True, tried=username)
        return Verdict(username=username, tried=username)

    def _nonce(self, now: float, source: str) -> str:
        self._issued += 1
        stamp = struct.pack("!dQ", now, self._issued)
        return _text(stamp + self._sign(stamp, source))

    def _issued_at(self, nonce: str, source: str) -> float | None:
        """When a nonce of ours was issued to this source, None when it is not ours or somebody else's."""
        try:
            data = base64.urlsafe_b64decode(nonce + "=" * (-len(nonce) % 4))
        except ValueError:
            return None
        if len(data) != 32 or not hmac.compare_digest(data[16:], self._sign(data[:16], source)) or _text(data) != nonce:
            return None
        issued_at: float = struct.unpack("!dQ", data[:16])[0]
        return issued_at

    def _sign(self, stamp: bytes, source: str) -> bytes:
        return hmac.digest(self._key, stamp + source.encode(), "sha256")[:16]

    def _take_count(self, nonce: str, issued_at: float, count: int, now: float) -> bool:
        counts = self._counts.get(nonce)
        if counts is None:
            if self._forgotten_until is not None and issued_at <= self._forgotten_until:
                return False
            counts = self._counts[nonce] = _Counts(issued_at, now)
            self._forget(now)
        return count > 0 and counts.take(count)

    def _forget(self, now: float) -> None:
        """Drops windows whose nonces are old, and beyond NONCES_IN_USE_MAX the first used ones with their nonces."""
        while self._counts:
            nonce, first = next(iter(self._counts.items()))
            is_over = now - first.first_used_at > self._nonce_ttl_s
            if not is_over and len(self._counts) <= NONCES_IN_USE_MAX:
                return
            del self._counts[nonce]
            if not is_over:
                self._forgotten_until = max(first.issued_at, self._forgotten_until or first.issued_at)


def parse_digest(text: str) -> dict[str, str] | None:
    """The parameters of a `Digest …` value, names in lower case, quotes removed; None for another scheme.

    A backslash escapes in quoted strings; `uri` and `response` only stand between quotes (RFC 3261 §25.1).
    """
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    found: dict[str, str] = {}
    for part in split_outside(rest, ","):
        name, equals, value = part.partition("=")
        if equals:
            key, text = name.strip().lower(), value.strip()
            is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
            found.setdefault(key, text[1:-1] if is_quoted and key in _WITHOUT_ESCAPES else unquote(text))
    return found


def ha1(username: str, realm: str, password: str, algorithm: str = "MD5") -> str:
    """H(A1) of RFC 7616 §3.4.2."""
    return _hash(f"{username}:{realm}:{password}", algorithm)


def response_of(
    ha1_value: str, nonce: str, count: str, cnonce: str, method: str, uri: str, algorithm: str = "MD5"
) -> str:
    """The response of RFC 7616 §3.4.1 with qop=auth."""
    ha2 = _hash(f"{method}:{uri}", algorithm)
    return _hash(f"{ha1_value}:{nonce}:{count}:{cnonce}:auth:{ha2}", algorithm)


def response_without_qop(ha1_value: str, nonce: str, method: str, uri: str, algorithm: str = "MD5") -> str:
    """The response of RFC 2069, for clients that answer without qop."""
    return _hash(f"{ha1_value}:{nonce}:{_hash(f'{method}:{uri}', algorithm)}", algorithm)


def answer_challenge(
    challenge: str, *, username: str, password: str, method: str, uri: str, cnonce: str, count: int = 1
) -> str:
    """The Authorization value that answers one WWW-Authenticate; raises MalformedMessage when we cannot.

    A challenge without qop is one of RFC 2069, which RFC 3261 §22.4 (8) has clients answer as that did.
    """
    asked = parse_digest(challenge)
    if asked is None or "nonce" not in asked or "realm" not in asked:
        raise MalformedMessage("a challenge that is no Digest")
    algorithm = asked.get("algorithm", "MD5").upper()
    is_without_qop = "qop" not in asked
    if algorithm not in _HASHES or not (is_without_qop or "auth" in asked["qop"].replace(" ", "").split(",")):
        raise MalformedMessage("a challenge that wants what we do not speak")
    count_text = f"{count:08x}"
    secret = ha1(username, asked["realm"], password, algorithm)
    if is_without_qop:
        response, proof = response_without_qop(secret, asked["nonce"], method, uri, algorithm), ""
    else:
        response = response_of(secret, asked["nonce"], count_text, cnonce, method, uri, algorithm)
        proof = f', cnonce="{cnonce}", qop=auth, nc={count_text}'
    opaque = f', opaque="{asked["opaque"]}"' if "opaque" in asked else ""
    return (
        f'Digest username={quote(username)}, realm={quote(asked["realm"])}, nonce="{asked["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm={algorithm}{proof}{opaque}'
    )


def prove(challenges: Sequence[str], credentials: Credentials, *, method: str, uri: str, cnonce: str) -> str | None:
    """The answer to the strongest challenge of exactly the credentials' realm; None when there is none we can answer.

    A challenge of another realm is never answered: whoever stands in between could collect proofs to guess at.
    """
    answers: dict[str, str] = {}
    for challenge in challenges:
        asked = parse_digest(challenge)
        if asked is None or asked.get("realm") != credentials.realm:
            continue
        try:
            answer = answer_challenge(
                challenge, username=credentials.username, password=credentials.password,
                method=method, uri=uri, cnonce=cnonce,
            )  # fmt: skip
        except MalformedMessage:
            continue
        answers.setdefault(asked.get("algorithm", "MD5").upper(), answer)
    return next((answers[algorithm] for algorithm in ("SHA-256", "MD5") if algorithm in answers), None)


def _hash(text: str, algorithm: str) -> str:
    return _HASHES[algorithm](text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _text(nonce: bytes) -> str:
    return base64.urlsafe_b64encode(nonce).decode().rstrip("=")


def _same_target(uri: str, request_uri: str) -> bool:
    """Whether the digest's uri names the Request-URI; phones differ in parameters and in writing the port."""
    if uri == request_uri:
        return True
    try:
        one, other = SipUri.parse(uri), SipUri.parse(request_uri)
    except MalformedMessage:
        return False
    return (one.user, one.host) == (other.user, other.host)
