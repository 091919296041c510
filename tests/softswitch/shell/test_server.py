"""Names that a start gives."""

from __future__ import annotations

from softswitch.shell.server import ids_of
from softswitch.shell.system_tokens import SystemTokens


def test_ids_are_the_second_of_the_start_in_base_36() -> None:
    assert ids_of(35.9) == "z"
    assert ids_of(36.0) == "10"
    assert int(ids_of(1_800_000_000.5), 36) == 1_800_000_000


def test_tokens_are_long_and_differ() -> None:
    tokens = {SystemTokens().token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {16}
