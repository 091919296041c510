"""The randomness of SIP tags, branches and Call-IDs, from the operating system."""

from __future__ import annotations

import secrets


class SystemTokens:
    """Unguessable texts from the operating system."""

    def token(self) -> str:
        return secrets.token_hex(8)
