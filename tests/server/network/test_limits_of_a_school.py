"""A school behind one address gets in."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from server.http.pages import PAGE
from server.network.limits import LIMITS
from tests.process import ServerProcess
from tests.server.client import playing

SCHOOL = 500


def test_a_school_gets_in_with_all_the_parts_of_its_pages() -> None:
    """500 behind one address, with empty caches and no tokens, and again after a restart."""
    parts = set(
        re.findall(r'(?:href|src)="(/static/[^"]+)"', (PAGE / "index.html").read_text(encoding="utf-8"))
    )
    assert SCHOOL * (len(parts) + 10) <= LIMITS["requests"].most
    assert min(LIMITS[name].most for name in ("identities", "new_sockets", "sockets")) >= SCHOOL * 2


async def test_500_join_in_ten_seconds_from_one_address(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, playing(server) as play:

        async def come(number: int) -> None:
            client = await play.client(address="203.0.113.1")
            await client.join(f"CLASS-{number % 25}", "Pupil", create=True)
            await client.leave()

        for first in range(0, SCHOOL, 50):
            async with asyncio.TaskGroup() as group:
                for number in range(first, first + 50):
                    group.create_task(come(number))
        assert not server.loud
