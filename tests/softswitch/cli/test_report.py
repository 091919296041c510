"""Tests of softswitch.cli.report: what is said is what the office holds."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.cli.report import summary, what_callers_meet
from softswitch.domain.conditions import condition
from softswitch.domain.hours import CLOSED, Hours
from softswitch.domain.office import (
    AgentPlan,
    CallbackPlan,
    Destination,
    Device,
    MailboxPlan,
    Member,
    Message,
    Office,
    OverflowStep,
    QueuePlan,
    Strategy,
    Terms,
    ToAgent,
    ToAgentLine,
    ToBusy,
    ToCallback,
    ToMessages,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
    ToVoicemail,
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
    assert "number and PIN" in said(ToAgentLine())
    assert "mailbox" in said(ToMessages())


def test_a_queue_is_told_from_arrival_to_overflow() -> None:
    queue = QueuePlan("q", "Q", ("anna",), welcome="hello", music="m", ring_s=15, wrap_up_s=5, max_wait_s=60,
                      max_waiting=3, overflow_to=ToSay("sorry"), record="always", no_answer="log-out")  # fmt: skip
    text = said(ToQueue("q"), queue)
    for part in (
        '"hello" once and then "m"',
        "for 15 s",
        "logged out",
        "left alone for 5 s",
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


QUEUE = QueuePlan("q", "Q", ("anna",))


def test_a_mailbox_is_told_with_its_greeting_and_limit() -> None:
    plan = replace(office(ToVoicemail("box")), mailboxes={"box": MailboxPlan("box", "Box", message_s_max=90)})
    told = " ".join(what_callers_meet(plan, "+4681"))
    for part in ('"voicemail-greeting"', "up to 90 s", "mailbox box"):
        assert part in told


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ("longest-idle", "free longest"),
        ("ring-all", "All who are free"),
        ("round-robin", "longest ago"),
        ("fewest-calls", "fewest calls today"),
        ("least-talk", "talked least today"),
        ("top-down", "The first of them"),
        ("random", "drawn by lot for"),
        ("weighted", "with the shares"),
    ],
)
def test_each_strategy_is_told_in_words(strategy: Strategy, words: str) -> None:
    assert words in said(ToQueue("q"), replace(QUEUE, strategy=strategy))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"hours": Hours("office", "UTC", (CLOSED,) * 7, {}), "closed_to": ToSay("closed")},
         'Outside hours office, the caller hears "closed", and the call ends.'),
        ({"join_needs": "logged-in"}, "Where none of the agents is logged in, the caller is refused as busy."),
        ({"stay_needs": "ready"}, "As soon as none of the agents is ready, the caller is refused as busy."),
        ({"announce_position_every_s": 30, "announce_wait": True},
         "The caller is told the place in the queue and the wait to expect after the welcome and every 30 s."),
        ({"messages": (Message("a", 40), Message("b", 60))}, '"a" after 40 s and "b" after 60 s.'),
        ({"weight_s": 60}, "The caller counts as one who has waited 60 s longer."),
        ({"skills": {"swedish": 5, "it": 2}, "skills_relax_every_s": 30},
         "Only agents are rung who have swedish 5 and it 2 or more; every 30 s of waiting, one level less is asked"),
        ({"misses": 3, "no_answer": "log-out"}, "Who does not answer 3 times in a row is logged out"),
        ({"codes": ("sale", "other"), "code_within_s": 45}, "has 45 s for it: sale and other."),
        ({"keys": {"1": ToCallback(), "9": ToVoicemail("box")}}, "By key 9, the caller can leave a message in mailbox"),
        ({"callback": CallbackPlan(("+46", "+47"))},
         "rung up to 3 times, 300 s apart, when an agent is there, at a number that begins with +46 or +47."),
        ({"overflow": (OverflowStep(ToBusy(), 0, condition("no_agents")),)},
         "On arrival or later, where none of the agents is ready, the caller is refused as busy."),
        ({"overflow": (OverflowStep(ToSay("s"), 60, condition("waiting > 10 | wait >= 90")),)},
         'After 60 s of waiting, where the place in line is above 10 or the wait is at least 90 s, the caller'),
        ({"overflow": (OverflowStep(ToBusy(), 60, condition("service_level < 0.7 | no_agents")),)},
         "where the service level of today is below 0.7 or none of the agents is ready, the caller is refused"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_what_a_queue_does_is_told(changes: dict[str, object], sentence: str) -> None:
    assert sentence in said(ToQueue("q"), replace(QUEUE, **changes))  # type: ignore[arg-type]  # replace checks names


def test_a_number_tells_what_its_callers_bring() -> None:
    plan = replace(office(ToQueue("q"), replace(QUEUE, weight_s=10)), terms={"+4681": Terms(50, {"it": 4})})
    told = "\n".join(what_callers_meet(plan, "+4681"))
    assert "waited 60 s longer" in told
    assert "have it 4 or more." in told


@pytest.mark.parametrize(
    ("after_s", "when"),
    [(30, "After 30 s of waiting, also: Bo at"), (None, "Only when none of these is free, also: Bo")],
)
def test_tiers_are_told_in_order(after_s: float | None, when: str) -> None:
    queue = QueuePlan(
        "q", "Q", ("bo", "anna"), members=(Member("bo", tier=2), Member("anna")), next_tier_after_s=after_s
    )
    bo = AgentPlan("bo", "Bo", (Device(ToPhone("2")),))
    plan = office(ToQueue("q"), queue)
    told = "\n".join(what_callers_meet(replace(plan, agents={**plan.agents, "bo": bo}), "+4681"))
    assert "is rung for 20 s: Anna at phone 1 and +46701234567" in told
    assert when in told


def test_telephones_are_told_in_the_order_in_which_they_ring() -> None:
    mobile = Device(ToNumber("+46701234567"), confirm=True, after_s=5)
    late = Device(ToPhone("1"), after_s=15)
    plan = office(ToQueue("q"), QUEUE)
    anna = AgentPlan("anna", "Anna", (late, mobile), rings_one_at_a_time=True)
    told = "\n".join(what_callers_meet(replace(plan, agents={"anna": anna}), "+4681"))
    assert "+46701234567 through trunk carrier (where a key is asked for) and phone 1 10 s later instead" in told


def test_steps_are_told_as_they_come() -> None:
    steps = (OverflowStep(ToSay("late"), 90), OverflowStep(ToSay("soon"), 30, condition("no_agents")))
    told = said(ToQueue("q"), replace(QUEUE, overflow=steps))
    assert told.index('"soon"') < told.index('"late"')
