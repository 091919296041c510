"""More of what users of other queue systems have reported for years, each shown to be impossible here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from random import Random
from types import MappingProxyType
from typing import Any  # what a command answers is JSON

import pytest

from softswitch.domain import events
from softswitch.domain.call_record import CallRecord
from softswitch.domain.office import (
    AgentPlan,
    CallbackPlan,
    Device,
    FeatureCodes,
    Office,
    QueuePlan,
    ToAgentLine,
    ToCallback,
    ToNumber,
    ToPhone,
    ToQueue,
)
from tests.sim.offices import ANNA, BO, MOBILE, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Call, Manner
from tests.sim.world import World

AGENT_LINE = "+46850010099"
ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
CALLBACK = CallbackPlan(may_call=("+46",), tries=2, pause_s=60)
WITH_CALLBACK = replace(SUPPORT_QUEUE, wrap_up_s=0, callback=CALLBACK, keys=MappingProxyType({"1": ToCallback()}))
BO_AT_HIS_DESK = replace(BO, answers_at=(Device(ToPhone("102")),))
BO_ON_THE_ROAD = replace(BO, answers_at=(Device(ToNumber(MOBILE), confirm=True),))


def plan(queue: QueuePlan = SUPPORT_QUEUE, agents: Iterable[AgentPlan] = (ANNA, BO_AT_HIS_DESK)) -> Office:
    agents = tuple(agents)
    queue = replace(queue, agents=tuple(agent.agent for agent in agents), members=())
    return office(queues=(queue,), agents=agents, numbers={SUPPORT: ToQueue("support"), AGENT_LINE: ToAgentLine()})


def opened(office: Office) -> World:
    world = World(plan=office)
    world.register_all()
    return world


def shown(world: World, command: str, **arguments: object) -> dict[str, Any]:
    answer = world.command(command, **arguments)
    assert isinstance(answer, dict)
    return answer


def callback_asked(world: World, number: str) -> Call:
    """A caller keys this number, and is gone."""
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.press(call, "1")
    world.press(call, f"{number.replace('+46', '0')}#")
    world.run(6)
    assert call.ended_how == "gone"
    return call


# 1. The wait to expect.


def app_queue_minutes(waits_s: Iterable[float], waited_s: float) -> int:
    """What app_queue would say: |moving average of answered waits (α = ¼) + 30 − own wait| in whole minutes."""
    hold_s = 0.0
    for wait_s in waits_s:
        hold_s = (hold_s * 3 + wait_s) / 4
    return abs(int((hold_s + 30 - waited_s) / 60))


def test_the_announced_wait_does_not_grow_because_somebody_has_waited_beyond_the_average() -> None:
    """asterisk, apps/app_queue.c: `labs(((holdtime + 30) - (now - start)) / 60)` grows from then on"""
    world = opened(plan(replace(SUPPORT_QUEUE, wrap_up_s=0, announce_position_every_s=30, announce_wait=True), [ANNA]))
    world.phone("101").manner = Manner(answers_after_s=2, hangs_up_after_s=120)
    callers = []
    for _ in range(12):
        callers.append(world.carrier.call_in(SUPPORT))
        world.run(150)
    world.phone("101").manner = Manner(answers_after_s=2, hangs_up_after_s=900)
    world.carrier.call_in(SUPPORT)
    world.run(5)
    late = world.carrier.call_in(SUPPORT)
    world.run(800)
    answered_s = [world.record_of(call).wait_s or 0.0 for call in callers]
    told = world.record_of(late).waits_told
    entered_at = world.record_of(late).queue_visits[-1].entered_at
    assert len(told) >= 10
    ends = [(each.at + (each.high_s or 7200.0), each.reason) for each in told]
    for (before_at, _), (later_at, reason) in pairwise(ends):
        assert later_at <= before_at or reason is not None, f"{told} grows without a word"
    assert max(each.high_s or 7200.0 for each in told) <= (told[0].high_s or 0.0) + 60, "one step, from 2 minutes to 3"
    theirs = [app_queue_minutes(answered_s, each.at - entered_at) for each in told]
    assert theirs[-1] >= theirs[0] + 9, "what app_queue says grows by a minute a minute for no reason but that he waits"
    world.come_to_rest()


# 2. and 12. Who hangs up, and what is a miss.


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("is_mobile", [False, True])
def test_nobody_is_connected_with_a_caller_who_has_hung_up(seed: int, is_mobile: bool) -> None:
    """freeswitch #1973: the caller was "Answered" hours after he was gone"""
    agent = BO_ON_THE_ROAD if is_mobile else BO_AT_HIS_DESK
    world = opened(plan(replace(SUPPORT_QUEUE, wrap_up_s=0), [agent]))
    telephone = world.mobile(MOBILE) if is_mobile else world.phone("102")
    chance = Random(seed)
    for _ in range(25):
        caller = world.carrier.call_in(SUPPORT)
        world.run_until(lambda: any(call.state == "ringing" for call in telephone.live_calls))
        ringing = telephone.call
        if is_mobile:
            ringing.answer()
            world.run(0.5)
        accepts_after_s, hangs_up_after_s = chance.uniform(0, 0.2), chance.uniform(0, 0.2)
        if is_mobile:
            world.clock.after(accepts_after_s, partial(world.media.press, ringing.rtp, "1"))
        else:
            world.clock.after(accepts_after_s, ringing.answer)
        world.clock.after(hangs_up_after_s, caller.hang_up)
        world.run(3)
        record = world.record_of(caller)
        assert record.ended_at is not None
        assert record.connected_at is None or record.connected_at <= record.ended_at
        assert (record.outcome == "answered") == (record.connected_at is not None)
        assert record.outcome in ("answered", "abandoned")
        if hangs_up_after_s + 0.1 < accepts_after_s:
            assert record.outcome == "abandoned"
        assert not telephone.live_calls
        row = world.agent("bo")
        assert (row["presence"], row["activity"], row["misses"]) == ("ready", "idle", 0)
    connected = [event for event in world.journal.read() if isinstance(event, events.CallConnected)]
    for event in connected:
        assert event.at <= world.ledger.ended[event.call].at
    world.come_to_rest()


def test_every_telephone_that_did_not_get_the_call_is_told_that_it_was_taken_and_shows_no_missed_call() -> None:
    """asterisk #116, FreePBX #361 and #1099, IvozProvider #393, Telephone #709"""
    bo = replace(BO, answers_at=(Device(ToPhone("102")), Device(ToNumber(MOBILE), confirm=True)))
    world = opened(plan(replace(SUPPORT_QUEUE, strategy="ring-all"), [ANNA, bo]))
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    losers = [world.phone("102").call, world.mobile(MOBILE).call]
    world.phone("101").call.answer()
    world.run(3)
    world.assert_talking(call, "101")
    assert [(each.ended_how, each.reason) for each in losers] == [("cancelled", ELSEWHERE)] * 2
    assert world.agent("bo")["misses"] == 0
    outcomes = {shown.agent: shown.outcome for shown in world.record_of(call).presentations}
    assert outcomes == {"anna": "connected", "bo": "taken-elsewhere"}
    world.come_to_rest()


def test_a_caller_who_gives_up_while_it_rings_is_no_miss_of_the_agents() -> None:
    """asterisk #116, FreePBX #361: an agent was charged with calls that their callers took back"""
    world = opened(plan(replace(SUPPORT_QUEUE, misses=1), [ANNA]))
    for rings_s in (1, 5, 12, 19):
        call = world.carrier.call_in(SUPPORT)
        world.run(rings_s)
        world.assert_rings("101")
        call.hang_up()
        world.run(2)
        assert (world.agent("anna")["presence"], world.agent("anna")["misses"]) == ("ready", 0)
        assert world.phone("101").call.reason != ELSEWHERE, "this one her phone may show as missed"
        assert [shown.is_counted for shown in world.record_of(call).presentations] == [False]
    world.come_to_rest()


# 3. Who has missed calls comes back.


@pytest.mark.parametrize("way", ["command", "telephone", "feature code"])
def test_who_was_logged_out_after_missed_calls_is_back_with_her_next_login(way: str) -> None:
    """kazoo PR 6609: logged out for ever after misses"""
    anna = replace(ANNA, number="21", pin="4711")
    queue = replace(SUPPORT_QUEUE, misses=2, ring_s=5, no_answer="log-out")
    world = opened(replace(plan(queue, [anna]), features=FeatureCodes(ready="*1")))
    for _ in range(3):
        world.carrier.call_in(SUPPORT)
        world.run_until(lambda: world.agent("anna")["presence"] == "logged-out", 40)
        world.run(40)
        world.assert_silent("101")
        if way == "command":
            world.command("agent.login", name="anna")
        elif way == "telephone":
            call = world.carrier.call_in(AGENT_LINE)
            world.run(1)
            world.press(call, "21#4711#1")
        else:
            world.phone("101").dial("*1")
        world.run_until(lambda: any(call.state == "ringing" for call in world.phone("101").live_calls), 10)
        assert (world.agent("anna")["presence"], world.agent("anna")["misses"]) == ("ready", 0)
        world.phone("101").call.answer()
        world.run(5)
        world.phone("101").call.hang_up()
        world.run(SUPPORT_QUEUE.wrap_up_s + 1)
    world.come_to_rest()


# 5. Pauses.


def test_another_reason_for_a_pause_loses_none_of_the_time() -> None:
    """FreePBX #912"""
    world = opened(plan(agents=[ANNA]))
    world.run(60)
    world.command("agent.pause", name="anna", reason="lunch")
    world.run(300)
    world.command("agent.pause", name="anna", reason="training")
    world.run(600)
    world.restart_switch()
    world.run(119)
    world.command("agent.pause", name="anna", reason="lunch")
    world.run(60)
    row = shown(world, "agent.show", name="anna")
    assert row["paused_s_today"] == {"lunch": pytest.approx(360, abs=0.1), "training": pytest.approx(720, abs=0.1)}
    assert row["pauses_today"] == 1
    assert row["ready_s_today"] == pytest.approx(60, abs=1)
    world.command("agent.ready", name="anna")
    world.run(30)
    after = shown(world, "agent.show", name="anna")
    assert after["paused_s_today"] == row["paused_s_today"]
    assert after["ready_s_today"] == pytest.approx(row["ready_s_today"] + 30, abs=0.1)
    world.come_to_rest()


# 6. and 9. Call-backs.


def served(world: World, count: int) -> list[str]:
    """anna gets ready: whom she was shown, in order."""
    world.phone("101").manner = Manner(answers_after_s=1, hangs_up_after_s=12)
    world.command("agent.ready", name="anna")
    before = len(world.phone("101").calls)
    world.run_until(lambda: len(world.phone("101").calls) >= before + count, 60 * count)
    return [call.caller for call in world.phone("101").calls[before:]]


def test_callbacks_and_waiting_callers_are_served_in_the_order_in_which_they_came() -> None:
    """FreePBX #621, Teams #9902: callbacks starved those who waited, or lost their place"""
    world = opened(plan(WITH_CALLBACK, [ANNA]))
    world.command("agent.pause", name="anna")
    expected = []
    for number in range(4):
        mobile = f"+4670123000{number}"
        world.mobile(mobile).manner = Manner(answers_after_s=1)
        callback_asked(world, mobile)
        expected.append(mobile)
        expected.append(world.carrier.call_in(SUPPORT).caller)
        world.run(10)
    assert served(world, len(expected)) == expected
    world.come_to_rest()


def test_callbacks_are_not_starved_by_callers_who_keep_coming() -> None:
    """FreePBX #621, the other way round"""
    world = opened(plan(WITH_CALLBACK, [ANNA]))
    world.command("agent.pause", name="anna")
    world.mobile(MOBILE).manner = Manner(answers_after_s=1)
    for _ in range(3):
        world.carrier.call_in(SUPPORT)
    world.run(1)
    callback_asked(world, MOBILE)
    for _ in range(12):
        world.carrier.call_in(SUPPORT)
        world.run(2)
    assert served(world, 8).index(MOBILE) == 3
    world.come_to_rest()


def test_a_callback_keeps_its_place_over_a_kill() -> None:
    """Teams #9902: the place in line was lost"""
    world = opened(plan(WITH_CALLBACK, [ANNA]))
    world.command("agent.pause", name="anna")
    first, second = "+46701230001", "+46701230002"
    for mobile in (first, second):
        world.mobile(mobile).manner = Manner(answers_after_s=1)
        callback_asked(world, mobile)
        world.run(30)
    before = {row["number"]: row["wait_s"] for row in rows(world, "callback.list")}
    world.restart_switch()
    after = {row["number"]: row["wait_s"] for row in rows(world, "callback.list")}
    assert after == {number: pytest.approx(wait_s + 1, abs=0.1) for number, wait_s in before.items()}
    newer = world.carrier.call_in(SUPPORT).caller
    world.run(2)
    assert served(world, 3) == [first, second, newer]
    world.come_to_rest()


def test_a_caller_who_does_not_want_to_wait_is_called_back_and_counted_once() -> None:
    """FusionPBX #1322, NethServer #7566, Cloudspire #46: asked for since 2015"""
    world = opened(plan(WITH_CALLBACK, [ANNA]))
    world.command("agent.pause", name="anna")
    asked = callback_asked(world, MOBILE)
    world.command("agent.ready", name="anna")
    world.run(1)
    assert not world.mobile(MOBILE).calls, "nobody is called by a machine and left waiting"
    world.phone("101").call.answer()
    world.run(1)
    world.mobile(MOBILE).call.answer()
    world.run(30)
    assert world.media.are_joined(world.phone("101").call.rtp, world.mobile(MOBILE).call.rtp)
    world.mobile(MOBILE).call.hang_up()
    world.run(2)
    row = shown(world, "queue.show", name="support")
    assert (row["offered_today"], row["to_callback_today"], row["abandoned_today"]) == (1, 1, 0)
    assert row["callbacks_today"] == {"requested": 1, "connected": 1, "gave_up": 0, "withdrawn": 0}
    assert [visit.outcome for visit in world.record_of(asked).queue_visits] == ["to-callback"]
    assert rows(world, "callback.list") == []
    world.come_to_rest()


def rows(world: World, command: str) -> list[dict[str, Any]]:
    answer = world.command(command)
    assert isinstance(answer, list)
    return answer


# 11. Changes of the configuration.


@pytest.mark.parametrize("phase", ["rings", "talks", "wrap-up"])
def test_an_agent_who_is_taken_away_by_a_reload_finishes_what_she_does_and_can_come_back(phase: str) -> None:
    """freeswitch #610, #1822: agents that were removed went on in memory, or took their calls with them"""
    both = plan(agents=[ANNA, BO_AT_HIS_DESK])
    world = opened(both)
    world.command("agent.pause", name="bo")
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    if phase != "rings":
        world.phone("101").call.answer()
        world.run(5)
    if phase == "wrap-up":
        call.hang_up()
        world.run(2)
    world.reload(replace(plan(agents=[BO_AT_HIS_DESK]), version="v2"))
    world.run(3)
    assert call.is_live == (phase != "wrap-up")
    if phase == "rings" and any(each.is_live for each in world.phone("101").calls):
        world.phone("101").call.answer()
        world.run(2)
    if phase == "talks":
        world.assert_talking(call, "101")
        world.phone("101").call.hang_up()
        world.run(SUPPORT_QUEUE.wrap_up_s + 2)
        assert world.record_of(call).agent == "anna"
    assert shown(world, "doctor")["findings"] == []
    if call.is_live:
        call.hang_up()
    world.run(SUPPORT_QUEUE.wrap_up_s + 2)
    later = world.carrier.call_in(SUPPORT)
    world.run(5)
    world.assert_silent("101")
    assert [row["agent"] for row in rows(world, "agent.list")] == ["bo"]
    world.reload(replace(both, version="v3"))
    world.run(2)
    world.assert_rings("101")
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(later, "101")
    world.come_to_rest()


def test_a_queue_that_is_taken_away_by_a_reload_loses_neither_talk_nor_waiting_caller() -> None:
    """freeswitch #1968, PR 39, asterisk #1972: callers were dropped, or stayed in a queue that nobody serves"""
    first = plan(agents=[ANNA])
    world = opened(first)
    talking = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.phone("101").call.answer()
    world.run(5)
    waiting = world.carrier.call_in(SUPPORT)
    world.run(5)
    other = replace(SUPPORT_QUEUE, queue="sales", name="Sales", agents=("anna",), members=())
    changed = office(queues=(other,), agents=(ANNA,), numbers={SUPPORT: ToQueue("sales")})
    world.reload(replace(changed, version="v2"))
    world.run(5)
    world.assert_talking(talking, "101")
    world.assert_hears(waiting, "music/calm")
    talking.hang_up()
    world.run(SUPPORT_QUEUE.wrap_up_s + 2)
    assert world.phone("101").call.caller == waiting.caller
    world.phone("101").call.answer()
    world.run(2)
    world.assert_talking(waiting, "101")
    waiting.hang_up()
    world.run(SUPPORT_QUEUE.wrap_up_s + 2)
    assert [row["queue"] for row in rows(world, "queue.list")] == ["sales"], "the last one has left the old queue"
    records: list[CallRecord] = [world.record_of(call) for call in (talking, waiting)]
    assert [(record.outcome, record.queue) for record in records] == [("answered", "support")] * 2
    world.come_to_rest()


# 13. Voicemails of mobiles.


@pytest.mark.parametrize("answers_after_s", [0.2, 3.0, 15.0])
def test_the_voicemail_of_a_mobile_never_gets_a_caller_and_is_held_against_nobody(answers_after_s: float) -> None:
    """FreePBX Call Confirm, Genesys AMD: a machine that answers like a person took the call"""
    world = opened(plan(replace(SUPPORT_QUEUE, misses=1, wrap_up_s=0), [ANNA, BO_ON_THE_ROAD]))
    world.command("agent.pause", name="anna")
    world.mobile(MOBILE).manner = Manner(answers_after_s=answers_after_s)
    call = world.carrier.call_in(SUPPORT)
    world.run(180)
    assert len(world.mobile(MOBILE).calls) >= 3
    assert {shown.outcome for shown in world.record_of(call).presentations if shown.outcome} == {"no-confirmation"}
    assert world.record_of(call).connected_at is None
    assert (world.agent("bo")["presence"], world.agent("bo")["misses"]) == ("ready", 0)
    world.command("agent.ready", name="anna")
    world.run_until(lambda: bool(world.phone("101").live_calls), 60)
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(call, "101")
    world.come_to_rest()


# 14. Ghost busy.


def test_an_internal_call_makes_an_agent_busy_exactly_as_long_as_it_lasts_and_is_no_work() -> None:
    """3CX, voipsetu.com: "ghost busy" after internal calls"""
    world = opened(plan(replace(SUPPORT_QUEUE, wrap_up_s=0), [ANNA]))
    for caller, called in (("101", "103"), ("103", "101")):
        world.phone(caller).dial(called)
        world.run(1)
        world.phone(called).call.answer()
        world.run(1)
        assert world.agent("anna")["activity"] == "talking"
        waiting = world.carrier.call_in(SUPPORT)
        world.run(40)
        assert len(world.phone("101").live_calls) == 1, "no second call on her phone"
        assert world.agent("anna")["activity"] == "talking"
        world.phone("103").call.hang_up()
        world.run(0.5)
        assert world.phone("101").call.caller == waiting.caller
        waiting.hang_up()
        world.run(1)
        assert world.agent("anna")["activity"] == "idle"
    row = shown(world, "agent.show", name="anna")
    assert (row["calls_today"], row["talk_s_today"]) == (0, 0.0)
    world.come_to_rest()


def test_toggling_ready_and_pause_in_a_call_leaves_nothing_behind() -> None:
    """3CX, voipsetu.com: "ghost busy" after the status was toggled in a call"""
    world = opened(plan(replace(SUPPORT_QUEUE, wrap_up_s=0), [ANNA]))
    for is_internal in (True, False):
        call = world.phone("103").dial("101") if is_internal else world.carrier.call_in(SUPPORT)
        world.run(1)
        world.phone("101").call.answer()
        world.run(1)
        for _ in range(5):
            for choice in ("agent.pause", "agent.logout", "agent.ready", "agent.login"):
                world.command(choice, name="anna")
                world.run(0.3)
                assert world.agent("anna")["activity"] == "talking"
        call.hang_up()
        world.run(1)
        row = world.agent("anna")
        assert (row["presence"], row["activity"], row["call"]) == ("ready", "idle", None)
        assert shown(world, "doctor")["findings"] == []
    world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_rings("101")
    world.come_to_rest()
