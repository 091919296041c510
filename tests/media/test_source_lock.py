"""The lock: who is believed, who is not, and where a port sends."""

from __future__ import annotations

import struct

import pytest

from media.rows import Rows, Source
from media.source_lock import CANDIDATES_MAX, IN_SEQUENCE, SourceLock

PHONE: Source = ("192.0.2.1", 4000)
SAME_HOST: Source = ("192.0.2.1", 4002)
STRANGER: Source = ("198.51.100.7", 4000)


def packet(sequence: int, *, ssrc: int = 7, version: int = 2) -> memoryview:
    return memoryview(struct.pack("!BBHII", version << 6, 8, sequence & 0xFFFF, 160 * sequence & 0xFFFFFFFF, ssrc))


class Port:
    """Row 0 with its lock; `hear` is what the engine notes when a packet was taken."""

    def __init__(self, *, signalled: Source | None = PHONE, is_learnt: bool = False) -> None:
        self.rows = Rows(2)
        self.lock = SourceLock(self.rows)
        self.lock.signal(0, signalled, is_learnt=is_learnt)

    def admits(self, source: Source, sequence: int = 1, now: float = 0.0, *, ssrc: int = 7, version: int = 2) -> bool:
        is_admitted = self.lock.admits(0, source, packet(sequence, ssrc=ssrc, version=version), now)
        if is_admitted:
            self.rows.heard_at[0] = now
        return is_admitted

    def burst(self, source: Source, count: int = 20, now: float = 0.0) -> list[bool]:
        return [self.admits(source, sequence, now) for sequence in range(count)]

    @property
    def destination(self) -> Source | None:
        return self.rows.destination[0]


def test_the_signalled_address_is_sent_to_and_believed_at_once() -> None:
    port = Port()
    assert port.destination == PHONE
    assert port.admits(PHONE)
    assert port.rows.locked[0] == PHONE


def test_the_locked_source_is_believed_whoever_asks() -> None:
    port = Port()
    assert [port.admits(PHONE, sequence, 0.02 * sequence) for sequence in range(5)] == [True] * 5
    assert port.rows.strangers[0] == 0


def test_a_stranger_is_never_believed_nor_sent_to_however_much_he_sends() -> None:
    port = Port()
    assert not any(port.burst(STRANGER, 100))
    assert not any(port.burst(STRANGER, 100, now=1000.0)), "not after a long silence either"
    assert (port.destination, port.rows.locked[0], port.rows.strangers[0]) == (PHONE, None, 200)


def test_another_port_of_the_same_host_is_believed_at_its_fifth_packet_in_sequence() -> None:
    port = Port()
    assert port.burst(SAME_HOST, IN_SEQUENCE) == [False] * (IN_SEQUENCE - 1) + [True]
    assert port.destination == SAME_HOST
    assert not port.admits(PHONE), "there is one source at a time"


@pytest.mark.parametrize(
    "sequences",
    [
        pytest.param((1, 2, 3, 4, 6, 7, 8, 9), id="a gap"),
        pytest.param((1, 2, 2, 3, 3, 4, 4, 5, 5), id="doubles"),
        pytest.param((9, 8, 7, 6, 5, 4, 3, 2, 1), id="backwards"),
    ],
)
def test_packets_out_of_sequence_do_not_count(sequences: tuple[int, ...]) -> None:
    port = Port()
    assert not any(port.admits(SAME_HOST, sequence) for sequence in sequences)
    assert port.destination == PHONE


def test_the_sequence_may_run_through_its_end() -> None:
    port = Port()
    assert [port.admits(SAME_HOST, 65534 + number) for number in range(5)][-1]


def test_five_packets_of_two_streams_do_not_count() -> None:
    port = Port()
    assert not any(port.admits(SAME_HOST, sequence, ssrc=sequence % 2) for sequence in range(20))


def test_five_packets_from_two_ports_do_not_count() -> None:
    port = Port()
    assert not any(port.admits(("192.0.2.1", 4002 + sequence % 2), sequence) for sequence in range(20))


def test_what_is_no_rtp_does_not_count() -> None:
    port = Port()
    assert not any(port.admits(SAME_HOST, sequence, version=1) for sequence in range(20))
    assert not any(port.lock.admits(0, SAME_HOST, memoryview(bytes(packet(n))[:11]), 0.0) for n in range(20))


def test_while_the_locked_source_is_heard_nobody_else_is_believed() -> None:
    port = Port()
    port.admits(PHONE, now=10.0)
    assert not any(port.burst(SAME_HOST, now=14.9))
    assert port.destination == PHONE


def test_after_five_seconds_of_silence_another_port_of_the_same_host_may_take_over_and_no_stranger() -> None:
    port = Port()
    port.admits(PHONE, now=10.0)
    assert not any(port.burst(STRANGER, now=15.0))
    assert any(port.burst(SAME_HOST, IN_SEQUENCE, now=15.0))
    assert port.destination == SAME_HOST


def test_behind_a_nat_the_first_with_five_packets_is_believed_and_then_nobody_else() -> None:
    port = Port(is_learnt=True)
    assert port.burst(STRANGER, IN_SEQUENCE) == [False] * (IN_SEQUENCE - 1) + [True]
    assert port.destination == STRANGER
    other: Source = ("203.0.113.9", 5)
    assert not any(port.burst(other, now=1000.0)), "what was learnt is not unlearnt by silence"
    assert port.destination == STRANGER


def test_a_newly_signalled_address_replaces_the_locked_one_at_once() -> None:
    port = Port(is_learnt=True)
    port.burst(STRANGER)
    new: Source = ("203.0.113.9", 5000)
    port.lock.signal(0, new, is_learnt=False)
    assert port.destination == new
    assert not any(port.burst(STRANGER)), "the former one is a stranger now"
    assert port.admits(new)


def test_the_same_address_signalled_again_keeps_the_lock() -> None:
    port = Port()
    port.burst(SAME_HOST)
    port.lock.signal(0, PHONE, is_learnt=False)
    assert port.destination == SAME_HOST


def test_the_same_address_signalled_after_none_at_all_begins_anew() -> None:
    port = Port()
    port.burst(SAME_HOST)
    port.lock.signal(0, None, is_learnt=False)
    assert port.destination is None
    assert not any(port.burst(SAME_HOST) + port.burst(PHONE)), "nobody is believed while nobody is signalled"
    port.lock.signal(0, PHONE, is_learnt=False)
    assert port.destination == PHONE


def test_a_new_address_begins_the_counting_anew() -> None:
    port = Port()
    port.burst(SAME_HOST, IN_SEQUENCE - 1)
    port.lock.signal(0, (PHONE[0], 4444), is_learnt=False)
    assert not port.admits(SAME_HOST, IN_SEQUENCE - 1)


def test_more_candidates_than_the_limit_cost_no_memory_and_nobody_who_keeps_sending() -> None:
    rows = Rows(2 * CANDIDATES_MAX)
    lock = SourceLock(rows)
    for row in range(rows.count):
        lock.signal(row, PHONE, is_learnt=False)
        lock.admits(row, SAME_HOST, packet(0), 0.0)
    assert [lock.admits(0, SAME_HOST, packet(sequence), 0.0) for sequence in range(1, 7)][-1]
