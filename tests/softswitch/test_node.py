from __future__ import annotations

import random
from dataclasses import replace

import msgspec
import pytest

from media import protocol
from media.protocol import Join, LoadSounds, Play
from sip_stack.events import SendMessage
from sip_stack.flow import Address, Flow
from softswitch.domain import events, inputs
from softswitch.domain.causes import Cause
from softswitch.domain.office import ToQueue
from softswitch.domain.refusals import CommandRefused
from softswitch.node import JournalRecord
from softswitch.signalling.flood_guard import SOURCE_BURST
from softswitch.signalling.outbox import AppendRecord
from softswitch.signalling.records import BindingDropped, BindingRecorded, DialogDropped, DialogRecorded
from tests.sim.offices import DIRECT_TO_101, SUPPORT, SUPPORT_QUEUE, office, settings_of
from tests.sim.sip_text import SipText
from tests.softswitch.signalling.stage import (
    CARRIER,
    DESK,
    OFFER,
    STRANGER,
    SWITCH,
    WALL_S,
    cancel,
    from_called,
    from_caller,
    invite,
    prove,
    register,
    reply,
    wire,
)
from tests.softswitch.whole_switch import WholeSwitch


def names(switch: WholeSwitch) -> list[str]:
    """The kinds of records in the last turn."""
    return [type(record).__name__ for record in switch.records]


def requests(sent: list[SipText], method: str) -> list[SipText]:
    return [message for message in sent if message.status is None and message.method == method]


def talk(switch: WholeSwitch) -> tuple[SipText, SipText]:
    """A caller in the queue talks with anna at phone 101: our 200 to him, and our INVITE to her."""
    switch.register("101")
    sent = switch.hear(invite())
    (ok,), (ringing,) = [message for message in sent if message.status == 200], requests(sent, "INVITE")
    switch.hear(from_caller(ok, "ACK", 1))
    switch.hear(reply(ringing, 200, "OK", body=OFFER), DESK)
    assert switch.recorded(events.CallConnected)
    return ok, ringing


# Starting.


def test_the_first_record_of_a_process_says_that_it_began_and_with_which_configuration() -> None:
    switch = WholeSwitch()
    first = switch.journal[0]
    assert first == events.SwitchStarted(WALL_S, node="office", config="v1")
    assert {record.agent for record in switch.journal if isinstance(record, events.AgentPresenceChanged)} == {
        "anna",
        "bo",
    }


def test_a_media_process_is_told_its_sounds_when_it_is_ready_and_not_before() -> None:
    switch = WholeSwitch(is_media_up=False)
    switch.node.media_connected(0, switch.now)
    switch.drain()
    assert not switch.turn
    switch.learn(protocol.Ready((20000,)))
    (load,) = switch.media
    assert isinstance(load, LoadSounds)
    assert "/sounds/welcome.wav" in load.files


def test_an_idle_switch_waits_for_nothing() -> None:
    switch = WholeSwitch()
    assert switch.node.next_deadline() is None
    switch.node.handle_timeout(switch.now + 1000)
    switch.drain()
    assert not switch.turn


# The journal before the promise.


def test_whatever_a_caller_is_told_is_in_the_journal_in_the_same_drain_or_an_earlier_one() -> None:
    switch = WholeSwitch()
    sent = switch.hear(invite())
    assert [message.status for message in sent if message.status] == [100, 200]
    assert {"CallArrived", "CallRouted", "CallAnswered", "CallQueued", "DialogRecorded"} <= set(names(switch))
    assert names(switch)[0] == "CallArrived"


def test_registered_is_said_only_after_the_contact_is_recorded() -> None:
    switch = WholeSwitch()
    switch.register("101")
    kinds = [type(output) for output in switch.turn]
    assert kinds.index(AppendRecord) < kinds.index(SendMessage)
    assert [record.binding.aor for record in switch.recorded(BindingRecorded)] == ["101"]


def test_the_ack_that_makes_an_agents_dialog_goes_with_its_record_and_the_connection() -> None:
    switch = WholeSwitch()
    switch.register("101")
    (ringing,) = requests(switch.hear(invite()), "INVITE")
    (ack,) = switch.hear(reply(ringing, 200, "OK", body=OFFER), DESK)
    assert ack.method == "ACK"
    (dialog,) = switch.recorded(DialogRecorded)
    assert dialog.dialog.call_id == ringing.call_id
    assert len(switch.recorded(events.CallConnected)) == 1
    assert len([command for command in switch.media if isinstance(command, Join)]) == 2


def test_a_dialog_is_dropped_from_the_journal_when_it_is_over_and_not_before() -> None:
    switch = WholeSwitch()
    ok, ringing = talk(switch)
    leg_of = {record.dialog.call_id: record.leg for record in switch.journal if isinstance(record, DialogRecorded)}
    sent = switch.hear(from_caller(ok, "BYE", 2))
    (bye,) = requests(sent, "BYE")
    assert bye.call_id == ringing.call_id
    assert [record.leg for record in switch.recorded(DialogDropped)] == [leg_of[ok.call_id]]
    assert len(switch.recorded(events.CallEnded)) == 1
    switch.hear(reply(bye, 200, "OK"), DESK)
    assert [record.leg for record in switch.recorded(DialogDropped)] == [leg_of[ringing.call_id]]


def test_a_claim_is_granted_at_once_so_the_phone_rings_in_the_turn_of_the_call() -> None:
    switch = WholeSwitch()
    switch.register("101")
    sent = switch.hear(invite())
    assert len(requests(sent, "INVITE")) == 1
    assert [record.agent for record in switch.recorded(events.CallPresented)] == ["anna"]


# What a peer sends never raises.


def test_no_bytes_from_anyone_raise_or_are_a_fault_of_ours_and_the_next_call_is_taken() -> None:
    seeded = random.Random(4)
    switch = WholeSwitch()
    ok, ringing = talk(switch)
    (challenge,) = switch.hear(register("102", f"sip:102@{DESK}", DESK, cseq=1), DESK)
    proof = prove(challenge, "REGISTER", "102")
    samples = [
        (invite(call="other"), CARRIER),
        (invite(call="strange"), STRANGER),
        (cancel(call="other"), CARRIER),
        (register("102", f"sip:102@{DESK}", DESK, cseq=2, proof=proof), DESK),
        (from_caller(ok, "INVITE", 2, body=OFFER), CARRIER),
        (from_caller(ok, "OPTIONS", 3), CARRIER),
        (from_called(ringing, "INFO", 2), DESK),
        (reply(ringing, 200, "OK", body=OFFER), DESK),
        (reply(ringing, 486, "Busy Here"), DESK),
    ]
    pieces = [b"\r\n", b"<", b'"', b";", b"@", b"%", b"\x00", b"\xff", b"[", b"tel:", b"9" * 30, b"*", b" ", b":"]
    for number in range(1500):
        text, source = samples[number % len(samples)]
        data = bytearray(wire(text))
        for _ in range(seeded.randrange(1, 6)):
            at = seeded.randrange(len(data))
            data[at : at + seeded.randrange(3)] = seeded.choice(pieces)
        switch.hear(bytes(data), source)
        assert not switch.faults, bytes(data)
    switch.hear(b"", STRANGER)
    switch.hear(seeded.randbytes(1400), STRANGER)
    assert [message.status for message in switch.hear(invite(call="next"))][:2] == [100, 200]


@pytest.mark.parametrize(
    "fact",
    [
        protocol.DigitPressed(77, "1"),
        protocol.PlaybackEnded(77, "welcome"),
        protocol.PortSilent(77, 30.0),
        protocol.PortReport(77, 0, 0, 0, 0),
    ],
)
def test_a_fact_of_what_is_gone_changes_nothing(fact: protocol.Fact) -> None:
    switch = WholeSwitch()
    switch.learn(fact)
    assert not switch.turn


# A stream that is lost.


def test_a_phone_whose_connection_is_gone_is_unreachable_at_once_and_the_caller_waits_on() -> None:
    switch = WholeSwitch()
    source = Address("10.0.2.1", 49321)
    (challenge,) = switch.hear(register("101", f"sip:101@{DESK}", source, cseq=1), source, transport="tcp")
    proof = prove(challenge, "REGISTER", "101")
    switch.hear(register("101", f"sip:101@{DESK}", source, cseq=2, proof=proof), source, transport="tcp")
    switch.hear(invite())
    assert switch.recorded(events.CallPresented)
    switch.node.flow_lost(Flow("tcp", SWITCH, source), switch.now)
    switch.drain()
    (ended,) = switch.recorded(events.PresentationEnded)
    assert (ended.outcome, ended.is_counted) == ("failed", False)
    assert not switch.recorded(events.CallEnded)


# Time.


def test_a_deadline_does_nothing_before_its_time_and_its_work_once() -> None:
    switch = WholeSwitch()
    switch.register("101")
    (ringing,) = requests(switch.hear(invite()), "INVITE")
    switch.hear(reply(ringing, 180, "Ringing"), DESK)
    switch.wait(SUPPORT_QUEUE.ring_s - 0.5)
    assert not switch.recorded(events.PresentationEnded)
    sent = switch.wait(1)
    assert [(record.outcome, record.is_counted) for record in switch.recorded(events.PresentationEnded)] == [
        ("no-answer", True)
    ]
    assert {message.call_id for message in requests(sent, "CANCEL")} == {ringing.call_id}
    switch.wait(10)
    assert not switch.recorded(events.PresentationEnded)


# A new process.


def test_a_new_process_ends_the_calls_it_finds_with_a_record_and_their_dialogs_with_bye() -> None:
    before = WholeSwitch()
    ok, ringing = talk(before)
    after = WholeSwitch(journal=before.journal, ids="n2", now=7.0)
    after.turn = after.at_start
    (ended,) = after.recorded(events.CallEnded)
    assert (ended.outcome, ended.ended_by, ended.cause) == ("answered", "switch", Cause.CRASH)
    byes = requests(after.sent, "BYE")
    assert sorted((bye.call_id, bye.uri) for bye in byes) == sorted(
        [(ok.call_id, f"sip:line@{CARRIER}"), (ringing.call_id, f"sip:called@{DESK}")]
    )
    assert {bye.from_tag for bye in byes} == {ok.to_tag, ringing.from_tag}
    for bye, source in zip(byes, (CARRIER, DESK), strict=True):
        after.hear(reply(bye, 200, "OK"), source)
    third = WholeSwitch(journal=[*before.journal, *after.journal], ids="n3", now=3.0)
    third.turn = third.at_start
    assert not requests(third.sent, "BYE")


def test_a_new_process_knows_who_is_registered_and_rings_them() -> None:
    before = WholeSwitch()
    before.register("101")
    after = WholeSwitch(journal=before.journal, ids="n2", now=7.0)
    (ringing,) = requests(after.hear(invite(DIRECT_TO_101)), "INVITE")
    assert ringing.uri == f"sip:101@{DESK}"


def test_contacts_are_tried_in_the_same_order_by_a_new_process_also_when_the_older_was_renewed_last() -> None:
    before = WholeSwitch()
    other = Address("10.0.2.9", 5060)
    before.register("101", DESK)
    before.register("101", other)
    contact = f"sip:101@{DESK}"
    (challenge,) = before.hear(register("101", contact, DESK, cseq=3), DESK)
    before.hear(register("101", contact, DESK, cseq=4, proof=prove(challenge, "REGISTER", "101")), DESK)
    for journal in (before.journal, before.node.snapshot(before.now)):
        after = WholeSwitch(journal=journal, ids="n2", now=7.0)
        rung = requests(after.hear(invite(DIRECT_TO_101)), "INVITE")
        assert rung[0].uri == contact


def test_a_dropped_contact_and_a_dropped_dialog_are_not_known_after_replay() -> None:
    before = WholeSwitch()
    before.register("101")
    (record,) = before.recorded(BindingRecorded)
    journal: list[JournalRecord] = [*before.journal, BindingDropped(WALL_S, "101", record.binding.contact)]
    after = WholeSwitch(journal=journal, ids="n2", now=7.0)
    assert [message.status for message in after.hear(invite(DIRECT_TO_101))] == [100, 480]


def test_a_snapshot_while_no_call_is_up_stands_for_the_whole_journal() -> None:
    before = WholeSwitch()
    ok, ringing = talk(before)
    before.wait(3)
    before.hear(from_caller(ok, "BYE", 2))
    (stopped,) = [command for command in before.media if isinstance(command, protocol.StopRecording)]
    before.learn(protocol.RecordingEnded(stopped.recording, 3.0, None))
    before.command("agent.pause", name="bo", reason="lunch")
    snapshot = before.node.snapshot(before.now)
    assert [record.dialog.call_id for record in snapshot if isinstance(record, DialogRecorded)] == [ringing.call_id]
    frames = [msgspec.msgpack.encode(record) for record in snapshot]
    read: list[JournalRecord] = [msgspec.msgpack.decode(frame, type=JournalRecord) for frame in frames]
    assert read == snapshot
    told = []
    for journal in (before.journal, read, [*before.journal, *read]):
        after = WholeSwitch(journal=journal, ids="n2", now=7.0)
        after.turn = after.at_start
        byes = [bye.call_id for bye in requests(after.sent, "BYE")]
        told.append((after.records, byes, after.command("agent.list"), after.command("phone.list")))
    assert told[0] == told[1] == told[2]
    assert told[0][1] == [ringing.call_id]


# Stopping and reloading.


def test_a_draining_switch_takes_no_new_call_and_is_drained_with_the_last_one() -> None:
    switch = WholeSwitch()
    ok, _ = talk(switch)
    switch.node.drain_calls(switch.now)
    switch.drain()
    assert not switch.node.is_drained
    (_, refused) = switch.hear(invite(call="late"))
    assert refused.status == 503
    switch.hear(from_caller(ok, "BYE", 2))
    assert switch.node.is_drained


def test_stopping_hangs_up_every_call_now() -> None:
    switch = WholeSwitch()
    talk(switch)
    switch.node.stop(switch.now)
    assert len(requests(switch.drain(), "BYE")) == 2
    assert [(record.ended_by, record.cause) for record in switch.recorded(events.CallEnded)] == [
        ("switch", Cause.BY_COMMAND)
    ]
    assert switch.node.is_drained


def test_a_reload_is_recorded_and_holds_for_the_next_call_while_the_running_one_goes_on() -> None:
    switch = WholeSwitch()
    talk(switch)
    sales = replace(SUPPORT_QUEUE, queue="sales", name="Sales")
    plan = replace(office(queues=[SUPPORT_QUEUE, sales], numbers={SUPPORT: ToQueue("sales")}), version="v2")
    switch.node.reload(settings_of(plan), switch.now)
    assert not switch.drain()
    assert [record.config for record in switch.recorded(events.ConfigurationApplied)] == ["v2"]
    assert not switch.recorded(events.CallEnded)
    switch.hear(invite(call="next"))
    assert [record.queue for record in switch.recorded(events.CallQueued)] == ["sales"]


def test_a_reload_that_takes_a_codec_away_does_not_take_it_from_a_caller_who_rings() -> None:
    switch = WholeSwitch()
    switch.register("101")
    only_pcmu = OFFER.replace("RTP/AVP 0 8 101", "RTP/AVP 0 101").replace("a=rtpmap:8 PCMA/8000\n", "")
    (ringing,) = requests(switch.hear(invite(DIRECT_TO_101, body=only_pcmu)), "INVITE")
    switch.node.reload(replace(switch.settings, media=replace(switch.settings.media, codecs=("PCMA",))), switch.now)
    switch.drain()
    sent = switch.hear(reply(ringing, 200, "OK", body=OFFER), DESK)
    assert [message.status for message in sent if message.status] == [200]
    assert not switch.faults


def test_when_media_is_lost_calls_end_and_new_ones_are_refused_until_it_is_back() -> None:
    switch = WholeSwitch()
    talk(switch)
    switch.node.media_lost(0, switch.now)
    assert len(requests(switch.drain(), "BYE")) == 2
    assert [record.cause for record in switch.recorded(events.CallEnded)] == [Cause.MEDIA_LOST]
    assert [message.status for message in switch.hear(invite(call="meanwhile"))] == [100, 503]
    switch.learn(protocol.Ready((20000,)))
    assert [message.status for message in switch.hear(invite(call="after"))] == [100, 200]
    assert any(isinstance(command, Play) for command in switch.media)


# Commands.


def test_a_command_that_is_refused_changes_nothing_and_says_what_to_do() -> None:
    switch = WholeSwitch()
    with pytest.raises(CommandRefused) as refused:
        switch.command("agent.pause", name="ana")
    assert "anna" in refused.value.mend
    assert not switch.drain()
    with pytest.raises(CommandRefused):
        switch.node.tell(inputs.HangUpCall("nobody"), switch.now)
    assert not switch.node.drain()


def test_a_flood_of_strangers_is_not_read_and_the_carrier_is_heard_all_the_while() -> None:
    switch = WholeSwitch()
    answered = 0
    for number in range(3_000):
        knock = register("101", f"sip:101@{STRANGER}", STRANGER, cseq=number + 1)
        answered += len(switch.hear(knock, STRANGER))
    assert answered == SOURCE_BURST
    assert 200 in [message.status for message in switch.hear(invite())]
