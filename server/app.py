"""The one place where everything is put together. Reads as a parts list."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from server import api, echo_routes, goodbye_route, openapi, pace, pages, plain_ws, problems, revoke_route
from server.admission import Admission
from server.base_path import BasePath
from server.clock import RecordClock
from server.config import Config
from server.connection import Connection
from server.drain import Drain
from server.echoes import Echoes
from server.forwarded import Forwarded
from server.gateway import Gateway
from server.head_requests import HeadRequests
from server.http_limits import HttpLimits
from server.http_protocol import HttpProtocol
from server.identity import Tokens, load_secret
from server.limits import Limits
from server.listening import BACKLOG, address, own_url
from server.metrics import Metrics
from server.node import Node
from server.overload import Rank, Shedding
from server.reconciling import Reconciler
from server.recorder import Recorder
from server.restart import restore_rooms
from server.retention import Retention
from server.revocations import Revocations
from server.transport_security import TransportSecurity
from server.zoom import routes, webhook
from server.zoom.jobs import Jobs
from server.zoom.schedule import Schedule
from signalling.hub import Hub
from storage.store import Store

log = structlog.get_logger()


async def serve(
    config: Config, sockets: list[socket.socket], *, lines_dropped: Callable[[], int] = lambda: 0
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, on sockets that listen already. `lines_dropped`: how many log lines were.

    Raises what opening the store raises, and `OSError` when no secret can be kept.
    """
    tokens = Tokens(load_secret(config), config.secret_previous)
    metrics = Metrics()
    metrics.log_lines_dropped = lines_dropped
    store = config.make_store()
    await store.open()
    retention = Retention(store, config.retention_days)
    jobs = Jobs(config, store)
    schedule = Schedule(jobs, store)
    deadline: float | None = None
    try:
        record_clock = RecordClock()
        node = Node(store, metrics, record_clock)
        hub = Hub(
            grace=config.grace,
            heartbeat=config.heartbeat,
            flow=pace.flow(config),
            frames=pace.frames(config),
            log_memory=config.log_memory * 2**20,
        )
        recorder = Recorder(store, node.id, metrics, at=record_clock.at)
        admission = Admission(config, hub, store, recorder, tokens, node.id, record_clock)
        gateway = Gateway(config, hub, admission, recorder, metrics)
        reconciler = Reconciler(store, node.id, hub, admission, recorder)
        node.on_revived = reconciler.due
        node.errands["reconcile"] = reconciler.look
        node.on_clock_set = hub.clock_was_set
        await node.start()
        await restore_rooms(store, hub, record_clock.now())
        revocations = Revocations(store, tokens, gateway.revoked)
        await revocations.hear()
        node.errands["hear of revocations"] = revocations.hear
        gateway.start()
        gateway.overload.start()
        retention.start()
        jobs.start()
        schedule.start()
        echoes = Echoes(
            config, store, hub, gateway, metrics, own_url(sockets) + config.base_path, gateway.limits
        )
        echoes.start()
        drain = Drain(config.drain, gateway, recorder, reconciler, node)
        others = jobs, schedule, echoes, record_clock, gateway.limits, revocations
        http = web(config, store, hub, gateway, tokens, metrics, *others)
        server = _Server(
            _uvicorn(http, gateway, metrics),
            drain,
            echoes,
            base_path=config.base_path,
            store=config.store.partition("://")[0],
            node=node.id,
        )
        await server.serve(sockets)
        deadline = drain.deadline
    finally:
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.gather(retention.stop(), schedule.stop())
                await jobs.stop()
                await store.close()
        except TimeoutError:
            log.warning("store did not close in time; what it answered is safe")
    log.info("stopped")


def web(
    config: Config,
    store: Store,
    hub: Hub,
    gateway: Gateway,
    tokens: Tokens,
    metrics: Metrics,
    jobs: Jobs,
    schedule: Schedule,
    echoes: Echoes,
    record_clock: RecordClock,
    limits: Limits | None = None,
    revocations: Revocations | None = None,
) -> FastAPI:
    """API, page, health and metrics."""
    app = FastAPI(
        title="Reconvene",
        version=version("reconvene"),
        docs_url=None,  # `pages` has one that loads nothing from elsewhere
        redoc_url=None,
        # A body that does not say what it is, is JSON. No request is let in by what a browser adds by itself, so that
        # other sites' pages gain nothing by sending such bodies.
        strict_content_type=False,
    )
    problems.install(app)
    openapi.install(app)
    app.add_middleware(problems.BodyLimit)
    app.add_middleware(HttpLimits, config=config, limits=limits or Limits(config.limits, metrics))
    app.add_middleware(Shedding, refusal=lambda: gateway.overload.refusal(Rank.HTTP))
    app.add_middleware(HeadRequests, router=app.router)
    if config.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=config.allowed_origins,
            allow_methods=["GET", "HEAD", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
        )
    app.add_middleware(TransportSecurity, seconds=config.hsts)
    app.add_middleware(BasePath, base=config.base_path)
    app.add_middleware(Forwarded, proxies=config.trusted_proxies, hosts=config.hosts)
    app.include_router(api.router(config, store, hub, gateway, tokens, metrics, record_clock))
    app.include_router(routes.router(config, store, tokens, jobs, schedule))
    app.include_router(webhook.router(config, store))
    app.include_router(echo_routes.router(config, tokens, echoes))
    app.include_router(plain_ws.router(config.allowed_origins))
    app.include_router(goodbye_route.router(gateway, tokens))
    revocations = revocations or Revocations(store, tokens, lambda _: None)
    app.include_router(revoke_route.router(config, tokens, revocations))
    pages.install(app)
    return app


class _Server(uvicorn.Server):
    """`about` is what the line says that tells the server listens."""

    def __init__(
        self, config: uvicorn.Config, drain: Drain, echoes: Echoes, base_path: str = "", **about: str
    ) -> None:
        super().__init__(config)
        self._drain = drain
        self._echoes = echoes
        self._base_path = base_path
        self._about = about
        self._loop = asyncio.get_running_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Only now are connections accepted and signals handled: who waits for the line may do either at once."""
        await super().startup(sockets)
        if sockets:
            log.info("listening", url=address(sockets[0]) + self._base_path, **self._about)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGHUP, too, unless it was to be ignored (nohup)."""
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
        # Not noted in uvicorn's list, which it would raise again: a stop that was asked for ends with exit code 0.
        # Handlers run between any two instructions of the loop's own code: nothing is touched here.
        self._loop.call_soon_threadsafe(self._signalled)

    def _signalled(self) -> None:
        # In one step: a shutdown that began without the drain's knowing would take this signal for the second one.
        self._drain.signalled()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._drain.run(super().shutdown(sockets), self._echoes.stop())


def _uvicorn(http: FastAPI, gateway: Gateway, metrics: Metrics) -> uvicorn.Config:
    return uvicorn.Config(
        http,
        http=functools.partial(HttpProtocol, gateway=gateway, metrics=metrics),  # type: ignore[arg-type] # as is this
        ws=functools.partial(Connection, gateway=gateway),  # type: ignore[arg-type] # any factory of protocols will do
        lifespan="off",
        log_config=None,
        access_log=logging.getLogger().level <= logging.DEBUG,
        server_header=False,
        proxy_headers=False,  # `Forwarded` hears them, from RECONVENE_TRUSTED_PROXIES
        headers=[("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin")],
        timeout_graceful_shutdown=None,  # the drain has one for everything
        backlog=BACKLOG,
    )


def spare_the_collector() -> None:
    """What is loaded by now stays for good, and connections come and go without cycles: look for them less often.

    A full collection with thousands of connections would otherwise hold everyone up for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
