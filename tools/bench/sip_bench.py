"""CPU of signalling: a complete B2BUA call, and a REGISTER with digest, through the production node.

The far ends are the simulator's telephones; only the time inside the node is counted. The baseline is the standard
library's email parser on the same INVITE, measured in the same run.
"""

from __future__ import annotations

import email
import gc
import time
import tracemalloc
from itertools import product

from sip_stack.flow import Address, Flow
from sip_stack.parser import HEADER_BYTES_MAX, MESSAGE_BYTES_MAX
from softswitch.node import Node
from tests.sim.offices import CARRIER, SUPPORT, SWITCH
from tests.sim.world import World

CALLS = 200
REGISTRATIONS = 500
WAITING = 40
HOSTILE_MS_MAX = 5.0
HOSTILE_HEADS = (
    b"X: ",
    b"Via: ",
    b"Route: ",
    b"From: ",
    b"Require: ",
    b'm: "',
    b"Authorization: Digest ",
    b"\r\nv=0\r\n",
)
HOSTILE_FILLINGS = (
    b"\r\n ", b"\n", b"a:b\r\n", b" ", b"<", b'"', b"\\", b",", b";a=b", b"<sip:a@b>,", b"\xff", "ö".encode(), b"%41",
    b"Route: <sip:a@b>,<sip:a@b>\r\n", b"m=audio 4000 RTP/AVP 8\r\n", b"a=rtpmap:8 PCMA/8000\r\n",
)  # fmt: skip
WRAP_UP_S = 12

INVITE = (
    b"Via: SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bK-1\r\nFrom: <sip:+4681234@127.0.0.1>;tag=1\r\n"
    b"To: <sip:+46850010000@127.0.0.1>\r\nCall-ID: abc@127.0.0.1\r\nCSeq: 1 INVITE\r\n"
    b"Contact: <sip:caller@127.0.0.1:5080>\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\n\r\n"
)


class _Stopwatch:
    """Counts the CPU time spent inside a node's verbs."""

    def __init__(self, node: Node) -> None:
        self.cpu_s = 0.0
        for name in ("receive_datagram", "handle_timeout", "receive_media", "drain"):
            setattr(node, name, self._timed(getattr(node, name)))

    def _timed(self, verb):  # type: ignore[no-untyped-def]  # wraps verbs of any signature
        def timed(*arguments: object) -> object:
            began = time.thread_time()
            try:
                return verb(*arguments)
            finally:
                self.cpu_s += time.thread_time() - began

        return timed


def main() -> None:
    """Measures and prints."""
    baseline = baseline_us()
    print(f"baseline: the standard library's email parser on one INVITE {baseline:.1f} µs\n")
    world = World()
    world.register_all()
    world.command("agent.pause", name="bo")
    stopwatch = _Stopwatch(world.node)
    for _ in range(CALLS):
        _one_call(world)
    _show("a queue call: presented, answered, ended", 1e6 * stopwatch.cpu_s / CALLS, baseline)
    _show("a REGISTER with digest: challenge and answer", _registrations(world), baseline)
    worst_ms, what = _hostile()
    verdict = "met" if worst_ms < HOSTILE_MS_MAX else "NOT met"
    print(f"{'the dearest hostile message of 64 KiB':48} {worst_ms:8.2f} ms of CPU (bar {HOSTILE_MS_MAX:g}: {verdict})")
    print(f"  it was {what}")
    print(f"{'memory of a call that waits, at most':48} {_memory_per_call_kib():8.1f} KiB")


def baseline_us() -> float:
    """What the baseline takes on this machine now."""
    count = 2000
    began = time.thread_time()
    for _ in range(count):
        email.message_from_bytes(INVITE)
    return 1e6 * (time.thread_time() - began) / count


def _show(what: str, us: float, baseline_us: float) -> None:
    print(f"{what:48} {us:8.0f} µs of CPU {us / baseline_us:8.1f} × baseline")


def _one_call(world: World) -> None:
    call = world.carrier.call_in(SUPPORT)
    world.run(1)
    world.phone("101").call.answer()
    world.run(1)
    call.hang_up()
    world.run(WRAP_UP_S)


def _registrations(world: World) -> float:
    stopwatch = _Stopwatch(world.node)
    for _ in range(REGISTRATIONS):
        world.phone("103").register()
        world.run(0.2)
    return 1e6 * stopwatch.cpu_s / REGISTRATIONS


def _hostile() -> tuple[float, str]:
    """The dearest of messages that are as large as may be, from a trunk, which is believed most; and what it is of."""
    world = World()
    flow = Flow("udp", Address(*SWITCH), Address(*CARRIER))
    found = []
    for number, (head, filling) in enumerate(product(HOSTILE_HEADS, HOSTILE_FILLINGS)):
        start = b"INVITE sip:x@office.example SIP/2.0\r\n" + INVITE.removesuffix(b"\r\n").replace(
            b"abc", b"h%d" % number
        )
        for size in (HEADER_BYTES_MAX, MESSAGE_BYTES_MAX):
            data = (start + head + filling * size)[: size - 4] + b"\r\n\r\n"
            began = time.thread_time()
            world.node.receive_datagram(data, flow, world.node_now)
            world.node.drain()
            found.append((1e3 * (time.thread_time() - began), f"{head!r} and {filling!r} for ever"))
    return max(found)


def _memory_per_call_kib() -> float:
    """Growth of the heap for each caller who waits, the simulator's own share included: an upper bound."""
    world = World(udp_ports=4 * WAITING)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(WAITING):
        world.carrier.call_in(SUPPORT)
        world.run(0.05)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return grown / WAITING / 1024
