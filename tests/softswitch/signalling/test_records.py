from __future__ import annotations

import json

import msgspec
import pytest

from sip_stack.dialog import DialogState
from sip_stack.flow import Address, Flow
from sip_stack.registrar import Binding
from softswitch.node import JournalRecord
from softswitch.signalling.records import (
    BindingDropped,
    BindingRecorded,
    DialogDropped,
    DialogRecorded,
    SignallingRecord,
)

DIALOG = DialogState(
    call_id="a84b4c76e66710@pc33.example",
    local_tag="314159",
    remote_tag="",
    local_cseq=2_147_483_647,
    remote_cseq=0,
    local_uri='"Söder \\"7\\"" <sip:+46850010000@office.example>',
    remote_uri="<sip:anna%20b@10.0.2.1;user=phone>",
    remote_target="sip:called@[2001:db8::1]:5061;transport=tcp",
    route_set=("<sip:p1.example;lr>", "<sip:p2.example;lr>"),
    flow=Flow("tcp", Address("10.0.0.1", 5060), Address("2001:db8::1", 49152)),
    is_uac=True,
)
BINDING = Binding(
    aor="101",
    contact="sip:101@192.168.1.20:5062;line=x",
    flow=Flow("udp", Address("10.0.0.1", 5060), Address("203.0.113.9", 31007)),
    expires_at=612.25,
    call_id="843817637684230@998sdasdh09",
    cseq=1826,
    q=0.7,
    user_agent="Desk/1.0",
)
RECORDS: list[SignallingRecord] = [
    DialogRecorded(1_790_000_000.125, "call-1/2~3", DIALOG),
    DialogDropped(1_790_000_001.5, "call-1/2~3"),
    BindingRecorded(1_790_000_000.125, 1_790_000_600.5, BINDING),
    BindingDropped(1_790_000_002.0, "101", BINDING.contact),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_is_read_back_from_the_journal_as_what_it_was(record: SignallingRecord) -> None:
    frame = msgspec.msgpack.encode(record)
    again: JournalRecord = msgspec.msgpack.decode(frame, type=JournalRecord)
    assert type(again) is type(record)
    assert again == record


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_is_plain_data_that_names_its_kind(record: SignallingRecord) -> None:
    plain = json.loads(msgspec.json.encode(record))
    assert plain["type"] == type(record).__name__
    assert msgspec.convert(plain, JournalRecord) == record


def test_the_flow_of_a_dialog_comes_back_as_the_place_where_its_bye_must_go() -> None:
    frame = msgspec.msgpack.encode(RECORDS[0])
    again = msgspec.msgpack.decode(frame, type=DialogRecorded)
    assert again.dialog.flow == Flow("tcp", Address("10.0.0.1", 5060), Address("2001:db8::1", 49152))
    assert again.dialog.flow.is_reliable
    assert again.dialog.route_set == ("<sip:p1.example;lr>", "<sip:p2.example;lr>")


def test_a_record_without_its_dialog_is_refused_and_not_guessed() -> None:
    cut_off = msgspec.msgpack.encode({"type": "DialogRecorded", "at": 1.0, "leg": "leg"})
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(cut_off, type=JournalRecord)
