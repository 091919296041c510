"""Simulated calls per second: the whole production node under virtual time, with its telephones, on one core.

One call is an INVITE from the trunk into a queue, presented to an agent whose phone rings, answered, talked, ended with
BYE, and wrapped up. Sixty phones, forty agents, one queue a little short of busy. The invariants are held after every
step for what it touched, and for all there is once a second and at rest (`tests.sim.step_check`): what a simulated day
costs, and so how many of them a night can play. All CPU is counted, that of the simulator's own phones, network and
checks included; the best of ROUNDS counts, because neighbours on the machine only ever add. The baseline, as for
signalling, is the standard library's email parser on one INVITE, measured in the same run.
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass, replace
from typing import Final

from softswitch.domain.office import AgentPlan, Device, Office, ToPhone
from tests.sim.network import NetworkKnobs
from tests.sim.offices import SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Manner
from tests.sim.world import World
from tools.bench.sip_bench import baseline_us

PHONES: Final = 60
AGENTS: Final = 40
CALLS: Final = 2000
ROUNDS: Final = 3
CALL_EVERY_S: Final = 0.7
RINGS_S: Final = 2.0
TALKS_S: Final = 15.0
WRAP_UP_S: Final = 5.0
LOSSY: Final = NetworkKnobs(delay_ms_mean=30, loss=0.02, duplication=0.02, reordering=0.05)


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU of a run, and what it brought about."""

    cpu_s: float
    calls: int
    answered: int

    @property
    def per_s(self) -> float:
        return self.calls / self.cpu_s


def main() -> None:
    """Measures and prints."""
    baseline = baseline_us()
    print("\nwhole node under virtual time: trunk → queue → agent's phone, answered, talked, ended, wrapped up")
    print(f"{'network':12} {'calls':>6} {'answered':>9} {'calls/s of CPU':>15} {'µs per call':>12} {'× baseline':>11}")
    for name, knobs in (("steady", NetworkKnobs()), ("lossy", LOSSY)):
        found = min((measure(knobs) for _ in range(ROUNDS)), key=lambda round_: round_.cpu_s)
        us = 1e6 / found.per_s
        print(
            f"{name:12} {found.calls:6} {found.answered:9} {found.per_s:15.0f} {us:12.0f} {us / baseline:11.0f}",
            flush=True,
        )
    print(f"baseline: the standard library's email parser on one INVITE {baseline:.1f} µs")


def measure(knobs: NetworkKnobs, calls: int = CALLS) -> Measured:
    """Plays the calls and lets the office come to rest; an AssertionError when an invariant breaks.

    What was there before, such as other benchmarks' leavings, is kept out of the collector's sight.
    """
    world = World(1, plan=_plan(), knobs=knobs, udp_ports=4 * AGENTS)
    world.register_all()
    for number in range(AGENTS):
        world.phone(str(100 + number)).manner = Manner(answers_after_s=RINGS_S, hangs_up_after_s=TALKS_S)
    at_s = 0.0
    for _ in range(calls):
        at_s += CALL_EVERY_S * (0.5 + world.random.random())
        world.clock.after(at_s, lambda: world.carrier.call_in(SUPPORT))
    gc.collect()
    gc.freeze()
    try:
        began_s = time.thread_time()
        world.run(at_s)
        world.run_until(lambda: not world.ledger.live, 600.0)
        world.come_to_rest()
        cpu_s = time.thread_time() - began_s
    finally:
        gc.unfreeze()
    answered = sum(record.outcome == "answered" for record in world.ledger.records.values())
    return Measured(cpu_s, len(world.ledger.records), answered)


def _plan() -> Office:
    phones = [str(100 + number) for number in range(PHONES)]
    agents = [
        AgentPlan(f"agent{phone}", f"Agent {phone}", (Device(ToPhone(phone)),), is_ready_at_start=True)
        for phone in phones[:AGENTS]
    ]
    queue = replace(SUPPORT_QUEUE, agents=tuple(agent.agent for agent in agents), wrap_up_s=WRAP_UP_S)
    return office(queues=[queue], agents=agents, phones=phones)
