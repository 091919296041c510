"""Asking the running switch, through the socket in its data folder.

One line of JSON goes there, `{"command": "queue.list", "arguments": {…}}`, and one comes back: `{"result": …}`, or
`{"refused": {"what": …, "where": …, "mend": …}}`. A path of any length works.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from softswitch import unix_path
from softswitch.cli.failures import NOT_RUNNING, CommandFailed

CONTROL_SOCKET: Final = "control.sock"
ANSWER_S_MAX: Final = 30.0
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
_CHUNK_BYTES: Final = 65_536


def ask(data_dir: Path, command: str, arguments: Mapping[str, object]) -> object:
    """The switch's answer; raises CommandFailed when it refuses, does not answer, or is not there."""
    line = _exchange(data_dir, json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
    try:
        answer = json.loads(line)
    except ValueError:
        raise _broken(data_dir, "the switch's answer is not readable") from None
    if isinstance(answer, dict) and "result" in answer:
        result: object = answer["result"]
        return result
    refused = answer.get("refused") if isinstance(answer, dict) else None
    if isinstance(refused, dict):
        raise CommandFailed(*(str(refused.get(part, "not said")) for part in ("what", "where", "mend")))
    raise _broken(data_dir, "the switch's answer is of an unknown form")


def _exchange(data_dir: Path, question: bytes) -> bytes:
    deadline = time.monotonic() + ANSWER_S_MAX
    try:
        with unix_path.connect(data_dir / CONTROL_SOCKET, ANSWER_S_MAX) as link:
            link.settimeout(ANSWER_S_MAX)
            link.sendall(question)
            return _read_line(link, data_dir, deadline)
    except TimeoutError:
        raise _broken(data_dir, f"the switch does not answer within ANSWER_S_MAX = {ANSWER_S_MAX:g} s") from None
    except PermissionError:
        raise CommandFailed(
            "the running switch belongs to another user", str(data_dir / CONTROL_SOCKET), "ask as the user who runs it"
        ) from None
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        raise CommandFailed(
            "no switch is running", str(data_dir / CONTROL_SOCKET), "start it: softswitch serve", exit_code=NOT_RUNNING
        ) from None
    except OSError as error:
        raise _broken(data_dir, f"the switch cannot be asked: {error.strerror}") from None


def _read_line(link: socket.socket, data_dir: Path, deadline: float) -> bytes:
    answer = bytearray()
    while not answer.endswith(b"\n"):
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        link.settimeout(left_s)
        chunk = link.recv(_CHUNK_BYTES)
        if not chunk:
            raise _broken(data_dir, "the switch closed the connection without an answer")
        answer += chunk
        if len(answer) > ANSWER_BYTES_MAX:
            raise _broken(data_dir, f"the answer is longer than ANSWER_BYTES_MAX = {ANSWER_BYTES_MAX}")
    return bytes(answer)


def _broken(data_dir: Path, what: str) -> CommandFailed:
    return CommandFailed(what, str(data_dir / CONTROL_SOCKET), "try again; the switch's log says more")
