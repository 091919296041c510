"""Wrap-up, codes, the moment after getting ready, and pauses: what keeps callers from an agent, and what ends it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain.office import AgentPlan, QueuePlan
from softswitch.domain.refusals import CommandRefused
from tests.sim.offices import ANNA, BO, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Call
from tests.sim.world import World

CODED = replace(SUPPORT_QUEUE, codes=("sale", "question"), code_within_s=60)


def only_anna(queue: QueuePlan = SUPPORT_QUEUE, anna: AgentPlan = ANNA, reasons: tuple[str, ...] = ()) -> World:
    world = World(plan=replace(office(queues=(queue,), agents=(anna, BO)), pause_reasons=reasons))
    world.register_all()
    world.command("agent.logout", name="bo")
    return world


def talked(world: World) -> Call:
    """anna has just had a caller, and another one waits; that one."""
    first = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(5)
    second = world.carrier.call_in(SUPPORT)
    world.run(1)
    first.hang_up()
    world.run(0.5)
    assert world.agent("anna")["activity"] == "wrap-up"
    return second


def test_wrap_up_is_the_queues_or_her_own() -> None:
    for anna, wrap_up_s in ((ANNA, 10), (replace(ANNA, wrap_up_s=25), 25)):
        world = only_anna(anna=anna)
        talked(world)
        world.run(wrap_up_s - 1)
        world.assert_silent("101")
        world.run(1)
        world.assert_rings("101")
        world.come_to_rest()


def test_it_is_extended_and_again_and_then_the_caller_comes() -> None:
    world = only_anna()
    talked(world)
    world.command("agent.wrap-up", name="anna", extend_s=20)
    world.run(15)
    world.command("agent.wrap-up", name="anna", extend_s=30)
    world.run(43)
    world.assert_silent("101")
    world.run(2)
    world.assert_rings("101")
    world.come_to_rest()


@pytest.mark.parametrize("how", ["agent.wrap-up", "agent.ready"])
def test_it_is_ended_early(how: str) -> None:
    world = only_anna()
    talked(world)
    world.command(how, name="anna")
    world.run(0.5)
    world.assert_rings("101")
    world.come_to_rest()


def test_who_pauses_in_wrap_up_is_paused_after_it() -> None:
    world = only_anna()
    talked(world)
    world.command("agent.pause", name="anna")
    world.run(15)
    world.assert_silent("101")
    assert (world.agent("anna")["presence"], world.agent("anna")["activity"]) == ("paused", "idle")
    world.come_to_rest()


def test_a_code_is_asked_for_and_without_it_neither_ready_nor_the_end_of_wrap_up_helps() -> None:
    world = only_anna(CODED)
    second = talked(world)
    world.run(20)
    for how in ("agent.ready", "agent.wrap-up"):
        with pytest.raises(CommandRefused):
            world.command(how, name="anna")
    with pytest.raises(CommandRefused):
        world.command("agent.classify", name="anna", code="sael")
    world.assert_silent("101")
    world.command("agent.classify", name="anna", code="sale")
    world.run(0.5)
    world.assert_rings("101")
    assert world.phone("101").call.caller == second.caller
    world.come_to_rest()


def test_nobody_is_kept_by_a_code_beyond_its_time() -> None:
    world = only_anna(CODED)
    talked(world)
    world.run(58)
    world.assert_silent("101")
    world.run(2)
    world.assert_rings("101")
    world.come_to_rest()


def test_the_code_can_be_said_in_the_talk_and_the_wrap_up_is_the_usual_one() -> None:
    world = only_anna(CODED)
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    world.command("agent.classify", name="anna", code="question")
    call.hang_up()
    world.run(9)
    assert world.agent("anna")["activity"] == "wrap-up"
    world.run(2)
    assert world.agent("anna")["activity"] == "idle"
    world.come_to_rest()


def test_she_is_left_alone_for_a_moment_after_getting_ready_but_not_after_each_call() -> None:
    world = only_anna(replace(SUPPORT_QUEUE, wrap_up_s=0), replace(ANNA, guard_s=4))
    world.command("agent.pause", name="anna")
    first = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.command("agent.ready", name="anna")
    world.run(3.5)
    world.assert_silent("101")
    world.run(1)
    world.assert_rings("101")
    world.phone("101").call.answer()
    world.run(1)
    world.carrier.call_in(SUPPORT)
    world.run(1)
    first.hang_up()
    world.run(0.5)
    world.assert_rings("101")
    world.come_to_rest()


def test_a_pause_has_a_reason_of_the_list_and_a_slip_is_answered_with_what_was_meant() -> None:
    world = only_anna(reasons=("lunch", "meeting"))
    with pytest.raises(CommandRefused, match="lunch"):
        world.command("agent.pause", name="anna", reason="lunhc")
    with pytest.raises(CommandRefused):
        world.command("agent.pause", name="anna")
    assert world.agent("anna")["presence"] == "ready"
    world.command("agent.pause", name="anna", reason="lunch")
    assert (world.agent("anna")["presence"], world.agent("anna")["pause_reason"]) == ("paused", "lunch")
    world.come_to_rest()


def test_wrap_up_and_the_code_that_it_waits_for_survive_a_restart() -> None:
    world = only_anna(CODED)
    talked(world)
    world.run(2)
    world.restart_switch()
    world.register_all()
    assert world.agent("anna")["activity"] == "wrap-up"
    with pytest.raises(CommandRefused):
        world.command("agent.ready", name="anna")
    world.command("agent.classify", name="anna", code="sale")
    world.run(10)
    assert world.agent("anna")["activity"] == "idle"
    world.come_to_rest()
