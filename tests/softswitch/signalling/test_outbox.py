from __future__ import annotations

from media.protocol import ClosePort, OpenPort
from softswitch.domain.inputs import LegProgressed
from softswitch.signalling.outbox import AppendRecord, Outbox, ReportFault, SendMedia, TellSwitch
from softswitch.signalling.records import DialogDropped


def test_what_was_put_in_comes_out_once_in_the_order_in_which_it_came_to_be() -> None:
    outbox = Outbox()
    record = DialogDropped(1.0, "leg")
    outbox.media(OpenPort(1, 20000))
    outbox.tell(LegProgressed("leg"))
    outbox.record(record)
    outbox.fault("something")
    outbox.media(ClosePort(1), worker=2)
    assert outbox.drain() == [
        SendMedia(0, OpenPort(1, 20000)),
        TellSwitch(LegProgressed("leg")),
        AppendRecord(record),
        ReportFault("something"),
        SendMedia(2, ClosePort(1)),
    ]
    assert outbox.drain() == []


def test_what_comes_after_a_drain_does_not_change_what_was_drained() -> None:
    outbox = Outbox()
    outbox.fault("before")
    drained = outbox.drain()
    outbox.fault("after")
    assert drained == [ReportFault("before")]
    assert outbox.drain() == [ReportFault("after")]
