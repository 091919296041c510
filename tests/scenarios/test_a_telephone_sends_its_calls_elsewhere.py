"""Call forward by the telephone itself: 302 (RFC 3261 §21.3.3), to our own addresses and nowhere else."""

from __future__ import annotations

import pytest

from softswitch.domain.forwarding import FORWARDS_MAX
from tests.sim.offices import DIRECT_TO_101, MOBILE, SUPPORT, office
from tests.sim.person import Manner
from tests.sim.world import World

HERE = "office.example"


def forwards(world: World, phone: str, to: str, host: str = HERE) -> None:
    """From now on the phone answers every call with 302."""
    world.phone(phone).manner = Manner(rings_after_s=None, refuses_with=302, forwards_to=f"sip:{to}@{host}")


def test_a_caller_goes_where_the_telephone_sends_its_calls(world: World) -> None:
    forwards(world, "101", "102")
    call = world.carrier.call_in(DIRECT_TO_101)
    world.run(2)
    world.assert_rings("102")
    world.phone("102").call.answer()
    world.run(1)
    world.assert_talking(call, "102")
    call.hang_up()
    world.run(1)
    record = world.record_of(call)
    assert (record.outcome, record.cause) == ("direct", "hung-up")


def test_the_rest_of_his_way_is_the_destinations_own(world: World) -> None:
    """A queue that it forwards to takes him like any caller."""
    forwards(world, "103", "support")
    call = world.phone("102").dial("103")
    world.run(2)
    assert call.state == "up"
    world.assert_rings("101")


@pytest.mark.parametrize(
    ("to", "host"), [("102", "198.51.100.7"), ("nobody", HERE), ("101", "198.51.100.7:5060"), (MOBILE, HERE)]
)
def test_nobody_is_sent_to_strangers_or_where_the_telephone_may_not_dial(world: World, to: str, host: str) -> None:
    forwards(world, "101", to, host)
    call = world.carrier.call_in(DIRECT_TO_101)
    world.run(2)
    assert not call.is_live
    assert not [out for out in world.carrier.calls if not out.is_caller]
    assert not any(world.phone(phone).live_calls for phone in ("102", "103"))


def test_an_outside_number_goes_out_in_the_telephones_name() -> None:
    world = World(plan=office(may_dial={"101": ("phones", "+46")}))
    world.register_all()
    forwards(world, "101", MOBILE)
    world.carrier.call_in(DIRECT_TO_101)
    world.run(2)
    world.assert_rings(MOBILE)


def test_nobody_is_forwarded_to_the_emergency_services(world: World) -> None:
    forwards(world, "101", "112")
    call = world.carrier.call_in(DIRECT_TO_101)
    world.run(2)
    assert not call.is_live
    assert not [out for out in world.carrier.calls if not out.is_caller]


def test_telephones_that_forward_to_one_another_end_the_call(world: World) -> None:
    forwards(world, "101", "102")
    forwards(world, "102", "101")
    call = world.carrier.call_in(DIRECT_TO_101)
    world.run(10)
    assert not call.is_live
    assert len(world.phone("101").calls) + len(world.phone("102").calls) == FORWARDS_MAX + 1


def test_a_queues_caller_is_not_forwarded_and_the_next_agent_is_asked(world: World) -> None:
    forwards(world, "101", "103")
    world.carrier.call_in(SUPPORT)
    world.run(3)
    world.assert_rings("102")
    assert world.phone("103").calls == []
