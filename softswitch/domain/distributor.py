"""Who gets which caller: one pure function from plain values to decisions with their reasons.

Callers are served in the order of their entering time, across queues, and a queue competes only for agents it can use:
a caller for whom nobody is free keeps nobody from serving the next. Among the candidates of a caller the one who has
been idle longest is first; ties go in the order of the queue's `agents`. With every decision go the number of
candidates, the runner-up, how long both have been idle, and whom each rule kept out, so that "why her and not him" can
be answered afterwards.

What it leaves out for now: priorities, skills and any strategy but `longest-idle`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from softswitch.domain.agent import Activity
from softswitch.domain.inputs import CallId, Presence

Rule: TypeAlias = Literal[
    "logged-out",
    "paused",
    "talking",
    "ringing",
    "wrap-up",
    "chosen-for-another",
    "backing-off",
    "unreachable",
    "in-use",
]

RULES: Final[tuple[Rule, ...]] = get_args(Rule)
"""What keeps an agent out, in the order in which it is asked; the first that holds is counted.

`unreachable`: none of her devices can be reached; `in-use`: those that can are busy with another call.
"""


@dataclass(frozen=True, slots=True)
class WaitingCaller:
    """A caller who can be presented. `order` breaks ties of `entered_at` (seconds): who came first."""

    call: CallId
    queue: str
    entered_at: float
    order: int


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent as a decision sees her. `devices`: how many of hers can be reached, `devices_free`: and rung now."""

    agent: str
    presence: Presence
    activity: Activity
    idle_since_at: float
    backoff_until_at: float | None
    is_claimed: bool
    devices: int
    devices_free: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Present `call` to `agent`, who has been idle for `idle_s` seconds.

    `exclusions`: the agents of the queue that each rule kept out, in the order of RULES.
    """

    call: CallId
    queue: str
    agent: str
    idle_s: float
    candidates: int
    runner_up: str | None
    runner_up_idle_s: float | None
    exclusions: tuple[tuple[Rule, tuple[str, ...]], ...]


def distribute(
    callers: Iterable[WaitingCaller],
    members: Mapping[str, Sequence[str]],
    agents: Mapping[str, AgentView],
    now: float,
) -> list[Decision]:
    """All presentations that are due. `members`: each queue's agents in order; names without a view are no candidates.

    One agent is given to at most one caller.
    """
    decisions: list[Decision] = []
    taken: set[str] = set()
    exhausted: set[str] = set()
    for caller in sorted(callers, key=lambda caller: (caller.entered_at, caller.order)):
        if caller.queue in exhausted:
            continue
        views = [agents[name] for name in members[caller.queue] if name in agents]
        reasons = {view.agent: exclusion(view, now, is_taken=view.agent in taken) for view in views}
        ranked = sorted((view for view in views if reasons[view.agent] is None), key=lambda view: view.idle_since_at)
        if not ranked:
            exhausted.add(caller.queue)
            continue
        taken.add(ranked[0].agent)
        decisions.append(_decision(caller, ranked, reasons, now))
    return decisions


def exclusion(view: AgentView, now: float, *, is_taken: bool = False) -> Rule | None:
    """The first rule that keeps the agent from being presented a call, None when she is a candidate."""
    if view.presence != "ready":
        return view.presence
    if view.activity != "idle":
        return view.activity
    if is_taken or view.is_claimed:
        return "chosen-for-another"
    if view.backoff_until_at is not None and view.backoff_until_at > now:
        return "backing-off"
    if not view.devices:
        return "unreachable"
    return None if view.devices_free else "in-use"


def by_rule(reasons: Mapping[str, Rule | None]) -> tuple[tuple[Rule, tuple[str, ...]], ...]:
    """The agents that each rule keeps out, in the order of RULES and of the agents."""
    kept_out: dict[Rule, list[str]] = {}
    for agent, rule in reasons.items():
        if rule is not None:
            kept_out.setdefault(rule, []).append(agent)
    return tuple((rule, tuple(kept_out[rule])) for rule in RULES if rule in kept_out)


def _decision(
    caller: WaitingCaller, ranked: Sequence[AgentView], reasons: Mapping[str, Rule | None], now: float
) -> Decision:
    winner, runner_up = ranked[0], ranked[1] if len(ranked) > 1 else None
    return Decision(
        call=caller.call,
        queue=caller.queue,
        agent=winner.agent,
        idle_s=now - winner.idle_since_at,
        candidates=len(ranked),
        runner_up=None if runner_up is None else runner_up.agent,
        runner_up_idle_s=None if runner_up is None else now - runner_up.idle_since_at,
        exclusions=by_rule(reasons),
    )
