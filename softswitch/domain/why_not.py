"""What keeps the next call from an agent, in plain sentences, at this moment.

The answer comes by the very rules that the distributor goes by, queue by queue: first what keeps her from all callers,
then, for each of her queues that has callers, why the next of them is not hers.
"""

from __future__ import annotations

from softswitch.domain import choosing
from softswitch.domain.distributor import Rule, distribute, tiers_reached
from softswitch.domain.floor import Floor
from softswitch.domain.queue import Queue
from softswitch.domain.skills import has, relaxed
from softswitch.domain.waits import waited_s
from softswitch.domain.why import WORDS_OF_RULES


def sentences(floor: Floor, name: str, now: float) -> list[str]:
    """For an agent of the office."""
    choosing.refresh(floor, now)
    agent = floor.agents[name]
    hers = [queue for queue in floor.queues.values() if name in queue.members]
    if not hers:
        return [f"{name} is in no queue."]
    told: list[str] = []
    rule = floor.standings.get(name)
    if rule is not None:
        told.append(f"{name} gets no calls now: {_words(rule)}{_until(floor, name, rule, now)}.")
    elif not any(queue.line for queue in hers):
        told.append(f"Nothing keeps calls from {name}: nobody waits in {_names(hers)}.")
    for queue in hers:
        if queue.plan.queue in agent.queues_off:
            told.append(f"{name} takes no calls of queue {queue.plan.queue}: it was switched off for her.")
        elif queue.line and rule is None:
            told.append(_next(floor, queue, name, now))
    return told


def _next(floor: Floor, queue: Queue, name: str, now: float) -> str:
    """Why the callers of this queue are not given to an agent whom nothing else keeps from them."""
    plan = queue.plan
    _, member = queue.members[name]
    call = floor.calls[next(iter(queue.line))]
    wait_s = waited_s(call.entered_at, now)
    if call.presentations:
        rung = [floor.presentations[shown].agent for shown in call.presentations]
        return f"The next caller of queue {plan.queue}, {call.call}, is being shown to {', '.join(rung)}."
    if member.tier > tiers_reached(wait_s, plan.next_tier_after_s):
        return (
            f"The next caller of queue {plan.queue}, {call.call}, has waited {wait_s:.1f} s: "
            f"tier {member.tier} is asked after {(member.tier - 1) * (plan.next_tier_after_s or 0):g} s."
        )
    demand = relaxed(choosing.demand_of(plan, call), wait_s, plan.skills_relax_every_s)
    skills = floor.office.agents[name].skills
    if not has(skills, demand):
        lacks = ", ".join(
            f"{skill} {level} (she has {skills.get(skill, 0)})"
            for skill, level in demand.items()
            if skills.get(skill, 0) < level
        )
        return f"The next caller of queue {plan.queue}, {call.call}, asks for {lacks}."
    due = distribute([choosing.queue_view(floor, other, now) for other in floor.queues.values() if other.line], now)
    chosen = [decision for decision in due if decision.agent == name]
    if chosen:
        return f"Call {chosen[0].call} is hers in the next moment."
    return f"The next caller of queue {plan.queue}, {call.call}, goes to somebody who is ranked before {name}."


def _words(rule: Rule) -> str:
    return WORDS_OF_RULES[rule]


def _until(floor: Floor, name: str, rule: Rule, now: float) -> str:
    agent = floor.agents[name]
    until_at = {
        "wrap-up": agent.wrap_up_until_at,
        "backing-off": agent.backoff_until_at,
        "guard": agent.guard_until_at,
    }.get(rule)
    if until_at is not None:
        return f", for {max(0.0, until_at - now):.1f} s yet"
    return f" ({agent.pause_reason})" if rule == "paused" and agent.pause_reason else ""


def _names(queues: list[Queue]) -> str:
    return ", ".join(queue.plan.queue for queue in queues)
