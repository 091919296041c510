"""Carriers that go silent get no calls, and those that want to be registered with know where we are."""

from __future__ import annotations

from dataclasses import replace

from sip_stack.digest import Credentials
from sip_stack.uri import SipUri
from softswitch.domain.office import Device, ToNumber
from tests.sim.carrier import SimRegistrar
from tests.sim.offices import BO, CARRIER, MOBILE, SUPPORT_QUEUE, office
from tests.sim.person import Manner
from tests.sim.world import World

EVERY_S = 30.0
SECRET = "secret-9"
REGISTERING = {
    "register": SipUri.parse("sip:office@carrier.example"),
    "credentials": Credentials("office", SECRET, "carrier.example"),
}


def only_a_mobile(**trunk: object) -> World:
    """bo is the only agent, at a mobile that the carrier reaches."""
    bo = replace(BO, answers_at=(Device(ToNumber(MOBILE)),))
    queue = replace(SUPPORT_QUEUE, agents=("bo",), members=())
    world = World(plan=office(queues=[queue], agents=[bo]), trunk=trunk)
    world.register_all()
    world.mobile(MOBILE).manner = Manner(answers_after_s=2.0)
    return world


def carrier(world: World) -> dict[str, object]:
    (row,) = world.command("trunk.list")  # type: ignore[misc]  # a list, as contracts say
    return row


def test_while_the_carrier_is_silent_nobody_is_rung_through_it_and_when_it_is_back_the_caller_is_served() -> None:
    world = only_a_mobile(qualify_s=EVERY_S)
    world.run(5)
    assert carrier(world)["reachable"] is True
    call = world.phone("103").dial("support")
    world.command("agent.pause", name="bo")
    world.run(2)
    world.network.cut(CARRIER[0])
    world.run(2 * EVERY_S)
    assert carrier(world)["reachable"] is False
    world.command("agent.ready", name="bo")
    world.run(5)
    assert "can be reached" in str(world.command("agent.why-not", name="bo"))
    world.network.mend(CARRIER[0])
    world.run(EVERY_S)
    assert carrier(world)["reachable"] is True
    assert call.state == "up"
    assert world.mobile(MOBILE).call.state == "up"


def test_a_registration_is_kept_through_times_that_the_carrier_grants() -> None:
    world = World(trunk=REGISTERING)
    world.carrier.registrar = registrar = SimRegistrar("office", SECRET, expires_s=60, expires_s_min=1800)
    world.run(1)
    world.register_all()
    world.run(40)
    assert carrier(world)["registered"] is True
    assert registrar.bound == "<sip:office@10.0.0.1:5060>"
    asked = registrar.asked
    world.run(600)
    assert carrier(world)["registered"] is True
    assert registrar.asked - asked >= 600 / 60, "it was refreshed before each minute was over"


def test_a_registrar_with_trouble_is_asked_less_often_and_knows_us_when_it_is_well() -> None:
    world = World(trunk=REGISTERING)
    world.carrier.registrar = registrar = SimRegistrar("office", SECRET)
    registrar.refuses_with = 503
    world.run(600)
    assert carrier(world)["registered"] is False
    assert registrar.asked <= 12
    registrar.refuses_with = None
    world.run(320)
    assert carrier(world)["registered"] is True


def test_a_wrong_password_is_not_tried_again_and_again() -> None:
    world = World(trunk=REGISTERING)
    world.carrier.registrar = registrar = SimRegistrar("office", "another")
    world.run(120)
    assert carrier(world)["registered"] is False
    assert registrar.asked == 2, "the question, and the one answer to the challenge"


def test_after_a_kill_the_next_process_registers_anew() -> None:
    world = World(trunk=REGISTERING)
    world.carrier.registrar = registrar = SimRegistrar("office", SECRET)
    world.run(10)
    world.restart_switch()
    registrar.bound = None
    world.run(10)
    assert registrar.bound == "<sip:office@10.0.0.1:5060>"
