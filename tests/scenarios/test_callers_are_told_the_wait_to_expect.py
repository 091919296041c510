"""With their place, callers in line hear what wait to expect; nobody hears of a longer one without a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any  # what a command answers is JSON

from tests.sim.offices import SUPPORT, SUPPORT_QUEUE, office
from tests.sim.sound import SOUND_S
from tests.sim.world import World


def shown(world: World, command: str, **arguments: object) -> dict[str, Any]:
    """The answer of a command that shows one thing."""
    answer = world.command(command, **arguments)
    assert isinstance(answer, dict)
    return answer


def busy_office() -> World:
    """anna and bo talk."""
    queue = replace(SUPPORT_QUEUE, announce_position_every_s=30, announce_wait=True)
    world = World(plan=office(queues=[queue]))
    world.register_all()
    for phone in ("101", "102"):
        world.carrier.call_in(SUPPORT)
        world.run(1)
        world.phone(phone).call.answer()
        world.run(1)
    return world


def test_the_wait_is_told_right_after_the_place() -> None:
    world = busy_office()
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_hears(call, "welcome")
    world.run(SOUND_S)
    world.assert_hears(call, "queue-position-1")
    world.run(SOUND_S)
    (waiting,) = shown(world, "queue.show", name="support")["callers"]
    (told,) = shown(world, "call.show", id=waiting["id"])["waits_told"]
    world.assert_hears(call, f"wait-{told['low_s'] / 60:g}-{told['high_s'] / 60:g}")
    world.run(SOUND_S)
    world.assert_hears(call, "music/calm")
    world.come_to_rest()


def test_what_was_told_can_be_asked_for_afterwards_and_is_held_to_account() -> None:
    world = busy_office()
    call = world.carrier.call_in(SUPPORT)
    world.run(20)
    (waiting,) = shown(world, "queue.show", name="support")["callers"]
    world.command("agent.pause", name="bo")
    world.phone("101").call.hang_up()
    world.run(SUPPORT_QUEUE.wrap_up_s + 1)
    world.phone("101").call.answer()
    world.run(1)
    world.assert_talking(call, "101")
    reasons = [reason["text"] for reason in shown(world, "call.why", id=waiting["id"])["reasons"]]
    assert any("was told to expect a wait of" in reason and "in queue support" in reason for reason in reasons)
    forecast = shown(world, "queue.forecast", name="support")
    rows = {row["kind"]: row for row in forecast["accuracy"]}
    assert rows["entry"]["estimates"] == 1
    assert [call for calls in rows["entry"]["calls"].values() for call in calls] == [waiting["id"]]
    assert 20 + SUPPORT_QUEUE.wrap_up_s <= rows["entry"]["mean_wait_s"] <= 40
    world.come_to_rest()


def test_the_line_that_moves_more_slowly_than_told_is_explained() -> None:
    """Of the two agents one goes to lunch while eight wait."""
    world = busy_office()
    callers = [world.carrier.call_in(SUPPORT) for _ in range(8)]
    world.run(25)
    last = shown(world, "queue.show", name="support")["callers"][-1]["id"]
    world.command("agent.pause", name="bo")
    world.run(20)
    first, second = shown(world, "call.show", id=last)["waits_told"]
    assert first["reason"] is None
    assert second["high_s"] > first["high_s"]
    assert second["reason"] == "fewer-agents"
    assert len(callers) == 8
    world.come_to_rest()
