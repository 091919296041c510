"""What agents choose, what policies choose for them, and how they are left alone: presence, back-off and guard.

`ready` during wrap-up ends it: who says she is ready, is. It also ends a back-off. Pausing and logging out leave a
wrap-up running, because presence and activity are apart.
"""

from __future__ import annotations

from softswitch.domain import events, wrapping_up
from softswitch.domain.agent import Agent
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import CallId, Presence

BACKOFF_DECLINED_S = 10.0
"""How long an agent is left alone after busy, declined, or a leg that failed after pick-up."""

NO_ANSWER_REASON = "no-answer"

BY_START = "start"
BY_CONFIGURATION = "configuration"
"""Who is told of so is new, or gone: nothing that was known before of an agent of her name counts any more."""


def change(floor: Floor, agent: Agent, presence: Presence, now: float, *, reason: str | None = None, by: str) -> None:
    """Puts a choice in force; choosing what already is changes nothing but a wrap-up or back-off that `ready` ends."""
    if presence == "ready":
        end_back_off(floor, agent)
        if agent.wrap_up_until_at is not None:
            wrapping_up.end(floor, agent, now)
    reason = reason if presence == "paused" else None
    if (agent.presence, agent.pause_reason) == (presence, reason):
        return
    if presence == "ready":
        agent.misses = 0
        _guard(floor, agent, now)
    agent.choose(presence, reason, now)
    floor.tell(events.AgentPresenceChanged(floor.wall(now), agent.agent, presence, reason, by))
    floor.is_presence_changed = True
    floor.touch(agent.agent)
    if presence == "logged-out" and agent.number is not None:
        set_number(floor, agent, None, now, by=by)


def set_number(floor: Floor, agent: Agent, number: str | None, now: float, *, by: str) -> None:
    """She answers at this number until she logs out; None: at her telephones again."""
    if agent.number != number:
        floor.set_number(agent, number, now)
        floor.tell(events.AgentNumberSet(floor.wall(now), agent.agent, number, by))


def switch_queue(floor: Floor, agent: Agent, queue: str, now: float, *, is_on: bool, by: str) -> None:
    """She takes calls of this queue, or none of it for now."""
    if is_on == (queue in agent.queues_off):
        if is_on:
            del agent.queues_off[queue]
        else:
            agent.queues_off[queue] = None
        floor.tell(events.AgentQueueSwitched(floor.wall(now), agent.agent, queue, is_on, by))
        floor.is_presence_changed = True
        floor.touch(agent.agent)


def missed(floor: Floor, agent: Agent, call: CallId, queue: str, now: float) -> None:
    """She let it ring. After the queue's `misses` in a row its policy follows.

    She is the last when nobody else of the queue is ready.
    """
    plan = floor.plan(queue)
    agent.misses += 1
    floor.tell(events.AgentMissed(floor.wall(now), agent.agent, call, queue, agent.misses))
    if agent.misses < plan.misses:
        back_off(floor, agent, BACKOFF_DECLINED_S, now)
        return
    others = [floor.agents[name] for name in plan.agents if name != agent.agent and name in floor.agents]
    if plan.no_answer == "log-out-unless-last" and not any(other.presence == "ready" for other in others):
        return
    agent.misses = 0
    presence: Presence = "paused" if plan.no_answer == "pause" else "logged-out"
    change(floor, agent, presence, now, reason=NO_ANSWER_REASON, by="no-answer policy")


def back_off(floor: Floor, agent: Agent, seconds: float, now: float) -> None:
    """Leaves the agent alone for a while."""
    agent.backoff_until_at = now + seconds
    floor.touch(agent.agent)
    floor.deadlines.set("backoff", agent.agent, now + seconds)


def end_back_off(floor: Floor, agent: Agent) -> None:
    """Callers may be presented to her again."""
    if agent.backoff_until_at is not None:
        agent.backoff_until_at = None
        floor.deadlines.drop("backoff", agent.agent)
        floor.touch(agent.agent)


def end_guard(floor: Floor, agent: Agent) -> None:
    """She got ready long enough ago."""
    if agent.guard_until_at is not None:
        agent.guard_until_at = None
        floor.deadlines.drop("guard", agent.agent)
        floor.touch(agent.agent)


def staff(floor: Floor, now: float) -> None:
    """After a change of office: newcomers come in; who is not in it any more goes when nothing engages her."""
    floor.is_staffing_due = False
    for name, plan in floor.office.agents.items():
        if name not in floor.agents:
            agent = floor.agents[name] = Agent(name, changed_at=now, presence_since_at=now)
            arrive(floor, agent, now, is_ready=plan.is_ready_at_start)
    for name, agent in list(floor.agents.items()):
        if name in floor.office.agents:
            continue
        if agent.engagements or agent.claim is not None:
            floor.is_staffing_due = True
        else:
            end_back_off(floor, agent)
            end_guard(floor, agent)
            if agent.wrap_up_until_at is not None:
                wrapping_up.end(floor, agent, now)
            change(floor, agent, "logged-out", now, by=BY_CONFIGURATION)
            set_number(floor, agent, None, now, by=BY_CONFIGURATION)
            for kind in ("shift", "check"):
                floor.deadlines.drop(kind, name)
            del floor.agents[name]
            floor.touch(name)


def arrive(floor: Floor, agent: Agent, now: float, *, is_ready: bool) -> None:
    """An agent whom this switch has never seen: told in any case, so that she is known from now on."""
    presence: Presence = "ready" if is_ready else "logged-out"
    agent.choose(presence, None, now)
    agent.is_login_due = not is_ready
    floor.tell(events.AgentPresenceChanged(floor.wall(now), agent.agent, presence, None, BY_START))
    floor.is_presence_changed = True
    floor.touch(agent.agent)


def _guard(floor: Floor, agent: Agent, now: float) -> None:
    """Leaves her alone for the moment that her plan says: time to put the headset on."""
    plan = floor.office.agents.get(agent.agent)
    if plan is not None and plan.guard_s > 0:
        agent.guard_until_at = now + plan.guard_s
        floor.deadlines.set("guard", agent.agent, agent.guard_until_at)
