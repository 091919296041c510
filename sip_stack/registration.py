"""Keeping ourselves known at a carrier: the client side of REGISTER (RFC 3261 §10.2).

A `Registration` binds one contact to one address of record and keeps the binding alive. It asks nothing itself: it says
what is to be sent (`RequestWanted`), is told what came of it, and says when the binding is there (`RegistrationUp`) and
when it is not (`RegistrationDown`).

- A challenge is answered (RFC 7616), a second time where the nonce was stale; any other second challenge is a refusal.
- 423 makes the wish longer (§10.2.8). What the registrar grants is what its 200 says of *our* contact; those of others
  are not ours to judge by.
- The binding is refreshed when REFRESH_SHARE of its time is over. A refresh that fails costs nothing as long as the
  binding lasts: it is tried again, sooner at first and then less and less often.
- A refusal (403, 404, a wrong password) is not asked again for a long while: nothing changes it but a person, and many
  carriers lock out who keeps asking. A fault (5xx, no answer) is; Retry-After is heeded in both.
- `stop` takes the binding back.

All requests of one registration have one Call-ID and a CSeq that goes up (§10.2.4). Left out: Path and Service-Route
(RFC 3327, 3608), which are for who registers through proxies, and outbound flows (RFC 5626).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from sip_stack.digest import CHALLENGES, Credentials, prove
from sip_stack.errors import MalformedMessage
from sip_stack.events import RequestId
from sip_stack.flow import SIP_PORT
from sip_stack.grammar import read_number
from sip_stack.headers import NameAddr
from sip_stack.invite_session import Tokens
from sip_stack.message import Response
from sip_stack.standing import BackOff, RequestWanted, draw_from, retry_after_s
from sip_stack.uri import SipUri

EXPIRES_S: Final = 600
EXPIRES_S_MIN: Final = 10
EXPIRES_S_MAX: Final = 86_400
REFRESH_SHARE: Final = 0.75
ROUNDS_MAX: Final = 4
"""So many requests belong to one attempt: the first, after a challenge, after a stale nonce, after a 423."""

AFTER_FAULT: Final = BackOff(first_s=5.0, most_s=300.0)
AFTER_REFUSAL: Final = BackOff(first_s=300.0, most_s=3600.0)

_SERVER_FAULTS: Final = range(500, 600)
_NO_ANSWER: Final = 408
_SECONDS_MAX: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at a carrier: `address` is the address of record, `contact` where we are to be reached."""

    address: SipUri
    contact: SipUri
    credentials: Credentials | None = None
    expires_s: int = EXPIRES_S


@dataclass(frozen=True, slots=True)
class RegistrationUp:
    """The binding is there until `until_at`, in `now` seconds, and will be refreshed before."""

    name: str
    until_at: float


@dataclass(frozen=True, slots=True)
class RegistrationDown:
    """There is no binding: `status` says why (408: nobody answered); it is tried again at `again_at`."""

    name: str
    status: int
    again_at: float


RegistrationOutput: TypeAlias = RequestWanted | RegistrationUp | RegistrationDown


class Registration:
    """One binding. Driven by `start`, `take_response`, `handle_timeout` and `stop`; `drain` has what is due."""

    def __init__(self, name: str, account: Account, tokens: Tokens) -> None:
        self.name = name
        self.is_up = False
        self._account = account
        self._tokens = tokens
        self._draw = draw_from(tokens)
        self._registrar = SipUri(scheme="sip", user=None, host=account.address.host, port=account.address.port)
        self._call_id = tokens.token()
        self._cseq = 0
        self._expires_s = account.expires_s
        self._asked: RequestId | None = None
        self._rounds = 0
        self._failures = 0
        self._has_proved = False
        self._next_at: float | None = None
        self._until_at = 0.0
        self._outputs: list[RegistrationOutput] = []

    def start(self) -> None:
        """Registers from now on."""
        self._attempt()

    def stop(self) -> None:
        """Takes the binding back, if there may be one, and waits for nothing."""
        if self._cseq:
            self._send(expires_s=0)
        self._asked = self._next_at = None
        self.is_up = False

    def next_deadline(self) -> float | None:
        """When `handle_timeout` is wanted."""
        moments = [at for at in (self._next_at, self._until_at if self.is_up else None) if at is not None]
        return min(moments, default=None)

    def handle_timeout(self, now: float) -> None:
        """Refreshes or tries again, where it is time; a binding whose time is over is there no more."""
        if self.is_up and now >= self._until_at:
            self._down(_NO_ANSWER, self._next_at if self._next_at is not None else now)
        if self._next_at is not None and now >= self._next_at:
            self._attempt()

    def take_response(self, request_id: RequestId, response: Response | None, now: float) -> None:
        """The final response to a request of ours, None when there was none; those to older ones are passed over."""
        if request_id != self._asked:
            return
        self._asked = None
        status = _NO_ANSWER if response is None else response.status
        if response is not None and 200 <= status < 300:
            self._registered(response, now)
        elif response is None or not self._again(response):
            self._failed(status, response, now)

    def drain(self) -> list[RegistrationOutput]:
        """What is to be sent, and what is to be known, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    def _attempt(self) -> None:
        self._next_at = None
        self._rounds = 0
        self._has_proved = False
        self._send(expires_s=self._expires_s)

    def _send(self, *, expires_s: int, proof: tuple[str, str] | None = None) -> None:
        self._cseq += 1
        self._rounds += 1
        account = self._account
        self._asked = RequestId(f"register {self.name} {self._cseq}")
        headers = (("Contact", f"<{account.contact}>;expires={expires_s}"), ("Expires", str(expires_s)))
        me = NameAddr("", account.address)
        self._outputs.append(
            RequestWanted(
                request_id=self._asked,
                name=self.name,
                method="REGISTER",
                target=self._registrar,
                from_=me,
                to=me,
                call_id=self._call_id,
                cseq=self._cseq,
                headers=headers if proof is None else (proof, *headers),
            )
        )

    def _again(self, response: Response) -> bool:
        """Sends the request once more as the response wants it; whether that was possible."""
        if self._rounds >= ROUNDS_MAX:
            return False
        if response.status == 423:
            return self._lengthen(response)
        names = CHALLENGES.get(response.status)
        if names is None or self._account.credentials is None:
            return False
        asked, answered = names
        challenges = response.headers.get_all_raw(asked)
        if self._has_proved and not any("stale=true" in text.lower().replace(" ", "") for text in challenges):
            return False
        cnonce = self._tokens.token()
        proof = prove(challenges, self._account.credentials, method="REGISTER", uri=str(self._registrar), cnonce=cnonce)
        if proof is None:
            return False
        self._has_proved = True
        self._send(expires_s=self._expires_s, proof=(answered, proof))
        return True

    def _lengthen(self, response: Response) -> bool:
        least_s = read_number((response.headers.get("Min-Expires") or "").strip(), _SECONDS_MAX)
        if least_s is None or not self._expires_s < least_s <= EXPIRES_S_MAX:
            return False
        self._expires_s = least_s
        self._has_proved = False
        self._send(expires_s=least_s)
        return True

    def _registered(self, response: Response, now: float) -> None:
        granted_s = self._granted_s(response)
        if granted_s == 0:
            self._failed(response.status, response, now)
            return
        self._failures = 0
        self.is_up = True
        self._until_at = now + granted_s
        self._next_at = now + max(EXPIRES_S_MIN, granted_s) * REFRESH_SHARE
        self._outputs.append(RegistrationUp(self.name, self._until_at))

    def _granted_s(self, response: Response) -> int:
        """For how long our contact is bound: as it says itself, else as Expires says; 0 where it is not there."""
        every = response.headers.get("Expires")
        of_all_s = None if every is None else read_number(every.strip(), _SECONDS_MAX)
        for text in response.headers.all("Contact"):
            try:
                contact = NameAddr.parse(text)
            except MalformedMessage:
                continue
            if _is_same(contact.uri, self._account.contact):
                own = contact.param("expires")
                own_s = None if own is None else read_number(own, _SECONDS_MAX)
                granted_s = next((each for each in (own_s, of_all_s) if each is not None), self._expires_s)
                return min(granted_s, EXPIRES_S_MAX)
        return 0

    def _failed(self, status: int, response: Response | None, now: float) -> None:
        self._failures += 1
        is_fault = response is None or status == _NO_ANSWER or status in _SERVER_FAULTS
        wait_s = (AFTER_FAULT if is_fault else AFTER_REFUSAL).wait_s(self._failures, self._draw)
        self._next_at = now + max(wait_s, retry_after_s(response) or 0.0)
        if not (self.is_up and is_fault):
            self._down(status, self._next_at)

    def _down(self, status: int, again_at: float) -> None:
        self.is_up = False
        self._outputs.append(RegistrationDown(self.name, status, again_at))


def _is_same(one: SipUri, other: SipUri) -> bool:
    return _place(one) == _place(other)


def _place(uri: SipUri) -> tuple[str | None, str, int]:
    return uri.user, uri.host.lower(), uri.port or SIP_PORT
