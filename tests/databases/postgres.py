"""PostgreSQL."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from pathlib import Path
from typing import Any

import asyncpg

from tests.databases.daemon import HOST, Daemon, Folder, Started, free_port


def postgres_programs() -> Path:
    """The folder of `initdb` and `postgres`, the newest where there are several."""
    packaged = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    versions = sorted(packaged, key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0)
    found = versions[-1] if versions else shutil.which("initdb")
    if not found:
        raise RuntimeError("PostgreSQL is not installed. Run: bash tests/install.sh")
    return Path(found).resolve().parent


class Pattern:
    """An empty cluster, made when it is first asked for and copied for each server: to make one takes thirty times as
    long as to copy it. It goes when this process ends."""

    def __init__(self) -> None:
        self.password = secrets.token_hex(8)
        self._folder: Folder | None = None
        self._made = asyncio.Lock()

    async def copy_to(self, folder: Folder, data: Path) -> None:
        async with self._made:
            if self._folder is None:
                self._folder = await self._make()
        await folder.run("cp", "-Rp", str(self._folder.path / "data"), str(data))

    async def _make(self) -> Folder:
        folder = Folder("postgres-pattern")
        secret = folder.path / "password"
        secret.write_text(self.password)
        await folder.run(
            *(str(postgres_programs() / "initdb"), "-D", str(folder.path / "data")),
            *("-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}"),
            *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
        )
        return folder


PATTERN = Pattern()


class PostgresServer(Started):
    """A cluster. `fsync`: commits wait for the disk, as in earnest; without, they survive a kill, but no power cut.
    `settings` are PostgreSQL's own. `host`: the address of this machine at which it listens."""

    OWNER = "reconvene"
    """The role that owns what `make_database` makes. It is no superuser: a hosted database gives none."""

    def __init__(self, *, fsync: bool = False, host: str = HOST, **settings: str) -> None:
        self.host = host
        self.password = PATTERN.password
        """Every role's."""
        self.port = free_port()
        self.settings = {
            "listen_addresses": host,
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "on" if fsync else "off",
            "full_page_writes": "on" if fsync else "off",
            "max_connections": "200",
            "jit": "off",
            **settings,
        }
        self._folder = Folder("postgres")
        self._data = self._folder.path / "data"
        self._daemon = Daemon(
            self._folder,
            "postgres",
            [
                str(postgres_programs() / "postgres"),
                *("-D", str(self._data)),
                *(f"--{name}={value}" for name, value in self.settings.items()),
            ],
            self._answers,
            # Immediate shutdown: nobody is there any more to wait for.
            death_signal="QUIT",
        )

    def url(self, database: str = "postgres", *, user: str = "postgres", password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@{self.host}:{self.port}/{database}"

    async def start(self) -> None:
        """The first time with an empty cluster, later with the data it had."""
        if not self._data.exists():
            await PATTERN.copy_to(self._folder, self._data)
            if self.host != HOST:
                with (self._data / "pg_hba.conf").open("a") as rules:
                    rules.write("host all all samenet scram-sha-256\n")
        await self._daemon.start()

    async def stop(self) -> None:
        """Fast shutdown: what is under way is rolled back, connections are closed."""
        await self._daemon.stop("INT")

    async def kill(self) -> None:
        """SIGKILL to the postmaster; returns when none of its processes is left."""
        await self._daemon.kill()

    async def close(self) -> None:
        # Nothing is kept of it, so there is nothing to write down before.
        await self._daemon.stop("QUIT")
        self._folder.remove()

    def log(self) -> str:
        """What it complained of."""
        return self._daemon.log()

    async def connect(self, database: str = "postgres") -> asyncpg.Connection[Any]:
        """As superuser."""
        return await asyncpg.connect(self.url(database), ssl=False, timeout=10)

    async def execute(self, sql: str, *, database: str = "postgres") -> None:
        """As superuser; several statements are one transaction."""
        connection = await self.connect(database)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    async def fetch(self, sql: str, *values: object, database: str = "postgres") -> list[asyncpg.Record]:
        """As superuser."""
        connection = await self.connect(database)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()

    async def make_role(self, name: str, options: str = "LOGIN") -> None:
        await self.execute(f"CREATE ROLE {name} {options} PASSWORD '{self.password}'")

    async def make_database(self, name: str, *, owner: str = OWNER) -> str:
        """An empty database and the URL to it, as its owner, who is made if need be."""
        if not await self.fetch("SELECT FROM pg_roles WHERE rolname = $1", owner):
            await self.make_role(owner)
        await self.execute(f"CREATE DATABASE {name} OWNER {owner}")
        # Since PostgreSQL 15 `public` is nobody's but the database's owner's, and only by way of this role.
        return self.url(name, user=owner)

    async def _answers(self) -> bool:
        try:
            await (await self.connect()).close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True
