"""Several real servers that share one engine and one PostgreSQL."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tests.databases.postgres import PostgresServer
from tests.engines.servers import EngineServer
from tests.process import ServerProcess

SECRET = "a secret that all nodes share"


@contextlib.asynccontextmanager
async def nodes(
    directory: Path, engine: EngineServer, postgres: PostgresServer, database: str, count: int
) -> AsyncIterator[Sequence[ServerProcess]]:
    """As many servers, each in a folder of its own."""
    settings = {
        "RECONVENE_ENGINE": engine.url,
        "RECONVENE_STORE": await postgres.make_database(database),
        "RECONVENE_SECRET": SECRET,
        "RECONVENE_LIMITS": "0",
        "RECONVENE_OVERLOAD": "0",
    }
    async with contextlib.AsyncExitStack() as stack:
        servers = []
        for number in range(count):
            folder = directory / f"node-{number}"
            folder.mkdir()
            servers.append(await stack.enter_async_context(ServerProcess(folder, **settings)))
        yield servers
