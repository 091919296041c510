"""The office that every scenario plays in, unless it builds its own."""

from __future__ import annotations

import pytest

from tests.sim.world import World


@pytest.fixture
def world() -> World:
    """The contract's office, all phones registered, on a good network."""
    office = World()
    office.register_all()
    return office
