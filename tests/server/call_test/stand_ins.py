"""Echoes that run any program, in a meeting with or without somebody in it."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from typing import Any, cast

import pytest
import structlog

from server.call_test.sessions import Echoes
from server.network.client_address import Client
from server.runtime.metrics import Metrics
from server.settings.config import Config
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.reach import Reach
from storage.store import Store

ASKING = Client("203.0.113.9", "203.0.113.9")

STAYS = "import sys; sys.stdin.read()"


class Room:
    """Stands for the gateway: every meeting has somebody in it, or none has; notes which meetings were ended."""

    draining = False

    def __init__(self) -> None:
        self.people = 1
        self.outside = self
        self.ended: list[str] = []

    async def size(self, _room: str) -> int:
        return self.people

    def end_meeting(self, room: str) -> None:
        self.ended.append(room)


def recorded_now() -> float:
    """The store's clock is an hour behind this machine's."""
    return time.time() - 3600.0


class Standing(Echoes):
    """Runs a program in the echo's place."""

    program = STAYS

    def command(self, _room: str, _reach: Reach) -> Sequence[str]:
        return (sys.executable, "-S", "-c", self.program)


class Desk:
    def __init__(self, store: Store, **settings: str) -> None:
        self.room = Room()
        self.metrics = Metrics()
        self.store = store
        config = Config.from_env({"RECONVENE_ECHO": "1", **settings})
        room = cast(Any, self.room)
        self.echoes = Standing(config, store, room, self.metrics, "http://127.0.0.1:9", recorded_now)

    async def refused(self, code: ErrorCode, user_id: str = "u_ann") -> Refused:
        with pytest.raises(Refused) as refused:
            await self.echoes.begin(user_id, ASKING)
        assert refused.value.code is code
        return refused.value

    async def meetings(self) -> list[str]:
        return [each.meeting.room for each in await self.store.hosted_meetings(None, 100)]


@contextlib.contextmanager
def told() -> Any:
    with structlog.testing.capture_logs() as lines:
        yield lines
