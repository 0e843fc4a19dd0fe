from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases.postgres import PostgresServer
from tests.engines.servers import EngineServer, redis_program
from tests.server.sharing.nodes import Nodes


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Nodes]:
    """Servers are started as a test needs them."""
    async with (
        EngineServer(redis_program()) as engine,
        PostgresServer() as postgres,
        Nodes(tmp_path, engine, await postgres.make_database("nodes")) as nodes,
    ):
        yield nodes
