"""What the journal alone must tell, whoever reads it: whole stories, each thing once and in its order.

It is read without the snapshots, which say again what is known. A story that a crash cut off is whole too, because the
next process wrote its end.
"""

from __future__ import annotations

from collections import Counter
from typing import get_args

from softswitch.domain import events
from softswitch.domain.events import Event
from softswitch.domain.figures.formulas import By
from softswitch.domain.figures.spans import Days
from softswitch.domain.figures.talks import Talks
from softswitch.domain.figures.visits import fold
from tests.sim.domain_walk import Walk

AFTER_THE_END = (
    events.RecordingEnded, events.VoicemailLeft, events.CallClassified, events.WrapUpStarted, events.CallbackTried,
    events.CallbackEnded, events.AgentMissed, events.VoicemailStarted,
)  # fmt: skip
"""What may still be told of a call that has ended."""


class Story:
    """Reads events in order; AssertionError at the first that does not belong where it stands."""

    def __init__(self) -> None:
        self.at = 0.0
        self.up: set[str] = set()
        self.gone: set[str] = set()
        self.visits: dict[str, tuple[str, bool]] = {}
        self.shown: dict[str, tuple[str, str, str]] = {}
        self.recorded: set[str] = set()
        self.recordings: set[str] = set()
        self.unstaffed: set[str] = set()
        self.dialled: set[str] = set()

    def read(self, event: Event) -> None:
        """The next event."""
        assert event.at >= self.at, f"{event} was told after {self.at}"
        self.at = event.at
        call = getattr(event, "call", None)
        if isinstance(event, events.CallArrived):
            assert call not in self.up | self.gone, event
            self.up.add(event.call)
        elif call is not None and not isinstance(event, AFTER_THE_END):
            assert call in self.up, f"{event} is of a call that is not up"
        match event:
            case events.SwitchStarted():
                self.unstaffed.clear()
            case events.CallEnded():
                self._ended(event)
            case events.CallQueued() | events.QueueLeft() | events.CallConnected() | events.AgentLost():
                self._visited(event)
            case events.CallPresented() | events.PresentationEnded():
                self._shown(event)
            case events.RecordingStarted(recording=recording):
                assert recording not in self.recorded, event
                self.recorded.add(recording)
                self.recordings.add(recording)
            case events.RecordingEnded(recording=recording):
                self.recordings.discard(recording)
            case events.QueueUnstaffed(queue=queue):
                assert queue not in self.unstaffed, event
                self.unstaffed.add(queue)
            case events.QueueStaffed(queue=queue):
                assert queue in self.unstaffed, event
                self.unstaffed.discard(queue)
            case events.LegDialled(leg=leg):
                assert leg not in self.dialled, event
                self.dialled.add(leg)
            case _:
                pass

    def _ended(self, event: events.CallEnded) -> None:
        self.up.remove(event.call)
        self.gone.add(event.call)
        assert not [shown for shown, (call, _, _) in self.shown.items() if call == event.call], (
            f"{event} is still shown"
        )
        _, is_connected = self.visits.pop(event.call, ("", True))
        assert is_connected, f"{event} leaves a queue visit open"

    def _visited(self, event: events.CallQueued | events.QueueLeft | events.CallConnected | events.AgentLost) -> None:
        queue, is_connected = self.visits.get(event.call, ("", True))
        match event:
            case events.CallQueued():
                assert is_connected, f"{event} while he waits in {queue}"
                self.visits[event.call] = (event.queue, False)
            case events.QueueLeft():
                assert is_connected or queue == event.queue, f"{event} while he waits in {queue}"
                assert event.wait_s >= 0, event
                self.visits.pop(event.call, None)
            case events.CallConnected(queue=str(name)):
                assert (queue, is_connected) == (name, False), f"{event} while he is in {queue}"
                assert event.wait_s is not None, event
                assert event.wait_s >= 0, event
                self.visits[event.call] = (name, True)
            case events.AgentLost():
                assert (queue, is_connected) == (event.queue, True), f"{event} while he is in {queue}"
                self.visits[event.call] = (queue, False)
            case _:
                assert is_connected, f"{event} while he waits in {queue}"

    def _shown(self, event: events.CallPresented | events.PresentationEnded) -> None:
        shown = (event.call, event.queue, event.agent)
        if isinstance(event, events.CallPresented):
            assert event.presentation not in self.shown, event
            assert event.agent not in {agent for _, _, agent in self.shown.values()}, f"{event} while she rings"
            self.shown[event.presentation] = shown
        else:
            assert self.shown.pop(event.presentation, None) == shown, event


def check_story(walk: Walk) -> None:
    """The journal so far: it tells who talks with whom now, and makes the same figures as the running switch."""
    talks, story = Talks(), Story()
    for event in walk.told():
        story.read(event)
        talks.apply(event)
    floor = walk.switch.floor
    assert story.up == set(floor.calls), "the journal tells of other calls"
    assert set(story.shown) == {name for name, shown in floor.presentations.items() if shown.state == "ringing"}
    told = {(event.call, event.leg) for event in talks.open()}
    connected = {
        (call.call, leg)
        for call in floor.calls.values()
        if call.connection is not None and call.state != "dialling"
        for leg in (call.connection.leg, *call.parties)
    }
    assert told == connected, f"the journal has {told} talk, and {connected} do"
    check_sums(walk)


def check_sums(walk: Walk) -> None:
    """The figures that commands show are those that the whole journal makes, and no time in them is negative.

    Snapshots add nothing to any count. They are a sign of life, though, and a talk that a crash cut off ends with the
    last one.
    """
    floor, span_of = walk.switch.floor, Days(walk.office.timezone)
    visits, lived, today = fold(walk.told(), span_of, {}), fold(walk.journal, span_of, {}), span_of(walk.wall).begins_at
    for queue in floor.queues:
        for by in get_args(By):
            times, whole = floor.statistics.times(queue, walk.wall, by), visits.tally(queue, today, by).times
            assert min(times.talk_ms, times.wrap_up_ms, times.wait_ms) >= 0, f"{queue}: {times}"
            assert (times.talks, times.wrap_ups) == (whole.talks, whole.wrap_ups), f"{queue} {by}: {times}, not {whole}"
            whole = lived.tally(queue, today, by).times
            assert times == whole, f"{queue} {by}: {times}, not {whole}"
        by_event, counted = floor.statistics.by_event(queue, walk.wall), visits.counts(queue, today, "event")
        assert by_event.ended == counted.ended, f"{queue}: {by_event}, not {counted}"
        assert by_event.offered == counted.offered, f"{queue}: {by_event}, not {counted}"
    calls = Counter(
        event.agent
        for event in walk.told()
        if isinstance(event, events.CallConnected) and event.agent is not None and event.at >= today
    )
    for agent in floor.office.agents:
        found = floor.agent_figures.today(agent, walk.wall)[0]
        assert found == calls[agent], f"{agent} is said to have had {found} calls, and had {calls[agent]}"
