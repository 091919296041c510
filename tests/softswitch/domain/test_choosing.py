"""Who is free, who waits: standings that are kept, claims, and what time alone changes."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, choosing, events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.choosing import CLAIM_REFUSED_S, EXCLUDED_NAMED_MAX
from softswitch.domain.distributor import Rule
from softswitch.domain.office import AgentPlan, Device, Member, Office, QueuePlan, Terms, ToPhone, ToQueue
from tests.softswitch.domain.small_office import ANNA, BO, MOBILE, NUMBER, OFFICE, SUPPORT, Stage, office_with

TIERED = QueuePlan("q", "Q", ("a", "b", "c"), members=(Member("a"), Member("b", tier=2), Member("c", tier=3)),
                   next_tier_after_s=15)  # fmt: skip
SKILLED = QueuePlan("q", "Q", ("a",), skills={"tax": 3}, skills_relax_every_s=20)


# What time alone changes.


@pytest.mark.parametrize(("waited_s", "at_s"), [(0, 15), (14.9, 15), (15, 30), (29.9, 30), (30, None), (1000, None)])
def test_the_next_chance_is_the_next_tier_while_there_is_one(waited_s: float, at_s: float | None) -> None:
    assert choosing.next_chance_s(TIERED, waited_s, {}) == at_s


@pytest.mark.parametrize(("waited_s", "at_s"), [(0, 20), (20, 40), (59.9, 60), (60, None)])
def test_the_next_chance_is_less_demand_while_there_is_any(waited_s: float, at_s: float | None) -> None:
    assert choosing.next_chance_s(SKILLED, waited_s, {"tax": 3}) == at_s


def test_the_earlier_of_the_two_counts_and_without_either_there_is_none() -> None:
    both = replace(TIERED, skills_relax_every_s=10)
    assert choosing.next_chance_s(both, 0, {"tax": 3}) == 10
    assert choosing.next_chance_s(both, 10, {"tax": 3}) == 15
    assert choosing.next_chance_s(both, 10, {}) == 15
    assert choosing.next_chance_s(replace(TIERED, next_tier_after_s=None), 0, {"tax": 3}) is None
    assert choosing.next_chance_s(replace(SKILLED, skills_relax_every_s=None), 0, {"tax": 3}) is None


def test_without_a_second_tier_there_is_nothing_to_wait_for() -> None:
    assert choosing.next_chance_s(replace(SUPPORT, next_tier_after_s=15), 0, {}) is None


# On the stage.


def tiered() -> Office:
    members = (Member("anna"), Member("bo", tier=2))
    return office_with(members=members, next_tier_after_s=15, wrap_up_s=0, no_answer="log-out")


def test_the_next_tier_is_rung_at_its_time_and_not_before() -> None:
    stage = Stage(tiered())
    stage.choose("anna", "paused")
    stage.ring_in()
    stage.wait(14.9)
    assert not stage.of(events.CallPresented)
    stage.wait(0.1)
    presented = stage.one(events.CallPresented)
    assert (presented.agent, [ranked.tier for ranked in presented.ranked]) == ("bo", [2])


def test_the_first_tier_is_asked_again_before_the_second_even_when_that_is_reached() -> None:
    stage = Stage(tiered())
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    stage.ring_in()
    stage.wait(15)
    stage.choose("bo", "ready")
    assert stage.one(events.CallPresented).agent == "bo"
    stage.ring_in()
    stage.choose("anna", "ready")
    assert stage.one(events.CallPresented).call == "t-2"


def test_the_wait_for_tiers_goes_on_while_an_agent_rings() -> None:
    stage = Stage(tiered())
    stage.ring_in()
    stage.progress(stage.dialled()["phone:101"])
    stage.wait(20)
    assert stage.one(events.CallPresented).agent == "bo"


def skilled(anna: dict[str, int], bo: dict[str, int], relax_s: float | None) -> Office:
    agents = {"anna": replace(ANNA, skills=anna), "bo": replace(BO, skills=bo)}
    return replace(office_with(skills={"tax": 5}, skills_relax_every_s=relax_s), agents=MappingProxyType(agents))


def test_who_has_the_skill_is_rung_though_another_is_longer_idle_and_the_rule_is_told() -> None:
    stage = Stage(skilled({"tax": 4}, {"tax": 5}, None))
    stage.ring_in()
    presented = stage.one(events.CallPresented)
    assert presented.agent == "bo"
    assert presented.exclusions == (events.Exclusion("skill", 1, ("anna",)),)


def test_the_demand_relaxes_with_the_wait_until_somebody_fits() -> None:
    stage = Stage(skilled({"tax": 3}, {}, 10))
    stage.ring_in()
    stage.wait(19.9)
    assert not stage.of(events.CallPresented)
    stage.wait(0.1)
    assert stage.one(events.CallPresented).agent == "anna"


def test_a_number_asks_for_skills_beside_the_queue() -> None:
    office = skilled({"tax": 5}, {"tax": 5, "law": 2}, None)
    numbers = MappingProxyType({**OFFICE.numbers, "+462": ToQueue("support")})
    stage = Stage(replace(office, numbers=numbers, terms=MappingProxyType({"+462": Terms(0, {"law": 2})})))
    stage.ring_in("+462")
    assert stage.one(events.CallPresented).agent == "bo"
    stage.ring_in()
    assert stage.one(events.CallPresented).agent == "anna"


def test_a_caller_nobody_fits_keeps_nobody_from_the_next_and_is_told_as_passed_over() -> None:
    office = replace(OFFICE, terms=MappingProxyType({NUMBER: Terms(0, {"law": 1})}),
                     numbers=MappingProxyType({**OFFICE.numbers, "+462": ToQueue("support")}))  # fmt: skip
    stage = Stage(office)
    stage.ring_in()
    assert not stage.of(events.CallPresented)
    stage.wait(7)
    stage.ring_in("+462")
    presented = stage.one(events.CallPresented)
    assert presented.call == "t-2"
    assert presented.passed_over == (("t-1", -13.0),)
    assert presented.overdue_s == -20.0


# Standings.


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        (inputs.SetPresence("anna", "paused"), "paused"),
        (inputs.SetPresence("anna", "logged-out"), "logged-out"),
        (inputs.PhoneRegistrationChanged("101", is_registered=False), "unreachable"),
        (inputs.LegInvited("in-5", inputs.FromPhone("101"), "101", "", "103"), "talking"),
    ],
)
def test_what_keeps_her_is_known_without_being_asked_for(step: inputs.Input, rule: Rule) -> None:
    stage = Stage()
    stage.tell(step)
    floor = stage.switch.floor
    assert floor.standings == {"anna": rule, "bo": None}
    assert floor.free == {"bo": None}


def test_a_ringing_call_a_talk_a_wrap_up_and_a_back_off_are_known() -> None:
    stage = Stage()
    seen: list[Rule | None] = []

    def look() -> None:
        seen.append(stage.switch.floor.standings["anna"])

    stage.ring_in()
    look()
    stage.answer(stage.dialled()["phone:101"])
    look()
    stage.hang_up("in-1")
    look()
    stage.wait(10)
    look()
    stage.choose("bo", "paused")
    stage.ring_in()
    stage.refuse(stage.dialled()["phone:101"], Cause.BUSY)
    look()
    stage.wait(10)
    look()
    assert seen == ["ringing", "talking", "wrap-up", None, "backing-off", "ringing"]


def test_a_guard_keeps_her_until_it_is_over() -> None:
    agents = MappingProxyType({"anna": replace(ANNA, guard_s=3)})
    stage = Stage(replace(OFFICE, agents=agents))
    stage.choose("anna", "paused")
    stage.choose("anna", "ready")
    assert stage.switch.floor.standings["anna"] == "guard"
    stage.ring_in()
    stage.wait(2.9)
    assert not stage.of(events.CallPresented)
    stage.wait(0.1)
    assert stage.one(events.CallPresented).agent == "anna"


def test_the_standings_of_a_queue_are_in_the_order_of_its_agents_with_its_own_rule() -> None:
    stage = Stage(office_with(agents=("bo", "anna"), members=()))
    stage.tell(inputs.SwitchAgentQueue("anna", "support", is_on=False))
    floor = stage.switch.floor
    assert list(choosing.standings(floor, floor.queues["support"]).items()) == [("bo", None), ("anna", "queue-off")]
    stage.choose("anna", "paused")
    assert choosing.standings(floor, floor.queues["support"])["anna"] == "paused"


def test_an_agent_whom_a_reload_took_is_no_candidate_any_more() -> None:
    stage = Stage()
    smaller = replace(office_with(agents=("bo",), members=()), agents=MappingProxyType({"bo": BO}))
    stage.tell(inputs.OfficeChanged(smaller))
    floor = stage.switch.floor
    assert (set(floor.standings), set(floor.free)) == ({"bo"}, {"bo"})
    assert choosing.agent_view(floor, "anna", stage.now) is None


def test_an_agent_of_two_queues_is_claimed_once() -> None:
    other = replace(SUPPORT, queue="other", agents=("anna",), members=())
    numbers = MappingProxyType({**OFFICE.numbers, "+462": ToQueue("other")})
    queues = MappingProxyType({"support": replace(SUPPORT, agents=("anna",), members=()), "other": other})
    stage = Stage(replace(OFFICE, queues=queues, numbers=numbers))
    stage.choose("anna", "paused")
    stage.ring_in()
    stage.ring_in("+462")
    stage.choose("anna", "ready")
    assert [claim.agent for claim in stage.of(actions.ClaimAgent)] == ["anna"]


def test_a_refused_claim_leaves_her_alone_for_its_time_only() -> None:
    stage = Stage()
    stage.choose("bo", "paused")
    switch = stage.switch
    switch.handle(inputs.LegInvited("in-9", inputs.FromTrunk("carrier"), "x", "", NUMBER), 0.0)
    (claim,) = [thing for thing in switch.drain() if isinstance(thing, actions.ClaimAgent)]
    assert switch.floor.agents["anna"].claim == claim.presentation
    switch.handle(inputs.ClaimDecided(claim.presentation, is_granted=False), 0.0)
    assert switch.floor.standings["anna"] == "backing-off"
    stage.wait(CLAIM_REFUSED_S - 0.1)
    assert not stage.of(actions.ClaimAgent)
    stage.wait(0.1)
    assert stage.one(actions.ClaimAgent).agent == "anna"


def test_a_claim_granted_after_she_left_rings_nobody_and_the_caller_goes_on() -> None:
    stage = Stage()
    switch = stage.switch
    switch.handle(inputs.LegInvited("in-9", inputs.FromTrunk("carrier"), "x", "", NUMBER), 0.0)
    (claim,) = [thing for thing in switch.drain() if isinstance(thing, actions.ClaimAgent)]
    switch.handle(inputs.SetPresence("anna", "paused"), 0.0)
    switch.drain()
    stage.tell(inputs.ClaimDecided(claim.presentation, is_granted=True))
    assert [event.agent for event in stage.of(events.CallPresented)] == ["bo"]
    assert switch.floor.agents["anna"].claim is None


def test_who_comes_back_into_line_while_a_claim_for_a_later_caller_is_asked_goes_first() -> None:
    stage = Stage()
    switch = stage.switch
    stage.choose("bo", "paused")
    stage.ring_in()
    ringing = stage.one(actions.DialLeg)
    stage.ring_in()
    switch.handle(inputs.SetPresence("bo", "ready"), stage.now)
    (claim,) = [thing for thing in switch.drain() if isinstance(thing, actions.ClaimAgent)]
    assert (claim.call, claim.agent) == ("t-2", "bo")
    switch.handle(inputs.LegRefused(ringing.leg, Cause.BUSY), stage.now)
    stage.tell(inputs.ClaimDecided(claim.presentation, is_granted=True))
    assert [(event.call, event.agent) for event in stage.of(events.CallPresented)] == [("t-1", "bo")]


# What is told.


def test_of_many_who_are_kept_out_some_are_named_and_all_are_counted() -> None:
    rules: dict[str, Rule | None] = {f"a{number:02}": "paused" for number in range(EXCLUDED_NAMED_MAX + 5)}
    (told,) = choosing.exclusions({**rules, "free": None})
    assert told == events.Exclusion("paused", EXCLUDED_NAMED_MAX + 5, tuple(rules)[:EXCLUDED_NAMED_MAX])


def test_everybody_of_the_queue_is_a_candidate_or_under_the_rule_that_kept_her_out() -> None:
    people = tuple(f"a{number}" for number in range(6))
    agents = {name: AgentPlan(name, name, BO.answers_at[1:], is_ready_at_start=True) for name in people}
    plan = replace(SUPPORT, agents=people, members=())
    stage = Stage(replace(OFFICE, queues=MappingProxyType({"support": plan}), agents=MappingProxyType(agents)))
    stage.choose("a1", "paused")
    stage.choose("a2", "logged-out")
    stage.tell(inputs.SwitchAgentQueue("a3", "support", is_on=False))
    stage.ring_in()
    presented = stage.one(events.CallPresented)
    assert presented.candidates == 3
    told = {rule.rule: rule.names for rule in presented.exclusions}
    assert told == {"paused": ("a1",), "logged-out": ("a2",), "queue-off": ("a3",)}
    assert stage.dialled() == {f"number:{MOBILE}": "t-1-l1"}


@pytest.mark.parametrize(
    ("strategy", "given"),
    [("top-down", ["anna", "anna", "anna"]), ("round-robin", ["anna", "bo", "anna"]),
     ("fewest-calls", ["anna", "bo", "anna"]), ("longest-idle", ["anna", "bo", "anna"]),
     ("least-talk", ["anna", "bo", "anna"])],
)  # fmt: skip
def test_each_strategy_goes_by_what_happened_on_this_floor(strategy: str, given: list[str]) -> None:
    stage = Stage(office_with(strategy=strategy, wrap_up_s=0))
    for _ in given:
        caller = stage.ring_in()
        stage.answer(next(iter(stage.dialled().values())))
        stage.wait(10)
        stage.hang_up(caller)
    assert [event.agent for event in stage.ever(events.CallPresented)] == given


def test_fewest_calls_and_least_talk_differ_where_the_talks_do() -> None:
    for strategy, agent in (("fewest-calls", "bo"), ("least-talk", "anna")):
        stage = Stage(office_with(strategy=strategy, wrap_up_s=0))
        for seconds in (1, 100, 1):
            caller = stage.ring_in()
            stage.answer(next(iter(stage.dialled().values())))
            stage.wait(seconds)
            stage.hang_up(caller)
        assert [event.agent for event in stage.ever(events.CallPresented)] == ["anna", "bo", "anna"]
        stage.ring_in()
        assert stage.one(events.CallPresented).agent == agent, strategy


def at_one_telephone(*more: Device) -> Stage:
    """anna and cec both answer at 101 (cec also at what else is said), bo at 102; nobody can be reached yet."""
    cec = AgentPlan("cec", "Cec", (Device(ToPhone("101")), *more), is_ready_at_start=True)
    office = replace(
        office_with(agents=("anna", "cec", "bo"), members=()),
        agents=MappingProxyType({"anna": ANNA, "cec": cec, "bo": BO}),
    )
    return Stage(office, registered=())


def all_registered(stage: Stage) -> list[tuple[str, str]]:
    """All telephones can be reached in one moment; returns who is rung for whom."""
    stage.switch.floor.registered |= {"101", "102", "103"}
    stage.switch.floor.touch_all()
    stage.tell(inputs.PhoneRegistrationChanged("103", is_registered=True))
    return [(shown.call, shown.agent) for shown in stage.of(events.CallPresented)]


def test_of_two_who_answer_at_one_telephone_one_is_rung_and_nobody_loses_his_turn() -> None:
    stage = at_one_telephone()
    stage.tell(inputs.TrunkReachabilityChanged("carrier", is_reachable=False))
    for _ in range(3):
        stage.ring_in()
    assert all_registered(stage) == [("t-1", "anna"), ("t-2", "bo")]


def test_who_shares_one_telephone_and_has_another_is_rung_there_for_the_next_caller() -> None:
    stage = at_one_telephone(Device(ToPhone("103")))
    stage.tell(inputs.TrunkReachabilityChanged("carrier", is_reachable=False))
    for _ in range(3):
        stage.ring_in()
    assert all_registered(stage) == [("t-1", "anna"), ("t-2", "bo"), ("t-3", "cec")]
