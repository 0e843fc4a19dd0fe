"""What ended echoes leave behind, and a store that is away: the server's side, with stand-ins."""

from __future__ import annotations

import os
from typing import Any, cast

import pytest

from server.call_test import leftovers, lifetime
from signalling.protocol import identifiers
from storage.errors import StoreUnavailable
from storage.store import Store
from tests.server.call_test.stand_ins import ASKING, Desk, recorded_now, told


class Away:
    """A store whose deletions fail a given number of times."""

    def __init__(self, real: Any, times: int) -> None:
        self._real = real
        self.times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def delete_meeting(self, room: str, created_at: float | None = None) -> bool:
        self.times -= 1
        if self.times >= 0:
            raise StoreUnavailable("gone")
        return bool(await self._real.delete_meeting(room, created_at))


async def until_empty(desk: Desk) -> None:
    while await desk.meetings():
        pass


async def test_what_could_not_be_deleted_is_deleted_when_the_store_is_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "TRIES_EVERY", 0)
    away = Desk(cast(Store, Away(desk.store, 2)))
    away.echoes.start()
    echo, _ = await away.echoes.begin("u_ann", ASKING)
    echo.end()
    await until_empty(desk)
    assert set(away.room.ended) == {echo.room}, "who is still in it is told, whatever the store does"
    await away.echoes.stop()


@pytest.mark.parametrize("offered", ["1", "0"])
async def test_at_the_start_what_is_left_is_deleted_and_nothing_that_only_looks_like_it(
    desk: Desk, offered: str
) -> None:
    """Also if the server no longer offers to test calls."""
    left = [identifiers.echo_id(os.urandom(20)) for _ in range(2)]
    for room in [*left, "ECHO-TEAM", "ABC123"]:
        await desk.store.create_meeting(room, "u_ann", "", recorded_now() - lifetime.LIFE - 1)
    with told() as lines:
        next_start = Desk(desk.store, RECONVENE_ECHO=offered)
        next_start.echoes.start()
        line = {"event": "left-over echo meetings deleted", "meetings": 2, "log_level": "info"}
        while line not in lines:
            await desk.store.ping()
    await next_start.echoes.stop()
    assert sorted(await desk.meetings()) == ["ABC123", "ECHO-TEAM"]
    for room in ("ECHO-TEAM", "ABC123"):
        await desk.store.delete_meeting(room)


@pytest.mark.parametrize("offered", ["1", "0"])
async def test_what_another_server_may_have_begun_is_left_alone_as_long_as_it_may_go_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, offered: str
) -> None:
    monkeypatch.setattr(leftovers, "TRIES_EVERY", 0)
    old, new = (identifiers.echo_id(os.urandom(20)) for _ in range(2))
    await desk.store.create_meeting(new, "u_bob", "", recorded_now())
    await desk.store.create_meeting(old, "u_ann", "", recorded_now() - lifetime.LIFE - 1)
    next_start = Desk(desk.store, RECONVENE_ECHO=offered)
    # For the time after the first look.
    monkeypatch.setattr(
        next_start.room, "end_meeting", lambda _room: monkeypatch.setattr(leftovers, "LIFE", 0.1)
    )
    with told() as lines:
        next_start.echoes.start()
        await until_empty(desk)
        await next_start.echoes.stop()
    looks = [line["meetings"] for line in lines if line["event"] == "left-over echo meetings deleted"]
    assert looks[0] == 1
