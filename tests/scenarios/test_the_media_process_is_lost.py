"""Without media there is no call: running ones end, new ones are refused, and all is well when it is back."""

from __future__ import annotations

from tests.sim.offices import SUPPORT
from tests.sim.world import World


def test_a_talk_ends_for_both_and_says_why(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(5)
    world.lose_media()
    world.run(1)
    assert (call.ended_how, world.phone("101").call.ended_how) == ("gone", "gone")
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("answered", "switch", "media-lost")


def test_a_waiting_call_and_its_ringing_agent_are_let_go(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.assert_rings("101")
    world.lose_media()
    world.run(1)
    world.assert_silent("101")
    assert call.ended_how == "gone"
    assert world.record_of(call).cause == "media-lost"


def test_new_calls_are_refused_until_it_is_back(world: World) -> None:
    world.lose_media()
    refused = world.carrier.call_in(SUPPORT)
    world.run(1)
    assert refused.ended_how == "refused 503"
    assert world.record_of(refused).cause == "no-media-ports"
    world.restart_media()
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(call, "101")
