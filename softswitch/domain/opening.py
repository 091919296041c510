"""Queues that open and close by their hours.

A queue that is closed takes nobody: callers at its door are sent to `closed_to` and count as closed there. Who waits
when it closes was let in, and is served; a queue that is closed raises no alarm for having nobody. Queues without hours
are always open.
"""

from __future__ import annotations

from softswitch.domain import hours
from softswitch.domain.floor import Floor
from softswitch.domain.queue import Queue


def is_open(floor: Floor, queue: Queue, now: float) -> bool:
    """Whether callers may enter by the clock."""
    return queue.plan.hours is None or hours.is_open(queue.plan.hours, floor.wall(now))


def begin(floor: Floor, now: float) -> None:
    """After a start or a change of the office: each queue is looked at when its hours change."""
    for name, queue in floor.queues.items():
        change = None if queue.plan.hours is None else hours.next_change_at(queue.plan.hours, floor.wall(now))
        if change is None:
            floor.deadlines.drop("hours", name)
        else:
            floor.deadlines.set("hours", name, now + change - floor.wall(now))
    floor.is_presence_changed = True
