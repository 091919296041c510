import random

from softswitch.domain.deadlines import STALE_ENTRIES_MAX, Deadlines


def test_deadlines_fall_due_in_order_and_equal_ones_as_they_were_set() -> None:
    deadlines = Deadlines()
    deadlines.set("b", "x", 2.0)
    deadlines.set("a", "y", 1.0)
    deadlines.set("a", "x", 2.0)
    assert deadlines.next_at() == 1.0
    assert deadlines.pop_due(0.9) is None
    assert [deadlines.pop_due(2.0) for _ in range(4)] == [("a", "y"), ("b", "x"), ("a", "x"), None]
    assert deadlines.next_at() is None


def test_setting_again_moves_and_dropping_takes_back() -> None:
    deadlines = Deadlines()
    deadlines.set("a", "x", 1.0)
    deadlines.set("a", "x", 5.0)
    deadlines.set("a", "y", 3.0)
    deadlines.drop("a", "y")
    deadlines.drop("a", "never set")
    assert deadlines.pop_due(4.0) is None
    assert (deadlines.next_at(), len(deadlines)) == (5.0, 1)
    assert ("a", "x") in deadlines


def test_all_that_is_set_for_one_key_is_taken_back_at_once() -> None:
    deadlines = Deadlines()
    for kind, key in (("a", "x"), ("b", "x"), ("a", "y")):
        deadlines.set(kind, key, 1.0)
    deadlines.drop_all("x")
    deadlines.drop_all("never set")
    assert len(deadlines) == 1
    assert [deadlines.pop_due(1.0) for _ in range(2)] == [("a", "y"), None]


def test_it_agrees_with_a_plain_dictionary_and_does_not_grow_with_what_was_moved() -> None:
    dice = random.Random(1)
    deadlines, model = Deadlines(), dict[tuple[str, str], float]()
    for _ in range(5000):
        name = ("k", str(dice.randrange(20)))
        if dice.random() < 0.8:
            model[name] = dice.random()
            deadlines.set(*name, model[name])
        else:
            model.pop(name, None)
            deadlines.drop(*name)
        assert deadlines.next_at() == min(model.values(), default=None)
    assert len(deadlines._heap) <= 2 * 20 + STALE_ENTRIES_MAX + 1
    due = [deadlines.pop_due(1.0) for _ in range(len(model))]
    assert due == sorted(model, key=model.__getitem__)
