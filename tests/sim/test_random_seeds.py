"""Random days on the production switch: whatever happens, the invariants hold, and a seed replays byte for byte."""

from __future__ import annotations

import pytest

from tests.sim.random_office import run

SEEDS = 400


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_random_day_keeps_every_promise(seed: int) -> None:
    try:
        run(seed)
    except Exception as error:
        error.add_note(f"replay it with: tools/simulate --seed {seed} --verbose")
        raise


def test_the_same_seed_gives_the_same_journal() -> None:
    assert run(4).journal.contents == run(4).journal.contents
    assert run(4).journal.contents != run(5).journal.contents
