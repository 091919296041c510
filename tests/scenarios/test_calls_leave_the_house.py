"""Who may call whom outside, how many at once, and what is shown there; what may not leave says why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any  # plans hold values of many kinds

import pytest

from softswitch.domain.office import AgentPlan, Device, Office, OutgoingPlan, PhonePlan, ToNumber, ToPhone
from softswitch.domain.refusals import CommandRefused
from softswitch.domain.why import explain
from tests.sim.offices import ANNA, BO, MOBILE, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Call
from tests.sim.world import World

PREMIUM, SATELLITE, NORWAY = "+469001234567", "+8816123456", "+4791234567"
SHOWN = "+46850010009"


def world_of(
    *, agents: tuple[AgentPlan, ...] = (ANNA, BO), outgoing: OutgoingPlan | None = None, **phone: Any
) -> World:
    """Phone 103 may call Sweden and whatever else is said of it."""
    plan = office(agents=agents, may_dial={"103": ("phones", "queues", "+46")})
    phones = {**plan.phones, "103": replace(plan.phones["103"], **phone)}
    world = World(plan=replace(plan, phones=phones, outgoing=outgoing or OutgoingPlan()))
    world.register_all()
    return world


def why(world: World, call: Call) -> str:
    """What `call why` tells."""
    return " ".join(reason.text for reason in explain(world.record_of(call)))


def left(world: World) -> list[str]:
    """The numbers that were ever called outside."""
    return [call.dialled for call in world.carrier.calls if not call.is_caller]


@pytest.mark.parametrize("number", [PREMIUM, SATELLITE, NORWAY])
def test_what_no_rule_allows_does_not_leave_and_the_call_says_why(number: str) -> None:
    world = world_of()
    call = world.phone("103").dial(number)
    world.run(1)
    assert call.ended_how == "refused 403"
    assert left(world) == []
    record = world.record_of(call)
    assert (record.outcome, record.cause) == ("refused", "not-allowed")
    assert f"{number} could not be called for phone:103" in why(world, call)
    world.come_to_rest()


def test_a_premium_number_is_called_by_who_is_allowed_it_in_so_many_words() -> None:
    world = world_of(may_dial=("+46", "+46900"))
    world.phone("103").dial(PREMIUM)
    world.run(1)
    world.assert_rings(PREMIUM)


def test_what_the_office_denies_nobody_calls() -> None:
    world = world_of(outgoing=OutgoingPlan(deny=("+4670",)))
    call = world.phone("103").dial(MOBILE)
    world.run(1)
    assert call.ended_how == "refused 403"
    assert "[outgoing] deny" in why(world, call)


def test_a_phone_shows_its_own_number_outside() -> None:
    world = world_of(caller_id=SHOWN)
    world.phone("103").dial(MOBILE)
    world.run(1)
    assert world.mobile(MOBILE).call.caller == SHOWN


def test_no_more_calls_of_a_phone_are_out_than_may_be_and_a_call_that_is_over_counts_no_more() -> None:
    world = world_of(calls_out_max=1)
    first = world.phone("103").dial(MOBILE)
    world.run(1)
    world.mobile(MOBILE).call.answer()
    world.run(5)
    second = world.phone("103").dial("+46709990000")
    world.run(1)
    assert second.ended_how == "refused 503"
    assert world.record_of(second).cause == "outgoing-full"
    assert "calls_out_max = 1" in why(world, second)
    world.assert_talking(first, MOBILE)
    first.hang_up()
    world.run(1)
    world.phone("103").dial("+46709990000")
    world.run(1)
    world.assert_rings("+46709990000")
    world.come_to_rest()


def test_a_call_that_was_refused_counts_no_more() -> None:
    world = world_of(calls_out_max=1)
    world.phone("103").dial(MOBILE)
    world.run(1)
    world.mobile(MOBILE).call.refuse(486)
    world.run(1)
    again = world.phone("103").dial(MOBILE)
    world.run(1)
    assert again.is_live


def test_a_trunk_that_carries_as_many_calls_as_it_may_says_so() -> None:
    plan = office(may_dial={"103": ("+46",)})
    world = World(plan=plan, trunk={"calls_max": 1})
    world.register_all()
    world.carrier.call_in(SUPPORT)
    world.run(1)
    call = world.phone("103").dial(MOBILE)
    world.run(1)
    assert call.ended_how == "refused 503"
    assert world.record_of(call).cause == "outgoing-full"


def only_bo_at_a_mobile(**bo: Any) -> Office:
    agent = replace(BO, answers_at=(Device(ToNumber(MOBILE)),), **bo)
    return office(queues=[replace(SUPPORT_QUEUE, agents=("bo",), members=())], agents=[agent])


def test_an_agents_mobile_rings_for_her_and_shows_her_number() -> None:
    world = World(plan=only_bo_at_a_mobile(caller_id=SHOWN, calls_out_max=1))
    world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_rings(MOBILE)
    assert world.mobile(MOBILE).call.caller == SHOWN


def test_an_agents_mobile_does_not_ring_beyond_her_cap_and_the_caller_waits_on() -> None:
    world = World(plan=only_bo_at_a_mobile(calls_out_max=0))
    call = world.carrier.call_in(SUPPORT)
    world.run(30)
    assert left(world) == []
    assert call.state == "up"
    assert "for agent:bo" in why(world, call)
    world.assert_hears(call, "music/calm")


def test_a_caller_is_not_given_on_to_where_the_office_does_not_call() -> None:
    world = world_of(agents=(ANNA, replace(BO, answers_at=(Device(ToPhone("102")),))))
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    for command in ("call.transfer", "call.consult"):
        for number in (NORWAY, PREMIUM, SATELLITE):
            with pytest.raises(CommandRefused, match="may not be called"):
                world.command(command, id=world.record_of(call).id, to=f"number:{number}")
    world.assert_talking(call, "101")
    world.command("call.transfer", id=world.record_of(call).id, to=f"number:{MOBILE}")
    world.run(1)
    world.mobile(MOBILE).call.answer()
    world.run(1)
    world.assert_talking(call, MOBILE)
    world.come_to_rest()


def test_a_phone_without_a_way_out_reaches_outside_only_where_the_office_sends_it() -> None:
    plan = office(numbers={"900": ToNumber(MOBILE), SUPPORT: ToNumber(NORWAY)})
    phones = {**plan.phones, "102": PhonePlan("102", "", ("+46",))}
    world = World(plan=replace(plan, phones=phones))
    world.register_all()
    barred = world.phone("103").dial("900")
    world.phone("102").dial("900")
    world.run(1)
    assert barred.ended_how == "refused 403"
    world.assert_rings(MOBILE)
    world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_rings(NORWAY)


@pytest.mark.parametrize(("number", "status"), [(PREMIUM, 403), (NORWAY, 403), ("+46709990000", 503)])
def test_a_telephone_gives_its_talk_on_only_where_it_might_have_called(number: str, status: int) -> None:
    world = world_of(calls_out_max=1)
    call = world.phone("103").dial(MOBILE)
    world.run(1)
    world.mobile(MOBILE).call.answer()
    world.run(1)
    world.phone("103").refer(call, number)
    world.run(1)
    assert call.responses[-1] == status
    assert left(world) == [MOBILE]
    assert f"{number} could not be called for phone:103" in why(world, call)
    world.assert_talking(call, MOBILE)
    world.come_to_rest()
