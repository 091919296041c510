"""Calls that the switch itself talks with: which room leads which dialogue.

A caller is served by a mailbox or by the agents' line; a waiting caller may be asked about a call-back without leaving
his place. Keys, ends of sounds and silence of such a call go to the room that leads it.
"""

from __future__ import annotations

from typing import Final, Protocol

from softswitch.domain import agent_line, asking_callback, dialogue, messages, rostering, voicemail
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause
from softswitch.domain.ending import end
from softswitch.domain.floor import Floor


class Room(Protocol):
    """A module that leads dialogues of one kind."""

    def answered(self, floor: Floor, call: Call, keyed: str, now: float) -> None:
        """The caller's whole answer to the question of the step."""

    def spoken(self, floor: Floor, call: Call, now: float) -> None:
        """What was to be said is through, and it was no question."""

    def silent(self, floor: Floor, call: Call, now: float) -> None:
        """Nothing was keyed in time."""


_ROOMS: Final[dict[str, Room]] = {
    agent_line.KIND: agent_line,
    asking_callback.KIND: asking_callback,
    messages.KIND: messages,
    rostering.KIND: rostering,
    voicemail.KIND: voicemail,
}


def pressed(floor: Floor, call: Call, digit: str, now: float) -> None:
    """A key of a caller who is in a dialogue."""
    kind = dialogue.of(call).kind
    answer = dialogue.take_key(floor, call, digit, now)
    if answer is not None:
        _ROOMS[kind].answered(floor, call, answer, now)


def spoken(floor: Floor, call: Call, now: float) -> None:
    """A sound of the dialogue is through."""
    if dialogue.of(call).is_listening:
        dialogue.wait_for_key(floor, call, now)
    else:
        _ROOMS[dialogue.of(call).kind].spoken(floor, call, now)


def silent(floor: Floor, call: Call, now: float) -> None:
    """No key came in time."""
    _ROOMS[dialogue.of(call).kind].silent(floor, call, now)


def overdue(floor: Floor, call: Call, now: float) -> None:
    """The dialogue lasts too long."""
    end(floor, call, Cause.SILENT, "switch", now)
