"""Unix sockets at paths of any length.

The kernel takes at most 107 bytes of path. Through an open descriptor of the folder, `/proc/self/fd/N/name` names the
same file in a few bytes.
"""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path


def connect(path: Path, timeout_s: float | None = None) -> socket.socket:
    """A connected stream socket, each step bounded by `timeout_s`; raises OSError."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    link = socket.socket(socket.AF_UNIX)
    try:
        link.settimeout(timeout_s)
        link.connect(f"/proc/self/fd/{folder}/{path.name}")
    except OSError:
        link.close()
        raise
    finally:
        os.close(folder)
    return link


def bind(path: Path) -> socket.socket:
    """A bound stream socket that only this user may open; takes the place of one that is left over."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    bound = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        bound.bind(f"/proc/self/fd/{folder}/{path.name}")
    except OSError:
        bound.close()
        raise
    finally:
        os.umask(before)
        os.close(folder)
    return bound
