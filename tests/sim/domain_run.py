"""One seed of the domain's simulator: an office and a thousand inputs in random order, held to everything.

Every seed in ten is checked after each step, the others after every tenth; now and then its journal is read as a whole
and everything is asked that commands can ask. One in thirty is told in the middle to take no new calls. Then it comes
to an end in one of two ways. Either everybody becomes helpful at once, and whoever can be served at all must be; or
people simply stop. At last the switch is told to end all calls, and nothing may be left.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from softswitch.domain import inputs
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause
from softswitch.domain.floor import Floor
from softswitch.domain.skills import has
from tests.sim.domain_asked import check_answers
from tests.sim.domain_checks import check, check_order, check_rest, check_start
from tests.sim.domain_office import PHONES
from tests.sim.domain_story import check_story
from tests.sim.domain_walk import Observer, Walk

INPUTS: Final = 1000
EVERY_STEP_OF: Final = 10
STEPS_BETWEEN: Final = 10
STORY_EVERY: Final = 300
ASKED_EVERY: Final = 60
DRAINS_OF: Final = 30
HELPFUL_S: Final = 2 * 3600.0
REST_S: Final = 2 * 3600.0


def run(seed: int, count: int = INPUTS, observe: Observer | None = None) -> Walk:
    """Plays `count` inputs of this seed; an AssertionError says what went wrong. `observe` hears of everything."""
    walk = Walk(seed, observe)
    walk.checks_order = partial(check_order, walk)
    walk.checks_start = partial(check_start, walk)
    between = 1 if seed % EVERY_STEP_OF == 0 else STEPS_BETWEEN
    steps = 0
    while walk.inputs < count:
        walk.step()
        steps += 1
        if steps % between == 0:
            check(walk)
        if steps % STORY_EVERY == 0:
            check_story(walk)
        if steps % ASKED_EVERY == 0:
            check_answers(walk)
        if seed % DRAINS_OF == 1 and steps == count // 2:
            walk.tell(inputs.DrainStarted())
    check(walk)
    check_story(walk)
    check_answers(walk)
    if seed % 3 == 0:
        serve_everybody(walk)
    come_to_rest(walk)
    return walk


def serve_everybody(walk: Walk) -> None:
    """Everybody who works here does what he can, and soon nobody waits but those for whom nobody is."""
    until = walk.now + HELPFUL_S
    walk.tell(inputs.TrunkReachabilityChanged("carrier", is_reachable=True))
    while walk.now < until and _waiting(walk.switch.floor):
        _be_helpful(walk)
        walk.pass_time(5.0)
        check(walk)
    left = [call.call for call in _waiting(walk.switch.floor)]
    assert not left, f"{left} wait though everybody is helpful"


def come_to_rest(walk: Walk) -> None:
    """The switch is told to stop; when all recorders have closed their files or are given up, nothing is left."""
    walk.tell(inputs.DrainStarted())
    walk.switch.end_all(walk.now)
    walk.collect()
    walk.far.claims.clear()
    for recording in walk.far.files:
        walk.tell(inputs.RecordingCompleted(recording, 4.0, "00", None))
    walk.pass_time(REST_S)
    check(walk)
    check_story(walk)
    check_rest(walk)


def _be_helpful(walk: Walk) -> None:
    floor = walk.switch.floor
    for claim in tuple(walk.far.claims):
        walk.decide_claim(claim, is_granted=True)
    for phone in PHONES:
        walk.tell(inputs.PhoneRegistrationChanged(phone, is_registered=True))
    for name, agent in floor.agents.items():
        if name not in floor.office.agents:
            continue
        if agent.needs_code and agent.wrap_up_queue in floor.queues:
            for code in floor.plan(agent.wrap_up_queue).codes:
                walk.tell(inputs.ClassifyCall(name, code))
        if agent.presence != "ready" or agent.activity == "wrap-up":
            walk.tell(inputs.SetPresence(name, "ready"))
        for queue in tuple(agent.queues_off):
            walk.tell(inputs.SwitchAgentQueue(name, queue, is_on=True))
    for leg_id, leg in tuple(walk.far.legs.items()):
        if walk.far.legs.get(leg_id) is not leg:
            continue
        if leg.phase == "dialling":
            leg.phase = "answered"
            walk.tell(inputs.LegAnswered(leg_id))
            walk.tell(inputs.LegHeard(leg_id))
            walk.tell(inputs.DigitPressed(leg_id, "1"))
        elif leg.phase == "barred":
            walk.far.end(leg_id)
            walk.tell(inputs.LegRefused(leg_id, Cause.NOT_ALLOWED))
        elif _is_to_go(floor.calls[floor.legs[leg_id].call], leg_id):
            walk.end_leg(leg_id, Cause.HUNG_UP if leg.phase == "answered" else Cause.CANCELLED)


def _is_to_go(call: Call, leg: str) -> bool:
    """Callers who had what they wanted; and who waits at a telephone of the house, because he keeps it from ringing."""
    return leg == call.leg and not (_is_waiting(call) and isinstance(call.origin, inputs.FromTrunk))


def _is_waiting(call: Call) -> bool:
    return call.state in ("waiting", "presenting")


def _waiting(floor: Floor) -> list[Call]:
    """Those in line for whom somebody is, some day."""
    return [call for call in floor.calls.values() if _is_waiting(call) and _has_anybody(floor, call)]


def _has_anybody(floor: Floor, call: Call) -> bool:
    plan = floor.plan(call.queue or "")
    demand = {} if plan.skills_relax_every_s is not None else {**plan.skills, **call.skills}
    return any(has(floor.office.agents[agent].skills, demand) for agent in plan.agents if agent in floor.office.agents)
