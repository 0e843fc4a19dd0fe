"""Every program that strangers may meet can be kept from sending to where they like."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from reconvene.participants import echo, source
from reconvene.participants.bot import Bot
from reconvene.recorder import command
from signalling.protocol.reach import Reach
from tests.process import ServerProcess

Run = Callable[..., Coroutine[Any, Any, int]]


async def sources(meeting: str, server: str, folder: Path, reach: Reach) -> int:
    more: dict[str, Any] = {"file": None, "count": 1, "audio": True, "video": True}
    return await source.run(meeting, server, name="Bot", create=True, seconds=0.1, reach=reach, **more)


async def echoes(meeting: str, server: str, folder: Path, reach: Reach) -> int:
    more: dict[str, Any] = {"until_left": False}
    return await echo.run(meeting, server, name="Bot", create=True, seconds=0.1, reach=reach, **more)


async def records(meeting: str, server: str, folder: Path, reach: Reach) -> int:
    return await command.run(meeting, server, out=folder, create=True, seconds=0.1, reach=reach)


@pytest.mark.parametrize(("module", "run"), [(source, sources), (echo, echoes), (command, records)])
async def test_they_send_no_farther_than_they_are_told(
    server: ServerProcess,
    room: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    run: Run,
) -> None:
    made: list[Bot] = []

    class Noted(Bot):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            made.append(self)

    monkeypatch.setattr(module, "Bot", Noted)
    await run(room, server.url, tmp_path, Reach.PUBLIC)
    assert [bot.reach for bot in made] == [Reach.PUBLIC]
