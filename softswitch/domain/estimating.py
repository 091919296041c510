"""The wait that a caller in line has to expect, as things stand on the floor at this moment.

`forecast` knows how long calls take and how soon callers give up; here it is asked about one caller. Ahead of him is
whoever is due before him and is not being presented. For him are the agents of the queue who are ready, can be reached,
take the queue's calls and have the skills that he still asks for: those who are free, those who are kept by a call or
wrap-up, and those of the next tiers from when he has waited long enough. Who also serves other queues with callers due
before him brings a share of her turns. Where somebody is free for him, or rings for him, there is no wait to speak of.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Final

from softswitch.domain import choosing
from softswitch.domain.call import Call
from softswitch.domain.distributor import Rule
from softswitch.domain.floor import Floor
from softswitch.domain.forecast.drain import BusyAgent
from softswitch.domain.forecast.estimates import Estimate, Staff, balanced_share
from softswitch.domain.line import Place
from softswitch.domain.office import Member
from softswitch.domain.queue import Queue
from softswitch.domain.skills import has, relaxed
from softswitch.domain.waits import waited_s

_AWAY: Final[frozenset[Rule]] = frozenset({"logged-out", "paused", "unreachable"})
_LAST: Final = sys.maxsize


@dataclass(frozen=True, slots=True)
class _Asker:
    """For whom it is asked: where he stands, since when he has waited, which skills he asks for still."""

    place: Place
    wait_s: float
    demand: dict[str, int]


def estimate(floor: Floor, call: Call, now: float) -> Estimate | None:
    """For a caller in line; None where there is no wait to speak of, and where there is nobody who could come."""
    assert call.queue is not None
    if call.presentations:
        return None
    queue = floor.queues[call.queue]
    wait_s = waited_s(call.entered_at, now)
    demand = relaxed(choosing.demand_of(queue.plan, call), wait_s, queue.plan.skills_relax_every_s)
    asker = _Asker(call.place, wait_s, demand)
    position, staff = _asked(floor, queue, asker, now)
    if staff.idle >= position:
        return None
    return floor.forecast_facts.forecast.estimate(call.queue, position, staff)


def at_the_door(floor: Floor, queue: Queue, now: float) -> Estimate | None:
    """For somebody who would enter now without any priority; None where there is nobody who could come."""
    asker = _Asker((queue.plan.due_at(now, 0.0), _LAST), 0.0, dict(queue.plan.skills))
    return floor.forecast_facts.forecast.estimate(queue.plan.queue, *_asked(floor, queue, asker, now))


def _asked(floor: Floor, queue: Queue, asker: _Asker, now: float) -> tuple[int, Staff]:
    """His place among those who wait for a turn, 1 for the next, and who could take his call."""
    choosing.refresh(floor, now)
    position = 1 + _ahead(floor, queue, asker.place)
    rivals = [(other, _ahead(floor, other, asker.place)) for other in floor.queues.values() if other is not queue]
    rivals = [(other, ahead) for other, ahead in rivals if ahead]
    demand, agents = asker.demand, floor.office.agents
    able = {name: member for name, member in _there(floor, queue) if not demand or has(agents[name].skills, demand)}
    shared = {name for name in able if any(_serves(floor, other, name) for other, _ in rivals)}
    others = {name for other, _ in rivals for name, _ in _there(floor, other, but=able)}
    ahead_elsewhere = sum(ahead for _, ahead in rivals)
    share = balanced_share(position, ahead_elsewhere, len(able) - len(shared), len(shared), len(others))
    busy: list[BusyAgent] = []
    for name, member in able.items():
        kept = _kept(floor, queue, member, asker, share if name in shared else 1.0, now)
        if kept is not None:
            busy.append(kept)
    return position, Staff(tuple(busy), len(able) - len(busy))


def _ahead(floor: Floor, queue: Queue, place: Place) -> int:
    """How many of a queue are due before this place and are not being presented."""
    if not queue.line:
        return 0
    rung = sum(1 for call in queue.presented if floor.calls[call].place < place)
    return queue.line.position_of(place) - 1 - rung


def _there(floor: Floor, queue: Queue, but: Container[str] = ()) -> Iterator[tuple[str, Member]]:
    """The queue's agents who are ready and can be reached, whatever they do, but for some."""
    for name, (_, member) in queue.members.items():
        if name in but or floor.standings.get(name, "logged-out") in _AWAY:
            continue
        if queue.plan.queue not in floor.agents[name].queues_off:
            yield name, member


def _serves(floor: Floor, queue: Queue, agent: str) -> bool:
    return agent in queue.members and queue.plan.queue not in floor.agents[agent].queues_off


def _kept(floor: Floor, queue: Queue, member: Member, asker: _Asker, share: float, now: float) -> BusyAgent | None:
    """What keeps one of them from a turn, None when nothing does."""
    name = queue.plan.queue
    tier_in_s = 0.0
    if queue.plan.next_tier_after_s is not None:
        tier_in_s = (member.tier - 1) * queue.plan.next_tier_after_s - asker.wait_s
    if floor.standings[member.agent] is None:
        return None if tier_in_s <= 0 else BusyAgent(name, 0.0, share, tier_in_s)
    agent = floor.agents[member.agent]
    engaged = floor.forecast_facts.engaged(member.agent)
    if engaged is not None:
        free_in_s = None if engaged.wrap_up_until is None else max(engaged.wrap_up_until - floor.wall(now), tier_in_s)
        return BusyAgent(engaged.queue, floor.wall(now) - engaged.began, share, free_in_s)
    left_alone = [at for at in (agent.guard_until_at, agent.backoff_until_at) if at is not None and at > now]
    if agent.activity == "idle" and left_alone:
        return BusyAgent(name, 0.0, share, max(*left_alone, now + tier_in_s) - now)
    return BusyAgent(name, max(now - agent.changed_at, 0.0), share)
