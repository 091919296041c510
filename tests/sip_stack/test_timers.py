"""RFC 3261's table 4 in numbers, and deadlines against a plain dictionary."""

from hypothesis import given
from hypothesis import strategies as st

from sip_stack.timers import Deadlines, TimerSettings


def test_the_default_values_are_those_of_table_4() -> None:
    timers = TimerSettings()
    assert (timers.t1_s, timers.t2_s, timers.t4_s, timers.timer_d_s) == (0.5, 4.0, 5.0, 32.0)
    assert timers.transaction_s == 32.0
    assert TimerSettings(t1_s=0.1).transaction_s == 6.4


def test_the_earliest_comes_first_and_nothing_before_its_time() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("late", 2.0)
    deadlines.set("early", 1.0)
    assert deadlines.next_deadline() == 1.0
    assert deadlines.pop_due(0.9) is None
    assert deadlines.pop_due(1.0) == "early"
    assert deadlines.pop_due(1.0) is None
    assert deadlines.next_deadline() == 2.0
    assert len(deadlines) == 1


def test_equal_times_come_in_the_order_in_which_they_were_set() -> None:
    deadlines: Deadlines[str] = Deadlines()
    for key in "cab":
        deadlines.set(key, 1.0)
    assert [deadlines.pop_due(1.0) for _ in range(4)] == ["c", "a", "b", None]


def test_setting_again_moves_in_both_directions() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("x", 1.0)
    deadlines.set("x", 3.0)
    assert deadlines.pop_due(2.0) is None
    deadlines.set("x", 1.5)
    assert deadlines.pop_due(2.0) == "x"
    assert deadlines.pop_due(9.0) is None


def test_a_cancelled_deadline_never_comes_and_cancelling_nothing_is_no_fault() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.cancel("x")
    deadlines.set("x", 1.0)
    deadlines.cancel("x")
    assert deadlines.next_deadline() is None
    assert deadlines.pop_due(2.0) is None
    assert len(deadlines) == 0


_COMMANDS = st.lists(
    st.tuples(st.sampled_from(["set", "cancel", "pop"]), st.integers(0, 5), st.integers(0, 20)), max_size=60
)


@given(_COMMANDS)
def test_deadlines_are_a_dictionary_that_is_asked_for_its_least_value(commands: list[tuple[str, int, int]]) -> None:
    deadlines: Deadlines[int] = Deadlines()
    model: dict[int, float] = {}
    for command, key, at in commands:
        if command == "set":
            deadlines.set(key, float(at))
            model[key] = float(at)
        elif command == "cancel":
            deadlines.cancel(key)
            model.pop(key, None)
        else:
            popped = deadlines.pop_due(float(at))
            if popped is None:
                assert all(due > at for due in model.values())
            else:
                assert model[popped] == min(model.values())
                assert model.pop(popped) <= at
        assert deadlines.next_deadline() == min(model.values(), default=None)
        assert len(deadlines) == len(model)
