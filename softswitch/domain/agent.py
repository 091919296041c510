"""An agent: a person, with what she chose and what the switch sees of her kept apart.

`presence` is hers (logged out, ready, paused); `activity` is ours (idle, ringing, talking, wrap-up) and follows from
the legs that engage her and from her wrap-up, so neither can overwrite the other: who pauses during a talk is paused
after it, and who logs out during wrap-up has both. Talk goes before ringing goes before wrap-up.

How long she is idle counts from the end of her last talk or wrap-up, or from when she got ready if that was later. A
presentation that came to nothing does not change it: she keeps her turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from softswitch.domain.inputs import CallId, LegId, Presence

Activity: TypeAlias = Literal["idle", "ringing", "talking", "wrap-up"]


class Engagement(msgspec.Struct, frozen=True):
    """A leg that keeps an agent engaged."""

    call: CallId
    is_talk: bool


@dataclass(slots=True)
class Agent:
    """One person, plain data. Times are `now` seconds.

    `claim` is a presentation that was decided for her but not granted yet. She is left alone until `backoff_until_at`
    and `guard_until_at`. `changed_at`: since when presence and activity are what they are. `misses`: how many calls in
    a row she let ring. `queues_off`: those of her queues that she takes no calls of; `number`: where she answers
    instead of her own telephones; `login`: from which telephone she logged in, if from one; `is_login_due`: her shift
    began and no telephone of hers was reached yet, after `checks` calls. In wrap-up of a call of `wrap_up_queue`, she
    `needs_code` until it is classified, and may go at `wrap_up_plain_until_at` when it is.
    """

    agent: str
    presence: Presence = "logged-out"
    pause_reason: str | None = None
    idle_since_at: float = 0.0
    changed_at: float = 0.0
    presence_since_at: float = 0.0
    backoff_until_at: float | None = None
    guard_until_at: float | None = None
    misses: int = 0
    queues_off: dict[str, None] = field(default_factory=dict)
    number: str | None = None
    login: str = ""
    is_login_due: bool = False
    checks: int = 0
    wrap_up_plain_until_at: float = 0.0
    wrap_up_queue: str = ""
    needs_code: bool = False
    wrap_up_until_at: float | None = None
    wrap_up_call: CallId | None = None
    claim: str | None = None
    activity: Activity = "idle"
    engagements: dict[LegId, Engagement] = field(default_factory=dict)

    @property
    def activity_due(self) -> Activity:
        """What `activity` has to be, worked out from what engages her."""
        if not self.engagements:
            return "idle" if self.wrap_up_until_at is None else "wrap-up"
        is_talk = any(engagement.is_talk for engagement in self.engagements.values())
        return "talking" if is_talk else "ringing"

    @property
    def call(self) -> CallId | None:
        """The call that she talks in, or else the one that rings, the oldest first."""
        engagements = sorted(self.engagements.values(), key=lambda engagement: not engagement.is_talk)
        return engagements[0].call if engagements else None

    def engage(self, leg: LegId, call: CallId, now: float, *, is_talk: bool) -> None:
        """A leg rings her, or she talks on it."""
        self.engagements[leg] = Engagement(call, is_talk)
        self._note(now)

    def disengage(self, leg: LegId, now: float) -> None:
        """The leg is gone."""
        was_talking = self.activity == "talking"
        self.engagements.pop(leg, None)
        self._note(now)
        if was_talking and self.activity != "talking":
            self.idle_since_at = now

    def start_wrap_up(self, call: CallId, until_at: float, now: float) -> None:
        """Time to finish a call's work."""
        self.wrap_up_until_at = until_at
        self.wrap_up_call = call
        self._note(now)

    def end_wrap_up(self, now: float) -> None:
        """Her turn counts from here."""
        self.wrap_up_until_at = None
        self.wrap_up_call = None
        self.needs_code = False
        self.idle_since_at = now
        self._note(now)

    def choose(self, presence: Presence, reason: str | None, now: float) -> None:
        """What she chose, or a policy for her. Getting ready starts her turn anew."""
        if presence == "ready" and self.presence != "ready":
            self.idle_since_at = now
        if presence == "logged-out":
            self.login = ""
        self.presence = presence
        self.pause_reason = reason if presence == "paused" else None
        self.presence_since_at = now
        self.changed_at = now

    def _note(self, now: float) -> None:
        activity = self.activity_due
        if activity != self.activity:
            self.activity = activity
            self.changed_at = now
