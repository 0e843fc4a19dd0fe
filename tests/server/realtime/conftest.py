from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.server.client import playing
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
