"""One order for the callers of all queues, in seconds: targets, weights, VIPs, priorities and preferences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from softswitch.domain.line import PASSED_OVER_S_MAX
from softswitch.domain.office import (
    PREFERENCE_S_MAX,
    PRIORITY_S_MAX,
    WEIGHT_S_MAX,
    AgentPlan,
    Device,
    Member,
    QueuePlan,
    ServiceGoal,
    Terms,
    ToPhone,
    ToQueue,
)
from tests.sim.offices import ANNA, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Call, Manner
from tests.sim.world import World

SALES_NUMBER = "+46850010009"
URGENT_NUMBER = "+46850010010"
VIP = "+46701112233"
PLAIN = replace(SUPPORT_QUEUE, agents=("anna",), members=(), wrap_up_s=0, max_wait_s=None, record="never")
SALES = replace(PLAIN, queue="sales", name="Sales")
BO = AgentPlan("bo", "Bo", (Device(ToPhone("102")),), is_ready_at_start=True)


def one_agent(*queues: QueuePlan, vips: Mapping[str, float] | None = None) -> World:
    """anna serves these queues, but pauses yet; `sales` has a number of its own, and another counts for a minute."""
    numbers = {SUPPORT: ToQueue("support"), SALES_NUMBER: ToQueue("sales"), URGENT_NUMBER: ToQueue("support")}
    plan = office(queues=queues, agents=(ANNA, BO), numbers=dict(numbers))
    terms = MappingProxyType({URGENT_NUMBER: Terms(priority_s=60)})
    world = World(plan=replace(plan, terms=terms, vips=MappingProxyType(dict(vips or {}))))
    world.register_all()
    for agent in ("anna", "bo"):
        world.command("agent.pause", name=agent)
    return world


def order_of_service(world: World, *calls: Call) -> list[int]:
    """anna gets ready and serves one after the other; whom, by number in `calls`."""
    world.phone("101").manner = Manner(answers_after_s=0.5, hangs_up_after_s=1)
    world.command("agent.ready", name="anna")
    world.run_until(lambda: not any(call.is_live for call in calls), 60)
    at = [world.record_of(call).connected_at or 0.0 for call in calls]
    return sorted(range(len(calls)), key=at.__getitem__)


def after(world: World, seconds: float, number: str, caller: str | None = None) -> Call:
    """So long after the call before, somebody calls; half a second later he is in line."""
    world.run(seconds - 0.5)
    call = world.carrier.call_in(number) if caller is None else world.carrier.dial(number, caller=caller)
    world.run(0.5)
    return call


def test_the_queue_that_promises_more_is_served_first_until_the_other_waits_longer_than_that() -> None:
    slow = replace(PLAIN, service_level=ServiceGoal(0.8, 60))
    quick = replace(SALES, service_level=ServiceGoal(0.8, 20))
    world = one_agent(slow, quick)
    calls = [after(world, 1, SUPPORT), after(world, 1, SUPPORT), after(world, 38, SALES_NUMBER)]
    # due 40 s sooner: he entered 39 s after the first and 38 s after the second
    assert order_of_service(world, *calls) == [2, 0, 1]
    world.come_to_rest()


def test_a_longer_wait_beats_the_better_promise() -> None:
    world = one_agent(replace(PLAIN, service_level=ServiceGoal(0.8, 60)), SALES)
    calls = [after(world, 1, SUPPORT), after(world, 41, SALES_NUMBER)]
    assert order_of_service(world, *calls) == [0, 1]
    world.come_to_rest()


def test_a_weight_counts_as_so_many_seconds_of_wait_and_no_more() -> None:
    for seconds, order in ((29, [1, 0]), (31, [0, 1])):
        world = one_agent(PLAIN, replace(SALES, weight_s=30))
        calls = [after(world, 1, SUPPORT), after(world, seconds, SALES_NUMBER)]
        assert order_of_service(world, *calls) == order
        world.come_to_rest()


def test_a_vip_and_a_number_dialled_count_for_more_and_both_together_for_both() -> None:
    world = one_agent(PLAIN, SALES, vips={VIP: 30})
    calls = [
        after(world, 1, SUPPORT),
        after(world, 5, SUPPORT, VIP),
        after(world, 5, URGENT_NUMBER),
        after(world, 5, URGENT_NUMBER, VIP),
    ]
    assert order_of_service(world, *calls) == [3, 2, 1, 0]
    world.come_to_rest()


def test_an_agent_of_two_queues_prefers_one_of_them_and_the_other_agent_does_not() -> None:
    support = replace(PLAIN, agents=("anna", "bo"), members=())
    sales = replace(SALES, agents=("anna", "bo"), members=(Member("anna", preference_s=60), Member("bo")))
    world = one_agent(support, sales)
    first, preferred = after(world, 1, SUPPORT), after(world, 30, SALES_NUMBER)
    world.command("agent.ready", name="anna")
    world.run(1)
    assert world.phone("101").call.caller == preferred.caller
    world.command("agent.ready", name="bo")
    world.run(1)
    assert world.phone("102").call.caller == first.caller
    world.come_to_rest()


def test_without_a_preference_she_serves_the_longer_wait() -> None:
    world = one_agent(PLAIN, SALES)
    calls = [after(world, 1, SUPPORT), after(world, 30, SALES_NUMBER)]
    assert order_of_service(world, *calls) == [0, 1]
    world.come_to_rest()


def test_a_reload_that_makes_a_queue_heavier_sorts_those_who_wait_anew() -> None:
    world = one_agent(PLAIN, SALES)
    calls = [after(world, 1, SUPPORT), after(world, 10, SALES_NUMBER)]
    plan = world.settings.office
    queues = MappingProxyType({**plan.queues, "sales": replace(SALES, weight_s=15)})
    world.reload(replace(plan, version="v2", queues=queues))
    assert order_of_service(world, *calls) == [1, 0]
    world.come_to_rest()


def test_nobody_is_passed_over_beyond_the_bound_even_by_whom_everything_favours() -> None:
    """The worst there can be: others with the highest priority, in the heaviest queue, preferred by the only agent.

    A caller of nobody's favour waits. One who enters just inside the bound still goes before him; one who enters after
    it does not, although all of it speaks for him.
    """
    assert PASSED_OVER_S_MAX == PRIORITY_S_MAX + WEIGHT_S_MAX + PREFERENCE_S_MAX
    sales = replace(SALES, weight_s=WEIGHT_S_MAX, members=(Member("anna", preference_s=PREFERENCE_S_MAX),))
    world = one_agent(PLAIN, sales, vips={VIP: PRIORITY_S_MAX, VIP + "1": PRIORITY_S_MAX})
    plain = after(world, 1, SUPPORT)
    inside = after(world, PASSED_OVER_S_MAX - 1, SALES_NUMBER, VIP)
    beyond = after(world, 2, SALES_NUMBER, VIP + "1")
    assert order_of_service(world, plain, inside, beyond) == [1, 0, 2]
    world.come_to_rest()


def test_a_queue_of_paused_agents_holds_nobody_back() -> None:
    sales = replace(SALES, agents=("bo",), weight_s=WEIGHT_S_MAX)
    world = one_agent(PLAIN, sales)
    calls = [after(world, 1, SALES_NUMBER), after(world, 1, SALES_NUMBER), after(world, 1, SUPPORT)]
    world.command("agent.ready", name="anna")
    world.run(1)
    assert world.phone("101").call.caller == calls[2].caller
    world.assert_silent("102")
    world.come_to_rest()
