"""Who may join a queue and who may stay, the steps by which it sends callers on, and the keys by which they go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain.conditions import condition
from softswitch.domain.office import (
    Destination,
    MailboxPlan,
    OverflowStep,
    QueuePlan,
    Staffing,
    ToQueue,
    ToSay,
    ToVoicemail,
)
from tests.sim.offices import ANNA, BO, MOBILE, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Call
from tests.sim.world import World

SUPPORT_ONLY = replace(SUPPORT_QUEUE, agents=("anna",), members=(), max_wait_s=None, overflow_to=ToSay("closed"))
NIGHT = replace(SUPPORT_QUEUE, queue="night", name="Night", agents=("bo",), members=(), wrap_up_s=0)
NIGHT_NUMBER = "+46850010008"


def played(*queues: QueuePlan, ready: tuple[str, ...] = ("anna", "bo")) -> World:
    numbers: dict[str, Destination] = {SUPPORT: ToQueue("support")}
    if len(queues) > 1:
        numbers[NIGHT_NUMBER] = ToQueue("night")
    world = World(plan=office(queues=queues, agents=(ANNA, BO), numbers=numbers))
    world.register_all()
    for agent in ("anna", "bo"):
        if agent not in ready:
            world.command("agent.pause", name=agent)
    return world


def visits(world: World, call: Call) -> list[tuple[str, str | None, str | None]]:
    return [(visit.queue, visit.outcome, visit.cause) for visit in world.record_of(call).queue_visits]


def queue_row(world: World, name: str = "support") -> Mapping[str, object]:
    row = world.command("queue.show", name=name)
    assert isinstance(row, dict)
    return row


# Joining and staying.


@pytest.mark.parametrize(
    ("needs", "presence", "may_join"),
    [
        ("nobody", "logout", True),
        ("logged-in", "logout", False),
        ("logged-in", "pause", True),
        ("ready", "pause", False),
        ("ready", "ready", True),
    ],
)
def test_a_caller_may_join_when_the_agents_are_there_whom_the_queue_asks_for(
    needs: Staffing, presence: str, *, may_join: bool
) -> None:
    world = played(replace(SUPPORT_ONLY, join_needs=needs))
    world.command(f"agent.{presence}", name="anna")
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    if may_join:
        world.assert_hears(call, "welcome")
        assert visits(world, call)[0][1] is None
    else:
        world.assert_hears(call, "closed")
        assert (world.record_of(call).outcome, world.record_of(call).cause) == (None, None)
        world.run(8)
        assert (world.record_of(call).outcome, world.record_of(call).cause) == ("overflowed", "no-agents")
        assert (queue_row(world)["offered_today"], queue_row(world)["overflowed_today"]) == (1, 1)
    world.come_to_rest()


def test_agents_of_other_queues_do_not_count_and_neither_does_one_who_switched_this_one_off() -> None:
    world = played(replace(SUPPORT_ONLY, join_needs="ready"), NIGHT)
    world.command("agent.queue", name="anna", queue="support", on=False)
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_hears(call, "closed")
    world.come_to_rest()


def test_an_agent_who_talks_is_still_there_for_who_joins() -> None:
    world = played(replace(SUPPORT_ONLY, join_needs="ready"))
    world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    second = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_hears(second, "welcome")
    world.come_to_rest()


def test_the_last_agent_leaves_and_all_who_wait_are_sent_on_in_their_order() -> None:
    world = played(replace(SUPPORT_ONLY, stay_needs="logged-in", overflow_to=ToQueue("night")), NIGHT, ready=("bo",))
    world.command("agent.pause", name="bo")
    calls = []
    for _ in range(3):
        calls.append(world.carrier.call_in(SUPPORT))
        world.run(2)
    world.command("agent.logout", name="anna")
    world.run(1)
    for call in calls:
        assert visits(world, call) == [("support", "overflowed", "no-agents"), ("night", None, None)]
    world.command("agent.ready", name="bo")
    world.run(1)
    assert world.phone("102").call.caller == calls[0].caller
    world.come_to_rest()


def test_who_pauses_is_enough_to_stay_where_somebody_logged_in_is_asked_for() -> None:
    world = played(replace(SUPPORT_ONLY, stay_needs="logged-in"), ready=())
    call = world.carrier.call_in(SUPPORT)
    world.run(30)
    world.assert_hears(call, "music/calm")
    world.come_to_rest()


# Overflow, step by step.

STEPS = (
    OverflowStep(ToQueue("night"), after_s=20, when=condition("no_agents")),
    OverflowStep(ToSay("queue-full"), after_s=40),
)


def test_the_steps_are_gone_through_in_their_order_as_their_times_come() -> None:
    world = played(replace(SUPPORT_ONLY, overflow=STEPS), NIGHT, ready=("anna",))
    first = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    second = world.carrier.call_in(SUPPORT)
    world.run(38)
    assert visits(world, second) == [("support", None, None)]
    world.run(3)
    world.assert_hears(second, "queue-full")
    assert visits(world, second) == [("support", "overflowed", "overflow-step")]
    assert first.is_live
    world.come_to_rest()


def test_a_step_that_is_due_waits_for_its_condition_and_moves_on_within_a_second_of_it() -> None:
    world = played(replace(SUPPORT_ONLY, overflow=STEPS[:1]), NIGHT, ready=("anna",))
    world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    second = world.carrier.call_in(SUPPORT)
    world.run(60)
    assert visits(world, second) == [("support", None, None)]
    world.command("agent.pause", name="anna")
    world.run(1.1)
    assert visits(world, second)[0] == ("support", "overflowed", "overflow-step")
    world.come_to_rest()


def test_the_wait_that_was_earned_counts_in_the_next_queue_and_a_third() -> None:
    day = replace(NIGHT, queue="day", name="Day")
    night = replace(NIGHT, overflow=(OverflowStep(ToQueue("day"), after_s=10),))
    support = replace(SUPPORT_ONLY, overflow=(OverflowStep(ToQueue("night"), after_s=30),))
    numbers: dict[str, Destination] = {SUPPORT: ToQueue("support"), NIGHT_NUMBER: ToQueue("day")}
    world = World(plan=office(queues=(support, night, day), agents=(ANNA, BO), numbers=numbers))
    world.register_all()
    for agent in ("anna", "bo"):
        world.command("agent.pause", name=agent)
    moved = world.carrier.call_in(SUPPORT)
    world.run(5)
    world.carrier.call_in(NIGHT_NUMBER)
    world.run(36)
    assert [visit[0] for visit in visits(world, moved)] == ["support", "night", "day"]
    assert [visit.by for visit in world.record_of(moved).queue_visits] == ["arrival", "overflow", "overflow"]
    world.command("agent.ready", name="bo")
    world.run(1)
    assert world.phone("102").call.caller == moved.caller
    world.come_to_rest()


def test_those_beyond_the_third_place_are_sent_on_at_the_door_and_the_others_are_not() -> None:
    steps = (OverflowStep(ToQueue("night"), when=condition("waiting > 3")),)
    world = played(replace(SUPPORT_ONLY, overflow=steps), NIGHT, ready=())
    calls = []
    for _ in range(5):
        calls.append(world.carrier.call_in(SUPPORT))
        world.run(1)
    assert [visits(world, call)[-1][0] for call in calls] == ["support"] * 3 + ["night"] * 2
    assert queue_row(world)["overflowed_today"] == 2
    world.come_to_rest()


def test_a_service_level_that_is_low_sends_on_and_one_that_nobody_knows_yet_does_not() -> None:
    steps = (OverflowStep(ToQueue("night"), when=condition("service_level < 0.7")),)
    world = played(replace(SUPPORT_ONLY, overflow=steps, wrap_up_s=0), NIGHT, ready=("bo",))
    first = world.carrier.call_in(SUPPORT)
    world.run(30)
    assert visits(world, first) == [("support", None, None)]
    world.command("agent.ready", name="anna")
    world.run(1)
    world.phone("101").call.answer()
    world.run(5)
    second = world.carrier.call_in(SUPPORT)
    world.run(1)
    assert visits(world, second)[0] == ("support", "overflowed", "overflow-step")
    world.come_to_rest()


def test_a_step_moves_on_also_a_caller_for_whom_an_agent_rings() -> None:
    world = played(replace(SUPPORT_ONLY, overflow=(OverflowStep(ToQueue("night"), after_s=10),)), NIGHT)
    call = world.carrier.call_in(SUPPORT)
    world.run(9)
    world.assert_rings("101")
    world.run(2)
    world.assert_silent("101")
    world.assert_rings("102")
    assert world.agent("anna")["presence"] == "ready"
    world.mobile(MOBILE).call.answer()
    world.run(1)
    world.assert_talking(call, MOBILE)
    world.come_to_rest()


# Keys.

KEYS: Mapping[str, Destination] = MappingProxyType({"1": ToSay("closed"), "2": ToQueue("night")})


def test_a_key_leads_elsewhere_at_once_also_in_the_welcome_and_other_keys_nowhere() -> None:
    world = played(replace(SUPPORT_ONLY, keys=KEYS), NIGHT, ready=("bo",))
    call = world.carrier.call_in(SUPPORT)
    world.run(0.5)
    world.assert_hears(call, "welcome")
    world.press(call, "3*#")
    world.assert_hears(call, "welcome")
    world.press(call, "2")
    assert visits(world, call)[0] == ("support", "overflowed", "key-pressed")
    world.run(0.5)
    world.assert_rings("102")
    world.come_to_rest()


def test_who_leaves_by_a_key_while_an_agent_rings_is_no_missed_call_of_hers() -> None:
    world = played(replace(SUPPORT_ONLY, keys=KEYS), NIGHT)
    call = world.carrier.call_in(SUPPORT)
    world.run(3)
    world.assert_rings("101")
    world.press(call, "1")
    world.run(1)
    world.assert_silent("101")
    assert (world.agent("anna")["presence"], world.agent("anna")["activity"]) == ("ready", "idle")
    assert [one.outcome for one in world.record_of(call).presentations] == ["withdrawn"]
    world.come_to_rest()


def test_keys_lead_nowhere_once_he_talks() -> None:
    world = played(replace(SUPPORT_ONLY, keys=KEYS), NIGHT)
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    world.press(call, "12")
    world.assert_talking(call, "101")
    world.come_to_rest()


def test_a_key_to_voicemail_is_counted_as_that() -> None:
    queue = replace(SUPPORT_ONLY, keys=MappingProxyType({"9": ToVoicemail("support")}))
    plan = replace(
        office(queues=(queue,), agents=(ANNA, BO)),
        mailboxes=MappingProxyType({"support": MailboxPlan("support", "Support")}),
    )
    world = World(plan=plan)
    world.register_all()
    world.command("agent.pause", name="anna")
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.press(call, "9")
    world.run(1)
    world.assert_hears(call, "voicemail-greeting")
    assert visits(world, call) == [("support", "to-voicemail", "key-pressed")]
    assert queue_row(world)["to_voicemail_today"] == 1
    world.come_to_rest()


# The alarm.


def test_a_queue_that_is_open_and_has_nobody_says_so_and_takes_it_back() -> None:
    world = played(SUPPORT_ONLY)
    assert queue_row(world)["unstaffed"] is False
    world.command("agent.pause", name="anna")
    assert queue_row(world)["unstaffed"] is True
    world.command("agent.ready", name="anna")
    assert queue_row(world)["unstaffed"] is False
    world.come_to_rest()
