"""One agent, two callers: the first comes first, and wrap-up is respected between them."""

from __future__ import annotations

import pytest

from tests.sim.offices import MOBILE, SUPPORT
from tests.sim.person import Manner
from tests.sim.world import World


def test_the_second_caller_waits_for_the_talk_and_the_wrap_up(world: World) -> None:
    world.command("agent.pause", name="bo")
    first = world.carrier.call_in(SUPPORT)
    world.run(1)
    second = world.carrier.call_in(SUPPORT)
    world.run(1)
    assert world.phone("101").call.caller == first.caller
    world.phone("101").call.answer()
    world.run(30)
    world.assert_hears(second, "music/calm")
    world.phone("101").call.hang_up()
    world.run(9)
    world.assert_silent("101")
    world.run(2)
    world.assert_rings("101")
    assert world.phone("101").call.caller == second.caller
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(second, "101")
    assert world.record_of(second).wait_s == pytest.approx(41, abs=1)


def test_a_caller_who_was_declined_keeps_his_place(world: World) -> None:
    world.command("agent.pause", name="bo")
    world.phone("101").manner = Manner(refuses_with=603)
    first = world.carrier.call_in(SUPPORT)
    world.run(2)
    second = world.carrier.call_in(SUPPORT)
    world.phone("101").manner = Manner()
    world.run(12)
    assert world.phone("101").call.caller == first.caller
    assert second.state == "up"


def test_two_callers_and_two_agents_are_paired_once_each(world: World) -> None:
    first, second = world.carrier.call_in(SUPPORT), world.carrier.call_in(SUPPORT)
    world.run(2)
    world.assert_rings("101")
    world.assert_rings("102")
    world.phone("101").call.answer()
    world.mobile(MOBILE).call.answer()
    world.run(1)
    world.assert_talking(first, "101")
    world.assert_talking(second, MOBILE)


def test_an_agent_who_hangs_up_as_she_picks_up_ends_that_call_and_no_other(world: World) -> None:
    first = world.carrier.call_in(SUPPORT)
    second = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.phone("101").call.answer()
    world.phone("101").call.hang_up()
    world.run(1)
    assert first.ended_how == "gone"
    assert (world.record_of(first).outcome, world.record_of(first).ended_by) == ("answered", "agent")
    world.assert_rings("102")
    world.phone("102").call.answer()
    world.run(1)
    world.assert_talking(second, "102")


def test_a_caller_whose_agents_phone_cannot_be_heard_is_still_first_and_keeps_his_wait(world: World) -> None:
    world.command("agent.pause", name="bo")
    world.phone("101").manner = Manner(answers_after_s=1.0, is_incompatible=True)
    first = world.carrier.call_in(SUPPORT)
    world.run(1)
    second = world.carrier.call_in(SUPPORT)
    world.run(4)
    world.assert_hears(first, "music/calm")
    world.phone("101").manner = Manner()
    world.command("agent.ready", name="bo")
    world.run(1)
    world.assert_rings("102")
    assert world.phone("102").call.caller == first.caller
    world.phone("102").call.answer()
    world.run(1)
    assert world.record_of(first).wait_s == pytest.approx(6, abs=0.5)
    world.assert_hears(second, "music/calm")
