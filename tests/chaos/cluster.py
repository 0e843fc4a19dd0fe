"""Three nodes, what they share, and nginx in front of them: each a process, or several."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from pathlib import Path
from typing import Any, Self

import redis.exceptions

from tests.chaos.space import ENTER, HERE, REPLICA, Site, Space, is_divided, part
from tests.databases.daemon import HOST, free_port
from tests.databases.postgres import PostgresServer
from tests.engines.servers import EngineServer, redis_program
from tests.process import ServerProcess
from tests.server.nginx import PASSING, Nginx

NODES = 3
DATABASE = "chaos"
NAME = "engine"
"""The primary's, for Sentinel."""

IN_FRONT = (
    *PASSING,
    "proxy_set_header X-Forwarded-For $remote_addr",
    "proxy_connect_timeout 1s",
    "proxy_next_upstream error timeout http_503",
)


class Node(ServerProcess):
    """`site`: the network that it is in, if it has one of its own."""

    starts_within = 60.0

    def __init__(self, number: int, directory: Path, site: Site | None, **settings: str) -> None:
        super().__init__(directory, **settings)
        self.story: list[str] = []
        """All that it has logged, in all its lives."""
        self.number = number
        self.site = site
        self.is_up = False
        self._complaints: list[str] = []
        self._noted = 0
        if site is not None:
            self.module = "tests.chaos.inside"
            self.settings |= {ENTER: site.network, "RECONVENE_HOST": site.address}

    @property
    def address(self) -> str:
        return f"{HOST if self.site is None else self.site.address}:{self.settings['RECONVENE_PORT']}"

    async def start(self, **settings: str) -> ServerProcess:
        self._note()
        self._noted = 0
        await super().start(**settings)
        self.is_up = True
        return self

    async def kill(self) -> None:
        self.is_up = False
        await super().kill()

    @property
    def complaints(self) -> list[str]:
        """Errors and tracebacks, of all its lives."""
        self._note()
        return [f"node {self.number}: {line}" for line in self._complaints]

    def _note(self) -> None:
        new = self.output[self._noted :]
        self._noted = len(self.output)
        self.story += new
        self._complaints += [line for line in new if not _is_harmless(line)]


def _is_harmless(line: str) -> bool:
    return line.startswith("{") and '"level":"error"' not in line and '"level":"critical"' not in line


class Cluster(contextlib.AsyncExitStack):
    """`nodes`, `engine`, `postgres`; `url`: nginx's."""

    engine: EngineServer
    replica: EngineServer
    sentinel: EngineServer
    postgres: PostgresServer
    nodes: list[Node]
    url: str

    def __init__(self, directory: Path, **settings: str) -> None:
        super().__init__()
        self.is_divided = is_divided()
        self._directory = directory
        self._settings = settings

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        try:
            await self._begin()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def _begin(self) -> None:
        host = HERE if self.is_divided else HOST
        self.postgres = await self.enter_async_context(PostgresServer(host=host))
        self.engine = await self._engine_at(host)
        self.sentinel = await self.enter_async_context(
            EngineServer(redis_program(), is_sentinel=True, host=host, protected_mode="no")
        )
        await self.sentinel.do("SENTINEL", "MONITOR", NAME, host, self.engine.port, 1)
        for option, value in (("down-after-milliseconds", 1500), ("failover-timeout", 3000)):
            await self.sentinel.do("SENTINEL", "SET", NAME, option, value)
        settings = {
            "RECONVENE_ENGINE": f"redis+sentinel://{host}:{self.sentinel.port}/{NAME}",
            "RECONVENE_STORE": await self.postgres.make_database(DATABASE),
            "RECONVENE_SECRET": secrets.token_hex(32),
            "RECONVENE_TRUSTED_PROXIES": "loopback,private",
            "RECONVENE_LIMITS": "0",
            "RECONVENE_OVERLOAD": "0",
            # A busy machine is no reason to lose anybody.
            "RECONVENE_GRACE": "60",
            **self._settings,
        }
        space = Space()
        self.nodes = []
        for number in range(1, NODES + 1):
            site = None
            if self.is_divided:
                site = await space.make()
                self.push_async_callback(site.close)
            folder = self._directory / f"node-{number}"
            folder.mkdir()
            own = settings | {"RECONVENE_PORT": str(free_port())}
            self.nodes.append(Node(number, folder, site, **own))
        for node in self.nodes:
            await self.enter_async_context(node)
        first, *others = [node.address for node in self.nodes]
        nginx = await self.enter_async_context(Nginx(first, IN_FRONT, others))
        self.url = nginx.url

    async def _engine_at(self, host: str, **settings: Any) -> EngineServer:
        # Without the delay of zero it waits for more replicas.
        settings |= {"appendonly": "yes", "protected_mode": "no", "repl_diskless_sync_delay": "0"}
        return await self.enter_async_context(EngineServer(redis_program(), host=host, **settings))

    async def start_replica(self) -> None:
        """Of the engine; it has all, and Sentinel knows it."""
        host = self.engine.host
        if self.is_divided:
            host = REPLICA if host == HERE else HERE
        primary = f"{self.engine.host} {self.engine.port}"
        self.replica = await self._engine_at(host, replicaof=primary, bind_source_addr=host)
        await self.engine.do("WAIT", 1, 20_000)
        known = [""]
        while not any(str(self.replica.port) in each for each in known):
            await asyncio.sleep(0.1)
            told = await self.sentinel.do("SENTINEL", "REPLICAS", NAME)
            known = [str(each) for each in told]

    def keep_logs(self, folder: Path) -> None:
        """The nodes', as files there."""
        folder.mkdir(parents=True, exist_ok=True)
        for node in self.nodes:
            node.complaints  # noqa: B018
            (folder / f"node-{node.number}.log").write_text("\n".join([*node.story, ""]), encoding="utf-8")

    async def part_replica(self, *, again: bool = False) -> None:
        """It hears nothing of its primary any more; or `again`."""
        if self.is_divided:
            await part(self.replica.host, self.engine.host, self.engine.port, again=again)

    async def promoted(self) -> None:
        """Wait until the replica is the primary, and Sentinel says so to those who ask: it is the last to know."""
        role = b""
        while role != b"master":
            await asyncio.sleep(0.05)
            # It ends all connections when it is promoted.
            with contextlib.suppress(redis.exceptions.ConnectionError):
                (role, *_) = await self.replica.do("ROLE")
        flags = b"down"
        while flags != b"master":
            await asyncio.sleep(0.05)
            (told,) = await self.sentinel.do("SENTINEL", "MASTERS")
            flags = told[b"flags"] if int(told[b"port"]) == self.replica.port else b"down"

    @property
    def up(self) -> list[Node]:
        return [node for node in self.nodes if node.is_up]

    @property
    def complaints(self) -> list[str]:
        return [each for node in self.nodes for each in node.complaints]
