from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest

from tests.process import ServerProcess
from tests.server.client import Play, assert_quiet, playing

_rooms = itertools.count(1)


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """One server with the settings it comes with, for all tests that need no others. It never logs a warning."""
    server = ServerProcess(tmp_path_factory.mktemp("server"))
    async with server:
        yield server
    assert server.exit_code == 0
    assert_quiet(server)


@pytest.fixture
async def play(server: ServerProcess) -> AsyncIterator[Play]:
    async with playing(server) as play:
        yield play


@pytest.fixture
def room() -> str:
    """A meeting id no other test uses."""
    return f"ROOM-{next(_rooms)}"
