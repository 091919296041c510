"""CPU of the media engine per leg and 20 ms tick: bridged pairs, PCMA to PCMU, real sockets on loopback.

A child process sends one packet per leg and tick to the engine's sockets; the engine's process receives, checks,
decodes, mixes, encodes and sends. Only the engine's own CPU time is counted.
"""

from __future__ import annotations

import os
import socket
import struct
import time

import numpy as np

from media import protocol
from media.engine import Engine
from media.process import PHASE_S, MediaProcess, _bind_range
from media.recording_ring import RecordingRings
from media.sound_bank import SoundBank

LEGS = (50, 500, 2000)
SECONDS = 4.0
FIRST_PORT = 40000
GROUPS = 10
"""Callers speak at times of their own: the legs send in so many groups, spread over 20 ms."""


def main() -> None:
    print("\nmedia engine, bridged pairs PCMA-PCMU, one packet in and out per leg and 20 ms")
    print(f"{'legs':>6} {'µs per leg and tick':>20} {'share of a core':>16} {'late p99 ms':>12} {'skipped':>8}")
    for legs in LEGS:
        cpu_s, wall_s, lateness_ms, skipped = _run(legs)
        per_tick_us = 1e6 * cpu_s / (legs * wall_s / protocol.TICK_S)
        print(f"{legs:6} {per_tick_us:20.2f} {cpu_s / wall_s:16.3f} {lateness_ms:12.2f} {skipped:8}")
    print(f"baseline: sending and receiving one packet in a plain loop {_plain_loop_us():.2f} µs")


def _run(legs: int) -> tuple[float, float, float, int]:
    sockets = _bind_range("127.0.0.1", FIRST_PORT, FIRST_PORT + 2 * legs - 1)
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind(("127.0.0.1", 0))
    far = ("127.0.0.1", int(sink.getsockname()[1]))
    links = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2)]
    for near, _ in links:
        near.setblocking(False)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0bench-{os.getpid()}-{legs}")
    listener.listen()
    process = MediaProcess(
        sockets, listener, links[0][0], links[1][0], SoundBank.create(1), RecordingRings.create(1), None
    )
    ports = [int(each.getsockname()[1]) for each in sockets]
    _open_pairs(process.engine, ports, far)
    child = os.fork()
    if child == 0:
        _generate(sink, ports)
    try:
        return _measure(process)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        for each in (*sockets, sink, listener, *(end for pair in links for end in pair)):
            each.close()


def _open_pairs(engine: Engine, ports: list[int], far: tuple[str, int]) -> None:
    for index, udp_port in enumerate(ports):
        engine.apply(protocol.OpenPort(index + 1, udp_port), 0.0)
        codec, payload_type = ("PCMA", 8) if index % 2 == 0 else ("PCMU", 0)
        engine.apply(protocol.SetStream(index + 1, codec, payload_type, 101, far), 0.0)  # type: ignore[arg-type]  # two literals
        engine.apply(protocol.Join(f"b{index // 2}", index + 1), 0.0)


def _generate(sink: socket.socket, ports: list[int]) -> None:
    payload = bytes(np.random.default_rng(1).integers(0, 256, 160, dtype=np.uint8))
    sequence, due_at = 0, time.monotonic()
    groups = [range(first, len(ports), GROUPS) for first in range(GROUPS)]
    while True:
        for group in groups:
            for index in group:
                header = struct.pack(
                    "!BBHII", 0x80, 8 if index % 2 == 0 else 0, sequence & 0xFFFF, sequence * 160, index
                )
                sink.sendto(header + payload, ("127.0.0.1", ports[index]))
            due_at += protocol.TICK_S / GROUPS
            time.sleep(max(0.0, due_at - time.monotonic()))
        sequence += 1


def _measure(process: MediaProcess) -> tuple[float, float, float, int]:
    process._told_at = time.monotonic() + 60
    for phase in range(50):
        process._turn(phase % 5, time.monotonic())
        time.sleep(PHASE_S)
    lateness, skipped, phase = [], 0, 0
    began_at = due_at = time.monotonic()
    cpu_s = time.process_time()
    while due_at - began_at < SECONDS:
        now = time.monotonic()
        if now < due_at:
            time.sleep(due_at - now)
            now = time.monotonic()
        lateness.append(now - due_at)
        process._lateness_s.append(now - due_at)
        process._turn(phase, now)
        phase = (phase + 1) % 5
        due_at += PHASE_S
        behind = int((time.monotonic() - due_at) / protocol.TICK_S)
        if behind > 0:
            skipped += behind
            due_at += behind * protocol.TICK_S
    wall_s = time.monotonic() - began_at
    return time.process_time() - cpu_s, wall_s, 1000 * float(np.percentile(lateness, 99)), skipped


def _plain_loop_us() -> float:
    one, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    with one, other:
        one.bind(("127.0.0.1", 0))
        address, packet, count = one.getsockname(), bytes(172), 50_000
        began = time.process_time()
        for _ in range(count):
            other.sendto(packet, address)
            one.recv(600)
        return 1e6 * (time.process_time() - began) / count
