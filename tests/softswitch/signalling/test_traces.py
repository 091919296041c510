"""Messages find their call by Call-ID; everything that is kept has a limit that strangers cannot turn against calls."""

from __future__ import annotations

import pytest

from media import protocol
from softswitch.domain import events
from softswitch.domain.causes import Cause
from softswitch.signalling import traces
from softswitch.signalling.traces import EventStep, MediaStep, Message, Trace, Traces


def invite(call_id: str, padding: int = 0) -> bytes:
    return f"INVITE sip:1@h SIP/2.0\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\nX: {'x' * padding}\r\n\r\n".encode()


def arrived(call: str, leg: str) -> events.CallArrived:
    return events.CallArrived(0.0, call, leg, "+461", "", "+462", trunk="carrier")


def ended(call: str) -> events.CallEnded:
    return events.CallEnded(9.0, call, "direct", "caller", Cause.HUNG_UP)


def incoming(kept: Traces, call: str, call_id: str, padding: int = 0) -> None:
    """A call as the node sees it arrive: bytes first, then its session, then the call."""
    kept.received(invite(call_id, padding), 1.0)
    kept.called(f"in-{call}", call_id)
    kept.noted(arrived(call, f"in-{call}"))


def trace(kept: Traces, call: str) -> Trace:
    found = kept.of_call(call)
    assert found is not None
    return found


def messages(kept: Traces, call: str) -> list[tuple[str, str | None]]:
    return [(step.direction, step.leg) for step in trace(kept, call).steps if isinstance(step, Message)]


def test_the_invite_that_came_before_its_call_belongs_to_it() -> None:
    kept = Traces(wall_offset_s=100.0)
    incoming(kept, "c1", "abc")
    kept.sent(b"SIP/2.0 180 Ringing\r\ni: abc\r\n\r\n", 2.0)
    assert messages(kept, "c1") == [("in", "in-c1"), ("out", "in-c1")]
    first = trace(kept, "c1").steps[0]
    assert isinstance(first, Message | EventStep | MediaStep)
    assert first.at == 101.0, "wall time"


def test_messages_of_another_call_id_stay_out() -> None:
    kept = Traces(0.0)
    incoming(kept, "c1", "abc")
    kept.received(b"BYE sip:1@h SIP/2.0\r\nCall-ID: abcd\r\n\r\n", 2.0)
    assert len(messages(kept, "c1")) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"\r\nCall-ID: abc\r\n",
        b"\r\nCall-ID: \t abc \r\n",
        b"\r\nCall-ID:abc\r\n",
        b"\r\ncall-id\t: abc\r\n",
        b"\r\nCALL-ID: abc\r\n",
        b"\r\ni: abc\r\n",
        b"\nCall-ID: abc\n",
        b"\nX: y\r\nCall-ID: abc\nZ: z\r\n",
        b"\r\ni: abc\r\n\r\nbody\r\nCall-ID: other\r\n",
    ],
)
def test_a_call_id_is_found_however_it_is_written(line: bytes) -> None:
    kept = Traces(0.0)
    incoming(kept, "c1", "abc")
    incoming(kept, "c2", "other")
    kept.received(b"BYE sip:1@h SIP/2.0" + line + b"\r\n", 2.0)
    assert (len(messages(kept, "c1")), len(messages(kept, "c2"))) == (2, 1)


def test_a_dialled_leg_brings_its_messages_also_those_of_its_next_target() -> None:
    kept = Traces(0.0)
    incoming(kept, "c1", "abc")
    kept.noted(events.LegDialled(1.0, "c1", "c1-l1", "phone:101"))
    for call_id in ("first", "second"):
        kept.called("c1-l1", call_id)
        kept.sent(invite(call_id), 3.0)
    assert messages(kept, "c1")[1:] == [("out", "c1-l1")] * 2
    assert list(trace(kept, "c1").parties.values()) == ["trunk:carrier", "phone:101"]


def test_registrations_are_not_kept() -> None:
    kept = Traces(0.0)
    kept.received(b"REGISTER sip:h SIP/2.0\r\nCall-ID: abc\r\n\r\n", 0.0)
    kept.called("in-c1", "abc")
    kept.noted(arrived("c1", "in-c1"))
    assert messages(kept, "c1") == []


def test_what_is_no_sip_is_passed_over() -> None:
    kept = Traces(0.0)
    for data in (b"", b"INVITE ", b"\x00" * 50, b"INVITE sip:a SIP/2.0\r\nCall-ID:\r\n\r\n"):
        kept.received(data, 0.0)
    assert kept.of_call("c1") is None


def test_media_is_told_of_the_leg_whose_port_it_is_until_its_report() -> None:
    kept = Traces(0.0)
    incoming(kept, "c1", "abc")
    kept.commanded(protocol.OpenPort(7, 20000), {7: "in-c1"}.get, 1.0)
    kept.commanded(protocol.ClosePort(7), {}.get, 2.0)
    kept.told(protocol.PortReport(7, 1, 2, 3, 4), 3.0)
    kept.told(protocol.DigitPressed(7, "1"), 4.0)
    steps = [step for step in trace(kept, "c1").steps if isinstance(step, MediaStep)]
    assert [type(step.item) for step in steps] == [protocol.OpenPort, protocol.ClosePort, protocol.PortReport]
    assert {step.leg for step in steps} == {"in-c1"}


def test_a_recording_that_is_complete_after_the_call_still_belongs_to_it() -> None:
    kept = Traces(0.0)
    incoming(kept, "c-1", "abc")
    kept.noted(ended("c-1"))
    kept.told(protocol.RecordingEnded("c-1-r1", 3.0, None), 5.0)
    assert isinstance(trace(kept, "c-1").steps[-1], MediaStep)


def test_strangers_invites_cannot_push_out_a_call() -> None:
    kept = Traces(0.0)
    incoming(kept, "c1", "abc")
    for number in range(traces.UNCLAIMED_MAX * 2):
        kept.received(invite(f"stranger-{number}"), 1.0)
    kept.received(b"BYE sip:1@h SIP/2.0\r\nCall-ID: abc\r\n\r\n", 2.0)
    assert len(messages(kept, "c1")) == 2


def test_one_call_cannot_take_all_memory() -> None:
    kept = Traces(0.0)
    incoming(kept, "c1", "abc")
    for _ in range(20):
        kept.received(invite("abc", padding=60_000), 1.0)
    known = trace(kept, "c1")
    assert known.size <= traces.CALL_BYTES_MAX
    assert known.dropped == 20 - (traces.CALL_BYTES_MAX // 60_300)


def test_a_call_of_endless_small_steps_is_bounded_too() -> None:
    kept = Traces(0.0)
    incoming(kept, "c1", "abc")
    for _ in range(traces.CALL_STEPS_MAX + 10):
        kept.noted(events.CallAnswered(1.0, "c1"))
    assert len(trace(kept, "c1").steps) == traces.CALL_STEPS_MAX


def test_the_oldest_ended_call_makes_room_and_leaves_nothing() -> None:
    kept = Traces(0.0)
    for number in range(traces.TRACES_ENDED_MAX + 1):
        incoming(kept, f"c{number}", f"id{number}")
        kept.noted(ended(f"c{number}"))
    assert kept.of_call("c0") is None
    assert kept.of_call("c1") is not None
    kept.received(b"BYE sip:1@h SIP/2.0\r\nCall-ID: id0\r\n\r\n", 2.0)
    assert kept.of_call("c0") is None


def test_ended_calls_make_room_by_size_but_calls_that_are_up_never_do() -> None:
    kept = Traces(0.0)
    incoming(kept, "up", "up")
    size = 500_000
    for number in range(traces.ENDED_BYTES_MAX // size + 2):
        incoming(kept, f"c{number}", f"id{number}", padding=size)
        kept.noted(ended(f"c{number}"))
    assert kept.of_call("c0") is None
    assert kept.of_call("up") is not None
