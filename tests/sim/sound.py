"""A media process in time only: no samples, but every port, playlist, bridge and recording, and the facts they cause.

It is stricter than the real one. The real engine ignores a command for a port that is not there, because it may have
crossed a fact; here nothing crosses, so such a command is a failure of the run. So is a UDP port opened twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from media import protocol
from tests.sim.happenings import Happenings
from tests.sim.network import Place

SILENT_S = 30.0
SOUND_S = 3.0
HEARS_AFTER_S = (0.02, 0.1)
RECORDING_CLOSES_S = 0.2
LINK_S = 0.001


@dataclass(slots=True)
class _Playing:
    tag: str
    once: tuple[str, ...]
    loop: tuple[str, ...]
    began_at: float


@dataclass(slots=True)
class _Port:
    udp_port: int
    stream: protocol.SetStream | None = None
    playing: _Playing | None = None
    bridge: str | None = None
    heard_at: float = 0.0
    told_at: float = 0.0
    is_heard: bool = False


@dataclass(slots=True)
class _Recording:
    bridge: str
    left: int
    began_at: float


@dataclass(slots=True)
class SimMedia:
    """`tell` gives a fact to the switch; `speaking` says from which places RTP comes.

    `joined`: the members that each bridge ever had at one time, at most; `written`: seconds of each recording's file.
    """

    clock: Happenings
    tell: Callable[[protocol.Fact], None]
    speaking: Callable[[], set[Place]]
    udp_ports: tuple[int, ...]
    is_up: bool = False
    ports: dict[int, _Port] = field(default_factory=dict)
    recordings: dict[str, _Recording] = field(default_factory=dict)
    joined: dict[str, int] = field(default_factory=dict)
    written: dict[str, float] = field(default_factory=dict)
    sounds: tuple[str, ...] = ()
    _life: int = 0

    # Its life.

    def start(self) -> None:
        """A fresh link: all that an earlier one opened is closed, then it is ready."""
        self.lose()
        self.is_up = True
        self._tell(protocol.Ready(self.udp_ports))
        self._watch(self._life)

    def lose(self) -> None:
        """The process, or the link to it, is gone."""
        for name, recording in self.recordings.items():
            self.written[name] = self.clock.now - recording.began_at
        self.ports.clear()
        self.recordings.clear()
        self._life += 1
        self.is_up = False

    # What is asked of it.

    def take(self, command: protocol.Command) -> None:
        """Carries out a command of the switch."""
        match command:
            case protocol.OpenPort(port=port, udp_port=udp_port):
                assert udp_port in self.udp_ports, f"UDP port {udp_port} was never offered"
                assert port not in self.ports, f"media port {port} is open already"
                taken = [known for known, row in self.ports.items() if row.udp_port == udp_port]
                assert not taken, f"UDP port {udp_port} is used by media port {taken} already"
                self.ports[port] = _Port(udp_port, heard_at=self.clock.now, told_at=self.clock.now)
            case protocol.SetStream(port=port):
                row = self._row(port)
                is_moved = row.stream is None or row.stream.remote != command.remote
                row.stream, row.heard_at, row.told_at = command, self.clock.now, self.clock.now
                if is_moved:
                    row.is_heard = False
                    life = self._life
                    for delay_s in HEARS_AFTER_S:
                        self.clock.after(delay_s, lambda: self._listen(life, port))
            case protocol.ClosePort(port=port):
                self._row(port)
                del self.ports[port]
                self._tell(protocol.PortReport(port, 0, 0, 0, 0))
            case protocol.Join(bridge=bridge, port=port):
                self._row(port).bridge = bridge
                self.joined[bridge] = max(self.joined.get(bridge, 0), len(self.members(bridge)))
            case protocol.Leave(bridge=bridge, port=port):
                row = self._row(port)
                assert row.bridge == bridge, f"port {port} leaves {bridge} but is in {row.bridge}"
                row.bridge = None
            case protocol.Play():
                self._play(command)
            case protocol.StopPlaying(port=port, tag=tag):
                row = self._row(port)
                if row.playing is not None and row.playing.tag == tag:
                    row.playing = None
            case protocol.StartRecording(recording=name, bridge=bridge, left=left, path=path):
                assert name not in self.recordings, f"recording {name} runs already"
                assert self.members(bridge), f"recording {name} of an empty bridge"
                assert not path.startswith("/"), path
                assert ".." not in path, path
                self.recordings[name] = _Recording(bridge, left, self.clock.now)
            case protocol.StopRecording(recording=name):
                self._stop_recording(name)
            case protocol.LoadSounds(files=files):
                self.sounds = (*self.sounds, *files)
                self._tell(protocol.SoundsLoaded())
            case _:
                raise AssertionError(f"the switch has no reason to ask for {command}")

    # What a person hears.

    def members(self, bridge: str) -> list[int]:
        return [port for port, row in self.ports.items() if row.bridge == bridge]

    def row_of(self, rtp: Place) -> _Port | None:
        """The open port that speaks with this place."""
        for row in self.ports.values():
            if row.stream is not None and row.stream.remote == rtp:
                return row
        return None

    def heard_at(self, rtp: Place) -> str:
        """What is heard there: "talk", the name of a sound file, or nothing."""
        row = self.row_of(rtp)
        if row is None or row.stream is None or not row.stream.sends:
            return ""
        if row.bridge is not None and len(self.members(row.bridge)) > 1:
            return "talk"
        if row.playing is None:
            return ""
        played_s = self.clock.now - row.playing.began_at
        index = int(played_s // SOUND_S)
        if index < len(row.playing.once):
            return row.playing.once[index]
        return row.playing.loop[(index - len(row.playing.once)) % len(row.playing.loop)] if row.playing.loop else ""

    def press(self, rtp: Place, digit: str) -> None:
        """Somebody who speaks from this place presses a key."""
        for port, row in self.ports.items():
            if row.stream is not None and row.stream.remote == rtp and row.stream.receives:
                self._tell(protocol.DigitPressed(port, digit))

    def are_joined(self, one: Place, other: Place) -> bool:
        """Whether the two hear each other."""
        rows = (self.row_of(one), self.row_of(other))
        return rows[0] is not None and rows[1] is not None and rows[0].bridge == rows[1].bridge is not None

    # Private.

    def _row(self, port: int) -> _Port:
        assert port in self.ports, f"a command for media port {port}, which is not open"
        return self.ports[port]

    def _play(self, command: protocol.Play) -> None:
        for file in (*command.once, *command.loop):
            assert file in self.sounds, f"{file} was never loaded"
        row = self._row(command.port)
        playing = row.playing = _Playing(command.tag, command.once, command.loop, self.clock.now)
        if command.once or not command.loop:
            life = self._life
            self.clock.after(SOUND_S * len(command.once), lambda: self._played(life, command.port, playing))

    def _listen(self, life: int, port: int) -> None:
        """Whether somebody speaks there by now; later `_watch` looks."""
        row = self.ports.get(port)
        if life != self._life or row is None or row.is_heard or row.stream is None:
            return
        if row.stream.receives and row.stream.remote in self.speaking():
            row.is_heard = True
            self._tell(protocol.PortHeard(port))

    def _played(self, life: int, port: int, playing: _Playing) -> None:
        row = self.ports.get(port)
        if life == self._life and row is not None and row.playing is playing:
            if not playing.loop:
                row.playing = None
            self._tell(protocol.PlaybackEnded(port, playing.tag))

    def _stop_recording(self, name: str) -> None:
        recording = self.recordings.pop(name, None)
        assert recording is not None, f"recording {name} does not run"
        seconds = self.written[name] = self.clock.now - recording.began_at
        life = self._life

        def closed() -> None:
            if life == self._life:
                self._tell(protocol.RecordingEnded(name, seconds, "00" * 32))

        self.clock.after(RECORDING_CLOSES_S, closed)

    def _watch(self, life: int) -> None:
        """Once a second: who has been silent for so long that it must be told."""
        if life != self._life:
            return
        now, speaking = self.clock.now, self.speaking()
        for port, row in self.ports.items():
            stream = row.stream
            if stream is None or stream.remote is None or not stream.receives or stream.remote in speaking:
                row.heard_at = row.told_at = now
                if stream is not None and stream.remote in speaking and stream.receives and not row.is_heard:
                    row.is_heard = True
                    self._tell(protocol.PortHeard(port))
            elif now - row.told_at >= SILENT_S:
                row.told_at = now
                self._tell(protocol.PortSilent(port, now - row.heard_at))
        self.clock.after(1.0, lambda: self._watch(life))

    def _tell(self, fact: protocol.Fact) -> None:
        life = self._life
        self.clock.after(LINK_S, lambda: self.tell(fact) if life == self._life else None)
