"""Talks and wrap-ups between their events."""

from __future__ import annotations

import pytest

from softswitch.domain import events
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event
from softswitch.domain.figures.talks import Talk, Talks, WrapUp, WrapUps


def connected(at: float, leg: str, agent: str | None = "anna", call: str = "c", queue: str | None = "q") -> Event:
    return events.CallConnected(at, call, leg, "phone:101", agent, queue, 1.0)


def ended(at: float, call: str = "c", cause: Cause = Cause.HUNG_UP) -> Event:
    return events.CallEnded(at, call, "answered", "caller", cause)


def talks_of(*journal: Event) -> list[Talk]:
    fold = Talks()
    return [talk for event in journal for talk in fold.apply(event)]


def wrap_ups_of(*journal: Event) -> list[WrapUp]:
    fold = WrapUps()
    return [ended for event in journal if (ended := fold.apply(event)) is not None]


def test_a_talk_lasts_until_its_leg_is_parted_or_the_call_ends() -> None:
    talks = talks_of(
        connected(10, "l1"), events.CallParted(70, "c", "l1", "anna"), connected(80, "l2", "bo"), ended(90)
    )
    assert [(talk.agent, talk.began_at, talk.ended_at, talk.is_lost) for talk in talks] == [
        ("anna", 10, 70, False), ("bo", 80, 90, False)
    ]  # fmt: skip


def test_parting_one_of_a_conference_leaves_the_others() -> None:
    fold = Talks()
    for event in (connected(0, "l1"), connected(5, "l2", "bo"), connected(6, "l3", None)):
        assert not fold.apply(event)
    (talk,) = fold.apply(events.CallParted(9, "c", "l2", "bo"))
    assert (talk.agent, talk.talk_s) == ("bo", 4)
    assert [event.leg for event in fold.open()] == ["l1", "l3"]
    assert [talk.leg for talk in fold.apply(ended(10))] == ["l1", "l3"]
    assert fold.open() == []


def test_a_lost_leg_is_told_apart() -> None:
    lost = events.AgentLost(3, "c", "anna", "q", Cause.NOT_CONFIRMED)
    (talk,) = talks_of(connected(0, "l1"), lost, ended(9))
    assert (talk.is_lost, talk.talk_s) == (True, 3)


def test_after_a_crash_a_talk_ends_at_the_last_thing_that_was_written() -> None:
    talks = talks_of(
        connected(0, "l1"), connected(10, "m1", "bo", "d"), events.AgentMissed(60, "eva", "e", "q", 1),
        events.SwitchStarted(3660, "node", "v"),
        events.QueueLeft(3660, "e", "q", "failed", Cause.CRASH, 3600.0), ended(3660, "c", Cause.CRASH),
        ended(3660, "d", Cause.CRASH),
    )  # fmt: skip
    assert [(talk.call, talk.talk_s) for talk in talks] == [("c", 60), ("d", 50)]


def test_a_clock_that_was_set_back_makes_no_negative_talk() -> None:
    (talk,) = talks_of(connected(100, "l1"), ended(40))
    assert talk.talk_s == 0


@pytest.mark.parametrize("stranger", [ended(5), events.CallParted(5, "c", "l9"), ended(5, cause=Cause.CRASH)])
def test_what_was_never_connected_has_no_talk(stranger: Event) -> None:
    assert talks_of(stranger) == []


def test_a_wrap_up_that_is_made_longer_is_one() -> None:
    assert wrap_ups_of(
        events.WrapUpStarted(10, "anna", "c", 20), events.WrapUpStarted(15, "anna", "c", 50),
        events.WrapUpEnded(50, "anna"),
    ) == [WrapUp("anna", "c", 10, 50)]  # fmt: skip


def test_a_wrap_up_is_over_at_its_deadline_whenever_that_is_told() -> None:
    late = events.WrapUpEnded(4000, "anna")
    assert wrap_ups_of(events.WrapUpStarted(10, "anna", "c", 20), late) == [WrapUp("anna", "c", 10, 20)]
    early = events.WrapUpEnded(12, "anna")
    assert wrap_ups_of(events.WrapUpStarted(10, "anna", "c", 20), early) == [WrapUp("anna", "c", 10, 12)]


def test_a_snapshot_in_the_middle_of_a_wrap_up_changes_nothing() -> None:
    """It tells when she was idle last, which is before, and that the wrap-up runs, as if it began now."""
    assert wrap_ups_of(
        events.WrapUpStarted(10, "anna", "c", 70), events.WrapUpEnded(3, "anna"),
        events.WrapUpStarted(40, "anna", "c", 70), events.WrapUpEnded(70, "anna"),
    ) == [WrapUp("anna", "c", 10, 70)]  # fmt: skip


def test_the_next_calls_wrap_up_ends_the_one_before() -> None:
    assert wrap_ups_of(
        events.WrapUpStarted(10, "anna", "c", 70), events.WrapUpStarted(40, "anna", "d", 80),
        events.WrapUpEnded(80, "anna"),
    ) == [WrapUp("anna", "c", 10, 40), WrapUp("anna", "d", 40, 80)]  # fmt: skip
