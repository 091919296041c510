"""Queue visits: what counts where. That it all adds up is held by test_figures_reconcile."""

from __future__ import annotations

from softswitch.domain import events
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event, VisitOutcome
from softswitch.domain.figures.formulas import VisitCounts
from softswitch.domain.figures.spans import QUARTER_HOUR_S, quarter_hours
from softswitch.domain.figures.visits import Visits, fold

Q = QUARTER_HOUR_S


def visits_of(*journal: Event) -> Visits:
    return fold(journal, quarter_hours, {"support": 20.0})


def queued(call: str, at: float, queue: str = "support", by: str = "arrival") -> Event:
    return events.CallQueued(at, call, queue, 1, by=by)


def left(call: str, at: float, outcome: VisitOutcome, wait_s: float, queue: str = "support") -> Event:
    return events.QueueLeft(at, call, queue, outcome, Cause.MAX_WAIT, wait_s)


def connected(call: str, at: float, wait_s: float, agent: str = "anna", queue: str | None = "support") -> Event:
    return events.CallConnected(at, call, f"{call}-{agent}", "phone:101", agent, queue, wait_s)


def ended(call: str, at: float) -> Event:
    return events.CallEnded(at, call, "answered", "caller", Cause.HUNG_UP)


def test_who_waits_over_the_border_is_carried_over_it() -> None:
    visits = visits_of(queued("a", 890), queued("b", 910), connected("a", 920, 30), ended("a", 950))
    first, second = visits.counts("support", 0, "arrival"), visits.counts("support", Q, "arrival")
    assert (first, second) == (VisitCounts(offered=1, answered=1), VisitCounts(offered=1))
    assert visits.counts("support", 0, "event") == VisitCounts(offered=1)
    assert visits.counts("support", Q, "event") == VisitCounts(offered=1, answered=1)
    assert [(visits.carried_in("support", at), visits.carried_out("support", at)) for at in (0, Q)] == [(0, 1), (1, 1)]
    assert visits.calls("support", "carried_out", 0, "event") == ("a",)
    assert visits.calls("support", "carried_in", Q, "event") == ("a",)
    assert visits.calls("support", "still_here", Q, "arrival") == ("b",)


def test_an_answer_that_is_taken_back_after_the_border_leaves_the_span_it_was_in() -> None:
    lost = events.AgentLost(902, "a", "anna", "support", Cause.NOT_CONFIRMED)
    visits = visits_of(queued("a", 880), connected("a", 890, 10), lost, connected("a", 930, 50, "bo"), ended("a", 960))
    assert visits.counts("support", 0, "event") == VisitCounts(offered=1)
    assert visits.counts("support", Q, "event") == VisitCounts(answered=1)
    assert visits.counts("support", 0, "arrival") == VisitCounts(offered=1, answered=1)
    times = visits.tally("support", 0, "arrival").times
    assert (times.answered_wait_ms, times.longest_wait_ms, times.talks, times.talk_ms) == (50_000, 50_000, 1, 30_000)


def test_a_transfer_to_a_queue_is_a_visit_there_and_each_queue_has_its_own_talk() -> None:
    visits = visits_of(
        queued("a", 0), connected("a", 10, 10), events.CallTransferred(70, "a", "queue:sales", "anna"),
        events.CallParted(70, "a", "a-anna", "anna"), queued("a", 70, "sales", "transfer"),
        connected("a", 100, 30, "bo", "sales"), ended("a", 400),
    )  # fmt: skip
    assert visits.counts("support", 0, "arrival") == VisitCounts(offered=1, answered=1, within_goal=1)
    assert visits.counts("sales", 0, "arrival") == VisitCounts(offered=1, answered=1)
    assert [visits.tally(queue, 0, "arrival").times.talk_ms for queue in ("support", "sales")] == [60_000, 300_000]


def test_a_transferred_caller_at_a_door_that_stays_shut_was_offered_there() -> None:
    visits = visits_of(
        queued("a", 0), connected("a", 10, 10), events.CallParted(70, "a", "a-anna", "anna"),
        left("a", 70, "overflowed", 0.0, "sales"), ended("a", 70),
    )  # fmt: skip
    assert visits.counts("sales", 0, "arrival") == VisitCounts(offered=1, overflowed=1)
    assert visits.counts("support", 0, "arrival").answered == 1


def test_who_is_consulted_is_no_answer_of_the_queue_and_talks_on_nobodys_account() -> None:
    visits = visits_of(
        queued("a", 0), connected("a", 10, 10), connected("a", 70, 0, "bo", None),
        events.CallParted(70, "a", "a-anna", "anna"), ended("a", 400),
    )  # fmt: skip
    times = visits.tally("support", 0, "event").times
    assert (visits.counts("support", 0, "event").answered, times.talks, times.talk_ms) == (1, 1, 60_000)


def test_a_call_back_is_not_offered_again_and_its_handling_counts() -> None:
    visits = visits_of(
        queued("a", 0), left("a", 20, "to-callback", 20.0), ended("a", 25),
        queued("b", 30, by="callback"), connected("b", 60, 30), ended("b", 120),
        events.WrapUpStarted(120, "anna", "b", 130), events.WrapUpEnded(130, "anna"),
    )  # fmt: skip
    assert visits.counts("support", 0, "arrival") == VisitCounts(offered=1, to_callback=1)
    times = visits.tally("support", 0, "arrival").times
    assert (times.talk_ms, times.wrap_up_ms, times.handling_s) == (60_000, 10_000, 70.0)
    assert visits.calls("support", "talked", 0, "arrival") == ("b",)
    assert visits.still_here("support") == 0


def test_a_call_back_that_is_given_on_is_offered_in_the_next_queue() -> None:
    visits = visits_of(
        queued("b", 30, by="callback"), connected("b", 60, 30), events.CallParted(70, "b", "b-anna", "anna"),
        queued("b", 70, "sales", "transfer"), left("b", 90, "abandoned", 20.0, "sales"), ended("b", 90),
    )  # fmt: skip
    assert visits.counts("sales", 0, "arrival") == VisitCounts(offered=1, abandoned=1)


def test_wrap_up_belongs_to_the_call_that_it_follows() -> None:
    visits = visits_of(
        queued("a", 0), queued("b", 0, "sales"), connected("a", 10, 10), ended("a", 20),
        events.WrapUpStarted(20, "anna", "a", 30), connected("b", 25, 25, "anna", "sales"),
        events.WrapUpEnded(30, "anna"), ended("b", 40),
    )  # fmt: skip
    assert [visits.tally(queue, 0, "event").times.wrap_up_ms for queue in ("support", "sales")] == [10_000, 0]


def test_only_so_many_spans_are_kept_and_what_comes_late_for_older_ones_is_let_go() -> None:
    visits = Visits(quarter_hours, {}, spans_kept=2)
    for number in range(4):
        visits.apply(queued(f"c{number}", number * Q))
    visits.apply(left("c0", 3 * Q + 1, "abandoned", 2701.0))
    assert visits.spans("support") == [2 * Q, 3 * Q]
    assert visits.counts("support", 0, "arrival") == VisitCounts()
    assert visits.counts("support", 3 * Q, "event") == VisitCounts(offered=1, abandoned=1)
    assert (visits.carried_in("support", 3 * Q), visits.carried_out("support", 3 * Q)) == (3, 3)
    assert visits.calls("support", "carried_in", 3 * Q, "event") == ("c0", "c1", "c2")


def test_a_second_queue_without_an_end_of_the_first_fails_the_first() -> None:
    visits = visits_of(queued("a", 0), queued("a", 5, "sales"))
    assert visits.counts("support", 0, "arrival") == VisitCounts(offered=1, failed=1)
    assert (visits.still_here("support"), visits.still_here("sales")) == (0, 1)
