"""The carrier behind a trunk, and the mobiles that it reaches.

Callers from outside ring in through it; calls to mobile numbers go out to it. One telephone address shared by many
numbers: each `SimMobile` is one of them, with the manner of its owner.
"""

from __future__ import annotations

import random
from itertools import count

from tests.sim.happenings import Happenings
from tests.sim.network import Place, VirtualNetwork
from tests.sim.person import Call, Manner
from tests.sim.sip_text import SipText, user_of
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
        self._callers = count(FIRST_CALLER)

    def mobile(self, number: str) -> SimMobile:
        """The mobile of that number."""
        if number not in self._mobiles:
            self._mobiles[number] = SimMobile(number, self)
        return self._mobiles[number]

    def call_in(self, dialled: str, *, has_offer: bool = True) -> Call:
        """Somebody whom nobody knows, each time another, dials a number of the office."""
        return self.dial(dialled, caller=f"+{next(self._callers)}", has_offer=has_offer)

    def manner_for(self, invite: SipText) -> Manner:
        if self.chooses_manner is not None:
            return self.chooses_manner()
        return self.mobile(user_of(invite.uri)).manner
