"""The one end of a call, in whatever state it is: exactly one `CallEnded`, and nothing left behind.

The outcome follows from what the call has been through, by these rules in this order:

    connected through a queue        answered   (also when he was transferred on after it)
    overflowed from a queue before   overflowed (with the overflow's cause, unless a fault or a command ended it)
    direct, or the switch talked     direct
    the caller left the queue        abandoned
    everything else in a queue       failed      (a command among it: `failed`, cause by-command)

A call that ends before it leads anywhere is given its outcome by whoever ends it: refused or failed.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain import actions, dialogue, events, presenting, promising, queueing, recording, wrapping_up
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause, EndedBy, Outcome
from softswitch.domain.events import VisitOutcome
from softswitch.domain.floor import Floor

_TOLD_BEFORE_OVERFLOW: Final = frozenset(
    {
        Cause.BY_COMMAND,
        Cause.NOT_CONFIRMED,
        Cause.SILENT,
        Cause.MEDIA_LOST,
        Cause.NO_MEDIA_PORTS,
        Cause.INCOMPATIBLE_MEDIA,
        Cause.DRAINING,
    }
)
"""Causes that say more of an overflowed call than that it overflowed."""


def end(
    floor: Floor, call: Call, cause: Cause, ended_by: EndedBy, now: float, *, outcome: Outcome | None = None
) -> None:
    """Ends the call; one that has ended stays as it is."""
    if call.state == "ended":
        return
    is_callers_choice = ended_by == "caller" and call.connection is None
    leg_cause = Cause.CALLER_GONE if is_callers_choice else cause
    presenting.close_for(floor, call, "caller-gone" if is_callers_choice else "withdrawn", leg_cause, now)
    final_outcome = outcome or _outcome(call, ended_by)
    if call.state == "waiting" and call.queue is not None:
        queueing.leave(floor, call, "abandoned" if is_callers_choice else "failed", cause, now)
    if call.state == "dialling" and call.queue is not None:
        queueing.leave_unmet(floor, call, cause, now)
    if call.at_door is not None:
        _leave_door(floor, call, call.at_door, cause, now, is_callers_choice=is_callers_choice)
    dialogue.close(floor, call)
    is_overflow_told = final_outcome == "overflowed" and cause not in _TOLD_BEFORE_OVERFLOW
    final_cause = call.overflow if is_overflow_told and call.overflow is not None else cause
    call.change("ended", now)
    floor.tell(events.CallEnded(floor.wall(now), call.call, final_outcome, ended_by, final_cause))
    _release(floor, call, cause, leg_cause, now)


def _leave_door(floor: Floor, call: Call, queue: str, cause: Cause, now: float, *, is_callers_choice: bool) -> None:
    """He was asked about a call-back at the door of a queue that did not take him, and nothing came of it."""
    call.at_door = None
    outcome: VisitOutcome = "abandoned" if is_callers_choice else "overflowed"
    floor.tell(events.QueueLeft(floor.wall(now), call.call, queue, outcome, cause, now - call.visit_at))


def _outcome(call: Call, ended_by: EndedBy) -> Outcome:
    if call.state == "talking" or call.has_talked:
        return "answered"
    if call.overflow is not None:
        return "overflowed"
    if call.at_door is not None:
        return "abandoned" if ended_by == "caller" else "overflowed"
    if call.state in ("direct", "serving"):
        return "direct"
    return "abandoned" if ended_by == "caller" else "failed"


def _release(floor: Floor, call: Call, cause: Cause, leg_cause: Cause, now: float) -> None:
    connection = call.connection
    recording.stop(floor, call, now)
    caller_leg = floor.drop_leg(call.leg, now)
    if caller_leg is not None:
        is_refused = caller_leg.state == "invited" and not call.is_answered
        floor.ask(actions.RefuseLeg(call.leg, cause) if is_refused else actions.HangUpLeg(call.leg, cause))
    for leg in tuple(call.dialled_legs):
        floor.give_up(leg, leg_cause, now)
    if connection is not None and connection.queue is not None and call.queue is not None:
        agent = floor.agents.get(connection.agent or "")
        if agent is not None:
            wrapping_up.start(floor, agent, call, connection.queue, now)
        queueing.leave_talk(floor, call)
    if call.callback is not None:
        promising.lost(floor, call, now)
    floor.deadlines.drop_all(call.call)
    del floor.calls[call.call]
    floor.is_unsettled = True
