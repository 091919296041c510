"""HTTP on `[api] listen`: health and metrics. Nothing here changes anything.

`/health` says 200 while the switch takes calls. `/metrics` is in Prometheus' text format, from a registry of its own.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sip_stack.flow import Address
from softswitch.node import Node

CONNECTIONS_MAX: Final = 100
KEEP_ALIVE_S: Final = 5


class HttpApi:
    """The server of one node; `address` is where it really listens."""

    def __init__(self, listen: Address, node: Node) -> None:
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((listen.host, listen.port))
        self.address = Address(*self._socket.getsockname()[:2])
        self._node = node
        self._registry = CollectorRegistry()
        self._calls = Gauge("softswitch_calls", "Calls that are up", registry=self._registry)
        self._legs = Gauge("softswitch_legs", "Legs that are up", registry=self._registry)
        self._ports = Gauge("softswitch_udp_ports_free", "Media ports not in use", registry=self._registry)
        self._load = Gauge("softswitch_media_load", "Share of a core the media tick takes", registry=self._registry)
        app = Starlette(routes=[Route("/health", self._health), Route("/metrics", self._metrics)])
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", limit_concurrency=CONNECTIONS_MAX,
            timeout_keep_alive=KEEP_ALIVE_S, server_header=False,
        )  # fmt: skip
        self._server = _QuietServer(config)

    async def run(self) -> None:
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        self._server.should_exit = True

    async def _health(self, _request: Request) -> Response:
        is_up = not self._node.is_draining
        return JSONResponse({"status": "up" if is_up else "draining"}, status_code=200 if is_up else 503)

    async def _metrics(self, _request: Request) -> Response:
        legs = self._node.signalling.legs
        report = self._node.signalling.leg_events.engine_report
        self._calls.set(self._node.switch.live_calls)
        self._legs.set(len(legs))
        self._ports.set(legs.udp_ports.free)
        self._load.set(0 if report is None else report.load)
        return Response(generate_latest(self._registry), media_type="text/plain; version=0.0.4")


class _QuietServer(uvicorn.Server):
    """Leaves signals alone: there is one who takes them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
