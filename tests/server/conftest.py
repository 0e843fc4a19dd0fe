from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.process import ServerProcess, quiet_server
from tests.server.client import Play, playing
from tests.server.desk import Desk, opened_desk

_rooms = itertools.count(1)


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """One server for all tests that need no settings of their own."""
    async with quiet_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
async def play(server: ServerProcess) -> AsyncIterator[Play]:
    async with playing(server) as play:
        yield play


@pytest.fixture
def room() -> str:
    """A meeting id no other test uses."""
    return f"ROOM-{next(_rooms)}"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened_desk(tmp_path) as desk:
        yield desk
