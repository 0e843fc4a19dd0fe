"""A node that starts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.databases.daemon import HOST, free_port
from tests.databases.postgres import PostgresServer
from tests.forking import begin
from tests.process import environment


async def test_nobody_waits_for_a_node_that_is_not_ready(tmp_path: Path) -> None:
    """It refuses connections, so that people go to others: here while it waits for the engine's answer."""
    asked, over = asyncio.Event(), asyncio.Event()

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await over.wait()
        writer.close()

    silent = await asyncio.start_server(engine, HOST, 0)
    port = free_port()
    async with silent, PostgresServer() as postgres:
        settings = {
            "RECONVENE_ENGINE": f"redis://{HOST}:{silent.sockets[0].getsockname()[1]}",
            "RECONVENE_STORE": await postgres.make_database("starting"),
            "RECONVENE_SECRET": "a secret that all nodes share",
            "RECONVENE_PORT": str(port),
        }
        node = await begin("reconvene.cli.main", ["serve"], environment(tmp_path, settings))
        await asked.wait()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, port)
        over.set()
        assert await node.wait() == 2
