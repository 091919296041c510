"""A queue: its plan, and the calls that are in it.

A call is in a queue while it waits or is presented; one that talks has left the line but comes back to its old place
when the agent's leg fails after pick-up, because the place is the entering time and that stays with the call. A queue
that a reload took away keeps serving the callers it has, under its last plan, until they are gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from softswitch.domain.inputs import CallId
from softswitch.domain.line import Line
from softswitch.domain.office import Member, QueuePlan


@dataclass(frozen=True, slots=True)
class HotPrompt:
    """A sound that everybody hears first, until `until_at`, or for good."""

    sound: str
    until_at: float | None = None


@dataclass(slots=True)
class Queue:
    """One queue, plain data. `talks`: how many were connected and talk.

    `presented`: those in line who are being shown to somebody; `members`: each agent's place among its agents, and her
    terms; `given_at`: when it last gave each a call.
    """

    plan: QueuePlan
    line: Line = field(default_factory=Line)
    talks: int = 0
    presented: dict[CallId, None] = field(default_factory=dict)
    members: dict[str, tuple[int, Member]] = field(default_factory=dict)
    given_at: dict[str, float] = field(default_factory=dict)
    is_unstaffed: bool = False
    hot_prompt: HotPrompt | None = None
    is_retired: bool = False

    def use(self, plan: QueuePlan) -> None:
        """Goes by this plan from now on."""
        self.plan = plan
        self.is_retired = False
        self.members = {member.agent: (order, member) for order, member in enumerate(plan.members)}

    @property
    def is_full(self) -> bool:
        """Whether one more caller is one too many."""
        return self.plan.max_waiting is not None and len(self.line) >= self.plan.max_waiting

    @property
    def has_undecided(self) -> bool:
        """Whether somebody waits here who is not being presented, or may be to more agents."""
        if self.plan.strategy == "ring-all":
            return bool(self.line)
        return len(self.line) > len(self.presented)

    @property
    def is_forgettable(self) -> bool:
        """Whether it was taken away and has served the last of its callers."""
        return self.is_retired and not self.line and not self.talks
