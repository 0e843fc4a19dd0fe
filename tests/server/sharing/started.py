"""Nodes, with all that they need.

async with nodes_in(folder) as nodes:
    one, other = await nodes.start(2)
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from tests.databases.postgres import PostgresServer
from tests.engines.servers import EngineServer, redis_program
from tests.server.sharing.nodes import Nodes


@contextlib.asynccontextmanager
async def nodes_in(directory: Path) -> AsyncIterator[Nodes]:
    """With an engine and a database of their own. Servers are started as a test needs them."""
    async with (
        EngineServer(redis_program()) as engine,
        PostgresServer() as postgres,
        Nodes(directory, engine, await postgres.make_database("nodes")) as nodes,
    ):
        yield nodes
