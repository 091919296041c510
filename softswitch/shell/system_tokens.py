"""The randomness of SIP tags, branches and Call-IDs, from the operating system.

Asking it costs a system call, and a call takes some dozen tokens; so it is asked for many at a time, and none is ever
given out twice.
"""

from __future__ import annotations

import os
from typing import Final

TOKEN_BYTES: Final = 8
TOKENS_AT_A_TIME: Final = 128


class SystemTokens:
    """Unguessable texts from the operating system."""

    def __init__(self) -> None:
        self._left: list[str] = []

    def token(self) -> str:
        if not self._left:
            digits = os.urandom(TOKEN_BYTES * TOKENS_AT_A_TIME).hex()
            self._left = [digits[at : at + 2 * TOKEN_BYTES] for at in range(0, len(digits), 2 * TOKEN_BYTES)]
        return self._left.pop()
