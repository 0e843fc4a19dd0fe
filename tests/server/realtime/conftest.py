from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.process import ServerProcess
from tests.server.client import Play, playing
from tests.server.realtime.logins import Login, logging_in


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Login]:
    """A server that takes an application's tokens, for the tests of one file."""
    async with logging_in(tmp_path_factory.mktemp("login")) as app:
        yield app


@pytest.fixture
async def app(shared: Login) -> AsyncIterator[Login]:
    async with playing(shared.server) as play:
        yield Login(shared.keys, shared.signer, shared.server, play)


@pytest.fixture
async def mortal(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server that one test may kill, with a secret that outlives the process."""
    async with ServerProcess(tmp_path, RECONVENE_SECRET="a secret that outlives the process") as server:
        yield server


@pytest.fixture
async def stage(mortal: ServerProcess) -> AsyncIterator[Play]:
    async with playing(mortal) as play:
        yield play
