"""Only a true no-answer is held against an agent; whatever else a device says, she stays ready."""

from __future__ import annotations

import pytest

from tests.sim.offices import MOBILE, SUPPORT
from tests.sim.person import Manner
from tests.sim.world import World

BUSY = Manner(rings_after_s=None, refuses_with=486)
DECLINES = Manner(refuses_with=603, refuses_after_s=2.0)
UNREACHABLE = Manner(rings_after_s=None, refuses_with=480)
INCOMPATIBLE = Manner(answers_after_s=1.0, is_incompatible=True)
BROKEN = Manner(rings_after_s=None, refuses_with=500)


@pytest.mark.parametrize(
    ("manner", "outcome"),
    [
        (INCOMPATIBLE, "failed"),
        (BUSY, "busy"),
        (DECLINES, "declined"),
        (UNREACHABLE, "unreachable"),
        (BROKEN, "failed"),
    ],
)
def test_the_caller_goes_on_and_the_agent_stays_ready(world: World, manner: Manner, outcome: str) -> None:
    world.phone("101").manner = manner
    call = world.carrier.call_in(SUPPORT)
    world.run(4)
    world.assert_rings("102")
    (first, _) = world.record_of(call).presentations
    assert (first.agent, first.outcome, first.is_counted) == ("anna", outcome, False)
    assert world.agent("anna")["presence"] == "ready"


@pytest.mark.parametrize("manner", [BUSY, DECLINES])
def test_after_busy_or_declined_the_agent_is_left_alone_for_ten_seconds(world: World, manner: Manner) -> None:
    world.command("agent.pause", name="bo")
    world.phone("101").manner = manner
    world.carrier.call_in(SUPPORT)
    world.run(3)
    world.phone("101").manner = Manner()
    world.assert_silent("101")
    world.run(6)
    world.assert_silent("101")
    world.run(5)
    world.assert_rings("101")


def test_an_unreachable_phone_rings_again_as_soon_as_it_registers(world: World) -> None:
    world.command("agent.pause", name="bo")
    world.phone("101").manner = UNREACHABLE
    world.carrier.call_in(SUPPORT)
    world.run(15)
    world.assert_silent("101")
    world.phone("101").manner = Manner()
    world.phone("101").register()
    world.run(1)
    world.assert_rings("101")


def test_a_busy_mobile_leaves_it_to_the_phone(world: World) -> None:
    world.command("agent.pause", name="anna")
    world.mobile(MOBILE).manner = BUSY
    call = world.carrier.call_in(SUPPORT)
    world.run(5)
    world.assert_rings("102")
    world.phone("102").call.answer()
    world.run(1)
    world.assert_talking(call, "102")


def test_pressing_it_away_on_one_device_declines_for_the_person(world: World) -> None:
    world.command("agent.pause", name="anna")
    world.carrier.call_in(SUPPORT)
    world.run(2)
    world.assert_rings("102")
    world.mobile(MOBILE).call.decline()
    world.run(1)
    world.assert_silent("102")
    assert world.agent("bo")["presence"] == "ready"
