"""The contract suite runs against every backend: BACKENDS in backends.py."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.import_store import StoreWithImports
from tests.storage.backends import BACKENDS, Servers
from tests.storage.import_script import ImportScript
from tests.storage.place import Place
from tests.storage.script import Script

# Against a real project, whose settings CI does not have.
collect_ignore = [] if os.environ.get("SUPABASE_TEST_URL") else ["postgres/test_supabase_hosted.py"]


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Servers]:
    servers = Servers()
    yield servers
    await servers.close()


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def place(backend: str, servers: Servers, tmp_path: Path) -> Place:
    return await BACKENDS[backend](servers, tmp_path)


@pytest.fixture
async def store(place: Place) -> AsyncIterator[StoreWithImports]:
    opened = place.store()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def other(place: Place, store: StoreWithImports) -> AsyncIterator[StoreWithImports]:
    """A second store object on the same database, as another process would have."""
    opened = place.store()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def script(store: StoreWithImports) -> Script:
    return Script(store)


@pytest.fixture
def imports(store: StoreWithImports) -> ImportScript:
    return ImportScript(store)
