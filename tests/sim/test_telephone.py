"""The simulated telephones among themselves: before they judge a switch, they must be able to call one another."""

from __future__ import annotations

import random

import pytest

from tests.sim.happenings import Happenings
from tests.sim.network import NetworkKnobs, VirtualNetwork
from tests.sim.person import Manner
from tests.sim.telephone import Telephone

ONE, OTHER = ("10.0.2.1", 5060), ("10.0.2.2", 5060)


class Pair:
    """Two telephones that know each other's address."""

    def __init__(self, seed: int = 0, knobs: NetworkKnobs | None = None) -> None:
        self.clock = Happenings()
        self.network = VirtualNetwork(self.clock, random.Random(seed), knobs or NetworkKnobs())
        self.one = self._telephone("one", ONE, OTHER)
        self.other = self._telephone("other", OTHER, ONE)

    def run(self, seconds: float) -> None:
        until = self.clock.now + seconds
        while (at := self.clock.next_at()) is not None and at <= until:
            self.clock.happen()
        self.clock.now = until

    def _telephone(self, name: str, place: tuple[str, int], peer: tuple[str, int]) -> Telephone:
        return Telephone(name, place, self.network, self.clock, random.Random(name), switch=peer, domain="pair.example")


def test_a_call_is_answered_and_hung_up_by_the_caller() -> None:
    pair = Pair()
    call = pair.one.dial("other")
    pair.run(1)
    assert (call.state, pair.other.call.state) == ("ringing", "ringing")
    pair.other.call.answer()
    pair.run(1)
    assert (call.state, pair.other.call.state) == ("up", "up")
    assert call.remote_rtp == pair.other.call.rtp
    call.hang_up()
    pair.run(1)
    assert (call.ended_how, pair.other.call.ended_how) == ("hung-up", "gone")


def test_a_caller_who_gives_up_cancels() -> None:
    pair = Pair()
    call = pair.one.dial("other")
    pair.run(1)
    call.hang_up()
    pair.run(1)
    assert (call.ended_how, pair.other.call.ended_how) == ("hung-up", "cancelled")


def test_a_refused_call_tells_its_status() -> None:
    pair = Pair()
    pair.other.manner = Manner(refuses_with=486)
    call = pair.one.dial("other")
    pair.run(1)
    assert call.ended_how == "refused 486"


def test_a_telephone_that_is_cut_off_hears_nothing() -> None:
    pair = Pair()
    pair.other.vanish()
    call = pair.one.dial("other")
    pair.run(40)
    assert call.ended_how == "unanswered"
    assert not pair.other.calls


@pytest.mark.parametrize("seed", range(20))
def test_a_bad_network_delays_a_call_but_does_not_break_it(seed: int) -> None:
    pair = Pair(seed, NetworkKnobs(delay_ms_mean=80, loss=0.3, duplication=0.2, reordering=0.3))
    pair.other.manner = Manner(answers_after_s=1.0)
    call = pair.one.dial("other")
    pair.run(60)
    assert (call.state, pair.other.call.state) == ("up", "up")
    assert len(pair.other.calls) == 1
    pair.other.call.hang_up()
    pair.run(60)
    assert (call.ended_how, pair.other.call.ended_how) == ("gone", "hung-up")
