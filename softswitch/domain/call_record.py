"""Call records: what is known of a call, folded from the journal.

One record grows with each event of its call and is handed out, complete, at `CallEnded`; nothing of it is kept after
that, so memory is bounded by the calls that are up. The completion of recordings comes later and is a matter of whoever
keeps records. Times are wall seconds; `views` writes them out.

    wait_s   from entering the queue to connection or leaving it, of the last queue that the call entered; null if none
    talk_s   from connection to the end, holds included; null if the call never was connected
    agent    the last one connected, also when her leg failed after pick-up, or she gave the call to a phone or number

A call that was transferred has several connections; `connected_at` is of the first, and `talk_s` leaves out the times
between them. A connection that a crash cut off ends at the last sign of life before it (`talks`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

import msgspec

from softswitch.domain.causes import Cause, EndedBy, Outcome
from softswitch.domain.events import (
    AgentLost,
    CallAnswered,
    CallArrived,
    CallClassified,
    CallConnected,
    CallEnded,
    CallParted,
    CallPresented,
    CallQueued,
    CallRouted,
    CallTransferred,
    EstimateAnnounced,
    Event,
    Exclusion,
    PresentationEnded,
    PriorityChanged,
    QueueLeft,
    RecordingStarted,
    Takers,
    WayOutDenied,
)
from softswitch.domain.figures.talks import Talk, Talks
from softswitch.domain.office import Strategy
from softswitch.domain.strategies import Candidate

WAITS_TOLD_KEPT_MAX: Final = 20
DENIALS_KEPT_MAX: Final = 20
"""So many announced waits stay in the call's record, the last ones."""

RANKED_KEPT_MAX: Final = 20
"""So many candidates of a presentation stay in the call's record; the journal has more."""


class QueueVisit(msgspec.Struct):
    """One stay in a queue. `outcome`: connected, abandoned, overflowed, failed, or None while it lasts."""

    queue: str
    entered_at: float
    position: int | None = None
    wait_s: float | None = None
    outcome: str | None = None
    cause: Cause | None = None
    by: str = "arrival"
    priority_s: float = 0.0


class ConnectionRecord(msgspec.Struct):
    """Somebody whom the caller was joined to."""

    leg: str
    to: str
    agent: str | None
    queue: str | None
    connected_at: float
    ended_at: float | None = None


class PresentationRecord(msgspec.Struct):
    """One agent whom the call was shown to, with the reasons for the choice."""

    id: str
    queue: str
    agent: str
    presented_at: float
    candidates: int
    runner_up: str | None
    exclusions: tuple[Exclusion, ...]
    config: str
    idle_s: float | None = None
    runner_up_idle_s: float | None = None
    ended_at: float | None = None
    outcome: str | None = None
    cause: Cause | None = None
    is_counted: bool = False
    strategy: Strategy = "longest-idle"
    ranked: tuple[Candidate, ...] = ()
    overdue_s: float | None = None
    passed_over: tuple[tuple[str, float], ...] = ()


class WaitTold(msgspec.Struct):
    """The wait that the caller was told to expect; `high_s` None: no end was named."""

    at: float
    queue: str
    low_s: float
    high_s: float | None
    reason: str | None


class CallRecord(msgspec.Struct):
    """One call: the fields of `history`, then what `call show` adds. `outcome` None: it is still up."""

    id: str
    caller: str
    dialled: str
    arrived_at: float
    queue: str | None = None
    agent: str | None = None
    outcome: Outcome | None = None
    answered_at: float | None = None
    connected_at: float | None = None
    ended_at: float | None = None
    wait_s: float | None = None
    talk_s: float | None = None
    ended_by: EndedBy | None = None
    cause: Cause | None = None
    recordings: list[str] = msgspec.field(default_factory=list)
    trunk: str | None = None
    phone: str | None = None
    routes: list[tuple[str, str]] = msgspec.field(default_factory=list)
    queue_visits: list[QueueVisit] = msgspec.field(default_factory=list)
    presentations: list[PresentationRecord] = msgspec.field(default_factory=list)
    connections: list[ConnectionRecord] = msgspec.field(default_factory=list)
    transfers: list[tuple[float, str, str]] = msgspec.field(default_factory=list)
    denials: list[tuple[float, str, str, str]] = msgspec.field(default_factory=list)
    callback: str | None = None
    code: str | None = None
    waits_told: list[WaitTold] = msgspec.field(default_factory=list)
    diverted_from: str | None = None


class CallRecords:
    """The fold. Events of calls whose arrival it has not seen are passed over."""

    def __init__(self, talks: Talks | None = None) -> None:
        self._open: dict[str, CallRecord] = {}
        self._talks = talks or Talks()
        growth = {kind: partial(self._grow, grow) for kind, grow in _GROWTH.items()}
        of_talks: Takers = dict.fromkeys((CallConnected, CallParted, AgentLost, CallEnded), self.apply)
        self.takers: Takers = {CallArrived: self._arrived, **growth, **of_talks}

    def apply(self, event: Event) -> CallRecord | None:
        """Takes one event, oldest first; returns the record of the call that it ended."""
        for talk in self._talks.apply(event):
            if talk.call in self._open:
                _talked(self._open[talk.call], talk)
        if isinstance(event, CallEnded):
            record = self._open.pop(event.call, None)
            return None if record is None else _ended(record, event)
        if isinstance(event, CallArrived):
            self._arrived(event)
        elif (grow := _GROWTH.get(type(event))) is not None:
            self._grow(grow, event)
        return None

    def open_record(self, call: str) -> CallRecord | None:
        """What is known so far of a call that is up; it is the fold's own and grows on."""
        return self._open.get(call)

    def _arrived(self, event: CallArrived) -> None:
        self._open[event.call] = CallRecord(
            id=event.call,
            caller=event.caller,
            dialled=event.dialled,
            arrived_at=event.at,
            trunk=event.trunk,
            phone=event.phone,
            callback=event.callback,
            diverted_from=event.diverted_from,
        )

    def _grow(self, grow: _Growth, event: Any) -> None:  # any event of a call: all kinds in _GROWTH are
        record = self._open.get(event.call)
        if record is not None:
            grow(record, event)


def talked_s(record: CallRecord, wall_at: float) -> float | None:
    """How long the caller was connected to anybody, by then, each second once; None if to nobody."""
    if not record.connections:
        return None
    seconds, until = 0.0, record.connections[0].connected_at
    for connection in record.connections:
        ends = wall_at if connection.ended_at is None else connection.ended_at
        seconds += max(0.0, ends - max(until, connection.connected_at))
        until = max(until, ends)
    return seconds


def _routed(record: CallRecord, event: CallRouted) -> None:
    record.routes.append((event.destination, event.rule))


def _answered(record: CallRecord, event: CallAnswered) -> None:
    record.answered_at = event.at


def _queued(record: CallRecord, event: CallQueued) -> None:
    record.queue = event.queue
    record.wait_s = None
    record.queue_visits.append(
        QueueVisit(event.queue, event.at, event.position, by=event.by, priority_s=event.priority_s)
    )


def _wait_told(record: CallRecord, event: EstimateAnnounced) -> None:
    record.waits_told.append(WaitTold(event.at, event.queue, event.low_s, event.high_s, event.reason))
    del record.waits_told[:-WAITS_TOLD_KEPT_MAX]


def _priority_changed(record: CallRecord, event: PriorityChanged) -> None:
    if record.queue_visits:
        record.queue_visits[-1].priority_s = event.priority_s


def _transferred(record: CallRecord, event: CallTransferred) -> None:
    record.transfers.append((event.at, event.destination, event.by))


def _denied(record: CallRecord, event: WayOutDenied) -> None:
    record.denials.append((event.at, event.number, event.by, event.why))
    del record.denials[:-DENIALS_KEPT_MAX]


def _classified(record: CallRecord, event: CallClassified) -> None:
    record.code = event.code


def _recorded(record: CallRecord, event: RecordingStarted) -> None:
    record.recordings.append(event.recording)


def _left(record: CallRecord, event: QueueLeft) -> None:
    if not record.queue_visits or record.queue_visits[-1].outcome is not None:
        record.queue_visits.append(QueueVisit(event.queue, event.at))
    visit = record.queue_visits[-1]
    visit.outcome, visit.cause, visit.wait_s = event.outcome, event.cause, event.wait_s
    record.queue, record.wait_s = event.queue, event.wait_s


def _shown(record: CallRecord, event: PresentationEnded) -> None:
    for presentation in reversed(record.presentations):
        if presentation.id == event.presentation:
            presentation.ended_at, presentation.outcome = event.at, event.outcome
            presentation.cause, presentation.is_counted = event.cause, event.is_counted
            return


def _talked(record: CallRecord, talk: Talk) -> None:
    for connection in record.connections:
        if connection.leg == talk.leg and connection.ended_at is None:
            connection.ended_at = max(talk.began_at, talk.ended_at)


def _waits_again(record: CallRecord, _event: AgentLost) -> None:
    record.connections.pop()
    record.connected_at = record.connections[0].connected_at if record.connections else None
    record.wait_s = None
    if record.queue_visits:
        visit = record.queue_visits[-1]
        visit.outcome = visit.wait_s = None


def _connected(record: CallRecord, event: CallConnected) -> None:
    record.connections.append(ConnectionRecord(event.leg, event.to, event.agent, event.queue, event.at))
    record.connected_at = record.connections[0].connected_at
    record.agent = event.agent or record.agent
    if event.queue is not None:
        record.queue, record.wait_s = event.queue, event.wait_s
        if record.queue_visits:
            visit = record.queue_visits[-1]
            visit.outcome, visit.wait_s = "connected", event.wait_s


def _presented(record: CallRecord, event: CallPresented) -> None:
    presentation = PresentationRecord(
        id=event.presentation,
        queue=event.queue,
        agent=event.agent,
        presented_at=event.at,
        candidates=event.candidates,
        runner_up=event.runner_up,
        exclusions=event.exclusions,
        config=event.config,
        idle_s=event.idle_s,
        runner_up_idle_s=event.runner_up_idle_s,
        strategy=event.strategy,
        ranked=event.ranked[:RANKED_KEPT_MAX],
        overdue_s=event.overdue_s,
        passed_over=event.passed_over,
    )
    record.presentations.append(presentation)


def _ended(record: CallRecord, event: CallEnded) -> CallRecord:
    record.ended_at = event.at
    record.outcome, record.ended_by, record.cause = event.outcome, event.ended_by, event.cause
    record.talk_s = talked_s(record, event.at)
    return record


_Growth: TypeAlias = Callable[[CallRecord, Any], None]  # each takes its own kind of event
_GROWTH: Final[Mapping[type[Event], _Growth]] = {
    CallRouted: _routed,
    CallAnswered: _answered,
    CallQueued: _queued,
    EstimateAnnounced: _wait_told,
    QueueLeft: _left,
    PriorityChanged: _priority_changed,
    CallPresented: _presented,
    PresentationEnded: _shown,
    CallConnected: _connected,
    AgentLost: _waits_again,
    CallTransferred: _transferred,
    WayOutDenied: _denied,
    CallClassified: _classified,
    RecordingStarted: _recorded,
}
