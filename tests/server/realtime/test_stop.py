"""A stop, seen from the process: signals, who is told that it goes, and when."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import uvicorn
from fastapi import FastAPI

from server.app import web
from server.call_test.sessions import Echoes
from server.identity.tokens import Tokens
from server.network.client_address import Client as Address
from server.realtime.admission import Admission
from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.change_writer import ChangeWriter
from server.realtime.connection import Connection
from server.realtime.drain import Drain
from server.realtime.gateway import Gateway
from server.runtime.clock import RecordClock
from server.runtime.metrics import Metrics
from server.settings.config import Config
from server.uvicorn_server import Server
from server.zoom.jobs import Jobs
from server.zoom.schedule import Schedule
from signalling.rooms.hub import Hub
from storage import open_store
from tests.server.client import Message


@contextlib.asynccontextmanager
async def served(directory: Path) -> AsyncIterator[tuple[Gateway, httpx.AsyncClient]]:
    """The gateway and the HTTP side, without sockets: a process that stops takes no new connections."""
    config = Config.from_env({"RECONVENE_STORE": f"sqlite:///{directory}/r.db"})
    store, hub, metrics, tokens = (
        open_store(config.store),
        Hub(),
        Metrics(),
        Tokens("a secret of some length"),
    )
    await store.open()
    writer = AttendanceWriter(store, "n_1", metrics)
    times = RecordClock()
    changes = ChangeWriter(store, metrics, now=times.now)
    admission = Admission(config, hub, store, writer, changes, tokens, "n_1", times)
    gateway = Gateway(config, hub, store, admission, writer, changes, metrics)
    jobs = Jobs(config, store, clock=times.now)
    others = jobs, Schedule(jobs, store, clock=times.now), cast(Any, None), times
    app = web(config, store, hub, gateway, tokens, metrics, *others)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as http:
        yield gateway, http
    await store.close()


async def test_a_signal_that_comes_just_before_the_server_looks_counts_once() -> None:
    class Signals:
        count = 0

        def signalled(self) -> None:
            self.count += 1

    drain = Signals()
    server = Server(uvicorn.Config(FastAPI(), log_config=None), cast(Drain, drain), cast(Echoes, None))
    server.handle_exit(signal.SIGTERM, None)
    assert not server.should_exit, "it may stop before the drain has heard of the signal"
    await asyncio.sleep(0)
    assert server.should_exit
    assert drain.count == 1


async def test_a_server_that_stops_is_alive_and_not_ready(tmp_path: Path) -> None:
    async with served(tmp_path) as (gateway, http):
        assert (await http.get("/readyz")).status_code == 200
        gateway.drain()
        answer = await http.get("/readyz")
        problem = cast(Message, answer.json())
        assert (answer.status_code, problem["code"]) == (503, "unavailable")
        assert "going away" in problem["detail"]
        assert int(answer.headers["Retry-After"]) >= 1
        assert (await http.get("/healthz")).status_code == 200


class OpenConnection:
    """Stands for a socket that only has to be there."""

    number, client = 1, Address("", "")


async def test_the_more_there_are_the_wider_their_returns_are_spread(tmp_path: Path) -> None:
    async with served(tmp_path) as (gateway, _):
        few = [gateway.going().retry_after or 0.0 for _ in range(500)]
        for _ in range(8000):
            gateway.opened(cast(Connection, OpenConnection()))
        many = [gateway.going().retry_after or 0.0 for _ in range(500)]
    assert (min(few) >= 1, max(few) <= 2) == (True, True)
    assert (min(many) >= 1, max(many) <= 5) == (True, True)
    assert max(many) > 3, "four seconds for eight thousand"
