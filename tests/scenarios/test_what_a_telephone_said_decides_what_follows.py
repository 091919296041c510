"""Outcome classes drive the policy: only a telephone that rang in vain is a miss; how many it takes, a queue says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain.office import Device, ToNumber, ToPhone
from tests.sim.offices import ANNA, BO, MOBILE, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Manner
from tests.sim.world import World

TWO = replace(SUPPORT_QUEUE, misses=2, ring_s=8)
BO_AT_DESK = replace(BO, answers_at=(Device(ToPhone("102")),))
BO_AT_MOBILE = replace(BO, answers_at=(Device(ToNumber(MOBILE), confirm=True),))


def only_anna() -> World:
    world = World(plan=office(queues=(TWO,), agents=(ANNA, BO_AT_DESK)))
    world.register_all()
    world.command("agent.pause", name="bo")
    return world


def presence(world: World, agent: str = "anna") -> tuple[object, object]:
    row = world.agent(agent)
    return row["presence"], row["misses"]


def test_after_one_of_two_misses_she_is_left_alone_for_ten_seconds_and_after_both_she_is_paused() -> None:
    world = only_anna()
    call = world.carrier.call_in(SUPPORT)
    world.run(9)
    world.assert_silent("101")
    assert presence(world) == ("ready", 1)
    world.run(8.5)
    world.assert_silent("101")
    world.run(2)
    world.assert_rings("101")
    world.run(8)
    assert presence(world) == ("paused", 0)
    assert [(one.outcome, one.is_counted) for one in world.record_of(call).presentations] == [("no-answer", True)] * 2
    world.command("agent.ready", name="anna")
    world.run(9)
    assert presence(world) == ("ready", 1)
    world.come_to_rest()


def test_a_call_that_she_takes_forgets_the_miss_before_it() -> None:
    world = only_anna()
    world.carrier.call_in(SUPPORT)
    world.run(9)
    assert presence(world) == ("ready", 1)
    world.run(12)
    world.phone("101").call.answer()
    world.run(1)
    assert presence(world) == ("ready", 0)
    world.come_to_rest()


@pytest.mark.parametrize(
    ("manner", "outcome"),
    [
        (Manner(refuses_with=603), "declined"),
        (Manner(rings_after_s=None, refuses_with=486), "busy"),
        (Manner(rings_after_s=None, refuses_with=480), "unreachable"),
        (Manner(is_deaf=True), "unreachable"),
    ],
)
def test_whatever_else_a_telephone_says_is_no_miss_however_often(manner: Manner, outcome: str) -> None:
    world = only_anna()
    world.phone("101").manner = manner
    call = world.carrier.call_in(SUPPORT)
    world.run(100)
    shown = world.record_of(call).presentations
    assert len(shown) >= 2
    assert {(one.outcome, one.is_counted) for one in shown if one.ended_at} == {(outcome, False)}
    assert presence(world) == ("ready", 0)
    world.come_to_rest()


def test_a_caller_who_goes_as_it_rings_is_no_miss() -> None:
    world = only_anna()
    for _ in range(3):
        call = world.carrier.call_in(SUPPORT)
        world.run(7)
        call.hang_up()
        world.run(1)
        assert [one.outcome for one in world.record_of(call).presentations] == ["caller-gone"]
    assert presence(world) == ("ready", 0)
    world.come_to_rest()


def test_a_caller_whom_another_took_is_no_miss_of_all_the_others() -> None:
    world = World(plan=office(queues=(replace(TWO, strategy="ring-all", wrap_up_s=0),), agents=(ANNA, BO_AT_DESK)))
    world.register_all()
    world.phone("102").manner = Manner(answers_after_s=7, hangs_up_after_s=1)
    for _ in range(3):
        world.carrier.call_in(SUPPORT)
        world.run(12)
    assert presence(world) == ("ready", 0)
    world.come_to_rest()


def test_a_voicemail_that_picks_up_is_no_miss_and_never_has_a_caller() -> None:
    world = World(plan=office(queues=(TWO,), agents=(ANNA, BO_AT_MOBILE)))
    world.register_all()
    world.command("agent.pause", name="anna")
    world.mobile(MOBILE).manner = Manner(answers_after_s=2)
    call = world.carrier.call_in(SUPPORT)
    world.run(70)
    shown = world.record_of(call).presentations
    assert {(one.outcome, one.is_counted) for one in shown if one.ended_at} == {("no-confirmation", False)}
    assert len(world.mobile(MOBILE).calls) == len(shown) >= 2
    assert not world.record_of(call).connections
    assert presence(world, "bo") == ("ready", 0)
    world.come_to_rest()


def test_a_mobile_that_hangs_up_at_the_question_gives_the_caller_to_the_next_agent() -> None:
    world = World(plan=office(queues=(TWO,), agents=(ANNA, BO_AT_MOBILE)))
    world.register_all()
    world.command("agent.pause", name="anna")
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.mobile(MOBILE).call.answer()
    world.run(1)
    world.assert_hears(world.mobile(MOBILE).call, "confirm-call")
    world.command("agent.ready", name="anna")
    world.mobile(MOBILE).call.hang_up()
    world.run(1)
    world.assert_rings("101")
    assert [one.outcome for one in world.record_of(call).presentations] == ["no-confirmation", None]
    world.come_to_rest()


def test_a_caller_with_a_miss_goes_to_the_other_agent_at_once() -> None:
    world = World(plan=office(queues=(TWO,), agents=(ANNA, BO_AT_DESK)))
    world.register_all()
    world.carrier.call_in(SUPPORT)
    world.run(9)
    world.assert_silent("101")
    world.assert_rings("102")
    world.come_to_rest()
