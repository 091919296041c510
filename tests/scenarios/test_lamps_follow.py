"""The keys of the phones show who is free, who rings and who talks, and whether messages wait, whatever befalls them.

The lamps here are lit by hand under a name of their own, so that each scenario says itself when they change.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from softswitch.domain.actions import Action, LampState, ShowLamp, ShowMessages
from softswitch.domain.office import MailboxPlan
from tests.sim.network import NetworkKnobs
from tests.sim.offices import SUPPORT, office
from tests.sim.watching import LampKey
from tests.sim.world import World

LAMP = "night-service"
TURNS: tuple[tuple[LampState, str], ...] = (("ringing", "early"), ("on", "confirmed"), ("off", "terminated"))
"""What a lamp is, and as what a phone is shown it."""


def say(world: World, action: Action) -> None:
    """The domain says it; the commands before and after it begin and end the turn."""
    world.command("status")
    world.node.signalling.carry_out(action, world.node_now)
    world.command("status")


def light(world: World, state: LampState) -> None:
    """The lamp changes."""
    say(world, ShowLamp(LAMP, state))


def key_of(world: World, phone: str, *, expires_s: int = 600) -> LampKey:
    """A key that shows the lamp, which is dark."""
    light(world, "off")
    key = world.phone(phone).lamps.watch(LAMP, expires_s=expires_s)
    world.run_until(lambda: key.shows == "terminated" and key.is_live)
    return key


def test_a_key_shows_what_happens_within_a_moment(world: World) -> None:
    key = key_of(world, "101")
    world.run(5)
    for state, shown in TURNS:
        light(world, state)
        world.run(0.1)
        assert key.shows == shown
        world.run(1)


def test_keys_of_many_phones_show_the_same(world: World) -> None:
    keys = [key_of(world, phone) for phone in ("101", "102", "103")]
    world.run(5)
    light(world, "on")
    world.run(0.1)
    assert [key.shows for key in keys] == ["confirmed"] * 3


def test_a_lamp_that_flickers_is_told_once_a_second_and_ends_up_right(world: World) -> None:
    key = key_of(world, "101")
    world.run(5)
    before = len(key.seen)
    for number in range(100):
        light(world, "ringing" if number % 2 else "on")
        world.run(0.03)
    light(world, "off")
    world.run(2)
    assert key.shows == "terminated"
    assert len(key.seen) - before <= 5


def test_keys_show_the_truth_on_a_network_that_loses_doubles_and_reorders() -> None:
    world = World(seed=4, knobs=NetworkKnobs(loss=0.25, duplication=0.2, reordering=0.3))
    light(world, "off")
    key = world.phone("101").lamps.watch(LAMP)
    for number in range(40):
        light(world, TURNS[number % 3][0])
        world.run(3)
    light(world, "on")
    world.run(35)
    assert key.shows == "confirmed"
    assert key.is_live


def test_a_key_is_refreshed_all_day_long(world: World) -> None:
    key = key_of(world, "101", expires_s=3600)
    world.run(8 * 3600)
    light(world, "on")
    world.run(1)
    assert key.shows == "confirmed"
    assert set(key.answers) == {200}
    assert len(key.answers) >= 8
    assert world.node.endpoint.subscription_count == 1


def test_after_the_switch_was_killed_keys_come_back_by_themselves(world: World) -> None:
    key = key_of(world, "101", expires_s=600)
    light(world, "on")
    world.restart_switch()
    light(world, "ringing")
    world.run(310)
    assert 481 in key.answers
    assert key.shows == "early"
    assert world.node.endpoint.subscription_count == 1


def test_a_phone_that_vanished_is_given_up_and_shows_the_truth_when_it_is_back(world: World) -> None:
    phone = world.phone("101")
    key_of(world, "101")
    world.run(5)
    phone.vanish()
    light(world, "ringing")
    world.run(33)
    assert world.node.endpoint.subscription_count == 0
    light(world, "on")
    phone.come_back()
    phone.has_vanished = False
    key = phone.lamps.watch(LAMP)
    world.run(2)
    assert key.shows == "confirmed"


def test_a_phone_that_was_switched_off_and_on_leaves_no_old_subscription_behind(world: World) -> None:
    phone = world.phone("101")
    key_of(world, "101")
    world.run(5)
    phone.come_back()
    phone.lamps.watch(LAMP)
    world.run(2)
    assert world.node.endpoint.subscription_count == 1


def test_a_key_of_a_phone_behind_a_nat_shows_it_too(world: World) -> None:
    world.phone("101").sit_behind_nat(("192.168.1.20", 5060))
    key = key_of(world, "101")
    world.run(5)
    light(world, "on")
    world.run(0.1)
    assert key.shows == "confirmed"


def test_a_key_that_is_given_up_is_told_nothing_more(world: World) -> None:
    key = key_of(world, "101")
    world.run(5)
    world.phone("101").lamps.unwatch(key)
    world.run(1)
    assert key.ended_because == ["timeout"]
    seen = len(key.seen)
    light(world, "on")
    world.run(5)
    assert len(key.seen) == seen
    assert world.node.endpoint.subscription_count == 0


def test_the_message_lamp_lights_and_goes_out() -> None:
    mailbox = MailboxPlan("annas", "Anna", lamps=("101",))
    world = World(plan=replace(office(), mailboxes=MappingProxyType({"annas": mailbox})))
    key = world.phone("101").lamps.watch("101", event="message-summary")
    world.run_until(lambda: key.is_live and key.shows == "0/0")
    world.run(5)
    say(world, ShowMessages("annas", 1, 0))
    world.run(2)
    assert key.shows == "1/0"
    say(world, ShowMessages("annas", 0, 1))
    world.run(2)
    assert key.shows == "0/1"


def test_a_phone_that_is_taken_out_of_the_office_sees_no_more_lamps(world: World) -> None:
    key = key_of(world, "103")
    world.reload(office(phones=("101", "102")))
    world.run(2)
    assert key.ended_because == ["rejected"]
    assert world.node.endpoint.subscription_count == 0


def test_a_stranger_sees_no_lamps(world: World) -> None:
    light(world, "on")
    stranger = world.stranger("101", "a guess")
    key = stranger.lamps.watch(LAMP)
    world.run(2)
    assert key.answers == [401]
    assert key.seen == []


def test_a_phone_with_lit_keys_rings_and_talks_as_ever(world: World) -> None:
    key = key_of(world, "101")
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    light(world, "on")
    world.assert_rings("101")
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(call, "101")
    assert key.shows == "confirmed"
