"""Who hears whom in a bridge, to the sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from media.bridge import MEMBERS_MAX, Bridges
from media.rows import NOBODY, TICK_SAMPLES, Rows

LEVELS = (100, 2000, -300, 7, -12_000)


class Room:
    """Rows that each say one level, and what they hear."""

    def __init__(self, levels: tuple[int, ...] = LEVELS) -> None:
        self.rows = Rows(len(levels))
        self.rows.sound_in[:] = np.array(levels, np.int16)[:, None]
        self.bridges = Bridges(self.rows)

    def joined(self, bridge: str, *members: int) -> Room:
        for member in members:
            self.bridges.join(bridge, member)
        return self

    def mixed(self, *due: int) -> NDArray[np.int16]:
        out = np.zeros((self.rows.count, TICK_SAMPLES), np.int16)
        self.bridges.mix(np.array(due or range(self.rows.count), np.int64), out)
        return out

    def heard(self, *due: int) -> list[int]:
        out = self.mixed(*due)
        assert (out == out[:, :1]).all(), "the same throughout, as it was said"
        return [int(level) for level in out[:, 0]]


def test_two_hear_one_another_and_never_themselves() -> None:
    assert Room().joined("b", 0, 1).heard() == [2000, 100, 0, 0, 0]


def test_each_of_many_hears_the_sum_of_the_others() -> None:
    assert Room().joined("b", 0, 1, 2, 3).heard() == [1707, -193, 2107, 1800, 0]


def test_a_sum_that_is_too_loud_stays_at_full_scale() -> None:
    assert Room((30_000, 20_000, 20_000)).joined("b", 0, 1, 2).heard() == [32767, 32767, 32767]
    assert Room((-30_000, -20_000, -20_000)).joined("b", 0, 1, 2).heard() == [-32768, -32768, -32768]


def test_what_is_too_loud_for_one_is_not_for_another() -> None:
    assert Room((32_767, 32_767, -32_768)).joined("b", 0, 1, 2).heard() == [-1, -1, 32767]


def test_bridges_do_not_hear_one_another() -> None:
    assert Room().joined("a", 0, 1).joined("b", 2, 3).heard() == [2000, 100, 7, -300, 0]


def test_one_alone_hears_nothing() -> None:
    assert Room().joined("b", 0).heard() == [0] * 5


def test_only_rows_that_are_due_are_written() -> None:
    assert Room().joined("b", 0, 1).heard(1) == [0, 100, 0, 0, 0]
    assert Room().joined("b", 0, 1, 2).heard(2, 4) == [0, 0, 2100, 0, 0]


def test_who_leaves_is_neither_heard_nor_hears() -> None:
    room = Room().joined("b", 0, 1, 2)
    room.bridges.leave(1)
    assert room.heard() == [-300, 0, 100, 0, 0]
    room.bridges.leave(0)
    assert room.heard() == [0] * 5
    room.bridges.leave(2)
    assert room.bridges.members("b") == []


def test_who_joins_another_bridge_leaves_the_former() -> None:
    room = Room().joined("a", 0, 1, 2).joined("b", 3, 2)
    assert room.heard() == [2000, 100, 7, -300, 0]
    assert (room.bridges.members("a"), room.bridges.members("b")) == ([0, 1], [3, 2])


def test_joining_again_changes_nothing() -> None:
    room = Room().joined("b", 0, 1, 0, 1)
    assert room.bridges.members("b") == [0, 1]
    assert room.heard() == [2000, 100, 0, 0, 0]


def test_leaving_no_bridge_changes_nothing() -> None:
    room = Room().joined("b", 0, 1)
    room.bridges.leave(4)
    assert room.heard() == [2000, 100, 0, 0, 0]


def test_a_full_bridge_takes_nobody_more_and_who_is_refused_stays_where_he_was() -> None:
    room = Room((1,) * (MEMBERS_MAX + 2)).joined("b", *range(MEMBERS_MAX)).joined("a", MEMBERS_MAX, MEMBERS_MAX + 1)
    room.bridges.join("b", MEMBERS_MAX)
    assert len(room.bridges.members("b")) == MEMBERS_MAX
    assert room.heard() == [MEMBERS_MAX - 1] * MEMBERS_MAX + [1, 1]


def test_the_others_are_everybody_but_one() -> None:
    room = Room((30_000, 20_000, 20_000, 5)).joined("b", 0, 1, 2)
    others = room.bridges.others("b", 0)
    assert others is not None
    assert set(others.tolist()) == {32_767}
    everybody = room.bridges.others("b", 3)
    assert everybody is not None
    assert set(everybody.tolist()) == {32_767}
    assert room.bridges.others("nowhere", 0) is None
    assert room.joined("a", 3).bridges.others("a", 3) is None


@pytest.mark.parametrize("members", [2, 3])
def test_mixing_does_not_change_what_was_said(members: int) -> None:
    room = Room().joined("b", *range(members))
    room.mixed()
    assert room.rows.sound_in[:, 0].tolist() == list(LEVELS)


@given(steps=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["a", "b", "c", None])), max_size=40))
def test_after_any_coming_and_going_each_hears_just_the_others_of_his_bridge(
    steps: list[tuple[int, str | None]],
) -> None:
    room, where = Room(), dict[int, str]()
    for row, bridge in steps:
        if bridge is None:
            room.bridges.leave(row)
            where.pop(row, None)
        else:
            room.bridges.join(bridge, row)
            where[row] = bridge
        expected = [
            sum(LEVELS[other] for other in where if other != row and where[other] == where.get(row))
            for row in range(len(LEVELS))
        ]
        assert room.heard() == expected
        assert [room.rows.bridge_of[row] for row in range(len(LEVELS))] == [
            where.get(row) for row in range(len(LEVELS))
        ]
        assert room.rows.is_bridged.tolist() == [row in where for row in range(len(LEVELS))]
    for row in tuple(where):
        room.bridges.leave(row)
    assert room.rows.partner.tolist() == [NOBODY] * len(LEVELS)
