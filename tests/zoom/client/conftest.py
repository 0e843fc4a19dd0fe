"""A client, and Zoom on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.zoom.client import ZoomClient
from tests.zoom.caller import Caller
from tests.zoom.loopback import Loopback


@pytest.fixture
async def zoom() -> AsyncIterator[Loopback]:
    async with Loopback() as zoom:
        yield zoom


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture
async def client(zoom: Loopback, caller: Caller) -> AsyncIterator[ZoomClient]:
    async with caller.calls(zoom.settings) as client:
        yield client
