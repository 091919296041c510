"""What users of other systems have reported of their figures for years, played on the whole domain.

Each test names the public thread. Changed pause reasons (FreePBX #912) are in test_agent_figures, rows that differ from
the figures (asterisk #759) in the store's test_figures_in_rows.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import msgspec

from softswitch.domain import events, inputs
from softswitch.domain.call_record import CallRecord, CallRecords
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event
from softswitch.domain.figures.formulas import FORMULAS, OUTCOMES, VisitCounts, VisitTimes, service_level
from softswitch.domain.office import ToAgent, ToQueue
from softswitch.domain.views import queue_show
from tests.softswitch.domain.small_office import NUMBER, OFFICE, SUPPORT, Stage

SALES_NUMBER = "+46850010009"
TWO_QUEUES = replace(
    OFFICE,
    queues=MappingProxyType(
        {
            "support": replace(SUPPORT, agents=("anna",), short_abandon_s=5),
            "sales": replace(SUPPORT, queue="sales", name="Sales", agents=("bo",)),
        }
    ),
    numbers=MappingProxyType({NUMBER: ToQueue("support"), SALES_NUMBER: ToQueue("sales")}),
)


def open_stage() -> Stage:
    return Stage(TWO_QUEUES, registered=("101", "102"))


def counts(stage: Stage, queue: str = "support") -> VisitCounts:
    return stage.switch.floor.statistics.today(queue, stage.switch.floor.wall(stage.now))


def times(stage: Stage, queue: str = "support") -> VisitTimes:
    return stage.switch.floor.statistics.times(queue, stage.switch.floor.wall(stage.now))


def talked(stage: Stage, agent: str) -> tuple[int, float]:
    return stage.switch.floor.agent_figures.today(agent, stage.switch.floor.wall(stage.now))


def record_of(stage: Stage, call: str) -> CallRecord:
    records = CallRecords()
    for thing in stage.all:
        if isinstance(thing, events._Event):
            record = records.apply(msgspec.convert(msgspec.to_builtins(thing), Event))
            if record is not None and record.id == call:
                return record
    raise AssertionError(f"{call} has no record")


def connect(stage: Stage, phone: str = "phone:101", number: str = NUMBER) -> str:
    caller = stage.ring_in(number)
    leg = stage.dialled()[phone]
    stage.wait(4)
    stage.answer(leg)
    return caller


def test_one_or_two_minutes_before_a_transfer_are_not_reported_as_an_hour() -> None:
    """FreePBX #124"""
    stage = open_stage()
    caller = connect(stage)
    stage.wait(90)
    stage.tell(inputs.TransferCall("t-1", ToQueue("sales")))
    leg = stage.dialled()["phone:102"]
    stage.wait(6)
    stage.answer(leg)
    stage.wait(3600)
    stage.hang_up(caller)
    assert (talked(stage, "anna"), talked(stage, "bo")) == ((1, 90.0), (1, 3600.0))
    assert (times(stage).talk_ms, times(stage, "sales").talk_ms) == (90_000, 3_600_000)
    assert counts(stage) == VisitCounts(offered=1, answered=1, within_goal=1)
    assert counts(stage, "sales") == VisitCounts(offered=1, answered=1, within_goal=1)
    record = record_of(stage, "t-1")
    assert record.talk_s == 90 + 3600
    assert [(visit.queue, visit.outcome, visit.wait_s) for visit in record.queue_visits] == [
        ("support", "connected", 4), ("sales", "connected", 6)
    ]  # fmt: skip


def test_a_talk_is_over_when_the_agent_leaves_it_and_not_when_the_call_ends() -> None:
    """asterisk #393: the end of the agent's talk was told at the end of the call, with the call's duration."""
    stage = open_stage()
    caller = connect(stage)
    stage.wait(4)
    stage.tell(inputs.ConsultFor("t-1", ToAgent("bo")))
    leg = stage.dialled()["phone:102"]
    stage.wait(2)
    stage.answer(leg)
    stage.wait(1)
    stage.tell(inputs.EndConsult("t-1", "complete", by="anna"))
    assert talked(stage, "anna") == (1, 7.0)
    (parted,) = stage.ever(events.CallParted)
    assert (parted.agent, parted.at) == ("anna", stage.switch.floor.wall(stage.now))
    assert times(stage).talk_ms == 7000, "while the call goes on"
    stage.wait(11)
    stage.hang_up(caller)
    assert (talked(stage, "anna"), talked(stage, "bo")) == ((1, 7.0), (1, 11.0))
    assert times(stage).talk_ms == 7000


def test_a_call_that_was_answered_is_not_shown_as_abandoned_whoever_hangs_up() -> None:
    """Issabel #41"""
    stage = open_stage()
    for by_agent in (False, True):
        caller = connect(stage)
        leg = next(leg for leg in stage.switch.floor.legs if leg != caller)
        stage.wait(30)
        stage.hang_up(leg if by_agent else caller)
        stage.wait(60)
    assert counts(stage) == VisitCounts(offered=2, answered=2, within_goal=2)
    assert [record_of(stage, call).outcome for call in ("t-1", "t-2")] == ["answered", "answered"]


def test_the_abandoned_calls_can_be_listed() -> None:
    """qpanel #249, #265"""
    stage = open_stage()
    stage.choose("anna", "paused")
    for waits_s in (3, 30, 40):
        caller = stage.ring_in()
        stage.wait(waits_s)
        stage.hang_up(caller)
    row = queue_show(stage.switch, "support", stage.now)
    calls = row["calls_today"]
    assert isinstance(calls, dict)
    assert (calls["abandoned"], calls["short_abandoned"]) == (["t-2", "t-3"], ["t-1"])
    assert record_of(stage, "t-2").caller == "+46812340002"


def test_offered_is_the_sum_of_all_outcomes_and_those_still_here() -> None:
    """Genesys FAQ: "offered is not always answered plus abandoned" – so the other outcomes have names of their own."""
    stage = Stage(replace(TWO_QUEUES, queues=MappingProxyType(
        {**TWO_QUEUES.queues, "support": replace(TWO_QUEUES.queues["support"], max_waiting=2, max_wait_s=100)}
    )))  # fmt: skip
    connect(stage)
    gives_up = stage.ring_in()
    stage.ring_in()
    stage.ring_in()
    stage.wait(2)
    stage.hang_up(gives_up)
    stage.wait(200)
    stage.ring_in()
    found = counts(stage)
    still_here = stage.switch.floor.statistics.still_here("support")
    assert (found.offered, found.answered, found.short_abandoned, found.overflowed, still_here) == (5, 1, 1, 2, 1)
    assert found.offered == sum(getattr(found, outcome) for outcome in OUTCOMES) + still_here


def test_a_service_level_has_a_formula_with_a_name() -> None:
    """community.genesys.com: "SL and abandon Fórmula" """
    stage = open_stage()
    stage.hang_up(connect(stage))
    stage.choose("anna", "paused")
    stage.wait(20)
    stage.hang_up(stage.ring_in())
    stage.ring_in()
    assert {formula: service_level(counts(stage), formula) for formula in FORMULAS} == {
        "offered": 1 / 3, "offered-less-short": 1 / 2, "answered": 1.0
    }  # fmt: skip


def test_figures_are_of_now_and_not_of_hours_ago() -> None:
    """Wazo: reports six hours late. FusionPBX #2642: no figures of queues at all, asked for since 2017."""
    stage = open_stage()
    caller = stage.ring_in()
    assert counts(stage) == VisitCounts(offered=1)
    stage.answer(stage.dialled()["phone:101"])
    assert counts(stage) == VisitCounts(offered=1, answered=1, within_goal=1)
    stage.hang_up(caller, Cause.HUNG_UP)
    assert times(stage).talks == 1
