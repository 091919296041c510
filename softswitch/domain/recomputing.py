"""A decision, worked out again from what was written down of it, with nothing else at hand.

`CallPresented` keeps the best candidates with all that any strategy ranks by, and draws come from a hash of call and
agent; so years later the same order comes out, or the record is wrong. What cannot be told from one record alone is
that nobody else was a candidate: that is what its exclusions say, each agent under the rule that kept her out.
"""

from __future__ import annotations

from softswitch.domain.distributor import in_order
from softswitch.domain.events import CallPresented


def order(event: CallPresented) -> list[str]:
    """The candidates as this decision ranked them, the best first."""
    return [ranked.agent for ranked in in_order(event.strategy, event.call, event.ranked)]


def is_confirmed(event: CallPresented) -> bool:
    """Whether the agent is who the decision had to choose: the best, or under ring-all any candidate."""
    again = order(event)
    if event.strategy == "ring-all":
        return event.agent in again
    return bool(again) and again[0] == event.agent
