"""Which of several places to try next, and which to leave alone for a while (RFC 3263 §4.3).

A request that got no answer in time, could not be sent, or was answered with 503 may be sent to the next place, as a
new transaction; any other answer is an answer, and that is the end of it. What was learnt is kept beyond the one
request, in `HopHealth`, so that the next caller does not wait 32 seconds for the same dead machine:

- A place that did not answer comes last for a while, longer each time (the others are tried first, but where nothing
  else is left even it is tried: it may be back).
- A place that said 503 is not tried at all before its Retry-After is over (RFC 3261 §21.5.4), and for a short time
  where it named none; a server that asks to be spared is asked by nobody.

One answer of any other kind, and a place is as good as new.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from sip_stack.message import Response
from sip_stack.resolution import NextHop
from sip_stack.standing import BackOff, retry_after_s

HOPS_REMEMBERED_MAX: Final = 1000
DEAD_S_FIRST: Final = 30.0
DEAD_S_MAX: Final = 300.0
SPARED_S: Final = 5.0
"""How long a 503 without Retry-After counts."""
DEAD: Final = BackOff(DEAD_S_FIRST, DEAD_S_MAX)


@dataclass(frozen=True, slots=True)
class _Trouble:
    """`dead_until`: did not answer; `spared_until`: asked to be left alone; `failures`: in a row."""

    dead_until: float
    spared_until: float
    failures: int


class HopHealth:
    """What is known against places; of more than HOPS_REMEMBERED_MAX the oldest news is forgotten."""

    def __init__(self) -> None:
        self._troubles: OrderedDict[NextHop, _Trouble] = OrderedDict()

    def __len__(self) -> int:
        return len(self._troubles)

    def failed(self, hop: NextHop, response: Response | None, now: float) -> None:
        """It said 503, or, without a response, nothing at all."""
        old = self._troubles.get(hop, _Trouble(now, now, 0))
        if response is None:
            failures = old.failures + 1
            trouble = replace(old, dead_until=now + DEAD.whole_s(failures), failures=failures)
        else:
            asked_s = retry_after_s(response)
            spared_s = SPARED_S if asked_s is None else float(asked_s)
            trouble = replace(old, dead_until=now, spared_until=now + spared_s, failures=0)
        self._troubles[hop] = trouble
        self._troubles.move_to_end(hop)
        while len(self._troubles) > HOPS_REMEMBERED_MAX:
            self._troubles.popitem(last=False)

    def answered(self, hop: NextHop) -> None:
        """It is there."""
        self._troubles.pop(hop, None)

    def is_spared(self, hop: NextHop, now: float) -> bool:
        """Whether it has asked to be left alone until later."""
        trouble = self._troubles.get(hop)
        return trouble is not None and now < trouble.spared_until

    def is_dead(self, hop: NextHop, now: float) -> bool:
        """Whether it lately did not answer."""
        trouble = self._troubles.get(hop)
        return trouble is not None and now < trouble.dead_until

    def in_order(self, hops: Iterable[NextHop], now: float) -> tuple[NextHop, ...]:
        """The places to try: those nothing is known against in their order, then the dead; the spared not at all."""
        left = [hop for hop in hops if not self.is_spared(hop, now)]
        return tuple(sorted(left, key=lambda hop: self.is_dead(hop, now)))


class Failover:
    """One request's way through the places of its URI."""

    def __init__(self, hops: Iterable[NextHop], health: HopHealth, now: float) -> None:
        self._health = health
        self._left = list(health.in_order(hops, now))
        self.current: NextHop | None = None

    def take_next(self, now: float) -> NextHop | None:
        """The place to send to now; None when none is left. One that asked to be spared meanwhile is passed over."""
        while self._left:
            hop = self._left.pop(0)
            if not self._health.is_spared(hop, now):
                self.current = hop
                return hop
        self.current = None
        return None

    def take_answer(self, response: Response | None, now: float) -> bool:
        """The final answer of the `current` place, None where none came; whether the next place may be tried."""
        if self.current is None:
            return False
        if response is not None and response.status != 503:
            self._health.answered(self.current)
            return False
        self._health.failed(self.current, response, now)
        return bool(self._left)
