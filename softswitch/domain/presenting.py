"""Presentations: a waiting call shown to one agent, from the granted claim to its end.

All devices of the agent that can be reached ring, together or as their delays come. The first to answer wins, after its
key where one is asked for (`confirming`). A device that declines declines for the person; one that is busy or cannot be
reached leaves it to the others. When all are gone, or the time is over, the verdict says what it was, and only a true
no-answer is counted against the agent: some device rang to the end, or until its network gave up, and none said busy or
declined. What is reported of a leg that was given up finds nobody.

Under `ring-all` a call has several presentations at once; each ends for itself, and the call waits while any rings.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Final

from softswitch.domain import choosing, dialling, events, joining, presence
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause
from softswitch.domain.distributor import Decision, exclusion
from softswitch.domain.events import PresentationOutcome
from softswitch.domain.floor import Floor, Presentation
from softswitch.domain.leg import Leg
from softswitch.domain.office import Device
from softswitch.domain.outgoing import Principal

RANKED_TOLD_MAX: Final = 100
"""So many candidates are written down with what they were ranked by, the best ones."""

PASSED_OVER_TOLD_MAX: Final = 20
OUR_FAULT_S: Final = 1.0
"""How long an agent is left alone whom we could not ring because no media port was free, or no media process was up."""

_OUTAGES: Final = frozenset({Cause.UNREACHABLE, Cause.NETWORK_FAILURE, Cause.UNKNOWN_NUMBER, Cause.INCOMPATIBLE_MEDIA})
"""Refusals that say something of the device: it is left out for a while."""

_LEFT_ALONE_AFTER: Final = frozenset({"busy", "declined", "no-confirmation", "failed"})


def claim_decided(floor: Floor, presentation_id: str, now: float, *, is_granted: bool) -> None:
    """Rings the agent, if the claim was granted and all is still as it was decided on."""
    presentation = floor.presentations.get(presentation_id)
    if presentation is None or presentation.state != "claiming":
        return
    call = floor.calls[presentation.call]
    agent = choosing.release(floor, presentation)
    view = choosing.agent_view(floor, presentation.agent, now)
    if agent is not None and not is_granted:
        choosing.refused(floor, agent, now)
    elif view is not None and exclusion(view, now) is None:
        _ring(floor, presentation, call, now)


def picked_up(floor: Floor, leg: Leg, now: float) -> None:
    """A device of the agent has the caller: the presentation is over, and with it all others of the call."""
    presentation = of(floor, leg)
    call = floor.calls[presentation.call]
    late: list[str] = []
    for name in (presentation.presentation, *(call.presentations)):
        if name not in call.presentations:
            continue
        shown = floor.presentations[name]
        if shown.state == "claiming":
            choosing.release(floor, shown)
            continue
        _close(floor, shown)
        late += [other for other in shown.legs if other != leg.leg and other in floor.legs]
        is_winner = shown is presentation
        _tell_end(
            floor,
            shown,
            "connected" if is_winner else "taken-elsewhere",
            None if is_winner else Cause.ANSWERED_ELSEWHERE,
            now,
        )
    leg.presentation = None
    joining.join(floor, call, leg, presentation.agent, presentation.queue, late, now)


def refused(floor: Floor, leg: Leg, cause: Cause, now: float) -> None:
    """A device came to nothing; the leg is already dropped."""
    presentation = of(floor, leg)
    presentation.refusals.append(cause)
    if cause in _OUTAGES and leg.device is not None:
        floor.leave_out(leg.device, now)
    if cause == Cause.DECLINED:
        _fail(floor, presentation, now)
    elif not any(other in floor.legs for other in presentation.legs):
        if presentation.to_ring:
            _ring_next(floor, presentation, floor.calls[presentation.call], now)
        else:
            _fail(floor, presentation, now)


def device_due(floor: Floor, presentation_id: str, now: float) -> None:
    """The time of the agent's next device has come."""
    presentation = floor.presentations[presentation_id]
    _ring_next(floor, presentation, floor.calls[presentation.call], now)


def expired(floor: Floor, presentation_id: str, now: float) -> None:
    """`ring_s` is over. Devices that did not even ring count as out of reach."""
    presentation = floor.presentations[presentation_id]
    for leg_id in presentation.legs:
        leg = floor.legs.get(leg_id)
        if leg is not None:
            presentation.refusals.append(_silence_of(floor, leg, now))
    _fail(floor, presentation, now)


def close_for(floor: Floor, call: Call, outcome: PresentationOutcome, cause: Cause, now: float) -> None:
    """The call is not to be presented any more: takes back whatever claims and presentations it has."""
    for name in tuple(call.presentations):
        presentation = floor.presentations[name]
        if presentation.state == "claiming":
            choosing.release(floor, presentation)
        else:
            end(floor, presentation, outcome, cause, now)


def withdraw_from(floor: Floor, agent: str, cause: Cause, now: float) -> None:
    """The agent does something else: what rings her goes back to the queue, and nothing is counted."""
    for presentation in list(floor.presentations.values()):
        if presentation.agent == agent and presentation.state == "ringing":
            end(floor, presentation, "withdrawn", cause, now)


def end(floor: Floor, presentation: Presentation, outcome: PresentationOutcome, cause: Cause, now: float) -> None:
    """The one end of a presentation that was not connected; the call waits on in its place."""
    call = floor.calls[presentation.call]
    is_counted = outcome == "no-answer"
    _close(floor, presentation)
    if not any(floor.presentations[name].state == "ringing" for name in call.presentations):
        call.change("waiting", now)
        choosing.decide_again(floor, call)
    _tell_end(floor, presentation, outcome, cause, now, is_counted=is_counted)
    agent = floor.agents.get(presentation.agent)
    if is_counted and agent is not None:
        presence.missed(floor, agent, call.call, presentation.queue, now)
    for leg in presentation.legs:
        floor.give_up(leg, cause, now)
    floor.is_unsettled = True


def of(floor: Floor, leg: Leg) -> Presentation:
    """The presentation that this leg rings for."""
    assert leg.presentation is not None
    return floor.presentations[leg.presentation]


def ring_on(floor: Floor, presentation: Presentation, until_at: float) -> None:
    """Somebody picked up and is asked for a key: the presentation lasts at least until then."""
    if until_at > presentation.ring_until_at:
        presentation.ring_until_at = until_at
        floor.deadlines.set("ring", presentation.presentation, until_at)


def _ring(floor: Floor, presentation: Presentation, call: Call, now: float) -> None:
    queue = floor.queues[presentation.queue]
    devices = floor.devices_to_ring(floor.devices_of(presentation.agent), now)
    first_s = min(device.after_s for device in devices)
    due = [device for device in devices if device.after_s <= first_s]
    later = [(now + (device.after_s - first_s), device) for device in devices if device.after_s > first_s]
    presentation.to_ring = sorted(later, key=itemgetter(0))
    presentation.state = "ringing"
    floor.show(presentation)
    call.change("presenting", now)
    queue.given_at[presentation.agent] = now
    presentation.ring_until_at = now + queue.plan.ring_s
    floor.deadlines.set("ring", presentation.presentation, presentation.ring_until_at)
    presentation.legs = [call.next_leg() for _ in due]
    _tell_decision(floor, presentation, presentation.decision, now)
    for leg, device in zip(presentation.legs, due, strict=True):
        _dial(floor, presentation, call, leg, device, now)
    _await_next(floor, presentation)


def _ring_next(floor: Floor, presentation: Presentation, call: Call, now: float) -> None:
    plan = floor.office.agents.get(presentation.agent)
    _, device = presentation.to_ring.pop(0)
    if plan is not None and plan.rings_one_at_a_time:
        for leg_id in presentation.legs:
            leg = floor.legs.get(leg_id)
            if leg is not None and leg.state != "confirming":
                presentation.refusals.append(_silence_of(floor, leg, now))
                floor.give_up(leg_id, Cause.NO_ANSWER, now)
    if floor.is_reachable(device.to, now) and not floor.is_in_use(device.to):
        leg_id = call.next_leg()
        presentation.legs.append(leg_id)
        _dial(floor, presentation, call, leg_id, device, now)
    elif not any(leg in floor.legs for leg in presentation.legs):
        if presentation.to_ring:
            _ring_next(floor, presentation, call, now)
        else:
            _fail(floor, presentation, now)
        return
    _await_next(floor, presentation)


def _await_next(floor: Floor, presentation: Presentation) -> None:
    if presentation.to_ring:
        floor.deadlines.set("ring-next", presentation.presentation, presentation.to_ring[0][0])
    else:
        floor.deadlines.drop("ring-next", presentation.presentation)


def _dial(floor: Floor, presentation: Presentation, call: Call, leg_id: str, device: Device, now: float) -> None:
    leg = Leg(leg_id, call.call, "dialling", device.to, (presentation.agent,), presentation.presentation)
    leg.asks_for_key = device.confirm
    call.dialled_legs.append(leg_id)
    name = floor.plan(presentation.queue).name
    dialling.dial(floor, call, leg, now, by=Principal("agent", presentation.agent), caller=call.caller, name=name)


def _silence_of(floor: Floor, leg: Leg, now: float) -> Cause:
    """What it means that a device came to no answer in its time."""
    if leg.state == "dialling":
        if leg.device is not None:
            floor.leave_out(leg.device, now)
        return Cause.UNREACHABLE
    return Cause.NO_CONFIRMATION if leg.state == "confirming" else Cause.NO_ANSWER


def _fail(floor: Floor, presentation: Presentation, now: float) -> None:
    agent = floor.agents.get(presentation.agent)
    outcome, cause = _verdict(presentation)
    end(floor, presentation, outcome, cause, now)
    if agent is not None and outcome in _LEFT_ALONE_AFTER:
        is_our_fault = cause is Cause.NO_MEDIA_PORTS
        presence.back_off(floor, agent, OUR_FAULT_S if is_our_fault else presence.BACKOFF_DECLINED_S, now)


def _verdict(presentation: Presentation) -> tuple[PresentationOutcome, Cause]:
    refusals = presentation.refusals
    for outcome, cause in _VERDICTS:
        if cause in refusals:
            return outcome, cause
    faults = [cause for cause in refusals if cause != Cause.UNREACHABLE]
    if faults and len(faults) == len(presentation.legs):
        return "failed", faults[0]
    return "unreachable", Cause.UNREACHABLE


_VERDICTS: Final[tuple[tuple[PresentationOutcome, Cause], ...]] = (
    ("declined", Cause.DECLINED),
    ("busy", Cause.BUSY),
    ("no-answer", Cause.NO_ANSWER),
    ("no-confirmation", Cause.NO_CONFIRMATION),
)
"""What several devices came to, the most telling first."""


def _close(floor: Floor, presentation: Presentation) -> None:
    floor.take_back_presentation(presentation)
    floor.deadlines.drop_all(presentation.presentation)
    for leg in presentation.legs:
        floor.deadlines.drop("confirm", leg)


def _tell_end(
    floor: Floor,
    presentation: Presentation,
    outcome: PresentationOutcome,
    cause: Cause | None,
    now: float,
    *,
    is_counted: bool = False,
) -> None:
    floor.tell(
        events.PresentationEnded(
            floor.wall(now),
            presentation.call,
            presentation.presentation,
            presentation.queue,
            presentation.agent,
            outcome,
            cause,
            is_counted,
        )
    )


def _tell_decision(floor: Floor, presentation: Presentation, decision: Decision, now: float) -> None:
    ranked = decision.ranked
    chosen = next(candidate for candidate in ranked if candidate.agent == presentation.agent)
    runner_up = next((candidate for candidate in ranked if candidate is not chosen), None)
    floor.tell(
        events.CallPresented(
            floor.wall(now),
            presentation.call,
            presentation.presentation,
            presentation.queue,
            presentation.agent,
            tuple(presentation.legs),
            len(ranked),
            None if runner_up is None else runner_up.agent,
            choosing.told(decision, floor),
            floor.office.version,
            chosen.idle_s,
            None if runner_up is None else runner_up.idle_s,
            decision.strategy,
            ranked[:RANKED_TOLD_MAX],
            round(now - decision.due_at, 3),
            tuple((call, round(now - due_at, 3)) for call, due_at in decision.passed_over[-PASSED_OVER_TOLD_MAX:]),
        )
    )
