"""Every command and every fact over the wire and back, and what no end may say."""

from __future__ import annotations

import typing

import msgspec
import pytest

from media import protocol
from media.client import FrameWriter, LinkFault, command_reader, fact_reader
from media.protocol import Command, Fact

COMMANDS: tuple[Command, ...] = (
    protocol.OpenPort(1, 20000),
    protocol.SetStream(1, "PCMA", 8, 101, ("192.0.2.1", 4000)),
    protocol.SetStream(2, "PCMU", 0, None, None, sends=False, receives=False, is_source_learnt=True),
    protocol.SetStream(2, "PCMU", 127, 0, ("2001:db8::1", 65535)),
    protocol.ClosePort(2**53),
    protocol.Join("bridge", 1),
    protocol.Leave("bridge", 1),
    protocol.Play(1, "tag", ("/sounds/väntan.wav",), ("/a", "/b")),
    protocol.Play(1, "tag", ()),
    protocol.StopPlaying(1, "tag"),
    protocol.StartRecording("r", "bridge", 1, "2025/01/r.wav"),
    protocol.PauseRecording("r"),
    protocol.ResumeRecording("r"),
    protocol.StopRecording("r"),
    protocol.SendDigits(1, "0123456789*#ABCD"),
    protocol.LoadSounds(()),
    protocol.LoadSounds(("/a", "/" * protocol.PATH_LENGTH_MAX)),
    protocol.Shutdown(),
)
FACTS: tuple[Fact, ...] = (
    protocol.Ready((20000, 20002)),
    protocol.SoundsLoaded(),
    protocol.SoundsLoaded((("/a", "it is not there"),)),
    protocol.DigitPressed(1, "#"),
    protocol.PortHeard(7),
    protocol.PlaybackEnded(1, "tag"),
    protocol.RecordingEnded("r", 12.34, "ab" * 32),
    protocol.RecordingEnded("r", 0.0, None, "the disk is full"),
    protocol.PortSilent(1, 30.25),
    protocol.PortFailed(1, "UDP port 20000 is not free"),
    protocol.PortReport(1, 2, 3, 4, 5, -26.5),
    protocol.PortReport(1, 2, 3, 4, 5),
    protocol.EngineReport(1, 2, 0.25, 0.1, 4.5, 6, 7, 8),
)


def test_here_is_one_of_each() -> None:
    assert {type(command) for command in COMMANDS} == set(typing.get_args(Command))
    assert {type(fact) for fact in FACTS} == set(typing.get_args(Fact))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_command_comes_over_the_wire_as_it_was(command: Command) -> None:
    assert command_reader().feed(FrameWriter().frame(command)) == [command]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_comes_over_the_wire_as_it_was(fact: Fact) -> None:
    assert fact_reader().feed(FrameWriter().frame(fact)) == [fact]


def test_an_item_is_an_array_of_its_name_and_its_fields_in_their_order() -> None:
    wire = msgspec.msgpack.decode(msgspec.msgpack.encode(COMMANDS[1]))
    assert wire == ["SetStream", 1, "PCMA", 8, 101, ["192.0.2.1", 4000], True, True, False]


def test_nothing_is_changed_after_it_was_said() -> None:
    with pytest.raises(AttributeError):
        protocol.ClosePort(1).port = 2  # type: ignore[misc]  # that it is refused is what is tested


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(["SetStream", 1, "PCMA", 128, 101, None], id="a payload type above 127"),
        pytest.param(["SetStream", 1, "PCMA", -1, 101, None], id="a payload type below 0"),
        pytest.param(["SetStream", 1, "PCMA", 8, 128, None], id="an event type above 127"),
        pytest.param(["SetStream", 1, "PCMA", 8, 101, ["192.0.2.1", 65536]], id="no port of UDP"),
        pytest.param(["SetStream", 1, "PCMA", 8, 101, ["192.0.2.1", -1]], id="a port below 0"),
        pytest.param(["SetStream", 1, "PCMA", 8, 101, ["192.0.2.1"]], id="no port at all"),
        pytest.param(["SetStream", 1, "opus", 111, 101, None], id="a codec nobody has"),
        pytest.param(["SetStream", 1, "PCMA", 8, 101, None, 1], id="a number for yes"),
        pytest.param(["SetStream", 1, "PCMA"], id="too little"),
        pytest.param(["OpenPort", "1", 20000], id="a text for a port"),
        pytest.param(["OpenPort", 1.5, 20000], id="half a port"),
        pytest.param(["OpenPort", 1, 65536], id="no UDP port to open"),
        pytest.param(["OpenPort", None, 20000], id="nothing for a port"),
        pytest.param(["Play", 1, "t", "/a"], id="a text for several"),
        pytest.param(["StopRecording", b"r"], id="bytes for a text"),
        pytest.param(["StopRecording", "r" * 1001], id="too long a name"),
        pytest.param(["StartRecording", "r", "b", 1, "p" * 4097], id="a path longer than any system opens"),
        pytest.param(["LoadSounds", ["/a", "p" * 4097]], id="such a path of a sound"),
        pytest.param(["Ready", [20000]], id="a fact"),
        pytest.param(["shutdown"], id="another spelling"),
        pytest.param([], id="nothing"),
        pytest.param({"type": "Shutdown"}, id="a map"),
        pytest.param("Shutdown", id="a text"),
        pytest.param(None, id="nil"),
    ],
)
def test_what_is_no_command_is_refused(item: object) -> None:
    payload = msgspec.msgpack.encode([1, item])
    with pytest.raises(LinkFault):
        command_reader().feed(len(payload).to_bytes(4, "big") + payload)
