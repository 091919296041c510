"""What a waiting caller is told: hot prompts, his place in the queue, the wait to expect, and the queue's messages.

After the welcome, and every so often from then on, whole recorded sentences say his place, one for each place up to
POSITIONS_RECORDED and one for all beyond, and after it the wait to expect, where the queue tells it. The queue's own
messages come in their order, each its gap after the one before, and begin again after the last. A hot prompt, switched
on by command for a while, is what everybody hears first, and those who wait already hear it at once.

What is spoken never delays anything: the search for an agent goes on meanwhile, and a connection cuts the sentence off.
What is due while something else is spoken, or while the caller is asked something, comes right after it; and the music
goes on where it was interrupted.
"""

from __future__ import annotations

import math
from typing import Final, Literal, TypeAlias

from softswitch.domain import estimating, events
from softswitch.domain.call import Call
from softswitch.domain.floor import Floor
from softswitch.domain.forecast.wording import announced
from softswitch.domain.queue import HotPrompt

POSITIONS_RECORDED: Final = 20
BEYOND: Final = "queue-position-beyond"

Topic: TypeAlias = Literal["hot", "position", "message"]
TOPICS: Final[tuple[Topic, ...]] = ("hot", "position", "message")
"""In this order, when several are due at once."""


def sounds() -> tuple[str, ...]:
    """The names of all sentences that callers of a queue with announcements may hear."""
    return (*(_sentence(position) for position in range(1, POSITIONS_RECORDED + 1)), BEYOND)


def welcome(floor: Floor, call: Call, now: float) -> None:
    """The caller has entered: hot prompt, welcome, his place if the queue tells it, music."""
    assert call.queue is not None
    if call.leg not in floor.legs:
        return
    plan = floor.plan(call.queue)
    call.message_index, call.told = 0, None
    call.told_due.clear()
    said = (*_hot(floor, call, now), *_sounds(plan.welcome))
    if plan.announce_position_every_s:
        said = (*said, *_position(floor, call, now))
    _await_message(floor, call, now)
    floor.play(call, once=said, loop=_sounds(plan.music))


def resume(floor: Floor, call: Call, now: float) -> None:
    """The caller waits again: music, and what is to be told when its time comes."""
    assert call.queue is not None
    if call.leg not in floor.legs:
        return
    floor.play(call, loop=_sounds(floor.plan(call.queue).music))
    _await_position(floor, call, now)
    _await_message(floor, call, now)


def rules_change(floor: Floor, call: Call, now: float) -> None:
    """A reload: what the queue tells from now on begins; what was to come anyway keeps its time, and is then as the new
    plan has it."""
    if call.leg not in floor.legs:
        return
    if ("announce", call.call) not in floor.deadlines:
        _await_position(floor, call, now)
    if ("message-due", call.call) not in floor.deadlines:
        _await_message(floor, call, now)


def due(floor: Floor, call: Call, topic: Topic, now: float) -> None:
    """It is time to tell the caller something; not into another sentence, though."""
    call.told_due[topic] = None
    if not call.is_spoken_to and call.dialogue is None:
        _tell(floor, call, now)


def spoken(floor: Floor, call: Call, now: float) -> None:
    """What was spoken to the caller is through."""
    call.is_spoken_to = False
    if call.told_due and call.queue is not None:
        _tell(floor, call, now)


def stop(floor: Floor, call: Call) -> None:
    """The caller waits no longer."""
    call.told_due.clear()
    for kind in ("announce", "message-due"):
        floor.deadlines.drop(kind, call.call)


def position(floor: Floor, call: Call) -> int:
    """The caller's place in the line, 1 for the next one; whoever is presented just now still counts."""
    assert call.queue is not None
    return floor.queues[call.queue].line.position(call.call)


def switch_hot_prompt(floor: Floor, queue: str, prompt: HotPrompt | None, now: float, *, by: str) -> None:
    """Everybody hears this sound first from now on, or nobody any more."""
    floor.queues[queue].hot_prompt = prompt
    floor.deadlines.drop("hot", queue)
    until = None
    if prompt is not None and prompt.until_at is not None:
        floor.deadlines.set("hot", queue, prompt.until_at)
        until = floor.wall(prompt.until_at)
    floor.tell(events.HotPromptChanged(floor.wall(now), queue, None if prompt is None else prompt.sound, until, by))
    if prompt is not None:
        for call in [floor.calls[call] for call in floor.queues[queue].line]:
            if call.leg in floor.legs:
                due(floor, call, "hot", now)


def restore_hot_prompt(floor: Floor, changed: events.HotPromptChanged, now: float) -> None:
    """A start: what was on goes on, until its time; that of a queue that is gone is taken back for good."""
    until_at = None if changed.until is None else changed.until - floor.wall_offset_s
    if changed.sound is None or (until_at is not None and until_at <= now):
        return
    if changed.queue in floor.queues:
        switch_hot_prompt(floor, changed.queue, HotPrompt(changed.sound, until_at), now, by="start")
    else:
        floor.tell(events.HotPromptChanged(floor.wall(now), changed.queue, None, by="configuration"))


def _tell(floor: Floor, call: Call, now: float) -> None:
    assert call.queue is not None
    topics = [topic for topic in TOPICS if topic in call.told_due]
    call.told_due.clear()
    said = tuple(sound for topic in topics for sound in _TELLERS[topic](floor, call, now))
    if said:
        floor.play(call, once=said, loop=_sounds(floor.plan(call.queue).music))


def _hot(floor: Floor, call: Call, now: float) -> tuple[str, ...]:
    assert call.queue is not None
    prompt = floor.queues[call.queue].hot_prompt
    if prompt is None:
        return ()
    floor.tell(events.MessagePlayed(floor.wall(now), call.call, call.queue, prompt.sound))
    return (prompt.sound,)


def _position(floor: Floor, call: Call, now: float) -> tuple[str, ...]:
    assert call.queue is not None
    if not floor.plan(call.queue).announce_position_every_s:
        return ()
    place = position(floor, call)
    floor.tell(events.PositionAnnounced(floor.wall(now), call.call, call.queue, place))
    _await_position(floor, call, now)
    return (_sentence(place), *_wait(floor, call, now))


def _wait(floor: Floor, call: Call, now: float) -> tuple[str, ...]:
    """The wait to expect; whether it is said or is no news, it is held to account."""
    assert call.queue is not None
    estimate = estimating.estimate(floor, call, now) if floor.plan(call.queue).announce_wait else None
    if estimate is None:
        return ()
    said, wall_at = announced(estimate, call.told, now), floor.wall(now)
    told_s = None if said is None else (said.low_s, said.high_s)
    floor.forecast_facts.promised(call.call, estimate, wall_at, told_s=told_s)
    if said is None:
        return ()
    call.told = said.told
    high_s = said.high_s if math.isfinite(said.high_s) else None
    floor.tell(events.EstimateAnnounced(wall_at, call.call, call.queue, said.low_s, high_s, said.reason))
    return said.sounds


def _message(floor: Floor, call: Call, now: float) -> tuple[str, ...]:
    assert call.queue is not None
    messages = floor.plan(call.queue).messages
    if not messages:
        return ()
    message = messages[call.message_index % len(messages)]
    call.message_index += 1
    floor.tell(events.MessagePlayed(floor.wall(now), call.call, call.queue, message.sound))
    _await_message(floor, call, now)
    return (message.sound,)


_TELLERS: Final = {"hot": _hot, "position": _position, "message": _message}


def _await_position(floor: Floor, call: Call, now: float) -> None:
    assert call.queue is not None
    every_s = floor.plan(call.queue).announce_position_every_s
    if every_s:
        floor.deadlines.set("announce", call.call, now + every_s)


def _await_message(floor: Floor, call: Call, now: float) -> None:
    assert call.queue is not None
    messages = floor.plan(call.queue).messages
    if messages:
        gap_s = messages[call.message_index % len(messages)].gap_s
        floor.deadlines.set("message-due", call.call, now + gap_s)


def _sentence(place: int) -> str:
    return f"queue-position-{place}" if place <= POSITIONS_RECORDED else BEYOND


def _sounds(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)
