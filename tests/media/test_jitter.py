"""From packets to 20 ms of sound: RFC 3550's headers, order, loss, lateness and clocks that jump."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from media.codecs.g711 import CODECS, DECODE, SILENCE
from media.jitter import (
    AHEAD_SAMPLES_MAX,
    LATE_IN_A_ROW_MAX,
    PACKET_SAMPLES_MAX,
    PLAYOUT_SAMPLES,
    read_tick,
    take_packets,
)
from media.rows import RING_SAMPLES, Rows

PCMA, EVENTS = 8, 101
ARENA_BYTES = 600
DELAY_TICKS = PLAYOUT_SAMPLES // 160


def rtp(
    payload: bytes, *, ts: int, ssrc: int = 7, payload_type: int = PCMA, first: int = 0x80, between: bytes = b""
) -> bytes:
    """A packet; `between` is what comes between the fixed header and the payload."""
    return struct.pack("!BBHII", first, payload_type, 0, ts & 0xFFFFFFFF, ssrc) + between + payload


def code(number: int) -> bytes:
    """20 ms that tell the packet's number: one A-law code throughout, never one of silence."""
    return bytes([number % 120 + 1]) * 160


def sound(payload: bytes, codec: str = "PCMA") -> NDArray[np.int16]:
    decoded: NDArray[np.int16] = DECODE[CODECS[codec]][np.frombuffer(payload, np.uint8)]
    return decoded


class Receiver:
    """Rows that take A-law (row 1: mu-law) and events, and a clock of ticks."""

    def __init__(self, rows: int = 2) -> None:
        self.rows = Rows(rows)
        self.rows.receives[:] = True
        self.rows.payload_type[:] = PCMA
        self.rows.event_type[:] = EVENTS
        self.rows.payload_type[1], self.rows.codec[1] = 0, CODECS["PCMU"]
        self.now = 1.0

    def take(self, *packets: bytes, row: int | list[int] = 0) -> list[int]:
        """All of them arrive at once; the indexes of events."""
        arena = np.full((len(packets), ARENA_BYTES), 0x55, np.uint8)
        for index, packet in enumerate(packets):
            arena[index, : len(packet)] = np.frombuffer(packet, np.uint8)
        lengths = np.array([len(packet) for packet in packets])
        rows = np.full(len(packets), row) if isinstance(row, int) else np.array(row)
        return [int(index) for index in take_packets(self.rows, arena, lengths, rows, self.now)]

    def tick(self, row: int = 0) -> NDArray[np.int16]:
        read_tick(self.rows, np.arange(self.rows.count))
        heard: NDArray[np.int16] = self.rows.sound_in[row].copy()
        return heard

    def ticks(self, count: int, row: int = 0) -> NDArray[np.int16]:
        return np.concatenate([self.tick(row) for _ in range(count)])


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def test_sound_comes_out_60_ms_later_to_the_sample(receiver: Receiver) -> None:
    payload = bytes(range(160))
    receiver.take(rtp(payload, ts=4711))
    assert not receiver.ticks(DELAY_TICKS).any()
    assert np.array_equal(receiver.tick(), sound(payload))
    assert not receiver.ticks(40).any(), "and once only, also when the ring has gone round"
    assert PLAYOUT_SAMPLES == 480


@pytest.mark.parametrize("samples", [1, 40, 80, 160, 240, 333, 480])
def test_packets_of_any_length_make_one_sound(receiver: Receiver, samples: int) -> None:
    data = np.random.default_rng(1).integers(0, 256, 4800, dtype=np.uint8).tobytes()
    heard, sent = [], 0
    for tick in range(len(data) // 160 + DELAY_TICKS):
        while sent < min(len(data), 160 * tick + 480):
            receiver.take(rtp(data[sent : sent + samples], ts=sent))
            sent += samples
        heard.append(receiver.tick())
    assert np.array_equal(np.concatenate(heard)[480:], sound(data))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), start=st.sampled_from([0, 2**32 - 2400, 2**31 - 2400]))
def test_packets_doubled_and_disordered_by_less_than_40_ms_are_heard_as_sent(seed: int, start: int) -> None:
    dice = random.Random(seed)
    receiver = Receiver()
    order = sorted(range(1, 30), key=lambda number: number + dice.uniform(0, 2))
    order = [0, *(number for number in order for _ in range(dice.choice((1, 1, 2))))]
    arrivals: dict[int, list[bytes]] = {}
    for number in order:
        at = 0 if number == 0 else number + dice.choice((0, 1, 2))
        arrivals.setdefault(at, []).append(rtp(code(number), ts=start + 160 * number))
    heard = []
    for tick in range(30 + DELAY_TICKS):
        if tick in arrivals:
            receiver.take(*arrivals[tick])
        heard.append(receiver.tick())
    assert np.array_equal(np.concatenate(heard)[480:], sound(b"".join(code(number) for number in range(30))))


def test_what_is_lost_is_silence_of_its_length_and_the_rest_keeps_its_time(receiver: Receiver) -> None:
    heard = []
    for number in range(20):
        if number not in (5, 6, 11):
            receiver.take(rtp(code(number), ts=160 * number))
        heard.append(receiver.tick())
    for tick, each in enumerate(heard[DELAY_TICKS:]):
        assert np.array_equal(each, np.zeros(160) if tick in (5, 6, 11) else sound(code(tick)))


def test_late_packets_are_counted_and_not_heard(receiver: Receiver) -> None:
    receiver.take(rtp(code(10), ts=1600))
    receiver.ticks(5)
    receiver.take(rtp(code(3), ts=160 * 3))
    assert not receiver.ticks(40).any()
    assert receiver.rows.packets_late[0] == 1


def test_a_stream_that_keeps_coming_late_begins_anew(receiver: Receiver) -> None:
    receiver.take(rtp(code(0), ts=0))
    receiver.ticks(12)
    for number in range(LATE_IN_A_ROW_MAX + 1):
        receiver.take(rtp(code(number), ts=160 * number))
        assert not receiver.tick().any()
    heard = receiver.ticks(DELAY_TICKS)
    assert np.array_equal(heard[-160:], sound(code(LATE_IN_A_ROW_MAX)))


def test_a_packet_in_time_ends_the_counting_of_late_ones(receiver: Receiver) -> None:
    for tick in range(30):
        receiver.take(rtp(code(tick), ts=160 * tick))
        receiver.take(rtp(code(99), ts=160 * (tick - 10)))
        heard = receiver.tick()
        expected = sound(code(tick - DELAY_TICKS)) if tick >= DELAY_TICKS else np.zeros(160)
        assert np.array_equal(heard, expected)
    assert receiver.rows.packets_late[0] > LATE_IN_A_ROW_MAX


@pytest.mark.parametrize("jump", [AHEAD_SAMPLES_MAX + 160, 2**31 - 160, -RING_SAMPLES - 640, 2**31 + 160, 1_000_000])
def test_a_clock_that_jumps_is_followed_from_its_first_packet_on(receiver: Receiver, jump: int) -> None:
    receiver.take(rtp(code(1), ts=10_000))
    receiver.tick()
    receiver.take(rtp(code(2), ts=10_000 + jump))
    heard = receiver.ticks(DELAY_TICKS + 1)
    assert not heard[:-160].any(), "what was waiting belongs to the old clock"
    assert np.array_equal(heard[-160:], sound(code(2)))


def test_another_ssrc_is_another_stream_from_its_first_packet_on(receiver: Receiver) -> None:
    receiver.take(rtp(code(1), ts=1000, ssrc=1))
    receiver.take(rtp(code(2), ts=1320, ssrc=2))
    heard = receiver.ticks(DELAY_TICKS + 1)
    assert not heard[:-160].any()
    assert np.array_equal(heard[-160:], sound(code(2)))


def test_packets_that_come_at_once_for_many_rows_go_each_to_its_own(receiver: Receiver) -> None:
    receiver.take(rtp(code(1), ts=0), rtp(code(5), ts=900, payload_type=0), rtp(code(2), ts=160), row=[0, 1, 0])
    receiver.ticks(DELAY_TICKS)
    assert np.array_equal(receiver.tick(), sound(code(1)))
    assert np.array_equal(receiver.rows.sound_in[1], sound(code(5), "PCMU"))
    assert np.array_equal(receiver.tick(), sound(code(2)))
    assert not receiver.rows.sound_in[1].any()


@pytest.mark.parametrize(
    ("first", "between", "behind"),
    [
        pytest.param(0x80, b"", b"", id="plain"),
        pytest.param(0x83, bytes(range(1, 13)), b"", id="three contributing sources"),
        pytest.param(0x8F, bytes(range(60)), b"", id="fifteen contributing sources"),
        pytest.param(0x90, b"\xbe\xde\0\x02" + bytes(range(8)), b"", id="an extension"),
        pytest.param(0x90, b"\x12\x34\0\0", b"", id="an empty extension"),
        pytest.param(0xA0, b"", b"\1\2\3\4", id="padding of four"),
        pytest.param(0xA0, b"", b"\1", id="padding of one"),
        pytest.param(0xB2, b"\7" * 8 + b"\xbe\xde\0\1" + b"\6" * 4, b"\0\0\3", id="all of them"),
    ],
)
def test_the_payload_is_found_in_any_header_of_rfc_3550(
    receiver: Receiver, first: int, between: bytes, behind: bytes
) -> None:
    payload = bytes(range(1, 161))
    receiver.take(rtp(payload, ts=0, first=first, between=between) + behind)
    assert np.array_equal(receiver.ticks(DELAY_TICKS + 2)[480:], np.concatenate((sound(payload), np.zeros(160))))


GOOD = rtp(code(1), ts=0)


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"", id="empty"),
        pytest.param(GOOD[:11], id="a header cut off"),
        pytest.param(GOOD[:12], id="no payload"),
        pytest.param(b"\x40" + GOOD[1:], id="version 1"),
        pytest.param(b"\xc0" + GOOD[1:], id="version 3"),
        pytest.param(b"\x00" + GOOD[1:], id="STUN"),
        pytest.param(b"\x8f" + GOOD[1:72], id="contributing sources and nothing else"),
        pytest.param(b"\x8f" + GOOD[1:50], id="contributing sources cut off"),
        pytest.param(b"\x90" + GOOD[1:12], id="an extension that is not there"),
        pytest.param(b"\x90" + GOOD[1:12] + b"\xbe\xde\xff\xff" + GOOD[12:], id="an extension longer than all"),
        pytest.param(b"\x90" + GOOD[1:12] + b"\xbe\xde\x00\x28" + GOOD[12:], id="an extension to the very end"),
        pytest.param(b"\xa0" + GOOD[1:-1] + b"\xff", id="padding longer than all"),
        pytest.param(b"\xa0" + GOOD[1:-1] + b"\xa0", id="nothing but padding"),
        pytest.param(rtp(b"\1" * (PACKET_SAMPLES_MAX + 1), ts=0), id="more than 60 ms"),
        pytest.param(rtp(b"\1" * (ARENA_BYTES - 12), ts=0), id="as long as fits"),
    ],
)
def test_what_is_no_rtp_changes_nothing(receiver: Receiver, packet: bytes) -> None:
    assert receiver.take(packet) == []
    assert not receiver.ticks(10).any()
    assert (receiver.rows.packets_in[0], receiver.rows.heard_at[0]) == (0, 0.0)


def test_other_payload_types_are_heard_of_and_not_heard(receiver: Receiver) -> None:
    receiver.take(rtp(code(1), ts=0, payload_type=13), rtp(code(1), ts=0, payload_type=0))
    assert not receiver.ticks(10).any()
    assert (receiver.rows.packets_in[0], receiver.rows.heard_at[0]) == (2, receiver.now)


def test_events_are_pointed_at_and_are_no_sound(receiver: Receiver) -> None:
    event = rtp(struct.pack("!BBH", 1, 10, 160), ts=0, payload_type=EVENTS)
    assert receiver.take(rtp(code(1), ts=0), event, rtp(code(2), ts=160), event) == [1, 3]
    assert np.array_equal(receiver.ticks(DELAY_TICKS + 2)[480:], sound(code(1) + code(2)))


def test_the_marker_is_no_part_of_the_payload_type(receiver: Receiver) -> None:
    receiver.take(rtp(code(1), ts=0, payload_type=0x80 | PCMA))
    assert np.array_equal(receiver.ticks(DELAY_TICKS + 1)[480:], sound(code(1)))


def test_a_row_that_does_not_receive_takes_nothing(receiver: Receiver) -> None:
    receiver.rows.receives[0] = False
    assert receiver.take(GOOD, rtp(bytes(4), ts=0, payload_type=EVENTS)) == []
    assert not receiver.ticks(10).any()
    assert receiver.rows.packets_in[0] == 0


def test_codes_of_silence_are_as_good_as_nothing(receiver: Receiver) -> None:
    receiver.take(rtp(bytes([SILENCE[CODECS["PCMA"]]]) * 160, ts=0))
    assert int(np.abs(receiver.ticks(10)).max()) <= 8


@given(st.lists(st.tuples(st.binary(max_size=40), st.integers(0, 1)), max_size=12))
def test_no_bytes_at_all_harm(packets: list[tuple[bytes, int]]) -> None:
    receiver = Receiver()
    headed = [b"\x80\x08" + packet for packet, _ in packets] + [packet for packet, _ in packets]
    if headed:
        receiver.take(*headed, row=[row for _, row in packets] * 2)
    assert len(receiver.ticks(5)) == 800


@pytest.mark.parametrize("kind", [200, 201, 202, 203, 204])
def test_rtcp_is_no_sign_that_somebody_speaks(kind: int) -> None:
    """A telephone may go on reporting after its microphone has died."""
    receiver = Receiver()
    receiver.take(struct.pack("!BBHII", 0x80, kind, 6, 7, 0) + bytes(20))
    assert (receiver.rows.packets_in[0], receiver.rows.heard_at[0]) == (0, 0.0)
