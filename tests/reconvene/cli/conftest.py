from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.databases import PostgresServer, PostgrestServer
from tests.reconvene.cli.migrating import numbers


@pytest.fixture(scope="module")
async def postgres() -> AsyncIterator[PostgresServer]:
    async with PostgresServer() as postgres:
        yield postgres


@pytest.fixture
async def project(postgres: PostgresServer) -> AsyncIterator[PostgrestServer]:
    """A Supabase project in which nothing was done yet."""
    url = await postgres.make_database(f"project_{next(numbers)}")
    async with PostgrestServer(postgres, url) as project:
        yield project
