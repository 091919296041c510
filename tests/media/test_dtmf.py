"""Keypresses in and out, held to RFC 4733."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.dtmf import DIGITS_WAITING_MAX, KEYS, Listener, Sender

EVENTS = 101
RATE = 8000


def event(key: int, *, ts: int, duration: int = 160, is_end: bool = False, ssrc: int = 7) -> memoryview:
    """RFC 4733 section 2.3: the event, E and R bits with the volume, the duration so far."""
    header = struct.pack("!BBHII", 0x80, EVENTS, 0, ts & 0xFFFFFFFF, ssrc)
    return memoryview(header + struct.pack("!BBH", key, is_end << 7 | 10, duration))


def press(key: int, *, ts: int, ssrc: int = 7) -> list[memoryview]:
    """One key for 100 ms: a packet every 20 ms, the last one three times."""
    going = [event(key, ts=ts, duration=160 * number, ssrc=ssrc) for number in range(1, 5)]
    return going + 3 * [event(key, ts=ts, duration=800, is_end=True, ssrc=ssrc)]


def heard(packets: list[memoryview], row: int = 0, listener: Listener | None = None) -> str:
    listener = Listener(2) if listener is None else listener
    return "".join(key for key in (listener.take(row, packet) for packet in packets) if key is not None)


def test_events_0_to_15_are_the_keys_of_rfc_4733() -> None:
    packets = [event(key, ts=8000 * key) for key in range(16)]
    assert heard(packets) == "0123456789*#ABCD" == KEYS


@pytest.mark.parametrize("number", [16, 32, 66, 255])
def test_an_event_that_is_no_key_is_not_told_and_does_not_hide_the_next(number: int) -> None:
    assert heard([event(number, ts=100), event(5, ts=100)]) == "5"


@given(kept=st.sets(st.integers(0, 6), min_size=1), order=st.randoms())
def test_a_press_is_told_once_whichever_of_its_packets_come_in_whatever_order(kept: set[int], order: object) -> None:
    packets = [press(5, ts=1000)[number] for number in sorted(kept)]
    order.shuffle(packets)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert heard(packets + packets) == "5"


def test_the_same_key_twice_is_two_presses() -> None:
    assert heard(press(1, ts=0) + press(1, ts=1280) + press(1, ts=2560)) == "111"


def test_presses_go_on_when_the_timestamp_runs_through_its_end() -> None:
    assert heard(press(1, ts=2**32 - 1280) + press(2, ts=2**32) + press(3, ts=2**32 + 1280)) == "123"


def test_late_repetitions_of_the_press_before_are_no_new_press() -> None:
    first, second = press(1, ts=1000), press(2, ts=2280)
    assert heard([*first[:4], second[0], first[4], second[1], first[5], *second[2:], first[6]]) == "12"


def test_a_key_held_for_longer_than_one_duration_can_tell_is_one_press() -> None:
    """RFC 4733 section 2.5.1.3: the next segment begins where the duration of 0xFFFF ends, without an end before it."""
    packets = []
    for segment in range(3):
        start = 1000 + segment * 0xFFFF
        packets += [event(7, ts=start, duration=duration) for duration in (160, 32000, 0xFFFF)]
    assert heard([*packets, event(7, ts=1000 + 2 * 0xFFFF, duration=0xFFFF, is_end=True)]) == "7"


def test_a_new_stream_may_begin_at_any_timestamp() -> None:
    assert heard(press(1, ts=50_000) + press(2, ts=49_000, ssrc=8)) == "12"


def test_a_stream_whose_clock_was_set_back_is_heard() -> None:
    assert heard(press(1, ts=900_000) + press(2, ts=100)) == "12"


def test_rows_are_apart_and_a_cleared_one_begins_anew() -> None:
    listener = Listener(2)
    assert heard(press(1, ts=1000), 0, listener) == "1"
    assert heard(press(1, ts=1000), 1, listener) == "1"
    listener.clear(0)
    assert heard(press(1, ts=1000), 0, listener) == "1"
    assert heard(press(1, ts=1000), 1, listener) == ""


def test_the_event_is_found_behind_contributing_sources_and_an_extension() -> None:
    plain = bytes(event(5, ts=1000))
    with_sources = b"\x83" + plain[1:12] + bytes(range(12)) + plain[12:]
    with_extension = b"\x90" + plain[1:4] + struct.pack("!I", 9000) + plain[8:12] + b"\xbe\xde\0\x02" + bytes(8)
    assert heard([memoryview(with_sources), memoryview(with_extension + plain[12:])]) == "55"


@given(rest=st.binary(max_size=40), first=st.integers(0x80, 0xBF))
def test_no_packet_of_any_length_harms(rest: bytes, first: int) -> None:
    header = struct.pack("!BBHII", first, EVENTS, 0, 5, 7)
    assert len(heard([memoryview(header + rest)])) <= 1


@pytest.mark.parametrize("length", range(12, 16))
def test_a_cut_off_event_is_none(length: int) -> None:
    assert heard([event(5, ts=0)[:length]]) == ""


def sent(sender: Sender, ticks: int, row: int = 0) -> list[tuple[int, bool, list[tuple[int, int, int]]] | None]:
    """What each tick sends: timestamp, marker and the fields of its events; None where sound goes."""
    out: list[tuple[int, bool, list[tuple[int, int, int]]] | None] = []
    for tick in range(ticks):
        if row not in sender.rows():
            out.append(None)
            continue
        found = sender.payloads(row, 5000 + 160 * tick)
        out.append(found and (found[0], found[1], [struct.unpack("!BBH", each) for each in found[2]]))
    return out


def test_a_key_is_pressed_for_100_ms_and_its_end_is_said_three_times() -> None:
    sender = Sender()
    sender.queue(0, "#")
    out = sent(sender, 12)
    pressing = [each for each in out if each is not None]
    assert [each is not None for each in out] == [True] * 5 + [False] * 7
    assert {ts for ts, _, _ in pressing} == {5000}, "all packets of a press have the time of its beginning"
    assert [has_marker for _, has_marker, _ in pressing] == [True, False, False, False, False]
    assert [len(events) for _, _, events in pressing] == [1, 1, 1, 1, 3]
    fields = [each for _, _, events in pressing for each in events]
    assert {key for key, _, _ in fields} == {11}
    assert [duration for _, _, duration in fields] == [160, 320, 480, 640, 800, 800, 800]
    assert [flags >> 7 for _, flags, _ in fields] == [0, 0, 0, 0, 1, 1, 1]
    assert {flags & 0x40 for _, flags, _ in fields} == {0}, "the reserved bit"
    assert all(0 < flags & 0x3F <= 36 for _, flags, _ in fields), "a power that RFC 4733 calls valid for keys"


def test_between_two_keys_sound_goes_for_60_ms() -> None:
    sender = Sender()
    sender.queue(0, "12")
    out = sent(sender, 20)
    assert [each is not None for each in out] == [True] * 5 + [False] * 3 + [True] * 5 + [False] * 7
    assert out[8] is not None
    assert (out[8][0], out[8][1], out[8][2][0][0]) == (5000 + 8 * 160, True, 2)
    assert sender.rows() == [], "nobody presses any more"


def test_what_is_sent_is_heard_as_it_was_queued() -> None:
    sender, listener = Sender(), Listener(1)
    sender.queue(0, "0123456789*#abcd")
    keys = ""
    for tick in range(16 * 8):
        found = sender.payloads(0, 160 * tick)
        ts, _, payloads = found or (0, False, [])
        packets = [memoryview(struct.pack("!BBHII", 0x80, EVENTS, 0, ts, 7) + payload) for payload in payloads]
        keys += heard(packets, 0, listener)
    assert keys == "0123456789*#ABCD"


def test_what_is_no_key_is_left_out_and_more_than_the_limit_too() -> None:
    sender = Sender()
    sender.queue(0, "1 2,3x")
    assert len([each for each in sent(sender, 100) if each is not None and each[1]]) == 3
    for _ in range(3):
        sender.queue(0, "5" * 50)
    presses = [each for each in sent(sender, 8 * 200) if each is not None and each[1]]
    assert len(presses) == DIGITS_WAITING_MAX


def test_a_cleared_row_presses_nothing_more_and_the_others_go_on() -> None:
    sender = Sender()
    sender.queue(0, "12")
    sender.queue(1, "3")
    sent(sender, 2)
    sender.clear(0)
    assert sender.rows() == [1]
    assert sent(sender, 20) == [None] * 20
    assert sent(sender, 1, row=1)[0] is not None
