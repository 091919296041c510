"""What is not ours: a number that leads nowhere is refused and recorded, a stranger leaves no trace."""

from __future__ import annotations

import random

from tests.sim.offices import SUPPORT, SWITCH, password_of
from tests.sim.world import World


def test_a_number_that_nobody_configured_is_not_found(world: World) -> None:
    call = world.carrier.call_in("+46850019999")
    world.run(1)
    assert call.ended_how == "refused 404"
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("refused", "switch", "unknown-number")


def test_a_strangers_invite_is_challenged_and_leaves_no_record(world: World) -> None:
    call = world.stranger("somebody").dial(SUPPORT)
    world.run(1)
    assert call.ended_how == "refused 401"
    assert not world.ledger.arrived
    world.assert_silent("101")


def test_a_wrong_password_neither_registers_nor_calls(world: World) -> None:
    thief = world.stranger("103", password="guessed")
    thief.register()
    call = thief.dial("101")
    world.run(1)
    assert (thief.register_status, call.ended_how) == (401, "refused 401")
    assert not world.ledger.arrived
    thief.rest()


def test_a_phone_cannot_register_under_anothers_name(world: World) -> None:
    moved = world.stranger("103", password=password_of("103"))
    moved.register()
    world.run(1)
    assert moved.register_status == 200, "the same phone from elsewhere is welcome"
    impostor = world.stranger("101", password=password_of("103"))
    impostor.register()
    world.run(1)
    assert impostor.register_status == 401
    moved.rest()
    impostor.rest()


def test_hostile_bytes_change_nothing_for_anyone_else(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    seeded = random.Random(1)
    stranger = world.stranger("somebody")
    sample = stranger.dial(SUPPORT).invite.write()
    for _ in range(500):
        data = bytearray(sample if seeded.random() < 0.8 else seeded.randbytes(seeded.randrange(1, 1500)))
        for _ in range(seeded.randrange(1, 30)):
            data[seeded.randrange(len(data))] = seeded.randrange(256)
        if seeded.random() < 0.3:
            del data[seeded.randrange(len(data)) :]
        world.network.send(bytes(data), ("10.9.9.8", 5060), SWITCH)
    world.run(60)
    world.assert_talking(call, "101")
    assert len(world.ledger.arrived) == 1
