"""What the engine and the writer say to each other: over their link as it was, and small enough for one message."""

from __future__ import annotations

import socket
import typing

import msgspec
import pytest

from media import writer
from media.protocol import PATH_LENGTH_MAX, RECORDING_ID_LENGTH_MAX
from media.recording_orders import BeginRecording, FinishAll, FinishRecording, Order, RecordingFinished

ORDERS: tuple[Order, ...] = (
    BeginRecording("r", 7, "2025/01/väntan.wav"),
    BeginRecording("\N{GRINNING FACE}" * RECORDING_ID_LENGTH_MAX, 999, "\N{GRINNING FACE}" * PATH_LENGTH_MAX),
    FinishRecording("r", 2**40),
    FinishAll(),
)
NOTICES = (
    RecordingFinished("r", 7, 12.345, "ab" * 32, None),
    RecordingFinished("r", 0, 0.0, None, "no space left on the device"),
)


def over_a_link(message: bytes) -> bytes:
    """Through a pair of packet sockets, as between the two processes."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with near, far:
        near.send(message)
        return far.recv(writer.MESSAGE_BYTES_MAX)


def test_here_is_one_of_each() -> None:
    assert {type(order) for order in ORDERS} == set(typing.get_args(Order))


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_an_order_comes_to_the_writer_as_it_was(order: Order) -> None:
    assert msgspec.msgpack.decode(over_a_link(writer.encode_order(order)), type=Order) == order


@pytest.mark.parametrize("notice", NOTICES)
def test_a_notice_comes_to_the_engine_as_it_was(notice: RecordingFinished) -> None:
    assert writer.decode_notice(over_a_link(msgspec.msgpack.encode(notice))) == notice


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xc1", id="no msgpack"),
        pytest.param(msgspec.msgpack.encode(ORDERS[0]), id="an order"),
        pytest.param(msgspec.msgpack.encode({"type": "RecordingFinished", "recording": "r"}), id="too little"),
    ],
)
def test_what_is_no_notice_is_refused(message: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        writer.decode_notice(message)


def test_nothing_is_changed_after_it_was_said() -> None:
    with pytest.raises(AttributeError):
        ORDERS[0].slot = 1  # type: ignore[union-attr,misc]  # that it is refused is what is tested
