"""Whenever the caller leaves, everybody is let go, the agent is not blamed, and the record says who ended it."""

from __future__ import annotations

from tests.sim.offices import DIRECT_TO_101, SUPPORT
from tests.sim.world import World


def test_while_the_welcome_plays(world: World) -> None:
    for agent in ("anna", "bo"):
        world.command("agent.pause", name=agent)
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_hears(call, "welcome")
    call.hang_up()
    world.run(1)
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("abandoned", "caller", "hung-up")
    assert record.agent is None
    assert not record.presentations


def test_while_an_agent_rings(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(3)
    world.assert_rings("101")
    call.hang_up()
    world.run(1)
    world.assert_silent("101")
    assert world.phone("101").call.ended_how == "cancelled"
    assert world.phone("101").call.reason is None
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("abandoned", "caller", "hung-up")
    assert [(shown.outcome, shown.is_counted) for shown in record.presentations] == [("caller-gone", False)]
    assert (world.agent("anna")["presence"], world.agent("anna")["activity"]) == ("ready", "idle")


def test_in_the_talk(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(10)
    call.hang_up()
    world.run(1)
    assert world.phone("101").call.ended_how == "gone"
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("answered", "caller", "hung-up")


def test_at_the_very_moment_the_agent_picks_up(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    call.hang_up()
    world.run(2)
    world.assert_silent("101")
    assert world.record_of(call).ended_by == "caller"


def test_before_a_directly_called_phone_answers(world: World) -> None:
    call = world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    world.assert_rings("101")
    assert call.state == "ringing"
    call.hang_up()
    world.run(1)
    assert call.responses[-1] == 487
    assert world.phone("101").call.ended_how == "cancelled"
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("direct", "caller", "cancelled")
    assert record.answered_at is None
