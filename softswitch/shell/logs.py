"""Logs: key=value lines on stderr. Writing one never fails and never stops a call.

Each value is written as Python writes it, so that nothing a peer sent can break a line. Secrets are kept out at their
source: no configuration and no message is logged whole.
"""

from __future__ import annotations

import contextlib
import sys

import structlog


class _Stderr:
    """stderr, also when nobody reads it any more."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


def configure() -> None:
    """Once, at the start of a process."""
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=lambda *_: structlog.WriteLogger(_Stderr()),  # type: ignore[arg-type]  # all it uses is there
        cache_logger_on_first_use=True,
    )
