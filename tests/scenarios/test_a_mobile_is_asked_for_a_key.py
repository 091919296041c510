"""A caller is given to a mobile only after its owner pressed a key: a voicemail never has one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain.office import Device, ToNumber, ToPhone
from tests.sim.offices import ANNA, BO, MOBILE, SUPPORT, office
from tests.sim.person import Call
from tests.sim.world import World

CONFIRM_S = 20.0


@pytest.fixture
def world() -> World:
    """bo has a desk phone, and a mobile that asks for a key; anna is at lunch."""
    bo = replace(BO, answers_at=(Device(ToPhone("102")), Device(ToNumber(MOBILE), confirm=True)))
    world = World(plan=office(agents=(ANNA, bo)))
    world.register_all()
    world.command("agent.pause", name="anna", reason="lunch")
    return world


def picked_up(world: World) -> Call:
    """A caller waits, and bo's mobile has just been picked up."""
    call = world.carrier.call_in(SUPPORT)
    world.run(4)
    world.mobile(MOBILE).call.answer()
    world.run(1)
    return call


def outcomes(world: World, call: Call) -> list[tuple[str, str | None]]:
    return [(shown.agent, shown.outcome) for shown in world.record_of(call).presentations]


def test_the_customer_hears_music_until_the_key_and_is_joined_with_it(world: World) -> None:
    call = picked_up(world)
    world.assert_hears(world.mobile(MOBILE).call, "confirm-call")
    world.run(6)
    world.assert_hears(call, "music/calm")
    world.press(world.mobile(MOBILE).call, "1")
    world.run(0.2)
    world.assert_talking(call, MOBILE)
    world.run(2)
    assert world.phone("102").call.reason == 'SIP;cause=200;text="Call completed elsewhere"'
    world.come_to_rest()


def test_who_presses_2_declines_for_all_his_telephones_and_it_is_no_miss(world: World) -> None:
    call = picked_up(world)
    world.press(world.mobile(MOBILE).call, "2")
    world.run(1)
    assert outcomes(world, call) == [("bo", "declined")]
    assert world.phone("102").call.ended_how == "cancelled"
    assert world.agent("bo")["presence"] == "ready"
    world.come_to_rest()


def test_a_voicemail_has_nobody_and_the_desk_phone_may_still_win(world: World) -> None:
    call = picked_up(world)
    world.run(CONFIRM_S - 2)
    world.phone("102").call.answer()
    world.run(1)
    world.assert_talking(call, "102")
    world.come_to_rest()
    assert outcomes(world, call) == [("bo", "connected")]


def test_a_voicemail_alone_counts_as_no_confirmation_and_not_as_a_miss(world: World) -> None:
    world.phone("102").register(expires_s=0)
    world.run(1)
    call = picked_up(world)
    world.run(CONFIRM_S)
    assert outcomes(world, call)[0] == ("bo", "no-confirmation")
    assert world.mobile(MOBILE).calls[0].ended_how == "gone"
    assert world.agent("bo")["presence"] == "ready"
    assert not world.record_of(call).presentations[0].is_counted
    world.come_to_rest()


def test_two_who_pick_up_at_once_are_never_both_given_the_caller(world: World) -> None:
    call = picked_up(world)
    desk, mobile = world.phone("102").call, world.mobile(MOBILE).call
    desk.answer()
    world.media.press(mobile.rtp, "1")
    world.run(0.3)
    talking = [each for each in (desk, mobile) if world.media.are_joined(call.rtp, each.rtp)]
    assert len(talking) == 1
    (loser,) = [each for each in (desk, mobile) if each not in talking]
    if loser.is_live:
        world.assert_hears(loser, "already-taken")
    world.run(8)
    assert loser.ended_how in ("gone", "cancelled")
    assert [connection.agent for connection in world.record_of(call).connections] == ["bo"]
    world.come_to_rest()


def test_a_caller_who_hangs_up_while_the_key_is_asked_for_leaves_no_missed_call(world: World) -> None:
    call = picked_up(world)
    call.hang_up()
    world.run(1)
    assert world.mobile(MOBILE).call.ended_how == "gone"
    assert world.phone("102").call.ended_how == "cancelled"
    assert outcomes(world, call) == [("bo", "caller-gone")]
    assert world.record_of(call).outcome == "abandoned"
    world.come_to_rest()


@pytest.mark.parametrize("keys", ["3", "#", "0", "34567890*#"])
def test_other_keys_mean_nothing(world: World, keys: str) -> None:
    call = picked_up(world)
    world.press(world.mobile(MOBILE).call, keys)
    world.assert_hears(call, "music/calm")
    world.press(world.mobile(MOBILE).call, "1")
    world.run(0.2)
    world.assert_talking(call, MOBILE)
    world.come_to_rest()


def test_devices_ring_one_after_the_other_with_their_delays(world: World) -> None:
    bo = replace(BO, answers_at=(Device(ToPhone("102")), Device(ToNumber(MOBILE), after_s=8)))
    world.reload(replace(office(agents=(ANNA, bo)), version="v2"))
    world.carrier.call_in(SUPPORT)
    world.run(7.5)
    world.assert_rings("102")
    world.assert_silent(MOBILE)
    world.run(1)
    world.assert_rings("102")
    world.assert_rings(MOBILE)
    world.come_to_rest()


def test_devices_that_ring_one_at_a_time_are_let_go_when_the_next_rings(world: World) -> None:
    devices = (Device(ToPhone("102")), Device(ToNumber(MOBILE), after_s=8))
    bo = replace(BO, answers_at=devices, rings_one_at_a_time=True)
    world.reload(replace(office(agents=(ANNA, bo)), version="v2"))
    call = world.carrier.call_in(SUPPORT)
    world.run(8.5)
    world.assert_silent("102")
    world.assert_rings(MOBILE)
    world.mobile(MOBILE).call.answer()
    world.run(1)
    world.assert_talking(call, MOBILE)
    world.come_to_rest()
