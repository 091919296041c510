"""A peer at the other end of the control socket: one prepared line answers each question; the questions are kept."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

LOOK_S_MAX = 20.0


@dataclass
class Answering:
    """`asked`: the questions that came, in order."""

    asked: list[object] = field(default_factory=list)


@contextmanager
def answering(data_dir: Path, answer: bytes) -> Iterator[Answering]:
    """Listens at `<data_dir>/control.sock` while inside; an empty answer closes the connection."""
    data_dir.mkdir(parents=True, exist_ok=True)
    folder = os.open(data_dir, os.O_PATH | os.O_DIRECTORY)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(f"/proc/self/fd/{folder}/control.sock")
    os.close(folder)
    listener.listen()
    peer = Answering()

    def serve() -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            with link, link.makefile("rwb") as stream:
                peer.asked.append(json.loads(stream.readline()))
                stream.write(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield peer
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(LOOK_S_MAX)
        listener.close()
        (data_dir / "control.sock").unlink()


def result(value: object) -> bytes:
    """The line of a command that was carried out."""
    return json.dumps({"result": value}).encode() + b"\n"
