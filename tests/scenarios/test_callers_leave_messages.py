"""Callers leave messages, lamps show that there are some, and agents listen to them from any telephone."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any  # what a command answers is JSON

import pytest

from softswitch.domain import dialogue
from softswitch.domain.inputs import RecordingCompleted
from softswitch.domain.office import (
    Destination,
    MailboxPlan,
    Office,
    OverflowStep,
    ToMessages,
    ToQueue,
    ToVoicemail,
)
from softswitch.domain.recording import COMPLETION_S_MAX
from softswitch.domain.refusals import CommandRefused
from tests.sim.offices import SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Call
from tests.sim.sound import SOUND_S
from tests.sim.watching import LampKey
from tests.sim.world import World

MESSAGES = "+46850010098"
TO_ANNA = "+46850010021"
MAX_WAIT_S = 60.0
GREETING_S = 2 * SOUND_S
"""The greeting and the tone."""

AGAIN, NEXT, DELETE = "1", "2", "3"


def plan() -> Office:
    """Callers of `support` may press 9, and are asked for a message after a minute; anna has a mailbox of her own."""
    queue = replace(
        SUPPORT_QUEUE,
        max_wait_s=MAX_WAIT_S,
        overflow_to=ToVoicemail("support"),
        keys=MappingProxyType({"9": ToVoicemail("support")}),
    )
    mailboxes = {
        "support": MailboxPlan("support", "Support", number="900", pin="1234", lamps=("101",), message_s_max=60),
        "anna": MailboxPlan("anna", "Anna", number="21", pin="4711", lamps=("103",), messages_max=2),
    }
    numbers: dict[str, Destination] = {
        SUPPORT: ToQueue("support"),
        TO_ANNA: ToVoicemail("anna"),
        MESSAGES: ToMessages(),
    }
    return replace(office(queues=(queue,), numbers=numbers), mailboxes=MappingProxyType(mailboxes))


@pytest.fixture
def world() -> World:
    """Everybody is at lunch."""
    world = World(plan=plan())
    world.register_all()
    for agent in ("anna", "bo"):
        world.command("agent.pause", name=agent, reason="lunch")
    return world


def rows(world: World, command: str, **arguments: object) -> list[dict[str, Any]]:
    answer = world.command(command, **arguments)
    assert isinstance(answer, list)
    return answer


def counts(world: World, mailbox: str = "support") -> tuple[int, int]:
    """How many messages are new, and how many are not."""
    row = next(row for row in rows(world, "voicemail.list") if row["mailbox"] == mailbox)
    return row["new"], row["old"]


def speaking(world: World, number: str = SUPPORT) -> Call:
    """A caller is through the greeting and has heard the tone."""
    call = world.carrier.call_in(number)
    world.run(1)
    if number == SUPPORT:
        world.press(call, "9")
    world.run(GREETING_S + 0.5)
    return call


def left(world: World, seconds: float = 12.0, number: str = SUPPORT) -> Call:
    """A caller has spoken for so long and hung up."""
    call = speaking(world, number)
    world.run(seconds)
    call.hang_up()
    world.run(2)
    return call


def file_is_measured(world: World, recording: str) -> None:
    """What the real shell does with a recording whose end nobody told (`shell.cut_off`)."""
    world.node.tell(RecordingCompleted(recording, world.media.written[recording], "00" * 32, "cut off"), world.node_now)
    world.command("status")


def message_lamp(world: World, phone: str = "101") -> LampKey:
    """The lamp of a phone that shows whether messages wait."""
    key = world.phone(phone).lamps.watch(phone, event="message-summary")
    world.run_until(lambda: key.is_live and key.shows is not None)
    world.run(2)
    return key


def test_who_has_waited_too_long_hears_greeting_and_tone_and_is_recorded_alone(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(MAX_WAIT_S - 1)
    world.assert_hears(call, "music/calm")
    world.run(2)
    world.assert_hears(call, "voicemail-greeting")
    assert not world.media.recordings, "nobody is recorded before the tone"
    world.run(SOUND_S)
    world.assert_hears(call, "beep")
    assert not world.media.recordings
    world.run(SOUND_S)
    (recorded,) = world.media.recordings.values()
    assert len(world.media.members(recorded.bridge)) == 1
    world.run(20)
    call.hang_up()
    world.run(1)
    record = world.record_of(call)
    (visit,) = record.queue_visits
    assert (visit.queue, visit.outcome) == ("support", "to-voicemail")
    assert visit.wait_s == pytest.approx(MAX_WAIT_S)
    (message,) = rows(world, "voicemail.show", mailbox="support")
    assert (message["caller"], message["call"], message["is_new"]) == (call.caller, record.id, True)
    assert 19 <= message["seconds"] <= 21
    assert message["path"].startswith("/office/var/recordings/")
    row = world.command("queue.show", name="support")
    assert isinstance(row, dict)
    assert (row["offered_today"], row["to_voicemail_today"], row["overflowed_today"]) == (1, 1, 0)
    world.come_to_rest()


def test_a_key_leads_to_the_mailbox_at_once_and_the_agent_who_rings_is_let_go(world: World) -> None:
    world.command("agent.ready", name="anna")
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.assert_rings("101")
    world.press(call, "9")
    world.run(1)
    world.assert_silent("101")
    world.assert_hears(call, "voicemail-greeting")
    world.run(20)
    world.assert_silent("101")
    call.hang_up()
    world.run(1)
    assert [visit.outcome for visit in world.record_of(call).queue_visits] == ["to-voicemail"]
    assert world.agent("anna")["misses"] == 0
    assert counts(world) == (1, 0)
    world.come_to_rest()


def test_a_step_of_the_overflow_leads_there_when_nobody_is_there(world: World) -> None:
    queue = replace(plan().queues["support"], overflow=(OverflowStep(ToVoicemail("support"), after_s=15),))
    world.reload(replace(plan(), version="v2", queues=MappingProxyType({"support": queue})))
    call = world.carrier.call_in(SUPPORT)
    world.run(16)
    world.assert_hears(call, "voicemail-greeting")
    world.come_to_rest()
    assert [visit.outcome for visit in world.record_of(call).queue_visits] == ["to-voicemail"]


def test_the_hash_key_ends_the_message_and_the_caller_hears_that_it_is_kept(world: World) -> None:
    call = speaking(world)
    world.run(10)
    world.press(call, "5")
    world.run(1)
    assert world.media.recordings, "any other key is part of what he says"
    world.press(call, "#")
    world.assert_hears(call, "voicemail-saved")
    assert not world.media.recordings
    world.run(SOUND_S + 1)
    assert call.ended_how == "gone"
    assert counts(world) == (1, 0)
    world.come_to_rest()


def test_a_message_is_as_long_as_the_mailbox_allows_and_no_longer(world: World) -> None:
    call = speaking(world)
    world.run(60)
    world.assert_hears(call, "voicemail-saved")
    world.run(SOUND_S + 1)
    assert call.ended_how == "gone"
    (message,) = rows(world, "voicemail.show", mailbox="support")
    assert message["seconds"] == pytest.approx(60, abs=0.1)
    world.come_to_rest()


@pytest.mark.parametrize("hangs_up_after_s", [0.5, SOUND_S + 0.5, GREETING_S + 0.5])
def test_who_hangs_up_in_the_greeting_or_within_a_second_leaves_no_message(
    world: World, hangs_up_after_s: float
) -> None:
    lamp = message_lamp(world)
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.press(call, "9")
    world.run(hangs_up_after_s)
    call.hang_up()
    world.run(3)
    assert counts(world) == (0, 0)
    assert lamp.seen == ["0/0"]
    world.come_to_rest()


def test_the_lamp_shows_what_was_left_heard_and_deleted(world: World) -> None:
    lamp = message_lamp(world)
    assert lamp.shows == "0/0"
    left(world)
    assert lamp.shows == "1/0"
    left(world)
    assert lamp.shows == "2/0"
    call = world.phone("101").dial(MESSAGES)
    world.run(1)
    world.assert_hears(call, "number-2")
    world.press(call, NEXT)
    world.run(2)
    assert lamp.shows == "1/1"
    world.press(call, DELETE)
    world.assert_hears(call, "voicemail-deleted")
    world.run(10)
    assert call.ended_how == "gone"
    assert lamp.shows == "0/1"
    (message,) = rows(world, "voicemail.show", mailbox="support")
    world.command("voicemail.delete", mailbox="support", message=message["message"])
    world.run(2)
    assert lamp.shows == "0/0"
    world.come_to_rest()


def test_an_agent_listens_at_her_phone_to_new_ones_first_and_hears_one_again(world: World) -> None:
    older, newer = left(world), left(world)
    paths = {row["caller"]: row["path"] for row in rows(world, "voicemail.show", mailbox="support")}
    call = world.phone("101").dial(MESSAGES)
    world.run(1)
    heard = [world.media.heard_at(call.rtp)]
    for _ in range(4):
        world.run(SOUND_S)
        heard.append(world.media.heard_at(call.rtp))
    said = ["/sounds/number-2.wav", "/sounds/voicemail-new-messages.wav", paths[older.caller]]
    assert heard[:4] == [*said, "/sounds/voicemail-next.wav"]
    world.press(call, AGAIN)
    world.assert_hears(call, paths[older.caller])
    world.run(SOUND_S)
    world.press(call, NEXT)
    world.assert_hears(call, paths[newer.caller])
    call.hang_up()
    world.run(1)
    assert counts(world) == (1, 1), "the second was not heard to its end"
    call = world.phone("101").dial(MESSAGES)
    world.run(1 + 4 * SOUND_S)
    world.assert_hears(call, paths[newer.caller])
    world.come_to_rest()


def test_who_presses_nothing_hears_all_of_them_and_then_that_there_are_no_more(world: World) -> None:
    left(world)
    left(world)
    call = world.phone("101").dial(MESSAGES)
    world.run(2 * (2 * SOUND_S + dialogue.KEY_S) + 2 * SOUND_S + 1)
    world.assert_hears(call, "voicemail-end")
    world.run(SOUND_S)
    assert call.ended_how == "gone"
    assert counts(world) == (0, 2)
    world.come_to_rest()


def test_she_listens_from_home_after_number_and_pin(world: World) -> None:
    left(world)
    call = world.carrier.call_in(MESSAGES)
    world.run(1)
    world.assert_hears(call, "voicemail-mailbox")
    world.press(call, "900#")
    world.assert_hears(call, "agent-pin")
    world.press(call, "1234#")
    world.assert_hears(call, "number-1")
    world.press(call, DELETE)
    world.assert_hears(call, "voicemail-deleted")
    world.run(10)
    assert counts(world) == (0, 0)
    world.come_to_rest()


def test_nobody_listens_from_outside_without_the_pin(world: World) -> None:
    left(world)
    call = world.carrier.call_in(MESSAGES)
    world.run(1)
    for tries in (1, 2, 3):
        world.press(call, f"900#{tries}000#")
        world.assert_hears(call, "agent-blocked" if tries == 3 else "agent-wrong")
    world.run(SOUND_S + 1)
    assert call.ended_how == "gone"
    assert counts(world) == (1, 0)
    world.come_to_rest()


def test_each_agent_may_have_a_mailbox_of_her_own(world: World) -> None:
    support, anna = message_lamp(world, "101"), message_lamp(world, "103")
    left(world, number=TO_ANNA)
    assert (counts(world), counts(world, "anna")) == ((0, 0), (1, 0))
    assert (support.shows, anna.shows) == ("0/0", "1/0")
    call = world.phone("101").dial(MESSAGES)
    world.run(1)
    world.assert_hears(call, "voicemail-none")
    call = world.phone("103").dial(MESSAGES)
    world.run(1)
    world.assert_hears(call, "number-1")
    world.come_to_rest()


def test_a_mailbox_that_is_full_says_so_and_takes_no_more(world: World) -> None:
    left(world, number=TO_ANNA)
    left(world, number=TO_ANNA)
    call = world.carrier.call_in(TO_ANNA)
    world.run(1)
    world.assert_hears(call, "voicemail-full")
    world.run(SOUND_S + 1)
    assert call.ended_how == "gone"
    assert counts(world, "anna") == (2, 0)
    world.come_to_rest()


def test_messages_and_what_was_heard_of_them_survive_a_kill(world: World) -> None:
    heard, unheard = left(world), left(world)
    lamp = message_lamp(world)
    call = world.phone("101").dial(MESSAGES)
    world.run(1)
    world.press(call, NEXT)
    call.hang_up()
    world.run(1)
    before = rows(world, "voicemail.show", mailbox="support")
    world.restart_switch()
    assert rows(world, "voicemail.show", mailbox="support") == before
    assert [row["caller"] for row in before] == [unheard.caller, heard.caller]
    assert counts(world) == (1, 1)
    world.run(310)
    assert lamp.shows == "1/1", "the phone has asked again"
    call = world.phone("101").dial(MESSAGES)
    world.run(1)
    world.assert_hears(call, "number-1")
    world.press(call, DELETE)
    world.press(call, DELETE)
    world.run(5)
    world.restart_switch()
    assert counts(world) == (0, 0)
    world.come_to_rest()


def test_a_message_that_was_being_spoken_when_the_switch_was_killed_is_there_as_far_as_it_came(world: World) -> None:
    call = speaking(world)
    world.run(15)
    (recording,) = world.media.recordings
    world.restart_switch()
    world.run(3)
    assert call.ended_how == "gone"
    assert counts(world) == (0, 0), "nobody has looked at the file yet"
    file_is_measured(world, recording)
    (message,) = rows(world, "voicemail.show", mailbox="support")
    assert (message["caller"], message["is_new"]) == (call.caller, True)
    assert message["seconds"] == pytest.approx(15.5, abs=0.5)
    world.come_to_rest()


def test_a_message_is_there_as_far_as_it_came_when_media_dies_while_he_speaks(world: World) -> None:
    lamp = message_lamp(world)
    call = speaking(world)
    world.run(10)
    (recording,) = world.media.recordings
    world.lose_media()
    world.run(1)
    assert call.ended_how == "gone"
    world.restart_media()
    world.run(COMPLETION_S_MAX + 5)
    file_is_measured(world, recording)
    world.run(2)
    (message,) = rows(world, "voicemail.show", mailbox="support")
    assert message["caller"] == call.caller
    assert lamp.shows == "1/0"
    world.come_to_rest()


def test_a_message_that_somebody_else_deleted_meanwhile_does_no_harm(world: World) -> None:
    left(world)
    left(world)
    call = world.phone("101").dial(MESSAGES)
    world.run(1)
    for row in rows(world, "voicemail.show", mailbox="support"):
        world.command("voicemail.delete", mailbox="support", message=row["message"])
    world.press(call, AGAIN)
    world.run(1)
    world.assert_hears(call, "voicemail-end")
    with pytest.raises(CommandRefused, match="no message 'nothing'"):
        world.command("voicemail.delete", mailbox="support", message="nothing")
    world.come_to_rest()


def test_a_reload_that_takes_the_mailbox_away_in_the_greeting_keeps_nothing_open(world: World) -> None:
    call = world.carrier.call_in(TO_ANNA)
    world.run(1)
    world.reload(replace(plan(), version="v2", mailboxes=MappingProxyType({}), numbers=MappingProxyType({})))
    world.run(GREETING_S + 10)
    call.hang_up()
    world.come_to_rest()
