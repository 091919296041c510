"""Drives the node on asyncio: feeds it, and carries out what it puts out, one turn at a time.

Whatever happens in a turn of the event loop, datagrams, facts, a timer, commands, is fed to the node first; then the
outbox is drained once. All records of the turn are written to the journal with one write, and only then do messages,
media commands and command answers go out. When the journal cannot be written (a full disk), the turn is held back and
tried again: nobody is told what could be lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from media.protocol import Command, Fact
from sip_stack.events import SendMessage
from sip_stack.flow import Address, Flow
from softswitch.domain import events
from softswitch.domain.refusals import CommandRefused
from softswitch.node import Node, NodeOutput
from softswitch.signalling.outbox import AppendRecord, ReportFault, SendMedia
from softswitch.store.journal import JournalWriter
from softswitch.store.projections import Projections

RETRY_S: Final = 0.25
PROJECTION_DELAY_S: Final = 0.3
SYNC_EVERY_S: Final = 1.0
HELD_OUTPUTS_MAX: Final = 100_000

Send = Callable[[Flow, bytes], bool]

log = structlog.get_logger()


class Driver:
    """One node and its surroundings. `senders` by transport and local address, `media` by worker."""

    def __init__(self, node: Node, journal: JournalWriter, projections: Projections) -> None:
        self.node = node
        self.senders: dict[tuple[str, Address], Send] = {}
        self.media: dict[int, Callable[[Command], None]] = {}
        self._journal = journal
        self._projections = projections
        self._held: list[NodeOutput] = []
        self._is_scheduled = False
        self._is_stuck = False
        self._needs_sync = False
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Ends what a crash left open and begins a journal segment with a snapshot."""
        self.node.start(now())
        outputs = self.node.drain()
        for output in outputs:
            if isinstance(output, AppendRecord):
                self._journal.append(output.record)
        for record in self.node.snapshot(now()):
            self._journal.append(record)
        self._journal.flush()
        for output in outputs:
            self._project(output)
        self._send(outputs)
        self._arm()
        self._write_projections_soon()

    # What is fed to the node.

    def receive(self, data: bytes, flow: Flow) -> None:
        self.node.receive_datagram(data, flow, now())
        self.wake()

    def flow_lost(self, flow: Flow) -> None:
        self.node.flow_lost(flow, now())
        self.wake()

    def media_fact(self, worker: int, fact: Fact) -> None:
        self.node.receive_media(worker, fact, now())
        self.wake()

    def media_lost(self, worker: int) -> None:
        self.node.media_lost(worker, now())
        self.wake()

    def command(self, name: str, arguments: Mapping[str, object]) -> object:
        """Carries out a command; its effects are journalled when this returns. Raises CommandRefused."""
        result = self.node.command(name, arguments, now())
        self.turn()
        if self._held:
            raise CommandRefused("the journal cannot be written", "the data folder's disk", "make room on the disk")
        return result

    def wake(self) -> None:
        """A turn is due at the end of this round of the event loop."""
        if not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self.turn)

    def turn(self) -> None:
        """Journals and sends all that is due."""
        self._is_scheduled = False
        fresh = self.node.drain()
        for output in fresh:
            if isinstance(output, AppendRecord):
                self._journal.append(output.record)
        self._held += fresh
        try:
            self._journal.flush()
        except OSError as error:
            self._hold_back(error)
            return
        self._is_stuck = False
        outputs, self._held = self._held, []
        for output in outputs:
            self._project(output)
        self._send(outputs)
        self._arm()

    async def sync_for_ever(self) -> None:
        """Syncs the journal to the disk in groups, in a thread."""
        while True:
            await asyncio.sleep(SYNC_EVERY_S)
            if self._needs_sync:
                self._needs_sync = False
                try:
                    await self._loop.run_in_executor(None, self._journal.sync)
                except OSError as error:
                    log.error("the journal could not be synced", reason=str(error))

    async def finish(self) -> None:
        """The last turn: everything is written."""
        self.turn()
        if self._timer is not None:
            self._timer.cancel()
        if self._writing is not None:
            await self._writing
        await self._projections.close()
        self._journal.close()

    # Inside a turn.

    def _hold_back(self, error: OSError) -> None:
        if not self._is_stuck:
            self._is_stuck = True
            log.error("the journal cannot be written; nothing goes out until it can", reason=str(error))
        if len(self._held) > HELD_OUTPUTS_MAX:
            raise RuntimeError(f"more than HELD_OUTPUTS_MAX = {HELD_OUTPUTS_MAX} wait for the journal")
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(RETRY_S, self._on_timer)

    def _project(self, output: NodeOutput) -> None:
        if isinstance(output, AppendRecord):
            self._needs_sync = True
            if isinstance(output.record, events.Event):
                self._projections.take(output.record, self._journal.position)
                if self._projections.is_due:
                    self._write_projections_soon()

    def _send(self, outputs: list[NodeOutput]) -> None:
        for output in outputs:
            match output:
                case SendMessage(flow=flow, data=data):
                    send = self.senders.get((flow.transport, flow.local))
                    if send is None or not send(flow, data):
                        self._loop.call_soon(self.flow_lost, flow)
                case SendMedia(worker=worker, command=command):
                    tell = self.media.get(worker)
                    if tell is not None:
                        tell(command)
                case ReportFault(text=text):
                    log.warning("fault", what=text)
                case AppendRecord():
                    pass

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.node.next_deadline()
        if deadline is not None:
            self._timer = self._loop.call_later(max(0.0, deadline - now()), self._on_timer)

    def _on_timer(self) -> None:
        self.node.handle_timeout(now())
        self.turn()

    def _write_projections_soon(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = self._loop.create_task(self._write_projections())

    async def _write_projections(self) -> None:
        while self._projections.is_due:
            await asyncio.sleep(PROJECTION_DELAY_S)
            try:
                await self._projections.write()
            except Exception as error:  # noqa: BLE001  # the database is no reason to stop calls; it catches up
                log.error("the database could not be written", reason=str(error))
                await asyncio.sleep(5)


def now() -> float:
    return time.monotonic()
