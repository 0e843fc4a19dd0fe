"""The contract suite runs against every engine: ENGINES in tests/engines/places.py."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.cluster.engine.engine import Engine
from tests.engines.owner import Owner
from tests.engines.places import ENGINES, Place, Servers


@pytest.fixture(scope="session")
async def engine_servers() -> AsyncIterator[Servers]:
    servers = Servers()
    yield servers
    await servers.close()


@pytest.fixture(params=ENGINES)
async def place(request: pytest.FixtureRequest, engine_servers: Servers) -> AsyncIterator[Place]:
    made = await ENGINES[request.param](engine_servers)
    yield made
    await made.close()


@pytest.fixture
async def engine(place: Place) -> Engine:
    return await place.engine()


@pytest.fixture
async def ann(engine: Engine) -> Owner:
    """A node that owns the room."""
    owner = Owner(engine, "n_ann")
    await owner.begin()
    return owner


@pytest.fixture
async def bob(place: Place) -> Owner:
    """Another that lives, with an inbox."""
    owner = Owner(await place.engine(), "n_bob")
    await owner.live()
    await owner.engine.open_inbox(owner.node)
    return owner
