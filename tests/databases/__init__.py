"""Real databases for tests and measurements, on free ports of loopback and in folders of their own.

    async with PostgresServer() as postgres:
        url = await postgres.make_database("meetings")          # owned by a role that is no superuser
        async with PostgrestServer(postgres, await postgres.make_database("project")) as supabase:
            ...                                                 # supabase.url, .service_key, .anon_key
        async with Pgbouncer(postgres) as pooler:
            ...                                                 # pooler.through(url): one connection per transaction
        await postgres.kill()                                   # SIGKILL, and nothing of it is left;
        await postgres.start()                                  # same port, same data

They end with the process that started them, whatever ends it; start them from its main thread, and use them from one
event loop. PostgreSQL refuses to run as root: started by root, they all run as `postgres` (or `nobody`).
tests/install.sh gets what they need.
"""

from __future__ import annotations

from tests.databases.pgbouncer import Pgbouncer
from tests.databases.postgres import PostgresServer
from tests.databases.postgrest import PostgrestServer

__all__ = ["Pgbouncer", "PostgresServer", "PostgrestServer"]
