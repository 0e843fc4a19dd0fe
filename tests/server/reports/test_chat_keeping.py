"""Messages are deleted by the record's clock, whatever this machine's shows."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from server.reports.chat_keeping import KEPT, UNKEPT, ChatKeeping

NOW = 2_000_000_000.0


async def test_what_is_old_is_old_by_the_record_s_clock() -> None:
    asked: asyncio.Future[tuple[float, float]] = asyncio.get_running_loop().create_future()

    class Asked:
        async def forget_messages(self, *before: float) -> int:
            asked.set_result((before[0], before[1]))
            return 0

    keeping = ChatKeeping(cast(Any, Asked()), 30.0, lambda: NOW)
    keeping.start()
    async with asyncio.timeout(10):
        assert await asked == (NOW - UNKEPT - 30.0, NOW - KEPT)
    await keeping.stop()
