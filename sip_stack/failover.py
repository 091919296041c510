"""Which of several places to try next, and which to leave alone for a while (RFC 3263 §4.3).

A request that got no answer in time, could not be sent, or was answered with 503 may be sent to the next place, as a
new transaction; any other answer is an answer, and that is the end of it. What was learnt is kept beyond the one
request, so that the next caller does not wait for the same dead machine:

- A place that did not answer comes last for a while, longer each time (the others are tried first, but where nothing
  else is left even it is tried: it may be back).
- A place that said 503 is not tried at all before its Retry-After is over (RFC 3261 §21.5.4): a server that asks to be
  spared is asked by nobody. Where it named no time, it comes last for a short one.

One answer of any other kind, and a place is as good as new.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from sip_stack.flow import Flow
from sip_stack.message import Response
from sip_stack.standing import BackOff, retry_after_s

FLOWS_REMEMBERED_MAX: Final = 1000
DEAD_S_FIRST: Final = 30.0
DEAD_S_MAX: Final = 300.0
SPARED_S: Final = 5.0
"""How long a place comes last after a 503 without Retry-After."""
DEAD: Final = BackOff(DEAD_S_FIRST, DEAD_S_MAX)


@dataclass(frozen=True, slots=True)
class _Trouble:
    """`dead_until`: did not answer; `spared_until`: asked to be left alone; `failures`: in a row."""

    dead_until: float
    spared_until: float
    failures: int


class FlowHealth:
    """What is known against places; of more than FLOWS_REMEMBERED_MAX the oldest news is forgotten."""

    def __init__(self) -> None:
        self._troubles: OrderedDict[Flow, _Trouble] = OrderedDict()

    def __len__(self) -> int:
        return len(self._troubles)

    def failed(self, flow: Flow, response: Response | None, now: float) -> None:
        """It said 503, or, without a response, nothing at all."""
        old = self._troubles.get(flow, _Trouble(now, now, 0))
        if response is None:
            failures = old.failures + 1
            trouble = replace(old, dead_until=now + DEAD.whole_s(failures), failures=failures)
        else:
            asked_s = retry_after_s(response)
            dead_s, spared_s = (SPARED_S, 0.0) if asked_s is None else (0.0, float(asked_s))
            trouble = _Trouble(now + dead_s, now + spared_s, 0)
        self._troubles[flow] = trouble
        self._troubles.move_to_end(flow)
        while len(self._troubles) > FLOWS_REMEMBERED_MAX:
            self._troubles.popitem(last=False)

    def answered(self, flow: Flow) -> None:
        """It is there."""
        self._troubles.pop(flow, None)

    def is_spared(self, flow: Flow, now: float) -> bool:
        """Whether it has asked to be left alone until later."""
        trouble = self._troubles.get(flow)
        return trouble is not None and now < trouble.spared_until

    def is_dead(self, flow: Flow, now: float) -> bool:
        """Whether it lately did not answer."""
        trouble = self._troubles.get(flow)
        return trouble is not None and now < trouble.dead_until

    def in_order(self, flows: Iterable[Flow], now: float) -> tuple[Flow, ...]:
        """The places to try: those nothing is known against in their order, then the dead; the spared not at all."""
        left = [flow for flow in flows if not self.is_spared(flow, now)]
        return tuple(sorted(left, key=lambda flow: self.is_dead(flow, now)))
