"""Whoever talks with a caller gives him on, asks somebody first, or brings a third one in; the caller is never lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any  # what a command answers is JSON

import pytest

from softswitch.domain.office import Device, ToPhone, ToQueue
from softswitch.domain.refusals import CommandRefused
from softswitch.domain.transferring import CONSULT_RING_S
from tests.sim.offices import ANNA, BO, MOBILE, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Call, Manner
from tests.sim.world import World

SUPPORT_WAIT_S = 4.0
TALK_S = 30.0
SALES = replace(SUPPORT_QUEUE, queue="sales", name="Sales", agents=("bo",), members=(), wrap_up_s=5)
ONE_ANSWERS = replace(SUPPORT_QUEUE, agents=("anna",), members=())
CARLA = replace(ANNA, agent="carla", name="Carla Dahl", answers_at=(Device(ToPhone("103")),))


@pytest.fixture
def world() -> World:
    """anna answers `support`, bo `sales`; carla is in no queue."""
    bo = replace(BO, answers_at=(Device(ToPhone("102")),))
    plan = office(queues=(ONE_ANSWERS, SALES), agents=(ANNA, bo, CARLA), numbers={SUPPORT: ToQueue("support")})
    world = World(plan=plan)
    world.register_all()
    return world


def talking(world: World) -> Call:
    """A caller waited for `SUPPORT_WAIT_S` and has talked with anna for `TALK_S`."""
    call = world.carrier.call_in(SUPPORT)
    world.run(SUPPORT_WAIT_S)
    world.phone("101").call.answer()
    world.run(TALK_S)
    world.assert_talking(call, "101")
    return call


def call_id(world: World, call: Call) -> str:
    return world.record_of(call).id


def transfer(world: World, call: Call, to: str) -> None:
    """anna gives him on at once."""
    world.command("call.transfer", id=call_id(world, call), to=to)


def asking(world: World, to: str = "agent:bo", phone: str = "102") -> Call:
    """anna asks somebody, and the two talk; the caller hears music."""
    call = talking(world)
    world.command("call.consult", id=call_id(world, call), to=to)
    world.run(1)
    world.assert_hears(call, "music/calm")
    world.assert_hears(world.phone("101").call, "ringback")
    world.phone(phone).call.answer()
    world.run(2)
    assert are_joined(world, world.phone("101").call, world.phone(phone).call)
    world.assert_hears(call, "music/calm")
    return call


def are_joined(world: World, one: Call, other: Call) -> bool:
    return world.media.are_joined(one.rtp, other.rtp)


def figures(world: World, queue: str) -> dict[str, Any]:
    row = world.command("queue.show", name=queue)
    assert isinstance(row, dict)
    return row


def connections(world: World, call: Call) -> list[tuple[str | None, str | None, float]]:
    """Agent, queue and whole seconds of each."""
    return [
        (each.agent, each.queue, round((each.ended_at or 0.0) - each.connected_at))
        for each in world.record_of(call).connections
    ]


def test_a_caller_who_is_given_to_another_queue_keeps_his_history_in_one_record(world: World) -> None:
    call = talking(world)
    transfer(world, call, "queue:sales")
    world.run(6)
    world.assert_silent("101")
    world.assert_rings("102")
    assert world.agent("anna")["activity"] == "wrap-up"
    world.phone("102").call.answer()
    world.run(60)
    world.assert_talking(call, "102")
    call.hang_up()
    world.run(20)
    record = world.record_of(call)
    visits = [(visit.queue, visit.outcome, visit.by, round(visit.wait_s or 0)) for visit in record.queue_visits]
    assert visits == [("support", "connected", "arrival", 4), ("sales", "connected", "transfer", 6)]
    assert connections(world, call) == [("anna", "support", 30), ("bo", "sales", 60)]
    assert [(to, by) for _, to, by in record.transfers] == [("queue:sales", "command")]
    assert (record.outcome, record.ended_by) == ("answered", "caller")
    assert record.talk_s == pytest.approx(TALK_S + 60, abs=0.5)
    world.come_to_rest()


def test_the_figures_split_the_talk(world: World) -> None:
    call = talking(world)
    transfer(world, call, "queue:sales")
    world.run(6)
    world.phone("102").call.answer()
    world.run(60)
    call.hang_up()
    world.run(20)
    for queue, agent, seconds in (("support", "anna", 30), ("sales", "bo", 60)):
        row = figures(world, queue)
        assert (row["offered_today"], row["answered_today"], row["abandoned_today"]) == (1, 1, 0)
        assert row["talk_s_today"] == pytest.approx(seconds, abs=0.5)
        shown = world.command("agent.show", name=agent)
        assert isinstance(shown, dict)
        assert (shown["calls_today"], shown["talk_s_today"]) == (1, pytest.approx(seconds, abs=0.5))
    world.come_to_rest()


def test_who_gives_up_in_the_second_queue_was_answered_and_has_abandoned_there(world: World) -> None:
    world.command("agent.pause", name="bo")
    call = talking(world)
    transfer(world, call, "queue:sales")
    world.run(12)
    call.hang_up()
    world.run(1)
    record = world.record_of(call)
    assert record.outcome == "answered"
    assert [visit.outcome for visit in record.queue_visits] == ["connected", "abandoned"]
    assert (figures(world, "support")["answered_today"], figures(world, "sales")["abandoned_today"]) == (1, 1)
    world.come_to_rest()


def test_a_caller_who_is_given_to_an_agent_hears_it_ring_and_talks_with_her(world: World) -> None:
    call = talking(world)
    transfer(world, call, "agent:carla")
    world.run(1)
    world.assert_hears(call, "ringback")
    world.assert_rings("103")
    world.phone("103").call.answer()
    world.run(20)
    world.assert_talking(call, "103")
    assert world.agent("carla")["activity"] == "talking"
    world.phone("103").call.hang_up()
    world.run(1)
    assert call.ended_how == "gone"
    assert connections(world, call) == [("anna", "support", 30), ("carla", None, 20)]
    assert world.record_of(call).ended_by == "agent"
    world.come_to_rest()


@pytest.mark.parametrize("how", ["declines", "does not answer", "is busy", "is unplugged"])
def test_who_cannot_be_had_at_the_other_agent_goes_back_to_his_queue_and_comes_first(world: World, how: str) -> None:
    carla = world.phone("103")
    if how == "is busy":
        carla.dial("102")
        world.run(1)
        world.phone("102").call.answer()
    elif how == "is unplugged":
        carla.rest()
        carla.register(expires_s=0)
    elif how == "declines":
        carla.manner = Manner(refuses_with=603)
    call = talking(world)
    newer = world.carrier.call_in(SUPPORT)
    world.run(1)
    transfer(world, call, "agent:carla")
    world.command("agent.pause", name="anna")
    world.run(62)
    assert call.is_live
    world.command("agent.ready", name="anna")
    world.run(1)
    assert world.phone("101").call.caller == call.caller, "he has waited longer"
    assert newer.is_live
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(call, "101")
    visits = [(visit.queue, visit.outcome) for visit in world.record_of(call).queue_visits]
    assert visits == [("support", "connected"), ("support", "connected")]
    world.come_to_rest()


def test_a_caller_is_given_to_a_number_outside(world: World) -> None:
    call = talking(world)
    transfer(world, call, f"number:{MOBILE}")
    world.run(1)
    world.assert_rings(MOBILE)
    world.mobile(MOBILE).call.answer()
    world.run(1)
    world.assert_talking(call, MOBILE)
    world.come_to_rest()


@pytest.mark.parametrize("to", ["queue:sales", "agent:carla", f"number:{MOBILE}"])
def test_a_talk_that_was_recorded_is_recorded_on_wherever_it_is_given(world: World, to: str) -> None:
    call = talking(world)
    transfer(world, call, to)
    world.run(3)
    assert not world.media.recordings, "nobody talks"
    end = {"queue:sales": world.phone("102"), "agent:carla": world.phone("103")}.get(to) or world.mobile(MOBILE)
    end.call.answer()
    world.run(10)
    (recorded,) = world.media.recordings.values()
    assert len(world.media.members(recorded.bridge)) == 2
    call.hang_up()
    world.run(1)
    first, second = world.record_of(call).recordings
    assert world.media.written[first] == pytest.approx(TALK_S, abs=0.5)
    assert world.media.written[second] == pytest.approx(10, abs=0.5)
    world.come_to_rest()


def test_she_asks_first_and_then_hands_him_over(world: World) -> None:
    call = asking(world)
    world.command("call.complete", id=call_id(world, call))
    world.run(1)
    world.assert_talking(call, "102")
    world.assert_silent("101")
    assert world.agent("anna")["activity"] == "wrap-up"
    assert len(world.media.recordings) == 1
    world.run(20)
    call.hang_up()
    world.run(1)
    assert [agent for agent, _, _ in connections(world, call)] == ["anna", "bo"]
    world.come_to_rest()


def test_she_asks_first_and_takes_him_back(world: World) -> None:
    call = asking(world)
    world.command("call.take-back", id=call_id(world, call))
    world.run(1)
    world.assert_talking(call, "101")
    world.assert_silent("102")
    assert world.agent("bo")["activity"] == "idle"
    assert [agent for agent, _, _ in connections(world, call)] == ["anna"]
    assert len(world.media.recordings) == 1
    world.come_to_rest()


def test_she_asks_first_and_all_three_talk_until_the_last_two_part(world: World) -> None:
    call = asking(world)
    world.command("call.conference", id=call_id(world, call))
    world.run(1)
    for phone in ("101", "102"):
        assert are_joined(world, call, world.phone(phone).call)
    (recorded,) = world.media.recordings.values()
    assert len(world.media.members(recorded.bridge)) == 3
    world.phone("101").call.hang_up()
    world.run(5)
    world.assert_talking(call, "102")
    world.phone("102").call.hang_up()
    world.run(1)
    assert call.ended_how == "gone"
    assert world.record_of(call).outcome == "answered"
    world.come_to_rest()


def test_in_a_conference_the_one_who_was_asked_may_leave_and_the_talk_goes_on(world: World) -> None:
    call = asking(world)
    world.command("call.conference", id=call_id(world, call))
    world.run(5)
    world.phone("102").call.hang_up()
    world.run(5)
    world.assert_talking(call, "101")
    assert world.agent("bo")["activity"] == "idle"
    call.hang_up()
    world.run(1)
    assert world.phone("101").call.ended_how == "gone"
    world.come_to_rest()


def test_whoever_hangs_up_while_she_asks_hands_him_over(world: World) -> None:
    call = asking(world)
    world.phone("101").call.hang_up()
    world.run(1)
    world.assert_talking(call, "102")
    assert world.agent("anna")["activity"] == "wrap-up"
    world.come_to_rest()


def test_whoever_hangs_up_while_it_rings_leaves_it_ringing_for_him(world: World) -> None:
    call = talking(world)
    world.command("call.consult", id=call_id(world, call), to="agent:bo")
    world.run(2)
    world.phone("101").call.hang_up()
    world.run(2)
    world.assert_hears(call, "ringback")
    world.phone("102").call.answer()
    world.run(1)
    world.assert_talking(call, "102")
    world.come_to_rest()


def test_whoever_hangs_up_while_it_rings_and_nobody_answers_leaves_him_in_his_queue(world: World) -> None:
    call = talking(world)
    world.command("call.consult", id=call_id(world, call), to="agent:bo")
    world.run(2)
    world.phone("101").call.hang_up()
    world.run(70)
    assert call.is_live
    world.assert_rings("101")
    assert world.phone("101").call.caller == call.caller
    world.come_to_rest()


def test_a_caller_who_hangs_up_while_she_asks_ends_it_for_all(world: World) -> None:
    call = asking(world)
    call.hang_up()
    world.run(1)
    assert (world.phone("101").call.ended_how, world.phone("102").call.ended_how) == ("gone", "gone")
    assert world.agent("bo")["activity"] == "idle"
    assert (world.record_of(call).outcome, world.record_of(call).ended_by) == ("answered", "caller")
    world.come_to_rest()


@pytest.mark.parametrize("how", ["declines", "does not answer", "hangs up after a word"])
def test_when_who_is_asked_is_not_to_be_had_she_has_the_caller_again(world: World, how: str) -> None:
    if how == "hangs up after a word":
        call = asking(world)
        world.phone("102").call.hang_up()
    else:
        call = talking(world)
        world.command("call.consult", id=call_id(world, call), to="agent:bo")
        world.run(1)
        if how == "declines":
            world.phone("102").call.decline()
        else:
            world.run(CONSULT_RING_S)
    world.run(1)
    world.assert_talking(call, "101")
    world.assert_silent("102")
    assert world.agent("bo")["presence"] == "ready", "that was no call of a queue"
    assert len(world.media.recordings) == 1
    world.come_to_rest()


def test_who_is_being_asked_is_not_given_a_caller_of_her_queue_meanwhile(world: World) -> None:
    call = asking(world)
    sales = world.phone("103").dial("sales")
    world.run(10)
    assert len(world.phone("102").live_calls) == 1
    world.command("call.take-back", id=call_id(world, call))
    world.run(2)
    assert world.phone("102").call.caller == sales.caller
    world.come_to_rest()


def test_she_cannot_ask_who_talks_already_and_keeps_her_caller(world: World) -> None:
    world.phone("103").dial("102")
    world.run(1)
    world.phone("102").call.answer()
    call = talking(world)
    with pytest.raises(CommandRefused, match="nobody can be reached"):
        world.command("call.consult", id=call_id(world, call), to="agent:bo")
    world.run(1)
    world.assert_talking(call, "101")
    world.come_to_rest()


@pytest.mark.parametrize("phase", ["given on", "rings", "asked", "conference"])
def test_a_kill_leaves_nobody_in_a_dead_call_and_one_record(world: World, phase: str) -> None:
    if phase in ("given on", "rings"):
        call = talking(world)
        if phase == "rings":
            world.command("call.consult", id=call_id(world, call), to="agent:bo")
        else:
            transfer(world, call, "queue:sales")
        world.run(1)
    else:
        call = asking(world)
        if phase == "conference":
            world.command("call.conference", id=call_id(world, call))
            world.run(1)
    world.restart_switch()
    world.run(3)
    talked = [each for each in (call, world.phone("101").call, world.phone("102").call) if each.was_up]
    assert len(talked) == (2 if phase in ("given on", "rings") else 3)
    assert not any(each.is_live for each in talked)
    record = world.record_of(call)
    assert (record.outcome, record.cause) == ("answered", "crash")
    world.come_to_rest()
