"""Work that goes on beside everything else."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from server.runtime.background import Background, endless


async def test_what_ends_it_is_logged() -> None:
    async def ends() -> None:
        raise ValueError("what nobody thought of")

    with capture_logs() as lines:
        await asyncio.wait([endless(ends())])
    (line,) = lines
    assert (line["log_level"], str(line["exc_info"])) == ("critical", "what nobody thought of")
    assert "ends" in str(line["work"])


async def test_that_it_is_stopped_is_not() -> None:
    class Waiting(Background):
        async def _run(self) -> None:
            await asyncio.Event().wait()

    work = Waiting()
    with capture_logs() as lines:
        work.start()
        await work.stop()
        await work.stop()
    assert lines == []
