"""Tests of softswitch.cli.report: what is said is what the office holds."""

from __future__ import annotations

from types import MappingProxyType

from softswitch.cli.report import summary, what_callers_meet
from softswitch.domain.office import (
    AgentPlan,
    Destination,
    Device,
    Office,
    QueuePlan,
    ToAgent,
    ToBusy,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
    TrunkPlan,
)


def office(destination: Destination, queue: QueuePlan | None = None) -> Office:
    return Office(
        version="v",
        node="n",
        timezone="UTC",
        language="en",
        queues={} if queue is None else {queue.queue: queue},
        agents={"anna": AgentPlan("anna", "Anna", (Device(ToPhone("1")), Device(ToNumber("+46701234567"))))},
        trunks=MappingProxyType({"carrier": TrunkPlan("carrier")}),
        numbers={"+4681": destination},
    )


def said(destination: Destination, queue: QueuePlan | None = None) -> str:
    return "\n".join(what_callers_meet(office(destination, queue), "+4681"))


def test_each_destination_is_told() -> None:
    assert "phone 1 rings" in said(ToPhone("1"))
    assert "Anna is rung at phone 1 and +46701234567 through trunk carrier" in said(ToAgent("anna"))
    assert "+46701234567 through trunk carrier rings" in said(ToNumber("+46701234567"))
    assert 'hears "closed"' in said(ToSay("closed"))
    assert "busy" in said(ToBusy())


def test_a_queue_is_told_from_arrival_to_overflow() -> None:
    queue = QueuePlan("q", "Q", ("anna",), welcome="hello", music="m", ring_s=15, wrap_up_s=5, max_wait_s=60,
                      max_waiting=3, overflow_to=ToSay("sorry"), record="always", no_answer="log-out")  # fmt: skip
    text = said(ToQueue("q"), queue)
    for part in (
        '"hello" once and then "m"',
        "for 15 s",
        "logged out",
        "for 5 s after",
        "recorded",
        "After 60 s",
        "3 callers",
    ):
        assert part in text
    assert text.count('"sorry"') == 2


def test_a_bare_queue_promises_nothing() -> None:
    text = said(ToQueue("q"), QueuePlan("q", "Q", ()))
    assert "hearing nothing" in text
    assert "no agents" in text
    assert "recorded" not in text


def test_the_summary_counts() -> None:
    assert summary(office(ToBusy())) == 'office "n", version v: 1 number, 0 queues, 1 agent, 0 phones, 1 trunk'


def test_a_queue_that_tells_places_says_how_often_and_one_that_does_not_says_nothing() -> None:
    told = said(ToQueue("q"), QueuePlan("q", "Q", ("anna",), announce_position_every_s=30))
    assert "told the place in the queue after the welcome and every 30 s" in told
    assert "place" not in said(ToQueue("q"), QueuePlan("q", "Q", ("anna",)))
