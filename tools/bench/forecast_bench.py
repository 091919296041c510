"""How good estimated waits are: simulated days of two queues, with the formula of Asterisk's app_queue beside ours.

A day has its tides of callers and a burst in each queue, shifts that begin and end, lunch, short breaks, a meeting that
takes a quarter of the agents away for half an hour, and a quarter who serve both queues. Talks are lognormal with a
wrap-up after them, telephones ring for 2 to 8 s, callers lose patience after an exponential time, and whoever is due
first is served first. Nothing of the plan is told to the forecast: it sees who is there now. The days of a seed follow
one another, so that what was learnt is used, and nothing is known on the first.

An estimate is made when a caller has to wait, and again every ANNOUNCE_EVERY_S of his wait. Each is compared with how
long he then still waited, where he was connected, and what app_queue would have said at the same moment. Callers who
find an agent at once hear nothing and do not count. The same days are run with more agents and callers at the same
rates: the more agents, the less of a wait is chance, and the steadier both are.
"""

from __future__ import annotations

import heapq
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from softswitch.domain.forecast.accuracy import Accuracy, AppQueueHold, Outcome, Row
from softswitch.domain.forecast.drain import BusyAgent
from softswitch.domain.forecast.estimates import Estimate, Forecast, Staff, balanced_share

ANNOUNCE_EVERY_S: Final = 60.0
DAY_S: Final = 86400.0
OPENS_S: Final = 8 * 3600.0
CLOSES_S: Final = 18 * 3600.0
SHIFTS: Final = ((7.9, 16.2), (7.9, 16.7), (8.9, 17.2), (8.9, 17.2), (9.9, 18.2), (9.9, 18.2))
"""When they begin and end, hours; agents have them in turn."""
BURST_S: Final = 1500.0
BURST: Final = 0.6
"""Once a day and queue, something makes so many more call for so long: a letter, a fault."""
TEAM: Final = (*[("support",)] * 9, *[("sales",)] * 5, *[("support", "sales")] * 5)
"""Which queues each of nineteen agents serves."""
SIZES: Final = (1, 2, 4)
SEEDS: Final = 10
DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class QueueShape:
    """One simulated queue: calls per hour by hour of the day from OPENS_S, handling, patience, the service goal."""

    name: str
    calls_an_hour: tuple[float, ...]
    talk_s: float
    sigma: float
    wrap_up_s: float
    patience_s: float
    target_s: float


@dataclass(slots=True, eq=False)
class SimAgent:
    """`away`: for how many reasons she is not there; a call that she has is finished first."""

    name: str
    queues: tuple[str, ...]
    away: int = 1
    call_of: str | None = None
    since_at: float = 0.0
    wrap_up_until_at: float | None = None
    idle_at: float = 0.0


@dataclass(slots=True, eq=False)
class Caller:
    """`promises`: when something was estimated for him, what, and what app_queue would have said."""

    number: int
    queue: str
    entered_at: float
    due_at: float
    promises: list[tuple[float, Estimate, float]] = field(default_factory=list)


SUPPORT = QueueShape("support", (70, 110, 120, 105, 80, 95, 110, 100, 75, 40), 250.0, 0.75, 25.0, 900.0, 30.0)
SALES = QueueShape("sales", (25, 45, 55, 55, 45, 50, 55, 45, 30, 20), 330.0, 0.6, 40.0, 720.0, 20.0)


class CallCentre:
    """Days of the two queues by one seed."""

    def __init__(self, seed: int, days: int = DAYS, *, size: int = 1, every_s: float = ANNOUNCE_EVERY_S) -> None:
        self._random = random.Random(seed)  # noqa: S311
        self.size, self._every_s = size, every_s
        self.queues = {queue.name: queue for queue in (SUPPORT, SALES)}
        self.days = days
        self.accuracy = Accuracy()
        self.estimates = 0
        self.cost_s = 0.0
        self.forecast = Forecast()
        self._holds = {name: AppQueueHold() for name in self.queues}
        self._lines: dict[str, list[Caller]] = {name: [] for name in self.queues}
        self._gone: dict[str, list[tuple[Caller, float]]] = {name: [] for name in self.queues}
        self._agents: list[SimAgent] = []
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = 0
        self._callers = 0

    def run(self) -> Accuracy:
        """All days, from nothing known; returns how good the estimates were."""
        for index, members in enumerate(TEAM * self.size):
            self._agents.append(SimAgent(f"agent-{index}", members))
        for day in range(self.days):
            self._plan_day(day * DAY_S)
        while self._events:
            at, _, event = heapq.heappop(self._events)
            event(at)
        return self.accuracy

    # The plan of a day.

    def _at(self, at: float, event: Callable[[float], None]) -> None:
        self._order += 1
        heapq.heappush(self._events, (at, self._order, event))

    def _plan_day(self, midnight: float) -> None:
        draw = self._random
        busyness = draw.uniform(0.9, 1.2)
        for shape in self.queues.values():
            burst_at = midnight + OPENS_S + draw.uniform(0.5, 9.0) * 3600.0
            for hour, rate in enumerate(shape.calls_an_hour):
                pace = self.size * rate * busyness * draw.uniform(0.85, 1.15) / 3600.0
                self._callers_of(shape.name, midnight + OPENS_S + 3600.0 * hour, 3600.0, pace)
                if 0 <= burst_at - midnight - OPENS_S - 3600.0 * hour < 3600.0:
                    self._callers_of(shape.name, burst_at, BURST_S, BURST * pace)
        for index, agent in enumerate(self._agents):
            first, last = SHIFTS[index % len(SHIFTS)]
            begin = midnight + first * 3600.0 + draw.uniform(-300, 300)
            end = midnight + last * 3600.0 + draw.uniform(-300, 300)
            if draw.random() < 0.07:
                continue
            self._at(begin, partial(self._come, agent))
            self._at(end, partial(self._go, agent))
            lunch = midnight + (11.5 + 0.5 * (index % 4)) * 3600.0 + draw.uniform(-300, 300)
            self._away(agent, lunch, draw.uniform(1500, 2100))
            for _ in range(3):
                self._away(agent, draw.uniform(begin + 1800, end - 1800), draw.uniform(300, 1000))
        meeting = midnight + draw.uniform(13.5, 15.5) * 3600.0
        for agent in draw.sample(self._agents, 5 * self.size):
            self._away(agent, meeting, 1800.0)

    def _callers_of(self, queue: str, begin: float, seconds: float, pace: float) -> None:
        at = begin
        while (at := at + self._random.expovariate(pace)) < begin + seconds:
            self._at(at, lambda now: self._arrive(queue, now))

    def _away(self, agent: SimAgent, at: float, seconds: float) -> None:
        self._at(at, partial(self._go, agent))
        self._at(at + seconds, partial(self._come, agent))

    # What happens.

    def _come(self, agent: SimAgent, now: float) -> None:
        agent.away -= 1
        if agent.away == 0 and agent.call_of is None:
            agent.idle_at = now
            self._serve(now)

    def _go(self, agent: SimAgent, _now: float) -> None:
        agent.away += 1

    def _arrive(self, queue: str, now: float) -> None:
        shape = self.queues[queue]
        self._callers += 1
        caller = Caller(self._callers, queue, now, now + shape.target_s)
        self._lines[queue].append(caller)
        self._serve(now)
        if caller in self._lines[queue]:
            self._tell(caller, now)
            self._at(now + self._random.expovariate(1 / shape.patience_s), lambda at: self._give_up(caller, at))

    def _tell(self, caller: Caller, now: float) -> None:
        line = self._lines[caller.queue]
        if caller not in line:
            return
        began = time.thread_time()
        estimate = self.forecast.estimate(caller.queue, line.index(caller) + 1, self._staff(caller, now))
        self.cost_s += time.thread_time() - began
        self.estimates += 1
        if estimate is not None:
            said_s = self._holds[caller.queue].says_s(now - caller.entered_at)
            caller.promises.append((now, estimate, said_s))
        self._at(now + self._every_s, lambda at: self._tell(caller, at))

    def _give_up(self, caller: Caller, now: float) -> None:
        line = self._lines[caller.queue]
        if caller in line:
            line.remove(caller)
            self.forecast.waited(caller.queue, now - caller.entered_at, has_given_up=True)
            self._gone[caller.queue].append((caller, now))

    def _serve(self, now: float) -> None:
        while True:
            heads = sorted((line[0] for line in self._lines.values() if line), key=lambda caller: caller.due_at)
            if not heads:
                return
            ready = sorted(
                (agent for agent in self._agents if agent.away == 0 and agent.call_of is None),
                key=lambda agent: (agent.idle_at, agent.name),
            )
            pair = next(((head, agent) for head in heads for agent in ready if head.queue in agent.queues), None)
            if pair is None:
                return
            self._connect(*pair, now)

    def _connect(self, caller: Caller, agent: SimAgent, now: float) -> None:
        shape = self.queues[caller.queue]
        draw = self._random
        ring_s = draw.uniform(2, 8)
        talk_s = math.exp(draw.gauss(math.log(shape.talk_s) - shape.sigma**2 / 2, shape.sigma))
        self._lines[caller.queue].remove(caller)
        agent.call_of, agent.since_at = caller.queue, now
        self._at(now + ring_s, lambda at: self._connected(caller, at, ring_s))
        self._at(now + ring_s + talk_s, lambda at: self._wrap_up(agent, at))

    def _connected(self, caller: Caller, now: float, ring_s: float) -> None:
        wait_s = now - caller.entered_at
        self.forecast.picked_up(caller.queue, ring_s)
        self.forecast.waited(caller.queue, wait_s, has_given_up=False)
        self._holds[caller.queue].answered(wait_s)
        self._realised(caller, now, is_given_up=False)
        gone = self._gone[caller.queue]
        if caller.promises:
            for other, _ in [each for each in gone if each[0].due_at < caller.due_at]:
                self._realised(other, now, is_given_up=True)
        self._gone[caller.queue] = [each for each in gone if each[0].due_at >= caller.due_at]

    def _realised(self, caller: Caller, now: float, *, is_given_up: bool) -> None:
        for index, (at, estimate, said_s) in enumerate(caller.promises):
            self.forecast.realised(caller.queue, estimate, now - at)
            self.accuracy.add(
                Outcome(str(caller.number), caller.queue, index == 0, estimate, now - at, said_s, is_given_up)
            )

    def _wrap_up(self, agent: SimAgent, now: float) -> None:
        assert agent.call_of is not None
        agent.wrap_up_until_at = now + self.queues[agent.call_of].wrap_up_s
        self._at(agent.wrap_up_until_at, lambda at: self._free(agent, at))

    def _free(self, agent: SimAgent, now: float) -> None:
        assert agent.call_of is not None
        wrap_up_s = self.queues[agent.call_of].wrap_up_s
        self.forecast.served(agent.call_of, now - agent.since_at - wrap_up_s, wrap_up_s)
        agent.call_of = agent.wrap_up_until_at = None
        agent.idle_at = now
        self._serve(now)

    # What the forecast is told.

    def _staff(self, caller: Caller, now: float) -> Staff:
        there = [agent for agent in self._agents if agent.away == 0]
        able = [agent for agent in there if caller.queue in agent.queues]
        shared = sum(1 for agent in able if len(agent.queues) > 1)
        elsewhere = sum(
            1
            for name, line in self._lines.items()
            for other in line
            if name != caller.queue and other.due_at < caller.due_at
        )
        share = balanced_share(
            self._lines[caller.queue].index(caller) + 1, elsewhere, len(able) - shared, shared, len(there) - len(able)
        )
        busy = tuple(
            BusyAgent(
                agent.call_of,
                now - agent.since_at,
                share if len(agent.queues) > 1 else 1.0,
                None if agent.wrap_up_until_at is None else agent.wrap_up_until_at - now,
            )
            for agent in able
            if agent.call_of is not None
        )
        return Staff(busy, sum(1 for agent in able if agent.call_of is None))


def main() -> None:
    """Measures and prints."""
    print(f"estimated waits, {DAYS} days from each seed; mean error in seconds, app_queue's beside it\n")
    print("agents            estimates mean wait  in range   ours app_queue  ratio")
    for size in SIZES:
        total, cost_s, estimates = Accuracy(), 0.0, 0
        for seed in range(SEEDS // size):
            centre = CallCentre(seed, size=size)
            total.merge(centre.run())
            cost_s += centre.cost_s
            estimates += centre.estimates
        agents = size * len(TEAM)
        _show(agents, "at entry", total.over_all("entry"))
        _show(agents, "all", total.over_all("entry", "later"))
        _show(agents, "gave up", total.over_all("given-up"))
        print(f"{agents:>6} {1e6 * cost_s / estimates:.0f} µs an estimate\n")


def _show(agents: int, what: str, row: Row | None) -> None:
    assert row is not None
    assert row.ratio is not None
    print(
        f"{agents:>6} {what:<10} {row.outcomes:>9} {row.mean_wait_s:>9.0f} {row.share_within:>9.1%} "
        f"{row.mean_error_s:>6.1f} {row.app_queue_mean_error_s:>9.1f} {row.ratio:>6.2f}"
    )


if __name__ == "__main__":
    main()
