"""What happened to a call, and why, can be asked while it is up and after it has ended."""

from __future__ import annotations

import pytest

from softswitch.cli.ladder import drawn
from softswitch.domain.refusals import CommandRefused
from tests.sim.offices import CARRIER, SUPPORT
from tests.sim.person import Call
from tests.sim.world import World


def answered_call(world: World) -> tuple[Call, str]:
    """A caller who talked to Anna; his call's id."""
    call = world.carrier.call_in(SUPPORT)
    world.run(3)
    world.phone("101").call.answer()
    world.run(10)
    call.hang_up()
    world.run(2)
    return call, world.record_of(call).id


def steps_of(world: World, call: str) -> list[dict[str, str]]:
    ladder = world.command("call.ladder", id=call)
    assert isinstance(ladder, dict)
    assert ladder["steps_dropped"] == 0
    return [step for step in ladder["steps"] if isinstance(step, dict)]


def sip_of(steps: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(step["from"], step["to"], step["text"]) for step in steps if step["kind"] == "sip"]


def test_the_ladder_of_an_answered_call_has_every_message_of_both_legs(world: World) -> None:
    steps = steps_of(world, answered_call(world)[1])
    assert sip_of(steps) == [
        ("trunk:carrier", "switch", "INVITE (SDP)"),
        ("switch", "trunk:carrier", "100 Trying (INVITE)"),
        ("switch", "trunk:carrier", "200 OK (INVITE, SDP)"),
        ("switch", "phone:101", "INVITE (SDP)"),
        ("trunk:carrier", "switch", "ACK"),
        ("phone:101", "switch", "100 Trying (INVITE)"),
        ("phone:101", "switch", "180 Ringing (INVITE)"),
        ("phone:101", "switch", "200 OK (INVITE, SDP)"),
        ("switch", "phone:101", "ACK"),
        ("trunk:carrier", "switch", "BYE"),
        ("switch", "trunk:carrier", "200 OK (BYE)"),
        ("switch", "phone:101", "BYE"),
        ("phone:101", "switch", "200 OK (BYE)"),
    ]


def test_media_and_decisions_stand_between_the_messages(world: World) -> None:
    steps = steps_of(world, answered_call(world)[1])
    texts = [step["text"] for step in steps]
    told = [
        "CallArrived",
        "CallQueued support 1",
        "Play welcome, then calm for trunk:carrier",
        "CallPresented support anna",
        "PresentationEnded support anna connected",
        "Join for phone:101",
        "CallEnded answered caller hung-up",
    ]
    assert [text for text in texts if text in told] == told
    assert any(text.startswith("RecordingEnded") for text in texts), "also what came after the end of the call"
    assert any(text.startswith("PortReport") for text in texts)


def test_a_repeated_message_is_marked_as_one(world: World) -> None:
    world.network.lose_next("ACK ", source=CARRIER[0])
    call = world.carrier.call_in(SUPPORT)
    world.run(5)
    texts = [text for _, _, text in sip_of(steps_of(world, world.record_of(call).id))]
    assert "200 OK (INVITE, SDP) again" in texts


def test_the_password_of_a_phone_that_calls_is_not_shown(world: World) -> None:
    call = world.phone("103").dial("102")
    world.run(3)
    steps = steps_of(world, world.record_of(call).id)
    proof = next(step["message"] for step in steps if "Authorization" in (step["message"] or ""))
    assert 'username="103"' in proof
    assert "response=■" in proof


def test_a_ladder_is_drawn_with_a_column_for_each_party(world: World) -> None:
    ladder = world.command("call.ladder", id=answered_call(world)[1])
    assert isinstance(ladder, dict)
    lines = list(drawn(ladder))
    assert lines[1].split() == ["trunk:carrier", "switch", "phone:101", "media"]
    assert any("|< 200 OK (BYE) --|" in line for line in lines)


def test_why_is_told_while_the_caller_waits_and_after_he_was_served(world: World) -> None:
    world.command("agent.pause", name="bo", reason="lunch")
    world.command("agent.pause", name="anna")
    call = world.carrier.call_in(SUPPORT)
    world.run(5)
    told = str(world.command("call.why", id=world.record_of(call).id))
    assert "No agent can take the call: anna, bo (paused)." in told
    world.command("agent.ready", name="anna")
    world.run(1)
    told = str(world.command("call.why", id=world.record_of(call).id))
    assert "Queue support chose anna, the only one who could take the call. Left out: bo (paused)." in told


def test_of_a_call_that_nobody_knows_there_is_no_ladder(world: World) -> None:
    with pytest.raises(CommandRefused, match="no ladder"):
        world.command("call.ladder", id="nonsense")
