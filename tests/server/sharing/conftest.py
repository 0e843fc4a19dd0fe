from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.sharing.nodes import Nodes
from tests.server.sharing.started import nodes_in


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Nodes]:
    """Servers are started as a test needs them."""
    async with nodes_in(tmp_path) as nodes:
        yield nodes
