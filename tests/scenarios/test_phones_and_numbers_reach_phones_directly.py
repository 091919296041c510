"""Direct calls: phone to phone, number to phone, and what a phone may not dial."""

from __future__ import annotations

from tests.sim.offices import DIRECT_TO_101, MOBILE, SUPPORT, office
from tests.sim.world import World


def test_a_phone_calls_a_phone(world: World) -> None:
    call = world.phone("103").dial("101")
    world.run(1)
    assert call.state == "ringing"
    world.assert_rings("101")
    assert world.phone("101").call.caller == "103"
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(call, "101")
    call.hang_up()
    world.run(1)
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("direct", "caller", "hung-up")
    assert record.queue is None


def test_a_number_leads_to_a_phone(world: World) -> None:
    call = world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    assert call.state == "ringing"
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(call, "101")
    world.phone("101").call.hang_up()
    world.run(1)
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("direct", "agent", "hung-up")


def test_an_agent_on_a_direct_call_is_not_presented_a_caller(world: World) -> None:
    world.phone("103").dial("101")
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    assert world.agent("anna")["activity"] == "talking"
    world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_rings("102")


def test_a_busy_phone_and_a_declining_one_say_so_to_the_caller(world: World) -> None:
    world.phone("101").dial("102")
    world.run(1)
    to_a_busy_one = world.phone("103").dial("101")
    world.run(1)
    assert to_a_busy_one.ended_how == "refused 486"
    world.phone("102").call.decline()
    world.run(1)
    assert world.phone("101").calls[0].ended_how == "refused 603"


def test_a_phone_may_not_dial_out(world: World) -> None:
    call = world.phone("103").dial("+46709998877")
    world.run(1)
    assert call.ended_how == "refused 403"
    assert not [out for out in world.carrier.calls if not out.is_caller]
    record = world.record_of(call)
    assert (record.outcome, record.cause) == ("refused", "not-allowed")


def test_a_phone_that_may_dial_out_shows_the_trunks_number() -> None:
    world = World(plan=office(may_dial={"103": ("phones", "+46")}))
    world.register_all()
    call = world.phone("103").dial(MOBILE)
    world.run(1)
    world.assert_rings(MOBILE)
    assert world.mobile(MOBILE).call.caller == SUPPORT
    world.mobile(MOBILE).call.answer()
    world.run(1)
    world.assert_talking(call, MOBILE)
    assert world.phone("103").dial("+4712345678").is_live
    world.run(1)
    assert world.phone("103").calls[-1].ended_how == "refused 403"
    world.come_to_rest()


def test_a_phone_behind_a_nat_is_reached_at_its_source(world: World) -> None:
    world.phone("101").sit_behind_nat(("192.168.1.20", 5062))
    world.phone("101").register()
    world.run(1)
    call = world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    world.assert_rings("101")
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(call, "101")
