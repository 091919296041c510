"""Trunks, phones and numbers change while calls go over them: the calls go on, the next ones find what is there."""

from __future__ import annotations

from dataclasses import replace

from softswitch.domain.office import ToPhone
from tests.sim.offices import DIRECT_TO_101, MOBILE, SUPPORT, office
from tests.sim.person import Manner
from tests.sim.world import World


def test_a_trunk_is_taken_away_while_calls_go_over_it() -> None:
    plan = office(may_dial={"103": ("+46",)})
    world = World(plan=plan)
    world.register_all()
    in_ = world.carrier.call_in(DIRECT_TO_101)
    out = world.phone("103").dial(MOBILE)
    world.run(1)
    world.phone("101").call.answer()
    world.mobile(MOBILE).call.answer()
    world.run(5)
    world.reload(replace(plan, version="v2", trunks={}))
    world.run(60)
    world.assert_talking(in_, "101")
    world.assert_talking(out, MOBILE)
    again = world.phone("103").dial("+46709990000")
    world.run(1)
    assert again.ended_how == "refused 480"
    in_.hang_up()
    world.mobile(MOBILE).call.hang_up()
    world.run(1)
    assert (world.phone("101").call.ended_how, out.ended_how) == ("gone", "gone")
    world.come_to_rest()
    stranger = world.carrier.call_in(SUPPORT)
    world.run(1)
    assert stranger.ended_how == "refused 401", "whoever calls from there is nobody's carrier now"


def test_a_trunk_is_taken_away_while_its_call_still_rings() -> None:
    plan = office(may_dial={"103": ("+46",)})
    world = World(plan=plan)
    world.register_all()
    world.mobile(MOBILE).manner = Manner(rings_after_s=0.1, answers_after_s=10.0)
    out = world.phone("103").dial(MOBILE)
    world.run(1)
    world.reload(replace(plan, version="v2", trunks={}))
    world.run(15)
    world.assert_talking(out, MOBILE)
    out.hang_up()
    world.come_to_rest()


def test_a_phone_is_taken_away_while_it_talks(world: World) -> None:
    call = world.carrier.call_in(DIRECT_TO_101)
    world.run(1)
    world.phone("101").call.answer()
    world.run(5)
    plan = world.settings.office
    agents = {"bo": plan.agents["bo"]}
    queues = {"support": replace(plan.queues["support"], agents=("bo",), members=())}
    phones = {name: phone for name, phone in plan.phones.items() if name != "101"}
    numbers = {SUPPORT: plan.numbers[SUPPORT]}
    world.reload(replace(plan, version="v2", agents=agents, queues=queues, phones=phones, numbers=numbers))
    world.run(60)
    world.assert_talking(call, "101")
    world.phone("101").call.hang_up()
    world.run(1)
    assert call.ended_how == "gone"
    refused = world.phone("103").dial("101")
    world.run(1)
    assert refused.ended_how == "refused 404"


def test_a_number_changes_while_its_caller_waits(world: World) -> None:
    for name in ("anna", "bo"):
        world.command("agent.pause", name=name)
    waiting = world.carrier.call_in(SUPPORT)
    world.run(20)
    plan = world.settings.office
    world.reload(replace(plan, version="v2", numbers={SUPPORT: ToPhone("103")}))
    world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_rings("103")
    world.assert_hears(waiting, "music/calm")
    world.command("agent.ready", name="anna")
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(waiting, "101")
    record = world.record_of(waiting)
    assert record.wait_s is not None
    assert record.wait_s > 20, "and his wait counts from when he came"
