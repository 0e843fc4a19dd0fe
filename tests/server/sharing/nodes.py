"""Several real servers that share one engine and one PostgreSQL.

one, other = await nodes.start(2)
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.engines.servers import EngineServer
from tests.process import ServerProcess

SECRET = "a secret that all nodes share"


class Nodes(contextlib.AsyncExitStack):
    def __init__(self, directory: Path, engine: EngineServer, store: str) -> None:
        super().__init__()
        self.engine = engine
        self.servers: list[ServerProcess] = []
        self._directory = directory
        self.settings = {
            "RECONVENE_ENGINE": engine.url,
            "RECONVENE_STORE": store,
            "RECONVENE_SECRET": SECRET,
            "RECONVENE_LIMITS": "0",
            "RECONVENE_OVERLOAD": "0",
        }

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        return self

    async def start(self, count: int = 1, **settings: str) -> Sequence[ServerProcess]:
        """As many more, each in a folder of its own."""
        for _ in range(count):
            folder = self._directory / f"node-{len(self.servers)}"
            folder.mkdir()
            server = ServerProcess(folder, **(self.settings | settings))
            self.servers.append(await self.enter_async_context(server))
        return self.servers[-count:]
