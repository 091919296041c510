"""What the lamps of telephones show: phones, agents and queues by their names, each when it changes.

    phone    off: no call           ringing: it rings             on: somebody talks
    agent    off: ready and idle    ringing: she is being rung    on: talking, in wrap-up, paused or logged out
    queue    off: nobody waits      ringing: somebody waits       on: open and nobody is there to answer

Signalling takes every name for off until it is told otherwise. Where a phone, an agent and a queue share a name, the
first of them in this order has the lamp.
"""

from __future__ import annotations

from softswitch.domain import actions
from softswitch.domain.actions import LampState
from softswitch.domain.floor import Floor
from softswitch.domain.office import ToPhone


def show(floor: Floor) -> None:
    """Tells of the lamps that changed since the last time."""
    due, floor.lamps_due, lamps = floor.lamps_due, {}, floor.lamps
    for name in due:
        state = _state(floor, name)
        if state != lamps.get(name, "off"):
            lamps[name] = state
            floor.ask(actions.ShowLamp(name, state))


def show_all(floor: Floor) -> None:
    """All that is not off, for who does not know it yet: after a start, and after a change of the office."""
    show(floor)
    for name in dict.fromkeys((*floor.office.phones, *floor.agents, *floor.queues)):
        floor.lamps[name] = state = _state(floor, name)
        if state != "off":
            floor.ask(actions.ShowLamp(name, state))
    for mailbox in floor.office.mailboxes:
        new, old = floor.mailboxes.counts(mailbox)
        if new or old:
            floor.ask(actions.ShowMessages(mailbox, new, old))


def _state(floor: Floor, name: str) -> LampState:
    if name in floor.office.phones:
        legs = floor.legs_at(ToPhone(name))
        if not legs:
            return "off"
        return "on" if any(floor.legs[leg].state in ("invited", "answered") for leg in legs) else "ringing"
    agent = floor.agents.get(name)
    if agent is not None:
        if agent.activity == "ringing":
            return "ringing"
        return "off" if agent.presence == "ready" and agent.activity == "idle" else "on"
    queue = floor.queues.get(name)
    if queue is None:
        return "off"
    if queue.is_unstaffed:
        return "on"
    return "ringing" if queue.line else "off"
