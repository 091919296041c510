"""What users of other queue systems have reported for years, each as a scenario that shows that we cannot have it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain.office import Member, QueuePlan, ToQueue, ToSay
from tests.sim.offices import SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Manner
from tests.sim.world import World

SALES_NUMBER = "+46850010009"
SALES = replace(SUPPORT_QUEUE, queue="sales", name="Sales", agents=("bo",), members=())


def open_office(*queues: QueuePlan) -> World:
    """Both agents ready, `sales` reached by a number of its own."""
    numbers = {SUPPORT: ToQueue("support"), SALES_NUMBER: ToQueue("sales" if len(queues) > 1 else "support")}
    world = World(plan=office(queues=queues or (SUPPORT_QUEUE,), numbers=dict(numbers)))
    world.register_all()
    return world


def all_pause(world: World) -> None:
    for agent in ("anna", "bo"):
        world.command("agent.pause", name=agent)


def call_id(world: World, number: int) -> str:
    rows = world.command("call.list")
    assert isinstance(rows, list)
    return str(rows[number]["id"])


def test_a_changed_priority_counts_at_once_for_those_who_wait_already() -> None:
    """asterisk #202"""
    world = open_office()
    all_pause(world)
    world.carrier.call_in(SUPPORT)
    world.run(5)
    late = world.carrier.call_in(SUPPORT)
    world.run(5)
    world.command("call.priority", id=call_id(world, 1), priority_s=60)
    world.command("agent.ready", name="anna")
    world.run(1)
    assert world.phone("101").call.caller == late.caller


def test_a_heavier_queue_that_cannot_use_an_agent_does_not_keep_him_from_the_lighter_one() -> None:
    """asterisk #1561"""
    world = open_office(replace(SUPPORT_QUEUE, agents=("anna",), members=()), replace(SALES, weight_s=3600))
    all_pause(world)
    world.carrier.call_in(SALES_NUMBER)
    light = world.carrier.call_in(SUPPORT)
    world.run(5)
    world.command("agent.ready", name="anna")
    world.run(1)
    assert world.phone("101").call.caller == light.caller


def test_ten_callers_are_served_in_the_order_in_which_they_came() -> None:
    """freeswitch #2511: the eighth caller was served first"""
    world = open_office(replace(SUPPORT_QUEUE, wrap_up_s=0))
    all_pause(world)
    callers = []
    for _ in range(10):
        callers.append(world.carrier.call_in(SUPPORT))
        world.run(1)
    world.phone("101").manner = Manner(answers_after_s=1, hangs_up_after_s=5)
    world.command("agent.ready", name="anna")
    world.run_until(lambda: not any(call.is_live for call in callers), 200)
    connected = [world.record_of(call).connected_at or 0.0 for call in callers]
    assert connected == sorted(connected)
    world.come_to_rest()


def test_who_answers_and_hangs_up_at_once_leaves_the_others_free_and_one_record() -> None:
    """asterisk #1557, freeswitch #2540: the others stayed reserved, or were dropped"""
    world = open_office(replace(SUPPORT_QUEUE, strategy="ring-all", wrap_up_s=0))
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.assert_rings("101")
    world.assert_rings("102")
    world.phone("101").call.answer()
    world.run(0.05)
    world.phone("101").call.hang_up()
    world.run(3)
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.agent) == ("answered", "agent", "anna")
    assert {world.agent(agent)["activity"] for agent in ("anna", "bo")} == {"idle"}
    world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_rings("102")
    world.come_to_rest()


def test_two_who_answer_at_the_same_instant_are_one_answer() -> None:
    """asterisk #176 and #1737: both were acknowledged, and the call counted twice"""
    world = open_office(replace(SUPPORT_QUEUE, strategy="ring-all"))
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.phone("101").call.answer()
    world.phone("102").call.answer()
    world.run(8)
    row = world.command("queue.show", name="support")
    assert isinstance(row, dict)
    assert (row["offered_today"], row["answered_today"]) == (1, 1)
    assert len(world.record_of(call).connections) == 1
    world.come_to_rest()


def test_hundreds_of_calls_leave_nobody_stuck() -> None:
    """opensips #3123, #2679: locked after a few thousand calls, restarted every day"""
    world = open_office(replace(SUPPORT_QUEUE, wrap_up_s=1))
    for phone in ("101", "102"):
        world.phone(phone).manner = Manner(answers_after_s=0.5, hangs_up_after_s=3)
    for _ in range(200):
        world.carrier.call_in(SUPPORT)
        world.run(2.5)
    world.run(60)
    assert world.command("doctor") == {
        "findings": [],
        "looked_at": {"calls": 0, "legs": 0, "agents": 2, "queues": 1, "callbacks": 0},
    }
    assert {world.agent(agent)["activity"] for agent in ("anna", "bo")} == {"idle"}
    world.come_to_rest()


def test_the_only_agent_who_declines_is_left_alone_for_a_while() -> None:
    """amazon-connect-streams #292: the same call rang on"""
    world = open_office()
    world.command("agent.pause", name="bo")
    world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.decline()
    world.run(8)
    world.assert_silent("101")
    world.run(4)
    world.assert_rings("101")
    world.come_to_rest()


def test_how_many_misses_it_takes_is_the_offices_to_say_and_ready_brings_back() -> None:
    """FreePBX #816, kazoo PR 6609: not to be configured; logged out for ever"""
    world = open_office(replace(SUPPORT_QUEUE, misses=2, ring_s=5))
    world.command("agent.pause", name="bo")
    world.carrier.call_in(SUPPORT)
    world.run(7)
    assert (world.agent("anna")["presence"], world.agent("anna")["misses"]) == ("ready", 1)
    world.run(15)
    assert world.agent("anna")["presence"] == "paused"
    world.command("agent.ready", name="anna")
    world.run(1)
    world.assert_rings("101")
    world.come_to_rest()


def test_nobody_who_is_logged_out_is_rung() -> None:
    """Teams docs #3847"""
    world = open_office()
    world.command("agent.logout", name="anna")
    world.command("agent.logout", name="bo")
    world.carrier.call_in(SUPPORT)
    world.run(30)
    world.assert_silent("101")
    world.assert_silent("102")


def test_the_calls_behind_every_figure_can_be_listed() -> None:
    """qpanel #249 and #265, Issabel #41: which calls were abandoned?"""
    world = open_office()
    all_pause(world)
    gone = world.carrier.call_in(SUPPORT)
    world.run(10)
    gone.hang_up()
    world.run(1)
    served = world.carrier.call_in(SUPPORT)
    world.command("agent.ready", name="anna")
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    row = world.command("queue.show", name="support")
    assert isinstance(row, dict)
    calls = row["calls_today"]
    assert calls["abandoned"] == [world.record_of(gone).id]
    assert calls["answered"] == [world.record_of(served).id]
    assert calls["offered"] == [world.record_of(gone).id, world.record_of(served).id]


def test_wrap_up_after_a_call_of_one_queue_holds_for_all_of_an_agents_queues() -> None:
    """asterisk #1006, #607: wrap-up was ignored by the other queue"""
    world = open_office(replace(SUPPORT_QUEUE, agents=("bo",), members=(), wrap_up_s=20), replace(SALES, wrap_up_s=0))
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("102").call.answer()
    world.run(2)
    call.hang_up()
    world.carrier.call_in(SALES_NUMBER)
    world.run(15)
    world.assert_silent("102")
    world.run(6)
    world.assert_rings("102")
    world.come_to_rest()


def test_who_overflows_keeps_the_wait_that_he_has_earned() -> None:
    """FreePBX #621, Teams #9902: the place in line was lost"""
    first = replace(SUPPORT_QUEUE, agents=("anna",), members=(), max_wait_s=60, overflow_to=ToQueue("sales"))
    world = open_office(first, SALES)
    all_pause(world)
    moved = world.carrier.call_in(SUPPORT)
    world.run(55)
    world.carrier.call_in(SALES_NUMBER)
    world.run(10)
    world.command("agent.ready", name="bo")
    world.run(1)
    assert world.phone("102").call.caller == moved.caller


@pytest.mark.parametrize("into_s", [0.0, 0.4, 1.7, 2.9])
def test_a_connection_cuts_into_what_is_spoken_within_a_tenth_of_a_second(into_s: float) -> None:
    """asterisk #1568, freeswitch #1148: the agent heard dead air until the announcement was over"""
    world = open_office()
    call = world.carrier.call_in(SUPPORT)
    world.run(0.5 + into_s)
    world.phone("101").call.answer()
    world.run(0.1)
    world.assert_talking(call, "101")
    assert world.media.heard_at(call.rtp) == "talk"


def test_a_key_is_heard_in_the_middle_of_an_announcement() -> None:
    """asterisk #543: keys were ignored while something was spoken"""
    world = open_office(replace(SUPPORT_QUEUE, keys=MappingProxyType({"9": ToSay("closed")})))
    all_pause(world)
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_hears(call, "welcome")
    world.press(call, "9")
    world.assert_hears(call, "closed")


def test_a_strategy_is_a_line_in_a_file_and_shares_are_kept() -> None:
    """asterisk #685: no other strategy than the built-in ones"""
    members = (Member("anna", weight=3), Member("bo", weight=1))
    world = open_office(replace(SUPPORT_QUEUE, strategy="weighted", members=members, wrap_up_s=0))
    for phone in ("101", "102"):
        world.phone(phone).manner = Manner(answers_after_s=0.2, hangs_up_after_s=1)
    calls = []
    for _ in range(120):
        calls.append(world.carrier.call_in(SUPPORT))
        world.run(4)
    agents = [world.record_of(call).agent for call in calls]
    assert agents.count("anna") + agents.count("bo") == 120
    assert 75 <= agents.count("anna") <= 105
    world.come_to_rest()
