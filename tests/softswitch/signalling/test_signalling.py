from __future__ import annotations

from dataclasses import replace

from media import protocol
from media.protocol import LoadSounds, StartRecording, StopRecording
from sip_stack.events import FaultReported, SendMessage
from sip_stack.flow import Address
from softswitch.domain import actions
from softswitch.domain.causes import Cause
from softswitch.domain.inputs import LegEnded, LegInvited
from softswitch.domain.office import ToPhone
from softswitch.signalling.outbox import AppendRecord, ReportFault
from softswitch.signalling.records import BindingRecorded, DialogDropped, DialogRecorded
from tests.sim.sip_text import SipText
from tests.softswitch.signalling.stage import (
    CARRIER,
    DESK,
    OFFER,
    SWITCH,
    WALL_S,
    Stage,
    from_caller,
    invite,
    reply,
)

T2_S = 4.0


def answered(stage: Stage, call: str = "call") -> tuple[str, SipText]:
    """A caller who was answered: his leg and our 200."""
    stage.hear(invite(call=call), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    (ok,) = stage.act(actions.AnswerLeg(told.leg))
    return told.leg, ok


# What comes in goes to the room that it concerns.


def test_a_call_whose_caller_cannot_be_read_is_refused_and_told_to_nobody() -> None:
    stage = Stage()
    answers = stage.hear(invite(caller="<sip:@@>"), CARRIER)
    assert [answer.status for answer in answers if answer.status != 100] == [400]
    assert not stage.told
    assert stage.signalling.legs.udp_ports.free == stage.signalling.legs.udp_ports.total


def test_a_call_to_a_uri_of_a_kind_we_do_not_know_is_refused_with_416() -> None:
    stage = Stage()
    assert [answer.status for answer in stage.hear(invite(uri="urn:service:sos"), CARRIER)] == [416]
    assert not stage.told


def test_a_fault_of_the_stack_goes_to_the_log() -> None:
    stage = Stage()
    stage.signalling.take_sip(FaultReported("something broke"), stage.now)
    assert stage.signalling.drain() == [ReportFault("something broke")]


def test_a_media_process_that_is_ready_lends_its_ports_and_is_told_all_sounds() -> None:
    stage = Stage(udp_ports=())
    assert stage.signalling.legs.udp_ports.total == 0
    stage.learn(protocol.Ready((20000, 20002)))
    assert stage.signalling.legs.udp_ports.total == 2
    (load,) = stage.media
    assert isinstance(load, LoadSounds)
    assert set(load.files) == set(stage.settings.sounds.all_files())


def test_a_media_process_that_comes_back_lends_every_port_anew() -> None:
    stage = Stage(udp_ports=(20000, 20002))
    leg, _ = answered(stage)
    stage.lose_media()
    assert stage.told == [LegEnded(leg, Cause.MEDIA_LOST)]
    stage.learn(protocol.Ready((20000, 20002)))
    assert stage.signalling.legs.udp_ports.free == 2


def test_a_recording_is_started_with_the_callers_port_on_the_left_and_stopped_by_its_id() -> None:
    stage = Stage()
    leg, _ = answered(stage)
    (opened,) = stage.commanded(protocol.OpenPort)
    stage.act(actions.StartRecording("recording-1", "bridge-1", leg, "2026-01-01/recording-1.wav"))
    assert stage.media == [StartRecording("recording-1", "bridge-1", opened.port, "2026-01-01/recording-1.wav")]
    stage.act(actions.StopRecording("recording-1"))
    assert stage.media == [StopRecording("recording-1")]


# Dialogs in the journal.


def test_a_dialog_is_recorded_in_the_turn_of_its_200_and_dropped_in_that_of_its_end() -> None:
    stage = Stage()
    leg, ok = answered(stage)
    (record,) = stage.recorded(DialogRecorded)
    assert (record.at, record.leg, record.dialog.call_id) == (WALL_S, leg, "call")
    assert (record.dialog.local_tag, record.dialog.remote_tag) == (ok.to_tag, "of-call")
    stage.hear(from_caller(ok, "ACK", 1))
    assert not stage.recorded(DialogDropped)
    stage.hear(from_caller(ok, "BYE", 2))
    assert [record.leg for record in stage.recorded(DialogDropped)] == [leg]


def test_a_call_that_was_refused_leaves_no_dialog() -> None:
    stage = Stage()
    stage.hear(invite(), CARRIER)
    (told,) = stage.told
    assert isinstance(told, LegInvited)
    stage.act(actions.RefuseLeg(told.leg, Cause.UNKNOWN_NUMBER))
    assert not [output for output in stage.ever if isinstance(output, AppendRecord)]


def test_a_snapshot_holds_the_dialogs_that_are_up_and_the_contacts() -> None:
    stage = Stage()
    stage.register("101")
    leg, _ = answered(stage)
    _, ok = answered(stage, "other")
    stage.hear(from_caller(ok, "ACK", 1))
    stage.hear(from_caller(ok, "BYE", 2))
    dialog, binding = stage.signalling.snapshot(stage.now)
    assert isinstance(dialog, DialogRecorded)
    assert dialog.leg == leg
    assert isinstance(binding, BindingRecorded)
    assert binding.binding.aor == "101"


# Dialogs that an earlier process left behind.


def test_left_dialogs_get_a_bye_beyond_every_request_the_dead_process_can_have_sent() -> None:
    before = Stage()
    _, ok = answered(before)
    before.hear(from_caller(ok, "ACK", 1))
    before.register("101")
    (ringing,) = before.act(actions.DialLeg("out-1", "call-1", ToPhone("101"), "+46811111111", "Support"))
    before.hear(reply(ringing, 200, "OK", body=OFFER), DESK)
    left = [record for record in before.signalling.snapshot(before.now) if isinstance(record, DialogRecorded)]
    after = Stage(now=7.0)
    after.end_dialogs(left)
    to_caller, to_device = after.sent
    assert (to_caller.method, to_caller.uri, to_caller.call_id) == ("BYE", f"sip:line@{CARRIER}", "call")
    assert (to_caller.from_tag, to_caller.to_tag) == (ok.to_tag, "of-call")
    assert (to_device.method, to_device.uri) == ("BYE", f"sip:called@{DESK}")
    assert (to_device.from_tag, to_device.to_tag) == (ringing.from_tag, "called")
    assert to_device.cseq > ringing.cseq + 1
    assert [flow.remote for flow in after.went_to] == [CARRIER, DESK]


def test_a_left_leg_whose_name_is_used_again_is_kept_apart_from_the_new_one() -> None:
    before = Stage()
    leg, ok = answered(before)
    before.hear(from_caller(ok, "ACK", 1))
    (left,) = before.signalling.snapshot(before.now)
    assert isinstance(left, DialogRecorded)
    after = Stage(now=7.0)
    after.end_dialogs([left])
    assert [record.leg for record in after.recorded(DialogDropped)] == [leg]
    (renamed,) = {record.leg for record in after.recorded(DialogRecorded)}
    assert renamed != leg
    (bye,) = after.sent
    again, _ = answered(after, "new")
    assert again == leg, "the endpoint counts from one in every process"
    after.hear(reply(bye, 200, "OK", source=CARRIER), CARRIER)
    assert [record.leg for record in after.recorded(DialogDropped)] == [renamed]
    assert len(after.signalling.legs) == 1


def test_a_left_dialog_that_nobody_knows_any_more_is_dropped_too() -> None:
    for status in (481, None):
        before = Stage()
        _, ok = answered(before)
        before.hear(from_caller(ok, "ACK", 1))
        (left,) = before.signalling.snapshot(before.now)
        assert isinstance(left, DialogRecorded)
        after = Stage(now=7.0)
        after.end_dialogs([left])
        (bye,) = after.sent
        if status is None:
            after.wait(33)
        else:
            after.hear(reply(bye, status, "Gone", source=CARRIER), CARRIER)
            after.wait(T2_S)
            after.hear(reply(after.sent[-1], status, "Gone", source=CARRIER), CARRIER)
        assert len(after.recorded(DialogDropped)) == 1
        assert after.signalling.snapshot(after.now) == []


# A new configuration.


def test_a_reload_loads_the_new_sounds_when_a_media_process_is_up_and_only_then() -> None:
    for udp_ports, loads in (((20000,), 1), ((), 0)):
        stage = Stage(udp_ports=udp_ports)
        stage.reload(stage.settings)
        assert len(stage.commanded(LoadSounds)) == loads


def test_a_reload_gives_a_trunk_another_door_and_other_hosts_at_once() -> None:
    stage = Stage()
    moved = Address("10.0.1.9", 5080)
    carrier = stage.settings.trunks["carrier"]
    accept = replace(carrier.accept_from[0], network=type(carrier.accept_from[0].network)("10.0.1.9"))
    stage.reload(replace(stage.settings, trunks={"carrier": replace(carrier, hosts=(moved,), accept_from=(accept,))}))
    assert [answer.status for answer in stage.hear(invite(call="old"), CARRIER)] == [401]
    assert [answer.status for answer in stage.hear(invite(call="new", source=moved), moved)] == [100]
    assert [str(target.flow.remote) for target in stage.signalling.trunks.targets("carrier", "1", 0.0)] == [str(moved)]
    assert stage.went_to[0].local == SWITCH
    assert isinstance(stage.turn[0], SendMessage)
