"""The checks after a step leave out only what cannot have changed, and find what is broken."""

from __future__ import annotations

import pytest

from tests.sim.offices import CARRIER, SUPPORT, SWITCH
from tests.sim.random_office import RandomDay
from tests.sim.world import World


@pytest.mark.parametrize("seed", [3, 11, 42, 77])
def test_all_is_looked_at_whenever_the_floor_is_not_as_it_was(seed: int) -> None:
    day = RandomDay(seed)
    check = day.world.step_check
    look, looked, left_out = check.look, check.looks, 0
    known = repr(day.world.node.switch.floor)

    def compared() -> None:
        nonlocal known, looked, left_out
        is_changed = repr(day.world.node.switch.floor) != known
        look()
        known = repr(day.world.node.switch.floor)
        assert not is_changed or check.looks > looked
        left_out += check.looks == looked
        looked = check.looks

    check.look = compared
    day.run()
    assert left_out > 0


def test_who_counts_as_what_she_is_not_is_found() -> None:
    world = World()
    world.register_all()
    floor = world.node.switch.floor
    assert floor.standings["anna"] is None
    floor.standings["anna"] = "paused"
    with pytest.raises(AssertionError, match=r"anna.*counts as paused"):
        world.command("agent.list")


def test_a_pause_that_is_over_by_time_alone_is_found_at_the_next_datagram() -> None:
    world = World()
    world.register_all()
    floor = world.node.switch.floor
    floor.agents["anna"].backoff_until_at = world.node_now + 5
    floor.deadlines.set("backoff", "anna", world.node_now + 50)
    floor.touch("anna")
    world.command("agent.list")
    assert floor.standings["anna"] == "backing-off"
    world.run(4)
    _knock(world)
    world.run(2)
    with pytest.raises(AssertionError, match=r"anna.*counts as backing-off and is free"):
        _knock(world)


def test_an_idle_agent_beside_a_waiting_caller_is_found() -> None:
    world = World()
    world.register_all()
    for name in ("anna", "bo"):
        world.command("agent.pause", name=name)
    world.carrier.call_in(SUPPORT)
    world.run(1)
    floor = world.node.switch.floor
    floor.agents["anna"].presence = "ready"
    floor.standings["anna"], floor.free["anna"] = None, None
    with pytest.raises(AssertionError, match="anna is idle while"):
        _knock(world)


def _knock(world: World) -> None:
    """A datagram that means nothing to anybody."""
    world.network.send(b"NOTHING\r\n\r\n", CARRIER, SWITCH)
    world.run(0.1)
