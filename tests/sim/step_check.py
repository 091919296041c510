"""What is held after every step: all that can have changed since the last time, and nothing twice.

The checks of a step are functions of the domain's floor and of the time. A floor that was asked nothing is as it was,
so all of it is looked at again when an input or a deadline of its own came to it, and when time alone can make a
difference: a pause that keeps an agent or a device out is over, a caller's demands relax. What is left out could only
give the answer that it gave.

In an office of more than `WHOLE_MAX` agents the doctor is shown those agents in whom or on whose legs something changed
since the last look, the calls of which something was told, and all presentations; and once a second, and at rest,
everything there is.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from softswitch.domain import choosing
from softswitch.domain.agent import Agent
from softswitch.domain.call import Call
from softswitch.domain.distributor import Rule, distribute
from softswitch.domain.doctor import examine, of_agents, of_calls, of_presentations
from softswitch.domain.events import LegDialled
from softswitch.domain.floor import Floor
from softswitch.domain.queue import Queue
from softswitch.domain.switch import Switch
from softswitch.node import JournalRecord
from tests.sim.way_out_check import check_way_out

if TYPE_CHECKING:
    from tests.sim.world import World

WHOLE_MAX: Final = 12
"""Offices of so many agents are looked at as a whole every time; those of all random days are."""
WHOLE_EVERY_S: Final = 1.0

_VERBS: Final = ("handle", "end_all", "restore", "recall")


class StepCheck:
    """Held by a world; fails the run when a step broke something.

    `looks`: how often the floor was looked at, because something may have changed; `whole_looks`: at all its agents.
    """

    def __init__(self, world: World) -> None:
        self.looks = 0
        self.whole_looks = 0
        self._world = world
        self._is_asked = True
        self._good_until_at = -inf
        self._whole_at = -inf
        self._agents: dict[str, tuple[object, ...]] = {}
        self._legs: dict[str, tuple[str, ...]] = {}
        self._standings: dict[str, Rule | None] = {}
        self._told_of: dict[str, None] = {}
        self._dialled: list[str] = []

    def begin(self, switch: Switch) -> None:
        """A new switch: from now on it is noted when it is asked anything."""
        self.note()
        for verb in _VERBS:
            setattr(switch, verb, self._noting(getattr(switch, verb)))
        handle_timeout = switch.handle_timeout

        def timeout(now: float) -> None:
            due_at = switch.next_deadline()
            if (due_at is not None and due_at <= now) or _is_restless(switch.floor):
                self.note()
            handle_timeout(now)

        setattr(switch, "handle_timeout", timeout)  # noqa: B010  # a method of this one object

    def note(self) -> None:
        """Something was asked of the switch, or may have been: all is looked at after this step."""
        self._is_asked = True

    def told(self, record: JournalRecord) -> None:
        """The switch wrote this down."""
        call = getattr(record, "call", None)
        if isinstance(call, str):
            self._told_of[call] = None
        if isinstance(record, LegDialled):
            self._dialled.append(record.leg)

    def look(self) -> None:
        """A step is over, and the switch is quiet, unless it is to be woken in this very moment."""
        ledger, switch, now = self._world.ledger, self._world.node.switch, self._world.node_now
        floor = switch.floor
        assert not self._world.faults, self._world.faults
        dialled, self._dialled = self._dialled, []
        for leg in (floor.legs[name] for name in dialled if name in floor.legs):
            if leg.out_by is not None:
                check_way_out(floor, leg)
        assert len(ledger.live) == switch.live_calls, f"{ledger.live} are up, the switch counts {switch.live_calls}"
        due_at = switch.next_deadline()
        if due_at is not None and due_at <= now:
            return
        if self._is_asked or now >= self._good_until_at or _do_demands_relax(floor):
            self._is_asked = False
            self.looks += 1
            choosing.refresh(floor, now)
            agents = self._to_look_at(floor, now)
            told_of, self._told_of = self._told_of, {}
            calls = [floor.calls[call] for call in told_of if call in floor.calls]
            check_floor(floor, agents, calls, now)
            known_at = inf if agents is floor.agents else self._good_until_at
            self._good_until_at = min(known_at, _pauses_end_at(floor, agents, now))

    def look_at_all(self) -> None:
        """All is looked at, whether or not anything changed."""
        self.note()
        self._whole_at = -inf
        self.look()

    def _to_look_at(self, floor: Floor, now: float) -> dict[str, Agent]:
        """The agents who may not be as they were: those in whom, or on whose legs, something changed."""
        agents, self._agents = self._agents, _states(floor.agents)
        legs, self._legs = self._legs, {name: leg.agents for name, leg in floor.legs.items()}
        standings, self._standings = self._standings, floor.standings.copy()
        is_due = now >= self._good_until_at or not self._whole_at <= now < self._whole_at + WHOLE_EVERY_S
        if len(floor.agents) <= WHOLE_MAX or is_due:
            self.whole_looks += 1
            self._whole_at = now
            return floor.agents
        changed = {name for name, state in self._agents.items() if agents.get(name) != state}
        if legs != self._legs:
            changed.update(*(people for _, people in legs.items() ^ self._legs.items()))
        if standings != self._standings:
            changed.update(name for name, _ in standings.items() ^ self._standings.items())
        return {name: agent for name, agent in floor.agents.items() if name in changed}

    def _noting(self, verb: Callable[..., None]) -> Callable[..., None]:
        def noted(*arguments: object) -> None:
            self.note()
            verb(*arguments)

        return noted


def check_floor(floor: Floor, agents: dict[str, Agent], calls: list[Call], now: float) -> None:
    """These agents count as what they are, everything that goes on has an owner and an end, and nobody idles.

    Where these agents are all that there are, all calls are looked at and not only these.
    """
    gone = [name for name in floor.standings if name not in floor.agents or name not in floor.office.agents]
    assert not gone, f"{gone} are gone and count as {[floor.standings[name] for name in gone]}"
    if agents is floor.agents:
        findings = examine(floor, now)
    else:
        findings = [*of_agents(floor, agents, now), *of_calls(floor, calls), *of_presentations(floor)]
    assert not findings, findings
    free = {name for name, rule in floor.standings.items() if rule is None}
    assert free == floor.free.keys(), f"{free ^ floor.free.keys()} are free or not, and count as the contrary"
    check_nobody_idles(floor, now)


def check_nobody_idles(floor: Floor, now: float) -> None:
    """No idle, ready, reachable agent who is not backing off, while a caller waits whom she may serve."""
    waits = [queue for queue in floor.queues.values() if queue.line and _is_anybody_to_show(floor, queue)]
    due = distribute([choosing.queue_view(floor, queue, now) for queue in waits], now) if waits else []
    assert not due, f"{due[0].agent} is idle while {due[0].call} waits in {due[0].queue}"


def _is_anybody_to_show(floor: Floor, queue: Queue) -> bool:
    return queue.plan.strategy == "ring-all" or any(not floor.calls[call].presentations for call in queue.line)


_own_state = attrgetter(
    "presence", "claim", "number", "backoff_until_at", "guard_until_at", "wrap_up_until_at", "needs_code"
)


def _states(agents: dict[str, Agent]) -> dict[str, tuple[object, ...]]:
    """What the doctor asks of agents, or sees only through them. An engagement that changes is a new one."""
    own_state = _own_state
    return {
        name: (*own_state(agent), *agent.engagements.items()) if agent.engagements else own_state(agent)
        for name, agent in agents.items()
    }


def _do_demands_relax(floor: Floor) -> bool:
    """Whether a caller is in a line in which agents come within his reach by time alone."""
    plans = [queue.plan for queue in floor.queues.values() if queue.line]
    return any(plan.next_tier_after_s is not None or plan.skills_relax_every_s is not None for plan in plans)


def _is_restless(floor: Floor) -> bool:
    """Whether the switch has something to finish when it is woken, with nothing due."""
    return bool(
        floor.is_unsettled or floor.is_staffing_due or floor.is_presence_changed or floor.touched or floor.lamps_due
    )


def _pauses_end_at(floor: Floor, agents: dict[str, Agent], now: float) -> float:
    """Until when none of these agents comes back by time alone."""
    ends = [at for agent in agents.values() for at in (agent.backoff_until_at, agent.guard_until_at) if at]
    return min((at for at in (*ends, *floor.devices_out.values()) if at > now), default=inf)
