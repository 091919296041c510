"""What lies beyond the domain, as far as it can see it: telephones, bridges, sounds and recorders, as plain data.

Each action is held to what was asked before: nobody is answered twice, joined while he is elsewhere, told to be silent
after he hung up, or recorded twice at once. What is left of it at the end is what the domain forgot.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

from softswitch.domain import actions
from softswitch.domain.actions import Action, LampState
from softswitch.domain.office import ToNumber

Phase = Literal["invited", "dialling", "barred", "answered"]


@dataclass(slots=True)
class Leg:
    """A telephone at the other end; one that is `barred` may not be called and is refused.

    `room`: which bridge it is in; `hears`: the sound, and whether it goes on.
    """

    is_ours: bool
    phase: Phase
    room: str | None = None
    hears: str | None = None
    is_endless: bool = False


@dataclass(slots=True)
class FarEnds:
    """`gone`: legs that are no more, the latest last; `claims`: those that wait for an answer, and for which calls;
    `recorders`: which rooms they record; `files`: those whose end was not told yet; `sounds`: those that end;
    `lamps`: those that are not off.
    """

    legs: dict[str, Leg] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    claims: dict[str, str] = field(default_factory=dict)
    recorders: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    sounds: list[tuple[str, str]] = field(default_factory=list)
    lamps: dict[str, LampState] = field(default_factory=dict)
    messages: dict[str, tuple[int, int]] = field(default_factory=dict)

    def carry_out(self, action: Action) -> None:
        """What the domain asked for; AssertionError when it cannot be."""
        match action:
            case actions.DialLeg(leg=leg):
                assert leg not in self.legs, f"{leg} is dialled twice"
                is_barred = isinstance(action.to, ToNumber) and not action.trunks
                self.legs[leg] = Leg(is_ours=True, phase="barred" if is_barred else "dialling")
            case actions.AnswerLeg(leg=leg):
                assert self.legs[leg].phase == "invited", action
                self.legs[leg].phase = "answered"
            case actions.RefuseLeg(leg=leg):
                assert self.end(leg).phase == "invited", action
            case actions.HangUpLeg(leg=leg):
                assert self.end(leg).phase != "invited", action
            case actions.RingLeg(leg=leg):
                assert self.legs[leg].phase == "invited", action
            case actions.PlayOnLeg(leg=leg, tag=tag):
                self._answered(leg, action).hears = tag
                self.legs[leg].is_endless = bool(action.loop)
                if action.once:
                    self.sounds.append((leg, tag))
            case actions.StopPlayingOnLeg(leg=leg, tag=tag):
                if self._answered(leg, action).hears == tag:
                    self.legs[leg].hears = None
            case actions.JoinLeg(bridge=room, leg=leg):
                found = self._answered(leg, action)
                assert found.room in (None, room), f"{action}: it is in {found.room}"
                found.room = room
            case actions.LeaveLeg(bridge=room, leg=leg):
                found = self._answered(leg, action)
                assert found.room == room, f"{action}: it is in {found.room}"
                found.room = None
            case actions.ClaimAgent(presentation=presentation, call=call):
                self.claims[presentation] = call
            case actions.StartRecording(recording=recording, bridge=room):
                assert room not in self.recorders.values(), f"{action}: it is recorded already"
                self.recorders[recording] = room
            case actions.StopRecording(recording=recording):
                del self.recorders[recording]
                self.files.append(recording)
            case actions.AnswerReferral(leg=leg):
                self._answered(leg, action)
            case actions.ShowLamp(lamp=lamp, state=state):
                self.lamps[lamp] = state
            case actions.ShowMessages(mailbox=mailbox, new=new, old=old):
                self.messages[mailbox] = (new, old)

    def end(self, leg: str) -> Leg:
        """The leg is no more."""
        self.gone.append(leg)
        return self.legs.pop(leg)

    def ended_playing(self, leg: str, tag: str) -> None:
        """What was to be said once is through."""
        found = self.legs.get(leg)
        if found is not None and found.hears == tag and not found.is_endless:
            found.hears = None

    def lose_all(self) -> None:
        """The switch died: a new one ends what it finds. Files that were cut off can be measured."""
        for leg in tuple(self.legs):
            self.end(leg)
        self.claims.clear()
        self.lamps.clear()
        self.messages.clear()
        self.files += self.recorders
        self.recorders.clear()
        self.sounds.clear()

    def in_room(self, room: str) -> set[str]:
        """Who hears one another there."""
        return {name for name, leg in self.legs.items() if leg.room == room}

    def some(self, dice: random.Random, *phases: Phase) -> str | None:
        """One of those in these phases."""
        legs = [name for name, leg in self.legs.items() if leg.phase in phases]
        return dice.choice(legs) if legs else None

    def _answered(self, leg: str, action: Action) -> Leg:
        assert self.legs[leg].phase == "answered", action
        return self.legs[leg]
