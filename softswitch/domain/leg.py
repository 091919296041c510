"""A leg as the domain sees it: one SIP session, known by its id and by how far it has come.

The states are few and their legal changes a table; what a change means for the call is decided elsewhere. A leg lives
in the domain until it ends or until we let go of it. What is reported of it after that finds nobody, which is how a
200 that crosses our CANCEL is told from one that counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from softswitch.domain.inputs import CallId, LegId
from softswitch.domain.office import DeviceAddress
from softswitch.domain.outgoing import Principal

LegState: TypeAlias = Literal["invited", "dialling", "ringing", "confirming", "answered"]

LEG_CHANGES: Final[Mapping[LegState, tuple[LegState, ...]]] = {
    "invited": ("answered",),
    "dialling": ("ringing", "confirming", "answered"),
    "ringing": ("ringing", "confirming", "answered"),
    "confirming": ("answered",),
    "answered": ("answered",),
}
"""From each state, the states that may follow. One that is `confirming` picked up and was asked for a key. A second 180
or a repeated 200 changes nothing."""


class Leg(msgspec.Struct):
    """One leg that is up. `agents` are the people whom it keeps engaged; `presentation` is set while it shows a call.

    `device` is the far end where we know it: None for callers from a trunk. `playing`: the tag of what it hears, where
    it is not the caller's. `asks_for_key`: before a caller is given to it. `is_late`: another was first, and it is let
    go of in a moment. `is_held`: its far end put us on hold; `is_waiting`: it
    hears music because the other end of its talk holds. `out_by`: for whom it is out, where it left the house.
    """

    leg: LegId
    call: CallId
    state: LegState
    device: DeviceAddress | None
    agents: tuple[str, ...] = ()
    presentation: str | None = None
    playing: str | None = None
    asks_for_key: bool = False
    is_heard: bool = False
    is_late: bool = False
    is_held: bool = False
    is_waiting: bool = False
    out_by: Principal | None = None

    def change(self, state: LegState) -> bool:
        """Goes on to `state` and says whether that was legal; when it was not, nothing changed."""
        if state not in LEG_CHANGES[self.state]:
            return False
        self.state = state
        return True
