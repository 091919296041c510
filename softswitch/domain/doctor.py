"""The doctor: proof, on the running switch, that nothing is stuck.

Everybody who is busy is so for something that is there, everything that goes on has an owner, and every state that
could last has a deadline or somebody who can end it. The checks read the floor and nothing else, change nothing, and
are the same that the simulator makes after its steps; a finding is a fault of ours, never of a caller or telephone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from softswitch.domain import choosing
from softswitch.domain.call import Call
from softswitch.domain.distributor import exclusion
from softswitch.domain.floor import Floor


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and with whom."""

    who: str
    what: str


def examine(floor: Floor, now: float) -> list[Finding]:
    """All that is wrong; empty on a healthy switch. `now` is the switch's own, between two of its inputs."""
    return [
        *_agents(floor, now),
        *_legs(floor),
        *(finding for call in floor.calls.values() for finding in _call(floor, call)),
        *_presentations(floor),
        *_queues(floor),
        *_callbacks(floor),
    ]


def _agents(floor: Floor, now: float) -> Iterator[Finding]:
    for name, agent in floor.agents.items():
        who = f"agent {name}"
        for leg_id, engagement in agent.engagements.items():
            leg = floor.legs.get(leg_id)
            if leg is None or name not in leg.agents:
                yield Finding(who, f"is busy with leg {leg_id}, which is not there")
            elif engagement.call not in floor.calls:
                yield Finding(who, f"is busy with call {engagement.call}, which is not there")
        if agent.claim is not None and agent.claim not in floor.presentations:
            yield Finding(who, f"is kept for presentation {agent.claim}, which is not there")
        for kind, until_at in (
            ("wrap-up", agent.wrap_up_until_at),
            ("backoff", agent.backoff_until_at),
            ("guard", agent.guard_until_at),
        ):
            if until_at is not None and (kind, name) not in floor.deadlines:
                yield Finding(who, f"is in {kind}, which never ends")
        view = choosing.agent_view(floor, name, now)
        is_known = name in floor.touched or view is None
        if not is_known and view is not None and floor.standings.get(name) != exclusion(view, now):
            yield Finding(
                who, f"counts as {floor.standings.get(name) or 'free'} and is {exclusion(view, now) or 'free'}"
            )


def _legs(floor: Floor) -> Iterator[Finding]:
    for leg_id, leg in floor.legs.items():
        who, call = f"leg {leg_id}", floor.calls.get(leg.call)
        if call is None:
            yield Finding(who, f"belongs to call {leg.call}, which is not there")
        elif leg_id != call.leg and leg_id not in call.dialled_legs:
            yield Finding(who, f"is not known to its call {leg.call}")
        if leg.presentation is not None and leg.presentation not in floor.presentations:
            yield Finding(who, f"rings for presentation {leg.presentation}, which is not there")
        if leg.state == "confirming" and ("confirm", leg_id) not in floor.deadlines:
            yield Finding(who, "is asked for a key without end")
        for name in leg.agents:
            if name in floor.agents and leg_id not in floor.agents[name].engagements:
                yield Finding(who, f"does not keep agent {name} busy")
    used = Counter(leg.device for leg in floor.legs.values() if leg.device is not None)
    if dict(used) != floor.devices_in_use:
        yield Finding("devices", f"count as in use {floor.devices_in_use} and are {dict(used)}")


def _call(floor: Floor, call: Call) -> Iterator[Finding]:
    who = f"call {call.call}"
    if call.leg not in floor.legs and call.callback is None:
        yield Finding(who, "has no caller")
    in_line = [name for name, queue in floor.queues.items() if call.call in queue.line]
    waits = call.state in ("waiting", "presenting")
    if waits and in_line != [call.queue]:
        yield Finding(who, f"waits in {call.queue} and stands in {in_line}")
    if not waits and in_line:
        yield Finding(who, f"is {call.state} and stands in {in_line}")
    if call.connection is not None and call.connection.leg not in floor.legs:
        yield Finding(who, f"talks with leg {call.connection.leg}, which is not there")
    ringing = [name for name in call.presentations if floor.presentations[name].state == "ringing"]
    if (call.state == "presenting") != bool(ringing):
        yield Finding(who, f"is {call.state} with {len(ringing)} presentations")
    wanted = {"dialling": "callback-ring", "serving": "dialogue-end"}.get(call.state)
    if call.state == "direct" and call.connection is None:
        wanted = "say" if call.is_saying else "direct"
    if wanted is not None and (wanted, call.call) not in floor.deadlines:
        yield Finding(who, f"is {call.state} without end")
    if call.state == "talking" and call.connection is None:
        yield Finding(who, "talks with nobody")


def _presentations(floor: Floor) -> Iterator[Finding]:
    for name, shown in floor.presentations.items():
        who, call = f"presentation {name}", floor.calls.get(shown.call)
        if call is None or name not in call.presentations:
            yield Finding(who, f"is of call {shown.call}, which does not know it")
        if shown.state != "ringing":
            continue
        if ("ring", name) not in floor.deadlines:
            yield Finding(who, "rings without end")
        if not shown.to_ring and not any(leg in floor.legs for leg in shown.legs):
            yield Finding(who, "rings nobody")


def _queues(floor: Floor) -> Iterator[Finding]:
    for name, queue in floor.queues.items():
        who = f"queue {name}"
        for call in queue.line:
            if call not in floor.calls:
                yield Finding(who, f"keeps a place for call {call}, which is not there")
        talks = sum(
            1
            for call in floor.calls.values()
            if call.queue == name and call.state in ("talking", "dialling", "direct", "serving")
        )
        if talks != queue.talks:
            yield Finding(who, f"counts {queue.talks} talks and has {talks}")


def _callbacks(floor: Floor) -> Iterator[Finding]:
    for name, callback in floor.callbacks.items():
        who = f"call-back {name}"
        if ("callback-keep", name) not in floor.deadlines:
            yield Finding(who, "is kept without end")
        if callback.call is not None and callback.call not in floor.calls:
            yield Finding(who, f"stands in line as call {callback.call}, which is not there")
        is_asleep = callback.call is None and ("callback-again", name) not in floor.deadlines
        if is_asleep and not floor.is_draining:
            yield Finding(who, "waits for nothing")
