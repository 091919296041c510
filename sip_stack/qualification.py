"""Whether a far end is there: OPTIONS asked again and again (RFC 3261 §11).

Carriers and proxies fail silently: nothing tells a switch that a host is gone until a call waits half a minute for it.
So it is asked before. Any answer but 408 and 503 says that it is there, a refusal too, since many carriers answer
OPTIONS with 403 or 405 and carry calls all the same. One missing answer is not believed, LOSSES of them are; while it
is down it is asked more often, and the first answer brings it back.

A `Qualification` says what is to be sent (`RequestWanted`) and what is to be known (`TargetUp`, `TargetDown`), and
knows how long the last answer took.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from sip_stack.events import RequestId
from sip_stack.headers import NameAddr
from sip_stack.invite_session import Tokens
from sip_stack.message import Response
from sip_stack.standing import Draw, RequestWanted, draw_from
from sip_stack.uri import SipUri

LOSSES: Final = 2
DOWN_EVERY_S: Final = 10.0
"""A target that is down is asked this often, or as often as it is anyway if that is more."""
ANSWER_S_MAX: Final = 5.0
"""How long an answer is waited for; the transaction itself goes on to 64·T1, and what comes then is passed over."""

_NOT_THERE: Final = frozenset({408, 503})


@dataclass(frozen=True, slots=True)
class TargetUp:
    """It answers."""

    name: str


@dataclass(frozen=True, slots=True)
class TargetDown:
    """It does not answer any more."""

    name: str


QualificationOutput: TypeAlias = RequestWanted | TargetUp | TargetDown


class Qualification:
    """One target. `is_up` None: nothing is known yet. `round_trip_s` of the last answer."""

    def __init__(self, name: str, target: SipUri, me: SipUri, every_s: float, tokens: Tokens) -> None:
        self.name = name
        self.is_up: bool | None = None
        self.round_trip_s: float | None = None
        self._target = target
        self._me = me
        self._every_s = every_s
        self._tokens = tokens
        self._draw: Draw = draw_from(tokens)
        self._asked: RequestId | None = None
        self._asked_at = 0.0
        self._asks = 0
        self._losses = 0
        self._next_at: float | None = None
        self._outputs: list[QualificationOutput] = []

    def start(self, now: float) -> None:
        """Asks for the first time, at some moment within the first second: not all targets at once."""
        self._next_at = now + self._draw()

    def next_deadline(self) -> float | None:
        """When `handle_timeout` is wanted."""
        return self._asked_at + ANSWER_S_MAX if self._asked is not None else self._next_at

    def handle_timeout(self, now: float) -> None:
        """Asks where it is time, or has waited for an answer long enough."""
        if self._asked is not None:
            if now >= self._asked_at + ANSWER_S_MAX:
                self._lost(now)
        elif self._next_at is not None and now >= self._next_at:
            self._ask(now)

    def take_response(self, request_id: RequestId, response: Response | None, now: float) -> None:
        """The answer to the last question; those to older ones come too late."""
        if request_id != self._asked:
            return
        if response is None or response.status in _NOT_THERE:
            self._lost(now)
            return
        self._asked = None
        self._losses = 0
        self.round_trip_s = now - self._asked_at
        self._next_at = self._asked_at + self._every_s
        if not self.is_up:
            self.is_up = True
            self._outputs.append(TargetUp(self.name))

    def drain(self) -> list[QualificationOutput]:
        """What is to be sent, and what is to be known, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    def _ask(self, now: float) -> None:
        self._asks += 1
        self._asked, self._asked_at = RequestId(f"options {self.name} {self._asks}"), now
        self._outputs.append(
            RequestWanted(
                request_id=self._asked,
                name=self.name,
                method="OPTIONS",
                target=self._target,
                from_=NameAddr("", self._me),
                to=NameAddr("", self._target),
                call_id=self._tokens.token(),
                cseq=1,
                headers=(("Accept", "application/sdp"),),
            )
        )

    def _lost(self, now: float) -> None:
        self._asked = None
        self._losses += 1
        is_down = self._losses >= LOSSES
        self._next_at = max(now, self._asked_at + min(self._every_s, DOWN_EVERY_S))
        if is_down and self.is_up is not False:
            self.is_up = False
            self.round_trip_s = None
            self._outputs.append(TargetDown(self.name))
