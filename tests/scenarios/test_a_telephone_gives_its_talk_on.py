"""Whoever talks presses transfer on his own telephone: REFER, with and without a second talk; or another telephone of
his takes the talk over. Nobody is lost, and a queue's caller keeps one record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain.office import Device, ToPhone, ToQueue
from tests.sim.offices import ANNA, BO, MOBILE, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Call
from tests.sim.world import World

SALES = replace(SUPPORT_QUEUE, queue="sales", name="Sales", agents=("bo",), members=(), wrap_up_s=5)
ONE_ANSWERS = replace(SUPPORT_QUEUE, agents=("anna",), members=())
CARLA = replace(ANNA, agent="carla", name="Carla Dahl", answers_at=(Device(ToPhone("103")),))
TALK_S = 20.0


@pytest.fixture
def world() -> World:
    """anna answers `support`, bo `sales`; carla is in no queue."""
    bo = replace(BO, answers_at=(Device(ToPhone("102")),))
    plan = office(
        queues=(ONE_ANSWERS, SALES),
        agents=(ANNA, bo, CARLA),
        numbers={SUPPORT: ToQueue("support")},
        may_dial={"101": ("phones", "agents", "queues", MOBILE)},
    )
    world = World(plan=plan)
    world.register_all()
    return world


def talking(world: World) -> tuple[Call, Call]:
    """A caller, and the call of anna's telephone that he talks with."""
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    desk = world.phone("101").call
    desk.answer()
    world.run(TALK_S)
    world.assert_talking(call, "101")
    return call, desk


def asking(world: World, dialled: str = "102", *, is_answered: bool = True) -> Call:
    """anna puts her caller on hold and calls somebody from her own telephone; returns that call."""
    desk = world.phone("101")
    desk.reinvite(desk.call, "sendonly")
    world.run(1)
    second = desk.dial(dialled)
    world.run(2)
    if is_answered:
        world.phone(dialled).call.answer()
        world.run(TALK_S)
        assert are_joined(world, second, world.phone(dialled).call)
    return second


def are_joined(world: World, one: Call, other: Call) -> bool:
    return world.media.are_joined(one.rtp, other.rtp)


def outcomes(world: World, *calls: Call) -> list[tuple[str | None, str | None]]:
    records = [world.record_of(call) for call in calls]
    return [(record.outcome, record.cause) for record in records]


# Blind.


def test_blind_to_a_telephone(world: World) -> None:
    call, desk = talking(world)
    desk.telephone.refer(desk, "102")
    world.run(2)
    assert desk.responses[-1] == 202
    assert desk.reports == ["SIP/2.0 200 OK"]
    assert desk.ended_how == "gone"
    world.assert_rings("102")
    world.assert_hears(call, "ringback")
    world.phone("102").call.answer()
    world.run(TALK_S)
    world.assert_talking(call, "102")
    call.hang_up()
    world.run(20)
    record = world.record_of(call)
    assert [(to, by) for _, to, by in record.transfers] == [("phone:102", "phone:101")]
    assert [each.to for each in record.connections] == ["phone:101", "phone:102"]
    assert (record.outcome, len(record.recordings)) == ("answered", 2)
    world.come_to_rest()


def test_blind_into_another_queue(world: World) -> None:
    call, desk = talking(world)
    desk.telephone.refer(desk, "sales", reports=False)
    world.run(2)
    assert (desk.responses[-1], desk.reports) == (200, [])
    assert world.agent("anna")["activity"] == "wrap-up"
    world.phone("102").call.answer()
    world.run(TALK_S)
    world.assert_talking(call, "102")
    call.hang_up()
    world.run(20)
    visits = [(visit.queue, visit.outcome, visit.by) for visit in world.record_of(call).queue_visits]
    assert visits == [("support", "connected", "arrival"), ("sales", "connected", "transfer")]
    world.come_to_rest()


def test_blind_to_somebody_who_is_busy_brings_the_caller_back_to_his_queue(world: World) -> None:
    call, desk = talking(world)
    world.phone("102").dial("103")
    world.run(1)
    world.phone("103").call.answer()
    world.run(1)
    desk.telephone.refer(desk, "102")
    world.run(2)
    assert world.record_of(call).queue_visits[-1].by == "transfer"
    assert call.is_live
    call.hang_up()
    world.phone("103").call.hang_up()
    world.run(20)
    world.come_to_rest()


@pytest.mark.parametrize(("dialled", "status"), [("999", 404), ("+46709999999", 403)])
def test_to_nowhere_or_where_her_telephone_may_not_dial_the_talk_goes_on(
    world: World, dialled: str, status: int
) -> None:
    call, desk = talking(world)
    desk.telephone.refer(desk, dialled)
    world.run(2)
    assert desk.responses[-1] == status
    world.assert_talking(call, "101")
    call.hang_up()
    world.run(20)
    world.come_to_rest()


def test_a_carrier_may_not(world: World) -> None:
    call, _desk = talking(world)
    call.telephone.refer(call, "102")
    world.run(2)
    assert call.responses[-1] == 403
    world.assert_talking(call, "101")
    call.hang_up()
    world.run(20)
    world.come_to_rest()


def test_whoever_placed_a_call_gives_on_whom_he_called(world: World) -> None:
    placed = world.phone("101").dial("102")
    world.run(1)
    called = world.phone("102").call
    called.answer()
    world.run(5)
    world.phone("101").refer(placed, "103")
    world.run(2)
    assert placed.ended_how == "gone"
    world.assert_rings("103")
    assert world.phone("103").call.caller == "102"
    world.phone("103").call.answer()
    world.run(5)
    assert are_joined(world, called, world.phone("103").call)
    called.hang_up()
    world.run(5)
    assert outcomes(world, placed) == [("direct", "hung-up")]
    world.come_to_rest()


# Attended.


def test_attended_the_caller_keeps_his_record_and_his_recording_goes_on(world: World) -> None:
    call, desk = talking(world)
    second = asking(world)
    world.assert_hears(call, "music/calm")
    desk.telephone.refer(desk, "102", other=second)
    world.run(2)
    assert (desk.responses[-1], desk.reports) == (202, ["SIP/2.0 200 OK"])
    assert (desk.ended_how, second.ended_how) == ("gone", "gone")
    world.assert_talking(call, "102")
    assert world.agent("anna")["activity"] == "wrap-up"
    assert world.agent("bo")["activity"] == "talking"
    world.run(TALK_S)
    call.hang_up()
    world.run(20)
    record = world.record_of(call)
    assert [each.to for each in record.connections] == ["phone:101", "phone:102"]
    assert [(to, by) for _, to, by in record.transfers] == [("phone:102", "phone:101")]
    assert len(record.recordings) == 1
    assert outcomes(world, call, second) == [("answered", "hung-up"), ("direct", "transferred")]
    world.come_to_rest()


def test_attended_the_other_way_round_is_the_same(world: World) -> None:
    call, desk = talking(world)
    second = asking(world)
    desk.telephone.refer(second, SUPPORT, other=desk)
    world.run(2)
    assert second.responses[-1] == 202
    world.assert_talking(call, "102")
    world.phone("102").call.hang_up()
    world.run(20)
    assert outcomes(world, call, second) == [("answered", "hung-up"), ("direct", "transferred")]
    world.come_to_rest()


def test_attended_while_the_other_still_rings_rings_him_for_the_caller(world: World) -> None:
    call, desk = talking(world)
    second = asking(world, is_answered=False)
    desk.telephone.refer(desk, "102", other=second)
    world.run(2)
    assert (desk.ended_how, second.is_live) == ("gone", False)
    world.assert_hears(call, "ringback")
    world.phone("102").call.answer()
    world.run(5)
    world.assert_talking(call, "102")
    call.hang_up()
    world.run(20)
    world.come_to_rest()


def test_two_whom_she_called_herself_are_joined(world: World) -> None:
    desk = world.phone("101")
    first = desk.dial("102")
    world.run(1)
    one = world.phone("102").call
    one.answer()
    world.run(2)
    second = asking(world, "103")
    other = world.phone("103").call
    desk.refer(first, "103", other=second)
    world.run(2)
    assert are_joined(world, one, other)
    assert (first.is_live, second.is_live) == (False, False)
    one.hang_up()
    world.run(5)
    assert other.ended_how == "gone"
    assert outcomes(world, first, second) == [("direct", "hung-up"), ("direct", "transferred")]
    world.come_to_rest()


def test_a_dialog_that_is_not_hers_is_not_found(world: World) -> None:
    call, desk = talking(world)
    strange = world.phone("102").dial("103")
    world.run(1)
    world.phone("103").call.answer()
    world.run(1)
    desk.telephone.refer(desk, "103", other=strange)
    world.run(2)
    assert desk.responses[-1] == 404
    world.assert_talking(call, "101")
    assert are_joined(world, strange, world.phone("103").call)
    call.hang_up()
    strange.hang_up()
    world.run(20)
    world.come_to_rest()


def test_a_caller_from_outside_is_given_to_a_mobile_that_she_called(world: World) -> None:
    call, desk = talking(world)
    desk.telephone.reinvite(desk, "sendonly")
    world.run(1)
    second = desk.telephone.dial(MOBILE)
    world.run(2)
    mobile = world.mobile(MOBILE)
    mobile.call.answer()
    world.run(5)
    desk.telephone.refer(desk, MOBILE, other=second)
    world.run(2)
    assert are_joined(world, call, mobile.call)
    call.hang_up()
    world.run(20)
    assert mobile.call.ended_how == "gone"
    world.come_to_rest()


# Taking a place.


def test_another_telephone_of_hers_takes_the_talk(world: World) -> None:
    both = replace(ANNA, answers_at=(Device(ToPhone("101")), Device(ToPhone("103"))))
    world.reload(office(queues=(ONE_ANSWERS, SALES), agents=(both, BO), numbers={SUPPORT: ToQueue("support")}))
    call, desk = talking(world)
    moved = world.phone("103").replace(desk)
    world.run(2)
    assert (desk.ended_how, moved.state) == ("gone", "up")
    assert are_joined(world, call, moved)
    world.run(TALK_S)
    moved.hang_up()
    world.run(1)
    assert call.ended_how == "gone"
    assert world.agent("anna")["activity"] == "wrap-up"
    world.run(20)
    assert outcomes(world, call) == [("answered", "hung-up")]
    world.come_to_rest()


def test_a_telephone_of_a_colleague_who_shares_hers_may_not(world: World) -> None:
    """Found by seed 880140 of the domain's random walk: the talk went on in one name and kept another one engaged."""
    shared = (
        replace(ANNA, answers_at=(Device(ToPhone("101")),)),
        replace(BO, answers_at=(Device(ToPhone("101")), Device(ToPhone("103")))),
    )
    world.reload(
        office(queues=(replace(ONE_ANSWERS, agents=("anna",)),), agents=shared, numbers={SUPPORT: ToQueue("support")})
    )
    call, desk = talking(world)
    refused = world.phone("103").replace(desk)
    world.run(2)
    assert refused.ended_how == "refused 403"
    assert are_joined(world, call, desk)


def test_a_telephone_of_somebody_else_may_not(world: World) -> None:
    call, desk = talking(world)
    thief = world.phone("103").replace(desk)
    world.run(2)
    assert thief.ended_how == "refused 403"
    world.assert_talking(call, "101")
    call.hang_up()
    world.run(20)
    world.come_to_rest()
