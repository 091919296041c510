"""An RTP end of our own for tests: sends a tone as A-law, keeps what it hears, in a thread beside the test."""

from __future__ import annotations

import math
import socket
import struct
import threading
import time
import wave
from pathlib import Path
from typing import Final

RATE: Final = 8000
PACKET_SAMPLES: Final = 160


def alaw_of(sample: int) -> int:
    """G.711 A-law of one 16-bit sample, by the standard's segments (even bits inverted)."""
    sign = 0x80 if sample >= 0 else 0
    magnitude = min((sample if sample >= 0 else -sample - 1) >> 3, 0xFFF)
    if magnitude < 0x20:
        code = magnitude >> 1
    else:
        segment = magnitude.bit_length() - 5
        code = (segment << 4) | ((magnitude >> segment) & 0x0F)
    return (sign | code) ^ 0x55


def sample_of(code: int) -> int:
    """The 16-bit sample of an A-law code."""
    code ^= 0x55
    segment, low = (code >> 4) & 7, code & 0x0F
    magnitude = (low << 4) + 8 if segment == 0 else ((low << 4) + 0x108) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


def tone_alaw(hz: float, *, amplitude: int = 8000, seconds: float = 1.0) -> bytes:
    return bytes(alaw_of(round(amplitude * math.sin(2 * math.pi * hz * n / RATE))) for n in range(int(RATE * seconds)))


def level_db(samples: list[int], hz: float) -> float:
    """The level of one frequency in dB relative to a full-scale sine (Goertzel's sum as plain correlation)."""
    if not samples:
        return -200.0
    real = sum(s * math.cos(2 * math.pi * hz * n / RATE) for n, s in enumerate(samples))
    imaginary = sum(s * math.sin(2 * math.pi * hz * n / RATE) for n, s in enumerate(samples))
    amplitude = 2 * math.hypot(real, imaginary) / len(samples)
    return 20 * math.log10(max(amplitude, 1e-6) / 32768)


def middle_of(recording: Path) -> tuple[list[int], list[int]]:
    """A second from the middle of what a recording has of the caller, and of the agent."""
    with wave.open(str(recording)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        samples = memoryview(file.readframes(file.getnframes())).cast("h").tolist()
    middle = len(samples) // 4 * 2
    return samples[middle : middle + 2 * RATE : 2], samples[middle + 1 : middle + 2 * RATE : 2]


class TonePort(threading.Thread):
    """Sends a tone to whoever sends to it first, or to `remote`; keeps the last `seconds` of what it hears."""

    def __init__(self, hz: float, *, port: int = 0) -> None:
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])
        self.remote: tuple[str, int] | None = None
        self.sources: set[tuple[str, int]] = set()
        self.heard = bytearray()
        self._tone = tone_alaw(hz)
        self._stop_asked = threading.Event()
        self.start()

    def run(self) -> None:
        sequence, due_at = 0, time.monotonic()
        while not self._stop_asked.is_set():
            self._receive()
            if self.remote is not None:
                offset = (sequence * PACKET_SAMPLES) % len(self._tone)
                payload = self._tone[offset : offset + PACKET_SAMPLES]
                header = struct.pack("!BBHII", 0x80, 8, sequence & 0xFFFF, sequence * PACKET_SAMPLES, 0x1234)
                self._socket.sendto(header + payload, self.remote)
                sequence += 1
            due_at += 0.02
            self._stop_asked.wait(max(0.0, due_at - time.monotonic()))
        self._socket.close()

    def _receive(self) -> None:
        while True:
            try:
                data, source = self._socket.recvfrom(2048)
            except (BlockingIOError, ConnectionError):
                return
            self.sources.add(source)
            if self.remote is None:
                self.remote = source
            if len(data) > 12 and data[1] & 0x7F == 8:
                self.heard += data[12:]

    def samples(self, last_s: float) -> list[int]:
        return [sample_of(code) for code in bytes(self.heard[-int(last_s * RATE) :])]

    def stop(self) -> None:
        self._stop_asked.set()
        self.join(5)
