"""Agents log in, pause, log out and say where they are reached, by the keys of any telephone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.domain import agent_line, events
from softswitch.domain.office import Destination, FeatureCodes, Office, ToAgentLine, ToQueue
from tests.sim.offices import ANNA, BO, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Call
from tests.sim.sound import SOUND_S
from tests.sim.world import World

AGENT_LINE = "+46850010099"
HOME = "+46701112233"
CABIN = "+46709998877"
SALES_NUMBER = "+46850010009"
SALES = replace(SUPPORT_QUEUE, queue="sales", name="Sales", agents=("anna",), members=())
PIN = "4711"
ANNAS_KEYS = f"21#{PIN}#"
READY, PAUSE, LOG_OUT, SWITCH_QUEUES, SET_NUMBER = "1", "2", "3", "4", "5"


def plan() -> Office:
    """anna has a number and a PIN and is logged out; bo takes a day off. `sales` is the second queue of anna's."""
    anna = replace(ANNA, is_ready_at_start=False, number="21", pin=PIN, may_answer_at=("+467",))
    bo = replace(BO, is_ready_at_start=False)
    numbers: dict[str, Destination] = {
        SUPPORT: ToQueue("support"),
        SALES_NUMBER: ToQueue("sales"),
        AGENT_LINE: ToAgentLine(),
    }
    return replace(
        office(queues=(SUPPORT_QUEUE, SALES), agents=(anna, bo), numbers=numbers),
        features=FeatureCodes(ready="*1", pause="*2", log_out="*3"),
        pause_reasons=("lunch", "training"),
    )


@pytest.fixture
def world() -> World:
    world = World(plan=plan())
    world.register_all()
    return world


def call_the_line(world: World, caller: str | None = None) -> Call:
    """Somebody calls the agents' line from outside, by default from where nobody called before."""
    call = world.carrier.call_in(AGENT_LINE) if caller is None else world.carrier.dial(AGENT_LINE, caller=caller)
    world.run(1)
    world.assert_hears(call, "agent-id")
    return call


def identified(world: World, caller: str | None = None) -> Call:
    """anna calls the line and has keyed who she is."""
    call = call_the_line(world, caller)
    world.press(call, ANNAS_KEYS)
    world.assert_hears(call, "agent-menu")
    return call


def keyed(world: World, keys: str, *heard: str, caller: str | None = None) -> None:
    """anna keys her wish, hears what became of it, and is let go."""
    call = identified(world, caller)
    world.press(call, keys)
    for sound in heard:
        world.assert_hears(call, sound)
        world.run(SOUND_S)
    world.run(1)
    assert call.ended_how == "gone"


def reached_at(world: World, number: str) -> None:
    """A caller comes, the number rings and asks for a key, and with it they talk; then he hangs up."""
    call = world.carrier.call_in(SUPPORT)
    world.run(SOUND_S + 1)
    world.assert_silent("101")
    world.assert_rings(number)
    world.mobile(number).call.answer()
    world.run(1)
    world.assert_hears(world.mobile(number).call, "confirm-call")
    world.assert_hears(call, "music/calm")
    world.press(world.mobile(number).call, "1")
    world.run(0.5)
    world.assert_talking(call, number)
    call.hang_up()
    world.run(SUPPORT_QUEUE.wrap_up_s + 1)


def presence(world: World) -> tuple[object, object]:
    row = world.agent("anna")
    return row["presence"], row["pause_reason"]


def test_she_logs_in_from_home_and_her_desk_is_rung(world: World) -> None:
    waiting = world.carrier.call_in(SUPPORT)
    world.run(5)
    world.assert_silent("101")
    keyed(world, READY, "agent-ready")
    world.run(1)
    world.assert_rings("101")
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(waiting, "101")
    world.come_to_rest()


def test_who_knows_her_way_need_not_listen_to_the_end(world: World) -> None:
    call = world.carrier.dial(AGENT_LINE, caller=HOME)
    world.run(0.5)
    world.press(call, ANNAS_KEYS + READY)
    world.assert_hears(call, "agent-ready")
    assert presence(world) == ("ready", None)
    world.come_to_rest()


def test_she_pauses_and_logs_out_by_keys_and_nobody_rings_her(world: World) -> None:
    keyed(world, READY, "agent-ready")
    keyed(world, PAUSE, "agent-paused")
    assert presence(world) == ("paused", None)
    world.carrier.call_in(SUPPORT)
    world.run(3)
    world.assert_silent("101")
    keyed(world, LOG_OUT, "agent-logged-out")
    assert presence(world) == ("logged-out", None)
    world.run(3)
    world.assert_silent("101")
    world.come_to_rest()


def test_her_choice_is_told_with_its_cause(world: World) -> None:
    keyed(world, READY, "agent-ready")
    told = [record for record in world.journal.read() if isinstance(record, events.AgentPresenceChanged)]
    assert [(event.presence, event.by) for event in told if event.agent == "anna"][-1] == ("ready", "telephone")


def test_she_sets_the_line_that_calls_as_her_number_and_is_rung_there(world: World) -> None:
    call = identified(world, HOME)
    world.press(call, SET_NUMBER)
    world.assert_hears(call, "agent-number")
    world.press(call, "1")
    world.assert_hears(call, "agent-number-set")
    world.press(call, READY)
    world.run(5)
    assert world.agent("anna")["number"] == HOME
    reached_at(world, HOME)
    keyed(world, LOG_OUT, "agent-logged-out")
    assert world.agent("anna")["number"] is None, "until she logs out"
    world.come_to_rest()


@pytest.mark.parametrize("keys", ["0709998877#", "0046709998877#"])
def test_she_keys_another_number_and_is_rung_there(world: World, keys: str) -> None:
    """As she dials it at home, or as from abroad; she may be reached at mobiles only."""
    call = identified(world)
    world.press(call, SET_NUMBER)
    world.press(call, keys)
    world.assert_hears(call, "agent-number-set")
    world.press(call, READY)
    world.run(5)
    assert world.agent("anna")["number"] == CABIN
    reached_at(world, CABIN)
    world.come_to_rest()


@pytest.mark.parametrize("keys", ["0812345678#", "0015551234567#", "#", "*#", "911#", "08#"])
def test_a_number_that_she_may_not_be_reached_at_is_not_set(world: World, keys: str) -> None:
    call = identified(world)
    world.press(call, SET_NUMBER)
    world.press(call, keys)
    world.assert_hears(call, "agent-wrong")
    assert world.agent("anna")["number"] is None
    call.hang_up()
    world.come_to_rest()


def test_she_takes_no_calls_of_one_of_her_queues_and_then_takes_them_again(world: World) -> None:
    call = identified(world)
    world.press(call, SWITCH_QUEUES)
    world.assert_hears(call, "agent-queues")
    world.press(call, "1#")
    world.assert_hears(call, "agent-queue-off")
    call.hang_up()
    world.run(1)
    keyed(world, READY, "agent-ready")
    world.carrier.call_in(SUPPORT)
    world.run(3)
    world.assert_silent("101")
    other = world.carrier.call_in(SALES_NUMBER)
    world.run(1)
    assert world.phone("101").call.caller == other.caller
    other.hang_up()
    world.run(1)
    call = identified(world)
    world.press(call, SWITCH_QUEUES + "1#")
    world.assert_hears(call, "agent-queue-on")
    call.hang_up()
    world.run(2)
    world.assert_rings("101")
    world.come_to_rest()


def test_a_wrong_pin_three_times_and_the_line_lets_go(world: World) -> None:
    call = call_the_line(world)
    for tries in (1, 2, 3):
        world.press(call, "21#0000#")
        world.assert_hears(call, "agent-blocked" if tries == 3 else "agent-wrong")
    world.run(SOUND_S + 1)
    assert call.ended_how == "gone"
    assert presence(world) == ("logged-out", None)
    keyed(world, READY, "agent-ready")
    world.come_to_rest()


def test_who_keys_a_number_that_nobody_has_learns_no_more_than_with_a_wrong_pin(world: World) -> None:
    heard: list[list[str]] = []
    for number in ("21", "99"):
        call = call_the_line(world)
        heard.append([])
        for _ in range(3):
            for keys in (f"{number}#", "0000#"):
                world.press(call, keys)
                heard[-1].append(world.media.heard_at(call.rtp))
        world.run(SOUND_S + 1)
        assert call.ended_how == "gone"
    assert heard[0] == heard[1]
    world.come_to_rest()


def test_after_five_wrong_pins_even_the_right_one_is_not_heard_for_a_while(world: World) -> None:
    for keys in (("0000", "1111", "2222"), ("3333", "4444")):
        call = call_the_line(world)
        for pin in keys:
            world.press(call, f"21#{pin}#")
        call.hang_up()
        world.run(1)
    call = call_the_line(world)
    world.press(call, ANNAS_KEYS)
    world.assert_hears(call, "agent-wrong")
    call.hang_up()
    world.run(agent_line.LOCK_S + 1)
    keyed(world, READY, "agent-ready")
    world.come_to_rest()


def test_a_new_login_takes_over_and_says_so(world: World) -> None:
    keyed(world, READY, "agent-ready", caller=HOME)
    keyed(world, READY, "agent-taken-over", "agent-ready", caller=CABIN)
    told = [record for record in world.journal.read() if isinstance(record, events.AgentLoginTakenOver)]
    assert [(event.agent, event.at_number) for event in told] == [("anna", CABIN)]
    world.come_to_rest()


def test_a_login_is_taken_over_whatever_happened_to_the_switch_since(world: World) -> None:
    keyed(world, READY, "agent-ready", caller=HOME)
    for _ in range(2):
        world.kill_switch()
        world.start_switch()
        world.register_all()
    keyed(world, READY, "agent-taken-over", "agent-ready", caller=CABIN)
    world.come_to_rest()


def test_who_was_logged_out_meanwhile_takes_over_from_nobody(world: World) -> None:
    keyed(world, READY, "agent-ready", caller=HOME)
    for presence in ("logged-out", "ready"):
        world.command("agent.logout" if presence == "logged-out" else "agent.login", name="anna")
    keyed(world, READY, "agent-ready", caller=CABIN)
    world.come_to_rest()


def test_who_says_again_at_her_own_phone_that_she_is_ready_takes_over_from_nobody(world: World) -> None:
    keyed(world, READY, "agent-ready", caller=HOME)
    for first in ("agent-taken-over", "agent-ready"):
        call = world.phone("101").dial("*1")
        world.run(1)
        world.assert_hears(call, first)
        world.run(3 * SOUND_S)
    world.come_to_rest()


def test_who_hangs_up_or_says_nothing_at_any_question_leaves_everything_as_it_was(world: World) -> None:
    for keys in ("", "21", "21#", f"21#{PIN}", ANNAS_KEYS, ANNAS_KEYS + SET_NUMBER, ANNAS_KEYS + SWITCH_QUEUES):
        for waits_s in (0, 120):
            call = call_the_line(world)
            world.press(call, keys)
            world.run(waits_s)
            call.hang_up()
            world.run(1)
            assert call.ended_how == ("gone" if waits_s else "hung-up")
            assert presence(world) == ("logged-out", None)
            assert (world.agent("anna")["number"], world.agent("anna")["queues_off"]) == (None, [])
    world.come_to_rest()


def test_feature_codes_at_her_own_phone_need_no_pin(world: World) -> None:
    phone = world.phone("101")
    for code, sound, expected in (
        ("*1", "agent-ready", "ready"),
        ("*2", "agent-paused", "paused"),
        ("*1", "agent-ready", "ready"),
        ("*3", "agent-logged-out", "logged-out"),
    ):
        call = phone.dial(code)
        world.run(1)
        world.assert_hears(call, sound)
        world.run(SOUND_S)
        assert call.ended_how == "gone"
        assert presence(world)[0] == expected
    world.come_to_rest()


def test_a_feature_code_from_a_phone_that_is_nobodys_changes_nothing(world: World) -> None:
    call = world.phone("103").dial("*1")
    world.run(1)
    world.assert_hears(call, "agent-wrong")
    world.run(SOUND_S)
    assert [world.agent(agent)["presence"] for agent in ("anna", "bo")] == ["logged-out", "logged-out"]
    world.come_to_rest()


def test_feature_codes_mean_nothing_to_callers_from_outside(world: World) -> None:
    call = world.carrier.dial("*1", caller=HOME)
    world.run(1)
    assert call.ended_how == "refused 404"
    world.come_to_rest()


def test_the_lamps_of_the_phones_follow(world: World) -> None:
    anna = world.phone("102").lamps.watch("anna")
    support = world.phone("103").lamps.watch("support")
    world.run_until(lambda: anna.is_live and support.is_live)
    world.run(2)
    assert (anna.shows, support.shows) == ("confirmed", "confirmed"), "logged out; open, and nobody is there"
    keyed(world, READY, "agent-ready")
    world.run(2)
    assert (anna.shows, support.shows) == ("terminated", "terminated")
    keyed(world, PAUSE, "agent-paused")
    world.run(2)
    assert (anna.shows, support.shows) == ("confirmed", "confirmed")
    world.phone("101").dial("*1")
    world.run(8)
    assert anna.shows == "terminated"
    world.carrier.call_in(SUPPORT)
    world.run(2)
    assert anna.shows == "early"
    world.phone("101").call.answer()
    world.run(2)
    assert anna.shows == "confirmed"
    world.come_to_rest()


def test_a_kill_leaves_presence_number_and_queues_as_they_were(world: World) -> None:
    call = identified(world, HOME)
    world.press(call, SET_NUMBER + "1")
    world.press(call, SWITCH_QUEUES + "2#")
    world.assert_hears(call, "agent-queue-off")
    call.hang_up()
    world.run(1)
    keyed(world, READY, "agent-ready")
    before = world.agent("anna")
    world.restart_switch()
    after = world.agent("anna")
    for key in ("presence", "number", "queues_off"):
        assert after[key] == before[key]
    assert (after["presence"], after["number"], after["queues_off"]) == ("ready", HOME, ["sales"])
    reached_at(world, HOME)
    world.come_to_rest()


def test_a_kill_in_the_middle_of_a_dialogue_changes_nothing(world: World) -> None:
    call = identified(world)
    world.restart_switch()
    world.run(2)
    assert call.ended_how == "gone"
    assert presence(world) == ("logged-out", None)
    keyed(world, READY, "agent-ready")
    world.come_to_rest()
