"""Transfers, call-backs, mailboxes and the doctor by command, on the whole node."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain.office import CallbackPlan, MailboxPlan, ToQueue
from softswitch.domain.refusals import CommandRefused
from tests.sim.offices import SUPPORT, SUPPORT_QUEUE, office
from tests.sim.world import World

SALES = replace(SUPPORT_QUEUE, queue="sales", name="Sales", agents=("bo",), members=())


@pytest.fixture
def world() -> World:
    plan = office(queues=(replace(SUPPORT_QUEUE, callback=CallbackPlan(("+46",))), SALES))
    plan = replace(plan, mailboxes=MappingProxyType({"support": MailboxPlan("support", "Support")}))
    world = World(plan=plan)
    world.register_all()
    return world


def the_call(world: World) -> str:
    (row,) = world.command("call.list")  # type: ignore[misc]  # rows of plain values
    return str(row["id"])


def test_a_caller_is_given_on_and_asked_for_by_command(world: World) -> None:
    caller = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(3)
    call = the_call(world)
    assert world.command("call.consult", id=call, to="phone:103") == {"id": call, "to": "phone:103"}
    world.run(1)
    world.phone("103").call.answer()
    world.run(1)
    world.command("call.take-back", id=call)
    world.run(2)
    world.assert_talking(caller, "101")
    world.command("call.transfer", id=call, to="queue:sales")
    world.run(2)
    world.assert_rings("102")
    world.phone("102").call.answer()
    world.run(2)
    world.assert_talking(caller, "102")
    world.come_to_rest()
    record = world.record_of(caller)
    assert (record.outcome, record.agent) == ("answered", "bo")


@pytest.mark.parametrize("to", ["nowhere", "queue:", "menu:main", "number:112", "queue:none"])
def test_what_is_no_destination_is_refused_and_nothing_changes(world: World, to: str) -> None:
    caller = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    with pytest.raises(CommandRefused):
        world.command("call.transfer", id=the_call(world), to=to)
    world.run(1)
    world.assert_talking(caller, "101")


def test_a_healthy_switch_has_no_findings_and_says_what_was_looked_at(world: World) -> None:
    world.carrier.call_in(SUPPORT)
    world.run(1)
    answer = world.command("doctor")
    assert answer == {
        "findings": [],
        "looked_at": {"calls": 1, "legs": 2, "agents": 2, "queues": 2, "callbacks": 0},
    }


def test_mailboxes_are_shown_and_an_unknown_one_is_refused(world: World) -> None:
    assert world.command("voicemail.list") == [{"mailbox": "support", "name": "Support", "new": 0, "old": 0}]
    assert world.command("voicemail.show", mailbox="support") == []
    with pytest.raises(CommandRefused):
        world.command("voicemail.show", mailbox="suport")
    with pytest.raises(CommandRefused):
        world.command("voicemail.delete", mailbox="support", message="none")


def test_callbacks_that_are_not_there_cannot_be_withdrawn(world: World) -> None:
    assert world.command("callback.list") == []
    with pytest.raises(CommandRefused):
        world.command("callback.withdraw", id="cb9")


def reasons(world: World, agent: str) -> list[str]:
    answer = world.command("agent.why-not", name=agent)
    assert isinstance(answer, dict)
    return list(answer["reasons"])


def test_why_an_agent_gets_no_call_is_told_by_the_rules_that_decide(world: World) -> None:
    assert reasons(world, "anna") == ["Nothing keeps calls from anna: nobody waits in support."]
    world.command("agent.pause", name="anna", reason="lunch")
    assert reasons(world, "anna") == ["anna gets no calls now: paused (lunch)."]
    world.command("agent.ready", name="anna")
    world.carrier.call_in(SUPPORT)
    world.run(1)
    assert reasons(world, "bo") == ["bo gets no calls now: being rung already."]
    assert reasons(world, "anna")[0].endswith("is being shown to bo.")
    with pytest.raises(CommandRefused):
        world.command("agent.why-not", name="nobody")


def test_why_not_tells_the_tier_and_the_skill_that_are_missing() -> None:
    members = (
        replace(SUPPORT_QUEUE.members[0], tier=2),
        SUPPORT_QUEUE.members[1],
    )
    tiered = replace(SUPPORT_QUEUE, members=members, next_tier_after_s=60)
    skilled = replace(SALES, skills=MappingProxyType({"swedish": 5}))
    plan = office(queues=(tiered, skilled), numbers={SUPPORT: ToQueue("support"), "+46850010009": ToQueue("sales")})
    world = World(plan=plan)
    world.register_all()
    world.command("agent.pause", name="bo")
    world.carrier.call_in(SUPPORT)
    world.run(1)
    (reason,) = reasons(world, "anna")
    assert reason.endswith("tier 2 is asked after 60 s.")
    world.command("agent.queue", name="bo", queue="support", on=False)
    world.command("agent.ready", name="bo")
    world.carrier.call_in("+46850010009")
    world.run(1)
    assert reasons(world, "bo")[1].endswith("asks for swedish 5 (she has 0).")
