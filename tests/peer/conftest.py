from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest

# Browsers are those of the end-to-end tests; a fixture is found where its name is.
from tests.e2e.conftest import (
    browser,
    launch,
    newcomer,
    people,
    playwright,
    pytest_runtest_makereport,
)
from tests.process import ServerProcess, quiet_server

__all__ = ["browser", "launch", "newcomer", "people", "playwright", "pytest_runtest_makereport"]

_rooms = itertools.count(1)


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """One server for all tests that need no settings of their own."""
    async with quiet_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def room() -> str:
    """A meeting id no other test uses."""
    return f"PEER-{next(_rooms)}"
