"""Pick-up by a code, `*8101`: the call that rings at 101 is taken at the telephone that dials it."""

from __future__ import annotations

from dataclasses import replace

from softswitch.domain.office import FeatureCodes
from tests.sim.offices import DIRECT_TO_101, SUPPORT, office
from tests.sim.world import World


def with_code() -> World:
    world = World(plan=replace(office(), features=FeatureCodes(pick_up="*8")))
    world.register_all()
    return world


def test_the_caller_is_joined_to_who_picks_up_and_the_other_telephone_stops() -> None:
    world = with_code()
    call = world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    world.assert_rings("101")
    world.phone("103").dial("*8101")
    world.run(1)
    world.assert_talking(call, "103")
    assert world.phone("101").call.ended_how == "cancelled"
    assert "cause=200" in (world.phone("101").call.reason or ""), "no missed call is shown"
    call.hang_up()
    world.run(1)
    record = world.record_of(call)
    assert (record.outcome, record.cause) == ("direct", "hung-up")


def test_who_picks_up_hangs_up_like_anybody() -> None:
    world = with_code()
    call = world.phone("102").dial("101")
    world.run(1)
    taken = world.phone("103").dial("*8101")
    world.run(1)
    world.assert_talking(call, "103")
    taken.hang_up()
    world.run(1)
    assert call.ended_how == "gone"
    assert len(world.ledger.arrived) == 1, "it is one call"


def test_an_agent_who_picks_up_is_talking_and_no_queue_gives_her_a_caller() -> None:
    world = with_code()
    world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    world.phone("102").dial("*8101")
    world.run(1)
    assert world.agent("bo")["activity"] == "talking"


def test_a_queues_caller_is_not_there_to_be_taken() -> None:
    world = with_code()
    caller = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_rings("101")
    refused = world.phone("103").dial("*8101")
    world.run(1)
    assert refused.ended_how == "refused 480"
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(caller, "101")


def test_where_nothing_rings_there_is_nothing_to_take() -> None:
    world = with_code()
    refused = world.phone("103").dial("*8101")
    world.run(1)
    assert refused.ended_how == "refused 480"


def test_nobody_takes_his_own_call() -> None:
    world = with_code()
    call = world.phone("103").dial("101")
    world.run(1)
    second = world.phone("103").dial("*8101")
    world.run(1)
    assert second.ended_how == "refused 403"
    assert call.state == "ringing"


def test_who_may_not_call_a_telephone_may_not_take_its_calls() -> None:
    world = World(plan=replace(office(may_dial={"103": ("queues",)}), features=FeatureCodes(pick_up="*8")))
    world.register_all()
    world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    refused = world.phone("103").dial("*8101")
    world.run(1)
    assert refused.ended_how == "refused 403"
    world.assert_rings("101")


def test_two_who_pick_up_at_once_get_one_caller() -> None:
    world = with_code()
    call = world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    both = [world.phone(phone).dial("*8101") for phone in ("102", "103")]
    world.run(2)
    assert sorted(each.state for each in both) == ["ended", "up"]
    assert call.state == "up"


def test_without_the_key_there_is_no_pick_up(world: World) -> None:
    world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    refused = world.phone("103").dial("*8101")
    world.run(1)
    assert refused.ended_how == "refused 404"
    world.assert_rings("101")
