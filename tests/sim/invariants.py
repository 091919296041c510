"""What must always hold, whatever callers, agents, phones and networks do.

The `Ledger` reads the journal as it is written and knows nothing else, so that it judges what was recorded and not what
the switch believes. The functions below it look at the switch, the media process and the telephones when all has come
to rest; `step_check` looks after every step. Each says in its failure what was broken and by whom.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from softswitch.domain import events, recomputing
from softswitch.domain.call_record import CallRecord, CallRecords
from softswitch.domain.causes import Cause
from softswitch.node import JournalRecord

if TYPE_CHECKING:
    from tests.sim.person import Call
    from tests.sim.world import World

WAIT_ERROR_S = 0.001


def _since(event: events.CallQueued) -> float:
    """Since when a caller waits as far as his place in one queue goes, his priority counted as wait."""
    return (event.at if event.entered is None else event.entered) - event.priority_s


class Ledger:
    """The calls, lines and agents as the journal tells them, and the rules that hold between any two records."""

    def __init__(self) -> None:
        self.arrived: dict[str, events.CallArrived] = {}
        self.ended: dict[str, events.CallEnded] = {}
        self.records: dict[str, CallRecord] = {}
        self.recordings: dict[str, str] = {}
        self.completed: set[str] = set()
        self.crashes = -1
        self._live: dict[str, None] = {}
        self._fold = CallRecords()
        self._lines: dict[str, dict[str, tuple[float, int]]] = {}
        self._queued: dict[str, events.CallQueued] = {}
        self._places = 0
        self._met: set[str] = set()
        self._place_of: dict[str, tuple[float, int]] = {}
        self._presentations: dict[str, events.CallPresented] = {}
        self._engaged: dict[str, str] = {}

    @property
    def live(self) -> list[str]:
        return list(self._live)

    def take(self, record: JournalRecord) -> None:
        """Takes the next record; fails the run when it breaks a rule."""
        match record:
            case events.SwitchStarted():
                self.crashes += 1
            case events.CallArrived(call=call):
                assert call not in self.arrived, f"{call} arrived twice"
                self.arrived[call] = record
                self._live[call] = None
            case events.CallQueued() | events.QueueLeft():
                self._take_line(record)
            case events.CallPresented():
                self._presented(record)
            case events.PresentationEnded(presentation=presentation, agent=agent):
                assert self._presentations.pop(presentation, None), f"{presentation} ended without having begun"
                assert self._engaged.pop(agent) == presentation, f"{agent} was not in {presentation}"
                if record.outcome == "connected":
                    self._met.add(record.call)
            case events.CallConnected(queue=str()):
                self._connected(record)
            case events.AgentLost(call=call, agent=agent, queue=queue):
                self._met.discard(call)
                assert self._engaged.pop(agent) == call, f"{agent} was lost from {call} but not in it"
                self._lines[queue][call] = self._place_of[call]
            case events.CallParted(call=call, agent=agent):
                if agent is not None and self._engaged.get(agent) == call:
                    del self._engaged[agent]
            case events.PriorityChanged(call=call, priority_s=priority_s):
                self._prefer(call, priority_s)
            case events.RecordingStarted() | events.RecordingEnded():
                self._take_recording(record)
            case events.CallEnded():
                self._ended(record)
            case _:
                pass
        if isinstance(record, events.Event):
            ended = self._fold.apply(record)
            if ended is not None:
                assert ended.id not in self.records, f"{ended.id} has two records"
                self.records[ended.id] = ended

    def record(self, call: str) -> CallRecord:
        """The record of a call, whether it has ended or not."""
        known = self.records.get(call) or self._fold.open_record(call)
        assert known is not None, f"no record of {call}"
        return known

    def is_engaged(self, agent: str) -> bool:
        """Whether the agent is presented a caller or talks with one."""
        return agent in self._engaged

    def unpresented(self) -> dict[str, list[str]]:
        """By queue, the calls that wait and are not being presented, in their order."""
        shown = {presentation.call for presentation in self._presentations.values()}
        return {
            queue: sorted((call for call in line if call not in shown), key=line.__getitem__)
            for queue, line in self._lines.items()
        }

    def _take_recording(self, event: events.RecordingStarted | events.RecordingEnded) -> None:
        recording = event.recording
        if isinstance(event, events.RecordingStarted):
            assert recording not in self.recordings, f"{recording} began twice"
            self.recordings[recording] = event.call
        else:
            assert recording in self.recordings, f"{recording} ended without having begun"
            self.completed.add(recording)

    def _take_line(self, event: events.CallQueued | events.QueueLeft) -> None:
        self._met.discard(event.call)
        line = self._lines.setdefault(event.queue, {})
        if isinstance(event, events.QueueLeft):
            line.pop(event.call, None)
            return
        elsewhere = [queue for queue, calls in self._lines.items() if event.call in calls]
        assert not elsewhere, f"{event.call} enters {event.queue} and waits in {elsewhere}"
        self._places += 1
        line[event.call] = self._place_of[event.call] = (_since(event), self._places)
        self._queued[event.call] = event

    def _prefer(self, call: str, priority_s: float) -> None:
        queued = self._queued.get(call)
        if queued is None:
            return
        place = (_since(queued) + queued.priority_s - priority_s, self._place_of[call][1])
        self._place_of[call] = place
        for line in self._lines.values():
            if call in line:
                line[call] = place

    def _presented(self, event: events.CallPresented) -> None:
        """Nobody overtakes; who came into line in the very instant of the decision came after it."""
        engaged = self._engaged.get(event.agent)
        assert engaged is None, f"{event.agent} is shown {event.call} while in {engaged}"
        assert recomputing.is_confirmed(event), f"{event} cannot be worked out again"
        line = self._lines[event.queue]
        assert event.call in line, f"{event.call} is presented for {event.queue} but does not wait there"
        shown = {presentation.call for presentation in self._presentations.values()}
        is_one_of_all = event.strategy == "ring-all"
        assert is_one_of_all or event.call not in shown, f"{event.call} is presented twice at once"
        told = {call for call, _ in event.passed_over}
        overtaken = [
            call
            for call, place in line.items()
            if place < line[event.call] and call not in shown and call not in self._met and call not in told
            if self._queued[call].at < event.at
        ]
        assert not overtaken, f"{event.call} overtakes {overtaken} in {event.queue}"
        self._presentations[event.presentation] = event
        self._engaged[event.agent] = event.presentation

    def _connected(self, event: events.CallConnected) -> None:
        assert event.agent is not None
        engaged = self._engaged.get(event.agent)
        assert engaged is None, f"{event.agent} is connected to {event.call} while in {engaged}"
        assert event.call not in self._engaged.values(), f"{event.call} has two agents"
        self._engaged[event.agent] = event.call
        self._lines[event.queue or ""].pop(event.call)
        wait_s = event.at - self._queued[event.call].at
        assert abs(wait_s - (event.wait_s or 0.0)) < WAIT_ERROR_S, f"{event.call} waited {wait_s}, not {event.wait_s}"

    def _ended(self, event: events.CallEnded) -> None:
        call = event.call
        assert call in self.arrived, f"{call} ended without having arrived"
        assert call not in self.ended, f"{call} ended twice"
        self.ended[call] = event
        del self._live[call]
        shown = [presentation for presentation, shown in self._presentations.items() if shown.call == call]
        assert not shown, f"{call} ended while {shown} goes on"
        waiting = [queue for queue, calls in self._lines.items() if call in calls]
        assert not waiting, f"{call} ended but still waits in {waiting}"
        for agent in [agent for agent, engaged in self._engaged.items() if engaged == call]:
            del self._engaged[agent]


# When nothing has happened for a while.


def dead_calls(world: World) -> list[Call]:
    """Calls that a telephone believes to be up and the switch does not speak with; who was cut off may have some."""
    return [
        call
        for telephone in world.telephones
        if not telephone.has_vanished
        for call in telephone.live_calls
        if call.state == "up" and world.media.row_of(call.rtp) is None
    ]


def check_nobody_stays_in_a_dead_call(world: World, dead_before: list[Call]) -> None:
    """`dead_before`: those that were dead so long ago that their BYE must have arrived."""
    stuck = [call for call in dead_calls(world) if any(call is known for known in dead_before)]
    assert not stuck, [f"{call.caller}→{call.dialled} at {call.telephone.name} is up and dead" for call in stuck]


# At rest.


def check_rest(world: World) -> None:
    """Everybody has hung up and time has passed: every call has its record and nothing is left behind."""
    world.step_check.look_at_all()
    check_every_call_has_its_end(world)
    check_nothing_is_left(world)
    check_telephones_are_free(world)
    check_records_tell_the_truth(world)


def check_every_call_has_its_end(world: World) -> None:
    ledger = world.ledger
    assert not ledger.live, f"{ledger.live} never ended"
    assert set(ledger.records) == set(ledger.arrived), "calls without a record, or records without a call"
    outcomes = Counter(record.outcome for record in ledger.records.values())
    assert None not in outcomes, outcomes
    assert sum(outcomes.values()) == len(ledger.arrived), outcomes


def check_nothing_is_left(world: World) -> None:
    node, media = world.node, world.media
    assert node.switch.live_calls == 0
    assert not node.switch.floor.legs, node.switch.floor.legs
    assert len(node.signalling.legs) == 0, "legs are left"
    assert node.endpoint.session_count == 0, f"{node.endpoint.session_count} sessions are left"
    assert node.endpoint.transaction_count == 0, f"{node.endpoint.transaction_count} transactions are left"
    ports = node.signalling.legs.udp_ports
    assert ports.free == ports.total, f"{ports.total - ports.free} UDP ports are still out"
    assert not media.ports, f"media ports are left open: {media.ports}"
    assert not media.recordings, f"recordings run on: {media.recordings}"
    assert world.ledger.completed == set(world.ledger.recordings), "recordings without an end"
    dialogs = world.open_dialogs()
    assert not dialogs, f"the journal still knows dialogs of {dialogs}"
    agents = world.command("agent.list")
    assert isinstance(agents, list)
    busy = {row["agent"]: row["activity"] for row in agents if row["activity"] != "idle"}
    assert not busy, f"agents are stuck: {busy}"


def check_telephones_are_free(world: World) -> None:
    for telephone in world.telephones:
        if not telephone.is_vanished:
            left = [f"{call.caller}→{call.dialled} {call.state}" for call in telephone.live_calls]
            assert not left, f"{telephone.name} is left in {left}"


def check_records_tell_the_truth(world: World) -> None:
    """The records against what the telephones and the media process have seen.

    A call that was connected in the very turn in which the switch died may be told and never have been heard.
    """
    ledger = world.ledger
    for record in ledger.records.values():
        if record.cause == Cause.CRASH:
            continue
        if record.connected_at is not None:
            heard, together = world.media.joined.get(record.id, 0), len(record.connections) + 1
            assert 2 <= heard <= together, f"{record.id} was connected and heard {heard - 1} of {together - 1}"
        elif record.outcome == "answered":
            raise AssertionError(f"{record.id} was answered but not connected")
    told = Counter((record.caller, record.dialled) for record in ledger.records.values())
    for call in world.carrier.calls:
        if not call.is_caller or call.ended_how in ("unanswered", "forgotten"):
            continue
        records = told[call.caller, call.dialled]
        assert records >= 1, f"the call of {call.caller} has no record"
        assert records == 1 or ledger.crashes > 0, f"the call of {call.caller} has {records} records"
