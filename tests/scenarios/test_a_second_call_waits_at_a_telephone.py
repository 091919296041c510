"""Call waiting: who calls a telephone that talks rings there too, where the telephone is set so."""

from __future__ import annotations

from dataclasses import replace

from tests.sim.offices import DIRECT_TO_101, SUPPORT, office
from tests.sim.person import Call
from tests.sim.world import World


def with_waiting() -> World:
    plan = office()
    phones = {**plan.phones, "101": replace(plan.phones["101"], call_waiting=True)}
    world = World(plan=replace(plan, phones=phones))
    world.register_all()
    return world


def talking(world: World) -> Call:
    """103 talks with 101."""
    call = world.phone("103").dial("101")
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    return call


def test_a_second_call_rings_and_is_taken_while_the_first_is_held() -> None:
    world = with_waiting()
    first = talking(world)
    second = world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    desk = world.phone("101")
    talk, knocking = desk.calls
    assert (talk.state, knocking.state) == ("up", "ringing")
    desk.reinvite(talk, "sendonly")
    world.run(1)
    knocking.answer()
    world.run(2)
    assert second.state == "up"
    assert world.media.are_joined(second.rtp, knocking.rtp)
    knocking.hang_up()
    world.run(1)
    assert second.ended_how == "gone"
    desk.reinvite(talk, "sendrecv")
    world.run(1)
    world.assert_talking(first, "101")
    first.hang_up()
    world.come_to_rest()


def test_the_person_may_say_no_and_talks_on() -> None:
    world = with_waiting()
    first = talking(world)
    second = world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    world.phone("101").calls[1].refuse(486)
    world.run(1)
    assert second.ended_how == "refused 486"
    world.assert_talking(first, "101")


def test_a_third_call_finds_it_busy() -> None:
    world = with_waiting()
    talking(world)
    world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    third = world.phone("102").dial("101")
    world.run(1)
    assert third.ended_how == "refused 486"


def test_a_queue_gives_nobody_a_second_call() -> None:
    world = with_waiting()
    talking(world)
    world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_rings("102")
    assert len(world.phone("101").calls) == 1


def test_a_telephone_that_dials_itself_is_busy() -> None:
    world = with_waiting()
    call = world.phone("101").dial("101")
    world.run(1)
    assert call.ended_how == "refused 486"


def test_without_the_key_a_telephone_that_talks_is_busy(world: World) -> None:
    talking(world)
    second = world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    assert second.ended_how == "refused 486"
