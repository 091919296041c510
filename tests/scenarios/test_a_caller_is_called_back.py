"""A caller keeps his place without the line, is called when his turn comes, and is not forgotten by a restart."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain.office import CallbackPlan, ToCallback
from tests.sim.offices import MOBILE, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.world import World

CALLBACK = CallbackPlan(may_call=("+46",), tries=2, pause_s=60)
QUEUE = replace(SUPPORT_QUEUE, callback=CALLBACK, keys=MappingProxyType({"1": ToCallback()}))
NATIONAL = "0701234567#"


@pytest.fixture
def world() -> World:
    world = World(plan=office(queues=(QUEUE,)))
    world.register_all()
    for agent in ("anna", "bo"):
        world.command("agent.pause", name=agent)
    return world


def promised(world: World) -> None:
    """A caller asks to be called at his mobile and is gone."""
    call = world.carrier.call_in(SUPPORT)
    world.run(5)
    world.press(call, "1")
    world.assert_hears(call, "callback-confirm")
    world.press(call, NATIONAL)
    world.assert_hears(call, "callback-registered")
    world.run(5)
    assert call.ended_how == "gone"
    assert world.record_of(call).outcome == "overflowed"
    (row,) = world.command("callback.list")  # type: ignore[misc]  # rows of plain values
    assert (row["number"], row["state"], row["tries"]) == (MOBILE, "waiting", 0)


def test_the_agent_is_rung_first_and_then_the_customer_and_they_talk(world: World) -> None:
    promised(world)
    world.command("agent.ready", name="anna")
    world.run(1)
    world.assert_rings("101")
    assert not world.mobile(MOBILE).calls
    assert world.phone("101").call.caller == MOBILE
    world.phone("101").call.answer()
    world.run(1)
    world.assert_hears(world.phone("101").call, "ringback")
    world.mobile(MOBILE).call.answer()
    world.run(1)
    assert world.media.are_joined(world.phone("101").call.rtp, world.mobile(MOBILE).call.rtp)
    assert world.command("callback.list") == []
    world.mobile(MOBILE).call.hang_up()
    world.run(2)
    row = world.command("queue.show", name="support")
    assert isinstance(row, dict)
    assert row["callbacks_today"] == {"requested": 1, "connected": 1, "gave_up": 0, "withdrawn": 0}
    assert (row["offered_today"], row["to_callback_today"], row["answered_today"]) == (1, 1, 0)
    world.come_to_rest()


def test_a_restart_of_the_switch_loses_no_promise(world: World) -> None:
    promised(world)
    world.restart_switch()
    world.run(1)
    world.command("agent.ready", name="anna")
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    world.mobile(MOBILE).call.answer()
    world.run(2)
    assert world.media.are_joined(world.phone("101").call.rtp, world.mobile(MOBILE).call.rtp)
    assert world.command("callback.list") == []
    world.come_to_rest()


def test_a_customer_who_does_not_answer_is_tried_again_and_then_given_up(world: World) -> None:
    promised(world)
    world.command("agent.ready", name="anna")
    for tries in (1, 2):
        world.run_until(lambda: bool(world.phone("101").live_calls), 90)
        world.phone("101").call.answer()
        world.run(40)
        rows = world.command("callback.list")
        assert isinstance(rows, list)
        assert [(row["state"], row["tries"]) for row in rows] == ([("pausing", 1)] if tries == 1 else [])
        assert world.agent("anna")["activity"] == "idle"
    world.come_to_rest()
