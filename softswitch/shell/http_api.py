"""HTTP on `[api] listen`: health and metrics. Nothing here changes anything.

`/health` says 200 while the switch takes calls, 503 while it drains, has no media process, or cannot write its
journal. `/metrics` is in Prometheus' text format. Left out until there is something to protect: who may ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from sip_stack.flow import Address
from softswitch.shell.driver import Driver
from softswitch.shell.metrics import Metrics

CONNECTIONS_MAX: Final = 100
BACKLOG: Final = 128
KEEP_ALIVE_S: Final = 5
HEAD_BYTES_MAX: Final = 16_384
STOP_S_MAX: Final = 1
REQUEST_S_MAX: Final = 5.0
"""A client that has not made its request whole by then is let go of, so that slow ones cannot keep others out."""


class HttpApi:
    """The server of one node; `address` is where it really listens from construction on. Raises OSError."""

    def __init__(self, listen: Address, driver: Driver) -> None:
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((listen.host, listen.port))
            self._socket.listen(BACKLOG)
        except OSError:
            self._socket.close()
            raise
        self.address = Address(*self._socket.getsockname()[:2])
        self._driver = driver
        self._metrics = Metrics(driver.node)
        app = Starlette(routes=[Route("/health", self._show_health), Route("/metrics", self._show_metrics)])
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", limit_concurrency=CONNECTIONS_MAX,
            timeout_keep_alive=KEEP_ALIVE_S, timeout_graceful_shutdown=STOP_S_MAX, server_header=False, ws="none",
            http=_Impatient, h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        )  # fmt: skip
        self._server = _QuietServer(config)

    async def run(self) -> None:
        """Serves until `stop`."""
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        """`run` returns soon."""
        self._server.should_exit = True

    async def _show_health(self, _request: Request) -> Response:
        status = self._status()
        return JSONResponse({"status": status}, status_code=200 if status == "up" else 503)

    async def _show_metrics(self, _request: Request) -> Response:
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4")

    def _status(self) -> str:
        if self._driver.is_stuck:
            return "journal cannot be written"
        if self._driver.node.is_draining:
            return "draining"
        return "up" if self._driver.node.signalling.legs.udp_ports.total else "without media"


class _Impatient(H11Protocol):
    """Waits for each request only so long; uvicorn itself would wait for ever for the first."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._waiting = self.loop.call_later(REQUEST_S_MAX, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self._waiting.cancel()
        self._waiting = self.loop.call_later(REQUEST_S_MAX, self._give_up)
        super().on_response_complete()

    def _give_up(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


class _QuietServer(uvicorn.Server):
    """Leaves signals alone: there is one who takes them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
