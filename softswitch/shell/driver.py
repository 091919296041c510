"""Drives the node on asyncio: feeds it, and carries out what it puts out, one turn at a time.

Whatever happens in a turn of the event loop, datagrams, facts, a timer, commands, is fed to the node first; then the
outbox is drained once. All records of the turn are written to the journal with one write, and only then do messages,
media commands and command answers go out.

When the journal cannot be written (a full disk, a broken one), everything is held back and tried again: nobody is told
what could be lost. Meanwhile datagrams are not read into the node, because whoever sent them will send them again until
there is room, or go to another switch; calls that are up keep their sound. Commands are refused.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import structlog

from media.protocol import Command, Fact
from sip_stack.events import SendMessage
from sip_stack.flow import Address, Flow
from softswitch.domain import events, inputs
from softswitch.domain.refusals import CommandRefused
from softswitch.node import Node, NodeOutput
from softswitch.settings import Settings
from softswitch.signalling.outbox import AppendRecord, ReportFault, SendMedia
from softswitch.store.journal import JournalWriter
from softswitch.store.projections import Projections

T = TypeVar("T")

RETRY_S: Final = 0.25
PROJECTION_DELAY_S: Final = 0.3
PROJECTION_RETRY_S: Final = 5.0
SYNC_EVERY_S: Final = 1.0
SEGMENT_S_MAX: Final = 86_400.0
SEGMENT_RETRY_S: Final = 60.0
HELD_OUTPUTS_MAX: Final = 100_000

Send = Callable[[Flow, bytes], bool]

log = structlog.get_logger()


class Driver:
    """One node and its surroundings. `senders` by transport and local address, `media` by worker."""

    def __init__(self, node: Node, journal: JournalWriter, projections: Projections) -> None:
        self.node = node
        self.senders: dict[tuple[str, Address], Send] = {}
        self.media: dict[int, Callable[[Command], None]] = {}
        self.is_stuck = False
        self._journal = journal
        self._projections = projections
        self._held: list[NodeOutput] = []
        self._is_scheduled = False
        self._needs_sync = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._roll_at = now() + SEGMENT_S_MAX
        self._writing: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Ends what a crash left open and begins the journal segment with a snapshot. Raises OSError."""
        self.node.start(now())
        outputs = self.node.drain()
        for output in outputs:
            if isinstance(output, AppendRecord):
                self._journal.append(output.record)
        for record in self.node.snapshot(now()):
            self._journal.append(record)
        self._journal.flush()
        self._carry_out(outputs)
        self._write_projections_soon()

    # What is fed to the node.

    def receive(self, data: bytes, flow: Flow) -> None:
        """A datagram, or a whole message off a stream."""
        if self.is_stuck and not flow.is_reliable:
            return
        self.node.receive_datagram(data, flow, now())
        self.wake()

    def flow_lost(self, flow: Flow) -> None:
        """A connection is gone or a send failed."""
        self.node.flow_lost(flow, now())
        self.wake()

    def media_connected(self, worker: int) -> None:
        """The link to a media process stands."""
        self.node.media_connected(worker, now())
        self.wake()

    def media_fact(self, worker: int, fact: Fact) -> None:
        """What a media process says."""
        self.node.receive_media(worker, fact, now())
        self.wake()

    def media_lost(self, worker: int) -> None:
        """The link to a media process is gone."""
        self.node.media_lost(worker, now())
        self.wake()

    def command(self, name: str, arguments: Mapping[str, object]) -> object:
        """Carries out a command; its effects are journalled when this returns. Raises CommandRefused."""
        return self._change(lambda: self.node.command(name, arguments, now()))

    def reload(self, settings: Settings) -> None:
        """Puts a new configuration in force; journalled when this returns. Raises CommandRefused."""
        self._change(lambda: self.node.reload(settings, now()))

    def move_carriers(self, settings: Settings) -> None:
        """The names of carriers lead elsewhere."""
        self.node.move_carriers(settings, now())
        self.wake()

    def recording_measured(self, fact: inputs.RecordingCompleted) -> None:
        """The file of a recording that was cut off says how long it is."""
        self.node.tell(fact, now())
        self.wake()

    def wall(self) -> float:
        """Wall time on the node's clock, seconds since 1970."""
        return now() + self.node.wall_offset_s

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
        if self.is_stuck:
            self.is_stuck = False
            log.info("the journal can be written again")
        outputs, self._held = self._held, []
        self._carry_out(outputs)
        if now() >= self._roll_at:
            self._roll()

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

    async def finish(self) -> bool:
        """The last turn: everything is written. Whether that was so; what is not will be found by the next start."""
        self.turn()
        if self._timer is not None:
            self._timer.cancel()
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        is_whole = True
        try:
            await self._projections.close()
        except Exception as error:  # noqa: BLE001  # whatever the database has, the journal is closed
            log.error("the database could not be written; the next start catches up", reason=str(error))
            is_whole = False
        try:
            self._journal.close()
        except OSError as error:
            log.error("the journal could not be written to its end", reason=str(error))
            is_whole = False
        return is_whole

    # Inside a turn.

    def _change(self, change: Callable[[], T]) -> T:
        if self.is_stuck:
            self.turn()
        if self.is_stuck:
            raise _stuck("nothing was changed")
        result = change()
        self.turn()
        if self.is_stuck:
            raise _stuck("the command takes effect when it can be again")
        return result

    def _carry_out(self, outputs: list[NodeOutput]) -> None:
        for output in outputs:
            if isinstance(output, AppendRecord):
                self._needs_sync = True
                if isinstance(output.record, events.Event):
                    self._projections.take(output.record, self._journal.position)
        if self._projections.is_due:
            self._write_projections_soon()
        self._send(outputs)
        self._arm()

    def _hold_back(self, error: OSError) -> None:
        if not self.is_stuck:
            self.is_stuck = True
            log.error("the journal cannot be written; nothing goes out until it can", reason=str(error))
        if len(self._held) > HELD_OUTPUTS_MAX:
            raise SystemExit(f"more than HELD_OUTPUTS_MAX = {HELD_OUTPUTS_MAX} outputs wait for the journal")
        self._arm_at(now() + RETRY_S)

    def _roll(self) -> None:
        try:
            old = self._journal.roll(self.wall(), self.node.snapshot(now()))
        except OSError as error:
            log.error("the next journal segment cannot be begun; the old one goes on", reason=str(error))
            self._roll_at = now() + SEGMENT_RETRY_S
            return
        self._roll_at = now() + SEGMENT_S_MAX
        self._loop.run_in_executor(None, self._journal.retire, old)

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
        deadline = self.node.next_deadline()
        if deadline is not None:
            self._arm_at(deadline)
        elif self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm_at(self, deadline: float) -> None:
        """One timer, never later than `deadline`; one that is earlier is left alone: it finds nothing due."""
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self._loop.call_later(max(0.0, deadline - now()), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        try:
            self.node.handle_timeout(now())
        except Exception:
            log.exception("the node failed at a deadline")
            self._arm_at(now() + RETRY_S)
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
                await asyncio.sleep(PROJECTION_RETRY_S)


def now() -> float:
    """Monotonic seconds: the clock of everything below the shells."""
    return time.monotonic()


def _stuck(then: str) -> CommandRefused:
    return CommandRefused(f"the journal cannot be written; {then}", "the data folder's disk", "make room on the disk")
