"""A server with imports, one for each file of tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage.import_store import StoreWithImports
from tests.process import ServerProcess
from tests.server import webinars
from tests.server.client import Play, playing
from tests.server.http.imports.reading import CROWD, KEY


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    directory = tmp_path_factory.mktemp("imports")
    async with ServerProcess(directory, RECONVENE_ADMIN_KEY=KEY) as server:
        yield server
    assert server.exit_code == 0


@pytest.fixture(scope="module")
async def store(server: ServerProcess) -> AsyncIterator[StoreWithImports]:
    """The server's, with what was imported into it."""
    async with webinars.kept(server.database, CROWD) as store:
        yield store


@pytest.fixture
async def play(server: ServerProcess, store: StoreWithImports) -> AsyncIterator[Play]:
    async with playing(server) as play:
        yield play
