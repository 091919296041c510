"""A call: what a caller wants, how far he has come, and which legs belong to it.

A call sees neither SIP nor RTP, only legs. Its states and their legal changes are the table below, and `change` is the
only way from one to the next, so an illegal step fails where it is taken instead of showing up as a wrong figure later.

    routing ──► waiting ◄──► presenting ──► talking
       │           │  ▲          │    │        ▲ │
       │           │  └──────────┼────┼────────┼─┘ the agent's leg failed after pick-up, or a transfer to a queue
       │           │             │    └─► dialling  a call-back: she is there, the customer is rung
       └──► direct or serving ◄──┘ overflow, keys
    and from everywhere to `ended`, once. `direct`: somebody is rung without a queue; `serving`: the switch itself talks
    to the caller (a sound to say, a mailbox, the agents' line).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from softswitch.domain.causes import Cause
from softswitch.domain.forecast.wording import Told
from softswitch.domain.inputs import HOPS_MAX, CallId, LegId, Origin
from softswitch.domain.office import Destination

CallState: TypeAlias = Literal["routing", "waiting", "presenting", "dialling", "talking", "direct", "serving", "ended"]

CALL_CHANGES: Final[Mapping[CallState, tuple[CallState, ...]]] = {
    "routing": ("waiting", "direct", "serving", "ended"),
    "waiting": ("waiting", "presenting", "direct", "serving", "ended"),
    "presenting": ("presenting", "waiting", "talking", "dialling", "direct", "serving", "ended"),
    "dialling": ("talking", "ended"),
    "talking": ("waiting", "direct", "serving", "ended"),
    "direct": ("direct", "waiting", "serving", "ended"),
    "serving": ("waiting", "direct", "ended"),
    "ended": (),
}
"""From each state, the states that may follow. `waiting` to `waiting` is an overflow into another queue."""


class IllegalChange(Exception):  # what happened, like every event here
    """A call was sent where its table does not lead: a fault of ours."""


class Connection(msgspec.Struct):
    """To whom the caller is joined: `queue` and `agent` None on direct calls to a phone or number."""

    leg: LegId
    agent: str | None
    queue: str | None


class Consult(msgspec.Struct):
    """Somebody who is being asked: rung at `legs`, talked with once one is `answered`."""

    destination: Destination
    agent: str | None = None
    legs: dict[LegId, None] = msgspec.field(default_factory=dict)
    answered: LegId | None = None


class Dialogue(msgspec.Struct):
    """What the switch talks with the caller (`dialogue`). `kind`: which room leads it; `is_one_key`: the step takes one
    key and no `#`.

    `at_once`: keys that are an answer of their own when they come first. `sounds` is the question, to be asked again;
    `known` what was found out, by name.
    """

    kind: str
    step: str = ""
    is_one_key: bool = False
    at_once: str = ""
    is_listening: bool = False
    keyed: str = ""
    tries: int = 0
    sounds: tuple[str, ...] = ()
    known: dict[str, str] = msgspec.field(default_factory=dict)


class Call(msgspec.Struct):
    """One call, plain data. Times are `now` seconds; `leg` is the caller's.

    `hops_left`: how many more switches the call may pass. `queue` is the queue visit that is going on (while waiting,
    presenting, dialling, talking), `entered_at` (when the wait began that counts), `visit_at` (when this visit did),
    `priority_s`, `due_at` and `order` the place in it. `skills` are what the caller asks for beside the queue.
    `presentations`: those that were decided or ring. `late_legs`: devices that ring on for a moment because another
    was first. `dialogue`: what the switch talks with the caller. `callback`: the call-back that this call is made
    for. `consult`: who is being asked while the caller waits; `parties`: the others of a conference, and which agents
    they are; `fallback`: the queue to which a transfer that fails gives him back. `overflow` is why the call left its
    first queue unserved. `playing` is the tag of what the caller hears, `is_spoken_to` while it is speech,
    `told_due`: what is to be told right after it; `message_index`: which of the queue's messages is next; `told`: what
    wait he was told last.
    `called_agent` and `worst` belong to direct calls: who was asked for by name, and the most telling refusal so far.
    `code`: what the call was about. The counters name what belongs to the call.
    """

    call: CallId
    leg: LegId
    origin: Origin
    caller: str
    caller_name: str
    dialled: str
    arrived_at: float
    changed_at: float
    hops_left: int = HOPS_MAX
    state: CallState = "routing"
    is_answered: bool = False
    queue: str | None = None
    entered_at: float = 0.0
    order: int = 0
    due_at: float = 0.0
    visit_at: float = 0.0
    priority_s: float = 0.0
    skills: Mapping[str, int] = msgspec.field(default_factory=dict)
    presentations: dict[str, None] = msgspec.field(default_factory=dict)
    late_legs: list[LegId] = msgspec.field(default_factory=list)
    callback: str | None = None
    is_callback_asked: bool = False
    at_door: str | None = None
    dialogue: Dialogue | None = None
    overflows: int = 0
    connection: Connection | None = None
    consult: Consult | None = None
    parties: dict[LegId, str | None] = msgspec.field(default_factory=dict)
    transfers: int = 0
    forwards: int = 0
    fallback: str | None = None
    has_talked: bool = False
    overflow: Cause | None = None
    playing: str | None = None
    is_spoken_to: bool = False
    told_due: dict[str, None] = msgspec.field(default_factory=dict)
    message_index: int = 0
    told: Told | None = None
    is_saying: bool = False
    dialled_legs: list[LegId] = msgspec.field(default_factory=list)
    called_agent: str | None = None
    worst: Cause | None = None
    recording: str | None = None
    code: str | None = None
    legs_made: int = 0
    presentations_made: int = 0
    recordings_made: int = 0
    sounds_made: int = 0

    @property
    def place(self) -> tuple[float, int]:
        """Where the caller stands in his queue: the smaller, the earlier he is served."""
        return self.due_at, self.order

    def change(self, state: CallState, now: float) -> None:
        """Goes on to `state`, or raises IllegalChange and stays."""
        if state not in CALL_CHANGES[self.state]:
            raise IllegalChange(f"call {self.call} cannot go from {self.state} to {state}")
        if state != self.state:
            self.changed_at = now
        self.state = state

    def next_leg(self) -> LegId:
        """A new leg's id."""
        self.legs_made += 1
        return f"{self.call}-l{self.legs_made}"

    def next_presentation(self) -> str:
        """A new presentation's id."""
        self.presentations_made += 1
        return f"{self.call}-p{self.presentations_made}"

    def next_recording(self) -> str:
        """A new recording's id."""
        self.recordings_made += 1
        return f"{self.call}-r{self.recordings_made}"

    def next_tag(self) -> str:
        """A new tag for something to be played, so that a late end of an earlier sound is not taken for its end."""
        self.sounds_made += 1
        return f"{self.call}-s{self.sounds_made}"
