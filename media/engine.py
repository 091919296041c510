"""The RTP engine without sockets, clock or files: commands and packets in, packets and facts out, one tick at a time.

The rows are spread over PHASES; each phase is ticked every 20 ms, four milliseconds after the one before, so that the
load is even. A tick of a phase reads 20 ms of every open row, mixes, records, plays and encodes as whole-array steps,
and leaves finished packets in `rows.packets`; what it returns says which rows send. Python loops run only over the
few rows that press keys, come to the end of a file, or record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from media import protocol
from media.bridge import Bridges
from media.codecs.g711 import CODECS, ENCODE
from media.dtmf import Listener, Sender
from media.jitter import read_tick, take_packets
from media.player import Player
from media.recorder import Recorder
from media.recording_orders import BeginRecording, FinishRecording, Order, RecordingFinished
from media.recording_ring import RecordingRings
from media.rows import NO_PAYLOAD_TYPE, TICK_SAMPLES, Rows, Source
from media.sound_bank import SoundBank
from media.source_lock import SourceLock

PHASES: Final = 5
PORT_SILENT_S: Final = 30.0


class Engine:
    """All rows of one media process. `random_ssrc` gives a fresh 32-bit number for each port."""

    def __init__(
        self, udp_ports: list[int], bank: SoundBank, rings: RecordingRings, random_ssrc: Callable[[], int]
    ) -> None:
        count = len(udp_ports)
        self.rows = Rows(count)
        self.lock = SourceLock(self.rows)
        self.facts: list[protocol.Fact] = []
        self.orders: list[Order] = []
        self.sounds_asked: tuple[str, ...] | None = None
        self._row_of_udp = {port: row for row, port in enumerate(udp_ports)}
        self._row_of_port: dict[int, int] = {}
        self._bridges = Bridges(self.rows)
        self._player = Player(bank, count)
        self._recorder = Recorder(rings, self.rows, self._bridges)
        self._listener = Listener(count)
        self._sender = Sender()
        self._random_ssrc = random_ssrc
        self._open = np.zeros(count, bool)
        self._phase = np.arange(count) % PHASES
        self._sound_out = np.zeros((count, TICK_SAMPLES), np.int16)
        self._needs_marker = np.zeros(count, bool)

    @property
    def open_ports(self) -> int:
        return len(self._row_of_port)

    def apply(self, command: protocol.Command, now: float) -> int | None:
        """Does a command at once. Returns the row whose socket has to be emptied, for `OpenPort`."""
        match command:
            case protocol.OpenPort(port=port, udp_port=udp_port):
                return self._open_port(port, udp_port, now)
            case protocol.LoadSounds(files=files):
                self.sounds_asked = files
            case protocol.StartRecording():
                self._start_recording(command)
            case protocol.PauseRecording(recording=recording):
                self._recorder.pause(recording, is_paused=True)
            case protocol.ResumeRecording(recording=recording):
                self._recorder.pause(recording, is_paused=False)
            case protocol.StopRecording(recording=recording):
                self._stop_recording(recording)
            case protocol.Shutdown():
                self.close_all(now)
            case _:
                row = self._row_of_port.get(command.port)
                if row is not None:
                    self._apply_to_row(command, row, now)
        return None

    def close_all(self, now: float) -> None:
        """Ends every recording and port, as for a link that is gone."""
        for recording in self._recorder.running():
            self._stop_recording(recording)
        for port in tuple(self._row_of_port):
            self._close_port(port, now)

    def finished(self, notice: RecordingFinished) -> None:
        """The writer is done with a recording."""
        self._recorder.free(notice.slot)
        self.facts.append(protocol.RecordingEnded(notice.recording, notice.seconds, notice.sha256, notice.failure))

    def receive(
        self, arena: NDArray[np.uint8], lengths: NDArray[np.int64], rows: NDArray[np.int64], now: float
    ) -> None:
        """Packets that passed the source lock: `arena` [n, bytes], `lengths` [n], `rows` [n]."""
        for row in self.lock.newly_locked():
            port = self.rows.port_of[row]
            if port is not None:
                self.facts.append(protocol.PortHeard(port))
        for index in take_packets(self.rows, arena, lengths, rows, now).tolist():
            row = int(rows[index])
            digit = self._listener.take(row, memoryview(arena[index])[: int(lengths[index])])
            port = self.rows.port_of[row]
            if digit is not None and port is not None:
                self.facts.append(protocol.DigitPressed(port, digit))
                self._relay(row, digit)

    def tick(self, phase: int) -> NDArray[np.int64]:
        """Makes the next 20 ms of one phase; returns the rows whose packet in `rows.packets` is to be sent."""
        rows = self.rows
        chosen = np.flatnonzero(self._open & (self._phase == phase))
        if not len(chosen):
            self._recorder.record(phase)
            return chosen
        read_tick(rows, chosen)
        out = self._sound_out
        out[chosen] = 0
        for row, tag in self._player.fill(chosen, out):
            port = rows.port_of[row]
            if port is not None:
                self.facts.append(protocol.PlaybackEnded(port, tag))
        out[chosen[rows.is_bridged[chosen]]] = 0
        self._bridges.mix(chosen, out)
        self._recorder.record(phase)
        due = chosen[rows.sends[chosen]]
        if len(due):
            self._encode(due, out)
        rows.ts_out[chosen] += TICK_SAMPLES
        return due

    def digit_packets(self, row: int) -> list[bytes] | None:
        """The keypress packets to send instead of the row's sound in this tick; None when its sound goes."""
        rows = self.rows
        event_type = int(rows.event_type[row])
        if event_type == NO_PAYLOAD_TYPE:
            self._sender.clear(row)
            return None
        pressed = self._sender.payloads(row, int(rows.packets["ts"][row]))
        if pressed is None:
            return None
        ts, has_marker, payloads = pressed
        packets = []
        for number, payload in enumerate(payloads):
            header = rows.packets[row : row + 1].copy()
            header["second"] = event_type | (0x80 if has_marker else 0)
            header["ts"] = ts
            if number:
                rows.seq_out[row] += 1
                header["seq"] = rows.seq_out[row] - 1 & 0xFFFF
            packets.append(header.tobytes()[:12] + payload)
        return packets

    def pressing_rows(self) -> list[int]:
        """Rows whose keypresses wait to be sent."""
        return self._sender.rows()

    def look_for_silence(self, now: float) -> None:
        """Once a second: reports ports that should send and do not."""
        rows = self.rows
        quiet_s = now - np.maximum(rows.heard_at, rows.silent_told_at)
        for row in np.flatnonzero(self._open & rows.receives & (quiet_s >= PORT_SILENT_S)).tolist():
            port = rows.port_of[row]
            if port is not None and rows.signalled[row] is not None:
                rows.silent_told_at[row] = now
                self.facts.append(protocol.PortSilent(port, round(now - float(rows.heard_at[row]), 3)))

    def drain(self) -> list[protocol.Fact]:
        facts, self.facts = self.facts, []
        return facts

    def _open_port(self, port: int, udp_port: int, now: float) -> int | None:
        row = self._row_of_udp.get(udp_port)
        if row is None or self.rows.port_of[row] is not None or port in self._row_of_port:
            if self._row_of_port.get(port) != row:
                self.facts.append(protocol.PortFailed(port, f"UDP port {udp_port} is not free"))
            return None
        self._row_of_port[port] = row
        self.rows.clear(row, port, self._random_ssrc(), now)
        self._needs_marker[row] = True
        self._listener.clear(row)
        self._open[row] = True
        return row

    def _close_port(self, port: int, now: float) -> None:
        row = self._row_of_port.pop(port)
        rows = self.rows
        self.facts.append(
            protocol.PortReport(
                port,
                packets_received=int(rows.packets_in[row]),
                packets_sent=int(rows.packets_out[row]),
                packets_lost=int(rows.packets_late[row]),
                packets_from_strangers=rows.strangers[row],
            )
        )
        self._bridges.leave(row)
        self._player.stop(row)
        self._sender.clear(row)
        self._recorder.release_row(row)
        self.lock.forget(row)
        self._open[row] = False
        rows.clear(row, None, 0, now)

    def _apply_to_row(self, command: protocol.Command, row: int, now: float) -> None:
        match command:
            case protocol.SetStream():
                self._set_stream(command, row, now)
            case protocol.ClosePort(port=port):
                self._close_port(port, now)
            case protocol.Join(bridge=bridge):
                self._bridges.join(bridge, row)
            case protocol.Leave(bridge=bridge):
                if self.rows.bridge_of[row] == bridge:
                    self._bridges.leave(row)
            case protocol.Play():
                self._player.play(row, command)
            case protocol.StopPlaying(tag=tag):
                self._player.stop(row, tag)
            case protocol.SendDigits(digits=digits):
                self._sender.queue(row, digits)

    def _set_stream(self, command: protocol.SetStream, row: int, now: float) -> None:
        rows = self.rows
        codec = CODECS[command.codec]
        if rows.codec[row] != codec or rows.payload_type[row] != command.payload_type:
            rows.is_started[row] = False
        rows.codec[row] = codec
        rows.payload_type[row] = command.payload_type
        event_type = command.telephone_event
        rows.event_type[row] = NO_PAYLOAD_TYPE if event_type is None else event_type
        rows.receives[row] = command.receives
        rows.sends[row] = command.sends and command.remote is not None
        rows.heard_at[row] = max(float(rows.heard_at[row]), now) if command.receives else now
        source: Source | None = None if command.remote is None else (command.remote[0], command.remote[1])
        self.lock.signal(row, source, is_learnt=command.is_source_learnt)

    def _start_recording(self, command: protocol.StartRecording) -> None:
        row = self._row_of_port.get(command.left)
        if row is None:
            return
        slot = self._recorder.start(command.recording, command.bridge, row, int(self._phase[row]))
        if slot is None:
            failure = "no recording slot is free"
            self.facts.append(protocol.RecordingEnded(command.recording, 0.0, None, failure))
        else:
            self.orders.append(BeginRecording(command.recording, slot, command.path))

    def _stop_recording(self, recording: str) -> None:
        frames = self._recorder.stop(recording)
        if frames is not None:
            self.orders.append(FinishRecording(recording, frames))

    def _relay(self, row: int, digit: str) -> None:
        bridge = self.rows.bridge_of[row]
        if bridge is not None:
            for member in self._bridges.members(bridge):
                if member != row:
                    self._sender.queue(member, digit)

    def _encode(self, due: NDArray[np.int64], out: NDArray[np.int16]) -> None:
        rows = self.rows
        packets, codec = rows.packets, rows.codec[due]
        for number in CODECS.values():
            same = due[codec == number]
            if len(same):
                packets["payload"][same] = np.take(ENCODE[number], out[same].view(np.uint16), mode="clip")
        packets["second"][due] = rows.payload_type[due] | (self._needs_marker[due].astype(np.uint8) << 7)
        packets["seq"][due] = rows.seq_out[due] & 0xFFFF
        packets["ts"][due] = rows.ts_out[due] & 0xFFFFFFFF
        rows.seq_out[due] += 1
        rows.packets_out[due] += 1
        self._needs_marker[due] = False
