"""kill -9: after the restart nobody is left in a dead call, every call has its record, and the office is as it was."""

from __future__ import annotations

from tests.sim.offices import SUPPORT
from tests.sim.world import SWITCH, World

T2_S = 4.0


def test_in_talk_both_ends_get_a_bye_and_the_record_says_crash(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(10)
    world.restart_switch()
    world.run(2)
    assert (call.ended_how, world.phone("101").call.ended_how) == ("gone", "gone")
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("answered", "switch", "crash")


def test_in_the_instant_of_its_answer_the_caller_is_let_go_though_the_bye_is_there_before_the_answer(
    world: World,
) -> None:
    world.network.delay_next("SIP/2.0 200 OK", 0.6, source=SWITCH[0])
    call = world.carrier.call_in(SUPPORT)
    world.run(0.1)
    world.restart_switch(downtime_s=0.1)
    world.run(1)
    assert call.state == "up", "the answer came after the BYE to it"
    world.run(T2_S)
    assert call.ended_how == "gone"


def test_while_waiting_the_caller_is_let_go_and_the_call_has_failed(world: World) -> None:
    for agent in ("anna", "bo"):
        world.command("agent.pause", name=agent, reason="lunch")
    call = world.carrier.call_in(SUPPORT)
    world.run(10)
    world.restart_switch()
    world.run(2)
    assert call.ended_how == "gone"
    record = world.record_of(call)
    assert (record.outcome, record.ended_by, record.cause) == ("failed", "switch", "crash")


def test_presence_and_registrations_are_back(world: World) -> None:
    world.command("agent.pause", name="anna", reason="lunch")
    world.restart_switch()
    anna = world.agent("anna")
    assert (anna["presence"], anna["pause_reason"]) == ("paused", "lunch")
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_rings("102")
    world.phone("102").call.answer()
    world.run(1)
    world.assert_talking(call, "102")


def test_while_an_agent_rings_the_caller_is_let_go_and_the_agent_is_free(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(2)
    world.assert_rings("101")
    world.restart_switch()
    world.run(2)
    assert call.ended_how == "gone"
    assert world.agent("anna")["activity"] == "idle"
    assert world.record_of(call).outcome == "failed"


def test_a_phone_that_unregistered_is_not_rung_after_the_restart(world: World) -> None:
    world.phone("101").rest()
    world.phone("101").register(expires_s=0)
    world.run(1)
    world.restart_switch()
    world.carrier.call_in(SUPPORT)
    world.run(1)
    world.assert_silent("101")
    world.assert_rings("102")


def test_a_registration_runs_out_at_its_own_time_whatever_the_clock_of_the_new_process(world: World) -> None:
    world.phone("101").rest()
    world.run(100)
    world.restart_switch()
    world.run(400)
    assert is_registered(world, "101")
    world.run(110)
    assert not is_registered(world, "101")
    assert is_registered(world, "102"), "this one renewed it"


def test_a_wrap_up_goes_on_where_it_was(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(5)
    call.hang_up()
    world.run(2)
    world.restart_switch(downtime_s=3.0)
    assert world.agent("anna")["activity"] == "wrap-up"
    world.run(6)
    assert world.agent("anna")["activity"] == "idle"


def test_nobody_was_told_what_the_journal_does_not_know(world: World) -> None:
    world.dies_before_sending = True
    call = world.carrier.call_in(SUPPORT)
    world.run(0.2)
    assert not world.is_up
    assert not call.responses
    world.start_switch()
    world.run(3)
    assert call.state == "up", "the carrier asked again and was answered by the new process"
    ended = [record.outcome for record in world.ledger.records.values()]
    assert ended == ["failed"]


def is_registered(world: World, phone: str) -> bool:
    rows = world.command("phone.list")
    assert isinstance(rows, list)
    return next(bool(row["registered"]) for row in rows if row["phone"] == phone)
