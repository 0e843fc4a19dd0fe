from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import open_store
from tests.server.call_test.stand_ins import Desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = open_store(f"sqlite:///{tmp_path}/r.db")
    await store.open()
    desk = Desk(store)
    yield desk
    await desk.echoes.stop()
    assert await desk.meetings() == []
    assert desk.metrics.echo_processes() == 0
    await store.close()
