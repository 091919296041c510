"""Wrap-up: the time to finish a call's work, and to say what the call was about.

How long it is says the agent's plan, else the queue's. It can be made longer, ended early, and while a queue that wants
every call classified has no code yet, it lasts until there is one, at most `code_within_s`. It always ends by itself.
"""

from __future__ import annotations

from softswitch.domain import events
from softswitch.domain.agent import Agent
from softswitch.domain.call import Call
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import CallId
from softswitch.domain.refusals import CommandRefused, unknown

EXTENSION_S_MAX = 3600.0


def start(floor: Floor, agent: Agent, call: Call, queue: str, now: float) -> None:
    """After a connected call of this queue."""
    plan, own = floor.plan(queue), floor.office.agents.get(agent.agent)
    seconds = plan.wrap_up_s if own is None or own.wrap_up_s is None else own.wrap_up_s
    if agent.wrap_up_until_at is not None and agent.wrap_up_until_at >= now + seconds:
        return
    needs_code = bool(plan.codes) and plan.code_within_s > 0 and call.code is None
    agent.needs_code = needs_code
    agent.wrap_up_plain_until_at = now + seconds
    agent.wrap_up_queue = queue
    _run_until(floor, agent, call.call, now + max(seconds, plan.code_within_s if needs_code else 0.0), now)


def extend(floor: Floor, agent: Agent, seconds: float, now: float) -> None:
    """So much more of it, or less where negative."""
    if agent.wrap_up_until_at is None or agent.wrap_up_call is None:
        raise CommandRefused(f"{agent.agent} is not in wrap-up", "softswitch agent list", "there is nothing to extend")
    until_at = min(agent.wrap_up_until_at + seconds, now + EXTENSION_S_MAX)
    if until_at <= now:
        refuse_without_code(floor, agent)
    agent.wrap_up_plain_until_at = agent.wrap_up_until_at = until_at
    if until_at <= now:
        end(floor, agent, now)
    else:
        _run_until(floor, agent, agent.wrap_up_call, until_at, now)


def refuse_without_code(floor: Floor, agent: Agent) -> None:
    """Raises CommandRefused for an agent who has not said yet what her call was about, and has to.

    Where a reload took the queue or its codes away, there is nothing to say any more.
    """
    queue = floor.queues.get(agent.wrap_up_queue)
    if agent.needs_code and queue is not None and queue.plan.codes:
        raise CommandRefused(
            f"the last call of {agent.agent} has no code yet",
            f"queue {agent.wrap_up_queue} wants every call classified",
            f"softswitch agent classify {agent.agent} CODE",
        )


def end(floor: Floor, agent: Agent, now: float) -> None:
    """She is idle again, unless something else engages her."""
    agent.end_wrap_up(now)
    floor.deadlines.drop("wrap-up", agent.agent)
    floor.tell(events.WrapUpEnded(floor.wall(now), agent.agent))
    floor.touch(agent.agent)


def classify(floor: Floor, agent: Agent, code: str, now: float, *, by: str) -> CallId:
    """What the call that she talks in, or has in wrap-up, was about; returns which call that is."""
    call_id, queue = _call_to_classify(floor, agent)
    codes = floor.plan(queue).codes if queue in floor.queues else ()
    if code not in codes:
        raise unknown("code", code, codes, "queues.toml")
    floor.tell(events.CallClassified(floor.wall(now), call_id, agent.agent, code, by))
    if call_id in floor.calls:
        floor.calls[call_id].code = code
    if agent.needs_code and agent.wrap_up_call == call_id:
        agent.needs_code = False
        plain_until_at = agent.wrap_up_plain_until_at
        if plain_until_at <= now:
            end(floor, agent, now)
        else:
            agent.wrap_up_until_at = plain_until_at
            _run_until(floor, agent, call_id, plain_until_at, now)
    return call_id


def started(floor: Floor, agent: Agent, call: CallId, until_at: float, now: float) -> events.WrapUpStarted:
    """All that a restart has to know of her wrap-up."""
    return events.WrapUpStarted(
        floor.wall(now),
        agent.agent,
        call,
        floor.wall(until_at),
        agent.needs_code,
        agent.wrap_up_queue,
        floor.wall(agent.wrap_up_plain_until_at),
    )


def _call_to_classify(floor: Floor, agent: Agent) -> tuple[CallId, str]:
    if agent.wrap_up_call is not None:
        return agent.wrap_up_call, agent.wrap_up_queue
    call = floor.calls.get(agent.call or "")
    if call is None or call.connection is None or call.connection.queue is None:
        raise CommandRefused(
            f"{agent.agent} has no queue call to classify", "softswitch agent list", "classify in the talk or wrap-up"
        )
    return call.call, call.connection.queue


def _run_until(floor: Floor, agent: Agent, call: CallId, until_at: float, now: float) -> None:
    if until_at <= now:
        return
    agent.start_wrap_up(call, until_at, now)
    assert agent.wrap_up_until_at is not None
    floor.deadlines.set("wrap-up", agent.agent, agent.wrap_up_until_at)
    floor.tell(started(floor, agent, call, agent.wrap_up_until_at, now))
    floor.touch(agent.agent)
