"""The main path: a caller rings in, hears the welcome and music, is presented, talks, and there is a record of it."""

from __future__ import annotations

import pytest

from tests.sim.offices import SUPPORT
from tests.sim.world import World


def test_a_caller_is_answered_by_the_agent_who_has_been_idle_longest(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_hears(call, "welcome")
    world.assert_rings("101")
    world.assert_silent("102")
    world.run(5)
    world.assert_hears(call, "music/calm")
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(call, "101")
    world.assert_hears(call, "talk")
    world.run(29)
    world.phone("101").call.hang_up()
    world.run(1)
    assert call.ended_how == "gone"
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("answered", "agent", "hung-up")
    assert (record.queue, record.agent) == ("support", "anna")
    assert record.wait_s == pytest.approx(6, abs=0.2)
    assert record.talk_s == pytest.approx(30, abs=0.2)


def test_the_talk_is_recorded_from_connection_to_hang_up(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.phone("101").call.answer()
    world.run(20)
    call.hang_up()
    world.run(2)
    (recording,) = world.record_of(call).recordings
    assert world.media.written[recording] == pytest.approx(20, abs=0.2)
    assert recording in world.ledger.completed


def test_the_agents_phone_shows_the_callers_number_and_the_queue(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    assert world.phone("101").call.caller == call.caller
    assert world.phone("101").call.display_name == "Support"


def test_after_the_talk_comes_wrap_up_and_then_the_agent_is_idle(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(5)
    assert world.agent("anna")["activity"] == "talking"
    call.hang_up()
    world.run(1)
    assert world.agent("anna")["activity"] == "wrap-up"
    world.run(10)
    assert world.agent("anna")["activity"] == "idle"


def test_a_carrier_that_sends_no_offer_is_made_one(world: World) -> None:
    call = world.carrier.call_in(SUPPORT, has_offer=False)
    world.run(1)
    world.assert_hears(call, "welcome")
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(call, "101")
