"""The one ordered outbox of signalling: what the domain is told, what media is told, what the journal keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from media.protocol import Command
from softswitch.domain.events import Event
from softswitch.domain.inputs import Input
from softswitch.signalling.records import SignallingRecord


@dataclass(frozen=True, slots=True)
class TellSwitch:
    """An input for the domain."""

    input: Input


@dataclass(frozen=True, slots=True)
class SendMedia:
    """A command for the media process number `worker`."""

    worker: int
    command: Command


@dataclass(frozen=True, slots=True)
class AppendRecord:
    """A record for the journal, to be written before anything else of the same turn leaves the process."""

    record: Event | SignallingRecord


@dataclass(frozen=True, slots=True)
class ReportFault:
    """A line for the log about something that should not have happened."""

    text: str


SignallingOutput: TypeAlias = TellSwitch | SendMedia | AppendRecord | ReportFault


class Outbox:
    """Collects outputs in the order in which they came to be."""

    def __init__(self) -> None:
        self._outputs: list[SignallingOutput] = []

    def tell(self, input_: Input) -> None:
        self._outputs.append(TellSwitch(input_))

    def media(self, command: Command, worker: int = 0) -> None:
        self._outputs.append(SendMedia(worker, command))

    def record(self, record: SignallingRecord) -> None:
        self._outputs.append(AppendRecord(record))

    def fault(self, text: str) -> None:
        self._outputs.append(ReportFault(text))

    def drain(self) -> list[SignallingOutput]:
        outputs, self._outputs = self._outputs, []
        return outputs
