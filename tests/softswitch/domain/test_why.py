"""Plain sentences about a call: told from its record alone, and of a waiting caller from the floor."""

from dataclasses import replace

import pytest

from softswitch.domain import events, inputs
from softswitch.domain.call_record import CallRecord, CallRecords
from softswitch.domain.causes import Cause
from softswitch.domain.distributor import RULES
from softswitch.domain.office import Member, ToQueue
from softswitch.domain.strategies import draw
from softswitch.domain.why import WORDS_OF_RULES, explain, explain_wait
from tests.softswitch.domain.small_office import OFFICE, Stage, office_with


def record_of(stage: Stage, call: str = "t-1") -> CallRecord:
    """The fold over all that was told; nothing else goes into the sentences."""
    records = CallRecords()
    for event in stage.ever(events._Event):
        ended = records.apply(event)  # type: ignore[arg-type]  # every event of the domain is one of Event
        if ended is not None and ended.id == call:
            return ended
    found = records.open_record(call)
    assert found is not None
    return found


def sentences(stage: Stage, call: str = "t-1") -> list[str]:
    return [reason.text for reason in explain(record_of(stage, call))]


def waits(stage: Stage, call: str = "t-1") -> list[str]:
    floor = stage.switch.floor
    return [reason.text for reason in explain_wait(floor, floor.calls[call], stage.now)]


def test_an_answered_call_says_who_was_chosen_and_why_before_whom() -> None:
    stage = Stage()
    stage.wait(40)
    stage.choose("bo", "paused")
    stage.choose("bo", "ready")
    stage.wait(2)
    caller = stage.ring_in()
    stage.wait(3)
    stage.answer("t-1-l1")
    stage.hang_up(caller)
    assert sentences(stage) == [
        "+46812340001 called +46850010000 by trunk carrier.",
        "By the rule “number +46850010000” it went to queue:support.",
        "The caller entered queue support in place 1.",
        "Queue support chose anna of 2 who could take the call: idle longest (42.0 s), before bo (2.0 s).",
        "anna answered after 3.0 s, and the two were joined.",
        "The call was ended by the caller: answered, hung-up.",
    ]


def test_who_was_left_out_is_named_with_the_rule() -> None:
    stage = Stage()
    stage.choose("bo", "paused")
    stage.ring_in()
    assert sentences(stage)[-1] == (
        "Queue support chose anna, the only one who could take the call. Left out: bo (paused)."
    )


def test_a_miss_is_told_as_one_and_a_busy_phone_is_not() -> None:
    stage = Stage(office_with(ring_s=20))
    stage.ring_in()
    stage.progress("t-1-l1")
    stage.wait(20)
    assert "anna was rung for 20.0 s and did not answer. This counts as a miss." in sentences(stage)
    for leg in ("t-1-l2", "t-1-l3"):
        stage.refuse(leg, Cause.BUSY)
    assert "bo was busy." in sentences(stage)


def test_overflows_are_told_with_their_reason_in_the_order_in_which_they_came() -> None:
    stage = Stage(office_with(max_wait_s=30))
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    stage.ring_in()
    stage.wait(30)
    assert sentences(stage)[2:] == [
        "The caller entered queue support in place 1.",
        ("Queue support did not serve the caller within max_wait_s (30.0 s); the call went on to say:queue-full."),
    ]
    full = Stage(office_with(max_waiting=1))
    full.ring_in()
    full.ring_in()
    assert sentences(full, "t-2")[2:] == ["Queue support was full; the call went on to say:queue-full."]


def test_a_call_that_leads_nowhere_says_what_was_wrong() -> None:
    stage = Stage()
    stage.ring_in("+4699")
    assert sentences(stage) == [
        "+46812340001 called +4699 by trunk carrier.",
        "The call was ended by the switch: refused, unknown-number.",
    ]


def test_a_waiting_caller_is_told_with_everyone_who_is_kept_from_him() -> None:
    stage = Stage()
    stage.choose("anna", "paused", "lunch")
    stage.choose("bo", "logged-out")
    stage.ring_in()
    stage.ring_in()
    assert waits(stage, "t-2") == [
        "The caller waits now in place 2 of queue support.",
        "No agent can take the call: bo (logged out); anna (paused).",
    ]


def test_a_queue_without_agents_says_so() -> None:
    stage = Stage(office_with(agents=()))
    stage.ring_in()
    assert waits(stage)[-1] == "Queue support has no agents."


def test_who_is_presented_waits_for_nobody() -> None:
    stage = Stage()
    stage.ring_in()
    assert waits(stage) == []


def test_a_direct_call_is_told_without_a_queue() -> None:
    stage = Stage()
    caller = stage.ring_in("102", phone="103")
    stage.answer("t-1-l1")
    stage.hang_up(caller)
    assert sentences(stage) == [
        "103 called 102 from phone 103.",
        "By the rule “a phone's name” it went to phone:102.",
        "The call was answered and the two were joined.",
        "The call was ended by the caller: direct, hung-up.",
    ]


def test_every_rule_of_the_distributor_has_its_words() -> None:
    assert tuple(WORDS_OF_RULES) == RULES


def test_names_and_numbers_of_a_queue_that_is_gone_are_still_told() -> None:
    stage = Stage()
    stage.choose("bo", "paused")
    caller = stage.ring_in()
    stage.answer("t-1-l1")
    stage.tell(inputs.OfficeChanged(office_with(OFFICE, overflow_to=ToQueue("support"))))
    stage.hang_up(caller)
    assert "bo (paused)" in " ".join(sentences(stage))


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        ("round-robin", "given a call of the queue longest ago (never), before bo (never)"),
        ("fewest-calls", "fewest calls (0 today), before bo (0 today)"),
        ("least-talk", "least talk (0.0 s today), before bo (0.0 s today)"),
        ("top-down", "first in the order (number 1), before bo (number 2)"),
    ],
)
def test_each_strategy_says_what_it_ranked_by(strategy: str, told: str) -> None:
    stage = Stage(office_with(strategy=strategy))
    stage.ring_in()
    assert told in sentences(stage)[3]


def test_a_draw_is_told_as_it_can_be_worked_out_again() -> None:
    stage = Stage(office_with(strategy="random"))
    stage.ring_in()
    (presented,) = stage.of(events.CallPresented)
    draws = {agent: draw("t-1", agent) for agent in ("anna", "bo")}
    assert presented.agent == min(draws, key=draws.__getitem__)
    assert f"drawn ({draws[presented.agent]:.3f})" in sentences(stage)[3]


def test_a_lower_tier_and_a_caller_who_was_passed_over_are_told() -> None:
    members = (Member("anna", tier=2), Member("bo"))
    stage = Stage(office_with(members=members, skills={"swedish": 5}))
    stage.ring_in()
    stage.tell(inputs.OfficeChanged(replace(office_with(members=members), version="v2")))
    assert "chose bo of 2 who could take the call: of tier 1, before anna" in sentences(stage)[3]


def test_a_transfer_and_both_queues_are_told() -> None:
    sales = replace(OFFICE.queues["support"], queue="sales", name="Sales", agents=("bo",), members=())
    stage = Stage(replace(OFFICE, queues={**OFFICE.queues, "sales": sales}))
    stage.choose("bo", "paused")
    stage.ring_in()
    stage.answer("t-1-l1")
    stage.wait(30)
    stage.tell(inputs.TransferCall("t-1", ToQueue("sales")))
    told = sentences(stage)
    assert told[-2:] == [
        "The call was transferred to queue:sales (by command).",
        "The caller entered queue sales in place 1.",
    ]
