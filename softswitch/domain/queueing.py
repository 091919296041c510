"""Into a queue and out of it.

Entering answers the caller at once, if nothing has before, and plays what `announcing` has to say and the music after
it; from that moment he can be presented. His place is what `line` makes of the moment from which his wait counts (which
he brings along from a queue that sent him on), his priority, and the queue's target and weight. Leaving otherwise than
by connection is told with the wait. Whether he may enter at all is asked before (`admission to a queue` in `routing`),
because a caller turned away must not be answered.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain import actions, announcing, choosing, dialogue, events, overflow
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause
from softswitch.domain.conditions import Situation
from softswitch.domain.events import VisitOutcome
from softswitch.domain.floor import Floor
from softswitch.domain.waits import waited_s

_WAITS: Final = ("max-wait", "overflow", "chances")


def answer(floor: Floor, call: Call, now: float) -> None:
    """200 OK to the caller, once."""
    if not call.is_answered and call.leg in floor.legs:
        call.is_answered = True
        floor.legs[call.leg].change("answered")
        floor.tell(events.CallAnswered(floor.wall(now), call.call))
        floor.ask(actions.AnswerLeg(call.leg))


def enter(floor: Floor, call: Call, name: str, now: float, *, entered_at: float | None = None, by: str) -> None:
    """A queue visit begins. `entered_at`: since when the wait counts, if from before."""
    queue = floor.queues[name]
    answer(floor, call, now)
    call.change("waiting", now)
    call.queue, call.visit_at = name, now
    call.entered_at = now if entered_at is None else entered_at
    floor.visits_made += 1
    call.order = floor.visits_made
    call.due_at = queue.plan.due_at(call.entered_at, call.priority_s)
    queue.line.put(call.call, call.place)
    floor.lamps_due[name] = None
    floor.tell(
        events.CallQueued(
            floor.wall(now),
            call.call,
            name,
            queue.line.position(call.call),
            call.priority_s,
            floor.wall(call.due_at),
            None if entered_at is None else floor.wall(entered_at),
            by,
        )
    )
    announcing.welcome(floor, call, now)
    _arm(floor, call, now)
    floor.is_unsettled = True


def taken(floor: Floor, call: Call) -> None:
    """The caller left the line for an agent."""
    assert call.queue is not None
    queue = floor.queues[call.queue]
    queue.line.take(call.call)
    queue.talks += 1
    floor.lamps_due[call.queue] = None
    stop_waiting(floor, call)


def come_back(floor: Floor, call: Call, now: float) -> None:
    """The agent was lost: the caller has his old place in line again, and music."""
    assert call.queue is not None
    queue = floor.queues[call.queue]
    queue.talks -= 1
    queue.line.put(call.call, call.place)
    floor.lamps_due[call.queue] = None
    announcing.resume(floor, call, now)
    _arm(floor, call, now)
    choosing.decide_again(floor, call)


def leave(floor: Floor, call: Call, outcome: VisitOutcome, cause: Cause, now: float) -> None:
    """A queue visit ends without an agent."""
    assert call.queue is not None
    name, call.queue = call.queue, None
    queue = floor.queues[name]
    queue.line.take(call.call)
    floor.lamps_due[name] = None
    stop_waiting(floor, call)
    wait_s = now - call.visit_at
    if outcome == "abandoned" and wait_s < queue.plan.short_abandon_s:
        outcome = "short-abandoned"
    floor.tell(events.QueueLeft(floor.wall(now), call.call, name, outcome, cause, wait_s))
    floor.forget_retired(name)


def leave_unmet(floor: Floor, call: Call, cause: Cause, now: float) -> None:
    """An agent was there for a call-back, and its customer never was: the visit has failed."""
    assert call.queue is not None
    wait_s = now - call.visit_at
    floor.tell(events.QueueLeft(floor.wall(now), call.call, call.queue, "failed", cause, wait_s))
    leave_talk(floor, call)


def leave_talk(floor: Floor, call: Call) -> None:
    """A connected queue call is over."""
    assert call.queue is not None
    name, call.queue = call.queue, None
    floor.queues[name].talks -= 1
    floor.forget_retired(name)


def situation(floor: Floor, name: str, now: float, call: Call | None = None) -> Situation:
    """What the queue's overflow is judged by: for a caller in line, or for one at its door."""
    queue = floor.queues[name]
    figures = floor.statistics.today(name, floor.wall(now))
    is_in_line = call is not None and call.call in queue.line
    return Situation(
        waiting=queue.line.position(call.call) if call is not None and is_in_line else len(queue.line) + 1,
        wait=waited_s(call.visit_at, now) if call is not None and is_in_line else 0.0,
        service_level=figures.within_goal / figures.ended if figures.ended else None,
        has_agents=has_staff(floor, name, "ready"),
    )


def has_staff(floor: Floor, name: str, staffing: str) -> bool:
    """Whether there is somebody of the queue's agents as it asks for: "logged-in" (paused or not) or "ready"."""
    if staffing == "nobody":
        return True
    wanted = ("ready",) if staffing == "ready" else ("ready", "paused")
    return any(
        agent is not None and agent.presence in wanted and name not in agent.queues_off
        for agent in (floor.agents.get(member) for member in floor.queues[name].members)
    )


def chances_change(floor: Floor, call: Call, now: float) -> None:
    """Time alone made more agents fit for this caller: the next tier, or less demand for skills."""
    _arm_chances(floor, call, now)
    floor.is_unsettled = True


def arm_overflow(floor: Floor, call: Call, now: float) -> None:
    """Lets the queue's steps be looked at again when the next can be due."""
    assert call.queue is not None
    at_s = overflow.next_at_s(floor.plan(call.queue).overflow, waited_s(call.visit_at, now))
    if at_s is not None:
        floor.deadlines.set("overflow", call.call, call.visit_at + at_s)


def rules_change(floor: Floor, now: float) -> None:
    """A reload: whoever waits goes by the limits, steps, chances and announcements of the new plan, counted from
    when he came."""
    for queue in floor.queues.values():
        for call in [floor.calls[name] for name in queue.line]:
            for kind in _WAITS:
                floor.deadlines.drop(kind, call.call)
            _arm(floor, call, now)
            announcing.rules_change(floor, call, now)
            if queue.plan.overflow and call.callback is None:
                floor.deadlines.set("overflow", call.call, now)


def stop_waiting(floor: Floor, call: Call) -> None:
    """Nothing of his wait is due any more."""
    for kind in _WAITS:
        floor.deadlines.drop(kind, call.call)
    announcing.stop(floor, call)
    dialogue.close(floor, call)


def _arm(floor: Floor, call: Call, now: float) -> None:
    assert call.queue is not None
    max_wait_s = floor.plan(call.queue).max_wait_s
    if call.callback is not None:
        return _arm_chances(floor, call, now)
    if max_wait_s is not None:
        floor.deadlines.set("max-wait", call.call, call.visit_at + max_wait_s)
    arm_overflow(floor, call, now)
    return _arm_chances(floor, call, now)


def _arm_chances(floor: Floor, call: Call, now: float) -> None:
    assert call.queue is not None
    plan = floor.plan(call.queue)
    if plan.next_tier_after_s is None and plan.skills_relax_every_s is None:
        return
    at_s = choosing.next_chance_s(plan, waited_s(call.entered_at, now), choosing.demand_of(plan, call))
    if at_s is not None:
        floor.deadlines.set("chances", call.call, call.entered_at + at_s)
