"""What a caller meets in a queue, told from its door to the ways out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from softswitch.cli.report_words import devices, goes_on, levels, listed
from softswitch.domain.conditions import Comparison, Condition
from softswitch.domain.office import Member, NoAnswerPolicy, Office, QueuePlan, Staffing, Strategy, Terms
from softswitch.domain.skills import together

_STRATEGIES: Final[Mapping[Strategy, str]] = {
    "longest-idle": "Whoever has been free longest is rung",
    "ring-all": "All who are free are rung together",
    "round-robin": "Whoever was given a call of this queue longest ago is rung",
    "fewest-calls": "Whoever has had the fewest calls today is rung",
    "least-talk": "Whoever has talked least today is rung",
    "top-down": "The first of them who is free is rung",
    "random": "One of those who are free is rung, drawn by lot",
    "weighted": "One of those who are free is rung, drawn by lot with the shares that they have",
}
_MISSED: Final[Mapping[NoAnswerPolicy, str]] = {
    "pause": "is paused",
    "log-out": "is logged out",
    "log-out-unless-last": "is logged out, unless nobody else is there",
}
_SIGNS: Final[Mapping[str, str]] = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}


def in_queue(office: Office, queue: QueuePlan, terms: Terms) -> list[str]:
    """Sentences, in the order in which a caller who brings these terms meets what they say."""
    return [
        *_at_the_door(office, queue),
        *_heard(queue),
        *_order(queue, terms),
        *_presentations(office, queue),
        *_talk(queue),
        *_ways_out(office, queue),
    ]


def _at_the_door(office: Office, queue: QueuePlan) -> list[str]:
    lines = []
    if queue.hours is not None:
        lines.append(f"Outside hours {queue.hours.name}, the caller {goes_on(office, queue.closed_to)}")
    if queue.max_waiting is not None:
        lines.append(
            f"Where {queue.max_waiting} callers wait already, the next one {goes_on(office, queue.overflow_to)}"
        )
    if queue.join_needs != "nobody":
        lines.append(f"Where {_nobody(queue.join_needs)}, the caller {goes_on(office, queue.overflow_to)}")
    for step in queue.overflow:
        if not step.after_s:
            when = "" if step.when is None else f" or later, where {_condition(step.when)}"
            lines.append(f"On arrival{when}, the caller {goes_on(office, step.to)}")
    return lines


def _heard(queue: QueuePlan) -> list[str]:
    heard = [f'"{queue.welcome}" once'] if queue.welcome else []
    heard += [f'"{queue.music}" over and over'] if queue.music else []
    waits = f"waits in queue {queue.queue}"
    lines = [f"The caller is answered at once and {waits}, hearing {' and then '.join(heard) or 'nothing'}."]
    if queue.announce_position_every_s:
        every_s = queue.announce_position_every_s
        told = "the place in the queue and the wait to expect" if queue.announce_wait else "the place in the queue"
        lines.append(f"The caller is told {told} after the welcome and every {every_s:g} s.")
    if queue.messages:
        messages = [f'"{message.sound}" after {message.gap_s:g} s' for message in queue.messages]
        lines.append(f"In between come messages, each so long after the one before it: {listed(messages)}.")
    return lines


def _order(queue: QueuePlan, terms: Terms) -> list[str]:
    lines = []
    ahead_s = queue.weight_s + terms.priority_s
    if ahead_s:
        lines.append(f"The caller counts as one who has waited {ahead_s:g} s longer.")
    demand = together(queue.skills, terms.skills)
    if demand:
        relaxes = queue.skills_relax_every_s
        later = "" if relaxes is None else f"; every {relaxes:g} s of waiting, one level less is asked for"
        lines.append(f"Only agents are rung who have {levels(list(demand.items()))} or more{later}.")
    return lines


def _presentations(office: Office, queue: QueuePlan) -> list[str]:
    if not queue.members:
        return ["Nobody is rung: the queue has no agents."]
    tiers: dict[int, list[str]] = {}
    for member in sorted(queue.members, key=lambda member: member.tier):
        tiers.setdefault(member.tier, []).append(_member(office, queue, member))
    groups = ["; ".join(people) for people in tiers.values()]
    after_s = queue.next_tier_after_s
    lines = [f"{_STRATEGIES[queue.strategy]} for {queue.ring_s:g} s: {groups[0]}."]
    for number, group in enumerate(list(tiers)[1:], start=1):
        when = "Only when none of these is free" if after_s is None else f"After {(group - 1) * after_s:g} s of waiting"
        lines.append(f"{when}, also: {groups[number]}.")
    times = "" if queue.misses == 1 else f" {queue.misses} times in a row"
    lines.append(f"Who does not answer{times} {_MISSED[queue.no_answer]}, and the next is rung.")
    return lines


def _member(office: Office, queue: QueuePlan, member: Member) -> str:
    agent = office.agents[member.agent]
    text = f"{agent.name} at {devices(office, agent)}"
    if queue.strategy == "weighted" and member.weight != 1:
        text += f", with {member.weight:g} shares"
    return text


def _talk(queue: QueuePlan) -> list[str]:
    lines = ["The talk is recorded."] if queue.record == "always" else []
    lines.append(f"After a talk the agent is left alone for {queue.wrap_up_s:g} s.")
    if queue.codes:
        within = f", and has {queue.code_within_s:g} s for it" if queue.code_within_s else ", or nothing"
        lines.append(f"The agent says what it was about{within}: {listed(queue.codes)}.")
    return lines


def _ways_out(office: Office, queue: QueuePlan) -> list[str]:
    lines = [f"By key {key}, the caller {goes_on(office, to)}" for key, to in queue.keys.items()]
    for step in sorted(queue.overflow, key=lambda step: step.after_s):
        if step.after_s:
            where = "" if step.when is None else f" where {_condition(step.when)},"
            lines.append(f"After {step.after_s:g} s of waiting,{where} the caller {goes_on(office, step.to)}")
    if queue.stay_needs != "nobody":
        lines.append(f"As soon as {_nobody(queue.stay_needs)}, the caller {goes_on(office, queue.overflow_to)}")
    if queue.max_wait_s is not None:
        lines.append(f"After {queue.max_wait_s:g} s of waiting, the caller {goes_on(office, queue.overflow_to)}")
    if queue.callback is not None:
        plan = queue.callback
        tries = "once" if plan.tries == 1 else f"up to {plan.tries} times, {plan.pause_s:g} s apart"
        numbers = " or ".join(plan.may_call)
        lines.append(
            f"Who is to be called back keeps the place without the line, and is rung {tries}, when an agent is there,"
            f" at a number that begins with {numbers}."
        )
    return lines


def _nobody(staffing: Staffing) -> str:
    wanted = "is ready" if staffing == "ready" else "is logged in"
    return f"none of the agents {wanted}"


def _condition(condition: Condition) -> str:
    parts = [_comparison(comparison) for comparison in condition.comparisons]
    if condition.is_no_agents:
        parts.append("none of the agents is ready")
    return " or ".join(parts)


def _comparison(comparison: Comparison) -> str:
    value = f"{_SIGNS[comparison.sign]} {comparison.value:g}"
    match comparison.quantity:
        case "waiting":
            return f"the place in line is {value}"
        case "wait":
            return f"the wait is {value} s"
        case "service_level":
            return f"the service level of today is {value}"
