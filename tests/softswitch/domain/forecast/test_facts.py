"""Tests of softswitch.domain.forecast.facts: what events teach."""

from __future__ import annotations

from collections.abc import Sequence

from softswitch.domain import events
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event
from softswitch.domain.forecast.accuracy import Accuracy
from softswitch.domain.forecast.estimates import Estimate, Forecast
from softswitch.domain.forecast.facts import PROMISES_MAX, Facts

ESTIMATE = Estimate(20.0, 50.0, 90.0, 3)


class Taught(Forecast):
    """A forecast that also writes down what it is taught."""

    def __init__(self) -> None:
        super().__init__()
        self.lessons: list[tuple[object, ...]] = []

    def served(self, queue: str, engaged_s: float, wrap_up_s: float = 0.0) -> None:
        self.lessons.append(("served", queue, engaged_s, wrap_up_s))
        super().served(queue, engaged_s, wrap_up_s)

    def picked_up(self, queue: str, ring_s: float) -> None:
        self.lessons.append(("picked up", queue, ring_s))
        super().picked_up(queue, ring_s)

    def waited(self, queue: str, wait_s: float, *, has_given_up: bool) -> None:
        self.lessons.append(("gave up" if has_given_up else "waited", queue, wait_s))
        super().waited(queue, wait_s, has_given_up=has_given_up)


def facts_of(told: Sequence[Event]) -> tuple[Facts, list[tuple[object, ...]]]:
    forecast = Taught()
    facts = Facts(forecast, Accuracy())
    for event in told:
        facts.apply(event)
    return facts, forecast.lessons


def queued(at: float, call: str, *, queue: str = "support", priority_s: float = 0.0) -> Event:
    return events.CallQueued(at, call, queue, 1, priority_s, due=at + 20.0 - priority_s)


def presented(at: float, call: str, agent: str = "anna", queue: str = "support") -> Event:
    return events.CallPresented(at, call, f"{call}/1", queue, agent, ("leg",), 1, None, (), "v1")


def connected(at: float, call: str, agent: str = "anna", queue: str | None = "support") -> Event:
    return events.CallConnected(at, call, "leg", "phone:101", agent, queue, 0.0 if queue is not None else None)


def ended(at: float, call: str) -> Event:
    return events.CallEnded(at, call, "answered", "caller", Cause.HUNG_UP)


def gave_up(at: float, call: str) -> Event:
    return events.QueueLeft(at, call, "support", "abandoned", Cause.CALLER_GONE, 0.0)


def test_a_cycle_is_from_the_presentation_to_the_end_of_wrap_up() -> None:
    facts, lessons = facts_of(
        [
            queued(0.0, "c"),
            presented(10.0, "c"),
            connected(14.0, "c"),
            ended(114.0, "c"),
            events.WrapUpStarted(114.0, "anna", "c", 144.0),
            events.WrapUpEnded(140.0, "anna"),
        ]
    )
    assert lessons == [
        ("picked up", "support", 4.0),
        ("waited", "support", 14.0),
        ("served", "support", 104.0, 26.0),
    ]
    assert facts.engaged("anna") is None


def test_without_wrap_up_a_cycle_ends_with_the_talk() -> None:
    talk = [queued(0.0, "c"), presented(0.0, "c"), connected(5.0, "c"), ended(65.0, "c")]
    _, lessons = facts_of([*talk, events.QueueStaffed(70.0, "support")])
    assert lessons[-1] == ("served", "support", 65.0, 0.0)
    _, at_once = facts_of([*talk, queued(65.0, "d"), presented(65.0, "d")])
    assert at_once[-1] == ("served", "support", 65.0, 0.0)


def test_an_agent_is_known_to_be_engaged_and_until_when_if_that_is_known() -> None:
    talk = [queued(0.0, "c"), presented(10.0, "c"), connected(14.0, "c")]
    facts, _ = facts_of(talk)
    engaged = facts.engaged("anna")
    assert engaged is not None
    assert (engaged.queue, engaged.began, engaged.wrap_up_until) == ("support", 10.0, None)
    facts.apply(ended(60.0, "c"))
    facts.apply(events.WrapUpStarted(60.0, "anna", "c", 90.0))
    engaged = facts.engaged("anna")
    assert engaged is not None
    assert engaged.wrap_up_until == 90.0


def test_a_presentation_that_comes_to_nothing_teaches_nothing() -> None:
    ended_so = events.PresentationEnded(30.0, "c", "c/1", "support", "anna", "no-answer", Cause.NO_ANSWER)
    facts, lessons = facts_of([queued(0.0, "c"), presented(10.0, "c"), ended_so])
    assert lessons == []
    assert facts.engaged("anna") is None


def test_whoever_parts_is_free_while_the_call_goes_on() -> None:
    _, lessons = facts_of(
        [
            queued(0.0, "c"),
            presented(0.0, "c"),
            connected(5.0, "c"),
            events.CallParted(50.0, "c", "leg", "anna"),
            connected(50.0, "c", "bo", queue=None),
            ended(500.0, "c"),
        ]
    )
    assert [lesson for lesson in lessons if lesson[0] == "served"] == [("served", "support", 50.0, 0.0)]


def test_a_lost_agent_was_not_serving() -> None:
    facts, lessons = facts_of(
        [
            queued(0.0, "c"),
            presented(0.0, "c"),
            connected(5.0, "c"),
            events.AgentLost(6.0, "c", "anna", "support", Cause.NO_ANSWER),
            ended(99.0, "c"),
            queued(100.0, "d"),
        ]
    )
    assert "served" not in [lesson[0] for lesson in lessons]
    assert facts.engaged("anna") is None


def test_giving_up_is_told_from_being_sent_on() -> None:
    _, lessons = facts_of(
        [
            queued(0.0, "c"),
            gave_up(40.0, "c"),
            queued(0.0, "d"),
            events.QueueLeft(60.0, "d", "support", "overflowed", Cause.MAX_WAIT, 60.0),
        ]
    )
    assert lessons == [("gave up", "support", 40.0), ("waited", "support", 60.0)]


def test_a_promise_is_held_to_when_the_caller_was_connected() -> None:
    facts, _ = facts_of([queued(100.0, "c")])
    facts.promised("c", ESTIMATE, 100.0, told_s=(0.0, 60.0))
    facts.promised("c", ESTIMATE, 130.0)
    facts.apply(connected(170.0, "c"))
    rows = {row.kind: row for row in facts.accuracy.rows()}
    assert (rows["entry"].mean_wait_s, rows["entry"].mean_error_s) == (70.0, 20.0)
    assert (rows["later"].mean_wait_s, rows["later"].mean_error_s) == (40.0, 10.0)
    assert (rows["announced"].outcomes, rows["announced"].share_later) == (1, 1.0)
    assert "given-up" not in rows


def test_whoever_gave_up_would_have_had_the_next_ones_turn() -> None:
    facts, _ = facts_of([queued(0.0, "first"), queued(10.0, "second"), queued(20.0, "third")])
    for at, call in ((0.0, "first"), (10.0, "second"), (20.0, "third")):
        facts.promised(call, ESTIMATE, at)
    facts.apply(gave_up(30.0, "second"))
    facts.apply(connected(40.0, "first"))
    assert facts.accuracy.over_all("given-up") is None, "the first stood before him"
    facts.apply(connected(90.0, "third"))
    row = facts.accuracy.over_all("given-up")
    assert row is not None
    assert row.mean_wait_s == 80.0


def test_a_higher_priority_goes_before_one_who_gave_up() -> None:
    facts, _ = facts_of([queued(0.0, "first"), queued(10.0, "dear")])
    facts.apply(events.PriorityChanged(11.0, "dear", 60.0, "command"))
    facts.promised("first", ESTIMATE, 0.0)
    facts.promised("dear", ESTIMATE, 10.0)
    facts.apply(gave_up(30.0, "first"))
    facts.apply(connected(40.0, "dear"))
    assert facts.accuracy.over_all("given-up") is None


def test_promises_are_kept_up_to_a_limit_and_only_of_those_who_wait() -> None:
    facts, _ = facts_of([queued(0.0, "c")])
    facts.promised("stranger", ESTIMATE, 0.0)
    for index in range(PROMISES_MAX + 10):
        facts.promised("c", ESTIMATE, float(index))
    facts.apply(connected(500.0, "c"))
    row = facts.accuracy.over_all("entry", "later")
    assert row is not None
    assert row.outcomes == PROMISES_MAX


def test_a_new_process_knows_of_nothing_that_was_open() -> None:
    facts, lessons = facts_of([queued(0.0, "c"), presented(5.0, "c"), queued(6.0, "d")])
    facts.apply(events.SwitchStarted(100.0, "node", "v1"))
    facts.apply(connected(110.0, "c"))
    facts.apply(gave_up(120.0, "d"))
    assert lessons == []
    assert facts.engaged("anna") is None


def test_estimates_follow_what_was_learnt() -> None:
    number = 40
    told: list[Event] = []
    for index in range(number):
        at, call = 1000.0 * index, f"c{index}"
        told += [queued(at, call), presented(at, call), connected(at + 3.0, call), ended(at + 603.0, call)]
    facts, lessons = facts_of(told)
    served = [lesson for lesson in lessons if lesson[0] == "served"]
    assert served == [("served", "support", 603.0, 0.0)] * (number - 1)
    assert facts.forecast.handling_mean_s("support") > 500.0
