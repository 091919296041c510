"""Tokens are the endpoint's randomness: new each time, and nothing but token characters (RFC 3261 §25.1)."""

import re

from softswitch.shell.system_tokens import SystemTokens


def test_tokens_differ_and_can_stand_in_any_header() -> None:
    tokens = SystemTokens()
    drawn = [tokens.token() for _ in range(1000)]
    assert len(set(drawn)) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9.!%*_+`'~-]{16,}", token) for token in drawn)
