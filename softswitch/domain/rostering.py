"""Agents who log in and out by the clock.

When a shift begins, its agent is logged in as soon as a telephone of hers has proved that it can be reached: a phone by
being registered, now or later in the shift; who answers at outside numbers alone is called and asked to press 1,
CHECKS_MAX times with CHECK_AGAIN_S between them. When it ends she is logged out; a talk goes on. In between she does as
she likes: the clock only speaks at its hours. A start of the switch makes up for the hours it slept through.

All goes through `people`, like every other login.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain import dialling, dialogue, events, hours, inputs, people
from softswitch.domain.agent import Agent
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause
from softswitch.domain.ending import end
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import FromRoster
from softswitch.domain.leg import Leg
from softswitch.domain.office import ToNumber, ToPhone
from softswitch.domain.outgoing import Principal
from softswitch.domain.refusals import CommandRefused

KIND: Final = "roster"
BY: Final = "schedule"
QUESTION: Final = "confirm-ready"
SOUNDS: Final = (QUESTION,)
YES: Final = "1"
CHECK_RING_S: Final = 30.0
CHECK_AGAIN_S: Final = 300.0
CHECKS_MAX: Final = 3
OUR_FAULT_S: Final = 5.0
"""When she is called again whom we could not call because no media port was free, or no media process was up."""
LOOK_AGAIN_S: Final = 86_400.0
"""A plan without any change ahead is looked at again so often."""


def begin(floor: Floor, now: float) -> None:
    """After a start or a change of the office: what the clock said since each agent's last choice is made up for."""
    for name, agent in floor.agents.items():
        plan = floor.office.shifts.get(name)
        if plan is None:
            floor.deadlines.drop("shift", name)
            agent.is_login_due = False
            continue
        last_change = hours.next_change_at(plan, floor.wall(agent.presence_since_at))
        if agent.is_login_due or (last_change is not None and last_change <= floor.wall(now)):
            _obey(floor, agent, now)
        _arm(floor, agent, now)


def due(floor: Floor, agent: Agent, now: float) -> None:
    """A shift begins or ends."""
    _obey(floor, agent, now)
    _arm(floor, agent, now)


def registered(floor: Floor, phone: str, now: float) -> None:
    """A phone can be reached: whose shift has begun is logged in at it."""
    for name in floor.people(ToPhone(phone)):
        agent = floor.agents.get(name)
        if agent is not None and agent.is_login_due:
            _log_in(floor, agent, now)


def check(floor: Floor, agent: Agent, now: float) -> None:
    """Calls an agent who answers at outside numbers alone, and asks her."""
    number = _number(floor, agent)
    if not agent.is_login_due or number is None:
        return
    agent.checks += 1
    if agent.checks < CHECKS_MAX:
        floor.deadlines.set("check", agent.agent, now + CHECK_AGAIN_S)
    if agent.engagements or not floor.is_reachable(ToNumber(number), now) or floor.is_draining:
        return
    call = floor.make_call(FromRoster(agent.agent), agent.agent, number, now)
    at, name = floor.wall(now), call.call
    floor.tell(events.CallArrived(at, name, call.leg, call.caller, "", number, roster=agent.agent))
    floor.tell(events.CallRouted(at, name, f"number:{number}", "is she there for her shift"))
    call.change("serving", now)
    dialogue.begin(floor, call, KIND, now)
    floor.deadlines.set("check-ring", name, now + CHECK_RING_S)
    leg = Leg(call.leg, name, "dialling", ToNumber(number), (agent.agent,))
    dialling.dial(floor, call, leg, now, by=Principal("agent", agent.agent))


def picked_up(floor: Floor, call: Call, now: float) -> None:
    """She, or her voicemail, is on the line."""
    floor.deadlines.drop("check-ring", call.call)
    floor.legs[call.leg].change("answered")
    floor.engage(floor.legs[call.leg], now)
    call.is_answered = True
    floor.tell(events.CallAnswered(floor.wall(now), call.call))
    dialogue.ask(floor, call, "ready", (QUESTION,), now, is_one_key=True)


def not_reached(floor: Floor, call: Call, now: float) -> None:
    """She did not answer in time."""
    end(floor, call, Cause.NO_ANSWER, "switch", now)


def not_called(floor: Floor, call: Call, now: float) -> None:
    """It was for us, as at each start before sound is there, that her telephone did not ring: that was no try."""
    assert isinstance(call.origin, FromRoster)
    agent = floor.agents.get(call.origin.agent)
    if agent is not None and agent.is_login_due:
        agent.checks -= 1
        floor.deadlines.set("check", agent.agent, now + OUR_FAULT_S)


def answered(floor: Floor, call: Call, keyed: str, now: float) -> None:
    """Her key."""
    assert isinstance(call.origin, FromRoster)
    agent = floor.agents.get(call.origin.agent)
    if agent is not None and agent.is_login_due:
        if keyed == YES:
            _log_in(floor, agent, now)
        else:
            agent.is_login_due = False
            floor.deadlines.drop("check", agent.agent)
    end(floor, call, Cause.SAID, "switch", now)


def spoken(floor: Floor, call: Call, now: float) -> None:
    """Nothing is said here but the question."""


def silent(floor: Floor, call: Call, now: float) -> None:
    """No key: a voicemail, or nobody who listens."""
    if not dialogue.ask_again(floor, call, now):
        end(floor, call, Cause.NO_CONFIRMATION, "switch", now)


def _obey(floor: Floor, agent: Agent, now: float) -> None:
    is_on = hours.is_open(floor.office.shifts[agent.agent], floor.wall(now))
    agent.is_login_due, agent.checks = False, 0
    floor.deadlines.drop("check", agent.agent)
    if not is_on:
        _set(floor, agent, "logged-out", now)
    elif agent.presence == "logged-out":
        agent.is_login_due = True
        devices = [device.to for device in floor.devices_of(agent.agent)]
        if any(isinstance(device, ToPhone) and floor.is_reachable(device, now) for device in devices):
            _log_in(floor, agent, now)
        elif not any(isinstance(device, ToPhone) for device in devices):
            check(floor, agent, now)


def _log_in(floor: Floor, agent: Agent, now: float) -> None:
    agent.is_login_due = False
    floor.deadlines.drop("check", agent.agent)
    _set(floor, agent, "ready", now)


def _set(floor: Floor, agent: Agent, wanted: inputs.Presence, now: float) -> None:
    try:
        people.set_presence(floor, agent, inputs.SetPresence(agent.agent, wanted, by=BY), now)
    except CommandRefused:
        agent.is_login_due = False


def _number(floor: Floor, agent: Agent) -> str | None:
    numbers = [device.to.number for device in floor.devices_of(agent.agent) if isinstance(device.to, ToNumber)]
    return numbers[0] if numbers else None


def _arm(floor: Floor, agent: Agent, now: float) -> None:
    change = hours.next_change_at(floor.office.shifts[agent.agent], floor.wall(now))
    at = now + LOOK_AGAIN_S if change is None else now + change - floor.wall(now)
    floor.deadlines.set("shift", agent.agent, at)
