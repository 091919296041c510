"""The figures for Prometheus are what the node has at that moment."""

from __future__ import annotations

from media.protocol import EngineReport
from softswitch.shell.metrics import Metrics
from tests.sim.offices import SUPPORT
from tests.sim.world import World


def figures(world: World) -> dict[str, float]:
    lines = Metrics(world.node).text().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def test_calls_legs_phones_and_ports_follow_the_switch() -> None:
    world = World(udp_ports=50)
    world.register_all()
    before = figures(world)
    assert before["softswitch_phones_registered"] == 3
    assert (before["softswitch_calls"], before["softswitch_legs"]) == (0, 0)
    assert before["softswitch_media_udp_ports"] == before["softswitch_media_udp_ports_free"] == 50
    world.carrier.call_in(SUPPORT)
    world.run(1)
    during = figures(world)
    assert (during["softswitch_calls"], during["softswitch_legs"]) == (1, 2)
    assert during["softswitch_media_udp_ports_free"] == 48
    world.come_to_rest()
    assert figures(world)["softswitch_calls"] == 0


def test_the_media_process_is_told_of_once_it_has_reported() -> None:
    world = World()
    assert "softswitch_media_load" in figures(world)
    report = EngineReport(2, 100, 0.25, 0.5, 4.0, 3, packets_received=50, packets_sent=60)
    world.node.receive_media(0, report, world.node_now)
    told = figures(world)
    assert (told["softswitch_media_load"], told["softswitch_media_lateness_seconds_max"]) == (0.25, 0.004)
    assert told["softswitch_media_ticks_skipped"] == 3
    assert told['softswitch_media_packets{direction="received"}'] == 50
    assert told['softswitch_media_packets{direction="sent"}'] == 60
