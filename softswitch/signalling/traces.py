"""What `call ladder` shows: each call's SIP messages, media commands and facts, and its events, in their order.

Kept in memory only, for calls that are up and for so many that have ended as fit within named limits; the oldest
ended call makes room. A SIP message is kept as it was on the wire and finds its call by its Call-ID: an INVITE comes
before the call that it becomes, so the first messages of a Call-ID wait a moment, in a small place that strangers may
overflow without touching anyone's call. Secrets and keyed digits are blacked out when a ladder is read (`ladder`).

What it leaves out: REGISTER and everything else outside calls, and calls of an earlier process.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from media import protocol
from softswitch.domain.events import CallArrived, CallConnected, CallEnded, Event, LegDialled
from softswitch.domain.inputs import LegId

TRACES_ENDED_MAX: Final = 2_000
ENDED_BYTES_MAX: Final = 32 << 20
CALL_STEPS_MAX: Final = 1_000
CALL_BYTES_MAX: Final = 512 << 10
UNCLAIMED_MAX: Final = 256
UNCLAIMED_STEPS_MAX: Final = 8
CALL_ID_BYTES_MAX: Final = 256
_PORT_ENDS: Final = (protocol.PortReport, protocol.PortFailed)
_STEP_BYTES: Final = 200
"""What a step without its message is reckoned at."""

_CALL_ID: Final = re.compile(rb"\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]{1,%d})" % CALL_ID_BYTES_MAX, re.IGNORECASE)
_USUAL: Final = b"\r\nCall-ID: "
"""How nearly everybody writes it; any other way is searched for by the pattern."""

Direction: TypeAlias = Literal["in", "out"]
LegOfPort: TypeAlias = Callable[[int], LegId | None]


@dataclass(frozen=True, slots=True)
class Message:
    """A SIP message of a leg, in from its far end or out to it."""

    at: float
    leg: LegId | None
    direction: Direction
    data: bytes


@dataclass(frozen=True, slots=True)
class MediaStep:
    """A command to the media process or a fact from it, for a leg or for the call as a whole."""

    at: float
    leg: LegId | None
    item: protocol.Command | protocol.Fact


@dataclass(frozen=True, slots=True)
class EventStep:
    """An event of the call, as it stands in the journal."""

    at: float
    event: Event


Step: TypeAlias = Message | MediaStep | EventStep


@dataclass(slots=True)
class Trace:
    """One call's steps. `parties`: each leg's far end in words, the caller's first; `dropped`: steps beyond limits."""

    call: str
    steps: list[Step] = field(default_factory=list)
    parties: dict[LegId, str] = field(default_factory=dict)
    size: int = 0
    size_at_end: int = 0
    dropped: int = 0
    call_ids: list[bytes] = field(default_factory=list)

    def add(self, step: Step) -> None:
        size = _STEP_BYTES + (len(step.data) if isinstance(step, Message) else 0)
        if len(self.steps) >= CALL_STEPS_MAX or self.size + size > CALL_BYTES_MAX:
            self.dropped += 1
            return
        self.steps.append(step)
        self.size += size


class Traces:
    """Fed by the node with all that passes; asked by `call ladder`. Times are wall seconds."""

    def __init__(self, wall_offset_s: float) -> None:
        self._wall_offset_s = wall_offset_s
        self._live: dict[str, Trace] = {}
        self._ended: OrderedDict[str, Trace] = OrderedDict()
        self._ended_bytes = 0
        self._unclaimed: OrderedDict[bytes, list[Message]] = OrderedDict()
        self._call_ids: dict[bytes, tuple[Trace, LegId]] = {}
        self._call_id_of_leg: dict[LegId, bytes] = {}
        self._trace_of_leg: dict[LegId, Trace] = {}
        self._ports: dict[int, tuple[Trace, LegId]] = {}

    def of_call(self, call: str) -> Trace | None:
        """The call's steps so far, None when nothing is kept of it."""
        return self._live.get(call) or self._ended.get(call)

    # What passes.

    def received(self, data: bytes, now: float) -> None:
        """Bytes of a SIP message came in."""
        self._message(data, "in", now, may_begin=data.startswith(b"INVITE "))

    def sent(self, data: bytes, now: float) -> None:
        """Bytes of a SIP message go out."""
        self._message(data, "out", now, may_begin=False)

    def called(self, leg: LegId, call_id: str) -> None:
        """A leg has a session with this Call-ID; it may get another one when it goes on to its next target."""
        self._call_id_of_leg[leg] = call_id.encode()
        trace = self._trace_of_leg.get(leg)
        if trace is not None:
            self._bind(trace, leg)

    def commanded(self, command: protocol.Command, leg_of_port: LegOfPort, now: float) -> None:
        """A command goes to the media process."""
        port = getattr(command, "port", None)
        if port is None:
            port = getattr(command, "left", None)
        if isinstance(command, protocol.OpenPort):
            leg = leg_of_port(command.port)
            trace = None if leg is None else self._trace_of_leg.get(leg)
            if leg is not None and trace is not None:
                self._ports[command.port] = (trace, leg)
        self._media(port, getattr(command, "recording", None), command, now)

    def told(self, fact: protocol.Fact, now: float) -> None:
        """A fact comes from the media process."""
        port = getattr(fact, "port", None)
        self._media(port, getattr(fact, "recording", None), fact, now)
        if isinstance(fact, _PORT_ENDS) and port is not None:
            self._ports.pop(port, None)

    def noted(self, event: Event) -> None:
        """An event goes to the journal."""
        if isinstance(event, CallArrived):
            trace = self._live[event.call] = Trace(event.call)
            party = f"trunk:{event.trunk}" if event.phone is None else f"phone:{event.phone}"
            self._add_leg(trace, event.leg, party)
        elif isinstance(event, LegDialled | CallConnected) and event.call in self._live:
            self._add_leg(self._live[event.call], event.leg, event.to)
        known = self.of_call(getattr(event, "call", ""))
        if known is not None:
            known.add(EventStep(event.at, event))
        if isinstance(event, CallEnded) and event.call in self._live:
            self._end(self._live.pop(event.call))

    def media_lost(self) -> None:
        """A media process is gone: its ports mean nothing any more."""
        self._ports.clear()

    # Private.

    def _message(self, data: bytes, direction: Direction, now: float, *, may_begin: bool) -> None:
        call_id = _call_id(data)
        if call_id is None:
            return
        at = now + self._wall_offset_s
        owner = self._call_ids.get(call_id)
        if owner is not None:
            trace, leg = owner
            trace.add(Message(at, leg, direction, data))
            return
        waiting = self._unclaimed.get(call_id)
        if waiting is None and may_begin:
            waiting = self._unclaimed[call_id] = []
            if len(self._unclaimed) > UNCLAIMED_MAX:
                self._unclaimed.popitem(last=False)
        if waiting is not None and len(waiting) < UNCLAIMED_STEPS_MAX:
            waiting.append(Message(at, None, direction, data))

    def _media(
        self, port: int | None, recording: str | None, item: protocol.Command | protocol.Fact, now: float
    ) -> None:
        leg: LegId | None = None
        if recording is not None:
            trace = self.of_call(recording.rpartition("-")[0])
        elif port is not None and port in self._ports:
            trace, leg = self._ports[port]
        else:
            return
        if trace is not None:
            trace.add(MediaStep(now + self._wall_offset_s, leg, item))

    def _add_leg(self, trace: Trace, leg: LegId, party: str) -> None:
        trace.parties[leg] = party
        before = self._trace_of_leg.get(leg)
        self._trace_of_leg[leg] = trace
        if before is not None and before is not trace:
            self._move(leg, before, trace)
        if leg in self._call_id_of_leg:
            self._bind(trace, leg)

    def _move(self, leg: LegId, before: Trace, trace: Trace) -> None:
        """A leg goes over to another call: what follows is told there."""
        for call_id in before.call_ids:
            if self._call_ids.get(call_id) == (before, leg):
                self._call_ids[call_id] = (trace, leg)
                trace.call_ids.append(call_id)
                break
        for port, owner in self._ports.items():
            if owner == (before, leg):
                self._ports[port] = (trace, leg)

    def _bind(self, trace: Trace, leg: LegId) -> None:
        call_id = self._call_id_of_leg.pop(leg)
        self._call_ids[call_id] = (trace, leg)
        trace.call_ids.append(call_id)
        for message in self._unclaimed.pop(call_id, ()):
            trace.add(Message(message.at, leg, message.direction, message.data))

    def _end(self, trace: Trace) -> None:
        """Keeps the call among the ended, where its last messages still find it, and lets the oldest of them go."""
        self._ended[trace.call] = trace
        trace.size_at_end = trace.size
        self._ended_bytes += trace.size_at_end
        while len(self._ended) > TRACES_ENDED_MAX or self._ended_bytes > ENDED_BYTES_MAX:
            _, oldest = self._ended.popitem(last=False)
            self._ended_bytes -= oldest.size_at_end
            for leg in oldest.parties:
                if self._trace_of_leg.get(leg) is oldest:
                    del self._trace_of_leg[leg]
                    self._call_id_of_leg.pop(leg, None)
            for call_id in oldest.call_ids:
                if call_id in self._call_ids and self._call_ids[call_id][0] is oldest:
                    del self._call_ids[call_id]


def _call_id(data: bytes) -> bytes | None:
    """The message's Call-ID, None when it has none."""
    begins = data.find(_USUAL, 0, data.find(b"\r\n\r\n"))
    if begins >= 0:
        begins += len(_USUAL)
        line, cr, _ = data[begins : begins + 2 * CALL_ID_BYTES_MAX].partition(b"\r")
        if cr and b"\n" not in line:
            return line.lstrip(b" \t")[:CALL_ID_BYTES_MAX].rstrip()
    found = _CALL_ID.search(data)
    return None if found is None else found.group(1).rstrip()
