"""A call as the telephone at one end sees it, and what the person there does with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from tests.sim.network import Place
from tests.sim.sip_text import SipText

if TYPE_CHECKING:
    from tests.sim.telephone import Telephone

CallState: TypeAlias = Literal["calling", "ringing", "answered", "up", "ended"]


@dataclass(frozen=True, slots=True)
class Manner:
    """What a person does with a call that comes in, in seconds after the INVITE; None: not by himself.

    `hangs_up_after_s` counts from his own picking up. `is_deaf`: the telephone says nothing. `is_incompatible`: it
    answers with a codec that nobody offered; `forwards_to` goes with a 302.
    """

    rings_after_s: float | None = 0.1
    answers_after_s: float | None = None
    refuses_with: int | None = None
    refuses_after_s: float = 0.3
    forwards_to: str | None = None
    hangs_up_after_s: float | None = None
    is_deaf: bool = False
    is_incompatible: bool = False


@dataclass(slots=True)
class Call:
    """One call as a telephone sees it.

    `ended_how`: "hung-up" (here), "gone" (the far end hung up), "cancelled", "refused 486", "unanswered", "forgotten".
    `reports`: what it was told of a REFER of its own.
    """

    telephone: Telephone
    call_id: str
    is_caller: bool
    caller: str
    dialled: str
    local: str
    remote: str
    invite: SipText
    source: Place
    rtp: Place
    state: CallState = "calling"
    target: str = ""
    cseq: int = 1
    has_rung: bool = False
    codecs: str = "8 0 101"
    was_up: bool = False
    is_given_up: bool = False
    is_cancel_sent: bool = False
    is_hang_up_due: bool = False
    ended_how: str = ""
    reason: str | None = None
    ack: bytes = b""
    responses: list[int] = field(default_factory=list)
    display_name: str = ""
    remote_rtp: Place | None = None
    reports: list[str] = field(default_factory=list)

    @property
    def is_live(self) -> bool:
        return self.state != "ended"

    def answer(self) -> None:
        """The person picks up."""
        self.telephone.pick_up(self)

    def decline(self) -> None:
        """The person presses the call away."""
        self.telephone.refuse(self, 603)

    def refuse(self, status: int) -> None:
        self.telephone.refuse(self, status)

    def forward(self, contact: str) -> None:
        """Its telephone sends its calls there (302)."""
        self.telephone.refuse(self, 302, contact)

    def hang_up(self) -> None:
        """The person puts the phone down, in whatever phase."""
        self.telephone.hang_up(self)
