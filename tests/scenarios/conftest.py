"""The office that every scenario plays in, unless it builds its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sim.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """The contract's office, all phones registered, on a good network; at the end nothing may be left behind."""
    office = World()
    office.register_all()
    yield office
    office.come_to_rest()
