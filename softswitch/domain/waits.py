"""How long somebody has waited, as far as rules go by it.

A deadline is set at `since + n`; when the clock shows exactly that, `now − since` may come out a last bit short of `n`,
because both were rounded. A rule that compared it with `n` would not hold yet, would be asked again at the same
instant, and so for ever. So waits are taken to the microsecond, and so are the periods that fit into them.
"""

from __future__ import annotations

from typing import Final

_DECIMALS: Final = 6
_A_BIT_S: Final = 1e-6


def waited_s(since_at: float, now: float) -> float:
    """Seconds, to the microsecond."""
    return round(now - since_at, _DECIMALS)


def periods(wait_s: float, every_s: float) -> int:
    """How many whole periods of `every_s` are over."""
    return int((wait_s + _A_BIT_S) / every_s)
