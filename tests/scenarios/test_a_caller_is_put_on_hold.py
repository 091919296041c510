"""An agent's telephone holds: the caller hears music, the recording goes on, and she takes him back."""

from __future__ import annotations

from tests.sim.offices import SUPPORT
from tests.sim.world import World


def test_the_caller_hears_music_until_the_agent_takes_him_back(world: World) -> None:
    world.register_all()
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    phone = world.phone("101")
    phone.call.answer()
    world.run(5)
    world.assert_talking(call, "101")
    phone.reinvite(phone.call, "sendonly")
    world.run(1)
    world.assert_hears(call, "music/calm")
    world.run(60)
    world.assert_hears(call, "music/calm")
    phone.reinvite(phone.call, "sendrecv")
    world.run(1)
    world.assert_talking(call, "101")
    world.assert_hears(call, "talk")
    call.hang_up()
    world.run(1)
    record = world.record_of(call)
    assert record.outcome == "answered"
    assert record.talk_s is not None
    assert record.talk_s > 60, "being on hold is being talked to"
    world.come_to_rest()


def test_a_caller_on_hold_who_hangs_up_leaves_nobody_behind(world: World) -> None:
    world.register_all()
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    phone = world.phone("101")
    phone.call.answer()
    world.run(5)
    phone.reinvite(phone.call, "inactive")
    world.run(3)
    world.assert_hears(call, "music/calm")
    call.hang_up()
    world.run(2)
    assert phone.live_calls == []
    world.come_to_rest()
