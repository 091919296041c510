"""The carrier behind a trunk, and the mobiles that it reaches.

Callers from outside ring in through it; calls to mobile numbers go out to it. One telephone address shared by many
numbers: each `SimMobile` is one of them, with the manner of its owner.
"""

from __future__ import annotations

import random
import re
from itertools import count

from tests.sim.happenings import Happenings
from tests.sim.network import Place, VirtualNetwork
from tests.sim.person import Call, Manner
from tests.sim.sip_text import SipText, authorization, user_of
from tests.sim.telephone import Telephone

FIRST_CALLER = 46_700_000_001


class SimMobile:
    """A telephone number out in the world. `manner`: what its owner does."""

    def __init__(self, number: str, carrier: SimCarrier) -> None:
        self.name = number
        self.manner = Manner()
        self._carrier = carrier

    @property
    def calls(self) -> list[Call]:
        return [call for call in self._carrier.calls if not call.is_caller and call.dialled == self.name]

    @property
    def live_calls(self) -> list[Call]:
        return [call for call in self._carrier.live_calls if not call.is_caller and call.dialled == self.name]

    @property
    def call(self) -> Call:
        """The call that is up, or was last."""
        assert self.calls, f"{self.name} has no call"
        return (self.live_calls or self.calls)[-1]


class SimRegistrar:
    """Who may register with the carrier, and for how long; `bound` is the contact that has."""

    def __init__(self, user: str, password: str, *, expires_s: int = 60, expires_s_min: int = 0) -> None:
        self.bound: str | None = None
        self.asked = 0
        self.refuses_with: int | None = None
        self.expires_s = expires_s
        self._user = user
        self._password = password
        self._expires_s_min = expires_s_min

    def judge(self, register: SipText) -> tuple[int, list[tuple[str, str]]]:
        """The status of the answer, and the headers that belong to it."""
        self.asked += 1
        if self.refuses_with is not None:
            return self.refuses_with, []
        proof = register.get("Authorization")
        challenge = 'Digest realm="carrier.example", nonce="n1", algorithm=MD5, qop="auth"'
        if proof is None or proof != self._proof(challenge, register, proof):
            return 401, [("WWW-Authenticate", challenge)]
        wanted_s = int(register.need("Expires"))
        if 0 < wanted_s < self._expires_s_min:
            return 423, [("Min-Expires", str(self._expires_s_min))]
        contact = register.need("Contact").partition(">")[0] + ">"
        self.bound = contact if wanted_s else None
        return 200, [("Contact", f"{contact};expires={min(wanted_s, self.expires_s)}")] if wanted_s else []

    def _proof(self, challenge: str, register: SipText, proof: str) -> str:
        said = dict(re.findall(r'(\w+)="?([^",]+)"?', proof.partition(" ")[2]))
        right = authorization(
            challenge, user=self._user, password=self._password, method="REGISTER", uri=register.uri,
            count=int(said.get("nc", "0"), 16), cnonce=said.get("cnonce", ""),
        )  # fmt: skip
        known = dict(re.findall(r'(\w+)="?([^",]+)"?', right.partition(" ")[2]))
        return proof if known == said else right


class SimCarrier(Telephone):
    """Brings calls in and takes calls to mobiles."""

    def __init__(
        self,
        place: Place,
        network: VirtualNetwork,
        clock: Happenings,
        seeded: random.Random,
        *,
        switch: Place,
        domain: str,
    ) -> None:
        super().__init__("carrier", place, network, clock, seeded, switch=switch, domain=domain)
        self._mobiles: dict[str, SimMobile] = {}
        self.registrar: SimRegistrar | None = None
        self._callers = count(FIRST_CALLER)

    def mobile(self, number: str) -> SimMobile:
        """The mobile of that number."""
        if number not in self._mobiles:
            self._mobiles[number] = SimMobile(number, self)
        return self._mobiles[number]

    def call_in(self, dialled: str, *, has_offer: bool = True) -> Call:
        """Somebody whom nobody knows, each time another, dials a number of the office."""
        return self.dial(dialled, caller=f"+{next(self._callers)}", has_offer=has_offer)

    def _take_request(self, request: SipText, source: Place) -> None:
        if request.method == "REGISTER" and self.registrar is not None:
            status, headers = self.registrar.judge(request)
            response = self._response(request, status)
            response.headers += headers
            self._exchange.answer(request, response, source)
        else:
            super()._take_request(request, source)

    def manner_for(self, invite: SipText) -> Manner:
        if self.chooses_manner is not None:
            return self.chooses_manner()
        return self.mobile(user_of(invite.uri)).manner
