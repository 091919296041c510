"""A phone whose cable is pulled neither holds a caller nor an agent for ever."""

from __future__ import annotations

from tests.sim.offices import SUPPORT
from tests.sim.world import World


def test_before_it_rings_the_next_agent_is_rung_and_nothing_is_counted(world: World) -> None:
    world.phone("101").vanish()
    call = world.carrier.call_in(SUPPORT)
    world.run(22)
    world.assert_rings("102")
    first = world.record_of(call).presentations[0]
    assert (first.agent, first.outcome, first.is_counted) == ("anna", "unreachable", False)
    assert world.agent("anna")["presence"] == "ready"


def test_while_it_rings_the_next_agent_is_rung_when_the_time_is_over(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.assert_rings("101")
    world.phone("101").vanish()
    world.run(20)
    world.assert_rings("102")
    world.phone("102").call.answer()
    world.run(1)
    world.assert_talking(call, "102")


def test_in_talk_the_probe_finds_out_and_the_call_ends(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(10)
    world.phone("101").vanish()
    world.run(25)
    assert call.state == "up"
    world.run(45)
    assert call.ended_how == "gone"
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("answered", "switch", "silent")


def test_a_phone_that_lost_the_call_in_a_power_cut_says_so_to_the_probe(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(10)
    world.phone("101").vanish()
    world.run(5)
    world.phone("101").come_back()
    world.run(40)
    assert call.ended_how == "gone"
    assert world.record_of(call).cause == "silent"


def test_a_muted_phone_that_answers_the_probe_keeps_the_call(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    world.phone("101").is_mute = True
    world.run(200)
    world.assert_talking(call, "101")


def test_a_call_on_hold_may_be_silent(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    agent = world.phone("101").call
    agent.answer()
    world.run(5)
    world.phone("101").reinvite(agent, "inactive")
    world.phone("101").is_mute = True
    world.run(100)
    assert (call.state, agent.state) == ("up", "up")
    world.phone("101").is_mute = False
    world.phone("101").reinvite(agent, "sendrecv")
    world.run(1)
    world.assert_talking(call, "101")
