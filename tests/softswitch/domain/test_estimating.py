"""What the forecast is asked for a caller in line: how many are ahead of him, and who may come."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, estimating, inputs
from softswitch.domain.forecast.drain import BusyAgent
from softswitch.domain.forecast.estimates import Estimate, Forecast, Staff
from softswitch.domain.office import Member, Office, QueuePlan, ToQueue
from tests.softswitch.domain.small_office import ANNA, BO, NUMBER, OFFICE, SUPPORT, Stage, office_with

SALES_NUMBER = "+46850010002"


class Asked(Forecast):
    """A forecast that also writes down what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.questions: list[tuple[str, int, Staff]] = []

    def estimate(self, queue: str, position: int, staff: Staff) -> Estimate | None:
        self.questions.append((queue, position, staff))
        return super().estimate(queue, position, staff)


def stage_of(office: Office) -> tuple[Stage, Asked]:
    stage = Stage(office)
    asked = Asked()
    stage.switch.floor.forecast_facts.forecast = asked
    return stage, asked


def estimate_of(stage: Stage, leg: str) -> Estimate | None:
    floor = stage.switch.floor
    return estimating.estimate(floor, floor.calls[floor.legs[leg].call], stage.now)


def staff_for(stage: Stage, asked: Asked, leg: str) -> tuple[int, Staff]:
    asked.questions.clear()
    estimate_of(stage, leg)
    ((_, position, staff),) = asked.questions
    return position, staff


def talk(stage: Stage, agent: str) -> str:
    """A caller comes and this agent picks up; returns the caller's leg."""
    leg = stage.ring_in()
    phone = {"anna": "phone:101", "bo": "phone:102"}[agent]
    stage.answer(stage.dialled()[phone])
    return leg


def one_talks(seconds: float = 30.0) -> tuple[Stage, Asked]:
    """anna has talked for so long, bo is paused."""
    stage, asked = stage_of(OFFICE)
    stage.choose("bo", "paused")
    talk(stage, "anna")
    stage.wait(seconds)
    return stage, asked


def test_where_nobody_is_ready_there_is_no_estimate() -> None:
    stage, asked = stage_of(OFFICE)
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    leg = stage.ring_in()
    assert staff_for(stage, asked, leg) == (1, Staff())
    assert estimate_of(stage, leg) is None


def test_of_a_caller_for_whom_somebody_rings_nothing_is_asked() -> None:
    stage, asked = stage_of(OFFICE)
    leg = stage.ring_in()
    assert estimate_of(stage, leg) is None
    assert asked.questions == []


def test_who_talks_is_busy_since_she_was_rung() -> None:
    stage, asked = one_talks(30.0)
    leg = stage.ring_in()
    assert staff_for(stage, asked, leg) == (1, Staff((BusyAgent("support", 30.0),)))


def test_who_is_in_wrap_up_gets_free_when_it_ends() -> None:
    stage, asked = stage_of(OFFICE)
    stage.choose("bo", "paused")
    caller = talk(stage, "anna")
    leg = stage.ring_in()
    stage.wait(60)
    stage.hang_up(caller)
    stage.wait(4)
    assert staff_for(stage, asked, leg) == (1, Staff((BusyAgent("support", 64.0, 1.0, SUPPORT.wrap_up_s - 4),)))


def test_callers_ahead_count_unless_somebody_rings_for_them() -> None:
    stage, asked = one_talks()
    first, second, third = stage.ring_in(), stage.ring_in(), stage.ring_in()
    assert [staff_for(stage, asked, leg)[0] for leg in (first, second, third)] == [1, 2, 3]
    stage.choose("bo", "ready")
    assert stage.of(actions.DialLeg)
    position, staff = staff_for(stage, asked, third)
    assert position == 2
    assert [(agent.elapsed_s, agent.queue) for agent in staff.busy] == [(30.0, "support"), (0.0, "support")]


def test_who_takes_no_calls_of_the_queue_is_not_counted() -> None:
    stage, asked = one_talks()
    leg = stage.ring_in()
    stage.tell(inputs.SwitchAgentQueue("anna", "support", is_on=False))
    assert staff_for(stage, asked, leg) == (1, Staff())


def test_only_those_who_have_the_skills_count_and_demand_relaxes() -> None:
    skilled = replace(ANNA, skills=MappingProxyType({"swedish": 3}))
    queue = replace(SUPPORT, skills=MappingProxyType({"swedish": 4}), skills_relax_every_s=60.0)
    office = replace(
        OFFICE,
        queues=MappingProxyType({"support": queue}),
        agents=MappingProxyType({"anna": skilled, "bo": BO}),
    )
    stage, asked = stage_of(office)
    stage.ring_in(phone="101", dialled="102")
    stage.answer(stage.dialled()["phone:102"])
    leg = stage.ring_in()
    assert staff_for(stage, asked, leg) == (1, Staff())
    stage.wait(60)
    position, staff = staff_for(stage, asked, leg)
    assert position == 1
    assert [agent.elapsed_s for agent in staff.busy] == [60.0], "her own call keeps her"


def test_whoever_is_of_the_next_tier_comes_when_its_time_has_come() -> None:
    members = (Member("anna"), Member("bo", tier=2))
    stage, asked = stage_of(office_with(agents=("anna", "bo"), members=members, next_tier_after_s=90.0))
    talk(stage, "anna")
    stage.wait(20)
    leg = stage.ring_in()
    stage.wait(30)
    busy = (BusyAgent("support", 50.0), BusyAgent("support", 0.0, 1.0, 60.0))
    assert staff_for(stage, asked, leg) == (1, Staff(busy))


def two_queues() -> Office:
    sales = QueuePlan("sales", "Sales", agents=("anna", "bo"), music="music/calm", ring_s=20)
    return replace(
        OFFICE,
        queues=MappingProxyType({"support": replace(SUPPORT, agents=("anna",), members=()), "sales": sales}),
        numbers=MappingProxyType({NUMBER: ToQueue("support"), SALES_NUMBER: ToQueue("sales")}),
    )


def test_a_shared_agent_brings_a_share_as_long_as_others_are_due_before() -> None:
    """anna alone serves support, and with bo she serves sales, where two are due before the caller. With two thirds of
    her turns for support both lines take as long: 1 ÷ ⅔ = 2 ÷ (1 + ⅓) cycles."""
    stage, asked = stage_of(two_queues())
    for leg, phone in ((stage.ring_in(), "phone:101"), (stage.ring_in(SALES_NUMBER), "phone:102")):
        stage.answer(next(a.leg for a in stage.ever(actions.DialLeg) if str(a.to) == phone))
        assert leg in stage.switch.floor.legs
    stage.wait(10)
    leg = stage.ring_in()
    assert staff_for(stage, asked, leg) == (1, Staff((BusyAgent("support", 10.0),)))
    stage.hang_up(leg)
    earlier = [stage.ring_in(SALES_NUMBER), stage.ring_in(SALES_NUMBER)]
    leg = stage.ring_in()
    position, staff = staff_for(stage, asked, leg)
    assert position == 1
    assert [agent.share for agent in staff.busy] == [pytest.approx(2 / 3)]
    for other in earlier:
        stage.hang_up(other)
    assert [agent.share for agent in staff_for(stage, asked, leg)[1].busy] == [1.0]


def test_somebody_who_would_call_now_stands_behind_all_who_are_due_before() -> None:
    stage, asked = one_talks()
    stage.ring_in()
    stage.ring_in()
    floor = stage.switch.floor
    asked.questions.clear()
    assert estimating.at_the_door(floor, floor.queues["support"], stage.now) is not None
    assert asked.questions == [("support", 3, Staff((BusyAgent("support", 30.0),)))]


def test_where_somebody_is_free_a_caller_who_comes_has_to_wait_for_the_telephone_only() -> None:
    stage, _ = stage_of(OFFICE)
    floor = stage.switch.floor
    estimate = estimating.at_the_door(floor, floor.queues["support"], stage.now)
    assert estimate is not None
    assert estimate.low_s == 0.0
    assert estimate.high_s < SUPPORT.ring_s
