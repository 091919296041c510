"""What a waiting caller is told: his place in the queue, after the welcome and every so often from then on.

Whole recorded sentences say it, one for each place up to POSITIONS_RECORDED and one for all beyond. What is spoken
never delays anything: the search for an agent goes on meanwhile, and a connection cuts the sentence off. One that is
due while another is spoken comes right after it, and the music goes on where it was interrupted.

What it leaves out for now: estimated waits and messages of the queue's own.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain import events
from softswitch.domain.call import Call
from softswitch.domain.floor import Floor

POSITIONS_RECORDED: Final = 20
BEYOND: Final = "queue-position-beyond"


def sounds() -> tuple[str, ...]:
    """The names of all sentences that callers of a queue with announcements may hear."""
    return (*(_sentence(position) for position in range(1, POSITIONS_RECORDED + 1)), BEYOND)


def welcome(floor: Floor, call: Call, now: float) -> None:
    """The caller has entered: welcome, his place if the queue tells it, music."""
    assert call.queue is not None
    if call.leg not in floor.legs:
        return
    plan = floor.plan(call.queue)
    said = _sounds(plan.welcome)
    if plan.announce_position_every_s:
        said = (*said, _announce(floor, call, now))
    floor.play(call, once=said, loop=_sounds(plan.music))


def resume(floor: Floor, call: Call, now: float) -> None:
    """The caller waits again: music, and his place when its time comes."""
    assert call.queue is not None
    if call.leg not in floor.legs:
        return
    floor.play(call, loop=_sounds(floor.plan(call.queue).music))
    _arm(floor, call, now)


def due(floor: Floor, call: Call, now: float) -> None:
    """It is time to tell the caller his place; not into another sentence, though."""
    assert call.queue is not None
    plan = floor.plan(call.queue)
    if not plan.announce_position_every_s:
        return
    if call.is_spoken_to or call.dialogue is not None:
        call.is_announcement_due = True
    else:
        floor.play(call, once=(_announce(floor, call, now),), loop=_sounds(plan.music))


def spoken(floor: Floor, call: Call, now: float) -> None:
    """What was spoken to the caller is through."""
    call.is_spoken_to = False
    if call.is_announcement_due:
        due(floor, call, now)


def stop(floor: Floor, call: Call) -> None:
    """The caller waits no longer."""
    call.is_announcement_due = False
    floor.deadlines.drop("announce", call.call)


def position(floor: Floor, call: Call) -> int:
    """The caller's place in the line, 1 for the next one; whoever is presented just now still counts."""
    assert call.queue is not None
    return floor.queues[call.queue].line.position(call.call)


def _announce(floor: Floor, call: Call, now: float) -> str:
    assert call.queue is not None
    place = position(floor, call)
    floor.tell(events.PositionAnnounced(floor.wall(now), call.call, call.queue, place))
    call.is_announcement_due = False
    _arm(floor, call, now)
    return _sentence(place)


def _arm(floor: Floor, call: Call, now: float) -> None:
    assert call.queue is not None
    every_s = floor.plan(call.queue).announce_position_every_s
    if every_s:
        floor.deadlines.set("announce", call.call, now + every_s)


def _sentence(place: int) -> str:
    return f"queue-position-{place}" if place <= POSITIONS_RECORDED else BEYOND


def _sounds(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)
