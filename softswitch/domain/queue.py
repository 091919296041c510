"""A queue: its plan, and the calls that are in it.

A call is in a queue while it waits or is presented; one that talks has left the line but comes back to its old place
when the agent's leg fails after pick-up, because the place is the entering time and that stays with the call. A queue
that a reload took away keeps serving the callers it has, under its last plan, until they are gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from softswitch.domain.inputs import CallId
from softswitch.domain.office import QueuePlan


@dataclass(slots=True)
class Queue:
    """One queue, plain data. `calls`: who is in line, as an ordered set; `talks`: how many were connected and talk."""

    plan: QueuePlan
    calls: dict[CallId, None] = field(default_factory=dict)
    talks: int = 0
    is_retired: bool = False

    @property
    def is_full(self) -> bool:
        """Whether one more caller is one too many."""
        return self.plan.max_waiting is not None and len(self.calls) >= self.plan.max_waiting

    @property
    def is_forgettable(self) -> bool:
        """Whether it was taken away and has served the last of its callers."""
        return self.is_retired and not self.calls and not self.talks
