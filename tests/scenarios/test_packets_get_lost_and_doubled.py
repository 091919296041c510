"""A bad network delays calls; it neither breaks nor doubles them."""

from __future__ import annotations

import pytest

from tests.sim.network import NetworkKnobs
from tests.sim.offices import CARRIER, SUPPORT
from tests.sim.person import Manner
from tests.sim.world import World


def test_a_lost_ack_is_asked_for_again(world: World) -> None:
    world.network.lose_next("ACK ", source=CARRIER[0], times=2)
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(60)
    world.assert_talking(call, "101")


def test_a_caller_who_never_acknowledges_is_let_go(world: World) -> None:
    for agent in ("anna", "bo"):
        world.command("agent.pause", name=agent)
    world.carrier.is_withholding_acks = True
    call = world.carrier.call_in(SUPPORT)
    world.run(35)
    assert call.ended_how == "gone"
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("failed", "switch", "not-confirmed")


def test_an_agents_lost_200_comes_again(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.network.lose_next("SIP/2.0 200", source=world.phone("101").place[0], times=2)
    world.phone("101").call.answer()
    world.run(5)
    world.assert_talking(call, "101")


def test_a_lost_bye_is_said_again(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    world.network.lose_next("BYE ", times=3)
    call.hang_up()
    world.run(10)
    assert world.phone("101").call.ended_how == "gone"
    assert world.record_of(call).ended_by == "caller"


@pytest.mark.parametrize("seed", range(8))
def test_a_call_completes_over_a_network_that_loses_every_third_packet(seed: int) -> None:
    world = World(seed, knobs=NetworkKnobs(delay_ms_mean=40, loss=0.3))
    world.register_all()
    world.phone("101").manner = Manner(answers_after_s=3.0)
    world.command("agent.pause", name="bo")
    call = world.carrier.call_in(SUPPORT)
    world.run_until(lambda: any(end.was_up for end in world.phone("101").calls), limit_s=60)
    world.run(5)
    world.assert_talking(call, "101")
    call.hang_up()
    world.run(40)
    assert world.record_of(call).outcome == "answered"
    world.come_to_rest()


def test_every_datagram_twice_makes_one_call() -> None:
    world = World(knobs=NetworkKnobs(duplication=1.0, reordering=0.3))
    world.register_all()
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.assert_rings("101")
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(call, "101")
    assert len(world.ledger.arrived) == 1
    assert len(world.phone("101").calls) == 1
    world.come_to_rest()
