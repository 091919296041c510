"""Callers in line hear how many are before them, and nothing that is spoken keeps an agent from them."""

from __future__ import annotations

from dataclasses import replace

from tests.sim.offices import SUPPORT, SUPPORT_QUEUE, office
from tests.sim.sound import SOUND_S
from tests.sim.world import World


def telling_office(every_s: float = 30) -> World:
    world = World(plan=office(queues=[replace(SUPPORT_QUEUE, announce_position_every_s=every_s)]))
    world.register_all()
    for agent in ("anna", "bo"):
        world.command("agent.pause", name=agent)
    return world


def test_the_second_caller_hears_that_he_is_second_and_moves_up() -> None:
    world = telling_office()
    first = world.carrier.call_in(SUPPORT)
    world.run(1)
    second = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_hears(second, "welcome")
    world.run(SOUND_S)
    world.assert_hears(second, "queue-position-2")
    world.run(SOUND_S)
    world.assert_hears(second, "music/calm")
    first.hang_up()
    world.run(30 - 2 * SOUND_S)
    world.assert_hears(second, "queue-position-1")
    world.run(SOUND_S)
    world.assert_hears(second, "music/calm")
    world.come_to_rest()


def test_an_agent_who_gets_free_in_mid_sentence_is_connected_at_once() -> None:
    world = telling_office()
    call = world.carrier.call_in(SUPPORT)
    world.run(SOUND_S + 1)
    world.assert_hears(call, "queue-position-1")
    world.command("agent.ready", name="anna")
    world.run(0.3)
    world.assert_hears(call, "queue-position-1")
    world.phone("101").call.answer()
    world.run(0.1)
    world.assert_hears(call, "talk")
    world.assert_talking(call, "101")
    world.come_to_rest()
