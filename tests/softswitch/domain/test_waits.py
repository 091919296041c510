"""Waits against deadlines: what is due after n seconds is due at the instant that was set for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.domain import events
from softswitch.domain.conditions import Situation, condition
from softswitch.domain.office import Member, OverflowStep, ToBusy
from softswitch.domain.overflow import due, next_at_s
from softswitch.domain.waits import periods, waited_s
from tests.softswitch.domain.small_office import Stage, office_with

CLOCK = st.floats(0, 1e7)
SECONDS = st.integers(1, 86_400_000).map(lambda ms: ms / 1000)
LOST_A_BIT = 11.4
"""A moment from which to wait: as floats, (11.4 + 5) − 11.4 is less than 5, and (11.4 + 10) − 11.4 less than 10."""


@given(CLOCK, SECONDS)
def test_a_wait_that_was_set_is_over_at_its_deadline(since_at: float, seconds: float) -> None:
    assert waited_s(since_at, since_at + seconds) == seconds


@given(CLOCK, SECONDS.filter(lambda every_s: every_s >= 1), st.integers(1, 1000))
def test_periods_are_whole_at_their_deadlines_and_not_before(since_at: float, every_s: float, number: int) -> None:
    deadline = since_at + number * every_s
    assert periods(waited_s(since_at, deadline), every_s) == number
    assert periods(waited_s(since_at, deadline - 0.01), every_s) == number - 1


@given(CLOCK, SECONDS)
def test_a_step_is_due_at_its_deadline_or_is_looked_at_later(since_at: float, after_s: float) -> None:
    for when in (None, condition("no_agents")):
        step = OverflowStep(ToBusy(), after_s=after_s, when=when)
        wait_s = waited_s(since_at, since_at + after_s)
        situation = Situation(1, wait_s, None, has_agents=True)
        again_s = next_at_s([step], wait_s)
        assert due([step], situation) is step or (again_s is not None and again_s >= wait_s + 1)


def test_the_switch_does_not_stop_at_a_deadline_that_lost_its_last_bit() -> None:
    """It asked again at the same instant, for ever."""
    assert (LOST_A_BIT + 5) - LOST_A_BIT < 5
    assert (LOST_A_BIT + 10) - LOST_A_BIT < 10
    stage = Stage(office_with(next_tier_after_s=5, members=(Member("anna", tier=2), Member("bo", tier=3))))
    stage.wait(LOST_A_BIT)
    stage.ring_in()
    stage.wait(5)
    assert stage.one(events.CallPresented).agent == "anna"
    stage = Stage(office_with(overflow=(OverflowStep(ToBusy(), after_s=10),)), registered=())
    stage.choose("bo", "paused")
    stage.wait(LOST_A_BIT)
    stage.ring_in()
    stage.wait(10)
    assert stage.one(events.QueueLeft).wait_s == pytest.approx(10)
