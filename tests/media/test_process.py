"""The media process from outside: real sockets, real RTP, one process for most tests and a new link for each."""

from __future__ import annotations

import hashlib
import os
import signal
import struct
import time
import wave
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from media import protocol
from media.levels import tone_level_dbov
from tests.media.running_media import (
    ADDRESS,
    AMPLITUDE,
    EVENTS,
    PAYLOAD_TYPES,
    TONE_DBOV,
    WAIT_S_MAX,
    Link,
    Media,
    Telephone,
    converse,
    running,
)

CALLER_HZ, AGENT_HZ, STRANGER_HZ, MUSIC_HZ = 440, 1000, 2300, 640
UNHEARD_DBOV = -40.0


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Media]:
    with running(tmp_path_factory.mktemp("media")) as started:
        yield started


@pytest.fixture
def link(media: Media) -> Iterator[Link]:
    """A new link, which starts from nothing; its `Ready` was read."""
    opened = media.ready_link()
    yield opened
    opened.close()
    assert media.process.poll() is None, "the process goes on"


@pytest.fixture
def music(tmp_path: Path) -> str:
    path = tmp_path / "music.wav"
    sound = np.round(AMPLITUDE * np.sin(2 * np.pi * MUSIC_HZ * np.arange(8000) / 8000)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(sound.tobytes())
    return str(path)


def opened(link: Link, port: int, telephone: Telephone, **stream: bool) -> Telephone:
    """The telephone has a port: `port` n on the nth UDP port."""
    udp_port = link.udp_ports[port - 1]
    kind = PAYLOAD_TYPES[telephone.codec]
    link.say(
        protocol.OpenPort(port, udp_port),
        protocol.SetStream(port, telephone.codec, kind, EVENTS, telephone.address, **stream),
    )
    telephone.remote = (ADDRESS, udp_port)
    return telephone


def bridged(link: Link) -> tuple[Telephone, Telephone]:
    """A caller with A-law on port 1 and an agent with mu-law on port 2, in one bridge."""
    caller = opened(link, 1, Telephone("PCMA", CALLER_HZ))
    agent = opened(link, 2, Telephone("PCMU", AGENT_HZ))
    link.say(protocol.Join("b", 1), protocol.Join("b", 2))
    return caller, agent


def assert_continuous(telephone: Telephone) -> None:
    """RFC 3550: one SSRC, each packet numbered one more than the one before, 160 samples later."""
    packets = telephone.packets
    assert {each.ssrc for each in packets} == {packets[0].ssrc}
    pairs = list(pairwise(packets))
    assert {after.sequence - before.sequence & 0xFFFF for before, after in pairs} == {1}
    assert {after.ts - before.ts & 0xFFFFFFFF for before, after in pairs} == {160}
    assert {len(each.payload) for each in packets} == {160}
    assert [each.has_marker for each in packets] == [True] + [False] * (len(packets) - 1), "one stream, one talkspurt"


def test_two_in_a_bridge_hear_one_another_across_codecs_and_never_themselves(link: Link) -> None:
    caller, agent = bridged(link)
    converse(link, (caller, agent), "both hear", lambda: caller.hears(AGENT_HZ) and agent.hears(CALLER_HZ))
    assert caller.loudest_dbov(CALLER_HZ) < UNHEARD_DBOV
    assert agent.loudest_dbov(AGENT_HZ) < UNHEARD_DBOV
    assert {each.payload_type for each in caller.packets} == {PAYLOAD_TYPES["PCMA"]}
    assert {each.payload_type for each in agent.packets} == {PAYLOAD_TYPES["PCMU"]}
    assert (caller.sources, agent.sources) == ({caller.remote}, {agent.remote})


class Bursty(Telephone):
    """A telephone whose network holds packets back and delivers them three at a time."""

    _held = 0

    def speak(self) -> None:
        self._held += 1
        if self._held == 3:
            self._held = 0
            for _ in range(3):
                super().speak()


def test_packets_that_come_in_bursts_are_heard_as_they_were_said(link: Link) -> None:
    caller, agent = opened(link, 1, Bursty("PCMA", CALLER_HZ)), opened(link, 2, Telephone("PCMU", AGENT_HZ))
    link.say(protocol.Join("b", 1), protocol.Join("b", 2))
    converse(link, (caller, agent), "the agent hears the caller", lambda: agent.hears(CALLER_HZ))


def test_a_stranger_is_not_heard_and_nothing_is_sent_to_him(link: Link) -> None:
    caller, agent = bridged(link)
    converse(link, (caller, agent), "both ports are open", lambda: bool(caller.packets and agent.packets))
    stranger = Telephone("PCMA", STRANGER_HZ, host="127.0.0.66", ssrc=caller.ssrc)
    stranger.remote = caller.remote
    three = (stranger, caller, agent)
    converse(link, three, "both hear", lambda: caller.hears(AGENT_HZ) and agent.hears(CALLER_HZ))
    assert agent.loudest_dbov(STRANGER_HZ) < UNHEARD_DBOV
    assert not stranger.packets
    link.say(protocol.ClosePort(1))
    report = link.fact(protocol.PortReport)
    assert 10 <= report.packets_from_strangers <= stranger.spoken
    assert 10 <= report.packets_received <= caller.spoken


def test_rubbish_and_cut_off_packets_change_nothing(link: Link) -> None:
    caller, agent = bridged(link)
    converse(link, (caller, agent), "both hear", lambda: caller.hears(AGENT_HZ) and agent.hears(CALLER_HZ))
    good = struct.pack("!BBHII", 0x80, 8, 1, caller.ts, 77) + b"\x2a" * 160
    rubbish = [
        b"",
        *(good[:length] for length in range(1, 13)),
        b"\x2a" * 300,
        b"\x40" + good[1:],
        b"\xc0" + good[1:],
        b"\x80\x60" + good[2:],
        b"\x8f" + good[1:40],
        b"\x90" + good[1:12] + b"\xbe\xde\xff\xff" + good[12:],
        b"\x90" + good[1:14],
        b"\xa0" + good[1:-1] + b"\xff",
        good + bytes(1300),
        bytes(range(256)) * 5,
        b"INVITE sip:1@127.0.0.1 SIP/2.0\r\n\r\n",
    ]
    begins_at = len(agent.packets)
    for packet in rubbish:
        for _ in range(3):
            caller.send_raw(packet)
        converse(link, (caller, agent), "20 ms", iter((False, True)).__next__)
    sound = agent.last(len(agent.packets) - begins_at)
    cuts = [tone_level_dbov(sound[at : at + 800], CALLER_HZ) for at in range(0, len(sound) - 799, 800)]
    assert np.median(cuts) == pytest.approx(TONE_DBOV, abs=0.5)
    assert min(cuts) > TONE_DBOV - 6, "the tone never breaks off"
    assert int(np.abs(sound.astype(int)).max()) < 1.1 * AMPLITUDE
    assert_continuous(agent)


def test_a_stream_goes_on_without_a_jump_from_music_to_the_bridge_and_back(link: Link, music: str) -> None:
    caller = opened(link, 1, Telephone("PCMA", CALLER_HZ))
    agent = opened(link, 2, Telephone("PCMU", AGENT_HZ))
    link.say(protocol.LoadSounds((music,)))
    assert link.fact(protocol.SoundsLoaded).failed == ()
    link.say(protocol.Play(1, "m", (), (music,)))
    converse(link, (caller, agent), "music", lambda: caller.hears(MUSIC_HZ))
    link.say(protocol.StopPlaying(1, "m"), protocol.Join("b", 1), protocol.Join("b", 2))
    converse(link, (caller, agent), "the agent", lambda: caller.hears(AGENT_HZ))
    link.say(protocol.Leave("b", 1), protocol.Play(1, "m", (), (music,)))
    converse(link, (caller, agent), "music again", lambda: caller.hears(MUSIC_HZ))
    assert_continuous(caller)


def test_a_key_is_told_once_for_each_press_however_often_its_packets_come(link: Link) -> None:
    caller = opened(link, 1, Telephone("PCMA", None))
    converse(link, (caller,), "the port is open", lambda: bool(caller.packets))
    for number, key in enumerate((1, 1, 11)):
        caller.press(key, ts=8000 * number)
    caller.press(9, ts=2**32 - 8000)
    pressed: list[protocol.DigitPressed] = []
    link.wait("the last key", lambda: any(fact.digit == "9" for fact in link.kinds(protocol.DigitPressed)))
    pressed += link.kinds(protocol.DigitPressed)
    assert pressed == [protocol.DigitPressed(1, digit) for digit in "11#9"]


def test_keys_go_out_as_events_of_100_ms_between_the_sound(link: Link) -> None:
    caller = opened(link, 1, Telephone("PCMA", None))
    converse(link, (caller,), "a packet", lambda: bool(caller.packets))
    link.say(protocol.SendDigits(1, "5#"))
    converse(link, (caller,), "two presses", lambda: [e.payload_type for e in caller.packets].count(EVENTS) == 14)
    converse(link, (caller,), "sound again", lambda: caller.packets[-1].payload_type != EVENTS)
    events = [each for each in caller.packets if each.payload_type == EVENTS]
    for press, key in ((events[:7], 5), (events[7:], 11)):
        assert len({each.ts for each in press}) == 1
        assert [each.has_marker for each in press] == [True] + [False] * 6
        fields = [struct.unpack("!BBH", each.payload) for each in press]
        assert {event for event, _, _ in fields} == {key}
        assert [duration for _, _, duration in fields] == [160, 320, 480, 640, 800, 800, 800]
        assert [bool(flags & 0x80) for _, flags, _ in fields] == [False] * 4 + [True] * 3
    assert events[7].ts - events[0].ts & 0xFFFFFFFF == 8 * 160, "100 ms and a gap of 60 ms"
    steps = {b.sequence - a.sequence & 0xFFFF for a, b in pairwise(caller.packets)}
    assert steps == {1}


def test_a_recording_holds_the_left_port_left_and_the_others_right(media: Media, link: Link) -> None:
    caller, agent = bridged(link)
    converse(link, (caller, agent), "both hear", lambda: caller.hears(AGENT_HZ) and agent.hears(CALLER_HZ))
    link.say(protocol.StartRecording("r", "b", 1, "a/call.wav"))
    spoken = caller.spoken
    converse(link, (caller, agent), "a second", lambda: caller.spoken >= spoken + 50)
    link.say(protocol.StopRecording("r"))
    ended = link.fact(protocol.RecordingEnded)
    path = media.recordings / "a/call.wav"
    assert (ended.recording, ended.failure) == ("r", None)
    assert ended.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with wave.open(str(path)) as file:
        assert ended.seconds == pytest.approx(file.getnframes() / 8000, abs=0.001)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert ended.seconds > 0.5
    for channel, hz, other_hz in ((0, CALLER_HZ, AGENT_HZ), (1, AGENT_HZ, CALLER_HZ)):
        assert tone_level_dbov(sound[:, channel], hz) == pytest.approx(TONE_DBOV, abs=2)
        assert tone_level_dbov(sound[:, channel], other_hz) < UNHEARD_DBOV


def test_packets_that_came_to_a_port_before_it_was_opened_reach_no_other_port(media: Media, link: Link) -> None:
    caller, agent = bridged(link)
    converse(link, (caller, agent), "both hear", lambda: caller.hears(AGENT_HZ) and agent.hears(CALLER_HZ))
    former = Telephone("PCMA", STRANGER_HZ, ssrc=7)
    former.remote = (ADDRESS, media.udp_ports[2])
    for _ in range(15):
        with media.stopped():
            caller.speak()
            link.say(protocol.OpenPort(3, media.udp_ports[2]))
            former.speak()
        link.say(protocol.ClosePort(3))
        link.fact(protocol.PortReport)
        converse(link, (agent,), "20 ms", iter((False, True)).__next__)
    assert agent.loudest_dbov(STRANGER_HZ) < UNHEARD_DBOV


def test_what_lay_in_a_socket_before_its_port_was_opened_is_not_heard(media: Media, link: Link) -> None:
    caller = Telephone("PCMA", CALLER_HZ)
    caller.remote = (ADDRESS, media.udp_ports[0])
    with media.stopped():
        for _ in range(100):
            caller.speak()
        opened(link, 1, caller)

    def has_heard_two() -> bool:
        caller.listen()
        return len(caller.packets) >= 2

    link.wait("two packets", has_heard_two)
    link.say(protocol.ClosePort(1))
    assert link.fact(protocol.PortReport).packets_received == 0


@pytest.mark.parametrize(
    "rubbish",
    [
        pytest.param(b"\xff\xff\xff\xff", id="too long a frame"),
        pytest.param(b"\0\0\0\x01\xc1", id="no msgpack"),
        pytest.param(b"\0\0\0\x03\x92\x01\x90", id="no tag"),
        pytest.param(b"\0\0\0\x0c\x92\x01\x92\xa8OpenDoor", id="no command of ours"),
        pytest.param(b"\0\0\0\x0b\x92\x01\x93\xa5Ready\x90\x90", id="a fact"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="another protocol"),
        pytest.param(b"\0\0\0\x40\x92", id="cut off"),
    ],
)
def test_rubbish_on_the_control_socket_closes_that_link_only(media: Media, rubbish: bytes) -> None:
    with_rubbish = media.ready_link()
    with_rubbish.socket.sendall(rubbish)
    if rubbish == b"\0\0\0\x40\x92":
        with_rubbish.close()
    else:
        with_rubbish.wait("its end", lambda: with_rubbish.is_closed)
    after = media.ready_link()
    after.say(protocol.OpenPort(1, media.udp_ports[0]), protocol.ClosePort(1))
    assert after.fact(protocol.PortReport).port == 1
    after.close()


@pytest.mark.parametrize(
    "command",
    [
        protocol.SetStream(1, "PCMA", 300, 101, (ADDRESS, 9)),
        protocol.SetStream(1, "PCMA", -1, 101, (ADDRESS, 9)),
        protocol.SetStream(1, "PCMA", 8, 300, (ADDRESS, 9)),
        protocol.SetStream(1, "PCMA", 8, 101, (ADDRESS, 70_000)),
        protocol.SetStream(1, "PCMA", 8, 101, (ADDRESS, -1)),
        protocol.OpenPort(1, -1),
    ],
)
def test_a_command_with_impossible_numbers_does_not_end_the_process(media: Media, command: protocol.Command) -> None:
    with_it = media.ready_link()
    with_it.say(protocol.OpenPort(1, media.udp_ports[0]), command)
    with_it.wait("its end", lambda: with_it.is_closed)
    media.ready_link().close()


def test_a_second_link_takes_over_and_begins_from_nothing(media: Media, link: Link) -> None:
    caller, agent = bridged(link)
    converse(link, (caller, agent), "both hear", lambda: caller.hears(AGENT_HZ) and agent.hears(CALLER_HZ))
    second = media.link()
    assert second.fact(protocol.Ready) == protocol.Ready(media.udp_ports)
    link.wait("the end of the first link", lambda: link.is_closed)
    second.say(protocol.OpenPort(1, media.udp_ports[1]), protocol.OpenPort(2, media.udp_ports[0]))
    second.say(protocol.ClosePort(1), protocol.ClosePort(2))
    assert [second.fact(protocol.PortReport).packets_sent for _ in range(2)] == [0, 0]
    assert not second.kinds(protocol.PortFailed)
    second.close()


def test_what_the_first_link_says_while_the_second_takes_over_harms_nobody(media: Media, link: Link) -> None:
    with media.stopped():
        second = media.link()
        link.say(protocol.OpenPort(1, media.udp_ports[0]))
    second.fact(protocol.Ready)
    link.wait("the end of the first link", lambda: link.is_closed)
    second.say(protocol.OpenPort(2, media.udp_ports[0]), protocol.ClosePort(2))
    assert second.fact(protocol.PortReport).port == 2
    second.close()


def test_a_silent_port_is_told_and_a_held_one_and_one_that_speaks_are_not(tmp_path: Path) -> None:
    with running(tmp_path, "import media.engine; media.engine.PORT_SILENT_S = 0.5") as media:
        link = media.ready_link()
        opened(link, 1, Telephone("PCMA", None))
        opened(link, 2, Telephone("PCMA", None), receives=False)
        talking = opened(link, 3, Telephone("PCMA", None))
        converse(link, (talking,), "silence twice", lambda: len(link.kinds(protocol.PortSilent)) == 2)
        silent = link.kinds(protocol.PortSilent)
        assert [fact.port for fact in silent] == [1, 1]
        assert 0.5 <= silent[0].silent_s < silent[1].silent_s
        link.close()


def talk_with_recording(media: Media) -> Link:
    """A call under way, half a second of which is on its way to disk."""
    link = media.ready_link()
    caller, agent = bridged(link)
    link.say(protocol.StartRecording("r", "b", 1, "call.wav"))
    converse(link, (caller, agent), "both hear", lambda: caller.hears(AGENT_HZ) and agent.hears(CALLER_HZ))
    return link


def assert_whole(path: Path) -> None:
    """A WAV file whose header tells of all that is in it, the tones among it."""
    with wave.open(str(path)) as file:
        frames = file.getnframes()
        sound = np.frombuffer(file.readframes(frames), "<i2").reshape(-1, 2)
    assert len(sound) == frames
    assert path.stat().st_size - 4 * frames < 4096, "nothing but a header beside the sound"
    assert tone_level_dbov(sound[-1600:, 0], CALLER_HZ) > TONE_DBOV - 6
    assert tone_level_dbov(sound[-1600:, 1], AGENT_HZ) > TONE_DBOV - 6


def test_five_seconds_without_a_link_are_the_end_and_recordings_are_whole(tmp_path: Path) -> None:
    with running(tmp_path) as media:
        link = talk_with_recording(media)
        link.close()
        lost_at = time.monotonic()
        assert media.process.wait(WAIT_S_MAX) == 0
        assert time.monotonic() - lost_at >= 5.0
        assert_whole(media.recordings / "call.wav")


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda media, _link: media.process.send_signal(signal.SIGTERM), id="SIGTERM"),
        pytest.param(lambda _media, link: link.say(protocol.Shutdown()), id="Shutdown"),
    ],
)
def test_at_its_end_recordings_are_whole_and_told(tmp_path: Path, end: Callable[[Media, Link], None]) -> None:
    with running(tmp_path) as media:
        link = talk_with_recording(media)
        end(media, link)
        link.wait("its end", lambda: link.is_closed)
        assert media.process.wait(WAIT_S_MAX) == 0
        assert_whole(media.recordings / "call.wav")
        [ended] = link.kinds(protocol.RecordingEnded)
        assert (ended.recording, ended.failure) == ("r", None)
        assert [report.port for report in link.kinds(protocol.PortReport)] == [1, 2]


def test_a_dead_recording_writer_costs_no_call_and_no_report_at_the_end(tmp_path: Path) -> None:
    with running(tmp_path) as media:
        link = media.ready_link()
        children = Path(f"/proc/{media.process.pid}/task/{media.process.pid}/children").read_text(encoding="utf-8")
        os.kill(int(children.split()[1]), signal.SIGKILL)
        caller, agent = bridged(link)
        converse(link, (caller, agent), "both hear", lambda: caller.hears(AGENT_HZ) and agent.hears(CALLER_HZ))
        link.say(protocol.StartRecording("r", "b", 1, "call.wav"), protocol.Shutdown())
        link.wait("its end", lambda: link.is_closed)
        assert media.process.wait(WAIT_S_MAX) == 0
        assert [report.port for report in link.kinds(protocol.PortReport)] == [1, 2]
