"""The checks after a step leave out only what cannot have changed, and find what is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from softswitch.domain.agent import Agent
from softswitch.domain.floor import Floor
from softswitch.domain.office import AgentPlan, Device, ToPhone
from tests.sim.invariants import check_rest
from tests.sim.offices import CARRIER, SUPPORT, SUPPORT_QUEUE, SWITCH, office
from tests.sim.person import Manner
from tests.sim.random_office import RandomDay
from tests.sim.step_check import WHOLE_EVERY_S, WHOLE_MAX
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
        world.command("agent.list")


def _is_paused(floor: Floor) -> None:
    floor.agents["agent0"].presence = "paused"


def _counts_as_paused(floor: Floor) -> None:
    floor.standings["agent0"] = "paused"


def _is_not_free(floor: Floor) -> None:
    del floor.free["agent0"]


def _is_kept_for_nothing(floor: Floor) -> None:
    floor.agents["agent0"].claim = "nothing"
    floor.standings["agent0"] = "chosen-for-another"


def _backs_off_without_end(floor: Floor) -> None:
    floor.agents["agent0"].backoff_until_at = 1e9
    floor.standings["agent0"] = "backing-off"


def _is_not_kept_busy(floor: Floor) -> None:
    _talking(floor).engagements.clear()


def _leg_is_gone(floor: Floor) -> None:
    del floor.legs[next(iter(_talking(floor).engagements))]


def _call_is_gone(floor: Floor) -> None:
    floor.calls.popitem()


def _talking(floor: Floor) -> Agent:
    return next(agent for agent in floor.agents.values() if agent.activity == "talking")


@pytest.mark.parametrize(
    "breaks",
    [
        _is_paused,
        _counts_as_paused,
        _is_not_free,
        _is_kept_for_nothing,
        _backs_off_without_end,
        _is_not_kept_busy,
        _leg_is_gone,
        _call_is_gone,
    ],
)
def test_in_a_large_office_what_breaks_is_found_at_the_next_look(breaks: Callable[[Floor], None]) -> None:
    world = _large_office()
    world.command("agent.list")
    looks, whole_looks = world.step_check.looks, world.step_check.whole_looks
    world.command("agent.list")
    assert (world.step_check.looks, world.step_check.whole_looks) == (looks + 1, whole_looks)
    breaks(world.node.switch.floor)
    with pytest.raises(AssertionError):
        world.command("agent.list")
    assert world.step_check.whole_looks == whole_looks


def test_in_a_large_office_all_is_looked_at_within_a_second_and_at_rest() -> None:
    world = _large_office()
    floor = world.node.switch.floor
    agent = _talking(floor).agent
    world.phone(agent.replace("agent", "10")).call.hang_up()
    world.run(2)
    assert floor.agents[agent].activity == "wrap-up"
    world.command("agent.list")
    floor.deadlines.drop("wrap-up", agent)
    with pytest.raises(AssertionError, match="is in wrap-up, which never ends"):
        check_rest(world)
    world.run(WHOLE_EVERY_S)
    with pytest.raises(AssertionError, match="is in wrap-up, which never ends"):
        world.command("agent.list")


def _large_office() -> World:
    """More agents than are looked at every time, one of whom talks."""
    phones = [f"10{number}" for number in range(WHOLE_MAX + 1)]
    agents = [
        AgentPlan(f"agent{number}", "An agent", (Device(ToPhone(phone)),), is_ready_at_start=True)
        for number, phone in enumerate(phones)
    ]
    queue = replace(SUPPORT_QUEUE, agents=tuple(agent.agent for agent in reversed(agents)))
    world = World(plan=office(queues=[queue], agents=agents, phones=phones))
    for phone in phones:
        world.phone(phone).manner = Manner(answers_after_s=0.5)
    world.register_all()
    world.carrier.call_in(SUPPORT)
    world.run(5)
    return world


def _knock(world: World) -> None:
    """A datagram that means nothing to anybody."""
    world.network.send(b"NOTHING\r\n\r\n", CARRIER, SWITCH)
    world.run(0.1)
