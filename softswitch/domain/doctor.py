"""The doctor: proof, on the running switch, that nothing is stuck.

Everybody who is busy is so for something that is there, everything that goes on has an owner, and every state that
could last has a deadline or somebody who can end it. The checks read the floor and nothing else, change nothing, and
are the same that the simulator makes after its steps; a finding is a fault of ours, never of a caller or telephone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from softswitch.domain import choosing
from softswitch.domain.agent import Agent
from softswitch.domain.call import Call
from softswitch.domain.distributor import exclusion
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import CallId
from softswitch.domain.office import DeviceAddress


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and with whom."""

    who: str
    what: str


def examine(floor: Floor, now: float) -> list[Finding]:
    """All that is wrong; empty on a healthy switch. `now` is the switch's own, between two of its inputs."""
    return [
        *of_agents(floor, floor.agents, now),
        *of_calls(floor, floor.calls.values()),
        *of_presentations(floor),
        *_legs(floor),
        *_queues(floor),
        *_callbacks(floor),
    ]


def of_agents(floor: Floor, agents: Mapping[str, Agent], now: float) -> Iterator[Finding]:
    """What is wrong with these agents."""
    for name, agent in agents.items():
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
        if agent.activity != agent.activity_due:
            yield Finding(who, f"is shown as {agent.activity} and is {agent.activity_due}")
        view = choosing.agent_view(floor, name, now)
        is_known = name in floor.touched or view is None
        if not is_known and view is not None and floor.standings.get(name) != exclusion(view, now):
            yield Finding(
                who, f"counts as {floor.standings.get(name) or 'free'} and is {exclusion(view, now) or 'free'}"
            )


def _legs(floor: Floor) -> Iterator[Finding]:
    used: dict[DeviceAddress, int] = {}
    for leg_id, leg in floor.legs.items():
        device, call = leg.device, floor.calls.get(leg.call)
        if device is not None:
            used[device] = used.get(device, 0) + 1
        if call is None:
            yield Finding(f"leg {leg_id}", f"belongs to call {leg.call}, which is not there")
        elif leg_id != call.leg and leg_id not in call.dialled_legs:
            yield Finding(f"leg {leg_id}", f"is not known to its call {leg.call}")
        if leg.presentation is not None and leg.presentation not in floor.presentations:
            yield Finding(f"leg {leg_id}", f"rings for presentation {leg.presentation}, which is not there")
        if leg.state == "confirming" and ("confirm", leg_id) not in floor.deadlines:
            yield Finding(f"leg {leg_id}", "is asked for a key without end")
        for name in leg.agents:
            if name in floor.agents and leg_id not in floor.agents[name].engagements:
                yield Finding(f"leg {leg_id}", f"does not keep agent {name} busy")
    if used != floor.devices_in_use:
        yield Finding("devices", f"count as in use {floor.devices_in_use} and are {used}")


def of_calls(floor: Floor, calls: Iterable[Call]) -> Iterator[Finding]:
    """What is wrong with these calls."""
    lines: dict[CallId, list[str]] = {}
    for name, queue in floor.queues.items():
        for waiting in queue.line:
            lines.setdefault(waiting, []).append(name)
    for call in calls:
        yield from _call(floor, call, lines.get(call.call, []))


def _call(floor: Floor, call: Call, in_line: list[str]) -> Iterator[Finding]:
    state, connection = call.state, call.connection
    if call.leg not in floor.legs and call.callback is None:
        yield _of(call, "has no caller")
    if state in ("waiting", "presenting"):
        if in_line != [call.queue]:
            yield _of(call, f"waits in {call.queue} and stands in {in_line}")
    elif in_line:
        yield _of(call, f"is {state} and stands in {in_line}")
    if connection is not None and connection.leg not in floor.legs:
        yield _of(call, f"talks with leg {connection.leg}, which is not there")
    if call.presentations or state == "presenting":
        ringing = [name for name in call.presentations if floor.presentations[name].state == "ringing"]
        if (state == "presenting") != bool(ringing):
            yield _of(call, f"is {state} with {len(ringing)} presentations")
    wanted = _ENDS.get(state)
    if state == "direct" and connection is None:
        wanted = "say" if call.is_saying else "direct"
    if wanted is not None and (wanted, call.call) not in floor.deadlines:
        yield _of(call, f"is {state} without end")
    if state == "talking" and connection is None:
        yield _of(call, "talks with nobody")


_ENDS: Final = {"dialling": "callback-ring", "serving": "dialogue-end"}
"""What ends calls in a state that could last."""


def _of(call: Call, what: str) -> Finding:
    return Finding(f"call {call.call}", what)


def of_presentations(floor: Floor) -> Iterator[Finding]:
    """What is wrong with presentations."""
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
    talks = Counter(
        call.queue for call in floor.calls.values() if call.state in ("talking", "dialling", "direct", "serving")
    )
    for name, queue in floor.queues.items():
        who = f"queue {name}"
        for call in queue.line:
            if call not in floor.calls:
                yield Finding(who, f"keeps a place for call {call}, which is not there")
        presented = {shown.call for shown in floor.presentations.values() if shown.queue == name}
        if presented != queue.presented.keys():
            yield Finding(who, f"presents {len(queue.presented)} callers and has presentations of {len(presented)}")
        if talks[name] != queue.talks:
            yield Finding(who, f"counts {queue.talks} talks and has {talks[name]}")


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
