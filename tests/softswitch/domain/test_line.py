from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from softswitch.domain.line import PASSED_OVER_S_MAX, Line
from softswitch.domain.office import PREFERENCE_S_MAX, PRIORITY_S_MAX, WEIGHT_S_MAX, QueuePlan, ServiceGoal

STEPS = st.lists(st.tuples(st.sampled_from(["put", "take"]), st.integers(0, 8), st.integers(0, 5)), max_size=60)


@given(STEPS)
def test_it_is_a_list_that_is_always_sorted(steps: list[tuple[str, int, int]]) -> None:
    line, plain = Line(), {}
    for order, (step, number, due_at) in enumerate(steps):
        call = f"c{number}"
        if step == "put":
            line.put(call, (float(due_at), order))
            plain[call] = (float(due_at), order)
        elif call in plain:
            line.take(call)
            del plain[call]
        expected = sorted(plain, key=plain.__getitem__)
        assert list(line) == expected
        assert len(line) == len(expected)
        assert [line.position(name) for name in expected] == list(range(1, len(expected) + 1))


@given(st.floats(0, PRIORITY_S_MAX), st.floats(0, WEIGHT_S_MAX), st.floats(1, 600), st.floats(1, 600))
def test_nobody_is_passed_over_by_who_entered_later_than_the_bound(
    priority_s: float, weight_s: float, own_target_s: float, other_target_s: float
) -> None:
    """The worst case: he has nothing for him, the other has everything, and the agent prefers the other."""
    own = QueuePlan("own", "Own", (), service_level=ServiceGoal(0.8, own_target_s))
    other = QueuePlan("other", "Other", (), weight_s=weight_s, service_level=ServiceGoal(0.8, other_target_s))
    later_s = PASSED_OVER_S_MAX + own_target_s
    assert other.due_at(later_s, priority_s) - PREFERENCE_S_MAX >= own.due_at(0.0, 0.0)
