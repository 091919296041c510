"""Into a queue and out of it.

Entering answers the caller at once, if nothing has before, and plays the welcome once and the music after it, with his
place in the line if the queue tells it (`announcing`); from that moment he can be presented. Leaving otherwise than by
connection is told with the wait. Whether the queue is full is asked before (`routing`), because a caller turned away
must not be answered.
"""

from __future__ import annotations

from typing import Literal

from softswitch.domain import actions, announcing, events
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause
from softswitch.domain.floor import Floor


def answer(floor: Floor, call: Call, now: float) -> None:
    """200 OK to the caller, once."""
    if not call.is_answered:
        call.is_answered = True
        floor.legs[call.leg].change("answered")
        floor.tell(events.CallAnswered(floor.wall(now), call.call))
        floor.ask(actions.AnswerLeg(call.leg))


def enter(floor: Floor, call: Call, name: str, now: float) -> None:
    """A queue visit begins: its place is the entering time, and the order of entering where times are equal."""
    queue = floor.queues[name]
    answer(floor, call, now)
    call.change("waiting", now)
    call.queue, call.entered_at = name, now
    floor.visits_made += 1
    call.order = floor.visits_made
    queue.calls[call.call] = None
    floor.tell(events.CallQueued(floor.wall(now), call.call, name, len(queue.calls)))
    announcing.welcome(floor, call, now)
    _limit_wait(floor, call)
    floor.is_unsettled = True


def connected(floor: Floor, call: Call) -> None:
    """The caller left the line for an agent."""
    assert call.queue is not None
    queue = floor.queues[call.queue]
    del queue.calls[call.call]
    queue.talks += 1
    _stop_waiting(floor, call)


def come_back(floor: Floor, call: Call, now: float) -> None:
    """The agent was lost: the caller has his old place in line again, and music."""
    assert call.queue is not None
    queue = floor.queues[call.queue]
    queue.talks -= 1
    queue.calls[call.call] = None
    announcing.resume(floor, call, now)
    _limit_wait(floor, call)
    floor.is_unsettled = True


def leave(
    floor: Floor, call: Call, outcome: Literal["abandoned", "overflowed", "failed"], cause: Cause, now: float
) -> None:
    """A queue visit ends without an agent."""
    assert call.queue is not None
    name, call.queue = call.queue, None
    del floor.queues[name].calls[call.call]
    _stop_waiting(floor, call)
    floor.tell(events.QueueLeft(floor.wall(now), call.call, name, outcome, cause, now - call.entered_at))
    floor.forget_retired(name)


def leave_talk(floor: Floor, call: Call) -> None:
    """A connected queue call is over."""
    assert call.queue is not None
    name, call.queue = call.queue, None
    floor.queues[name].talks -= 1
    floor.forget_retired(name)


def _limit_wait(floor: Floor, call: Call) -> None:
    assert call.queue is not None
    max_wait_s = floor.plan(call.queue).max_wait_s
    if max_wait_s is not None:
        floor.deadlines.set("max-wait", call.call, call.entered_at + max_wait_s)


def _stop_waiting(floor: Floor, call: Call) -> None:
    floor.deadlines.drop("max-wait", call.call)
    announcing.stop(floor, call)
