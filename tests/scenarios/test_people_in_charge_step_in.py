"""Commands on running calls: hang up, pause under a ringing phone, log out in talk, drain, reload."""

from __future__ import annotations

from dataclasses import replace

from softswitch.domain.office import ToQueue
from tests.sim.offices import ANNA, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.world import World


def test_a_talk_is_hung_up_by_command(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(5)
    world.command("call.hangup", id=world.record_of(call).id)
    world.run(1)
    assert (call.ended_how, world.phone("101").call.ended_how) == ("gone", "gone")
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("answered", "switch", "by-command")


def test_a_waiting_call_is_hung_up_by_command(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.command("call.hangup", id=world.record_of(call).id)
    world.run(1)
    world.assert_silent("101")
    assert call.ended_how == "gone"
    assert world.record_of(call).cause == "by-command"


def test_an_agent_who_pauses_while_ringing_is_spared_and_the_next_one_rung(world: World) -> None:
    world.carrier.call_in(SUPPORT)
    world.run(2)
    world.command("agent.pause", name="anna")
    world.run(1)
    world.assert_silent("101")
    world.assert_rings("102")


def test_an_agent_who_logs_out_in_talk_finishes_her_call(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    world.command("agent.logout", name="anna")
    world.run(30)
    world.assert_talking(call, "101")


def test_a_draining_switch_refuses_new_calls_and_lets_running_ones_end(world: World) -> None:
    running = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    world.drain_switch()
    refused = world.carrier.call_in(SUPPORT)
    world.run(1)
    assert refused.ended_how == "refused 503"
    assert (world.record_of(refused).outcome, world.record_of(refused).cause) == ("refused", "draining")
    world.assert_talking(running, "101")
    assert not world.node.is_drained
    running.hang_up()
    world.run(1)
    assert world.node.is_drained


def test_a_reload_touches_no_running_call_and_holds_for_the_next(world: World) -> None:
    talking = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("102").vanish()
    world.phone("101").call.answer()
    world.run(1)
    waiting = world.carrier.call_in(SUPPORT)
    world.run(1)
    sales = replace(SUPPORT_QUEUE, queue="sales", name="Sales", agents=("anna",), wrap_up_s=0)
    world.reload(replace(office(queues=[sales], agents=[ANNA], numbers={SUPPORT: ToQueue("sales")}), version="v2"))
    world.run(5)
    world.assert_talking(talking, "101")
    world.assert_hears(waiting, "music/calm")
    later = world.carrier.call_in(SUPPORT)
    world.run(1)
    assert world.record_of(later).queue == "sales"
