from itertools import product

import pytest

from softswitch.domain.leg import LEG_CHANGES, Leg, LegState

LEG_STATES: tuple[LegState, ...] = ("invited", "dialling", "ringing", "confirming", "answered")
LEGAL = {
    ("invited", "answered"), ("dialling", "ringing"), ("dialling", "answered"), ("ringing", "ringing"),
    ("ringing", "answered"), ("answered", "answered"), ("dialling", "confirming"), ("ringing", "confirming"),
    ("confirming", "answered"),
}  # fmt: skip


def test_the_table_has_every_state() -> None:
    assert set(LEG_CHANGES) == set(LEG_STATES)


@pytest.mark.parametrize(("before", "after"), list(product(LEG_STATES, LEG_STATES)))
def test_a_leg_changes_only_as_its_table_says(before: LegState, after: LegState) -> None:
    leg = Leg("l", "c", before, None)
    is_legal = (before, after) in LEGAL
    assert leg.change(after) == is_legal
    assert leg.state == (after if is_legal else before)


def test_an_answered_leg_never_rings_again() -> None:
    assert not Leg("l", "c", "answered", None).change("ringing")
