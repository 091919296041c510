from dataclasses import replace

import pytest

from softswitch.domain.distributor import RULES, AgentView, Rule, WaitingCaller, distribute, exclusion

FREE = AgentView(
    "a", "ready", "idle", idle_since_at=0.0, backoff_until_at=None, is_claimed=False, devices=1, devices_free=1
)
NOW = 100.0


def views(**idle_since: float) -> dict[str, AgentView]:
    return {name: replace(FREE, agent=name, idle_since_at=at) for name, at in idle_since.items()}


def test_the_longest_idle_agent_gets_the_caller_and_the_next_is_the_runner_up() -> None:
    (decision,) = distribute([WaitingCaller("c", "q", 0.0, 1)], {"q": "abc"}, views(a=50.0, b=10.0, c=30.0), NOW)
    assert (decision.agent, decision.runner_up, decision.candidates) == ("b", "c", 3)
    assert (decision.idle_s, decision.runner_up_idle_s) == (90.0, 70.0)


def test_ties_go_in_the_order_of_the_queues_agents() -> None:
    agents = views(a=5.0, b=5.0)
    assert distribute([WaitingCaller("c", "q", 0.0, 1)], {"q": "ba"}, agents, NOW)[0].agent == "b"
    assert distribute([WaitingCaller("c", "q", 0.0, 1)], {"q": "ab"}, agents, NOW)[0].agent == "a"


def test_callers_are_served_by_entering_time_and_then_by_order_across_queues() -> None:
    callers = [
        WaitingCaller("late", "p", 9.0, 1),
        WaitingCaller("second", "q", 3.0, 3),
        WaitingCaller("first", "p", 3.0, 2),
    ]
    decisions = distribute(callers, {"p": "ab", "q": "ab"}, views(a=0.0, b=1.0), NOW)
    assert [(decision.call, decision.agent) for decision in decisions] == [("first", "a"), ("second", "b")]


def test_a_queue_that_cannot_use_the_agent_does_not_block_the_one_that_can() -> None:
    callers = [WaitingCaller("stuck", "p", 0.0, 1), WaitingCaller("served", "q", 5.0, 2)]
    agents = {"a": replace(FREE, presence="paused"), "b": replace(FREE, agent="b")}
    decisions = distribute(callers, {"p": "a", "q": "ab"}, agents, NOW)
    assert [(decision.call, decision.agent, decision.exclusions) for decision in decisions] == [
        ("served", "b", (("paused", ("a",)),))
    ]


def test_an_agent_is_given_to_one_caller_only() -> None:
    callers = [WaitingCaller("c1", "q", 0.0, 1), WaitingCaller("c2", "q", 1.0, 2)]
    assert [decision.call for decision in distribute(callers, {"q": "a"}, views(a=0.0), NOW)] == ["c1"]


def test_exclusions_name_the_agents_by_rule() -> None:
    agents = {
        "a": replace(FREE, activity="talking"),
        "b": replace(FREE, agent="b", activity="talking"),
        "c": replace(FREE, agent="c", presence="logged-out"),
        "d": replace(FREE, agent="d"),
    }
    (decision,) = distribute([WaitingCaller("c", "q", 0.0, 1)], {"q": "abcd"}, agents, NOW)
    assert decision.exclusions == (("logged-out", ("c",)), ("talking", ("a", "b")))
    assert decision.runner_up is None


EXCLUDED: list[tuple[Rule, AgentView]] = [
    ("logged-out", replace(FREE, presence="logged-out", activity="talking")),
    ("paused", replace(FREE, presence="paused")),
    ("talking", replace(FREE, activity="talking")),
    ("ringing", replace(FREE, activity="ringing")),
    ("wrap-up", replace(FREE, activity="wrap-up")),
    ("chosen-for-another", replace(FREE, is_claimed=True)),
    ("backing-off", replace(FREE, backoff_until_at=NOW + 0.1)),
    ("unreachable", replace(FREE, devices=0, devices_free=0)),
    ("in-use", replace(FREE, devices=1, devices_free=0)),
]


@pytest.mark.parametrize(("rule", "view"), EXCLUDED)
def test_each_rule_keeps_an_agent_out(rule: Rule, view: AgentView) -> None:
    assert exclusion(view, NOW) == rule
    assert distribute([WaitingCaller("c", "q", 0.0, 1)], {"q": "a"}, {"a": view}, NOW) == []


def test_every_rule_is_tested_and_a_free_agent_passes_all() -> None:
    assert [rule for rule, _ in EXCLUDED] == list(RULES)
    assert exclusion(replace(FREE, backoff_until_at=NOW), NOW) is None
