from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from softswitch.domain.distributor import (
    RULES,
    AgentView,
    Decision,
    FreeMember,
    QueueView,
    Rule,
    WaitingCaller,
    by_rule,
    distribute,
    exclusion,
    in_order,
    tiers_reached,
)
from softswitch.domain.office import Member, Strategy
from softswitch.domain.skills import has, relaxed

FREE = AgentView(
    "a", "ready", "idle", idle_since_at=0.0, backoff_until_at=None, is_claimed=False, devices=1, devices_free=1
)
NOW = 100.0


def free(agent: str, order: int = 0, *, idle_since_at: float = 0.0, **terms: float) -> FreeMember:
    return FreeMember(Member(agent, **terms), order, {}, idle_since_at)  # type: ignore[arg-type]  # tier is whole


def caller(call: str, due_at: float, order: int = 1, *, entered_at: float = 0.0, **demand: int) -> WaitingCaller:
    return WaitingCaller(call, (due_at, order), entered_at, demand)


def queue(
    name: str, callers: Sequence[WaitingCaller], members: Sequence[FreeMember], strategy: Strategy = "longest-idle"
) -> QueueView:
    return QueueView(name, strategy, callers, members)


def given(decisions: Sequence[Decision]) -> list[tuple[str, str]]:
    return [(decision.call, decision.agent) for decision in decisions]


def test_the_longest_idle_agent_gets_the_caller_and_all_are_ranked() -> None:
    members = [free("a", 0, idle_since_at=50), free("b", 1, idle_since_at=10), free("c", 2, idle_since_at=30)]
    (decision,) = distribute([queue("q", [caller("c1", 0)], members)], NOW)
    assert [(ranked.agent, ranked.idle_s) for ranked in decision.ranked] == [("b", 90), ("c", 70), ("a", 50)]
    assert decision.agent == "b"


def test_ties_go_in_the_order_of_the_queues_agents() -> None:
    assert given(distribute([queue("q", [caller("c", 0)], [free("a", 1), free("b", 0)])], NOW)) == [("c", "b")]


def test_callers_are_served_as_they_are_due_across_queues_and_then_by_order() -> None:
    members = [free("a", 0), free("b", 1)]
    queues = [
        queue("p", [caller("first", 3, 2), caller("late", 9, 1)], members),
        queue("q", [caller("second", 3, 3)], members),
    ]
    assert given(distribute(queues, NOW)) == [("first", "a"), ("second", "b")]


def test_a_queue_that_cannot_use_the_agent_does_not_block_the_one_that_can() -> None:
    queues = [queue("p", [caller("stuck", 0)], []), queue("q", [caller("served", 5)], [free("b")])]
    assert given(distribute(queues, NOW)) == [("served", "b")]


def test_an_agent_is_given_to_one_caller_only() -> None:
    assert given(distribute([queue("q", [caller("c1", 0), caller("c2", 1, 2)], [free("a")])], NOW)) == [("c1", "a")]


def test_preference_lets_callers_of_that_queue_count_for_more() -> None:
    queues = [
        queue("p", [caller("earlier", 10, 1)], [free("a")]),
        queue("q", [caller("preferred", 30, 2)], [free("a", preference_s=20.5)]),
    ]
    assert given(distribute(queues, NOW)) == [("preferred", "a")]
    weaker = replace(queues[1], free=[free("a", preference_s=19.5)])
    assert given(distribute([queues[0], weaker], NOW)) == [("earlier", "a")]


@pytest.mark.parametrize(("waited_s", "agent"), [(0, "a"), (19.9, "a"), (20, "a")])
def test_the_lowest_tier_goes_first_however_idle_the_next_one_is(waited_s: float, agent: str) -> None:
    members = [free("a", 0, idle_since_at=99), free("b", 1, idle_since_at=0, tier=2)]
    view = replace(queue("q", [caller("c", 0, entered_at=NOW - waited_s)], members), next_tier_after_s=20.0)
    assert given(distribute([view], NOW)) == [("c", agent)]


@pytest.mark.parametrize(("waited_s", "is_served"), [(0, False), (19.9, False), (20, True)])
def test_the_next_tier_is_asked_after_its_time(waited_s: float, *, is_served: bool) -> None:
    waiting = [caller("c", 0, entered_at=NOW - waited_s)]
    view = replace(queue("q", waiting, [free("b", tier=2)]), next_tier_after_s=20.0)
    assert bool(distribute([view], NOW)) == is_served


@pytest.mark.parametrize(
    ("level", "waited_s", "is_served"), [(5, 0, True), (4, 0, False), (4, 29.9, False), (4, 30, True)]
)
def test_skills_are_asked_for_and_the_demand_relaxes(level: int, waited_s: float, *, is_served: bool) -> None:
    member = replace(free("a"), skills={"swedish": level})
    waiting = [caller("c", 0, entered_at=NOW - waited_s, swedish=5)]
    view = replace(queue("q", waiting, [member]), skills_relax_every_s=30.0)
    decisions = distribute([view], NOW)
    assert bool(decisions) == is_served


def test_who_lacks_the_skill_is_kept_out_and_the_next_caller_is_served_meanwhile() -> None:
    waiting = [caller("wants", 0, 1, swedish=5), caller("any", 1, 2)]
    (decision,) = distribute([queue("q", waiting, [free("a")])], NOW)
    assert (decision.call, decision.passed_over) == ("any", (("wants", 0),))


def test_ring_all_gives_the_caller_to_all_who_do_not_ring_for_him_already() -> None:
    waiting = [replace(caller("c", 0), rung=frozenset({"b"}))]
    members = [free("a", 0), free("b", 1), free("c", 2)]
    decisions = distribute([queue("q", waiting, members, "ring-all")], NOW)
    assert given(decisions) == [("c", "a"), ("c", "c")]
    assert decisions[0].kept_out == {"b": "rung-already"}


def test_the_line_is_not_read_further_than_it_must_be() -> None:
    read: list[str] = []

    def line() -> object:
        for number in range(1000):
            read.append(f"c{number}")
            yield caller(f"c{number}", float(number), number)

    distribute([QueueView("q", "longest-idle", line(), [free("a")])], NOW)  # type: ignore[arg-type]  # read once
    assert len(read) == 1


EXCLUDED: list[tuple[Rule, AgentView]] = [
    ("logged-out", replace(FREE, presence="logged-out", activity="talking")),
    ("paused", replace(FREE, presence="paused")),
    ("talking", replace(FREE, activity="talking")),
    ("ringing", replace(FREE, activity="ringing")),
    ("wrap-up", replace(FREE, activity="wrap-up")),
    ("chosen-for-another", replace(FREE, is_claimed=True)),
    ("backing-off", replace(FREE, backoff_until_at=NOW + 0.1)),
    ("guard", replace(FREE, guard_until_at=NOW + 0.1)),
    ("unreachable", replace(FREE, devices=0, devices_free=0)),
    ("in-use", replace(FREE, devices=1, devices_free=0)),
]
OF_THE_CALLER: tuple[Rule, ...] = ("queue-off", "rung-already", "tier", "skill")


@pytest.mark.parametrize(("rule", "view"), EXCLUDED)
def test_each_rule_keeps_an_agent_out(rule: Rule, view: AgentView) -> None:
    assert exclusion(view, NOW) == rule


def test_every_rule_is_tested_and_a_free_agent_passes_all() -> None:
    assert [rule for rule, _ in EXCLUDED] + list(OF_THE_CALLER) == list(RULES)
    assert exclusion(replace(FREE, backoff_until_at=NOW, guard_until_at=NOW), NOW) is None


def test_exclusions_name_the_agents_by_rule_in_the_order_of_the_rules() -> None:
    rules: dict[str, Rule | None] = {"a": "talking", "b": None, "c": "logged-out", "d": "talking"}
    assert by_rule(rules) == (("logged-out", ("c",)), ("talking", ("a", "d")))


STRATEGIES: tuple[Strategy, ...] = (
    "longest-idle", "round-robin", "fewest-calls", "least-talk", "top-down", "random", "weighted", "ring-all",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(300))
def test_it_decides_as_the_plainest_reading_of_its_rules_does(seed: int) -> None:
    """Against a model that tries every caller in order and every agent for him, with nothing clever."""
    dice = random.Random(seed)
    people = {name: {"swedish": dice.randrange(10)} for name in "abcdef"}
    queues: list[QueueView] = []
    for name in ("p", "q", "r"):
        members = [
            FreeMember(
                Member(agent, tier=dice.choice((1, 1, 2)), preference_s=0, weight=dice.choice((1, 3))),
                order,
                people[agent],
                idle_since_at=dice.choice((0.0, 20.0, 50.0)),
                given_at=dice.choice((None, 10.0, 60.0)),
                calls_today=dice.randrange(3),
                talk_today_s=dice.randrange(3),
            )
            for order, agent in enumerate(dice.sample("abcdef", dice.randrange(5)))
        ]
        waiting = [
            caller(
                f"{name}{number}",
                dice.choice((5.0, 9.0)),
                100 * len(queues) + number,
                entered_at=dice.choice((0, 90)),
                swedish=dice.choice((0, 4, 9)),
            )
            for number in range(dice.randrange(5))
        ]
        waiting.sort(key=lambda each: each.place)
        strategy = dice.choice(STRATEGIES[:-1])
        tier_s, relax_s = dice.choice((None, 30.0)), dice.choice((None, 20.0))
        queues.append(QueueView(name, strategy, waiting, members, tier_s, relax_s))
    assert given(distribute(queues, NOW)) == _plainly(queues)


def _plainly(queues: Sequence[QueueView]) -> list[tuple[str, str]]:
    taken: set[str] = set()
    told: list[tuple[str, str]] = []
    everybody = [(waiting.place, waiting, view) for view in queues for waiting in view.callers]
    for _, waiting, view in sorted(everybody, key=lambda entry: entry[0]):
        waited_s = NOW - waiting.entered_at
        fit = [
            member
            for member in view.free
            if member.member.agent not in taken
            and member.member.tier <= tiers_reached(waited_s, view.next_tier_after_s)
            and has(member.skills, relaxed(waiting.demand, waited_s, view.skills_relax_every_s))
        ]
        if fit:
            alone = [replace(view, callers=[waiting], free=[member]) for member in fit]
            ranked = in_order(view.strategy, waiting.call, [distribute([one], NOW)[0].ranked[0] for one in alone])
            taken.add(ranked[0].agent)
            told.append((waiting.call, ranked[0].agent))
    return told
