from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from softswitch.domain.distributor import in_order
from softswitch.domain.office import Strategy
from softswitch.domain.strategies import NEVER_S, Candidate, draw

PLAIN = Candidate("", 1, idle_s=10, given_ago_s=10, calls_today=1, talk_today_s=60, weight=1, order=0)


def like(candidate: Candidate = PLAIN, **changes: object) -> Candidate:
    return msgspec.structs.replace(candidate, **changes)


def first(strategy: Strategy, call: str = "c", **people: Candidate) -> str:
    return in_order(strategy, call, [like(one, agent=name) for name, one in people.items()])[0].agent


@pytest.mark.parametrize(
    ("strategy", "better"),
    [
        ("longest-idle", {"idle_s": 11}),
        ("ring-all", {"idle_s": 11}),
        ("round-robin", {"given_ago_s": 11}),
        ("round-robin", {"given_ago_s": NEVER_S}),
        ("fewest-calls", {"calls_today": 0}),
        ("least-talk", {"talk_today_s": 59}),
        ("top-down", {"order": -1}),
    ],
)
def test_each_strategy_ranks_by_its_own_measure_alone(strategy: Strategy, better: dict[str, float]) -> None:
    worse_elsewhere = {"idle_s": 5, "given_ago_s": 5, "calls_today": 9, "talk_today_s": 99, "order": 5}
    best = like(**{**worse_elsewhere, **better})
    assert first(strategy, a=PLAIN, b=best) == "b"


@pytest.mark.parametrize("strategy", ["round-robin", "fewest-calls", "least-talk"])
def test_ties_go_by_idle_time_and_then_by_the_order_of_the_agents(strategy: Strategy) -> None:
    longer = like(idle_s=11, order=1)
    assert first(strategy, a=PLAIN, b=longer) == "b"
    later = like(order=1)
    assert first(strategy, b=later, a=PLAIN) == "a"


def test_a_draw_is_the_same_each_time_and_lies_between_0_and_1() -> None:
    draws = [draw(f"call{n}", "anna") for n in range(2000)]
    assert draws == [draw(f"call{n}", "anna") for n in range(2000)]
    assert all(0 < number < 1 for number in draws)
    assert abs(sum(draws) / len(draws) - 0.5) < 0.03


def test_random_gives_everybody_the_same_share() -> None:
    shares = Counter(first("random", f"call{n}", a=PLAIN, b=PLAIN, c=PLAIN) for n in range(3000))
    assert all(abs(count - 1000) < 120 for count in shares.values())


def test_weighted_gives_shares_by_weight() -> None:
    heavy = like(weight=3, order=1)
    shares = Counter(first("weighted", f"call{n}", a=PLAIN, b=heavy) for n in range(4000))
    assert abs(shares["b"] / 4000 - 0.75) < 0.03


def test_a_lower_tier_goes_before_any_merit() -> None:
    ranked = [like(agent="a", tier=2), Candidate("b", 1, 1, 1, 9, 999, 1, 9)]
    assert [each.agent for each in in_order("longest-idle", "c", ranked)] == ["b", "a"]
