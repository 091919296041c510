"""Confirmation: a device that picked up is asked for a key before the caller is given to it.

A mobile's voicemail answers as people do, but it presses no keys: so it can never have a caller. The customer hears the
queue's music meanwhile, the other devices ring on, and whoever is first with a key, or answers a device that asks for
none, wins. 1 takes the call, 2 declines it for the whole person; without either the device is let go of after
CONFIRM_S, which does not count as a miss.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain import presenting
from softswitch.domain.causes import Cause
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import LegId
from softswitch.domain.leg import Leg

CONFIRM_S: Final = 20.0
TAKE: Final = "1"
DECLINE: Final = "2"


def ask(floor: Floor, leg: Leg, now: float) -> None:
    """The device picked up."""
    presentation = presenting.of(floor, leg)
    call = floor.calls[leg.call]
    leg.change("confirming")
    floor.play_to(call, leg, loop=(floor.plan(presentation.queue).confirm_sound,))
    floor.deadlines.set("confirm", leg.leg, now + CONFIRM_S)
    presenting.ring_on(floor, presentation, now + CONFIRM_S)


def pressed(floor: Floor, leg: Leg, digit: str, now: float) -> None:
    """A key of whoever picked up; keys that mean nothing are overheard."""
    if digit == TAKE:
        floor.deadlines.drop("confirm", leg.leg)
        floor.stop_playing_to(leg)
        presenting.picked_up(floor, leg, now)
    elif digit == DECLINE:
        _let_go(floor, leg, Cause.DECLINED, now)


def overdue(floor: Floor, leg_id: LegId, now: float) -> None:
    """No key came in time."""
    _let_go(floor, floor.legs[leg_id], Cause.NO_CONFIRMATION, now)


def gone(floor: Floor, leg: Leg, cause: Cause, now: float) -> None:
    """It hung up instead of pressing a key; the leg is already dropped."""
    presenting.refused(floor, leg, Cause.NO_CONFIRMATION if cause == Cause.HUNG_UP else cause, now)


def _let_go(floor: Floor, leg: Leg, cause: Cause, now: float) -> None:
    floor.deadlines.drop("confirm", leg.leg)
    floor.give_up(leg.leg, cause, now)
    presenting.refused(floor, leg, cause, now)
