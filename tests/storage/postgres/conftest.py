from __future__ import annotations

import pytest

from tests.databases import PostgresServer
from tests.storage.backends import Servers


@pytest.fixture
async def postgres(servers: Servers) -> PostgresServer:
    return await servers.postgres()


@pytest.fixture
def database(backend: str) -> str:
    """The name of the backend's database on that server."""
    return {"postgres": "contract", "supabase": "project"}[backend]
