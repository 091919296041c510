"""Queues seen as a whole: where callers go round in circles, who can never be asked, what can never come."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

from softswitch.domain.office import QueuePlan, ToCallback, ToQueue
from softswitch.domain.skills import has, together
from softswitch.settings.faults import Faults
from softswitch.settings.whole import Whole

OVERFLOW_QUEUES_MAX: Final = 7
"""Queues that overflow one into the next. On a call the chain is followed at once when all of them are full."""


def check_queues(whole: Whole, faults: Faults) -> None:
    """All checks of queues, in no order that matters."""
    _check_overflow(whole, faults)
    for name, queue in whole.queues.items():
        _warn_of_waiting(name, queue, whole, faults)
        _check_conditions(name, queue, whole, faults)
        _warn_of_agents(name, queue, whole, faults)
        _check_callback(name, queue, whole, faults)
    _warn_of_terms(whole, faults)
    _warn_of_hours(whole, faults)


def _check_overflow(whole: Whole, faults: Faults) -> None:
    leads = {name: _leads_to(queue, whole) for name, queue in whole.queues.items()}
    lengths = _chain_lengths(leads)
    circled: set[str] = set()
    for name, ways in leads.items():
        circle = None if name in circled or name in lengths else _circle(leads, name)
        if circle is not None:
            faults.refuse(
                whole.place("queue", name, ways[circle[1]]),
                f"callers would go round in a circle: {' → '.join(circle)}",
                "let one of them overflow to something else than a queue",
            )
            circled.update(circle)
        elif lengths.get(name, 0) > OVERFLOW_QUEUES_MAX:
            faults.refuse(
                whole.place("queue", name, next(iter(ways.values()))),
                f"more than OVERFLOW_QUEUES_MAX = {OVERFLOW_QUEUES_MAX} queues overflow one into the next",
                "shorten the chain",
            )


def _leads_to(queue: QueuePlan, whole: Whole) -> dict[str, str]:
    """The queues that callers of this one are sent to without asking for it, with the key that says so."""
    ways = [
        (queue.overflow_to, "overflow_to"),
        (queue.closed_to, "closed_to"),
        *((step.to, "overflow") for step in queue.overflow),
    ]
    found: dict[str, str] = {}
    for to, key in ways:
        if isinstance(to, ToQueue) and to.queue in whole.queues:
            found.setdefault(to.queue, key)
    return found


def _circle(leads: Mapping[str, Mapping[str, str]], first: str) -> list[str] | None:
    """The shortest way from a queue back to itself."""
    ways: deque[list[str]] = deque([[first]])
    seen: set[str] = set()
    while ways:
        way = ways.popleft()
        for following in leads[way[-1]]:
            if following == first:
                return [*way, first]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return None


def _chain_lengths(leads: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """How many queues the longest chain from each has; those that lead into a circle are left out."""
    before: dict[str, list[str]] = {name: [] for name in leads}
    for name, ways in leads.items():
        for following in ways:
            before[following].append(name)
    longest = dict.fromkeys(leads, 1)
    open_ways = {name: len(ways) for name, ways in leads.items()}
    done = [name for name, count in open_ways.items() if not count]
    for queue in done:
        for name in before[queue]:
            longest[name] = max(longest[name], longest[queue] + 1)
            open_ways[name] -= 1
            if not open_ways[name]:
                done.append(name)
    return {name: longest[name] for name in done}


def _warn_of_waiting(name: str, queue: QueuePlan, whole: Whole, faults: Faults) -> None:
    if not queue.agents:
        faults.warn(whole.place("queue", name), f"queue {name} has no agents: its callers wait in vain", "add agents")
    has_end = queue.max_wait_s is not None or any(
        step.when is None and not isinstance(step.to, ToCallback) for step in queue.overflow
    )
    if not has_end:
        faults.warn(
            whole.place("queue", name), f"callers of queue {name} may wait for ever", "set max_wait_s and overflow_to"
        )
    elif queue.max_wait_s is not None and isinstance(queue.overflow_to, ToCallback):
        faults.warn(
            whole.place("queue", name, "overflow_to"),
            "after max_wait_s callers are offered a call-back, and who does not want it waits on for ever",
            "offer it earlier, by keys or overflow, and let overflow_to be something else",
        )
    if queue.record == "on-demand":
        faults.warn(
            whole.place("queue", name, "record"),
            "nobody can start a recording by hand in this version: nothing is recorded",
            'use "always" to record',
        )
    if any(step.after_s == 0 and step.when is None for step in queue.overflow):
        faults.warn(
            whole.place("queue", name, "overflow"),
            f"every caller is sent on at once: nobody ever waits in queue {name}",
            "give the step after_s or when",
        )


def _check_conditions(name: str, queue: QueuePlan, whole: Whole, faults: Faults) -> None:
    place = whole.place("queue", name, "overflow")
    for step in queue.overflow:
        quantities = () if step.when is None else tuple(known.quantity for known in step.when.comparisons)
        if "service_level" in quantities and queue.service_level is None:
            faults.refuse(
                place,
                f"queue {name} has no service level to be judged by",
                "add service_level = { share = 0.8, within_s = 20 }",
            )
        if queue.max_wait_s is not None and step.after_s >= queue.max_wait_s:
            faults.warn(
                place,
                f"no caller comes to the step after {step.after_s:g} s: max_wait_s is {queue.max_wait_s:g} s",
                "let the step come earlier, or let them wait longer",
            )


def _warn_of_agents(name: str, queue: QueuePlan, whole: Whole, faults: Faults) -> None:
    tiers = sorted({member.tier for member in queue.members})
    if queue.next_tier_after_s is not None and len(tiers) == 1 and tiers[0] == 1:
        faults.warn(
            whole.place("queue", name, "next_tier_after_s"),
            "all agents are of tier 1: there is no next one",
            'write { agent = "bo", tier = 2 } in agents',
        )
    elif queue.next_tier_after_s is not None and tiers and tiers[0] > 1:
        faults.warn(
            whole.place("queue", name, "agents"),
            f"nobody is of tier 1: for the first {queue.next_tier_after_s:g} s nobody is rung",
            "let tiers begin with 1",
        )
    if queue.strategy != "weighted" and any(member.weight != 1 for member in queue.members):
        faults.warn(
            whole.place("queue", name, "agents"),
            f"weights count under the strategy weighted only, and this queue's is {queue.strategy}",
            'set strategy = "weighted", or take the weights out',
        )
    _warn_of_skills(name, queue, {}, f"queue {name}", ("queue", name, "skills"), whole, faults)
    for agent in (whole.agents[agent] for agent in queue.agents if agent in whole.agents):
        delays = [device.after_s for device in agent.answers_at]
        if delays and max(delays) - min(delays) >= queue.ring_s:
            faults.warn(
                whole.place("agent", agent.agent, "answers_at"),
                f"a telephone that rings {max(delays) - min(delays):g} s after the first never rings for queue {name},"
                f" whose ring_s is {queue.ring_s:g}",
                "let it ring earlier, or let the queue ring longer",
            )


def _warn_of_skills(
    name: str,
    queue: QueuePlan,
    wanted: Mapping[str, int],
    who: str,
    path: tuple[str, ...],
    whole: Whole,
    faults: Faults,
) -> None:
    demand = together(queue.skills, wanted)
    agents = [whole.agents[agent] for agent in queue.agents if agent in whole.agents]
    if not demand or not agents or any(has(agent.skills, demand) for agent in agents):
        return
    asked = ", ".join(f"{skill} {level}" for skill, level in demand.items())
    until = "nobody is ever rung for them"
    if queue.skills_relax_every_s is not None:
        until = "nobody is rung until they ask for less"
    faults.warn(
        whole.place(*path),
        f"no agent of queue {name} has what callers of {who} ask for ({asked}): {until}",
        "give the skills to an agent of the queue, or set skills_relax_every_s",
    )


def _check_callback(name: str, queue: QueuePlan, whole: Whole, faults: Faults) -> None:
    if queue.callback is None:
        return
    place = whole.place("queue", name, "callback")
    if not whole.trunks and whole.is_complete:
        faults.refuse(place, "there is no trunk to call anybody back by", "define one: [trunk.NAME]")
    leads = [*(step.to for step in queue.overflow), *queue.keys.values(), queue.overflow_to]
    if not any(isinstance(to, ToCallback) for to in leads):
        faults.warn(place, f"no caller of queue {name} is ever offered a call-back", 'add keys = { "1" = "callback" }')


def _warn_of_terms(whole: Whole, faults: Faults) -> None:
    for number, terms in whole.terms.items():
        to = whole.numbers.get(number)
        queue = whole.queues.get(to.queue) if isinstance(to, ToQueue) else None
        if queue is not None and terms.skills:
            _warn_of_skills(queue.queue, queue, terms.skills, number, ("number", number, "skills"), whole, faults)
        for key, value in (("priority_s", terms.priority_s), ("skills", terms.skills)):
            if value and not isinstance(to, ToQueue):
                faults.warn(
                    whole.place("number", number, key),
                    f"{key} counts in queues only, and this number leads to {to}",
                    "take it out, or let the number lead to a queue",
                )


def _warn_of_hours(whole: Whole, faults: Faults) -> None:
    used = {queue.hours.name for queue in whole.queues.values() if queue.hours is not None}
    for name in whole.hours:
        if name not in used:
            faults.warn(
                whole.place("hours", name), f"no queue goes by hours {name}", f'add hours = "{name}" to a queue'
            )
    for name, queue in whole.queues.items():
        path = ("queue", name, "closed_to")
        if queue.hours is None and path in whole.places and ("queue", name, "hours") not in whole.places:
            faults.warn(whole.place(*path), f"queue {name} never closes: it has no hours", 'add hours = "NAME"')
