"""What came of the last thing that happened on a stage: messages, media commands, records and faults, by kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from media.protocol import Command
from sip_stack.events import SendMessage
from softswitch.node import JournalRecord
from softswitch.signalling.outbox import AppendRecord, ReportFault, SendMedia
from tests.sim.sip_text import SipText

_Thing = TypeVar("_Thing")


class Turn:
    """`turn`: the outputs of the last turn, in order; whoever has a stage fills it."""

    turn: Sequence[object]

    @property
    def sent(self) -> list[SipText]:
        """The messages."""
        return [SipText.read(output.data) for output in self.turn if isinstance(output, SendMessage)]

    @property
    def records(self) -> list[JournalRecord]:
        """The records for the journal."""
        return [output.record for output in self.turn if isinstance(output, AppendRecord)]

    @property
    def media(self) -> list[Command]:
        """The commands to the media process."""
        return [output.command for output in self.turn if isinstance(output, SendMedia)]

    @property
    def faults(self) -> list[str]:
        """The lines for the log."""
        return [output.text for output in self.turn if isinstance(output, ReportFault)]

    def recorded(self, kind: type[_Thing]) -> list[_Thing]:
        """The records of one kind."""
        return [record for record in self.records if isinstance(record, kind)]
