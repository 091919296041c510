from __future__ import annotations

import pytest

from softswitch.domain.skills import has, relaxed, together


def test_the_higher_level_counts_where_queue_and_caller_both_ask() -> None:
    assert together({"swedish": 5, "tax": 1}, {"swedish": 3, "law": 2}) == {"swedish": 5, "tax": 1, "law": 2}
    assert together({"swedish": 1}, {"swedish": 3}) == {"swedish": 3}


@pytest.mark.parametrize(
    ("waited_s", "left"),
    [(0, {"swedish": 2, "tax": 1}), (19.9, {"swedish": 2, "tax": 1}), (20, {"swedish": 1}), (40, {}), (400, {})],
)
def test_each_level_falls_by_one_and_is_not_asked_for_at_zero(waited_s: float, left: dict[str, int]) -> None:
    assert relaxed({"swedish": 2, "tax": 1}, waited_s, 20) == left


def test_a_demand_that_does_not_relax_stays() -> None:
    assert relaxed({"swedish": 2}, 1e6, None) == {"swedish": 2}


def test_a_skill_suffices_at_its_level_and_every_one_is_needed() -> None:
    assert has({"swedish": 5}, {"swedish": 5})
    assert not has({"swedish": 4}, {"swedish": 5})
    assert not has({"swedish": 9}, {"swedish": 5, "tax": 1})
    assert has({}, {})
