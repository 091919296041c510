"""The agents' line: log in, pause and log out by telephone, from wherever one is.

A caller keys the number and PIN of an agent and then what he wants: 1 ready, 2 pause, 3 log out, 4 switch queues on and
off, 5 set the number to be reached at. Who wrongly keys TRIES_MAX times is sent away, and after LOCK_AFTER wrong PINs
within LOCK_S an agent's PIN is not heard for the rest of that time, whoever tries it. The same is done without PIN by
feature codes, dialled at a telephone that one agent alone answers at.

One login at a time: who logs in here while the agent is ready elsewhere takes over, and hears so. Everything goes
through `people`, as commands do.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from softswitch.domain import dialogue, events, inputs, people, queueing
from softswitch.domain.agent import Agent
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause
from softswitch.domain.ending import end
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import FromPhone, Presence
from softswitch.domain.numbers import outside_number
from softswitch.domain.office import ToPhone
from softswitch.domain.outgoing import Principal
from softswitch.domain.refusals import CommandRefused

KIND: Final = "agent-line"
BY: Final = "telephone"
LOCK_AFTER: Final = 5
LOCK_S: Final = 300.0

ID: Final = "agent-id"
PIN: Final = "agent-pin"
MENU: Final = "agent-menu"
NUMBER: Final = "agent-number"
QUEUES: Final = "agent-queues"
WRONG: Final = "agent-wrong"
BLOCKED: Final = "agent-blocked"
TAKEN_OVER: Final = "agent-taken-over"
NUMBER_SET: Final = "agent-number-set"
QUEUE_ON: Final = "agent-queue-on"
QUEUE_OFF: Final = "agent-queue-off"
GOODBYE: Final = "goodbye"

_SAID: Final[Mapping[Presence, str]] = {
    "ready": "agent-ready",
    "paused": "agent-paused",
    "logged-out": "agent-logged-out",
}
_WANTED: Final[Mapping[str, Presence]] = {"1": "ready", "2": "paused", "3": "logged-out"}

SOUNDS: Final = (
    *(ID, PIN, MENU, NUMBER, QUEUES, WRONG, BLOCKED, TAKEN_OVER, NUMBER_SET, QUEUE_ON, QUEUE_OFF, GOODBYE),
    *_SAID.values(),
)
"""All that may be heard here."""


def begin(floor: Floor, call: Call, now: float) -> None:
    """Somebody calls the agents' line."""
    queueing.answer(floor, call, now)
    call.change("serving", now)
    dialogue.begin(floor, call, KIND, now)
    dialogue.ask(floor, call, "id", (ID,), now)


def dial_code(floor: Floor, call: Call, code: Presence, now: float) -> None:
    """A feature code, dialled at a telephone."""
    assert isinstance(call.origin, FromPhone)
    agents = floor.people(ToPhone(call.origin.phone))
    queueing.answer(floor, call, now)
    call.change("serving", now)
    dialogue.begin(floor, call, KIND, now)
    if len(agents) != 1:
        _goodbye(floor, call, (WRONG,))
        return
    _set(floor, call, floor.agents[agents[0]], code, now)


def answered(floor: Floor, call: Call, keyed: str, now: float) -> None:
    """What was keyed for the step that the dialogue is in."""
    talk = dialogue.of(call)
    match talk.step:
        case "id":
            talk.known["id"] = keyed
            dialogue.ask(floor, call, "pin", (PIN,), now)
        case "pin":
            _identify(floor, call, keyed, now)
        case "menu" | "number" | "queues":
            agent = floor.agents.get(talk.known["agent"])
            if agent is None or agent.agent not in floor.office.agents:
                _goodbye(floor, call, (WRONG,))
            else:
                _ANSWERED[talk.step](floor, call, agent, keyed, now)
        case _:
            pass


def spoken(floor: Floor, call: Call, now: float) -> None:
    """Goodbye was said."""
    end(floor, call, Cause.SAID, "switch", now)


def silent(floor: Floor, call: Call, now: float) -> None:
    """Nothing was keyed."""
    if dialogue.of(call).step in ("queues", "number"):
        _menu(floor, call, now)
    elif not dialogue.ask_again(floor, call, now):
        _goodbye(floor, call, (GOODBYE,))


def note_wrong_pin(floor: Floor, whose: str, now: float) -> None:
    """A PIN was keyed wrongly."""
    floor.wrong_pins.setdefault(whose, []).append(now)
    del floor.wrong_pins[whose][:-LOCK_AFTER]


def is_locked(floor: Floor, whose: str, now: float) -> bool:
    """Whether it was keyed wrongly so often lately that it is not heard."""
    recent = [at for at in floor.wrong_pins.get(whose, ()) if at > now - LOCK_S]
    return len(recent) >= LOCK_AFTER


def _identify(floor: Floor, call: Call, pin: str, now: float) -> None:
    """Number and PIN are judged together, so that nobody learns which numbers there are."""
    talk = dialogue.of(call)
    plan = next((plan for plan in floor.office.agents.values() if plan.number == talk.known["id"]), None)
    is_right = plan is not None and plan.pin is not None and hmac.compare_digest(plan.pin, pin)
    if is_right and plan is not None and not is_locked(floor, plan.agent, now):
        floor.wrong_pins.pop(plan.agent, None)
        talk.known["agent"] = plan.agent
        _menu(floor, call, now)
        return
    if plan is not None:
        note_wrong_pin(floor, plan.agent, now)
    tries = int(talk.known.get("tries", "0")) + 1
    talk.known["tries"] = str(tries)
    if tries >= dialogue.TRIES_MAX:
        _goodbye(floor, call, (BLOCKED,))
    else:
        dialogue.ask(floor, call, "id", (WRONG, ID), now)


def _menu(floor: Floor, call: Call, now: float, *said: str) -> None:
    dialogue.ask(floor, call, "menu", (*said, MENU), now, is_one_key=True)


def _choose(floor: Floor, call: Call, agent: Agent, key: str, now: float) -> None:
    if key in _WANTED:
        _set(floor, call, agent, _WANTED[key], now)
    elif key == "4":
        dialogue.ask(floor, call, "queues", (QUEUES,), now)
    elif key == "5":
        dialogue.ask(floor, call, "number", (NUMBER,), now, at_once="1")
    elif not dialogue.ask_again(floor, call, now, (WRONG,)):
        _goodbye(floor, call, (GOODBYE,))


def _set(floor: Floor, call: Call, agent: Agent, wanted: Presence, now: float) -> None:
    was_elsewhere = wanted == "ready" and agent.presence == "ready" and agent.login not in ("", call.caller)
    try:
        people.set_presence(floor, agent, inputs.SetPresence(agent.agent, wanted, by=BY), now)
    except CommandRefused:
        _goodbye(floor, call, (WRONG,))
        return
    if wanted != "logged-out" and call.caller != agent.login:
        agent.login = call.caller
        floor.tell(events.AgentLoggedInFrom(floor.wall(now), agent.agent, call.caller))
    if was_elsewhere:
        floor.tell(events.AgentLoginTakenOver(floor.wall(now), agent.agent, call.caller))
    _goodbye(floor, call, ((TAKEN_OVER,) if was_elsewhere else ()) + (_SAID[wanted],))


def _set_number(floor: Floor, call: Call, agent: Agent, keyed: str, now: float) -> None:
    wanted, hers = call.caller if keyed == "1" else keyed, Principal("agent", agent.agent)
    number = outside_number(floor.office, hers, _may_answer_at(floor, agent), wanted)
    if number is None:
        if not dialogue.ask_again(floor, call, now, (WRONG,)):
            _goodbye(floor, call, (GOODBYE,))
        return
    people.set_number(floor, agent, inputs.SetAgentNumber(agent.agent, number, by=BY), now)
    _menu(floor, call, now, NUMBER_SET)


def _may_answer_at(floor: Floor, agent: Agent) -> tuple[str, ...]:
    plan = floor.office.agents.get(agent.agent)
    return () if plan is None else plan.may_answer_at


def _switch_queue(floor: Floor, call: Call, agent: Agent, keyed: str, now: float) -> None:
    """Her queues are numbered from 1 in the order of the office."""
    hers = [name for name, queue in floor.queues.items() if agent.agent in queue.members]
    index = int(keyed) - 1 if keyed.isdecimal() else -1
    if not 0 <= index < len(hers):
        if not dialogue.ask_again(floor, call, now, (WRONG,)):
            _goodbye(floor, call, (GOODBYE,))
        return
    is_on = hers[index] in agent.queues_off
    people.switch_queue(floor, agent, inputs.SwitchAgentQueue(agent.agent, hers[index], is_on, by=BY), now)
    dialogue.ask(floor, call, "queues", (QUEUE_ON if is_on else QUEUE_OFF,), now)


_ANSWERED: Final = {"menu": _choose, "number": _set_number, "queues": _switch_queue}
"""What is asked of an agent who is known."""


def _goodbye(floor: Floor, call: Call, sounds: tuple[str, ...]) -> None:
    dialogue.say(floor, call, "goodbye", sounds)
