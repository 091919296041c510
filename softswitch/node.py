"""The whole switch as one sans-IO object.

A `Node` is the SIP endpoint, signalling, the domain's switch and the media outbox wired together. It is driven by five
verbs: bytes and facts come in (`receive_…`), time comes in (`handle_timeout`, at `next_deadline`), commands come in,
and everything that is due is drained as one ordered outbox. It owns no socket, clock, file or randomness, so the same
object runs in production under asyncio and in the simulator under virtual time.

Whoever drives it keeps one promise: all `AppendRecord`s of a drain are written to the journal before anything else of
that drain leaves the process. Then a killed process has lost nothing that anyone was told.

The node itself decides one thing: it grants the domain's claims, because it is the only node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from media.protocol import Fact
from sip_stack.endpoint import SipEndpoint, Tokens
from sip_stack.events import SendMessage
from sip_stack.flow import Address, Flow
from softswitch import node_commands
from softswitch.domain import actions, inputs
from softswitch.domain.events import ConfigurationApplied, Event, SwitchStarted
from softswitch.domain.recovery import Recovery, snapshot_events
from softswitch.domain.switch import Switch
from softswitch.settings import Settings
from softswitch.signalling.outbox import AppendRecord, ReportFault, SendMedia, TellSwitch
from softswitch.signalling.records import (
    BindingDropped,
    BindingRecorded,
    DialogDropped,
    DialogRecorded,
    SignallingRecord,
)
from softswitch.signalling.signalling import Signalling

JournalRecord: TypeAlias = Event | SignallingRecord
NodeOutput: TypeAlias = AppendRecord | SendMessage | SendMedia | ReportFault


class Node:
    """One switch. Constructed, fed the journal with `replay`, then `start`ed; from then on driven by the five verbs."""

    def __init__(
        self,
        settings: Settings,
        *,
        tokens: Tokens,
        digest_key: bytes,
        ids: str,
        wall_offset_s: float,
        listening: Sequence[tuple[str, Address]],
    ) -> None:
        self.settings = settings
        self.wall_offset_s = wall_offset_s
        self.started_at = 0.0
        self.is_draining = False
        self._ids = ids
        advertised = _advertised(settings, listening)
        self.endpoint = SipEndpoint(tokens=tokens, advertised=advertised)
        self.switch = Switch(settings.office, ids=ids, wall_offset_s=wall_offset_s)
        self.signalling = Signalling(
            settings,
            endpoint=self.endpoint,
            tokens=tokens,
            digest_key=digest_key,
            wall_offset_s=wall_offset_s,
            listening=tuple(listening),
            advertised=advertised,
        )
        self.traces = self.signalling.traces
        self._recovery = Recovery()
        self._dialogs: dict[str, DialogRecorded] = {}
        self._bindings: dict[tuple[str, str], BindingRecorded] = {}
        self._outputs: list[NodeOutput] = []

    # Before and at the start.

    def replay(self, record: JournalRecord) -> None:
        """One record of the journal, oldest first."""
        match record:
            case DialogRecorded():
                self._dialogs[record.leg] = record
            case DialogDropped():
                self._dialogs.pop(record.leg, None)
            case BindingRecorded():
                self._bindings.pop((record.binding.aor, record.binding.contact), None)
                self._bindings[record.binding.aor, record.binding.contact] = record
            case BindingDropped():
                self._bindings.pop((record.aor, record.contact), None)
            case _:
                self._recovery.apply(record)
                self.switch.recall(record)

    def start(self, now: float) -> None:
        """Takes up where the journal ends: calls that were up get a record, their dialogs a BYE; agents are back."""
        self.started_at = now + self.wall_offset_s
        self.append(SwitchStarted(self.started_at, node=self.settings.node.name, config=self.settings.office.version))
        for event in self._recovery.crash_endings(self.started_at):
            self.append(event)
            self.switch.recall(event)
        self.switch.restore(self._recovery, now)
        for record in self._bindings.values():
            self.signalling.phones.restore(record, now)
        self.signalling.end_dialogs(self._dialogs.values(), self._ids, now)
        self.signalling.standing.start(self.settings.trunks, now)
        self._settle(now)

    def snapshot(self, now: float) -> list[JournalRecord]:
        """Records from which a new journal segment can begin."""
        return [*snapshot_events(self.switch.floor, now), *self.signalling.snapshot(now)]

    # What comes in.

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
        """A datagram, or one whole message off a stream. Never raises for what a peer sent; a flood is not read."""
        if not self.signalling.guard.admits(flow, now):
            return
        self.traces.received(data, now)
        self.endpoint.receive_datagram(data, flow, now)
        self._settle(now)

    def flow_lost(self, flow: Flow, now: float) -> None:
        """A connection is gone or a send failed."""
        self.endpoint.flow_lost(flow, now)
        self._settle(now)

    def media_connected(self, worker: int, now: float) -> None:
        """The link to a media process stands; its `Ready` is what makes it usable."""
        del worker
        self._settle(now)

    def receive_media(self, worker: int, fact: Fact, now: float) -> None:
        """A fact of a media process."""
        del worker
        self.traces.told(fact, now)
        self.signalling.take_fact(fact, now)
        self._settle(now)

    def media_lost(self, worker: int, now: float) -> None:
        """The link to a media process is gone: the calls it carried end."""
        del worker
        self.traces.media_lost()
        self.signalling.lose_media(now)
        self._settle(now)

    def handle_timeout(self, now: float) -> None:
        """Does all that is due at `now`."""
        self.endpoint.handle_timeout(now)
        self._settle(now)
        self.switch.handle_timeout(now)
        self._settle(now)
        self.signalling.expire(now)
        self._settle(now)

    def next_deadline(self) -> float | None:
        """When `handle_timeout` is wanted next, None when nothing waits."""
        deadlines = (self.endpoint.next_deadline(), self.switch.next_deadline(), self.signalling.next_deadline())
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    # Commands.

    def command(self, name: str, arguments: Mapping[str, object], now: float) -> object:
        """Carries out a command by its name and returns what can be written as JSON; raises CommandRefused."""
        result = node_commands.carry_out(self, name, arguments, now)
        self._settle(now)
        return result

    def tell(self, input_: inputs.Input, now: float) -> None:
        """An input for the domain from a command; raises CommandRefused."""
        self.switch.handle(input_, now)
        self._settle(now)

    def drain_calls(self, now: float) -> None:
        """No new calls from now on; running ones go on."""
        if not self.is_draining:
            self.is_draining = True
            self.tell(inputs.DrainStarted(), now)

    @property
    def is_drained(self) -> bool:
        """Whether the last call is over."""
        return self.is_draining and self.switch.live_calls == 0

    def stop(self, now: float) -> None:
        """Ends every call now."""
        self.drain_calls(now)
        self.switch.end_all(now)
        self.signalling.standing.stop(now)
        self._settle(now)

    def reload(self, settings: Settings, now: float) -> None:
        """Puts a new configuration in force; calls in flight go on."""
        self.settings = settings
        self.signalling.reload(settings, now)
        self.append(ConfigurationApplied(now + self.wall_offset_s, config=settings.office.version))
        self.tell(inputs.OfficeChanged(settings.office), now)

    def move_carriers(self, settings: Settings, now: float) -> None:
        """The same configuration with other hosts of its carriers: their names lead elsewhere."""
        self.settings = settings
        self.signalling.move(settings, now)
        self._settle(now)

    def drain(self) -> list[NodeOutput]:
        """All that is due, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    # Between the rooms.

    def _settle(self, now: float) -> None:
        """Carries what one room put out to the next, until every room is quiet."""
        is_quiet = False
        while not is_quiet:
            is_quiet = True
            for output in self.signalling.drain():
                is_quiet = False
                if isinstance(output, TellSwitch):
                    self.switch.handle(output.input, now)
                    continue
                if isinstance(output, SendMedia):
                    self.traces.commanded(output.command, self.signalling.legs.leg_of_port, now)
                self._outputs.append(output)
            for sip_output in self.endpoint.drain():
                is_quiet = False
                if isinstance(sip_output, SendMessage):
                    self.traces.sent(sip_output.data, now)
                    self._outputs.append(sip_output)
                else:
                    self.signalling.take_sip(sip_output, now)
            for decision in self.switch.drain():
                is_quiet = False
                if isinstance(decision, actions.ClaimAgent):
                    self.switch.handle(inputs.ClaimDecided(decision.presentation, is_granted=True), now)
                elif isinstance(decision, actions.Action):
                    self.signalling.carry_out(decision, now)
                else:
                    self.traces.noted(decision)
                    self.append(decision)

    def append(self, record: JournalRecord) -> None:
        self._outputs.append(AppendRecord(record))


def _advertised(settings: Settings, listening: Sequence[tuple[str, Address]]) -> dict[Address, Address]:
    host = settings.sip.advertised_address
    return {} if host is None else {address: Address(host, address.port) for _, address in listening}
