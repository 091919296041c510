"""What agents choose, what policies choose for them, and how they are left alone: presence, back-off and wrap-up.

`ready` during wrap-up ends it: who says she is ready, is. It also ends a back-off. Pausing and logging out leave a
wrap-up running, because presence and activity are apart.
"""

from __future__ import annotations

from softswitch.domain import events
from softswitch.domain.agent import Agent
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import CallId, Presence

BACKOFF_DECLINED_S = 10.0
"""How long an agent is left alone after busy, declined, or a leg that failed after pick-up."""

NO_ANSWER_REASON = "no-answer"


def change(floor: Floor, agent: Agent, presence: Presence, now: float, *, reason: str | None = None, by: str) -> None:
    """Puts a choice in force; choosing what already is changes nothing but a wrap-up or back-off that `ready` ends."""
    if presence == "ready":
        end_back_off(floor, agent)
        if agent.wrap_up_until_at is not None:
            end_wrap_up(floor, agent, now)
    reason = reason if presence == "paused" else None
    if (agent.presence, agent.pause_reason) == (presence, reason):
        return
    agent.choose(presence, reason, now)
    floor.tell(events.AgentPresenceChanged(floor.wall(now), agent.agent, presence, reason, by))
    floor.is_unsettled = True


def apply_no_answer(floor: Floor, agent: Agent, queue: str, now: float) -> None:
    """The queue's policy for an agent who let it ring. She is the last when nobody else of the queue is ready."""
    plan = floor.plan(queue)
    others = [floor.agents[name] for name in plan.agents if name != agent.agent and name in floor.agents]
    if plan.no_answer == "log-out-unless-last" and not any(other.presence == "ready" for other in others):
        return
    presence: Presence = "paused" if plan.no_answer == "pause" else "logged-out"
    change(floor, agent, presence, now, reason=NO_ANSWER_REASON, by="no-answer policy")


def back_off(floor: Floor, agent: Agent, seconds: float, now: float) -> None:
    """Leaves the agent alone for a while."""
    agent.backoff_until_at = now + seconds
    floor.deadlines.set("backoff", agent.agent, now + seconds)


def end_back_off(floor: Floor, agent: Agent) -> None:
    """Callers may be presented to her again."""
    if agent.backoff_until_at is not None:
        agent.backoff_until_at = None
        floor.deadlines.drop("backoff", agent.agent)
        floor.is_unsettled = True


def start_wrap_up(floor: Floor, agent: Agent, call: CallId, seconds: float, now: float) -> None:
    """After a connected queue call; 0 seconds means none."""
    if seconds <= 0:
        return
    agent.start_wrap_up(call, now + seconds, now)
    assert agent.wrap_up_until_at is not None
    floor.deadlines.set("wrap-up", agent.agent, agent.wrap_up_until_at)
    floor.tell(events.WrapUpStarted(floor.wall(now), agent.agent, call, floor.wall(agent.wrap_up_until_at)))


def end_wrap_up(floor: Floor, agent: Agent, now: float) -> None:
    """She is idle again, unless something else engages her."""
    agent.end_wrap_up(now)
    floor.deadlines.drop("wrap-up", agent.agent)
    floor.tell(events.WrapUpEnded(floor.wall(now), agent.agent))
    floor.is_unsettled = True


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
            if agent.wrap_up_until_at is not None:
                end_wrap_up(floor, agent, now)
            change(floor, agent, "logged-out", now, by="configuration")
            del floor.agents[name]


def arrive(floor: Floor, agent: Agent, now: float, *, is_ready: bool) -> None:
    """An agent whom this switch has never seen: told in any case, so that she is known from now on."""
    presence: Presence = "ready" if is_ready else "logged-out"
    agent.choose(presence, None, now)
    floor.tell(events.AgentPresenceChanged(floor.wall(now), agent.agent, presence, None, "start"))
