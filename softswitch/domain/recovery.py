"""What a start takes over from the journal, and what a journal segment begins with.

`Recovery` is a fold: fed every event, oldest first, it knows each agent's presence and running wrap-up, and the calls
and recordings that were up when the process died. `crash_endings` gives those calls the end that they could not write
themselves: what was connected was answered, what waited or rang has failed, both with cause `crash`, and the time is
that of the restart, because the true one is not known. A recording that was open is ended with 0 seconds and a failure
that says so; whoever keeps the files can measure it and write a better end, the latest word counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from softswitch.domain import events, presence, wrapping_up
from softswitch.domain.call_record import CallRecord, CallRecords
from softswitch.domain.callback import Callback
from softswitch.domain.causes import Cause, Outcome
from softswitch.domain.events import Event
from softswitch.domain.figures.talks import Talks
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import Presence
from softswitch.domain.mailboxes import Pending

CUT_OFF: Final = "the switch died while it recorded; length and checksum are to be read from the file"


@dataclass(slots=True)
class KnownAgent:
    """An agent as the journal knows her; times are wall seconds. `wrap_up_until` None: no wrap-up runs."""

    presence: Presence
    reason: str | None
    since: float
    idle_since: float
    wrap_up_call: str = ""
    wrap_up_until: float | None = None
    wrap_up_queue: str = ""
    wrap_up_plain_until: float = 0.0
    needs_code: bool = False
    number: str | None = None
    login: str = ""
    queues_off: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class KnownCallback:
    """A call-back as the journal knows it; times are wall seconds."""

    asked: events.CallbackRequested
    tries: int = 0
    again: float | None = None

    def at_clock(self, wall_offset_s: float) -> Callback:
        """The same on a clock that is so far behind wall time."""
        return Callback(
            callback=self.asked.callback,
            queue=self.asked.queue,
            number=self.asked.number,
            requested_at=self.asked.at - wall_offset_s,
            entered_at=self.asked.entered - wall_offset_s,
            priority_s=self.asked.priority_s,
            skills=self.asked.skills,
            tries=self.tries,
            again_at=None if self.again is None else self.again - wall_offset_s,
        )


class Recovery:
    """The fold. `agents`: all ever told of; `open_calls`: records of calls that have not ended, oldest first.

    `callbacks`: the promises that have no end yet; `hot_prompts`: what was last said of each queue's; `messages`: those
    to mailboxes whose file was not whole, by recording.
    """

    def __init__(self) -> None:
        self.agents: dict[str, KnownAgent] = {}
        self.callbacks: dict[str, KnownCallback] = {}
        self.hot_prompts: dict[str, events.HotPromptChanged] = {}
        self.messages: dict[str, Pending] = {}
        self._open: dict[str, None] = {}
        self._recordings: dict[str, str] = {}
        self._talks = Talks()
        self._records = CallRecords(self._talks)

    @property
    def presences(self) -> dict[str, tuple[Presence, str | None]]:
        """Each agent's presence and pause reason."""
        return {name: (agent.presence, agent.reason) for name, agent in self.agents.items()}

    @property
    def open_calls(self) -> list[CallRecord]:
        """What is known of the calls that were up."""
        records = [self._records.open_record(call) for call in self._open]
        return [record for record in records if record is not None]

    def apply(self, event: Event) -> None:
        """Takes one event of the journal, oldest first."""
        self._records.apply(event)
        for talk in self._talks.apply(event):
            self._idle_from(talk.agent, talk.ended_at)
        match event:
            case events.CallArrived():
                self._open[event.call] = None
            case events.CallEnded():
                self._open.pop(event.call, None)
            case events.HotPromptChanged():
                self.hot_prompts[event.queue] = event
            case events.CallbackRequested():
                self.callbacks[event.callback] = KnownCallback(event)
            case events.CallbackTried():
                known = self.callbacks.get(event.callback)
                if known is not None:
                    known.tries, known.again = event.tries, event.again
            case events.CallbackEnded():
                self.callbacks.pop(event.callback, None)
            case events.RecordingStarted():
                self._recordings[event.recording] = event.call
            case events.RecordingEnded():
                self._recordings.pop(event.recording, None)
                if event.failure != CUT_OFF:
                    self.messages.pop(event.recording, None)
            case events.VoicemailStarted():
                self.messages[event.message] = Pending(event.mailbox, event.call, event.caller, event.path)
            case events.AgentPresenceChanged() | events.WrapUpStarted() | events.WrapUpEnded():
                self._apply_to_agent(event)
            case events.CallClassified():
                for known_agent in self.agents.values():
                    if known_agent.wrap_up_call == event.call:
                        known_agent.needs_code = False
            case events.AgentNumberSet() | events.AgentQueueSwitched() | events.AgentLoggedInFrom():
                self._apply_choice(event)
            case _:
                pass

    def crash_endings(self, wall_at: float) -> list[Event]:
        """The events that close everything that was up; `wall_at` is the time of the restart."""
        endings: list[Event] = []
        for connected in self._talks.open():
            self._idle_from(connected.agent, wall_at)
        for record in self.open_calls:
            endings.extend(_endings(record, wall_at))
        endings.extend(
            events.RecordingEnded(wall_at, call, recording, 0.0, None, CUT_OFF)
            for recording, call in self._recordings.items()
        )
        return endings

    def _idle_from(self, agent: str | None, wall_at: float) -> None:
        known = self.agents.get(agent or "")
        if known is not None:
            known.idle_since = max(known.idle_since, wall_at)

    def _apply_to_agent(self, event: events.AgentPresenceChanged | events.WrapUpStarted | events.WrapUpEnded) -> None:
        if isinstance(event, events.AgentPresenceChanged):
            is_known = event.by not in (presence.BY_START, presence.BY_CONFIGURATION)
            known = self.agents.get(event.agent) if is_known else None
            idle_since = event.at if known is None or known.presence != "ready" else known.idle_since
            agent = KnownAgent(event.presence, event.reason, event.at, idle_since)
            if known is not None:
                agent = replace(
                    known, presence=agent.presence, reason=agent.reason, since=event.at, idle_since=idle_since
                )
            if agent.presence == "logged-out":
                agent.login = ""
            self.agents[event.agent] = agent
            return
        agent_known = self.agents.get(event.agent)
        if agent_known is None:
            return
        if isinstance(event, events.WrapUpStarted):
            agent_known.wrap_up_call, agent_known.wrap_up_until = event.call, event.until
            agent_known.wrap_up_queue, agent_known.needs_code = event.queue, event.needs_code
            agent_known.wrap_up_plain_until = event.until if event.plain_until is None else event.plain_until
        else:
            agent_known.wrap_up_until = None
            agent_known.idle_since = event.at

    def _apply_choice(
        self, event: events.AgentNumberSet | events.AgentQueueSwitched | events.AgentLoggedInFrom
    ) -> None:
        agent = self.agents.get(event.agent)
        if agent is None:
            return
        if isinstance(event, events.AgentNumberSet):
            agent.number = event.number
        elif isinstance(event, events.AgentLoggedInFrom):
            agent.login = event.telephone
        elif event.is_on:
            agent.queues_off.pop(event.queue, None)
        else:
            agent.queues_off[event.queue] = None


def snapshot_events(floor: Floor, now: float) -> list[Event]:
    """Events that recreate presence, turns and running wrap-ups at the beginning of a segment, with their own times.

    Calls are not among them: a segment begins at a start, when every earlier call has its end.
    """
    snapshot: list[Event] = []
    for agent in floor.agents.values():
        since = floor.wall(agent.presence_since_at)
        snapshot.append(events.AgentPresenceChanged(since, agent.agent, agent.presence, agent.pause_reason, "snapshot"))
        if agent.wrap_up_until_at is None and agent.idle_since_at > agent.presence_since_at:
            snapshot.append(events.WrapUpEnded(floor.wall(agent.idle_since_at), agent.agent))
        if agent.wrap_up_until_at is not None:
            snapshot.append(wrapping_up.started(floor, agent, agent.wrap_up_call or "", agent.wrap_up_until_at, now))
        if agent.number is not None:
            snapshot.append(events.AgentNumberSet(since, agent.agent, agent.number, "snapshot"))
        if agent.login:
            snapshot.append(events.AgentLoggedInFrom(since, agent.agent, agent.login))
        snapshot += [
            events.AgentQueueSwitched(since, agent.agent, queue, is_on=False, by="snapshot")
            for queue in agent.queues_off
        ]
    for callback in floor.callbacks.values():
        snapshot += _promise(floor, callback)
    snapshot += floor.mailboxes.snapshot()
    snapshot += [
        events.VoicemailStarted(floor.wall(now), pending.call, pending.mailbox, recording, pending.path, pending.caller)
        for recording, pending in floor.pending_messages.items()
    ]
    for name, queue in floor.queues.items():
        prompt = queue.hot_prompt
        if prompt is not None:
            ends = None if prompt.until_at is None else floor.wall(prompt.until_at)
            snapshot.append(events.HotPromptChanged(floor.wall(now), name, prompt.sound, ends, "snapshot"))
    return snapshot


def _promise(floor: Floor, callback: Callback) -> list[Event]:
    requested = floor.wall(callback.requested_at)
    asked = events.CallbackRequested(
        requested,
        callback.call or "",
        callback.callback,
        callback.queue,
        callback.number,
        floor.wall(callback.entered_at),
        callback.priority_s,
        dict(callback.skills),
    )
    if not callback.tries:
        return [asked]
    again = None if callback.again_at is None else floor.wall(callback.again_at)
    return [
        asked,
        events.CallbackTried(requested, "", callback.callback, Cause.NO_ANSWER, callback.tries, again),
    ]


def _endings(record: CallRecord, wall_at: float) -> list[Event]:
    endings: list[Event] = [
        events.PresentationEnded(wall_at, record.id, shown.id, shown.queue, shown.agent, "withdrawn", Cause.CRASH)
        for shown in record.presentations
        if shown.outcome is None
    ]
    if record.queue_visits and record.queue_visits[-1].outcome is None:
        visit = record.queue_visits[-1]
        wait_s = max(0.0, wall_at - visit.entered_at)
        endings.append(events.QueueLeft(wall_at, record.id, visit.queue, "failed", Cause.CRASH, wait_s))
    outcome: Outcome = "failed" if record.connected_at is None else "answered"
    endings.append(events.CallEnded(wall_at, record.id, outcome, "switch", Cause.CRASH))
    return endings
