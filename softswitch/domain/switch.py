"""The whole call centre as one pure object: it routes and decides nothing.

Every input and every deadline goes to the room that it concerns; what came of it is drained as one ordered outbox, in
which an event always stands before the actions it causes. After each, in one place, waiting callers are distributed if
anything changed that may give one of them an agent. It knows no clock, socket or randomness: `now` (monotonic seconds)
comes in, and the same inputs give the same outbox.

The rooms, from the top: `routing` (where a call goes), `direct` and `presenting` (who rings), `queueing` (who waits),
`announcing` (what they are told), `ending` (the one end), `presence` (people), all on the `floor`.
"""

from __future__ import annotations

from typing import Final, TypeAlias, assert_never

from softswitch.domain import (
    announcing,
    calling_back,
    choosing,
    confirming,
    direct,
    forwarding,
    holding,
    inputs,
    joining,
    lamps,
    opening,
    people,
    picking_up,
    presence,
    presenting,
    promising,
    queueing,
    recording,
    referring,
    rostering,
    routing,
    serving,
    transferring,
    voicemail,
    wrapping_up,
)
from softswitch.domain.actions import Action
from softswitch.domain.agent import Agent
from softswitch.domain.call import Call
from softswitch.domain.call_record import CallRecords
from softswitch.domain.causes import Cause
from softswitch.domain.ending import end
from softswitch.domain.events import Event
from softswitch.domain.falling_due import fall_due
from softswitch.domain.figures.agents import AgentFigures
from softswitch.domain.figures.statistics import Statistics
from softswitch.domain.figures.talks import Talks
from softswitch.domain.floor import Floor, goals_s
from softswitch.domain.forecast.accuracy import Accuracy
from softswitch.domain.forecast.estimates import Forecast
from softswitch.domain.forecast.facts import Facts
from softswitch.domain.inputs import Input
from softswitch.domain.office import Office, ToPhone
from softswitch.domain.recovery import KnownAgent, Recovery
from softswitch.domain.refusals import unknown

_FAILED_AFTER_PICK_UP: Final = frozenset({Cause.NOT_CONFIRMED, Cause.INCOMPATIBLE_MEDIA, Cause.NO_MEDIA_PORTS})
"""Faults of an agent's leg that put the caller back in line. Every other end of it ends the call."""

_HANG_UPS: Final = frozenset({Cause.HUNG_UP, Cause.CANCELLED, Cause.ANSWERED_ELSEWHERE})

_FactOrCommand: TypeAlias = (
    inputs.PhoneRegistrationChanged
    | inputs.TrunkReachabilityChanged
    | inputs.ClaimDecided
    | inputs.SetPresence
    | inputs.SwitchAgentQueue
    | inputs.SetAgentNumber
    | inputs.ExtendWrapUp
    | inputs.ClassifyCall
    | inputs.SetPriority
    | inputs.SetHotPrompt
    | inputs.WithdrawCallback
    | inputs.DeleteVoicemail
    | inputs.TransferCall
    | inputs.ConsultFor
    | inputs.EndConsult
    | inputs.HangUpCall
    | inputs.OfficeChanged
    | inputs.DrainStarted
)


class Switch:
    """Driven by `handle`, `handle_timeout` and `drain`; `floor` is its state, for views and snapshots to read.

    `ids` is short and unique per start; all ids begin with it.
    """

    def __init__(self, office: Office, *, ids: str, wall_offset_s: float) -> None:
        talks = Talks()
        statistics = Statistics(office.timezone, goals_s(office), talks)
        figures, facts = AgentFigures(statistics, talks), Facts(Forecast(), Accuracy())
        self.floor = Floor(office, ids, wall_offset_s, CallRecords(talks), statistics, figures, facts)
        self.floor.use(office)
        for name in office.agents:
            self.floor.agents[name] = Agent(name)
        self.floor.touch_all()

    @property
    def live_calls(self) -> int:
        """How many calls are up."""
        return len(self.floor.calls)

    # Before and at the start.

    def recall(self, event: Event) -> None:
        """One event of the journal: today's figures and what was learnt of waits go on where they were."""
        self.floor.statistics.apply(event)
        self.floor.mailboxes.apply(event)
        self.floor.agent_figures.apply(event)
        self.floor.forecast_facts.apply(event)

    def restore(self, recovery: Recovery, now: float) -> None:
        """Agents are as the journal knows them; those it does not know begin as the office says."""
        floor = self.floor
        for name, agent in floor.agents.items():
            known = recovery.agents.get(name)
            if known is None:
                presence.arrive(floor, agent, now, is_ready=floor.office.agents[name].is_ready_at_start)
            else:
                self._restore_agent(agent, known, now)
        for name, known in recovery.agents.items():
            if name not in floor.agents:
                gone = Agent(name, known.presence)
                if known.wrap_up_until is not None:
                    wrapping_up.end(floor, gone, now)
                presence.change(floor, gone, "logged-out", now, by=presence.BY_CONFIGURATION)
        for changed in recovery.hot_prompts.values():
            announcing.restore_hot_prompt(floor, changed, now)
        floor.pending_messages.update(recovery.messages)
        for known_callback in recovery.callbacks.values():
            promising.keep(floor, known_callback.at_clock(floor.wall_offset_s), now)
        opening.begin(floor, now)
        rostering.begin(floor, now)
        self._settle(now)
        lamps.show_all(floor)

    # What comes in.

    def handle(self, input_: Input, now: float) -> None:
        """Takes one input; raises CommandRefused, with nothing changed, for a command that names what is not there."""
        self._route(input_, now)
        self._settle(now)

    def handle_timeout(self, now: float) -> None:
        """Does all that is due by `now`."""
        while (name := self.floor.deadlines.pop_due(now)) is not None:
            fall_due(self.floor, *name, now)
        self._settle(now)

    def end_all(self, now: float) -> None:
        """Ends every call now, by command."""
        for call in tuple(self.floor.calls.values()):
            end(self.floor, call, Cause.BY_COMMAND, "switch", now)
        self._settle(now)

    # What goes out.

    def next_deadline(self) -> float | None:
        """When `handle_timeout` is wanted next, None when nothing waits for time."""
        return self.floor.deadlines.next_at()

    def drain(self) -> list[Event | Action]:
        """All that is due, in order."""
        return self.floor.drain()

    # Private.

    def _route(self, input_: Input, now: float) -> None:
        floor = self.floor
        match input_:
            case inputs.LegInvited():
                self._invited(input_, now)
            case inputs.LegProgressed(leg=leg_id):
                if leg_id in floor.legs:
                    floor.legs[leg_id].change("ringing")
            case inputs.LegAnswered(leg=leg_id):
                self._answered(leg_id, now)
            case inputs.LegRefused(leg=leg_id, cause=cause, forward=forward):
                self._gone(leg_id, cause, now, forward)
            case inputs.LegEnded(leg=leg_id, cause=cause):
                self._gone(leg_id, cause, now)
            case inputs.PlaybackEnded(leg=leg_id, tag=tag):
                self._played(leg_id, tag, now)
            case inputs.RecordingCompleted(recording=name):
                recording.completed(floor, input_, now)
                if (pending := floor.pending_messages.pop(name, None)) is not None:
                    voicemail.completed(floor, pending, input_, now)
            case inputs.LegHeard(leg=leg_id):
                joining.heard(floor, leg_id, now)
            case inputs.DigitPressed(leg=leg_id, digit=digit):
                self._pressed(leg_id, digit, now)
            case inputs.LegHeld(leg=leg_id, is_held=is_held):
                holding.held(floor, leg_id, is_held=is_held)
            case inputs.LegReferred():
                referring.referred(floor, input_, now)
            case _:
                self._take_fact_or_command(input_, now)

    def _take_fact_or_command(self, input_: _FactOrCommand, now: float) -> None:
        floor = self.floor
        match input_:
            case inputs.PhoneRegistrationChanged(phone=phone, is_registered=is_registered):
                self._registered(phone, now, is_registered=is_registered)
            case inputs.TrunkReachabilityChanged(trunk=trunk, is_reachable=is_reachable):
                (floor.trunks_down.discard if is_reachable else floor.trunks_down.add)(trunk)
                floor.touch_all()
            case inputs.ClaimDecided(presentation=presentation, is_granted=is_granted):
                presenting.claim_decided(floor, presentation, now, is_granted=is_granted)
            case inputs.HangUpCall(call=call_id):
                end(floor, self._call(call_id), Cause.BY_COMMAND, "switch", now)
            case inputs.WithdrawCallback(callback=callback):
                if callback not in floor.callbacks:
                    raise unknown("call-back", callback, floor.callbacks, "softswitch callback list")
                calling_back.withdraw(floor, floor.callbacks[callback], now)
            case inputs.DeleteVoicemail():
                voicemail.delete(floor, input_, now)
            case inputs.TransferCall(call=call_id, to=to, by=by):
                transferring.transfer(floor, self._call(call_id), to, now, by=by)
            case inputs.ConsultFor(call=call_id, to=to, by=by):
                transferring.consult(floor, self._call(call_id), to, now, by=by)
            case inputs.EndConsult():
                transferring.end_consult(floor, self._call(input_.call), input_, now)
            case inputs.SetPriority():
                people.set_priority(floor, self._call(input_.call), input_, now)
            case inputs.SetPresence():
                people.set_presence(floor, self._agent(input_.agent), input_, now)
            case inputs.SwitchAgentQueue():
                people.switch_queue(floor, self._agent(input_.agent), input_, now)
            case inputs.SetAgentNumber():
                people.set_number(floor, self._agent(input_.agent), input_, now)
            case inputs.ExtendWrapUp():
                wrapping_up.extend(floor, self._agent(input_.agent), input_.seconds, now)
            case inputs.ClassifyCall():
                wrapping_up.classify(floor, self._agent(input_.agent), input_.code, now, by=input_.by)
            case inputs.SetHotPrompt():
                people.set_hot_prompt(floor, input_, now)
            case inputs.OfficeChanged(office=office):
                self._change_office(office, now)
            case inputs.DrainStarted():
                floor.is_draining = True
                calling_back.sleep(floor, now)
            case _:
                assert_never(input_)

    def _change_office(self, office: Office, now: float) -> None:
        floor = self.floor
        routing.forget_queues(floor, office, now)
        floor.use(office)
        for agent in floor.agents.values():
            floor.free_from_others_calls(agent, now)
        presence.staff(floor, now)
        queueing.rules_change(floor, now)
        opening.begin(floor, now)
        rostering.begin(floor, now)
        lamps.show_all(floor)

    def _answered(self, leg_id: str, now: float) -> None:
        leg = self.floor.legs.get(leg_id)
        if leg is None or leg.state not in ("dialling", "ringing"):
            return
        call = self.floor.calls[leg.call]
        if leg_id == call.leg and call.state == "serving":
            rostering.picked_up(self.floor, call, now)
        elif call.consult is not None and leg_id in call.consult.legs:
            transferring.consult_answered(self.floor, call, leg, now)
        elif leg.presentation is not None:
            if leg.asks_for_key:
                confirming.ask(self.floor, leg, now)
            else:
                presenting.picked_up(self.floor, leg, now)
        elif leg.is_late:
            joining.picked_up_late(self.floor, call, leg, now)
        elif call.state == "dialling":
            calling_back.answered(self.floor, call, now)
        else:
            direct.answered(self.floor, call, leg, now)

    def _invited(self, invitation: inputs.LegInvited, now: float) -> None:
        there = picking_up.meant(self.floor, invitation)
        if invitation.replaces is not None:
            referring.takes_place(self.floor, invitation, now)
        elif there is not None and invitation.leg not in self.floor.legs:
            picking_up.pick_up(self.floor, invitation, there, now)
        else:
            routing.invited(self.floor, invitation, now)

    def _gone(self, leg_id: str, cause: Cause, now: float, forward: str | None = None) -> None:
        floor = self.floor
        leg = floor.drop_leg(leg_id, now)
        if leg is None:
            return
        call = floor.calls[leg.call]
        if leg_id == call.leg and call.state == "dialling":
            calling_back.not_reached(floor, call, cause, now)
        elif leg_id == call.leg:
            if cause == Cause.NO_MEDIA_PORTS and isinstance(call.origin, inputs.FromRoster):
                rostering.not_called(floor, call, now)
            end(floor, call, cause, "caller" if cause in _HANG_UPS else "switch", now)
        elif call.consult is not None and leg_id in call.consult.legs:
            transferring.consult_gone(floor, call, leg_id, now)
        elif leg_id in call.parties:
            transferring.party_gone(floor, call, leg_id, now)
        elif call.connection is not None and call.connection.leg == leg_id:
            self._called_leg_gone(call, cause, now)
        elif leg.state == "confirming":
            confirming.gone(floor, leg, cause, now)
        elif leg.presentation is not None:
            presenting.refused(floor, leg, cause, now)
        elif leg.is_late:
            call.late_legs.remove(leg_id)
        else:
            forwarding.refused(floor, call, leg, cause, forward, now)

    def _called_leg_gone(self, call: Call, cause: Cause, now: float) -> None:
        if call.state == "dialling":
            calling_back.agent_gone(self.floor, call, cause, now)
        elif transferring.talker_gone(self.floor, call, now):
            pass
        elif call.state == "talking" and call.queue is not None and cause in _FAILED_AFTER_PICK_UP:
            joining.lost(self.floor, call, cause, now)
        else:
            end(self.floor, call, cause, "agent" if cause in _HANG_UPS else "switch", now)

    def _played(self, leg_id: str, tag: str, now: float) -> None:
        leg = self.floor.legs.get(leg_id)
        call = None if leg is None else self.floor.calls[leg.call]
        if leg is None or call is None:
            return
        if leg.playing == tag:
            if leg.is_late:
                joining.told_late(self.floor, leg_id, now)
            return
        if call.playing != tag:
            return
        if call.dialogue is not None:
            serving.spoken(self.floor, call, now)
        elif call.is_saying:
            routing.said(self.floor, call, now)
        else:
            announcing.spoken(self.floor, call, now)

    def _pressed(self, leg_id: str, digit: str, now: float) -> None:
        leg = self.floor.legs.get(leg_id)
        if leg is None:
            return
        call = self.floor.calls[leg.call]
        if leg.state == "confirming":
            confirming.pressed(self.floor, leg, digit, now)
        elif leg_id != call.leg:
            return
        elif call.dialogue is not None:
            serving.pressed(self.floor, call, digit, now)
        elif call.state in ("waiting", "presenting"):
            routing.key_pressed(self.floor, call, digit, now)

    def _registered(self, phone: str, now: float, *, is_registered: bool) -> None:
        if is_registered:
            self.floor.registered.add(phone)
            self.floor.take_back(ToPhone(phone))
            rostering.registered(self.floor, phone, now)
        else:
            self.floor.registered.discard(phone)
            self.floor.touch(*self.floor.people(ToPhone(phone)))

    def _agent(self, name: str) -> Agent:
        if name not in self.floor.office.agents:
            raise unknown("agent", name, self.floor.office.agents, "softswitch agent list")
        return self.floor.agents[name]

    def _call(self, call: str) -> Call:
        if call not in self.floor.calls:
            raise unknown("call", call, self.floor.calls, "softswitch call list")
        return self.floor.calls[call]

    def _restore_agent(self, agent: Agent, known: KnownAgent, now: float) -> None:
        floor = self.floor
        agent.presence, agent.pause_reason = known.presence, known.reason
        agent.idle_since_at = min(known.idle_since - floor.wall_offset_s, now)
        agent.presence_since_at = agent.changed_at = min(known.since - floor.wall_offset_s, now)
        agent.queues_off, agent.login = dict(known.queues_off), known.login
        floor.set_number(agent, known.number, now)
        if known.wrap_up_until is None:
            return
        until_at = known.wrap_up_until - floor.wall_offset_s
        agent.wrap_up_queue, agent.needs_code = known.wrap_up_queue, known.needs_code
        agent.wrap_up_plain_until_at = known.wrap_up_plain_until - floor.wall_offset_s
        agent.start_wrap_up(known.wrap_up_call, until_at, now)
        floor.deadlines.set("wrap-up", agent.agent, until_at)
        if until_at <= now:
            wrapping_up.end(floor, agent, now)

    def _settle(self, now: float) -> None:
        if self.floor.is_staffing_due:
            presence.staff(self.floor, now)
        if self.floor.is_presence_changed:
            routing.look_at_staff(self.floor, now)
        if self.floor.is_unsettled:
            self.floor.is_unsettled = False
            choosing.distribute_callers(self.floor, now)
        if self.floor.lamps_due:
            lamps.show(self.floor)
