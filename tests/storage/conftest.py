"""The backends the contract suite runs against. A backend is a function that makes a fresh, empty database and
gives its URL; adding one here runs every contract test on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from storage import open_store
from storage.store import Store
from tests.storage.script import Script


def sqlite_url(directory: Path) -> str:
    return f"sqlite:///{directory}/store.db"


BACKENDS: dict[str, Callable[[Path], str]] = {"sqlite": sqlite_url}


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return BACKENDS[request.param](tmp_path)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = open_store(url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def other(url: str, store: Store) -> AsyncIterator[Store]:
    """A second store object on the same database, as another process would have."""
    opened = open_store(url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def script(store: Store) -> Script:
    return Script(store)
