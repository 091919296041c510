"""The domain alone: what it takes to give a caller to an agent, and how many queue calls a core can decide a second.

A decision is measured as it happens: as many callers wait as there are agents, all agents but one are paused or busy,
one gets free, and the switch looks who gets her (`choosing.distribute_callers`). Callers stand in ten queues that share
no agent, or in ten that all agents serve. Beside it stands the pure decision (`distributor.distribute`) for that one
agent, and for the moment in which everybody gets free at once, per decision made (each of which ranks everybody who is
free, so this one grows with the office; asked up to a thousand). Growth is told as the exponent
between the smallest and the largest office: 1 is linear, n log n is a little above.

A queue call is a caller who enters, is presented, rings, is answered, heard, talks, hangs up, and leaves his agent in
wrap-up: six inputs and two deadlines. People and telephones are played once, and what they told the switch is told to a
second one, which is measured: handling, asking for the next deadline and draining, as any shell has to; the best of
ROUNDS counts, because neighbours on the machine only ever add. All folds that a running switch keeps are fed; nothing
writes a journal. The baseline is the standard library's email parser on one INVITE, measured in the same run.
"""

from __future__ import annotations

import gc
import heapq
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType
from typing import Final

from softswitch.domain import actions, choosing, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.distributor import QueueView, distribute
from softswitch.domain.floor import Floor
from softswitch.domain.office import (
    AgentPlan,
    Device,
    Office,
    PhonePlan,
    QueuePlan,
    ServiceGoal,
    Strategy,
    ToPhone,
    ToQueue,
    TrunkPlan,
)
from softswitch.domain.recovery import Recovery
from softswitch.domain.switch import Switch
from tools.bench.sip_bench import baseline_us

SIZES: Final = (250, 500, 1000, 2000, 4000)
QUEUES: Final = 10
DECISIONS: Final = 200
AT_ONCE_MAX: Final = 1000
WALL_OFFSET_S: Final = 1.8e9
DECISION_US_MAX: Final = 1000.0
"""What a decision may take at most with a thousand agents and a thousand callers."""

CALLS: Final = 4_000
ROUNDS: Final = 5
CALLS_PER_S_MIN: Final = 5000.0
AGENTS: Final = 40
CALL_EVERY_S: Final = 0.7
RINGS_S: Final = 2.0
HEARD_S: Final = 0.2
TALKS_S: Final = 15.0
WRAP_UP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Decided:
    """Microseconds: a decision as it happens (median and slowest), and the pure one, for one agent and for all agents
    at once (per decision; None: not asked)."""

    as_it_happens_us: float
    slowest_us: float
    pure_us: float
    all_at_once_us: float | None


def main() -> None:
    """Measures and prints."""
    baseline = baseline_us()
    print("\nthe domain alone: a decision when one agent gets free, as many callers waiting as there are agents")
    header = (
        f"{'agents':>7} {'median µs':>10} {'slowest':>8} {'× baseline':>11} {'pure µs':>8} {'all at once, each':>18}"
    )
    for serve, is_shared in (("each agent one of ten queues", False), ("each agent all ten queues", True)):
        print(f"{serve}\n{header}")
        found = {}
        for size in SIZES:
            found[size] = decided = measure_decisions(size, is_shared=is_shared)
            at_once = "" if decided.all_at_once_us is None else f"{decided.all_at_once_us:.0f}"
            print(
                f"{size:7} {decided.as_it_happens_us:10.0f} {decided.slowest_us:8.0f} "
                f"{decided.as_it_happens_us / baseline:11.1f} {decided.pure_us:8.0f} {at_once:>18}",
                flush=True,
            )
        print(f"grows with the office as n^{growth(found):.2f}; {_verdict(found[1000].as_it_happens_us)}")
    print("the domain alone: queue calls, each answered, ended and wrapped up")
    print(f"{'strategy':14} {'calls':>6} {'answered':>9} {'calls/s of CPU':>15} {'µs per call':>12} {'× baseline':>11}")
    for strategy in ("longest-idle", "least-talk"):
        calls_per_s, answered = measure_calls(strategy)
        us = 1e6 / calls_per_s
        print(
            f"{strategy:14} {CALLS:6} {answered:9} {calls_per_s:15.0f} {us:12.0f} {us / baseline:11.1f}",
            flush=True,
        )
    print(f"wanted: {CALLS_PER_S_MIN:.0f}; baseline: the email parser on one INVITE {baseline:.1f} µs")


def growth(found: dict[int, Decided]) -> float:
    """The exponent of growth between the smallest and the largest office."""
    smallest, largest = min(found), max(found)
    ratio = found[largest].as_it_happens_us / found[smallest].as_it_happens_us
    return math.log(ratio) / math.log(largest / smallest)


def measure_decisions(size: int, *, is_shared: bool) -> Decided:
    """Medians over many decisions in an office of this size."""
    switch = crowded(size, is_shared=is_shared)
    floor = switch.floor
    with _nothing_collected():
        times, pure = [], []
        for number in range(DECISIONS):
            name = f"a{number}"
            floor.agents[name].presence = "ready"
            floor.touch(name)
            choosing.refresh(floor, _now(size))
            pure.append(_pure_us(floor, size))
            floor.touch(name)
            began_s = time.perf_counter()
            choosing.distribute_callers(floor, _now(size))
            times.append(1e6 * (time.perf_counter() - began_s))
            _grant(switch, size)
        at_once_us = _all_at_once_us(floor, size) if size <= AT_ONCE_MAX else None
    return Decided(_median(times), max(times), _median(pure), at_once_us)


def crowded(size: int, *, is_shared: bool) -> Switch:
    """A switch with so many agents, all of them paused, and as many callers who wait."""
    names = [f"a{number}" for number in range(size)]
    phones = [str(1000 + number) for number in range(size)]
    agents = {
        name: AgentPlan(name, name, (Device(ToPhone(phone)),), is_ready_at_start=True)
        for name, phone in zip(names, phones, strict=True)
    }
    queues = {
        f"q{number}": QueuePlan(f"q{number}", f"Q{number}", tuple(names if is_shared else names[number::QUEUES]))
        for number in range(QUEUES)
    }
    switch = _started(agents, queues, phones)
    for name in names:
        switch.handle(inputs.SetPresence(name, "paused"), 0.0)
    for number in range(size):
        switch.handle(_caller(f"in{number}", f"+46{number % QUEUES}"), 1.0 + number / 1000)
    switch.drain()
    return switch


def measure_calls(strategy: Strategy, calls: int = CALLS) -> tuple[float, int]:
    """(queue calls a second of CPU, how many of them were answered)."""
    phones = [str(100 + number) for number in range(AGENTS)]
    agents = {
        f"a{phone}": AgentPlan(f"a{phone}", phone, (Device(ToPhone(phone)),), is_ready_at_start=True)
        for phone in phones
    }
    queue = QueuePlan(
        "q0", "Q0", tuple(agents), strategy=strategy, welcome="welcome", music="music/calm", ring_s=20.0,
        wrap_up_s=WRAP_UP_S, max_wait_s=900.0, max_waiting=50, service_level=ServiceGoal(0.8, 20.0), record="always",
    )  # fmt: skip
    office = _Office(_started(agents, {"q0": queue}, phones))
    office.play(calls)
    rounds = [_replay(_started(agents, {"q0": queue}, phones), office.told) for _ in range(ROUNDS)]
    return calls / min(cpu_s for cpu_s, _ in rounds), rounds[0][1]


def _replay(switch: Switch, told: Sequence[tuple[float, inputs.Input | None]]) -> tuple[float, int]:
    """(seconds of CPU, calls that were answered)."""
    with _nothing_collected():
        began_s = time.thread_time()
        for at_s, input_ in told:
            if input_ is None:
                switch.handle_timeout(at_s)
            else:
                switch.handle(input_, at_s)
            switch.next_deadline()
            switch.drain()
        cpu_s = time.thread_time() - began_s
    return cpu_s, sum(counts.answered for counts in switch.floor.statistics.kept("q0"))


class _Office:
    """People and telephones: a heap of what will be told when. `told`: what was; None for a deadline that was due."""

    def __init__(self, switch: Switch) -> None:
        self.told: list[tuple[float, inputs.Input | None]] = []
        self._switch = switch
        self._random = random.Random(1)  # noqa: S311  # arrivals, no secrets
        self._heap: list[tuple[float, int, inputs.Input]] = []
        self._order = count()
        self._callers: dict[str, str] = {}
        self._answers: dict[type, Callable[..., None]] = {
            actions.ClaimAgent: self._claim,
            actions.DialLeg: self._ring,
            actions.AnswerLeg: self._pick_up,
            actions.StopRecording: self._write,
        }

    def play(self, calls: int) -> None:
        """All calls, until nothing is left to happen."""
        switch, heap, at_s = self._switch, self._heap, 1.0
        for number in range(calls):
            at_s += CALL_EVERY_S * (0.5 + self._random.random())
            self._at(at_s, _caller(f"in{number}", "+460"))
        while (deadline := switch.next_deadline()) is not None or heap:
            if heap and (deadline is None or heap[0][0] <= deadline):
                at_s, _, input_ = heapq.heappop(heap)
                self._tell(input_, at_s)
            elif deadline is not None:
                at_s = deadline
                self.told.append((at_s, None))
                switch.handle_timeout(at_s)
            self._carry_out(at_s)

    def _carry_out(self, now: float) -> None:
        while things := self._switch.drain():
            for thing in things:
                if type(thing) in self._answers:
                    self._answers[type(thing)](thing, now)

    def _claim(self, claim: actions.ClaimAgent, now: float) -> None:
        self._tell(inputs.ClaimDecided(claim.presentation, is_granted=True), now)

    def _ring(self, dialled: actions.DialLeg, now: float) -> None:
        leg = dialled.leg
        self._at(now + 0.1, inputs.LegProgressed(leg))
        self._at(now + RINGS_S, inputs.LegAnswered(leg))
        self._at(now + RINGS_S + HEARD_S, inputs.LegHeard(leg))
        self._at(now + RINGS_S + TALKS_S, inputs.LegEnded(self._callers.pop(dialled.call), Cause.HUNG_UP))

    def _pick_up(self, answered: actions.AnswerLeg, now: float) -> None:
        self._callers[self._switch.floor.legs[answered.leg].call] = answered.leg
        self._at(now + HEARD_S, inputs.LegHeard(answered.leg))

    def _write(self, stopped: actions.StopRecording, now: float) -> None:
        self._at(now + 0.1, inputs.RecordingCompleted(stopped.recording, TALKS_S, None, None))

    def _tell(self, input_: inputs.Input, now: float) -> None:
        self.told.append((now, input_))
        self._switch.handle(input_, now)

    def _at(self, at_s: float, input_: inputs.Input) -> None:
        heapq.heappush(self._heap, (at_s, next(self._order), input_))


def _started(agents: dict[str, AgentPlan], queues: dict[str, QueuePlan], phones: list[str]) -> Switch:
    office = Office(
        version="v1", node="bench", timezone="Europe/Stockholm", language="en", queues=MappingProxyType(queues),
        agents=MappingProxyType(agents), phones=MappingProxyType({name: PhonePlan(name, name) for name in phones}),
        trunks=MappingProxyType({"trunk": TrunkPlan("trunk")}),
        numbers=MappingProxyType({f"+46{number}": ToQueue(name) for number, name in enumerate(queues)}),
    )  # fmt: skip
    switch = Switch(office, ids="b", wall_offset_s=WALL_OFFSET_S)
    switch.restore(Recovery(), 0.0)
    for phone in phones:
        switch.handle(inputs.PhoneRegistrationChanged(phone, is_registered=True), 0.0)
    switch.drain()
    return switch


def _caller(leg: str, number: str) -> inputs.LegInvited:
    return inputs.LegInvited(leg, inputs.FromTrunk("trunk"), "+46812345678", "", number)


def _grant(switch: Switch, size: int) -> None:
    """Lets the agent ring, so that she is free no more."""
    for thing in switch.drain():
        if isinstance(thing, actions.ClaimAgent):
            switch.handle(inputs.ClaimDecided(thing.presentation, is_granted=True), _now(size))
    switch.drain()


def _now(size: int) -> float:
    """A little after the last caller came."""
    return 2.0 + size / 1000


def _views(floor: Floor, size: int) -> list[QueueView]:
    return [choosing.queue_view(floor, queue, _now(size)) for queue in floor.queues.values() if queue.line]


def _pure_us(floor: Floor, size: int) -> float:
    views = _views(floor, size)
    began_s = time.perf_counter()
    distribute(views, _now(size))
    return 1e6 * (time.perf_counter() - began_s)


def _all_at_once_us(floor: Floor, size: int) -> float:
    for agent in floor.agents.values():
        agent.presence = "ready"
    floor.touch_all()
    choosing.refresh(floor, _now(size))
    views = _views(floor, size)
    began_s = time.perf_counter()
    decisions = len(distribute(views, _now(size)))
    return 1e6 * (time.perf_counter() - began_s) / decisions


def _median(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]


def _verdict(us: float) -> str:
    return f"at 1,000: {us:.0f} µs, {'within' if us < DECISION_US_MAX else 'BEYOND'} {DECISION_US_MAX:.0f} µs"


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keeps what was there before out of the collector's sight."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


if __name__ == "__main__":
    main()
