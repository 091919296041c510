"""The floor of the call centre: everything that is going on, in one place, as plain data.

Calls, legs, agents, queues, presentations, deadlines, and what is known of phones and trunks. The rooms beside it
(`routing`, `presenting`, `direct`, `ending` …) are functions on it, named after what was told; it has itself only what
all of them need: the outbox, in which an event always stands before the actions it causes, and the bookkeeping of legs,
so that devices and agents are engaged exactly as long as their legs are up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import msgspec

from softswitch.domain import actions
from softswitch.domain.actions import Action, LampState
from softswitch.domain.agent import Agent
from softswitch.domain.call import Call
from softswitch.domain.call_record import CallRecords
from softswitch.domain.callback import Callback
from softswitch.domain.causes import Cause
from softswitch.domain.deadlines import Deadlines
from softswitch.domain.distributor import Decision, Rule
from softswitch.domain.events import Event
from softswitch.domain.figures.agents import AgentFigures
from softswitch.domain.figures.statistics import Statistics
from softswitch.domain.forecast.facts import Facts
from softswitch.domain.inputs import CallId, LegId, Origin
from softswitch.domain.leg import Leg
from softswitch.domain.mailboxes import Mailboxes, Pending
from softswitch.domain.office import Device, DeviceAddress, Office, QueuePlan, ToNumber, ToPhone
from softswitch.domain.outgoing import Principal, may_ever_leave
from softswitch.domain.queue import Queue

DEVICE_OUT_S = 30.0
"""A device that could not be reached is left out for so long, or until its phone registers again."""

PresentationState: TypeAlias = Literal["claiming", "ringing"]


class Presentation(msgspec.Struct):
    """A waiting call shown to one agent. While `claiming`, nothing rings yet and the call still waits.

    `decision`: why her; `to_ring`: her devices whose time has not come, by when it does; `refusals`: what devices
    answered, in order.
    """

    presentation: str
    call: CallId
    queue: str
    agent: str
    decision: Decision
    state: PresentationState = "claiming"
    ring_until_at: float = 0.0
    legs: list[LegId] = msgspec.field(default_factory=list)
    to_ring: list[tuple[float, Device]] = msgspec.field(default_factory=list)
    refusals: list[Cause] = msgspec.field(default_factory=list)


@dataclass(slots=True)
class Floor:
    """All state of the switch. Times are `now` seconds; `wall_offset_s` makes wall time of them.

    `registered`: phones with a contact; `trunks_down`: carriers that do not answer; `devices_out`: until when a device
    that could not be reached is left out; `recordings`: those not complete yet, by when they began;
    `wrong_pins`: when each agent's PIN was keyed wrongly lately.
    `is_unsettled`: something changed that may give a caller an agent; `is_staffing_due`: agents came or are to go;
    `is_presence_changed`: somebody came, went or paused since queues were looked at for it.
    `standings`: what keeps each agent from callers, worked out anew only for those who were `touched`; `free`: those
    whom nothing does. `sharing`: agents with a telephone that others answer too, and who these are. `lamps`: what they
    were last told to show; `lamps_due`: those to be looked at.
    """

    office: Office
    ids: str
    wall_offset_s: float
    records: CallRecords
    statistics: Statistics
    agent_figures: AgentFigures
    forecast_facts: Facts
    calls: dict[CallId, Call] = field(default_factory=dict)
    legs: dict[LegId, Leg] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    presentations: dict[str, Presentation] = field(default_factory=dict)
    callbacks: dict[str, Callback] = field(default_factory=dict)
    recordings: dict[str, float] = field(default_factory=dict)
    mailboxes: Mailboxes = field(default_factory=Mailboxes)
    pending_messages: dict[str, Pending] = field(default_factory=dict)
    wrong_pins: dict[str, list[float]] = field(default_factory=dict)
    deadlines: Deadlines = field(default_factory=Deadlines)
    registered: set[str] = field(default_factory=set)
    trunks_down: set[str] = field(default_factory=set)
    devices_out: dict[DeviceAddress, float] = field(default_factory=dict)
    is_draining: bool = False
    is_unsettled: bool = False
    is_staffing_due: bool = False
    is_presence_changed: bool = False
    standings: dict[str, Rule | None] = field(default_factory=dict)
    free: dict[str, None] = field(default_factory=dict)
    touched: dict[str, None] = field(default_factory=dict)
    sharing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lamps: dict[str, LampState] = field(default_factory=dict)
    lamps_due: dict[str, None] = field(default_factory=dict)
    calls_made: int = 0
    visits_made: int = 0
    callbacks_made: int = 0
    _people: dict[DeviceAddress, tuple[str, ...]] = field(default_factory=dict)
    _at_number: dict[DeviceAddress, dict[str, None]] = field(default_factory=dict)
    _legs_at: dict[DeviceAddress, dict[LegId, None]] = field(default_factory=dict)
    _outbox: list[Event | Action] = field(default_factory=list)
    _takers: dict[type[Event], tuple[Callable[[Any], object], ...]] = field(default_factory=dict)

    # The outbox.

    def tell(self, event: Event) -> None:
        """Something happened; the folds that commands read see it at once, each what it wants of it."""
        self._outbox.append(event)
        kind = type(event)
        takers = self._takers.get(kind)
        if takers is None:
            folds = (self.records, self.statistics, self.mailboxes, self.agent_figures, self.forecast_facts)
            takers = self._takers[kind] = tuple(fold.takers[kind] for fold in folds if kind in fold.takers)
        for take in takers:
            take(event)

    def ask(self, action: Action) -> None:
        """Something is wanted."""
        self._outbox.append(action)

    def drain(self) -> list[Event | Action]:
        """All that was told and asked since the last time, in order."""
        outbox, self._outbox = self._outbox, []
        return outbox

    def wall(self, now: float) -> float:
        """Wall time, seconds since 1970."""
        return now + self.wall_offset_s

    # The office.

    def use(self, office: Office) -> None:
        """Decides by this office from now on. Queues that are gone are kept until their callers are."""
        self.office = office
        self.statistics.goals_s = goals_s(office)
        people: dict[DeviceAddress, list[str]] = {}
        for plan in office.agents.values():
            for device in plan.answers_at:
                people.setdefault(device.to, []).append(plan.agent)
        self._people = {device: tuple(names) for device, names in people.items()}
        self._look_who_shares()
        for name, queue_plan in office.queues.items():
            self.queues.setdefault(name, Queue(queue_plan)).use(queue_plan)
        for name, queue in list(self.queues.items()):
            queue.is_retired = name not in office.queues
            self.forget_retired(name)
        for call in self.calls.values():
            self.take_place(call)
        self.touch_all()
        self.is_staffing_due = True

    def plan(self, queue: str) -> QueuePlan:
        """The plan of a queue that is there, or that was when its caller entered."""
        return self.queues[queue].plan

    def forget_retired(self, queue: str) -> None:
        """Drops a queue that a reload took away, once nobody is in it."""
        if self.queues[queue].is_forgettable:
            del self.queues[queue]
            for kind in ("hot", "hours"):
                self.deadlines.drop(kind, queue)
            self.forecast_facts.forget(queue)

    def people(self, device: DeviceAddress | None) -> tuple[str, ...]:
        """The agents who answer at this device."""
        if device is None:
            return ()
        if device not in self._at_number:
            return self._people.get(device, ())
        return tuple(dict.fromkeys((*self._people.get(device, ()), *self._at_number.get(device, ()))))

    def phone_name(self, phone: str) -> str:
        """What others are shown of this telephone; nothing once it is gone."""
        return self.office.phones[phone].name if phone in self.office.phones else ""

    def devices_of(self, agent: str) -> tuple[Device, ...]:
        """What this agent answers at: the number that she set, while it may be called, else what the office says."""
        known, plan = self.agents.get(agent), self.office.agents.get(agent)
        if known is not None and known.number is not None:
            is_allowed = may_ever_leave(Principal("agent", agent), known.number, self.office)
            return (Device(ToNumber(known.number), confirm=True),) if is_allowed else ()
        return () if plan is None else plan.answers_at

    def set_number(self, agent: Agent, number: str | None, now: float) -> None:
        """She answers at this number from now on; None: at her telephones again."""
        if agent.number is not None:
            del self._at_number[ToNumber(agent.number)][agent.agent]
        agent.number = number
        if number is not None:
            self._at_number.setdefault(ToNumber(number), {})[agent.agent] = None
        self._look_who_shares()
        self.free_from_others_calls(agent, now)
        self.touch(agent.agent)

    def free_from_others_calls(self, agent: Agent, now: float) -> None:
        """What goes on at telephones that are not hers any more does not engage her, unless it is her own call."""
        hers = {device.to for device in self.devices_of(agent.agent)}
        for leg_id in tuple(agent.engagements):
            leg = self.legs[leg_id]
            if leg.device is None or leg.device in hers or self._is_for(agent, leg):
                continue
            leg.agents = tuple(name for name in leg.agents if name != agent.agent)
            agent.disengage(leg_id, now)
            self.touch(agent.agent)

    def _is_for(self, agent: Agent, leg: Leg) -> bool:
        """Whether the leg asks for her by name, shows her a caller, or joined her to one."""
        call = self.calls[leg.call]
        people = [call.called_agent, call.parties.get(leg.leg)]
        if leg.presentation in self.presentations:
            people.append(self.presentations[leg.presentation].agent)
        if call.connection is not None and call.connection.leg == leg.leg:
            people.append(call.connection.agent)
        if call.consult is not None and leg.leg in call.consult.legs:
            people.append(call.consult.agent)
        return agent.agent in people

    # Calls.

    def make_call(self, origin: Origin, caller: str, dialled: str, now: float) -> Call:
        """A call that we make ourselves, to somebody who is not rung yet."""
        self.calls_made += 1
        name = f"{self.ids}-{self.calls_made}"
        call = Call(name, f"{name}-l0", origin, caller, "", dialled, arrived_at=now, changed_at=now)
        self.calls[name] = call
        return call

    # Who is free.

    def touch(self, *agents: str) -> None:
        """Something of these agents changed that callers are given by."""
        for name in agents:
            self.touched[name] = self.lamps_due[name] = None
        self.is_unsettled = True

    def touch_all(self) -> None:
        """Something changed that concerns them all."""
        self.touch(*self.agents, *self.standings)

    # Lines.

    def take_place(self, call: Call) -> None:
        """Lets a caller in line stand where he belongs by what he is due by now."""
        queue = None if call.queue is None else self.queues[call.queue]
        if queue is not None:
            call.due_at = queue.plan.due_at(call.entered_at, call.priority_s)
            if call.call in queue.line:
                queue.line.put(call.call, call.place)
                self.is_unsettled = True

    def show(self, presentation: Presentation) -> None:
        """An agent is chosen for a caller in line, or rings."""
        self.presentations[presentation.presentation] = presentation
        self.calls[presentation.call].presentations[presentation.presentation] = None
        self.queues[presentation.queue].presented[presentation.call] = None

    def take_back_presentation(self, presentation: Presentation) -> None:
        """That is over, whatever came of it."""
        call = self.calls[presentation.call]
        del self.presentations[presentation.presentation]
        del call.presentations[presentation.presentation]
        if not call.presentations:
            del self.queues[presentation.queue].presented[presentation.call]

    # Devices.

    def is_reachable(self, device: DeviceAddress, now: float) -> bool:
        """Whether the device can be expected to ring: a registered phone, a number with a trunk that answers."""
        if self.devices_out.get(device, now) > now:
            return False
        if isinstance(device, ToPhone):
            return device.phone in self.registered and device.phone in self.office.phones
        return self.has_trunk

    @property
    def has_trunk(self) -> bool:
        """Whether numbers outside can be called at all."""
        return any(trunk not in self.trunks_down for trunk in self.office.trunks)

    @property
    def devices_in_use(self) -> dict[DeviceAddress, int]:
        """How many legs of ours are up with each device."""
        return {device: len(legs) for device, legs in self._legs_at.items()}

    def legs_at(self, device: DeviceAddress) -> tuple[LegId, ...]:
        """The legs that are up with the device."""
        return tuple(self._legs_at.get(device, ()))

    def is_in_use(self, device: DeviceAddress) -> bool:
        """Whether a leg of ours is up with it. A number that is nobody's device here is its owner's to say busy."""
        if isinstance(device, ToNumber) and device not in self._people:
            return False
        return device in self._legs_at

    def devices_to_ring(self, devices: tuple[Device, ...], now: float) -> list[Device]:
        """Those that can be reached and are free, each once, in order."""
        first = {device.to: device for device in reversed(devices)}
        return [
            device
            for device in devices
            if first[device.to] is device and self.is_reachable(device.to, now) and not self.is_in_use(device.to)
        ]

    def leave_out(self, device: DeviceAddress, now: float) -> None:
        """The device could not be reached: it is left out for a while."""
        self.devices_out[device] = now + DEVICE_OUT_S
        self.touch(*self.people(device))
        self.deadlines.set("device", str(device), now + DEVICE_OUT_S)

    def take_back(self, device: DeviceAddress) -> None:
        """The device counts as reachable again."""
        if self.devices_out.pop(device, None) is not None:
            self.deadlines.drop("device", str(device))
        self.touch(*self.people(device))

    # Legs.

    def add_leg(self, leg: Leg, now: float) -> None:
        """A leg is up: its device is in use and its agents are engaged."""
        self.legs[leg.leg] = leg
        if leg.device is not None:
            self._legs_at.setdefault(leg.device, {})[leg.leg] = None
            self.touch(*self.people(leg.device))
        self.engage(leg, now)

    def engage(self, leg: Leg, now: float) -> None:
        """Its agents ring, or talk when the leg was answered or is their own call."""
        for name in leg.agents:
            agent = self.agents.get(name)
            if agent is not None:
                agent.engage(leg.leg, leg.call, now, is_talk=leg.state in ("invited", "answered"))
        self.touch(*leg.agents)
        self._look_at_lamp(leg.device)

    def drop_leg(self, leg_id: LegId, now: float) -> Leg | None:
        """The leg is gone; whatever is told of it from now on finds nobody."""
        leg = self.legs.pop(leg_id, None)
        if leg is None:
            return None
        if leg.device is not None:
            legs = self._legs_at[leg.device]
            del legs[leg_id]
            if not legs:
                del self._legs_at[leg.device]
            self.touch(*self.people(leg.device))
            self._look_at_lamp(leg.device)
        for name in leg.agents:
            agent = self.agents.get(name)
            if agent is not None:
                agent.disengage(leg.leg, now)
        self.touch(*leg.agents)
        self.deadlines.drop_all(leg_id)
        call = self.calls.get(leg.call)
        if call is not None and leg_id in call.dialled_legs:
            call.dialled_legs.remove(leg_id)
        self.is_unsettled = True
        return leg

    def calls_out(self, principal: Principal) -> int:
        """How many legs are out for a phone, an agent, a queue or the office."""
        return sum(leg.out_by == principal for leg in self.legs.values())

    def give_up(self, leg_id: LegId, cause: Cause, now: float) -> None:
        """Ends a leg of ours that is still up."""
        if self.drop_leg(leg_id, now) is not None:
            self.ask(actions.HangUpLeg(leg_id, cause))

    def _look_who_shares(self) -> None:
        at: dict[DeviceAddress, dict[str, None]] = {}
        for name in self.office.agents:
            for device in self.devices_of(name):
                at.setdefault(device.to, {})[name] = None
        self.sharing = {}
        for name in self.office.agents:
            others = dict.fromkeys(other for device in self.devices_of(name) for other in at[device.to])
            if len(others) > 1:
                self.sharing[name] = tuple(other for other in others if other != name)

    def _look_at_lamp(self, device: DeviceAddress | None) -> None:
        if isinstance(device, ToPhone):
            self.lamps_due[device.phone] = None

    # What the caller hears.

    def play(self, call: Call, *, once: tuple[str, ...] = (), loop: tuple[str, ...] = ()) -> None:
        """Plays to the caller, instead of whatever played before."""
        if call.leg not in self.legs:
            return
        if once or loop:
            call.playing, call.is_spoken_to = call.next_tag(), bool(once)
            self.ask(actions.PlayOnLeg(call.leg, call.playing, once, loop))
        else:
            self.stop_playing(call)

    def stop_playing(self, call: Call) -> None:
        """Silence, if something plays."""
        if call.playing is not None:
            self.ask(actions.StopPlayingOnLeg(call.leg, call.playing))
            call.playing, call.is_spoken_to = None, False

    def play_to(self, call: Call, leg: Leg, *, once: tuple[str, ...] = (), loop: tuple[str, ...] = ()) -> None:
        """Plays to another leg of the call than the caller's."""
        leg.playing = call.next_tag()
        self.ask(actions.PlayOnLeg(leg.leg, leg.playing, once, loop))

    def stop_playing_to(self, leg: Leg) -> None:
        """Silence for that leg, if something plays."""
        if leg.playing is not None:
            self.ask(actions.StopPlayingOnLeg(leg.leg, leg.playing))
            leg.playing = None


def goals_s(office: Office) -> dict[str, float]:
    """Each queue's service goal in seconds."""
    return {name: plan.service_level.within_s for name, plan in office.queues.items() if plan.service_level is not None}
