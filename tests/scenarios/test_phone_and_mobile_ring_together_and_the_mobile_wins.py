"""All the devices of an agent ring at once; the first to answer has the caller, the others are told why they stop."""

from __future__ import annotations

import pytest

from tests.sim.offices import MOBILE, SUPPORT
from tests.sim.person import Call
from tests.sim.world import World


def call_for_bo(world: World) -> Call:
    """A caller whom only bo can serve: his phone 102 and his mobile ring."""
    world.command("agent.pause", name="anna")
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.assert_rings("102")
    world.assert_rings(MOBILE)
    return call


def test_the_mobile_wins_and_the_phone_shows_no_missed_call(world: World) -> None:
    call = call_for_bo(world)
    world.mobile(MOBILE).call.answer()
    world.run(1.5)
    world.assert_talking(call, MOBILE)
    loser = world.phone("102").call
    assert loser.ended_how == "cancelled"
    assert loser.reason == 'SIP;cause=200;text="Call completed elsewhere"'
    assert world.record_of(call).agent == "bo"


def test_the_mobile_sees_the_trunks_number_and_the_phone_the_callers(world: World) -> None:
    call = call_for_bo(world)
    assert world.mobile(MOBILE).call.caller == SUPPORT
    assert world.phone("102").call.caller == call.caller


@pytest.mark.parametrize("later_ms", [0, 2, 4, 6, 10])
def test_a_200_that_crosses_our_cancel_is_acknowledged_and_hung_up(world: World, later_ms: float) -> None:
    call = call_for_bo(world)
    world.mobile(MOBILE).call.answer()
    world.run(later_ms / 1000)
    world.phone("102").call.answer()
    world.run(8)
    ends = {"102": world.phone("102").call, MOBILE: world.mobile(MOBILE).call}
    (winner,) = [name for name, end in ends.items() if end.is_live]
    (loser,) = [end for end in ends.values() if not end.is_live]
    world.assert_talking(call, winner)
    assert (loser.was_up, loser.ended_how) in ((True, "gone"), (False, "cancelled"))
    if later_ms == 0:
        assert loser.was_up, "its 200 was on its way before any CANCEL could be"
