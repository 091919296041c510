"""Who cannot be served is sent where the queue says, and counted as overflowed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain.office import QueuePlan, ToBusy, ToQueue
from tests.sim.offices import SUPPORT, SUPPORT_QUEUE, office
from tests.sim.world import World


def office_with(*queues: QueuePlan) -> World:
    """An office with these queues in which nobody is ready."""
    world = World(plan=office(queues=queues))
    world.register_all()
    for agent in ("anna", "bo"):
        world.command("agent.pause", name=agent)
    return world


def test_a_full_queue_says_so_and_hangs_up() -> None:
    world = office_with(replace(SUPPORT_QUEUE, max_waiting=1))
    waiting = world.carrier.call_in(SUPPORT)
    world.run(1)
    turned_away = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_hears(turned_away, "queue-full")
    world.run(4)
    assert turned_away.ended_how == "gone"
    record = world.record_of(turned_away)
    assert (record.outcome, record.ended_by, record.cause) == ("overflowed", "switch", "queue-full")
    world.assert_hears(waiting, "music/calm")
    world.come_to_rest()


def test_a_full_queue_that_overflows_to_busy_does_not_answer() -> None:
    world = office_with(replace(SUPPORT_QUEUE, max_waiting=1, overflow_to=ToBusy()))
    world.carrier.call_in(SUPPORT)
    world.run(1)
    turned_away = world.carrier.call_in(SUPPORT)
    world.run(1)
    assert turned_away.ended_how == "refused 486"
    record = world.record_of(turned_away)
    assert (record.outcome, record.answered_at) == ("overflowed", None)
    world.come_to_rest()


def test_who_waited_too_long_goes_on_to_the_next_queue_and_may_be_answered_there() -> None:
    night = replace(SUPPORT_QUEUE, queue="night", name="Night", agents=("bo",))
    world = office_with(replace(SUPPORT_QUEUE, max_wait_s=30, overflow_to=ToQueue("night")), night)
    call = world.carrier.call_in(SUPPORT)
    world.run(31)
    world.command("agent.ready", name="bo")
    world.run(1)
    world.assert_rings("102")
    world.phone("102").call.answer()
    world.run(5)
    world.assert_talking(call, "102")
    record = world.record_of(call)
    assert [(visit.queue, visit.outcome) for visit in record.queue_visits] == [
        ("support", "overflowed"),
        ("night", "connected"),
    ]
    assert record.wait_s == pytest.approx(2, abs=0.5)
    world.come_to_rest()
    assert world.record_of(call).outcome == "answered"
