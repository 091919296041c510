"""The domain alone under random inputs: whatever happens, everything holds; and a seed replays event for event.

`tools/simulate --domain` plays them by the million.
"""

from __future__ import annotations

from typing import get_args

import pytest

from softswitch.domain import events, inputs
from softswitch.domain.causes import Outcome
from softswitch.domain.distributor import RULES
from softswitch.domain.office import Strategy
from tests.sim.domain_run import run
from tests.sim.domain_walk import TEMPERS, Walk

SEEDS = 200
INPUTS = 300
COVERED_BY = 75


@pytest.mark.parametrize("seed", range(SEEDS))
def test_everything_holds_whatever_happens_to_the_domain(seed: int) -> None:
    try:
        run(seed, INPUTS)
    except Exception as error:
        error.add_note(f"replay it with: tools/simulate --domain --seed {seed} --inputs {INPUTS} --verbose")
        raise


def test_the_walks_come_everywhere() -> None:
    """What never happens in them they cannot find a fault in."""
    walks = []
    for seed in range(COVERED_BY):
        walk = Walk(seed)
        while walk.inputs < 1000:
            walk.step()
        walks.append(walk)
    told = [event for walk in walks for event in walk.journal]
    assert {event.outcome for event in told if isinstance(event, events.CallEnded)} == set(get_args(Outcome))
    shown = {event.outcome for event in told if isinstance(event, events.PresentationEnded)}
    assert shown == set(get_args(events.PresentationOutcome))
    left = {event.outcome for event in told if isinstance(event, events.QueueLeft)}
    assert left == set(get_args(events.VisitOutcome))
    assert {event.strategy for event in told if isinstance(event, events.CallPresented)} == set(get_args(Strategy))
    rules = {rule.rule for event in told if isinstance(event, events.CallPresented) for rule in event.exclusions}
    assert rules >= set(RULES) - {"rung-already"}
    assert {type(event) for event in told} == set(get_args(events.Event))
    assert {walk.temper for walk in walks} == set(TEMPERS)
    kinds = {kind for walk in walks for kind in walk.kinds}
    assert kinds >= {kind.__name__ for kind in get_args(inputs.Input)} - {"DrainStarted"}
    assert sum(walk.starts for walk in walks) > 2 * COVERED_BY


def test_the_same_seed_gives_the_same_journal() -> None:
    def journal(seed: int) -> list[events.Event]:
        walk = Walk(seed)
        while walk.inputs < 300:
            walk.step()
        return walk.journal

    assert journal(7) == journal(7)
    assert journal(7) != journal(8)
