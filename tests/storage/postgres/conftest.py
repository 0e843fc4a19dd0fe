from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.import_store import StoreWithImports
from storage.postgres.function_store import FunctionStore
from tests.databases import PostgresServer
from tests.storage.backends import AS_NEW, Servers, postgres_place
from tests.storage.postgres.counting import Counting


@pytest.fixture
async def postgres(servers: Servers) -> PostgresServer:
    return await servers.postgres()


@pytest.fixture
def database(backend: str) -> str:
    """The name of the backend's database on that server."""
    return {"postgres": "contract", "supabase": "project"}[backend]


@pytest.fixture
async def counting(servers: Servers, tmp_path: Path) -> AsyncIterator[tuple[Counting, StoreWithImports]]:
    place = await postgres_place(servers, tmp_path)
    # Else the planner knows of the rows of before.
    await servers.empty("contract", AS_NEW)
    database = Counting(place.url)
    store = FunctionStore(database)
    await store.open()
    yield database, store
    await store.close()
