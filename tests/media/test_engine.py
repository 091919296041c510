"""The engine alone, without sockets: packets in, ticks, packets out."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from numpy.typing import NDArray

from media import protocol
from media.codecs.g711 import DECODE, ENCODE, PCMA, PCMU
from media.engine import PHASES, PORT_SILENT_S, Engine
from media.jitter import PLAYOUT_SAMPLES
from media.levels import tone_level_dbov
from media.recording_ring import RecordingRings
from media.sound_bank import SoundBank

CALLER, AGENT = ("127.0.0.1", 5000), ("127.0.0.1", 6000)
STRANGER = ("127.0.0.66", 7000)
TICKS_OF_DELAY = PLAYOUT_SAMPLES // 160


class Bench:
    """An engine with two ports, 1 (PCMA) and 2 (PCMU), and a clock of ticks."""

    def __init__(self) -> None:
        self.bank = SoundBank.create(seconds=20)
        self.rings = RecordingRings.create(4)
        self.engine = Engine([20000, 20002, 20004], self.bank, self.rings, iter(range(1000, 2000)).__next__)
        self.now = 0.0
        self.facts: list[protocol.Fact] = []
        self.sequence = {1: 0, 2: 0}
        for port, codec, payload_type, remote in ((1, "PCMA", 8, CALLER), (2, "PCMU", 0, AGENT)):
            self.engine.apply(protocol.OpenPort(port, 20000 + 2 * (port - 1)), self.now)
            self.engine.apply(protocol.SetStream(port, codec, payload_type, 101, remote), self.now)  # type: ignore[arg-type]  # the loop's literals

    def send(self, port: int, payload: bytes, *, ts: int, payload_type: int | None = None, ssrc: int = 9) -> None:
        self.sequence[port] += 1
        kind = (8 if port == 1 else 0) if payload_type is None else payload_type
        packet = struct.pack("!BBHII", 0x80, kind, self.sequence[port] & 0xFFFF, ts & 0xFFFFFFFF, ssrc) + payload
        arena = np.zeros((1, 600), np.uint8)
        arena[0, : len(packet)] = np.frombuffer(packet, np.uint8)
        self.engine.receive(arena, np.array([len(packet)]), np.array([port - 1]), self.now)

    def tick(self) -> dict[int, NDArray[np.int16]]:
        """One tick of all phases; what each row sends, decoded."""
        sent: dict[int, NDArray[np.int16]] = {}
        for phase in range(PHASES):
            for row in self.engine.tick(phase).tolist():
                packet = self.engine.rows.packets[row]
                sent[row] = DECODE[int(self.engine.rows.codec[row])][packet["payload"]]
        self.now += 0.02
        self.facts += self.engine.drain()
        return sent


@pytest.fixture
def bench() -> Bench:
    return Bench()


def tone(hz: float, codec: int, packet: int) -> bytes:
    n = np.arange(160) + 160 * packet
    sound = np.round(8000 * np.sin(2 * np.pi * hz * n / 8000)).astype(np.int16)
    return ENCODE[codec][sound.view(np.uint16)].tobytes()


def talk(
    bench: Bench, ticks: int, *, order: tuple[int, ...] | None = None
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Both speak their tones for `ticks`; what each hears."""
    heard: tuple[list[NDArray[np.int16]], list[NDArray[np.int16]]] = ([], [])
    for tick in range(ticks):
        for port, codec, hz in ((1, PCMA, 440.0), (2, PCMU, 880.0)):
            packet = tick if order is None or port == 2 or tick >= len(order) else order[tick]
            bench.send(port, tone(hz, codec, packet), ts=160 * packet)
        sent = bench.tick()
        heard[0].append(sent[0])
        heard[1].append(sent[1])
    return np.concatenate(heard[0]), np.concatenate(heard[1])


def test_two_in_a_bridge_hear_one_another_across_codecs_and_never_themselves(bench: Bench) -> None:
    for port in (1, 2):
        bench.engine.apply(protocol.Join("b", port), bench.now)
    by_caller, by_agent = talk(bench, 50)
    settled = slice(10 * 160, 50 * 160)
    assert tone_level_dbov(by_caller[settled], 880) == pytest.approx(-15.26, abs=0.3)  # 8000/32768 of full scale
    assert tone_level_dbov(by_agent[settled], 440) == pytest.approx(-15.26, abs=0.3)
    assert tone_level_dbov(by_caller[settled], 440) < -60
    assert tone_level_dbov(by_agent[settled], 880) < -60


def test_reordered_packets_are_heard_in_order_and_one_lost_is_silence(bench: Bench) -> None:
    for port in (1, 2):
        bench.engine.apply(protocol.Join("b", port), bench.now)
    _, by_agent = talk(bench, 12, order=(0, 2, 1, 3, 4, 6, 5, 7))
    expected = np.concatenate([DECODE[PCMA][np.frombuffer(tone(440, PCMA, packet), np.uint8)] for packet in range(8)])
    heard = by_agent[TICKS_OF_DELAY * 160 :][: len(expected)]
    assert np.abs(heard.astype(int) - expected).max() <= 260, "only mu-law's rounding of the louder samples"


def test_sequence_and_timestamp_of_a_stream_never_jump_when_its_source_changes(bench: Bench) -> None:
    bench.bank.samples[:8000] = 1000
    bench.bank.add("/music", 0, 8000)
    seen = []
    for step in range(30):
        if step == 10:
            bench.engine.apply(protocol.Play(1, "t", (), ("/music",)), bench.now)
        if step == 20:
            bench.engine.apply(protocol.StopPlaying(1, "t"), bench.now)
            for port in (1, 2):
                bench.engine.apply(protocol.Join("b", port), bench.now)
        bench.tick()
        packet = bench.engine.rows.packets[0]
        seen.append((int(packet["seq"]), int(packet["ts"]), int(packet["ssrc"])))
    sequences, timestamps, ssrcs = zip(*seen, strict=True)
    assert set(np.diff(sequences) & 0xFFFF) == {1}
    assert set(np.diff(timestamps) & 0xFFFFFFFF) == {160}
    assert len(set(ssrcs)) == 1


def test_time_goes_on_in_the_stream_while_nothing_is_sent_and_numbers_do_not(bench: Bench) -> None:
    """RFC 3550 section 5.1: the timestamp is of sampling, whether sent or not; the sequence counts what is sent."""
    seen = []
    for is_sending in (True, False, True):
        bench.engine.apply(protocol.SetStream(1, "PCMA", 8, 101, CALLER, sends=is_sending), bench.now)
        assert all((0 in bench.tick()) is is_sending for _ in range(10))
        packet = bench.engine.rows.packets[0]
        seen.append((int(packet["seq"]), int(packet["ts"])))
    assert seen[2][0] - seen[0][0] == 10
    assert seen[2][1] - seen[0][1] == 20 * 160


def test_files_follow_one_another_without_a_gap_and_the_end_is_told(bench: Bench) -> None:
    bench.bank.samples[:500] = 1000
    bench.bank.samples[500:900] = 2000
    bench.bank.add("/one", 0, 500)
    bench.bank.add("/two", 500, 400)
    bench.engine.apply(protocol.Play(1, "p", ("/one", "/missing", "/two")), bench.now)
    heard = np.concatenate([bench.tick()[0] for _ in range(7)])
    assert np.abs(heard[:500].astype(int) - 1000).max() < 40
    assert np.abs(heard[500:900].astype(int) - 2000).max() < 80
    assert np.abs(heard[900:]).max() < 20
    assert [fact for fact in bench.facts if isinstance(fact, protocol.PlaybackEnded)] == [
        protocol.PlaybackEnded(1, "p")
    ]


def test_a_key_is_told_once_however_often_its_event_is_repeated_and_passed_on_to_the_other_side(bench: Bench) -> None:
    for port in (1, 2):
        bench.engine.apply(protocol.Join("b", port), bench.now)
    for duration in (160, 320, 480, 480, 480):
        bench.send(1, struct.pack("!BBH", 5, 0x8A if duration == 480 else 0x0A, duration), ts=1000, payload_type=101)
    bench.send(1, struct.pack("!BBH", 11, 0x0A, 160), ts=3000, payload_type=101)
    bench.facts += bench.engine.drain()
    digits = [fact.digit for fact in bench.facts if isinstance(fact, protocol.DigitPressed)]
    assert digits == ["5", "#"]
    assert bench.engine.pressing_rows() == [1]
    bench.tick()
    packets = bench.engine.digit_packets(1)
    assert packets is not None
    assert packets[0][12] == 5
    assert packets[0][1] == 0x80 | 101


def test_the_channels_of_a_recording_hold_the_caller_left_and_the_agent_right(bench: Bench) -> None:
    for port in (1, 2):
        bench.engine.apply(protocol.Join("b", port), bench.now)
    bench.engine.apply(protocol.StartRecording("r", "b", 1, "r.wav"), bench.now)
    talk(bench, 100)
    assert int(bench.rings.written[0]) or int(bench.rings.written[-1])
    slot = int(np.argmax(bench.rings.written))
    assert int(bench.rings.written[slot]) == 100 * 160
    left, right = bench.rings.frames[slot, 1600:16000, 0], bench.rings.frames[slot, 1600:16000, 1]
    assert tone_level_dbov(left, 440) - tone_level_dbov(left, 880) > 40
    assert tone_level_dbov(right, 880) - tone_level_dbov(right, 440) > 40


def test_a_stranger_is_neither_heard_nor_answered(bench: Bench) -> None:
    packet = memoryview(struct.pack("!BBHII", 0x80, 8, 1, 0, 1) + bytes(160))
    lock, rows = bench.engine.lock, bench.engine.rows
    assert lock.admits(0, CALLER, packet, 0.0)
    for sequence in range(20):
        burst = memoryview(struct.pack("!BBHII", 0x80, 8, sequence, 0, 1) + bytes(160))
        assert not lock.admits(0, STRANGER, burst, 0.1)
    assert rows.destination[0] == CALLER
    assert rows.strangers[0] == 20


def test_another_port_of_the_same_address_needs_five_packets_in_sequence(bench: Bench) -> None:
    moved = (CALLER[0], 5999)
    packets = [memoryview(struct.pack("!BBHII", 0x80, 8, n, 160 * n, 77) + bytes(160)) for n in range(6)]
    verdicts = [bench.engine.lock.admits(0, moved, packet, 0.0) for packet in packets[:5]]
    assert verdicts == [False, False, False, False, True]
    assert bench.engine.rows.destination[0] == moved


def test_silence_is_told_after_its_time_and_again(bench: Bench) -> None:
    for at in (1.0, PORT_SILENT_S + 0.1, PORT_SILENT_S + 1, 2 * PORT_SILENT_S + 0.3):
        bench.engine.look_for_silence(at)
    silent = [fact.port for fact in bench.engine.drain() if isinstance(fact, protocol.PortSilent)]
    assert silent == [1, 2, 1, 2]


def test_a_closed_port_reports_and_its_row_is_free_again(bench: Bench) -> None:
    bench.send(1, bytes(160), ts=0)
    bench.engine.apply(protocol.ClosePort(1), bench.now)
    [report] = [fact for fact in bench.engine.drain() if isinstance(fact, protocol.PortReport)]
    assert (report.port, report.packets_received) == (1, 1)
    assert bench.engine.apply(protocol.OpenPort(7, 20000), bench.now) == 0


def test_rubbish_of_any_length_is_passed_over(bench: Bench) -> None:
    dice = np.random.default_rng(1)
    arena = dice.integers(0, 256, (500, 600), dtype=np.uint8)
    arena[:250, 0] = 0x80
    arena[:250, 1] = 8
    lengths = dice.integers(0, 601, 500)
    bench.engine.receive(arena, lengths, np.zeros(500, np.int64), bench.now)
    assert set(bench.tick()) == {0, 1}


def test_the_first_packet_of_an_address_is_told_and_the_next_are_not(bench: Bench) -> None:
    packet = memoryview(struct.pack("!BBHII", 0x80, 8, 1, 160, 77) + bytes(160))
    for tick in range(3):
        assert bench.engine.lock.admits(0, CALLER, packet, 0.0)
        bench.send(1, tone(440.0, PCMA, tick), ts=160 * tick)
    bench.engine.lock.admits(1, STRANGER, packet, 0.0)
    bench.send(2, tone(440.0, PCMU, 0), ts=0)
    heard = [fact.port for fact in bench.engine.drain() if isinstance(fact, protocol.PortHeard)]
    assert heard == [1]
