"""Joins of those who wait to be let in, asked for once more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.network.limits import Limits
from server.realtime.joining import Joining
from server.runtime.metrics import Metrics
from signalling.protocol.errors import ErrorCode, Refused


class Nothing:
    """Whatever is asked of it is not needed here."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not needed")


@pytest.mark.parametrize("seated", [False, True])
async def test_a_join_that_the_store_could_not_answer_is_asked_again_unless_it_is_answered_by_then(
    seated: bool,
) -> None:
    nothing: Any = Nothing()
    metrics = Metrics()
    joining = Joining(nothing, nothing, Limits({}, metrics), nothing, metrics, lambda connection: None)
    connection: Any = object()
    asked: list[object] = []
    joining._waiting[connection] = lambda: asked.append(connection)
    assert joining._waits_on(connection, Refused(ErrorCode.UNAVAILABLE, retry_after=0.001))
    if seated:
        # Something else has had it asked, and it is in.
        joining.lost(connection)
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0.002, later.set)
    await later.wait()
    assert asked == ([] if seated else [connection])
