"""The simulated media process held to the real engine: the same commands give the same facts, in the same order.

The engine ticks in samples and the simulated one only counts time, so facts are compared without what is measured
(lengths, packets), and the sound that is played is made as long as the simulated one believes every sound to be.
"""

from __future__ import annotations

import pytest

from media import protocol
from media.engine import PHASES, Engine
from media.recording_orders import FinishRecording, RecordingFinished
from media.recording_ring import RecordingRings
from media.sound_bank import SoundBank
from tests.sim.happenings import Happenings
from tests.sim.network import Place
from tests.sim.sound import LINK_S, SOUND_S, SimMedia

TICK_S = 0.02
FILE = "/sounds/welcome.wav"
CALLER, AGENT = ("10.0.1.1", 40000), ("10.0.2.1", 40002)
UDP_PORTS = (20000, 20002)
Script = list[tuple[float, protocol.Command]]


def stream(port: int, remote: Place, *, receives: bool = True) -> protocol.SetStream:
    return protocol.SetStream(port, "PCMA", 8, 101, remote, receives=receives)


PLAYED_TO_ITS_END: Script = [
    (0.0, protocol.OpenPort(1, 20000)),
    (0.0, stream(1, CALLER)),
    (0.1, protocol.Play(1, "welcome", (FILE,))),
    (5.0, protocol.ClosePort(1)),
]
STOPPED_BEFORE_ITS_END: Script = [
    (0.0, protocol.OpenPort(1, 20000)),
    (0.0, stream(1, CALLER)),
    (0.1, protocol.Play(1, "welcome", (FILE,))),
    (1.0, protocol.StopPlaying(1, "welcome")),
    (5.0, protocol.ClosePort(1)),
]
REPLACED_BY_MUSIC: Script = [
    (0.0, protocol.OpenPort(1, 20000)),
    (0.0, stream(1, CALLER)),
    (0.1, protocol.Play(1, "welcome", (FILE,))),
    (1.0, protocol.Play(1, "music", (), (FILE,))),
    (1.5, protocol.StopPlaying(1, "welcome")),
    (10.0, protocol.ClosePort(1)),
]
SAID_BEFORE_MUSIC_AND_AGAIN: Script = [
    (0.0, protocol.OpenPort(1, 20000)),
    (0.0, stream(1, CALLER)),
    (0.1, protocol.Play(1, "welcome", (FILE,), (FILE,))),
    (9.0, protocol.Play(1, "place", (FILE,), (FILE,))),
    (20.0, protocol.ClosePort(1)),
]
A_RECORDED_TALK: Script = [
    (0.0, protocol.OpenPort(1, 20000)),
    (0.0, protocol.OpenPort(2, 20002)),
    (0.0, stream(1, CALLER)),
    (0.0, stream(2, AGENT)),
    (1.0, protocol.Join("call", 1)),
    (1.0, protocol.Join("call", 2)),
    (1.0, protocol.StartRecording("r1", "call", 1, "2026-01-01/r1.wav")),
    (4.0, protocol.StopRecording("r1")),
    (5.0, protocol.ClosePort(1)),
    (5.0, protocol.ClosePort(2)),
]
A_SILENT_CALLER: Script = [
    (0.0, protocol.OpenPort(1, 20000)),
    (0.0, stream(1, CALLER)),
    (65.0, protocol.ClosePort(1)),
]
A_CALLER_ON_HOLD: Script = [
    (0.0, protocol.OpenPort(1, 20000)),
    (0.0, stream(1, CALLER)),
    (5.0, stream(1, CALLER, receives=False)),
    (50.0, stream(1, CALLER)),
    (85.0, protocol.ClosePort(1)),
]


def facts_of_the_engine(script: Script) -> list[tuple[float, protocol.Fact]]:
    bank = SoundBank.create(seconds=20)
    bank.add(FILE, 0, int(SOUND_S * protocol.SAMPLE_RATE))
    engine = Engine(list(UDP_PORTS), bank, RecordingRings.create(2), iter(range(100)).__next__)
    facts: list[tuple[float, protocol.Fact]] = []
    due, ticks = list(script), 0
    while ticks * TICK_S <= script[-1][0] + 1.0:
        now = ticks * TICK_S
        while due and due[0][0] <= now:
            engine.apply(due.pop(0)[1], now)
        for order in engine.orders:
            if isinstance(order, FinishRecording):
                engine.finished(RecordingFinished(order.recording, 0, 3.0, "00" * 32, None))
        engine.orders.clear()
        for phase in range(PHASES):
            engine.tick(phase)
        if ticks % 50 == 0:
            engine.look_for_silence(now)
        facts += [(now, fact) for fact in engine.drain()]
        ticks += 1
    return facts


def facts_of_the_simulation(script: Script) -> list[tuple[float, protocol.Fact]]:
    clock = Happenings()
    facts: list[tuple[float, protocol.Fact]] = []
    media = SimMedia(clock, lambda fact: facts.append((clock.now - LINK_S, fact)), set, UDP_PORTS)
    media.start()
    media.take(protocol.LoadSounds((FILE,)))

    def plan(at: float, command: protocol.Command) -> None:
        clock.after(at, lambda: media.take(command))

    for at, command in script:
        plan(at, command)
    while (next_at := clock.next_at()) is not None and next_at <= script[-1][0] + 1.0:
        clock.happen()
    return [(at, fact) for at, fact in facts if not isinstance(fact, protocol.Ready | protocol.SoundsLoaded)]


def shape(fact: protocol.Fact) -> tuple[object, ...]:
    """What a fact says, without what was measured."""
    match fact:
        case protocol.PlaybackEnded(port=port, tag=tag):
            return ("played", port, tag)
        case protocol.RecordingEnded(recording=recording, failure=failure):
            return ("recorded", recording, failure)
        case protocol.PortSilent(port=port, silent_s=silent_s):
            return ("silent", port, round(silent_s / 10))
        case protocol.PortReport(port=port):
            return ("closed", port)
        case _:
            return (type(fact).__name__,)


@pytest.mark.parametrize(
    "script",
    [
        PLAYED_TO_ITS_END,
        STOPPED_BEFORE_ITS_END,
        REPLACED_BY_MUSIC,
        SAID_BEFORE_MUSIC_AND_AGAIN,
        A_RECORDED_TALK,
        A_SILENT_CALLER,
        A_CALLER_ON_HOLD,
    ],
    ids=["played", "stopped", "replaced", "said-again", "recorded", "silent", "held"],
)
def test_the_simulated_media_process_tells_what_the_real_engine_tells(script: Script) -> None:
    real, simulated = facts_of_the_engine(script), facts_of_the_simulation(script)
    assert [shape(fact) for _, fact in simulated] == [shape(fact) for _, fact in real]
    for (real_at, fact), (simulated_at, _) in zip(real, simulated, strict=True):
        assert simulated_at == pytest.approx(real_at, abs=1.5), fact


def test_the_first_sound_of_a_port_is_told_once_as_the_engine_tells_it() -> None:
    """`test_engine` holds the real one to the same."""
    clock, speaking = Happenings(), {AGENT}
    heard: list[tuple[float, int]] = []

    def note(fact: protocol.Fact) -> None:
        if isinstance(fact, protocol.PortHeard):
            heard.append((clock.now, fact.port))

    media = SimMedia(clock, note, lambda: speaking, UDP_PORTS)
    media.start()
    for command in (protocol.OpenPort(1, 20000), stream(1, CALLER), protocol.OpenPort(2, 20002), stream(2, AGENT)):
        media.take(command)
    clock.after(5.0, lambda: speaking.add(CALLER))
    while (next_at := clock.next_at()) is not None and next_at <= 20.0:
        clock.happen()
    assert [port for _, port in heard] == [2, 1]
    assert heard[0][0] < 0.5
    assert heard[1][0] == pytest.approx(5.5, abs=0.75)
