"""pgbouncer."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.databases.daemon import HOST, Daemon, Folder, Started, free_port, program
from tests.databases.postgres import PostgresServer


class Pgbouncer(Started):
    """A pooler that gives a connection away for one transaction at a time, as Supabase's does at port 6543."""

    def __init__(self, postgres: PostgresServer, *, pool: int = 4) -> None:
        self.postgres = postgres
        self.port = free_port()
        self._folder = Folder("pgbouncer")
        users = ("postgres", PostgresServer.OWNER)
        (self._folder.path / "users").write_text(
            "".join(f'"{user}" "{postgres.password}"\n' for user in users)
        )
        (self._folder.path / "pgbouncer.ini").write_text(f"""
[databases]
* = host={HOST} port={postgres.port}
[pgbouncer]
listen_addr = {HOST}
listen_port = {self.port}
unix_socket_dir =
auth_type = plain
auth_file = {self._folder.path}/users
pool_mode = transaction
default_pool_size = {pool}
max_client_conn = 500
server_login_retry = 0.1
""")
        self._daemon = Daemon(
            self._folder,
            "pgbouncer",
            [program("pgbouncer"), str(self._folder.path / "pgbouncer.ini")],
            self._answers,
        )

    def through(self, url: str) -> str:
        """The same database and user, by way of the pooler."""
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{self.port}")))

    async def start(self) -> None:
        await self._daemon.start()

    async def close(self) -> None:
        await self._daemon.kill()
        self._folder.remove()

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(
                self.through(self.postgres.url()), ssl=False, statement_cache_size=0, timeout=10
            )
            await connection.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True
