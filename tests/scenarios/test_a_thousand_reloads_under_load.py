"""A switch that is reloaded a thousand times under load drops nobody and loses nobody's place."""

from __future__ import annotations

import random
from dataclasses import replace

from softswitch.domain.office import Member, Office, ServiceGoal
from tests.sim.offices import ANNA, BO, SUPPORT, SUPPORT_QUEUE, office
from tests.sim.person import Manner
from tests.sim.world import World

RELOADS = 1000
STRATEGIES = ("longest-idle", "round-robin", "fewest-calls", "least-talk", "top-down", "random", "weighted")


def changed(dice: random.Random, number: int) -> Office:
    """The office with other values wherever a reload may change them; its queue and people stay."""
    queue = replace(
        SUPPORT_QUEUE,
        strategy=dice.choice(STRATEGIES),  # type: ignore[arg-type]  # one of them
        members=(Member("anna", tier=dice.choice((1, 2)), weight=dice.choice((1, 3))), Member("bo")),
        ring_s=dice.choice((15, 20, 30)),
        wrap_up_s=dice.choice((0, 5)),
        weight_s=dice.choice((0, 60)),
        announce_position_every_s=dice.choice((0, 30)),
        service_level=ServiceGoal(0.8, dice.choice((10, 20))),
        max_wait_s=None,
    )
    agents = (replace(ANNA, guard_s=dice.choice((0, 1))), replace(BO, wrap_up_s=dice.choice((None, 2))))
    return replace(office(queues=(queue,), agents=agents), version=f"v{number}")


def test_nobody_is_dropped_and_everybody_is_served_in_the_order_of_coming() -> None:
    dice = random.Random("reloads")
    world = World(plan=changed(dice, 0))
    world.register_all()
    for phone in ("101", "102"):
        world.phone(phone).manner = Manner(answers_after_s=1.0, hangs_up_after_s=9.0)
    callers = []
    for number in range(1, RELOADS + 1):
        world.reload(changed(dice, number))
        if number % 12 == 0:
            callers.append(world.carrier.call_in(SUPPORT))
        world.run(0.5)
    world.run_until(lambda: not any(call.is_live for call in callers), 900)
    records = [world.record_of(call) for call in callers]
    assert {record.outcome for record in records} == {"answered"}
    shown = [record.presentations[0].presented_at for record in records]
    assert shown == sorted(shown)
    world.come_to_rest()
