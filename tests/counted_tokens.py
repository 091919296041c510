"""Tokens for tests: texts that differ, which nobody has to guess."""

from __future__ import annotations

from itertools import count


class CountedTokens:
    """`name` tells whose they are."""

    def __init__(self, name: str = "token") -> None:
        self._name = name
        self._numbers = count(1)

    def token(self) -> str:
        return f"{self._name}{next(self._numbers)}"
