"""The transactions of a simulated telephone: asking until answered, and answering the same question the same way.

As much of RFC 3261 §17 as a small phone has: requests are repeated over a network that may lose them, INVITE until
something comes back, everything else until the final answer; a repeated request gets the remembered answer; a final
answer to INVITE is insisted on until its ACK. Written apart from the switch's own transaction layer on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.sim.happenings import Happening, Happenings
from tests.sim.network import Place
from tests.sim.sip_text import SipText

T1_S = 0.5
T2_S = 4.0
GIVE_UP_S = 64 * T1_S

OnResponse = Callable[[SipText | None], None]


@dataclass(slots=True)
class _Asked:
    data: bytes
    to: Place
    on_response: OnResponse
    is_invite: bool
    ends_at: float
    interval_s: float = T1_S
    repeat: Happening | None = None
    is_answered: bool = False


@dataclass(slots=True)
class _Insisted:
    data: bytes
    to: Place
    ends_at: float
    on_give_up: Callable[[], None]
    interval_s: float = T1_S
    repeat: Happening | None = None


class Exchange:
    """One telephone's requests and responses. `send` puts bytes on the network."""

    def __init__(self, clock: Happenings, send: Callable[[bytes, Place], None]) -> None:
        self._clock = clock
        self._send = send
        self._asked: dict[tuple[str, str], _Asked] = {}
        self._answers: dict[tuple[str, str], tuple[bytes, Place]] = {}
        self._insisted: dict[str, _Insisted] = {}

    # Asking.

    def ask(self, request: SipText, to: Place, on_response: OnResponse) -> None:
        """Sends a request; `on_response` gets every provisional and final response, None when nothing final came.

        For INVITE, a repeated final response is given again, because it must be acknowledged again.
        """
        asked = _Asked(request.write(), to, on_response, request.method == "INVITE", self._clock.now + GIVE_UP_S)
        self._asked[request.branch, request.method] = asked
        self._send(asked.data, to)
        self._repeat_later(asked)

    def take_response(self, response: SipText) -> None:
        asked = self._asked.get((response.branch, response.method))
        assert asked is not None, f"a response to nothing that was asked: {response.first_line} {response.need('CSeq')}"
        status = response.status or 0
        if asked.is_answered and not asked.is_invite:
            return
        if (status >= 200 or asked.is_invite) and asked.repeat is not None:
            asked.repeat.call_off()
        asked.is_answered = asked.is_answered or status >= 200
        asked.on_response(response)

    # Answering.

    def is_repeated(self, request: SipText) -> bool:
        """Whether the request was answered before; if so it is answered so again."""
        known = self._answers.get((request.branch, request.method))
        if known is not None:
            self._send(*known)
        return known is not None

    def answer(self, request: SipText, response: SipText, to: Place) -> None:
        data = response.write()
        self._answers[request.branch, request.method] = (data, to)
        self._send(data, to)

    def insist(self, call_id: str, response: SipText, to: Place, on_give_up: Callable[[], None]) -> None:
        """Repeats a final response to an INVITE until `is_heard` says that its ACK came."""
        insisted = _Insisted(response.write(), to, self._clock.now + GIVE_UP_S, on_give_up)
        self._insisted[call_id] = insisted
        self._insist_later(call_id, insisted)

    def is_heard(self, call_id: str) -> None:
        insisted = self._insisted.pop(call_id, None)
        if insisted is not None and insisted.repeat is not None:
            insisted.repeat.call_off()

    def forget(self) -> None:
        """A power cut: nothing is repeated any more."""
        for asked in self._asked.values():
            if asked.repeat is not None:
                asked.repeat.call_off()
        for call_id in list(self._insisted):
            self.is_heard(call_id)

    def _repeat_later(self, asked: _Asked) -> None:
        wait_s = min(asked.interval_s, asked.ends_at - self._clock.now)
        asked.repeat = self._clock.after(wait_s, lambda: self._repeat(asked))
        asked.interval_s *= 2
        if not asked.is_invite:
            asked.interval_s = min(T2_S, asked.interval_s)

    def _repeat(self, asked: _Asked) -> None:
        if self._clock.now >= asked.ends_at:
            asked.is_answered = True
            asked.on_response(None)
            return
        self._send(asked.data, asked.to)
        self._repeat_later(asked)

    def _insist_later(self, call_id: str, insisted: _Insisted) -> None:
        insisted.repeat = self._clock.after(insisted.interval_s, lambda: self._insist(call_id, insisted))
        insisted.interval_s = min(T2_S, insisted.interval_s * 2)

    def _insist(self, call_id: str, insisted: _Insisted) -> None:
        if self._clock.now >= insisted.ends_at:
            del self._insisted[call_id]
            insisted.on_give_up()
            return
        self._send(insisted.data, insisted.to)
        self._insist_later(call_id, insisted)
