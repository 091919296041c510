"""Presentations: a waiting call shown to one agent, from the decision to its end.

The distributor decides, a claim is asked for and granted (on a single node at once), then all devices of the agent that
can be reached ring together. The first to answer wins. A device that declines declines for the person; one that is busy
or cannot be reached leaves it to the others. When all are gone, or the time is over, the verdict says what it was, and
only a true no-answer is counted against the agent: some device rang to the end, or until its network gave up, and none
said busy or declined. What is reported of a leg that was given up finds nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from softswitch.domain import actions, events, presence, queueing, recording
from softswitch.domain.agent import Agent
from softswitch.domain.call import Call, Connection
from softswitch.domain.causes import Cause
from softswitch.domain.distributor import AgentView, Decision, Rule, WaitingCaller, distribute, exclusion
from softswitch.domain.events import Exclusion, PresentationOutcome
from softswitch.domain.floor import Floor, Presentation
from softswitch.domain.leg import Leg

CLAIM_REFUSED_S: Final = 1.0
"""An agent whose claim another node was granted is left alone so long: by then her state is known here."""

EXCLUDED_NAMED_MAX: Final = 20
"""So many agents whom a rule kept out are kept by name; beyond that they are counted."""

_OUTAGES: Final = frozenset({Cause.UNREACHABLE, Cause.NETWORK_FAILURE, Cause.UNKNOWN_NUMBER, Cause.INCOMPATIBLE_MEDIA})
"""Refusals that say something of the device: it is left out for a while."""


# Deciding.


def distribute_callers(floor: Floor, now: float) -> None:
    """The one place that calls the distributor; each of its decisions becomes a claim.

    Lines that nobody can serve now are not even looked at: while all are busy, a long line costs nothing.
    """
    lines = [name for name, queue in floor.queues.items() if queue.calls]
    names = dict.fromkeys(agent for line in lines for agent in floor.plan(line).agents)
    views = {name: view for name in names if (view := agent_view(floor, name, now)) is not None}
    free = {name for name, view in views.items() if exclusion(view, now) is None}
    members = {line: floor.plan(line).agents for line in lines if not free.isdisjoint(floor.plan(line).agents)}
    for decision in distribute(waiting_callers(floor, members), members, views, now):
        _claim(floor, decision)


def waiting_callers(floor: Floor, queues: Iterable[str]) -> list[WaitingCaller]:
    """All in these queues who can be presented now."""
    return [
        WaitingCaller(call.call, name, call.entered_at, call.order)
        for name in queues
        for call in (floor.calls[call] for call in floor.queues[name].calls)
        if call.state == "waiting" and call.claim is None
    ]


def agent_view(floor: Floor, name: str, now: float) -> AgentView | None:
    """The agent as a decision sees her, None when she is not of the office any more."""
    plan, agent = floor.office.agents.get(name), floor.agents.get(name)
    if plan is None or agent is None:
        return None
    return AgentView(
        agent=name,
        presence=agent.presence,
        activity=agent.activity,
        idle_since_at=agent.idle_since_at,
        backoff_until_at=agent.backoff_until_at,
        is_claimed=agent.claim is not None,
        devices=sum(1 for device in plan.answers_at if floor.is_reachable(device.to, now)),
        devices_free=len(floor.devices_to_ring(plan.answers_at, now)),
    )


def told(exclusions: Iterable[tuple[Rule, tuple[str, ...]]]) -> tuple[Exclusion, ...]:
    """Whom each rule keeps out, as it is written down and told."""
    return tuple(Exclusion(rule, len(names), names[:EXCLUDED_NAMED_MAX]) for rule, names in exclusions)


def _claim(floor: Floor, decision: Decision) -> None:
    call = floor.calls[decision.call]
    presentation = Presentation(
        presentation=call.next_presentation(),
        call=call.call,
        queue=decision.queue,
        agent=decision.agent,
        decision=decision,
    )
    floor.presentations[presentation.presentation] = presentation
    call.claim = floor.agents[decision.agent].claim = presentation.presentation
    floor.ask(actions.ClaimAgent(presentation.presentation, call.call, decision.agent))


# What is told of a presentation.


def claim_decided(floor: Floor, presentation_id: str, now: float, *, is_granted: bool) -> None:
    """Rings the agent, if the claim was granted and all is still as it was decided on."""
    presentation = floor.presentations.get(presentation_id)
    if presentation is None or presentation.state != "claiming":
        return
    call = floor.calls[presentation.call]
    agent = _drop_claim(floor, presentation, call)
    view = agent_view(floor, presentation.agent, now)
    if agent is not None and not is_granted:
        presence.back_off(floor, agent, CLAIM_REFUSED_S, now)
    elif view is not None and exclusion(view, now) is None:
        _ring(floor, presentation, call, now)


def answered(floor: Floor, leg: Leg, now: float) -> None:
    """The first device to answer: the caller is joined to it and the others are let go."""
    presentation = _of(floor, leg)
    call, agent = floor.calls[presentation.call], presentation.agent
    leg.change("answered")
    leg.presentation = None
    _close(floor, presentation, call)
    call.connection = Connection(leg.leg, agent, presentation.queue)
    call.change("talking", now)
    queueing.connected(floor, call)
    floor.engage(leg, now)
    at = floor.wall(now)
    floor.tell(
        events.PresentationEnded(at, call.call, presentation.presentation, call.queue or "", agent, "connected", None)
    )
    wait_s = now - call.entered_at
    floor.tell(events.CallConnected(at, call.call, leg.leg, str(leg.device), agent, presentation.queue, wait_s))
    for other in presentation.legs:
        if other != leg.leg:
            floor.give_up(other, Cause.ANSWERED_ELSEWHERE, now)
    floor.stop_playing(call)
    floor.ask(actions.JoinLeg(call.call, call.leg))
    floor.ask(actions.JoinLeg(call.call, leg.leg))
    if floor.plan(presentation.queue).record == "always":
        recording.start(floor, call, now)


def refused(floor: Floor, leg: Leg, cause: Cause, now: float) -> None:
    """A device came to nothing; the leg is already dropped."""
    presentation = _of(floor, leg)
    presentation.refusals.append(cause)
    if cause in _OUTAGES and leg.device is not None:
        floor.leave_out(leg.device, now)
    if cause == Cause.DECLINED or not any(other in floor.legs for other in presentation.legs):
        _fail(floor, presentation, *_verdict(presentation, is_ringing=False), now)


def expired(floor: Floor, presentation_id: str, now: float) -> None:
    """`ring_s` is over. Devices that did not even ring count as out of reach."""
    presentation = floor.presentations[presentation_id]
    legs = [floor.legs[leg] for leg in presentation.legs if leg in floor.legs]
    for leg in legs:
        if leg.state == "dialling" and leg.device is not None:
            floor.leave_out(leg.device, now)
    is_ringing = any(leg.state == "ringing" for leg in legs)
    _fail(floor, presentation, *_verdict(presentation, is_ringing=is_ringing), now)


def close_for(floor: Floor, call: Call, outcome: PresentationOutcome, cause: Cause, now: float) -> None:
    """The call is not to be presented any more: takes back whatever claim or presentation it has."""
    if call.claim is not None:
        _drop_claim(floor, floor.presentations[call.claim], call)
    if call.presentation is not None:
        end(floor, floor.presentations[call.presentation], outcome, cause, now)


def withdraw_from(floor: Floor, agent: str, cause: Cause, now: float) -> None:
    """The agent does something else: what rings her goes back to the queue, and nothing is counted."""
    for presentation in list(floor.presentations.values()):
        if presentation.agent == agent and presentation.state == "ringing":
            end(floor, presentation, "withdrawn", cause, now)


def agent_lost(floor: Floor, call: Call, cause: Cause, now: float) -> None:
    """The agent's leg failed after pick-up: the caller goes back to his place with his wait kept."""
    assert call.connection is not None
    assert call.connection.agent is not None
    assert call.queue is not None
    name, call.connection = call.connection.agent, None
    floor.tell(events.AgentLost(floor.wall(now), call.call, name, call.queue, cause))
    if name in floor.agents:
        presence.back_off(floor, floor.agents[name], presence.BACKOFF_DECLINED_S, now)
    recording.stop(floor, call, now)
    floor.ask(actions.LeaveLeg(call.call, call.leg))
    call.change("waiting", now)
    queueing.come_back(floor, call, now)


def end(
    floor: Floor,
    presentation: Presentation,
    outcome: PresentationOutcome,
    cause: Cause,
    now: float,
) -> None:
    """The one end of a presentation that was not connected; the call waits again in its place."""
    call = floor.calls[presentation.call]
    is_counted = outcome == "no-answer"
    _close(floor, presentation, call)
    call.change("waiting", now)
    floor.tell(
        events.PresentationEnded(
            floor.wall(now),
            call.call,
            presentation.presentation,
            presentation.queue,
            presentation.agent,
            outcome,
            cause,
            is_counted,
        )
    )
    agent = floor.agents.get(presentation.agent)
    if is_counted and agent is not None:
        presence.apply_no_answer(floor, agent, presentation.queue, now)
    for leg in presentation.legs:
        floor.give_up(leg, cause, now)
    floor.is_unsettled = True


def _ring(floor: Floor, presentation: Presentation, call: Call, now: float) -> None:
    plan = floor.plan(presentation.queue)
    devices = floor.devices_to_ring(floor.office.agents[presentation.agent].answers_at, now)
    legs = [
        Leg(call.next_leg(), call.call, "dialling", device, (presentation.agent,), presentation.presentation)
        for device in devices
    ]
    presentation.state = "ringing"
    presentation.legs = [leg.leg for leg in legs]
    floor.presentations[presentation.presentation] = presentation
    call.presentation = presentation.presentation
    call.change("presenting", now)
    floor.deadlines.set("ring", presentation.presentation, now + plan.ring_s)
    at, decision = floor.wall(now), presentation.decision
    floor.tell(
        events.CallPresented(
            at,
            call.call,
            presentation.presentation,
            presentation.queue,
            presentation.agent,
            tuple(presentation.legs),
            decision.candidates,
            decision.runner_up,
            told(decision.exclusions),
            floor.office.version,
            round(decision.idle_s, 3),
            None if decision.runner_up_idle_s is None else round(decision.runner_up_idle_s, 3),
        )
    )
    for leg, device in zip(legs, devices, strict=True):
        floor.add_leg(leg, now)
        call.dialled_legs.append(leg.leg)
        floor.tell(events.LegDialled(at, call.call, leg.leg, str(device)))
        floor.ask(actions.DialLeg(leg.leg, call.call, device, call.caller, plan.name, call.hops_left))


def _fail(floor: Floor, presentation: Presentation, outcome: PresentationOutcome, cause: Cause, now: float) -> None:
    agent = floor.agents.get(presentation.agent)
    end(floor, presentation, outcome, cause, now)
    if agent is not None and outcome in ("busy", "declined", "failed"):
        presence.back_off(floor, agent, presence.BACKOFF_DECLINED_S, now)


def _verdict(presentation: Presentation, *, is_ringing: bool) -> tuple[PresentationOutcome, Cause]:
    refusals = presentation.refusals
    if Cause.DECLINED in refusals:
        return "declined", Cause.DECLINED
    if Cause.BUSY in refusals:
        return "busy", Cause.BUSY
    if is_ringing or Cause.NO_ANSWER in refusals:
        return "no-answer", Cause.NO_ANSWER
    faults = [cause for cause in refusals if cause != Cause.UNREACHABLE]
    if faults and len(faults) == len(presentation.legs):
        return "failed", faults[0]
    return "unreachable", Cause.UNREACHABLE


def _close(floor: Floor, presentation: Presentation, call: Call) -> None:
    del floor.presentations[presentation.presentation]
    floor.deadlines.drop("ring", presentation.presentation)
    call.presentation = None


def _drop_claim(floor: Floor, presentation: Presentation, call: Call) -> Agent | None:
    del floor.presentations[presentation.presentation]
    call.claim = None
    floor.is_unsettled = True
    agent = floor.agents.get(presentation.agent)
    if agent is not None:
        agent.claim = None
    return agent


def _of(floor: Floor, leg: Leg) -> Presentation:
    assert leg.presentation is not None
    return floor.presentations[leg.presentation]
