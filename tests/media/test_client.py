"""The framing of the control link: any split of the bytes, each number once, and nothing past a fault."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.client import FrameWriter, LinkFault, command_reader, fact_reader
from media.protocol import (
    FRAME_BYTES_MAX,
    ClosePort,
    Command,
    Fact,
    LoadSounds,
    PortSilent,
    Shutdown,
    StopPlaying,
    StopRecording,
)

COMMANDS: list[Command] = [
    ClosePort(1),
    StopRecording("é" * 40),
    LoadSounds(("/a", "/b")),
    ClosePort(2**40),
    Shutdown(),
]
DEEP = b"\x91" * 100_000 + b"\xc0"


def framed(payload: bytes) -> bytes:
    """Four bytes of length, big-endian, and the payload."""
    return struct.pack("!I", len(payload)) + payload


def frames(commands: list[Command]) -> list[bytes]:
    writer = FrameWriter()
    return [writer.frame(command) for command in commands]


def test_a_frame_is_its_length_and_an_array_of_its_number_and_the_item() -> None:
    writer = FrameWriter()
    assert writer.frame(ClosePort(7)) == b"\x00\x00\x00\x0e\x92\x01\x92\xa9ClosePort\x07"
    assert writer.frame(Shutdown()) == b"\x00\x00\x00\x0c\x92\x02\x91\xa8Shutdown"


@given(cuts=st.lists(st.integers(0, 200), max_size=12))
def test_items_come_out_whole_however_the_bytes_are_split(cuts: list[int]) -> None:
    data = b"".join(frames(COMMANDS))
    reader = command_reader()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    items: list[Command] = []
    for start, stop in pairwise(edges):
        items += reader.feed(data[start:stop])
    assert items == COMMANDS


def test_an_item_comes_out_with_its_last_byte_and_not_before() -> None:
    [frame] = frames([ClosePort(1)])
    reader = command_reader()
    for byte in frame[:-1]:
        assert reader.feed(bytes([byte])) == []
    assert reader.feed(frame[-1:]) == [ClosePort(1)]


def test_what_comes_again_is_done_once() -> None:
    one, two, three = frames([ClosePort(1), ClosePort(2), ClosePort(3)])
    reader = command_reader()
    assert reader.feed(one + two + one) == [ClosePort(1), ClosePort(2)]
    assert reader.feed(one + two + three + three) == [ClosePort(3)]


def test_facts_go_the_other_way_and_a_command_is_no_fact() -> None:
    silent: Fact = PortSilent(1, 30.0)
    frame = FrameWriter().frame(silent)
    assert fact_reader().feed(frame) == [silent]
    with pytest.raises(LinkFault):
        command_reader().feed(frame)
    with pytest.raises(LinkFault):
        fact_reader().feed(frames([ClosePort(1)])[0])


def test_the_longest_frame_is_taken() -> None:
    empty = len(frames([StopPlaying(1, "")])[0]) - 4
    # A text of 2**16 bytes or more is preceded by five bytes, an empty one by one.
    command = StopPlaying(1, "x" * (FRAME_BYTES_MAX - empty - 4))
    [frame] = frames([command])
    assert len(frame) == 4 + FRAME_BYTES_MAX
    assert command_reader().feed(frame) == [command]


def test_a_frame_that_is_too_long_is_refused_before_it_has_come() -> None:
    with pytest.raises(LinkFault, match=f"FRAME_BYTES_MAX = {FRAME_BYTES_MAX}"):
        command_reader().feed(struct.pack("!I", FRAME_BYTES_MAX + 1))


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xc1", id="no msgpack"),
        pytest.param(b"\x92\x01", id="cut off"),
        pytest.param(b"\x92\x01\x91\xa8Shutdown\xc0", id="something behind it"),
        pytest.param(b"\x93\x01\x91\xa8Shutdown\x01", id="three in the frame"),
        pytest.param(b"\x92\xa11\x91\xa8Shutdown", id="a text for a number"),
        pytest.param(b"\x92\x01\x92\xadStopRecording\xa2\xff\xfe", id="no UTF-8"),
        pytest.param(b"\x92\x01\x92\xadStopRecording\xa3\xed\xa0\x80", id="half a surrogate"),
        pytest.param(b"\x92\x01\x91\xa2\xff\xfe", id="no UTF-8 in the tag"),
        pytest.param(b"\x92\x01\x93\xadStopRecording\xa1r" + DEEP, id="deep in what is more"),
        pytest.param(b"\x92\x01\x92\xadStopRecording" + DEEP, id="deep in a field"),
        pytest.param(DEEP, id="deep"),
        pytest.param(b"\x92\x01\x92\xaaLoadSounds\xdd\xff\xff\xff\xff", id="four thousand million texts, none there"),
        pytest.param(b"\x92\x01\x92\xaaLoadSounds\x91\xdb\xff\xff\xff\xff", id="a text of 4 GB that is not there"),
    ],
)
def test_what_is_no_frame_of_ours_is_a_fault_of_the_link(payload: bytes) -> None:
    with pytest.raises(LinkFault):
        command_reader().feed(framed(payload))


@given(payload=st.binary(max_size=60))
def test_any_bytes_at_all_are_items_or_a_fault(payload: bytes) -> None:
    try:
        items = command_reader().feed(framed(b"\x92\x01" + payload))
    except LinkFault:
        return
    assert len(items) == 1
