"""Who gets which caller: one pure function from plain values to decisions with their reasons.

Callers are served across queues in the order in which they are due (`line`), and a queue competes only for agents it
can use: a caller for whom nobody is free keeps nobody from serving the next. A member's preference lets the callers of
that queue count for more when she is free. Among those who can serve a caller (tier reached, skills sufficient), the
lowest tier goes first, and in it the queue's strategy ranks them. With every decision go the candidates and what they
were ranked by, the callers who were due before and could not be served, and whom each rule kept out, so that "why her
and not him" can be answered, and the decision worked out again, from what was written down.

It is asked with free agents only and looks at no more callers than it needs, so that a long line and a large staff cost
little: who is kept out, and why, is looked up only for decisions that are made.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from softswitch.domain.agent import Activity
from softswitch.domain.figures.formulas import MS_PER_S
from softswitch.domain.inputs import CallId, Presence
from softswitch.domain.line import Place
from softswitch.domain.office import Member, Strategy
from softswitch.domain.skills import has, relaxed
from softswitch.domain.strategies import DRAWN, KEYS, NEVER_S, RING_ALL_MAX, Candidate
from softswitch.domain.waits import periods, waited_s

Rule: TypeAlias = Literal[
    "logged-out",
    "paused",
    "talking",
    "ringing",
    "wrap-up",
    "chosen-for-another",
    "backing-off",
    "guard",
    "unreachable",
    "in-use",
    "queue-off",
    "rung-already",
    "tier",
    "skill",
]

RULES: Final[tuple[Rule, ...]] = get_args(Rule)
"""What keeps an agent out, in the order in which it is asked; the first that holds is counted.

`guard`: she got ready just now; `unreachable`: none of her devices can be reached; `in-use`: those that can are busy
with another call; `queue-off`: she takes no calls of this queue. The last three depend on the caller: who waits has not
waited long enough for her tier, or asks for a skill that she lacks.
"""


class AgentView(msgspec.Struct, frozen=True):
    """An agent as a decision sees her. `devices`: how many of hers can be reached, `devices_free`: and rung now."""

    agent: str
    presence: Presence
    activity: Activity
    idle_since_at: float
    backoff_until_at: float | None
    is_claimed: bool
    devices: int
    devices_free: int
    guard_until_at: float | None = None


class FreeMember(msgspec.Struct, frozen=True):
    """An agent of a queue who can be rung now. `order`: her place among the queue's agents."""

    member: Member
    order: int
    skills: Mapping[str, int]
    idle_since_at: float
    given_at: float | None = None
    calls_today: int = 0
    talk_today_s: float = 0.0


class WaitingCaller(msgspec.Struct, frozen=True):
    """A caller who can be presented. Times are `now` seconds; `demand` before it relaxes; `rung`: who rings already."""

    call: CallId
    place: Place
    entered_at: float
    demand: Mapping[str, int] = msgspec.field(default_factory=dict)
    rung: frozenset[str] = frozenset()


class QueueView(msgspec.Struct, frozen=True):
    """A queue with callers in the order in which they are due, and the agents who can be rung for them.

    `sharing`: for an agent, who else answers at a telephone of hers; of these only one is rung at a time.
    """

    queue: str
    strategy: Strategy
    callers: Iterable[WaitingCaller]
    free: Sequence[FreeMember]
    next_tier_after_s: float | None = None
    skills_relax_every_s: float | None = None
    sharing: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


class Decision(msgspec.Struct, frozen=True):
    """Present `call` to `agent`. `ranked`: the candidates, best first; `passed_over`: callers due before, unserved.

    `kept_out`: the free agents whom something about this caller kept out, and those chosen for another.
    """

    call: CallId
    queue: str
    agent: str
    strategy: Strategy
    due_at: float
    ranked: tuple[Candidate, ...]
    passed_over: tuple[tuple[CallId, float], ...]
    kept_out: Mapping[str, Rule]


def distribute(queues: Iterable[QueueView], now: float) -> list[Decision]:
    """All presentations that are due. One agent is given to one caller; a ring-all caller is given many agents."""
    decisions: list[Decision] = []
    taken: dict[str, None] = {}
    passed_over: list[tuple[CallId, float]] = []
    free: dict[str, _Free] = {}
    lines = [_line(queue, taken) for queue in queues if queue.free]
    in_turn = lines[0] if len(lines) == 1 else heapq.merge(*lines, key=lambda entry: entry[:2])
    for _, _, caller, queue in in_turn:
        if queue.queue not in free:
            free[queue.queue] = _free(queue, now)
        ranked, kept_out = _candidates(queue, free[queue.queue], caller, taken, now)
        if not ranked:
            passed_over.append((caller.call, caller.place[0]))
            continue
        chosen = ranked[:RING_ALL_MAX] if queue.strategy == "ring-all" else ranked[:1]
        before = tuple(passed_over)
        for winner in chosen:
            if winner.agent in taken:
                continue
            taken[winner.agent] = None
            taken.update(dict.fromkeys(queue.sharing.get(winner.agent, ())))
            decisions.append(
                Decision(
                    caller.call, queue.queue, winner.agent, queue.strategy, caller.place[0], ranked, before, kept_out
                )
            )
    return decisions


def in_order(strategy: Strategy, call: CallId, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The candidates, the one to be rung first: by tier, strategy, idle time, and the order of the queue's agents."""
    key = KEYS[strategy]
    return tuple(sorted(candidates, key=lambda one: (one.tier, key(call, one), -one.idle_s, one.order)))


def exclusion(view: AgentView, now: float) -> Rule | None:
    """The first rule that keeps the agent from being presented any call, None when she is free."""
    if view.presence != "ready":
        return view.presence
    if view.activity != "idle":
        return view.activity
    if view.is_claimed:
        return "chosen-for-another"
    if view.backoff_until_at is not None and view.backoff_until_at > now:
        return "backing-off"
    if view.guard_until_at is not None and view.guard_until_at > now:
        return "guard"
    if not view.devices:
        return "unreachable"
    return None if view.devices_free else "in-use"


def tiers_reached(wait_s: float, next_tier_after_s: float | None) -> float:
    """The highest tier that may be asked after this wait; all of them where the queue does not say after how long."""
    return float("inf") if next_tier_after_s is None else 1 + periods(wait_s, next_tier_after_s)


def by_rule(reasons: Mapping[str, Rule | None]) -> tuple[tuple[Rule, tuple[str, ...]], ...]:
    """The agents that each rule keeps out, in the order of RULES and of the agents."""
    kept_out: defaultdict[Rule, list[str]] = defaultdict(list)
    for agent, rule in reasons.items():
        if rule is not None:
            kept_out[rule].append(agent)
    return tuple((rule, tuple(kept_out[rule])) for rule in RULES if rule in kept_out)


_Entry: TypeAlias = tuple[float, int, WaitingCaller, QueueView]
_Free: TypeAlias = tuple[tuple[Candidate, ...], dict[str, Mapping[str, int]]]
"""Free agents, in the order in which they are rung where that is the same for all callers, and their skills."""


def _line(queue: QueueView, taken: Mapping[str, None]) -> Iterator[_Entry]:
    """The queue's callers as they are due to whoever is free; no more of them once nobody of the queue is left."""
    preference_s = max(free.member.preference_s for free in queue.free)
    for caller in queue.callers:
        due_at, order = caller.place
        yield due_at - preference_s, order, caller, queue
        if all(free.member.agent in taken for free in queue.free):
            return


def _free(queue: QueueView, now: float) -> _Free:
    whole = math.floor
    candidates = tuple(
        Candidate(
            free.member.agent,
            free.member.tier,
            whole((now - free.idle_since_at) * MS_PER_S + 0.5) / MS_PER_S,
            NEVER_S if free.given_at is None else whole((now - free.given_at) * MS_PER_S + 0.5) / MS_PER_S,
            free.calls_today,
            free.talk_today_s,
            free.member.weight,
            free.order,
        )
        for free in queue.free
    )
    if queue.strategy not in DRAWN:
        candidates = in_order(queue.strategy, "", candidates)
    return candidates, {free.member.agent: free.skills for free in queue.free}


def _candidates(
    queue: QueueView, free: _Free, caller: WaitingCaller, taken: Mapping[str, None], now: float
) -> tuple[tuple[Candidate, ...], dict[str, Rule]]:
    everybody, skills = free
    wait_s = waited_s(caller.entered_at, now)
    tiers = tiers_reached(wait_s, queue.next_tier_after_s)
    demand = relaxed(caller.demand, wait_s, queue.skills_relax_every_s) if caller.demand else {}
    candidates: list[Candidate] = []
    kept_out: dict[str, Rule] = {}
    for candidate in everybody:
        agent = candidate.agent
        if agent in taken:
            kept_out[agent] = "chosen-for-another"
        elif agent in caller.rung:
            kept_out[agent] = "rung-already"
        elif candidate.tier > tiers:
            kept_out[agent] = "tier"
        elif demand and not has(skills[agent], demand):
            kept_out[agent] = "skill"
        else:
            candidates.append(candidate)
    if queue.strategy in DRAWN:
        return in_order(queue.strategy, caller.call, candidates), kept_out
    return tuple(candidates), kept_out
