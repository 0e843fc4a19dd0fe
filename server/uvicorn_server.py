"""uvicorn as this server runs it: its configuration, and how signals stop it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from server.call_test.sessions import Echoes
from server.http.http_protocol import HttpProtocol
from server.realtime.connection import Connection
from server.realtime.drain import Drain
from server.realtime.gateway import Gateway
from server.runtime.metrics import Metrics
from server.runtime.sockets import BACKLOG, address

log = structlog.get_logger()


class Server(uvicorn.Server):
    """`about`: further fields of the log line that says the server listens."""

    def __init__(
        self,
        config: uvicorn.Config,
        drain: Drain,
        echoes: Echoes,
        listening: Callable[[], None] = lambda: None,
        base_path: str = "",
        **about: str,
    ) -> None:
        super().__init__(config)
        self._drain = drain
        self._echoes = echoes
        self._listening = listening
        self._base_path = base_path
        self._about = about
        self._loop = asyncio.get_running_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Log the line only now, when connections are accepted and signals handled: readers may use either at once."""
        await super().startup(sockets)
        if sockets:
            log.info("listening", url=address(sockets[0]) + self._base_path, **self._about)
            self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle SIGHUP as well, unless it is ignored (nohup)."""
        with super().capture_signals():
            before = signal.getsignal(signal.SIGHUP)
            if before is signal.SIG_IGN:
                yield
                return
            signal.signal(signal.SIGHUP, self.handle_exit)
            try:
                yield
            finally:
                signal.signal(signal.SIGHUP, before)

    def handle_exit(self, sig: int, frame: Any) -> None:
        # Not added to uvicorn's list, whose signals it raises again at the end: a requested stop exits with code 0.
        # A handler may run between any two instructions of the event loop, so it changes no state here.
        self._loop.call_soon_threadsafe(self._signalled)

    def _signalled(self) -> None:
        # Both in one step: if the shutdown began first, the drain would take this signal for the second one.
        self._drain.signalled()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._drain.run(super().shutdown(sockets), self._echoes.stop())


def uvicorn_config(http: FastAPI, gateway: Gateway, metrics: Metrics) -> uvicorn.Config:
    return uvicorn.Config(
        http,
        http=functools.partial(HttpProtocol, gateway=gateway, metrics=metrics),  # type: ignore[arg-type] # as for `ws`
        ws=functools.partial(Connection, gateway=gateway),  # type: ignore[arg-type] # any protocol factory works
        lifespan="off",
        log_config=None,
        access_log=logging.getLogger().level <= logging.DEBUG,
        server_header=False,
        proxy_headers=False,  # `Forwarded` reads them, from RECONVENE_TRUSTED_PROXIES
        headers=[("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin")],
        timeout_graceful_shutdown=None,  # the drain bounds the whole stop
        backlog=BACKLOG,
    )


def spare_the_collector() -> None:
    """Run the garbage collector less often: loaded code stays for good, and connections make no reference cycles.

    A full collection with thousands of connections would otherwise block the loop for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    # The first two collections look at 25,000 and 100,000 objects at most, some 10 and 40 ms.
    gc.set_threshold(25_000, 4, 500)
