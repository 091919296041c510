"""Who is free, who waits, and the one place that asks the distributor.

What keeps an agent from callers is worked out when something of her changed (`Floor.touch`), not for each decision, so
that a thousand agents who talk cost nothing while one gets free. Each decision becomes a claim, which a single node
grants at once; what is rung then is `presenting`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from softswitch.domain import actions, presence
from softswitch.domain.agent import Agent
from softswitch.domain.call import Call
from softswitch.domain.distributor import (
    AgentView,
    Decision,
    FreeMember,
    QueueView,
    Rule,
    WaitingCaller,
    by_rule,
    distribute,
    exclusion,
)
from softswitch.domain.events import Exclusion
from softswitch.domain.floor import Floor, Presentation
from softswitch.domain.office import QueuePlan
from softswitch.domain.queue import Queue
from softswitch.domain.skills import together
from softswitch.domain.waits import periods

CLAIM_REFUSED_S: Final = 1.0
"""An agent whom another node claimed is left alone so long: by then what she does there is known here."""

EXCLUDED_NAMED_MAX: Final = 20
"""So many agents whom a rule kept out are kept by name; beyond that they are counted."""


def distribute_callers(floor: Floor, now: float) -> None:
    """Claims agents for the callers who are due, as far as there are free ones."""
    refresh(floor, now)
    if not floor.free:
        return
    views = [queue_view(floor, queue, now) for queue in floor.queues.values() if queue.has_undecided]
    for decision in distribute(views, now) if views else ():
        _claim(floor, decision)


def refresh(floor: Floor, now: float) -> None:
    """What keeps each agent from callers is as things are now."""
    for name in floor.touched:
        view = agent_view(floor, name, now)
        if view is None:
            floor.standings.pop(name, None)
            floor.free.pop(name, None)
            continue
        rule = exclusion(view, now)
        floor.standings[name] = rule
        if rule is None:
            floor.free[name] = None
        else:
            floor.free.pop(name, None)
    floor.touched.clear()


def agent_view(floor: Floor, name: str, now: float) -> AgentView | None:
    """The agent as a decision sees her, None when she is not of the office any more.

    Her telephones are counted only where they matter: when she could take a call.
    """
    agent = floor.agents.get(name)
    if agent is None or name not in floor.office.agents:
        return None
    activity = agent.activity
    devices = floor.devices_of(name) if agent.presence == "ready" and activity == "idle" else ()
    return AgentView(
        agent=name,
        presence=agent.presence,
        activity=activity,
        idle_since_at=agent.idle_since_at,
        backoff_until_at=agent.backoff_until_at,
        is_claimed=agent.claim is not None,
        devices=len([1 for device in devices if floor.is_reachable(device.to, now)]) if devices else 0,
        devices_free=len(floor.devices_to_ring(devices, now)) if devices else 0,
        guard_until_at=agent.guard_until_at,
    )


def queue_view(floor: Floor, queue: Queue, now: float) -> QueueView:
    """The queue as the distributor sees it; its callers are looked at only as far as they are asked for."""
    plan = queue.plan
    return QueueView(
        queue=plan.queue,
        strategy=plan.strategy,
        callers=_waiting(floor, queue),
        free=_free(floor, queue, now),
        next_tier_after_s=plan.next_tier_after_s,
        skills_relax_every_s=plan.skills_relax_every_s,
        sharing=floor.sharing,
    )


def standings(floor: Floor, queue: Queue) -> dict[str, Rule | None]:
    """What keeps each of the queue's agents from all of its callers, in their order."""
    name = queue.plan.queue
    rules = {agent: floor.standings[agent] for agent in queue.members if agent in floor.standings}
    for agent in floor.free:
        if agent in rules and name in floor.agents[agent].queues_off:
            rules[agent] = "queue-off"
    return rules


def told(decision: Decision, floor: Floor) -> tuple[Exclusion, ...]:
    """Whom each rule kept out of a decision, as it is written down and told."""
    rules = standings(floor, floor.queues[decision.queue])
    rules.update(decision.kept_out)
    for candidate in decision.ranked:
        rules[candidate.agent] = None
    return exclusions(rules)


def exclusions(rules: dict[str, Rule | None]) -> tuple[Exclusion, ...]:
    """Rules and whom they keep out, as they are written down."""
    return tuple(Exclusion(rule, len(names), names[:EXCLUDED_NAMED_MAX]) for rule, names in by_rule(rules))


def release(floor: Floor, presentation: Presentation) -> Agent | None:
    """The claim is decided or taken back; returns the agent whom it was for."""
    floor.take_back_presentation(presentation)
    agent = floor.agents.get(presentation.agent)
    if agent is not None:
        agent.claim = None
    floor.touch(presentation.agent)
    return agent


def decide_again(floor: Floor, call: Call) -> None:
    """A caller is back in line: claims for callers behind him were decided without him."""
    for presentation in [
        shown
        for shown in floor.presentations.values()
        if shown.state == "claiming" and floor.calls[shown.call].place > call.place
    ]:
        release(floor, presentation)
    floor.is_unsettled = True


def refused(floor: Floor, agent: Agent, now: float) -> None:
    """Another node was granted the claim."""
    presence.back_off(floor, agent, CLAIM_REFUSED_S, now)


def next_chance_s(plan: QueuePlan, waited_s: float, demand: dict[str, int]) -> float | None:
    """After how much wait more agents can serve this caller than now, None when time changes nothing."""
    chances: list[float] = []
    if plan.next_tier_after_s is not None and any(member.tier > 1 for member in plan.members):
        passed = periods(waited_s, plan.next_tier_after_s)
        if max(member.tier for member in plan.members) > passed + 1:
            chances.append((passed + 1) * plan.next_tier_after_s)
    relax_s = plan.skills_relax_every_s
    if relax_s is not None and any(level > periods(waited_s, relax_s) for level in demand.values()):
        chances.append((periods(waited_s, relax_s) + 1) * relax_s)
    return min(chances, default=None)


def demand_of(plan: QueuePlan, call: Call) -> dict[str, int]:
    """The skills that the caller asks for in this queue, before they relax."""
    return together(plan.skills, call.skills)


def _waiting(floor: Floor, queue: Queue) -> Iterator[WaitingCaller]:
    is_ring_all = queue.plan.strategy == "ring-all"
    has_demand = bool(queue.plan.skills)
    for due_at, order, call_id in queue.line.places():
        call = floor.calls[call_id]
        if call.presentations and not is_ring_all:
            continue
        rung = frozenset(floor.presentations[name].agent for name in call.presentations)
        demand = demand_of(queue.plan, call) if has_demand or call.skills else {}
        yield WaitingCaller(call_id, (due_at, order), call.entered_at, demand, rung)


def _free(floor: Floor, queue: Queue, now: float) -> list[FreeMember]:
    name = queue.plan.queue
    members = queue.members
    agents = members if len(members) < len(floor.free) else floor.free
    figures, wall_at = floor.agent_figures, floor.wall(now)
    are_figures_asked = queue.plan.strategy in ("fewest-calls", "least-talk")
    free: list[FreeMember] = []
    for agent_name in agents:
        if agent_name not in floor.free or agent_name not in members:
            continue
        agent = floor.agents[agent_name]
        if name in agent.queues_off or (floor.sharing and _is_telephone_promised(floor, agent_name)):
            continue
        order, member = members[agent_name]
        skills = floor.office.agents[agent_name].skills
        given_at = queue.given_at.get(agent_name)
        calls, talk_s = figures.today(agent_name, wall_at) if are_figures_asked else (0, 0.0)
        free.append(FreeMember(member, order, skills, agent.idle_since_at, given_at, calls, talk_s))
    return free


def _is_telephone_promised(floor: Floor, agent: str) -> bool:
    """Whether somebody who answers at a telephone of hers was chosen and is about to be rung there."""
    others = (floor.agents.get(other) for other in floor.sharing.get(agent, ()))
    return any(other is not None and other.claim is not None for other in others)


def _claim(floor: Floor, decision: Decision) -> None:
    call = floor.calls[decision.call]
    presentation = Presentation(
        presentation=call.next_presentation(),
        call=call.call,
        queue=decision.queue,
        agent=decision.agent,
        decision=decision,
    )
    floor.show(presentation)
    floor.agents[decision.agent].claim = presentation.presentation
    floor.touch(decision.agent)
    floor.ask(actions.ClaimAgent(presentation.presentation, call.call, decision.agent))
