"""The domain alone, driven at random: whatever legs, people and time do, the invariants hold after every step.

A failure names its seed; `walk(seed)` replays it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import get_args

import pytest

from softswitch.domain import actions, choosing, events, inputs, recomputing
from softswitch.domain.call import Call
from softswitch.domain.call_record import CallRecord, CallRecords
from softswitch.domain.causes import Cause, Outcome
from softswitch.domain.distributor import RULES, distribute, exclusion, tiers_reached
from softswitch.domain.doctor import examine
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import Presence
from softswitch.domain.office import (
    PREFERENCE_S_MAX,
    PRIORITY_S_MAX,
    Destination,
    Strategy,
    ToAgent,
    ToNumber,
    ToPhone,
    ToQueue,
)
from softswitch.domain.recovery import Recovery
from softswitch.domain.refusals import CommandRefused
from softswitch.domain.skills import has, relaxed
from softswitch.domain.switch import Switch
from softswitch.domain.waits import waited_s
from tests.softswitch.domain.small_office import WALL_OFFSET_S
from tests.softswitch.domain.walking_office import (
    AGENTS,
    CODES,
    NUMBERS,
    OWN_NUMBERS,
    PHONES,
    QUEUES,
    REASONS,
    VIP,
    random_office,
)

STEPS = 1500
SEEDS = 24
KEYS = "1111122290#*"
A_MOMENT_S = 2e-6
"""Waits are taken to the microsecond, so a rule may hold that much before the deadline that was set for it."""
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
        self.offices = 1
        self.switch = Switch(random_office(self.random, "v1"), ids="w", wall_offset_s=WALL_OFFSET_S)
        self.switch.restore(Recovery(), self.now)
        self.journal: list[events.Event] = []
        self.fold = CallRecords()
        self.records: list[CallRecord] = []
        self.incoming: dict[str, str] = {}  # leg → "invited" or "answered"
        self.outgoing: dict[str, str] = {}  # leg → "dialling" or "answered"
        self.gone: list[str] = []
        self.claims: list[str] = []
        self.claimed: set[str] = set()
        self.came_by: dict[str, str] = {}
        self.recordings: list[str] = []
        self.tags: list[tuple[str, str]] = []
        self.invited = 0
        for phone in PHONES:
            self.tell(inputs.PhoneRegistrationChanged(phone, is_registered=True))

    def tell(self, input_: inputs.Input) -> None:
        """One input; a command that is refused has changed nothing."""
        try:
            self.switch.handle(input_, self.now)
        except CommandRefused:
            assert self.switch.drain() == []
        self.collect()

    def collect(self) -> None:
        presented: list[events.CallPresented] = []
        for thing in self.switch.drain():
            if isinstance(thing, actions.Action):
                self.carry_out(thing)
            else:
                self.journal.append(thing)
                if isinstance(thing, events.CallQueued):
                    self.came_by[thing.call] = thing.by
                if isinstance(thing, events.CallPresented):
                    assert recomputing.is_confirmed(thing), f"{thing} cannot be worked out again"
                    presented.append(thing)
                record = self.fold.apply(thing)
                if record is not None:
                    self.records.append(record)
        if self.is_single_node:
            check_order(self, presented)
            while self.claims:
                self.tell(inputs.ClaimDecided(self.claims.pop(0), is_granted=True))
            self.claimed.clear()

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
            case actions.ClaimAgent(presentation=presentation, call=call):
                self.claims.append(presentation)
                self.claimed.add(call)
            case actions.StopRecording(recording=recording):
                self.recordings.append(recording)
            case actions.StartRecording() | actions.StopPlayingOnLeg():
                pass

    def step(self) -> None:
        chance = self.random.random()
        if self.claims and chance < 0.8:
            claim = self.claims.pop(self.random.randrange(len(self.claims)))
            self.tell(inputs.ClaimDecided(claim, is_granted=self.random.random() < 0.95))
        elif chance < 0.22:
            self.pass_time(self.random.choice((0.0, 0.1, 0.5, 1.0, 1.0, 3.0, 12.0, 30.0)))
        elif chance < 0.32:
            self.invite()
        elif chance < 0.76:
            self.move_a_leg()
        elif chance < 0.82:
            self.press_a_key()
        elif chance < 0.86 and self.tags:
            leg, tag = self.tags.pop(self.random.randrange(len(self.tags)))
            self.tell(inputs.PlaybackEnded(leg, tag))
        elif chance < 0.92:
            self.tell(inputs.SetPresence(self.agent(), self.presence(), self.random.choice((None, *REASONS))))
        elif chance < 0.94:
            is_registered = self.random.random() < 0.7
            self.tell(inputs.PhoneRegistrationChanged(self.random.choice(PHONES), is_registered))
        else:
            self.random.choice(self.rare_things())()

    def agent(self) -> str:
        return self.random.choice(AGENTS)

    def busy_agent(self) -> str:
        busy = [name for name, agent in self.switch.floor.agents.items() if agent.activity != "idle"]
        return self.random.choice(busy or AGENTS)

    def presence(self) -> Presence:
        return self.random.choice(("ready", "ready", *get_args(Presence)))

    def call(self) -> str:
        return self.random.choice([*self.switch.floor.calls, "w-0"])

    def destination(self) -> Destination:
        return self.random.choice(
            (ToQueue(self.random.choice(QUEUES)), ToAgent(self.agent()), ToPhone(self.random.choice(PHONES)),
             ToNumber("+4790000000"))
        )  # fmt: skip

    def rare_things(self) -> list[Callable[[], None]]:
        """What people in charge do, and what befalls the office."""
        dice, tell = self.random, self.tell
        return [
            lambda: tell(inputs.HangUpCall(self.call())),
            lambda: tell(inputs.SetPriority(self.call(), dice.choice((0, 30, 300, PRIORITY_S_MAX)))),
            lambda: tell(inputs.SwitchAgentQueue(self.agent(), dice.choice(QUEUES), dice.random() < 0.6)),
            lambda: tell(inputs.SetAgentNumber(self.agent(), dice.choice((None, *OWN_NUMBERS)))),
            lambda: tell(inputs.ExtendWrapUp(self.busy_agent(), dice.choice((-3600, -5, 10, 60)))),
            lambda: tell(inputs.ClassifyCall(self.busy_agent(), dice.choice((*CODES, "nothing")))),
            lambda: tell(inputs.SetHotPrompt(dice.choice(QUEUES), dice.choice((None, "outage")), self.wall_soon())),
            lambda: tell(inputs.TransferCall(self.call(), self.destination())),
            lambda: tell(inputs.ConsultFor(self.call(), self.destination())),
            lambda: tell(inputs.EndConsult(self.call(), dice.choice(("complete", "conference", "take-back")))),
            lambda: tell(inputs.WithdrawCallback(dice.choice([*self.switch.floor.callbacks, "w-cb0"]))),
            lambda: tell(inputs.TrunkReachabilityChanged("carrier", dice.random() < 0.7)),
            self.complete_a_recording,
            self.reload,
        ]

    def wall_soon(self) -> float | None:
        return self.random.choice((None, WALL_OFFSET_S + self.now + 20))

    def complete_a_recording(self) -> None:
        if self.recordings:
            self.tell(inputs.RecordingCompleted(self.recordings.pop(), 1.0, "00", None))

    def reload(self) -> None:
        self.offices += 1
        self.tell(inputs.OfficeChanged(random_office(self.random, f"v{self.offices}")))

    def press_a_key(self) -> None:
        legs = [leg for leg, phase in [*self.incoming.items(), *self.outgoing.items()] if phase == "answered"]
        if legs:
            leg = self.random.choice(legs)
            for digit in self.random.choice((self.random.choice(KEYS), "1", "0812345678#", "7#1234#")):
                self.tell(inputs.DigitPressed(leg, digit))

    def invite(self) -> None:
        self.invited += 1
        leg = f"in-{self.invited}"
        self.incoming[leg] = "invited"
        fault = Cause.NO_MEDIA_PORTS if self.random.random() < 0.02 else None
        if self.random.random() < 0.7:
            origin: inputs.FromTrunk | inputs.FromPhone = inputs.FromTrunk("carrier")
            dialled = self.random.choice((*NUMBERS, *6 * ("+461",), *4 * ("+462",), "+4699"))
        else:
            origin = inputs.FromPhone(self.random.choice(PHONES))
            dialled = self.random.choice((*NUMBERS, *PHONES, "anna", "dan", "night", "nowhere", "+4711111"))
        caller = self.random.choice(("+46812345678", "+46812345678", VIP, "anonymous"))
        self.tell(inputs.LegInvited(leg, origin, caller, "", dialled, fault))

    def move_a_leg(self) -> None:
        legs = [*self.incoming, *self.outgoing, *self.gone[-2:]]
        if not legs:
            return
        leg = self.random.choice(legs)
        phase = self.outgoing.get(leg) or ("up" if leg in self.incoming else "gone")
        if phase == "dialling":
            choice = self.random.random()
            if choice < 0.3:
                self.tell(inputs.LegProgressed(leg))
            elif choice < 0.8:
                self.outgoing[leg] = "answered"
                self.tell(inputs.LegAnswered(leg))
            else:
                del self.outgoing[leg]
                self.tell(inputs.LegRefused(leg, self.random.choice(REFUSALS)))
        elif phase == "gone":
            late = (
                *(inputs.LegAnswered(leg), inputs.LegProgressed(leg), inputs.LegEnded(leg, Cause.HUNG_UP)),
                *(inputs.LegHeard(leg), inputs.DigitPressed(leg, "1")),
            )
            self.tell(self.random.choice(late))
        elif self.random.random() < 0.4:
            self.tell(inputs.LegHeard(leg))
        elif self.random.random() < 0.7:
            is_answered = self.outgoing.pop(leg, None) == "answered" or self.incoming.pop(leg, None) == "answered"
            self.tell(inputs.LegEnded(leg, self.random.choice(ENDS) if is_answered else Cause.CANCELLED))

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
        self.pass_time(2 * 3600.0)


def check_order(walk: Walk, presented: list[events.CallPresented]) -> None:
    """Nobody is presented while one who was due before, and whom the same agent could have served, waits unpresented.

    Across queues a member's preference may turn the order of two callers around, but not by more than it can be. And
    of two agents with one telephone only one can be rung: the caller who was to have the other is out of his turn once.
    """
    floor, now = walk.switch.floor, walk.now
    for event in presented:
        call, queue = floor.calls.get(event.call), floor.queues.get(event.queue)
        if call is None or queue is None or event.presentation not in call.presentations:
            continue
        told = {name for name, _ in event.passed_over}
        for name, other_queue in floor.queues.items():
            allowed_s = 0.0 if name == event.queue else PREFERENCE_S_MAX
            for other in map(floor.calls.__getitem__, other_queue.line):
                if other.presentations or other.call in walk.claimed or not could_serve(floor, event.agent, other, now):
                    continue
                assert (other.due_at + allowed_s, other.order) > (call.due_at, call.order), f"{other.call}: {event}"
                assert name != event.queue or other.call not in told


def could_serve(floor: Floor, agent: str, call: Call, now: float) -> bool:
    """Whether nothing about this caller keeps this agent from him."""
    queue = floor.queues[call.queue or ""]
    member = queue.members.get(agent)
    if member is None or agent not in floor.office.agents or queue.plan.queue in floor.agents[agent].queues_off:
        return False
    wait_s = waited_s(call.entered_at, now)
    demand = relaxed(choosing.demand_of(queue.plan, call), wait_s, queue.plan.skills_relax_every_s)
    is_reached = member[1].tier <= tiers_reached(wait_s, queue.plan.next_tier_after_s)
    return is_reached and has(floor.office.agents[agent].skills, demand)


def check(walk: Walk) -> None:
    """What must hold between any two steps."""
    floor = walk.switch.floor
    arrivals = [event for event in walk.journal if isinstance(event, events.CallArrived)]
    invited = sum(event.callback is None for event in arrivals)
    ended = Counter(event.call for event in walk.journal if isinstance(event, events.CallEnded))
    assert all(count == 1 for count in ended.values())
    assert invited == walk.invited
    assert len(arrivals) == len(ended) + len(floor.calls)
    assert len(walk.records) == len(ended)
    assert set(floor.legs) == {*walk.incoming, *walk.outgoing}
    check_agents(walk)
    for name, queue in floor.queues.items():
        figures = floor.statistics.kept(name)
        offered = sum(day.offered for day in figures)
        done = sum(day.ended for day in figures)
        assert offered == done + sum(walk.came_by[call] != "callback" for call in queue.line), name


def check_agents(walk: Walk) -> None:
    """One call, one agent; nobody idle while a caller she may serve waits."""
    walk.pass_time(A_MOMENT_S)
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


@pytest.mark.parametrize("seed", range(SEEDS))
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


def test_the_walks_come_everywhere() -> None:
    """What never happens in them they cannot find a fault in."""
    told: list[events.Event] = []
    for seed in range(SEEDS):
        walk = Walk(seed)
        for _ in range(STEPS):
            walk.step()
        told += walk.journal
    assert {event.outcome for event in told if isinstance(event, events.CallEnded)} == set(get_args(Outcome))
    shown = {event.outcome for event in told if isinstance(event, events.PresentationEnded)}
    assert shown >= {
        "connected", "no-answer", "busy", "declined", "unreachable", "no-confirmation", "caller-gone",
        "taken-elsewhere", "withdrawn", "failed",
    }  # fmt: skip
    left = {event.outcome for event in told if isinstance(event, events.QueueLeft)}
    assert left == set(get_args(events.VisitOutcome)) - {"closed"}
    assert {event.strategy for event in told if isinstance(event, events.CallPresented)} == set(get_args(Strategy))
    rules = {rule.rule for event in told if isinstance(event, events.CallPresented) for rule in event.exclusions}
    assert rules >= set(RULES) - {"rung-already"}
    assert {type(event) for event in told} >= {
        events.AgentLost, events.AgentMissed, events.AgentNumberSet, events.AgentQueueSwitched, events.CallClassified,
        events.CallTransferred, events.CallbackEnded, events.CallbackTried, events.HotPromptChanged,
        events.PriorityChanged, events.QueueStaffed, events.QueueUnstaffed, events.VoicemailLeft, events.WrapUpStarted,
    }  # fmt: skip


def test_the_same_seed_gives_the_same_journal() -> None:
    def journal(seed: int) -> list[events.Event]:
        walk = Walk(seed)
        for _ in range(300):
            walk.step()
        return walk.journal

    assert journal(7) == journal(7)
    assert journal(7) != journal(8)
