"""An agent who lets it ring is taken out by the queue's policy, and the caller goes on to the next one at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain.office import NoAnswerPolicy
from tests.sim.offices import SUPPORT, SUPPORT_QUEUE, office
from tests.sim.world import World


def test_the_agent_is_paused_and_the_next_one_has_the_caller(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(19)
    world.assert_rings("101")
    world.run(3)
    world.assert_silent("101")
    world.assert_rings("102")
    anna = world.agent("anna")
    assert (anna["presence"], anna["pause_reason"]) == ("paused", "no-answer")
    world.phone("102").call.answer()
    world.run(1)
    world.assert_talking(call, "102")
    shown = [(one.agent, one.outcome, one.is_counted) for one in world.record_of(call).presentations]
    assert shown == [("anna", "no-answer", True), ("bo", "connected", False)]


@pytest.mark.parametrize(("policy", "presence"), [("log-out", "logged-out"), ("log-out-unless-last", "logged-out")])
def test_the_policy_decides_what_becomes_of_the_agent(policy: NoAnswerPolicy, presence: str) -> None:
    world = World(plan=office(queues=[replace(SUPPORT_QUEUE, no_answer=policy)]))
    world.register_all()
    world.carrier.call_in(SUPPORT)
    world.run(22)
    assert world.agent("anna")["presence"] == presence
    world.assert_rings("102")
    world.come_to_rest()


def test_the_last_agent_of_a_queue_is_not_logged_out() -> None:
    world = World(plan=office(queues=[replace(SUPPORT_QUEUE, no_answer="log-out-unless-last")]))
    world.register_all()
    world.command("agent.logout", name="bo")
    world.carrier.call_in(SUPPORT)
    world.run(25)
    assert world.agent("anna")["presence"] == "ready"
    world.assert_rings("101")
    world.come_to_rest()


def test_of_two_who_miss_in_the_same_moment_exactly_one_stays() -> None:
    world = World(plan=office(queues=[replace(SUPPORT_QUEUE, no_answer="log-out-unless-last")]))
    world.register_all()
    first, second = world.carrier.call_in(SUPPORT), world.carrier.call_in(SUPPORT)
    world.run(2)
    world.assert_rings("101")
    world.assert_rings("102")
    world.run(22)
    presences = [world.agent(name)["presence"] for name in ("anna", "bo")]
    assert sorted(map(str, presences)) == ["logged-out", "ready"]
    shown = [one for record in (world.record_of(first), world.record_of(second)) for one in record.presentations]
    missed = {one.agent: one.ended_at for one in shown if one.is_counted}
    assert missed.keys() == {"anna", "bo"}
    assert missed["anna"] == missed["bo"]
    world.come_to_rest()
