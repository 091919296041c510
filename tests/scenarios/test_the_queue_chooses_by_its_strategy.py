"""Each strategy, as callers and telephones meet it; and who may be asked at all: tiers and skills."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain.office import AgentPlan, Device, Member, Strategy, Terms, ToPhone, ToQueue
from tests.sim.offices import SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Call, Manner
from tests.sim.world import World

PEOPLE = {"anna": "101", "bo": "102", "cecilia": "103"}
AGENTS = tuple(
    AgentPlan(name, name, (Device(ToPhone(phone)),), is_ready_at_start=True) for name, phone in PEOPLE.items()
)
QUEUE = replace(SUPPORT_QUEUE, agents=tuple(PEOPLE), members=(), wrap_up_s=0, record="never")
TAX_NUMBER = "+46850010007"


def three(**changes: object) -> World:
    """Three agents in one queue, all ready, each with one telephone."""
    queue = replace(QUEUE, **changes)  # type: ignore[arg-type]  # names are checked by replace
    world = World(plan=office(queues=(queue,), agents=AGENTS))
    world.register_all()
    return world


def rung(world: World) -> list[str]:
    """The agents whose telephones ring."""
    return [name for name, phone in PEOPLE.items() if any(c.state == "ringing" for c in world.phone(phone).live_calls)]


def served(world: World, talk_s: float, *, rest_s: float = 1.0) -> str:
    """A caller is rung for, answered and talked to; returns by whom."""
    call = world.carrier.call_in(SUPPORT)
    world.run(0.5)
    (agent,) = rung(world)
    world.phone(PEOPLE[agent]).call.answer()
    world.run(talk_s)
    call.hang_up()
    world.run(rest_s)
    return agent


def test_longest_idle_takes_turns() -> None:
    world = three(strategy="longest-idle")
    assert [served(world, 5) for _ in range(5)] == ["anna", "bo", "cecilia", "anna", "bo"]
    world.come_to_rest()


def test_round_robin_counts_from_whom_it_rang_last_however_long_the_talk() -> None:
    world = three(strategy="round-robin")
    assert [served(world, talk_s) for talk_s in (60, 1, 1, 1)] == ["anna", "bo", "cecilia", "anna"]
    world.come_to_rest()


def test_top_down_begins_at_the_top_each_time_and_goes_on_while_she_is_busy() -> None:
    world = three(strategy="top-down")
    assert [served(world, 5), served(world, 5)] == ["anna", "anna"]
    for expected in (["anna"], ["anna", "bo"], ["anna", "bo", "cecilia"]):
        world.carrier.call_in(SUPPORT)
        world.run(0.5)
        assert rung(world) == expected
    world.come_to_rest()


def test_fewest_calls_evens_out_what_a_pause_made_uneven() -> None:
    world = three(strategy="fewest-calls")
    world.command("agent.pause", name="cecilia")
    assert [served(world, 2) for _ in range(4)] == ["anna", "bo", "anna", "bo"]
    world.command("agent.ready", name="cecilia")
    assert [served(world, 2), served(world, 2)] == ["cecilia", "cecilia"]
    world.come_to_rest()


def test_least_talk_counts_seconds_and_not_calls() -> None:
    world = three(strategy="least-talk")
    assert [served(world, talk_s) for talk_s in (90, 30, 5)] == ["anna", "bo", "cecilia"]
    assert [served(world, 5) for _ in range(3)] == ["cecilia"] * 3
    world.come_to_rest()


@pytest.mark.parametrize("strategy", ["random", "weighted"])
def test_draws_give_everybody_a_share(strategy: Strategy) -> None:
    world = three(strategy=strategy)
    shares = Counter(served(world, 0.3) for _ in range(60))
    assert set(shares) == set(PEOPLE)
    assert max(shares.values()) <= 34  # 20 ± 4 standard deviations of √(60 · ⅓ · ⅔)
    world.come_to_rest()


def test_ring_all_rings_all_and_the_first_has_the_caller() -> None:
    world = three(strategy="ring-all")
    call = world.carrier.call_in(SUPPORT)
    world.run(0.5)
    assert rung(world) == list(PEOPLE)
    world.phone("102").call.answer()
    world.run(2)
    world.assert_talking(call, "102")
    for phone in ("101", "103"):
        assert world.phone(phone).call.reason == 'SIP;cause=200;text="Call completed elsewhere"'
    shown = {one.agent: (one.outcome, one.is_counted) for one in world.record_of(call).presentations}
    assert shown == {
        "anna": ("taken-elsewhere", False), "bo": ("connected", False), "cecilia": ("taken-elsewhere", False)
    }  # fmt: skip
    world.come_to_rest()


def test_under_ring_all_who_gets_ready_later_rings_too() -> None:
    world = three(strategy="ring-all")
    world.command("agent.pause", name="bo")
    world.carrier.call_in(SUPPORT)
    world.run(3)
    assert rung(world) == ["anna", "cecilia"]
    world.command("agent.ready", name="bo")
    world.run(0.5)
    assert rung(world) == list(PEOPLE)
    world.come_to_rest()


# Tiers.

TIERS = (Member("anna"), Member("bo", tier=2), Member("cecilia", tier=3))


def test_the_next_tier_is_asked_after_its_seconds_and_the_one_after_it_after_twice_as_many() -> None:
    world = three(members=TIERS, next_tier_after_s=15)
    world.command("agent.pause", name="anna")
    world.command("agent.pause", name="bo")
    world.carrier.call_in(SUPPORT)
    world.run(29.5)
    assert rung(world) == []
    world.run(1)
    assert rung(world) == ["cecilia"]
    world.come_to_rest()


def test_a_tier_that_is_reached_helps_only_when_the_first_has_nobody() -> None:
    world = three(members=TIERS, next_tier_after_s=15)
    first = [world.carrier.call_in(SUPPORT), world.carrier.call_in(SUPPORT)]
    world.run(1)
    assert rung(world) == ["anna"]
    world.phone("101").call.answer()
    world.run(13)
    assert rung(world) == []
    world.run(2)
    assert rung(world) == ["bo"]
    assert world.phone("102").call.caller == first[1].caller
    world.come_to_rest()


def test_without_a_time_for_it_lower_tiers_help_at_once_but_only_after_the_first() -> None:
    world = three(members=TIERS)
    for expected in (["anna"], ["anna", "bo"], ["anna", "bo", "cecilia"]):
        world.carrier.call_in(SUPPORT)
        world.run(0.5)
        assert rung(world) == expected
    world.come_to_rest()


# Skills.


def tax_office(**changes: object) -> World:
    """anna knows nothing of taxes, bo little, cecilia much; callers of the queue ask for level 4."""
    levels = {"anna": 0, "bo": 2, "cecilia": 4}
    agents = [replace(agent, skills={"tax": levels[agent.agent]}) for agent in AGENTS]
    queue = replace(QUEUE, skills={"tax": 4}, **changes)  # type: ignore[arg-type]  # names are checked by replace
    world = World(plan=office(queues=(queue,), agents=agents))
    world.register_all()
    return world


def waits_for(world: World) -> tuple[Call, list[tuple[float, str]]]:
    """A caller waits while whoever rings declines; who rang, and after how much wait."""
    for phone in PEOPLE.values():
        world.phone(phone).manner = Manner(refuses_with=603)
    call = world.carrier.call_in(SUPPORT)
    world.run(40)
    presentations = world.record_of(call).presentations
    arrived_at = world.record_of(call).arrived_at
    first = {one.agent: one.presented_at - arrived_at for one in reversed(presentations)}
    return call, sorted((round(after_s), agent) for agent, after_s in first.items())


def test_the_demand_relaxes_with_the_wait_and_reaches_everybody_in_the_end() -> None:
    world = tax_office(skills_relax_every_s=8)
    _, rang = waits_for(world)
    assert rang == [(0, "cecilia"), (16, "bo"), (32, "anna")]
    world.come_to_rest()


def test_a_demand_that_does_not_relax_is_kept_and_call_why_says_who_lacked_it() -> None:
    world = tax_office()
    call, rang = waits_for(world)
    assert rang == [(0, "cecilia")]
    (exclusion,) = world.record_of(call).presentations[0].exclusions
    assert (exclusion.rule, exclusion.names) == ("skill", ("anna", "bo"))
    world.come_to_rest()


def test_a_number_asks_for_a_skill_that_the_queue_does_not_ask_for() -> None:
    agents = [AGENTS[0], replace(AGENTS[1], skills={"tax": 1})]
    plan = office(
        queues=(replace(QUEUE, agents=("anna", "bo"), members=()),),
        agents=agents,
        numbers={SUPPORT: ToQueue("support"), TAX_NUMBER: ToQueue("support")},
    )
    world = World(plan=replace(plan, terms=MappingProxyType({TAX_NUMBER: Terms(skills={"tax": 1})})))
    world.register_all()
    world.carrier.call_in(TAX_NUMBER)
    world.run(0.5)
    assert rung(world) == ["bo"]
    world.carrier.call_in(TAX_NUMBER)
    plain = world.carrier.call_in(SUPPORT)
    world.run(0.5)
    assert rung(world) == ["anna", "bo"]
    assert world.phone("101").call.caller == plain.caller
    world.come_to_rest()
