"""Builds the server from its parts, all in one place."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from server.call_test.sessions import Echoes
from server.cluster.node import Node
from server.http import (
    asyncapi,
    call_test,
    goodbye,
    meetings,
    openapi,
    pages,
    people,
    plain_ws,
    problems,
    qr_code,
    revocation,
    zoom_events,
    zoom_imports,
)
from server.http.base_path import BasePath
from server.http.callers import Callers
from server.http.forwarded import Forwarded
from server.http.head_requests import HeadRequests
from server.http.limits import HttpLimits
from server.http.shedding import Shedding
from server.http.transport_security import TransportSecurity
from server.identity.identities import Identities
from server.identity.ids import new_user
from server.identity.issuer import Issuer
from server.identity.revocations import Revocations
from server.identity.secret_file import load_secret
from server.identity.tokens import Tokens
from server.network.limits import Limits
from server.realtime import pace
from server.realtime.admission import Admission
from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.change_writer import ChangeWriter
from server.realtime.drain import Drain
from server.realtime.gateway import Gateway
from server.realtime.other_nodes import OtherNodes
from server.realtime.overload import Rank
from server.realtime.reconciling import Reconciler
from server.realtime.room_restore import restore_rooms
from server.realtime.write_guard import WriteGuard
from server.reports.chat_keeping import ChatKeeping
from server.reports.retention import Retention
from server.runtime.clock import RecordClock
from server.runtime.metrics import Metrics
from server.runtime.sockets import own_url
from server.settings.config import Config
from server.uvicorn_server import Server, spare_the_collector, uvicorn_config
from server.zoom.jobs import Jobs
from server.zoom.schedule import Schedule
from signalling.rooms.hands import Hands
from signalling.rooms.hub import Hub
from storage.import_store import StoreWithImports

log = structlog.get_logger()


async def serve(
    config: Config,
    sockets: list[socket.socket],
    *,
    lines_dropped: Callable[[], int] = lambda: 0,
    listening: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, on listening sockets. `lines_dropped` counts log lines that were dropped.
    `listening` is called when connections are accepted and signals handled.

    Raises what opening the store raises, `ConfigError` for an engine that cannot be used, and `OSError` if no secret
    can be kept.
    """
    tokens = Tokens(load_secret(config), config.secret_previous)
    issuer = None if config.login is None else Issuer(config.login)
    identities = Identities(config, tokens, issuer)
    metrics = Metrics()
    metrics.log_lines_dropped = lines_dropped
    store = config.make_store()
    await store.open()
    record_clock = RecordClock()
    retention = Retention(store, config.retention_days, record_clock.now)
    chat_keeping = ChatKeeping(store, config.grace, record_clock.now)
    jobs = Jobs(config, store, clock=record_clock.now)
    schedule = Schedule(jobs, store, clock=record_clock.now)
    deadline: float | None = None
    try:
        node = Node(store, metrics, record_clock)
        hub = Hub(
            grace=config.grace,
            heartbeat=config.heartbeat,
            flow=pace.flow(config),
            frames=pace.frames(config),
            log_memory=config.log_memory * 2**20,
            hands=Hands(record_clock.at),
            message_name=tokens.message_id,
        )
        guard = WriteGuard()
        writer = AttendanceWriter(store, node.id, metrics, at=record_clock.at, guard=guard)
        changes = ChangeWriter(store, metrics, now=record_clock.now, node=node.id, guard=guard)
        admission = Admission(config, hub, store, writer, changes, tokens, node.id, record_clock, identities)
        parts = config, hub, store, admission, writer, changes
        cluster = None
        if config.engine is not None:
            # A process that is alone loads nothing of it.
            from server.sharing.start import cluster_gateway

            cluster = cluster_gateway(*parts, metrics=metrics, tokens=tokens, node=node.id)
        gateway = cluster or Gateway(*parts, metrics)
        reconciler = Reconciler(store, node.id, hub, admission.pending, writer)
        node.on_revived = reconciler.due
        node.errands["reconcile"] = reconciler.look
        node.on_clock_set = hub.stays.clock_was_set
        await node.start()
        if cluster is None:
            await restore_rooms(store, hub, record_clock.now(), admission.appearance.before)
        else:
            reconciler.owns = cluster.owned_rooms.owns
            node.engine_seen_at = lambda: cluster.membership.seen_at
            await cluster.begin(record_clock)
            retention.is_due = schedule.is_due = cluster.is_first
        revocations = Revocations(store, tokens, gateway.revoked, record_clock.now)
        await revocations.hear()
        node.errands["hear of revocations"] = revocations.hear
        if issuer is not None:
            issuer.start()
        gateway.start()
        gateway.overload.start()
        retention.start()
        chat_keeping.start()
        jobs.start()
        schedule.start()
        echoes = Echoes(
            config,
            store,
            gateway,
            metrics,
            own_url(sockets) + config.base_path,
            record_clock.now,
            gateway.limits,
            token=lambda: tokens.identity(new_user("bot"), time.time(), own=True),
        )
        echoes.start()
        drain = Drain(config.drain, gateway, writer, changes, reconciler, node)
        others = jobs, schedule, echoes, record_clock, gateway.limits, revocations, identities
        other_nodes = None if cluster is None else cluster.other_nodes
        http = web(config, store, hub, gateway, tokens, metrics, *others, other_nodes)
        server = Server(
            uvicorn_config(http, gateway, metrics),
            drain,
            echoes,
            listening,
            base_path=config.base_path,
            store=config.store.partition("://")[0],
            node=node.id,
        )
        spare_the_collector()
        await server.serve(sockets)
        if cluster is not None:
            await cluster.leave()
        deadline = drain.deadline
    finally:
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.gather(retention.stop(), chat_keeping.stop(), schedule.stop())
                await jobs.stop()
                if issuer is not None:
                    await issuer.stop()
                await store.close()
        except TimeoutError:
            log.warning("store did not close in time; what it answered is safe")
    log.info("stopped")


def web(
    config: Config,
    store: StoreWithImports,
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
    identities: Identities | None = None,
    other_nodes: OtherNodes | None = None,
) -> FastAPI:
    """The web application: API, pages, health and metrics."""
    app = FastAPI(
        title="Reconvene",
        version=version("reconvene"),
        docs_url=None,  # `pages` serves one that loads nothing from other hosts
        redoc_url=None,
        # A body without a Content-Type is read as JSON. No credential is one that browsers attach by themselves, so
        # other sites' pages gain nothing by sending such bodies.
        strict_content_type=False,
    )
    problems.install(app)
    openapi.install(app)
    asyncapi.install(app)
    overloaded = {"refusal": lambda: gateway.overload.refusal(Rank.HTTP)}
    if other_nodes is not None:
        from server.http.elsewhere import AnsweredElsewhere

        app.add_middleware(AnsweredElsewhere, nodes=other_nodes, **overloaded)
    app.add_middleware(problems.BodyLimit)
    app.add_middleware(HttpLimits, config=config, limits=limits or Limits(config.limits, metrics))
    app.add_middleware(Shedding, **overloaded)
    app.add_middleware(HeadRequests, router=app.router)
    if config.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=config.allowed_origins,
            allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match"],
        )
    app.add_middleware(TransportSecurity, seconds=config.hsts)
    app.add_middleware(BasePath, base=config.base_path)
    app.add_middleware(Forwarded, proxies=config.trusted_proxies, hosts=config.hosts)
    identities = identities or Identities(config, tokens)
    callers = Callers(config, identities)
    app.include_router(
        meetings.router(config, store, hub, gateway, tokens, identities, callers, metrics, record_clock)
    )
    app.include_router(zoom_imports.router(store, callers, jobs, schedule, record_clock.now))
    app.include_router(zoom_events.router(config, store, record_clock.now))
    app.include_router(call_test.router(config, callers, echoes))
    app.include_router(plain_ws.router(config.allowed_origins))
    app.include_router(goodbye.router(gateway, tokens))
    app.include_router(qr_code.router())
    revocations = revocations or Revocations(store, tokens, lambda _: None, record_clock.now)
    app.include_router(revocation.router(callers, revocations))
    app.include_router(people.router(callers, store, gateway, revocations))
    pages.install(
        app,
        picture_origins=config.picture_origins,
        embed_origins=config.embed_origins,
        login_url=config.login_url or "",
    )
    # Now, and not with the first request: other nodes may ask before that.
    app.middleware_stack = app.build_middleware_stack()
    return app
