"""112 from a phone of the house always leaves: no rule, cap, drain or busy trunk stops it. The carrier is simulated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any  # the trunk's entry holds values of many kinds

import pytest

from softswitch.domain.office import OutgoingPlan
from softswitch.domain.refusals import CommandRefused
from tests.sim.offices import CARRIER, SUPPORT, office
from tests.sim.person import Manner
from tests.sim.world import World

HERE = "+46850010077"
"""Where the site is, to whoever sends help."""


def world_of(outgoing: OutgoingPlan | None = None, **trunk: Any) -> World:
    """An office whose phones may call nobody outside."""
    world = World(plan=replace(office(), outgoing=outgoing or OutgoingPlan()), trunk=trunk)
    world.register_all()
    return world


@pytest.mark.parametrize("dialled", ["112", "0112", "90112", "+46112", "0046112"])
def test_help_is_reached_however_it_is_dialled_and_what_was_dialled_is_written_down(dialled: str) -> None:
    world = world_of()
    call = world.phone("103").dial(dialled)
    world.run(1)
    world.assert_rings("112")
    world.mobile("112").call.answer()
    world.run(5)
    world.assert_talking(call, "112")
    assert world.record_of(call).dialled == dialled
    call.hang_up()
    world.come_to_rest()


def test_the_sites_number_is_shown_and_no_other() -> None:
    world = world_of(emergency_caller_id=HERE)
    phone = replace(world.settings.office.phones["103"], caller_id="+46850010009", may_dial=("+46",))
    plan = world.settings.office
    world.reload(replace(plan, phones={**plan.phones, "103": phone}))
    world.phone("103").dial("112")
    world.run(1)
    assert world.mobile("112").call.caller == HERE


def test_without_a_number_for_it_the_trunks_is_shown() -> None:
    world = world_of()
    world.phone("103").dial("112")
    world.run(1)
    assert world.mobile("112").call.caller == SUPPORT


def test_no_rule_and_no_cap_stops_it() -> None:
    world = world_of(OutgoingPlan(deny=("+",)), calls_max=1)
    plan = world.settings.office
    phones = {**plan.phones, "103": replace(plan.phones["103"], calls_out_max=0, may_dial=())}
    world.reload(replace(plan, phones=phones))
    other = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("103").dial("112")
    world.run(1)
    world.assert_rings("112")
    assert other.state == "up"


def test_while_the_switch_drains_help_is_reached_and_the_switch_waits_for_the_call() -> None:
    world = world_of()
    world.drain_switch()
    refused = world.phone("102").dial("101")
    call = world.phone("103").dial("112")
    world.run(1)
    assert refused.ended_how == "refused 503"
    world.mobile("112").call.answer()
    world.run(30)
    world.assert_talking(call, "112")
    assert not world.node.is_drained
    call.hang_up()
    world.run(1)
    assert world.node.is_drained


def test_a_carrier_that_seems_to_be_down_is_tried_all_the_same() -> None:
    world = world_of(qualify_s=30.0)
    world.run(5)
    world.network.cut(CARRIER[0])
    world.run(60)
    world.network.mend(CARRIER[0])
    (row,) = world.command("trunk.list")  # type: ignore[misc]  # a list, as contracts say
    assert row["reachable"] is False
    world.phone("103").dial("112")
    world.run(2)
    world.assert_rings("112")


def test_nobody_who_waits_for_help_is_cut_off_after_a_minute() -> None:
    world = world_of()
    call = world.phone("103").dial("112")
    world.run(150)
    world.assert_rings("112")
    world.mobile("112").call.answer()
    world.run(1)
    world.assert_talking(call, "112")


def test_an_agent_who_is_logged_out_calls_for_help_and_is_talking() -> None:
    world = world_of()
    world.command("agent.logout", name="anna")
    call = world.phone("101").dial("112")
    world.run(1)
    world.mobile("112").call.answer()
    world.run(1)
    world.assert_talking(call, "112")
    assert (world.agent("anna")["presence"], world.agent("anna")["activity"]) == ("logged-out", "talking")


def test_neither_a_carrier_nor_a_stranger_calls_help_through_us() -> None:
    world = world_of()
    world.mobile("112").manner = Manner(answers_after_s=1.0)
    from_outside = world.carrier.call_in("112")
    stranger = world.stranger("somebody").dial("112")
    world.run(2)
    assert (from_outside.ended_how, stranger.ended_how) == ("refused 404", "refused 401")
    assert world.mobile("112").calls == []


def test_nobody_in_charge_gives_a_caller_on_to_112() -> None:
    world = world_of()
    call = world.phone("103").dial("101")
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    with pytest.raises(CommandRefused):
        world.command("call.transfer", id=world.record_of(call).id, to="number:112")
    assert world.mobile("112").calls == []
