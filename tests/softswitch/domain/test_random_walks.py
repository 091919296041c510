"""The domain alone, driven at random: whatever legs, people and time do, the invariants hold after every step.

A failure names its seed; `walk(seed)` replays it.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from types import MappingProxyType

import pytest

from softswitch.domain import actions, choosing, events, inputs
from softswitch.domain.call_record import CallRecord, CallRecords
from softswitch.domain.causes import Cause
from softswitch.domain.distributor import distribute, exclusion
from softswitch.domain.doctor import examine
from softswitch.domain.office import (
    AgentPlan,
    Destination,
    Device,
    Office,
    PhonePlan,
    QueuePlan,
    ToAgent,
    ToBusy,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
)
from softswitch.domain.recovery import Recovery
from softswitch.domain.switch import Switch
from tests.softswitch.domain.small_office import MOBILE, OFFICE, SUPPORT, WALL_OFFSET_S

STEPS = 2000
PHONES = tuple(str(number) for number in range(101, 107))
QUEUES = (
    replace(SUPPORT, ring_s=15, wrap_up_s=5, max_wait_s=90, max_waiting=4, overflow_to=ToQueue("sales")),
    QueuePlan("sales", "Sales", ("bo", "cecilia", "dan"), ring_s=20, no_answer="log-out-unless-last", max_waiting=3,
              max_wait_s=60, overflow_to=ToQueue("night")),
    QueuePlan("night", "Night", ("dan", "eva"), ring_s=10, wrap_up_s=20, no_answer="log-out", max_wait_s=40,
              max_waiting=2, overflow_to=ToAgent("eva"), record="always"),
    QueuePlan("loop", "Loop", ("anna",), max_waiting=0, overflow_to=ToQueue("loop")),
)  # fmt: skip
AGENTS = (
    AgentPlan("anna", "Anna", (Device(ToPhone("101")),), is_ready_at_start=True),
    AgentPlan("bo", "Bo", (Device(ToPhone("102")), Device(ToNumber(MOBILE))), is_ready_at_start=True),
    AgentPlan("cecilia", "Cecilia", (Device(ToPhone("103")),)),
    AgentPlan("dan", "Dan", (Device(ToPhone("103")), Device(ToPhone("104"))), is_ready_at_start=True),
    AgentPlan("eva", "Eva", (Device(ToNumber("+46709999999")),), is_ready_at_start=True),
)
NUMBERS: dict[str, Destination] = {
    "+461": ToQueue("support"), "+462": ToQueue("sales"), "+463": ToPhone("101"), "+464": ToAgent("dan"),
    "+465": ToSay("closed"), "+466": ToBusy(), "+467": ToNumber("+4790000000"), "+468": ToQueue("loop"),
}  # fmt: skip
BUSY_OFFICE = replace(
    OFFICE,
    queues=MappingProxyType({plan.queue: plan for plan in QUEUES}),
    agents=MappingProxyType({plan.agent: plan for plan in AGENTS}),
    phones=MappingProxyType({name: PhonePlan(name, name) for name in PHONES}),
    numbers=MappingProxyType(NUMBERS),
)
SMALLER_OFFICE = replace(
    BUSY_OFFICE,
    version="v2",
    queues=MappingProxyType({plan.queue: plan for plan in QUEUES if plan.queue != "sales"}),
    agents=MappingProxyType({plan.agent: plan for plan in AGENTS if plan.agent != "bo"}),
)
REFUSALS = (Cause.BUSY, Cause.DECLINED, Cause.NO_ANSWER, Cause.UNREACHABLE, Cause.NETWORK_FAILURE, Cause.NO_MEDIA_PORTS)
ENDS = (Cause.HUNG_UP, Cause.HUNG_UP, Cause.HUNG_UP, Cause.SILENT, Cause.NOT_CONFIRMED, Cause.INCOMPATIBLE_MEDIA)


class Walk:
    """A switch, what signalling and media would know of it, and the verdict after each step.

    With even seeds claims are granted at once, as on a single node; with odd ones late, in any order, and not all. Only
    then may a caller be presented before an earlier one: one whose claim came to nothing while the later one's was on
    its way.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.is_single_node = seed % 2 == 0
        self.now = 0.0
        self.switch = Switch(BUSY_OFFICE, ids="w", wall_offset_s=WALL_OFFSET_S)
        self.switch.restore(Recovery(), self.now)
        self.journal: list[events.Event] = []
        self.fold = CallRecords()
        self.records: list[CallRecord] = []
        self.incoming: dict[str, str] = {}  # leg → "invited" or "answered"
        self.outgoing: dict[str, str] = {}  # leg → "dialling" or "answered"
        self.gone: list[str] = []
        self.claims: list[str] = []
        self.recordings: list[str] = []
        self.tags: list[tuple[str, str]] = []
        self.invited = 0
        for phone in PHONES:
            self.tell(inputs.PhoneRegistrationChanged(phone, is_registered=True))

    def tell(self, input_: inputs.Input) -> None:
        self.switch.handle(input_, self.now)
        self.collect()

    def collect(self) -> None:
        presented: list[events.CallPresented] = []
        for thing in self.switch.drain():
            if isinstance(thing, actions.Action):
                self.carry_out(thing)
            else:
                self.journal.append(thing)
                if isinstance(thing, events.CallPresented):
                    presented.append(thing)
                record = self.fold.apply(thing)
                if record is not None:
                    self.records.append(record)
        if self.is_single_node:
            check_order(self.switch, presented)
            while self.claims:
                self.tell(inputs.ClaimDecided(self.claims.pop(0), is_granted=True))

    def carry_out(self, action: actions.Action) -> None:
        match action:
            case actions.DialLeg(leg=leg):
                assert leg not in self.outgoing
                self.outgoing[leg] = "dialling"
            case actions.AnswerLeg(leg=leg):
                assert self.incoming[leg] == "invited"
                self.incoming[leg] = "answered"
            case actions.RefuseLeg(leg=leg):
                assert self.incoming.pop(leg) == "invited"
                self.gone.append(leg)
            case actions.HangUpLeg(leg=leg):
                assert self.incoming.pop(leg, "") == "answered" or self.outgoing.pop(leg, "")
                self.gone.append(leg)
            case actions.JoinLeg(leg=leg) | actions.LeaveLeg(leg=leg) | actions.PlayOnLeg(leg=leg):
                assert "answered" in (self.incoming.get(leg), self.outgoing.get(leg))
                if isinstance(action, actions.PlayOnLeg):
                    self.tags.append((leg, action.tag))
            case actions.RingLeg(leg=leg):
                assert self.incoming[leg] == "invited"
            case actions.ClaimAgent(presentation=presentation):
                self.claims.append(presentation)
            case actions.StopRecording(recording=recording):
                self.recordings.append(recording)
            case actions.StartRecording() | actions.StopPlayingOnLeg():
                pass

    def step(self) -> None:
        chance = self.random.random()
        if self.claims and chance < 0.8:
            claim = self.claims.pop(self.random.randrange(len(self.claims)))
            self.tell(inputs.ClaimDecided(claim, is_granted=self.random.random() < 0.95))
        elif chance < 0.30:
            self.pass_time(self.random.choice((0.0, 0.1, 1.0, 3.0, 12.0, 30.0)))
        elif chance < 0.45:
            self.invite()
        elif chance < 0.85:
            self.move_a_leg()
        elif chance < 0.93:
            agent = self.random.choice(list(self.switch.floor.office.agents))
            presence = self.random.choice(("ready", "ready", "ready", "paused", "logged-out"))
            self.tell(inputs.SetPresence(agent, presence))  # type: ignore[arg-type]  # one of the literals
        elif chance < 0.95:
            is_registered = self.random.random() < 0.7
            self.tell(inputs.PhoneRegistrationChanged(self.random.choice(PHONES), is_registered))
        else:
            self.do_something_rare()

    def invite(self) -> None:
        self.invited += 1
        leg = f"in-{self.invited}"
        self.incoming[leg] = "invited"
        fault = Cause.NO_MEDIA_PORTS if self.random.random() < 0.02 else None
        if self.random.random() < 0.7:
            origin: inputs.FromTrunk | inputs.FromPhone = inputs.FromTrunk("carrier")
            dialled = self.random.choice((*NUMBERS, "+461", "+461", "+469"))
        else:
            origin = inputs.FromPhone(self.random.choice(PHONES))
            dialled = self.random.choice((*NUMBERS, *PHONES, "anna", "dan", "night", "nowhere", "+4711111"))
        self.tell(inputs.LegInvited(leg, origin, "caller", "", dialled, fault))

    def move_a_leg(self) -> None:
        legs = [*self.incoming, *self.outgoing, *self.gone[-2:]]
        if not legs:
            return
        leg = self.random.choice(legs)
        phase = self.outgoing.get(leg) or ("up" if leg in self.incoming else "gone")
        if phase == "dialling":
            choice = self.random.random()
            if choice < 0.4:
                self.tell(inputs.LegProgressed(leg))
            elif choice < 0.75:
                self.outgoing[leg] = "answered"
                self.tell(inputs.LegAnswered(leg))
            else:
                del self.outgoing[leg]
                self.tell(inputs.LegRefused(leg, self.random.choice(REFUSALS)))
        elif phase == "gone":
            late = (inputs.LegAnswered(leg), inputs.LegProgressed(leg), inputs.LegEnded(leg, Cause.HUNG_UP))
            self.tell(self.random.choice(late))
        elif self.random.random() < 0.5:
            is_answered = self.outgoing.pop(leg, None) == "answered" or self.incoming.pop(leg, None) == "answered"
            self.tell(inputs.LegEnded(leg, self.random.choice(ENDS) if is_answered else Cause.CANCELLED))

    def do_something_rare(self) -> None:
        choice = self.random.randrange(5)
        if choice == 0 and self.switch.floor.calls:
            self.tell(inputs.HangUpCall(self.random.choice(list(self.switch.floor.calls))))
        elif choice == 1 and self.tags:
            leg, tag = self.tags.pop()
            self.tell(inputs.PlaybackEnded(leg, tag))
        elif choice == 2 and self.recordings:
            self.tell(inputs.RecordingCompleted(self.recordings.pop(), 1.0, "00", None))
        elif choice == 3:
            self.tell(inputs.TrunkReachabilityChanged("carrier", self.random.random() < 0.7))
        elif choice == 4:
            office: Office = self.random.choice((BUSY_OFFICE, BUSY_OFFICE, SMALLER_OFFICE))
            self.tell(inputs.OfficeChanged(office))

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        while (deadline := self.switch.next_deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.switch.handle_timeout(self.now)
            self.collect()
        self.now = until

    def come_to_rest(self) -> None:
        self.tell(inputs.DrainStarted())
        self.switch.end_all(self.now)
        self.collect()
        self.claims.clear()
        self.pass_time(3600.0)


def check_order(switch: Switch, presented: list[events.CallPresented]) -> None:
    """Nobody is presented while an earlier caller of the same queue waits unpresented."""
    floor = switch.floor
    for event in presented:
        call = floor.calls.get(event.call)
        if call is None or event.presentation not in call.presentations:
            continue
        waiting = floor.queues[event.queue].line if event.queue in floor.queues else []
        assert not [
            other
            for other in map(floor.calls.__getitem__, waiting)
            if not other.presentations and (other.due_at, other.order) < (call.due_at, call.order)
        ]


def check(walk: Walk) -> None:
    """What must hold between any two steps."""
    floor = walk.switch.floor
    arrived = sum(isinstance(event, events.CallArrived) for event in walk.journal)
    ended = Counter(event.call for event in walk.journal if isinstance(event, events.CallEnded))
    assert all(count == 1 for count in ended.values())
    assert arrived == walk.invited == len(ended) + len(floor.calls)
    assert len(walk.records) == len(ended)
    assert set(floor.legs) == {*walk.incoming, *walk.outgoing}
    check_agents(walk)
    for name in floor.queues:
        figures = floor.statistics.kept(name)
        offered = sum(day.offered for day in figures)
        done = sum(day.ended for day in figures)
        assert offered == done + len(floor.queues[name].line), name


def check_agents(walk: Walk) -> None:
    """One call, one agent; nobody idle while a caller she may serve waits."""
    floor = walk.switch.floor
    talking = Counter(
        call.connection.agent for call in floor.calls.values() if call.connection and call.connection.queue
    )
    shown = Counter(presentation.agent for presentation in floor.presentations.values())
    assert all(count == 1 for count in [*talking.values(), *shown.values()])
    assert not set(talking) & {p.agent for p in floor.presentations.values() if p.state == "ringing"}
    choosing.refresh(floor, walk.now)
    for name in floor.agents:
        view = choosing.agent_view(floor, name, walk.now)
        rule = None if view is None else exclusion(view, walk.now)
        assert floor.standings.get(name) == rule, f"{name} counts as {floor.standings.get(name)} and is {rule}"
    assert examine(floor, walk.now) == []
    due = distribute(
        [choosing.queue_view(floor, queue, walk.now) for queue in floor.queues.values() if queue.line], walk.now
    )
    assert not due, f"{due[0].agent} is idle while {due[0].call} waits"


@pytest.mark.parametrize("seed", range(10))
def test_invariants_hold_after_every_random_step(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(STEPS):
        walk.step()
        if walk.random.random() < 0.25:
            check(walk)
    walk.come_to_rest()
    check(walk)
    floor = walk.switch.floor
    assert not floor.calls
    assert not floor.legs
    assert not floor.presentations
    assert not floor.recordings
    assert not floor.deadlines
    assert not floor.devices_out
    assert all(agent.activity == "idle" and agent.claim is None for agent in floor.agents.values())
    assert {record.outcome for record in walk.records} == {
        "answered", "abandoned", "overflowed", "refused", "failed", "direct"
    }  # fmt: skip


def test_the_same_seed_gives_the_same_journal() -> None:
    def journal(seed: int) -> list[events.Event]:
        walk = Walk(seed)
        for _ in range(300):
            walk.step()
        return walk.journal

    assert journal(7) == journal(7)
    assert journal(7) != journal(8)
