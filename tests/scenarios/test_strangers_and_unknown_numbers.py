"""What is not ours: a number that leads nowhere is refused and recorded, a stranger leaves no trace."""

from __future__ import annotations

from tests.sim.offices import SUPPORT, password_of
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
