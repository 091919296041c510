"""A person with the same number on her desk and on her laptop is rung at both, and talks at the one she picks up."""

from __future__ import annotations

from tests.sim.offices import DIRECT_TO_101, SUPPORT
from tests.sim.telephone import Telephone
from tests.sim.world import World


def laptop_of(world: World) -> Telephone:
    laptop = world.second_phone("101", ("10.0.7.7", 5070))
    laptop.register()
    world.run_until(lambda: laptop.is_registered)
    return laptop


def test_both_ring_and_the_one_that_is_picked_up_talks(world: World) -> None:
    laptop = laptop_of(world)
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_rings("101")
    assert [ringing.state for ringing in laptop.live_calls] == ["ringing"]
    laptop.call.answer()
    world.run(1)
    world.assert_silent("101")
    assert world.phone("101").calls[-1].reason == 'SIP;cause=200;text="Call completed elsewhere"'
    assert world.media.are_joined(call.rtp, laptop.call.rtp)


def test_busy_at_the_desk_leaves_the_laptop_ringing(world: World) -> None:
    laptop = laptop_of(world)
    call = world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    world.phone("101").call.refuse(486)
    world.run(1)
    laptop.call.answer()
    world.run(1)
    assert call.state == "up"


def test_declined_at_one_is_declined_at_both(world: World) -> None:
    laptop = laptop_of(world)
    call = world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    world.phone("101").call.decline()
    world.run(1)
    assert not laptop.live_calls
    assert call.ended_how == "refused 603"


def test_a_laptop_that_was_taken_away_does_not_keep_the_desk_from_being_answered(world: World) -> None:
    laptop = laptop_of(world)
    laptop.vanish()
    call = world.carrier.call_in(SUPPORT)
    world.run(5)
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(call, "101")


def test_both_pick_up_in_the_same_instant_and_one_of_them_is_told_that_it_lost(world: World) -> None:
    laptop = laptop_of(world)
    world.carrier.call_in(SUPPORT)
    world.run(1)
    desk = world.phone("101").call
    other = laptop.call
    desk.answer()
    other.answer()
    world.run(2)
    assert sorted([desk.state, other.state]) == ["ended", "up"]
