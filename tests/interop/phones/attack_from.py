"""One of sipvicious' tools, run as a program of its own by the interpreter of `.venv-peers`: `ADDRESS TOOL WORDS…`.

All that it sends comes from ADDRESS, which its own option for that does not see to.
"""

from __future__ import annotations

import importlib
import socket
import sys


def main() -> None:
    _, source, tool, *words = sys.argv

    class BoundThere(socket.socket):
        def bind(self, address: tuple[str, int]) -> None:  # type: ignore[override]  # it speaks IPv4 here
            super().bind((source, address[1]))

    socket.socket = BoundThere  # type: ignore[misc]
    sys.argv = [tool, *words]
    importlib.import_module(f"sipvicious.{tool}").main()


if __name__ == "__main__":
    main()
