from __future__ import annotations

import itertools

import pytest

# Browsers, and a server, are those of the end-to-end tests; a fixture is found where its name is.
from tests.e2e.conftest import (
    browser,
    browser_name,
    browsers,
    engine,
    newcomer,
    people,
    playwright,
    pytest_configure,
    pytest_generate_tests,
    pytest_runtest_makereport,
    server,
)
from tests.server.conftest import play

__all__ = [
    "browser",
    "browser_name",
    "browsers",
    "engine",
    "newcomer",
    "people",
    "play",
    "playwright",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_runtest_makereport",
    "server",
]

_rooms = itertools.count(1)


@pytest.fixture
def room() -> str:
    """A meeting id no other test uses."""
    return f"PEER-{next(_rooms)}"
